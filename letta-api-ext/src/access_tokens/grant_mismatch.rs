//! The error for a token that is not what was asked for.

use std::fmt;

use letta_api::Operation;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::revoke::Revocation;
use crate::error::kind::Added;
use crate::error::{Error, Result, redact};

/// The service made a token that differs from the request.
struct GrantMismatch {
    status: StatusCode,
    /// How it differs.
    difference: String,
    /// What became of the token. `None` if it could not be deleted; the error's source says why.
    deletion: Option<Revocation>,
}

impl Error {
    /// The service made a token that allows more or less than was asked for, is for another origin, or expires at
    /// another time. The message names the difference: agents, rights, origins, instants.
    ///
    /// The token is not returned. It was deleted before anybody could use it. If it could not be deleted, it may work
    /// until it expires: then [`may_have_happened`](Self::may_have_happened) is true, and the
    /// [`source`](std::error::Error::source) says why. To accept such tokens, see
    /// [`CreateAccessToken::with_any_grant`](crate::CreateAccessToken::with_any_grant).
    pub fn is_grant_mismatch(&self) -> bool {
        self.added::<GrantMismatch>().is_some()
    }

    /// A token that differs from the request, and the result of deleting it.
    pub(crate) fn grant_mismatch(
        operation: Option<&'static Operation>,
        status: StatusCode,
        headers: &HeaderMap,
        difference: &str,
        deletion: Result<Revocation>,
        secrets: &[&str],
    ) -> Self {
        let difference = redact::text(difference, secrets);
        let mismatch = GrantMismatch {
            status,
            difference: difference.unwrap_or_else(|| "what differs cannot be shown".to_owned()),
            deletion: deletion.as_ref().ok().copied(),
        };
        Self::of_answer(mismatch, deletion.err(), operation, headers, secrets)
    }
}

impl Added for GrantMismatch {
    fn error_type(&self) -> &'static str {
        "grant_mismatch"
    }

    fn status(&self) -> Option<StatusCode> {
        Some(self.status)
    }

    fn may_have_happened(&self) -> bool {
        self.deletion != Some(Revocation::Deleted)
    }
}

impl fmt::Display for GrantMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the token is not what was asked for: {}",
            self.difference
        )?;
        f.write_str(match self.deletion {
            Some(Revocation::Deleted) => "; it was deleted",
            Some(Revocation::NotFound) => {
                "; the service has no record of it, and it may work until it expires"
            }
            None => "; it could not be deleted, and works until it expires",
        })
    }
}
