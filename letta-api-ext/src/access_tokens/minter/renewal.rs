//! Tokens are renewed ahead: in the background, while the old one is still served.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tracing::Instrument;

use super::flights::Boarding;
use super::held::Held;
use super::key::Key;
use super::{Inner, hold_off};
use crate::error::Error;
use crate::time::clock::Instant;
use crate::transport::retry_policy::full_jitter;

/// The longest wait before a failed renewal is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

impl Inner {
    /// Begins to renew the token in the background, unless another has taken its place.
    pub(super) fn renew(self: &Arc<Self>, key: Arc<Key>, held: Arc<Held>) {
        let Ok(runtime) = Handle::try_current() else {
            // Without a runtime, the renewal is left to a later request.
            held.postpone(Instant::now());
            return;
        };
        if let Some(until) = self.hold_off.until(&key, Instant::now()) {
            held.postpone(until + full_jitter(SHORTEST_PAUSE));
            return;
        }
        let is_superseded = || {
            let current = self.store.get(&key);
            let is_current = current.is_some_and(|current| current.id() == held.id());
            (!is_current).then_some(())
        };
        let boarding = self.flights.board(&key, is_superseded, || None);
        match boarding {
            Boarding::Leads(flight, ticket) => {
                let span =
                    tracing::debug_span!(parent: None, "letta.mint", letta.minter.renewal = true);
                span.follows_from(tracing::Span::current());
                let flying = self.clone().fly(key, flight, Some((ticket, held)));
                runtime.spawn(flying.instrument(span));
            }
            // A request that needs a longer life mints a token itself. That may fail, or be abandoned.
            Boarding::Joined(_) => held.postpone(Instant::now() + SHORTEST_PAUSE),
            Boarding::Found(()) | Boarding::Closed => {}
        }
    }

    /// When a token that lives for so long is renewed: at a random moment, so that tokens which were minted together are not
    /// renewed together. If the service gives a shorter life than asked for, all times are shortened in proportion.
    pub(super) fn renew_in(&self, life: Duration) -> Duration {
        let scale = life.as_secs_f64() / self.lifetime.as_secs_f64();
        let [earliest, latest] =
            [self.renew_ahead, self.valid_for].map(|left| life.saturating_sub(left.mul_f64(scale)));
        earliest + full_jitter(latest.saturating_sub(earliest))
    }

    /// How long to wait after a failed renewal, given what is left of the token.
    pub(super) fn pause(&self, error: &Error, held: &Held) -> Duration {
        let left = held.ends().saturating_duration_since(Instant::now());
        let bound = (left / 4).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        let asked = error.retry_after().unwrap_or_default();
        let asked = asked.min(hold_off::LONGEST);
        asked.saturating_add(bound / 2 + full_jitter(bound / 2))
    }
}
