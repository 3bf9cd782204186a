//! For how long the page may talk to the agent.
//!
//! The SDK holds the token, and renews it. It is in the memory of this page alone. A token in storage, in a cookie or in a URL
//! would outlive the page, and others could read it.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{AbortHandle, abortable};
use letta_api_ext::Error;
use letta_api_ext::token_holder::{TokenHolder, TokenState};
use wasm_bindgen_futures::spawn_local;

use crate::browser::{document, on};

/// The page's access. It lives as long as the page.
pub(crate) struct Access {
    /// `None` until the page knows which service it is.
    holder: RefCell<Option<TokenHolder>>,
    /// Whether the user has signed out.
    is_over: Cell<bool>,
    /// The renewal ahead of time, while it goes on.
    renewal: RefCell<Option<AbortHandle>>,
}

impl Access {
    pub(crate) fn new() -> &'static Self {
        let access: &'static Self = Box::leak(Box::new(Self {
            holder: RefCell::new(None),
            is_over: Cell::new(false),
            renewal: RefCell::new(None),
        }));
        // Timers of a page in the background are late, and stand still while the machine sleeps.
        on(&document(), "visibilitychange", move |_| {
            if !document().hidden() {
                access.keep_renewed();
            }
        });
        access
    }

    /// Begins, with the holder of the page's token. Calls back at each change.
    pub(crate) fn begin(&'static self, holder: TokenHolder, changed: impl Fn() + 'static) {
        if self.is_over.get() {
            holder.forget();
        }
        let changes = holder.changes();
        self.holder.replace(Some(holder));
        spawn_local(async move {
            let mut changes = pin!(changes);
            let mut is_kept = false;
            while let Some(state) = changes.next().await {
                let is_live = matches!(state, TokenState::Live | TokenState::Retrying);
                // It ends with the token, and a user who signs in again gets another one.
                if is_live && !is_kept {
                    self.keep_renewed();
                }
                is_kept = is_live;
                changed();
            }
        });
    }

    /// Renews the token ahead of time from now on.
    fn keep_renewed(&self) {
        if !matches!(self.state(), TokenState::Live | TokenState::Retrying) {
            return;
        }
        let Some(holder) = self.holder() else {
            return;
        };
        let (renewal, handle) = abortable(holder.keep_renewed());
        if let Some(earlier) = self.renewal.replace(Some(handle)) {
            earlier.abort();
        }
        spawn_local(async {
            let _ = renewal.await;
        });
    }

    pub(crate) fn state(&self) -> TokenState {
        match &*self.holder.borrow() {
            _ if self.is_over.get() => TokenState::SignedOut,
            Some(holder) => holder.state(),
            None => TokenState::None,
        }
    }

    /// How long the token lives from now.
    pub(crate) fn remaining(&self) -> Duration {
        let left = self.holder().and_then(|holder| holder.remaining());
        left.unwrap_or_default()
    }

    /// Fetches another token.
    pub(crate) async fn renew(&self) -> Result<(), Error> {
        match self.holder() {
            Some(holder) => holder.renew().await,
            None => Ok(()),
        }
    }

    /// Forgets the token for good.
    pub(crate) fn forget(&self) {
        self.is_over.set(true);
        if let Some(holder) = self.holder() {
            holder.forget();
        }
    }

    fn holder(&self) -> Option<TokenHolder> {
        self.holder.borrow().clone()
    }
}

/// The name of a state, for the page's style.
pub(crate) fn name(state: TokenState) -> &'static str {
    match state {
        TokenState::Live => "live",
        TokenState::Retrying => "retrying",
        TokenState::Ended => "ended",
        TokenState::Refused => "refused",
        TokenState::SignedOut => "signed-out",
        _ => "none",
    }
}

/// What the user reads of a state, if the token lives for so long.
pub(crate) fn text(state: TokenState, remaining: Duration) -> String {
    let seconds = remaining.as_millis().div_ceil(1_000);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    match state {
        TokenState::Live => format!("Access for {minutes}:{seconds:02}"),
        TokenState::Retrying => format!("Access for {minutes}:{seconds:02}, renewing"),
        TokenState::Ended => "Access has ended".to_owned(),
        TokenState::Refused => "Access was refused".to_owned(),
        TokenState::SignedOut => "Signed out".to_owned(),
        _ => "Getting access…".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_that_is_left_is_rounded_up_to_whole_seconds() {
        for (milliseconds, shown) in [
            (0, "Access for 0:00"),
            (1, "Access for 0:01"),
            (59_000, "Access for 0:59"),
            (59_001, "Access for 1:00"),
            (300_000, "Access for 5:00"),
            (3_600_000, "Access for 60:00"),
        ] {
            let left = Duration::from_millis(milliseconds);
            assert_eq!(text(TokenState::Live, left), shown);
            assert_eq!(
                text(TokenState::Retrying, left),
                format!("{shown}, renewing")
            );
        }
    }
}
