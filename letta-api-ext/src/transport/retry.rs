//! Whether a call is sent again after a failed attempt, and when.
//!
//! A create whose answer was lost is not repeated: it may have had its effect. The rules are those of
//! [`RetryPolicy`](crate::RetryPolicy), which is what callers set.

use std::time::Duration;

use super::retry_policy::full_jitter;
use super::{HttpTransport, Running};
use crate::error::Error;
use crate::error::attempts::Stopped;
use crate::time::clock::Instant;

impl Running<'_> {
    /// How long to wait before the next attempt. Otherwise why there is none, unless the error itself says so.
    pub(super) fn wait(
        &self,
        failure: &Error,
        deadline: Instant,
        bounds: &mut impl Iterator<Item = Duration>,
    ) -> Result<Duration, Option<Stopped>> {
        let HttpTransport {
            settings, options, ..
        } = self.call.transport;
        let times = self.call.times;
        let may_repeat = self.call.operation.safe_to_repeat
            || options.retry.repeats_what_is_not_safe()
            || !failure.may_have_happened();
        let uncounted = self.call.holding.as_ref().map_or(0, |it| it.uncounted());
        let counted = self.attempts.count - uncounted;
        // An error about the deadline says itself that time ran out.
        let is_plain = failure.is_deadline_exceeded() || !options.retry.allows(counted);
        if is_plain || !may_repeat || !failure.is_retryable() {
            return Err(None);
        }
        let mut left = deadline.saturating_duration_since(Instant::now());
        if !self.call.operation.safe_to_repeat {
            // An attempt in the last moments would likely be cut off. Then a call that has had no effect so far may
            // have one.
            left = left.saturating_sub(times.attempt.min(times.deadline) / 20);
        }
        let asked = failure.retry_after().unwrap_or_default();
        let mut bound = bounds.next().unwrap_or_default();
        if !asked.is_zero() {
            // The wait that the service asks for comes first. Jitter gets what is left of the time.
            bound = bound.min(left.saturating_sub(asked));
        }
        let wait = asked.saturating_add(full_jitter(bound));
        if wait >= left {
            return Err(Some(Stopped::Deadline));
        }
        if wait > times.longest_wait {
            return Err(Some(Stopped::LongWait));
        }
        if !settings.budget.withdraw() {
            return Err(Some(Stopped::Budget));
        }
        Ok(wait)
    }
}
