//! What goes wrong in a minter itself, and not in a call to the service.

use std::time::Duration;

use crate::error::Error;

/// Why a minter gave no token.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// As many creates as may be were under way all the time.
    Busy {
        limit: usize,
        waited: Duration,
    },
    /// Not all tokens of several agents were there in time.
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
    /// It took so long to arrive that too little is left of it.
    Late {
        asked: Duration,
        left: Duration,
    },
    /// The deadline had come before it was its turn to be deleted.
    NoTime,
    /// The task that mints did not go on, time and again.
    Abandoned,
}

impl Fault {
    pub(crate) fn error_type(self) -> &'static str {
        match self {
            Self::Busy { .. } | Self::Incomplete { .. } => "timeout",
            Self::Revoked => "revoked",
            Self::ShutDown => "shut_down",
            Self::ShortLived { .. } => "short_lived",
            Self::Late { .. } | Self::NoTime => "timeout",
            Self::Abandoned => "abandoned",
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::from_minter(fault)
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
