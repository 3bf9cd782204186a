//! Failures of a minter itself, as opposed to failures of a call to the service.

use std::time::Duration;

use crate::error::attempts::Attempts;
use crate::error::kind::{Added, Kind};
use crate::error::{Error, Rare};

/// Why a minter gave no token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// All creates that may run at the same time were busy until the deadline.
    Busy {
        limit: usize,
        waited: Duration,
    },
    /// Not all tokens of several agents arrived in time.
    Incomplete {
        agents: usize,
        waited: Duration,
    },
    /// It was revoked while it was being minted.
    Revoked,
    ShutDown,
    /// The service gives tokens that live less long than was asked for.
    ShortLived {
        asked: Duration,
        given: Duration,
    },
    /// The token took so long to arrive that too little of its life is left.
    Late {
        asked: Duration,
        left: Duration,
    },
    /// The deadline came before the token's turn to be deleted.
    NoTime,
    /// The task that mints was dropped several times in a row.
    Abandoned,
}

impl Added for Fault {
    fn error_type(&self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::ShutDown => "shut_down",
            Self::ShortLived { .. } => "short_lived",
            Self::Abandoned => "abandoned",
            Self::Busy { .. } | Self::Incomplete { .. } | Self::Late { .. } | Self::NoTime => {
                "timeout"
            }
        }
    }

    fn is_timeout(&self) -> bool {
        self.error_type() == "timeout"
    }

    fn is_retryable(&self) -> bool {
        !matches!(
            self,
            Self::Revoked | Self::ShutDown | Self::ShortLived { .. }
        )
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::of(Kind::Added(Box::new(fault)))
    }
}

/// Errors of a token minter.
impl Error {
    /// The [`TokenMinter`](crate::TokenMinter) was asked to revoke this token while it was being minted.
    pub fn is_revoked(&self) -> bool {
        matches!(self.added(), Some(Fault::Revoked))
    }

    /// The [`TokenMinter`](crate::TokenMinter) is shut down.
    pub fn is_shut_down(&self) -> bool {
        matches!(self.added(), Some(Fault::ShutDown))
    }

    /// Nothing was sent: a [`TokenMinter`](crate::TokenMinter) returns an earlier failure again until a wait is over.
    /// [`retry_after`](Self::retry_after) is what is left of the wait, [`attempts`](Self::attempts) is zero, and
    /// [`may_have_happened`](Self::may_have_happened) is false. Otherwise the error equals the earlier failure. How
    /// long a minter waits is described [there](crate::TokenMinter#when-the-service-fails).
    pub fn is_held_off(&self) -> bool {
        self.hold_off_left().is_some()
    }

    /// The service's tokens live less long than a [`TokenMinter`](crate::TokenMinter) was asked for.
    pub fn is_short_lived(&self) -> bool {
        matches!(self.added(), Some(Fault::ShortLived { .. }))
    }

    /// The same error, returned again without a call. `left` is what is left of the wait.
    pub(crate) fn held_off(&self, left: Duration) -> Self {
        Self {
            inner: self.inner.clone(),
            attempts: Attempts::default(),
            rare: Some(Box::new(Rare {
                held_off: Some(left),
                ..self.rare.as_deref().cloned().unwrap_or_default()
            })),
        }
    }

    /// Whether it is a failure of a minter itself, and not of a call.
    pub(super) fn is_minters_own(&self) -> bool {
        self.added::<Fault>().is_some()
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy { limit, waited } => write!(
                f,
                "no token could be minted within {waited:?}: all {limit} creates that \
                 `max_concurrent_creates` allows were under way; ask again later"
            ),
            Self::Incomplete { agents, waited } => write!(
                f,
                "not all tokens for {agents} agents could be minted within {waited:?}; those that were \
                 are kept, so ask again, or set a longer `deadline`"
            ),
            Self::Revoked => {
                f.write_str("the token was revoked while it was being minted; ask for another")
            }
            Self::ShutDown => f.write_str("the token minter is shut down"),
            Self::ShortLived { asked, given } => write!(
                f,
                "`valid_for` asks for a token that is good for {asked:?}, and the service gives \
                 tokens that are good for at most {given:?}; ask for less, or set a longer `lifetime`"
            ),
            Self::Late { asked, left } => write!(
                f,
                "`valid_for` asks for a token that is good for {asked:?}, and the new token took so \
                 long to arrive that it is good for {left:?}; ask again, or ask for less"
            ),
            Self::NoTime => f.write_str(
                "the token was not deleted: the shutdown's deadline came before its turn",
            ),
            Self::Abandoned => f.write_str(
                "no token could be minted: the tokio runtime that was to do it is shutting down",
            ),
        }
    }
}
