//! The report on tokens that were to be revoked.

use std::time::Duration;

use crate::access_tokens::Revocation;
use crate::access_tokens::token::AccessToken;
use crate::error::Error;
use crate::time::clock::Instant;

/// What became of the tokens that a [`TokenMinter`](crate::TokenMinter) was asked to revoke.
///
/// The minter does not serve them any more, whatever the report says. If the service has deleted a token, the token
/// may still work: a page that has used it may go on [until it expires](Revocation).
/// [`longest_remaining`](Self::longest_remaining) is how long that is.
///
/// ```no_run
/// # async fn run(minter: letta_api_ext::TokenMinter) {
/// let report = minter.shutdown(std::time::Duration::from_secs(5)).await;
/// println!("{} tokens were deleted", report.deleted());
/// println!("pages may go on for {:?} at most", report.longest_remaining());
/// for failure in report.failures() {
///     eprintln!("not deleted, and good for {:?}: {}", failure.token().remaining(), failure.error());
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "tokens that could not be deleted work until they expire"]
pub struct RevocationReport {
    pub(super) deleted: usize,
    pub(super) not_found: usize,
    /// When the last of the revoked tokens has surely expired.
    pub(super) all_ended: Option<Instant>,
    pub(super) failures: Vec<RevocationFailure>,
    pub(super) unknown_outcomes: usize,
    pub(super) unfinished: usize,
    pub(super) may_have_missed: bool,
    pub(super) error: Option<Error>,
}

impl RevocationReport {
    /// How many tokens the service has [deleted](Revocation::Deleted). Pages that have used them may go on for
    /// [a while](Self::longest_remaining).
    pub fn deleted(&self) -> usize {
        self.deleted
    }

    /// For how many tokens the service had [no record](Revocation::NotFound): somebody else deleted them, or they
    /// were cleared away. By its published source of 2025, the service never answers so. Pages that have used them
    /// may go on for [a while](Self::longest_remaining).
    pub fn not_found(&self) -> usize {
        self.not_found
    }

    /// How long from now a page may go on with a revoked token: the longest remaining life of the tokens in this
    /// report, whether they were deleted, not found or could not be deleted. Zero if there are none, or if all have
    /// expired.
    ///
    /// At most the minter's [lifetime](crate::TokenMinterBuilder::lifetime), if the service gives the lives that were
    /// asked for, plus a second and the time that an answer took to arrive. Tokens that landed after they were
    /// revoked do not count, since nobody got them. Tokens that the report does not know do not count either: see
    /// [`may_have_missed`](Self::may_have_missed), [`unknown_outcomes`](Self::unknown_outcomes) and
    /// [`unfinished`](Self::unfinished). The minter cannot know whether a page has used a token, so all cached tokens
    /// count.
    ///
    /// ```no_run
    /// # async fn run(minter: letta_api_ext::TokenMinter) {
    /// let report = minter.revoke_subject("session-7").await;
    /// println!("signed out; a page that kept its token may chat for {:?} at most", report.longest_remaining());
    /// # }
    /// ```
    pub fn longest_remaining(&self) -> Duration {
        let end = self.all_ended;
        end.map_or(Duration::ZERO, |end| {
            end.saturating_duration_since(Instant::now())
        })
    }

    /// Tokens that could not be deleted. They work until they expire.
    pub fn failures(&self) -> &[RevocationFailure] {
        &self.failures
    }

    /// How many creates were under way and failed in a way that [may have left a token](Error::may_have_happened).
    /// Nobody knows such a token or got it.
    pub fn unknown_outcomes(&self) -> usize {
        self.unknown_outcomes
    }

    /// How many creates and deletions (each of one token or more) were still under way at the deadline of
    /// [`shutdown`](crate::TokenMinter::shutdown). They go on for as long as the runtime does, and a token that lands
    /// is deleted.
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// Whether a token was evicted from a full cache and may not have expired. It may be one that was to be revoked,
    /// and it was not deleted. To be sure, [list](crate::AccessTokens::list) the agent's tokens and revoke them.
    pub fn may_have_missed(&self) -> bool {
        self.may_have_missed
    }

    /// Why nothing was revoked: [`revoke_agent`](crate::TokenMinter::revoke_agent) got an invalid agent ID. `None`
    /// otherwise.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// Whether the service has no record of any token that was to be revoked: it answered each delete with a 204, or
    /// with a 404 or 410 in its own form, and the minter cannot have missed a token.
    ///
    /// This does not mean that the tokens have stopped working. They have once nothing
    /// [remains](Self::longest_remaining).
    ///
    /// ```
    /// # fn check(report: letta_api_ext::RevocationReport) {
    /// let are_deleted = report.is_complete();
    /// let have_stopped = are_deleted && report.longest_remaining().is_zero();
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
            Ok(Revocation::Deleted) => self.deleted += 1,
            Ok(Revocation::NotFound) => self.not_found += 1,
            Err(failure) => self.failures.push(failure),
        }
    }
}

/// A token that could not be deleted, and why.
#[derive(Clone, Debug)]
pub struct RevocationFailure {
    pub(super) token: AccessToken,
    pub(super) error: Error,
}

impl RevocationFailure {
    /// The token, to try again with. It works until it expires.
    pub fn token(&self) -> &AccessToken {
        &self.token
    }

    /// Why it could not be deleted.
    pub fn error(&self) -> &Error {
        &self.error
    }
}
