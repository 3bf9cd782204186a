//! When a call is sent again, and how long it waits before that.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

use crate::error::{Error, Result};

/// When a failed attempt is followed by another, and how many attempts there may be.
///
/// Whether a failure may be repeated depends on what the attempt may have done:
///
/// | the attempt | is repeated |
/// |---|---|
/// | cannot have had its effect: no connection; not processed by an HTTP/2 server; 429 (unless an agent's model was its cause); 402 and 429 of a quota with the time until it is renewed; 503 with a positive `Retry-After` | for every operation |
/// | may have had it: no answer in time, a broken connection, 408, 500, 502, 503, 504, 520 to 526; 429 of an agent's model | for operations that are safe to repeat: listing and revoking tokens, not creating them |
/// | got another answer: any other status, a redirect, an invalid body | never |
///
/// A 402 or 429 is never repeated if its [reasons](Error::reasons) say that waiting does not help: `not-enough-credits`,
/// `agents-limit-exceeded`, `free-`, `premium-`, `standard-` and `basic-usage-exceeded`, `byok-not-available-on-free-tier`,
/// `model-unknown`, and `exceeded-quota` without a time. Not even a `Retry-After` or `x-should-retry` changes that.
///
/// Apart from that, the service's header `x-should-retry` takes precedence: `false` ends the call, and `true` allows other error
/// statuses to be repeated, if that is safe.
///
/// The wait before the next attempt is what the service asks for (`retry-after-ms`, or `Retry-After` in seconds or as
/// a date; `timeToQuotaResetMs` of a quota, if that is longer), plus a random time between zero and a bound that doubles each time (full jitter). So clients that failed
/// together do not come back together. If the wait would go beyond the call's
/// [deadline](crate::LettaBuilder::deadline), the call fails at once, and its error [carries the
/// wait](Error::retry_after). A call without a deadline by default waits for at most 30 seconds. An unsafe operation is not sent again in the last twentieth of an attempt's time before
/// the deadline. The [`RetryBudget`](crate::RetryBudget) limits the retries of all calls together.
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::{Letta, RetryPolicy};
///
/// let letta = Letta::builder()
///     .api_key("sk-let-0f3c")
///     .retry(RetryPolicy::standard().max_attempts(5))
///     .build()?;
/// let once = letta.with_retry(RetryPolicy::never()); // the same client, for calls that must not wait
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a policy does nothing until a client or a request is given it"]
pub struct RetryPolicy {
    max_attempts: u32,
    first_backoff: Duration,
    longest_backoff: Duration,
    repeat_unsafe: bool,
}

impl RetryPolicy {
    /// Three attempts; back-off from 250 milliseconds to 8 seconds. The default of clients.
    pub fn standard() -> Self {
        Self {
            max_attempts: 3,
            first_backoff: Duration::from_millis(250),
            longest_backoff: Duration::from_secs(8),
            repeat_unsafe: false,
        }
    }

    /// One attempt.
    pub fn never() -> Self {
        Self::standard().max_attempts(1)
    }

    /// The largest number of attempts, including the first. Must be at least 1. Zero is refused when the client is
    /// built, or when the call is sent.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts;
        self
    }

    /// The bound of the random wait: `first` before the second attempt, then twice as long each time, up to
    /// `longest`. `first` must be positive, and `longest` at least `first`. An invalid back-off is refused when the
    /// client is built, or when the call is sent.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.first_backoff = first;
        self.longest_backoff = longest;
        self
    }

    /// Repeats every operation as if that were safe, even those that create or send something.
    ///
    /// Each repeat of a create whose answer was lost may leave a live token that nobody knows. That may be acceptable
    /// if tokens live for minutes and a user waits.
    pub fn repeat_unsafe(mut self) -> Self {
        self.repeat_unsafe = true;
        self
    }

    pub(crate) fn check(&self) -> Result<()> {
        let fail = |rule, got| Err(Error::invalid_input_got("retry", rule, got));
        if self.max_attempts == 0 {
            return fail("must allow at least 1 attempt", "0".to_owned());
        }
        if self.first_backoff.is_zero() || self.longest_backoff < self.first_backoff {
            return fail(
                "must have a positive back-off whose longest wait is at least the first",
                format!("{:?} to {:?}", self.first_backoff, self.longest_backoff),
            );
        }
        Ok(())
    }

    /// The same policy without [`repeat_unsafe`](Self::repeat_unsafe).
    #[cfg(feature = "turns")]
    pub(crate) fn repeat_safe(mut self) -> Self {
        self.repeat_unsafe = false;
        self
    }

    pub(crate) fn allows(&self, attempts: u32) -> bool {
        attempts < self.max_attempts
    }

    pub(crate) fn repeats_what_is_not_safe(&self) -> bool {
        self.repeat_unsafe
    }

    /// The bounds of the waits, from the first on. Never ends.
    pub(crate) fn bounds(&self) -> impl Iterator<Item = Duration> + use<> {
        ExponentialBuilder::new()
            .with_min_delay(self.first_backoff)
            .with_max_delay(self.longest_backoff)
            .with_factor(2.0)
            .without_max_times()
            .build()
    }
}

impl Default for RetryPolicy {
    /// [`standard`](Self::standard).
    fn default() -> Self {
        Self::standard()
    }
}

/// A random time from zero to `bound`. backon's own jitter is added to the bound, so it never shortens a wait.
pub(crate) fn full_jitter(bound: Duration) -> Duration {
    bound.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_double_up_to_the_longest() {
        let policy = RetryPolicy::standard()
            .backoff(Duration::from_millis(250), Duration::from_millis(1500));
        let bounds: Vec<u128> = policy.bounds().take(6).map(|it| it.as_millis()).collect();
        assert_eq!(bounds, [250, 500, 1000, 1500, 1500, 1500]);
    }

    #[test]
    fn jitter_is_anywhere_between_zero_and_the_bound() {
        let bound = Duration::from_secs(1);
        let waits: Vec<Duration> = (0..1000).map(|_| full_jitter(bound)).collect();
        assert!(waits.iter().all(|wait| *wait <= bound));
        assert!(waits.iter().any(|wait| *wait < bound / 10));
        assert!(waits.iter().any(|wait| *wait > bound / 10 * 9));
        assert_eq!(full_jitter(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn an_invalid_policy_is_refused() {
        let second = Duration::from_secs(1);
        for (policy, says) in [
            (RetryPolicy::standard().max_attempts(0), "at least 1"),
            (
                RetryPolicy::standard().backoff(Duration::ZERO, second),
                "positive back-off",
            ),
            (
                RetryPolicy::standard().backoff(second, second / 2),
                "got 1s to 500ms",
            ),
        ] {
            let error = policy.check().unwrap_err();
            assert_eq!(error.field(), Some("retry"));
            assert!(error.to_string().contains(says), "{error}");
        }
        for policy in [
            RetryPolicy::never(),
            RetryPolicy::standard().backoff(second, Duration::MAX),
        ] {
            policy.check().unwrap();
            assert!(policy.bounds().nth(100).is_some());
        }
    }
}
