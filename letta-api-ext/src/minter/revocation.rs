//! What became of tokens that were to be revoked.

use crate::access_token::AccessToken;
use crate::access_tokens::Revocation;
use crate::error::Error;

/// What became of the tokens that a [`TokenMinter`](crate::TokenMinter) was told to revoke.
///
/// ```no_run
/// # async fn run(minter: letta_api_ext::TokenMinter) {
/// let report = minter.shutdown(std::time::Duration::from_secs(5)).await;
/// for failure in report.failures() {
///     eprintln!("lives for {:?} more: {}", failure.token().remaining(), failure.error());
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "tokens that could not be revoked live on"]
pub struct RevocationReport {
    pub(super) revoked: usize,
    pub(super) already_gone: usize,
    pub(super) failures: Vec<RevocationFailure>,
    pub(super) unknown_outcomes: usize,
    pub(super) unfinished: usize,
    pub(super) may_have_missed: bool,
    pub(super) error: Option<Error>,
}

impl RevocationReport {
    /// How many tokens were live, and are not any more.
    pub fn revoked(&self) -> usize {
        self.revoked
    }

    /// How many were gone already: revoked elsewhere, or expired meanwhile.
    pub fn already_gone(&self) -> usize {
        self.already_gone
    }

    /// Tokens that could not be revoked. They live until they expire.
    pub fn failures(&self) -> &[RevocationFailure] {
        &self.failures
    }

    /// How many creates were under way and failed in a way that
    /// [may have left a token](Error::may_have_happened) which nobody knows.
    pub fn unknown_outcomes(&self) -> usize {
        self.unknown_outcomes
    }

    /// How many creates and calls to revoke (each of one token or more) were still under way at the deadline of
    /// [`shutdown`](crate::TokenMinter::shutdown). They go on for as long as the runtime does, and what lands is
    /// revoked.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Whether a token that was forgotten for want of room may still live. It may be among those that were to be
    /// revoked, and was not. To be sure, [list](crate::AccessTokens::list) the agent's tokens and revoke these.
    pub fn may_have_missed(&self) -> bool {
        self.may_have_missed
    }

    /// Why nothing was looked for and revoked: an invalid agent ID was given to
    /// [`revoke_agent`](crate::TokenMinter::revoke_agent). `None` otherwise.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Whether all that were to be revoked are known to be gone.
    ///
    /// ```
    /// # fn check(report: letta_api_ext::RevocationReport) {
    /// let is_safe = report.is_complete();
    /// # }
    /// ```
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
            && self.unknown_outcomes == 0
            && self.unfinished == 0
            && !self.may_have_missed
            && self.error.is_none()
    }

    pub(super) fn add(&mut self, outcome: Result<Revocation, RevocationFailure>) {
        match outcome {
            Ok(Revocation::Revoked) => self.revoked += 1,
            Ok(Revocation::AlreadyGone) => self.already_gone += 1,
            Err(failure) => self.failures.push(failure),
        }
    }
}

/// A token that could not be revoked, and why.
#[derive(Clone, Debug)]
pub struct RevocationFailure {
    pub(super) token: AccessToken,
    pub(super) error: Error,
}

impl RevocationFailure {
    /// The token, to try again.
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Why it could not be revoked.
    pub fn error(&self) -> &Error {
        &self.error
    }
}
