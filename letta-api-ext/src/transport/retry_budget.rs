//! How many retries all calls of a client may make together.

use crate::platform::Bucket;

/// A bucket of tokens that pays for retries, so that clients do not make an outage worse.
///
/// Each call adds a part of a token, and each retry takes one token. If the bucket is empty, a failure is final.
/// Tokens last for 10 seconds, so a client that was quiet may make the retries of 10 seconds at once. Clones share
/// one bucket. Give one budget to several clients of a process to limit them together.
///
/// In a browser, there is no limit.
///
/// ```
/// use letta_api_ext::{Letta, RetryBudget};
///
/// // At most one retry for ten calls, and two a second besides.
/// let budget = RetryBudget::new(2, 0.1);
/// let letta = Letta::builder().api_key("sk-let-0f3c").retry_budget(budget).build()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
#[derive(Clone)]
#[must_use = "a budget does nothing until a client is given it"]
pub struct RetryBudget {
    /// `None` if retries are not counted.
    bucket: Option<Bucket>,
}

impl RetryBudget {
    /// Retries for one call in five, and one more per second. The default of clients.
    pub fn standard() -> Self {
        Self::new(1, 0.2)
    }

    /// `per_second` retries a second in any case, and `per_call` for each call: `0.2` is one retry for five calls.
    ///
    /// Up to 1, `per_call` is rounded down to one retry per whole number of calls: `0.7` is one for two. Out of
    /// bounds, the nearest bound is used: `per_call` is 0 to 500, and `per_second` at most 1,000,000.
    pub fn new(per_second: u32, per_call: f32) -> Self {
        let per_call = if per_call.is_nan() { 0.0 } else { per_call };
        let (per_second, per_call) = (per_second.min(1_000_000), per_call.clamp(0.0, 500.0));
        // The bucket counts in whole parts of a token, and rounds the parts down, which would allow more retries than
        // asked for. Half a part compensates for the float's rounding.
        let parts = if per_call > 1.0 { 1000.0 } else { 1.0 };
        let share = match per_call {
            0.0 => 0.0,
            _ => parts / ((parts / per_call).min(1e9).ceil() + 0.5),
        };
        Self {
            bucket: Bucket::new(per_second, share),
        }
    }

    /// No limit but that of the retry policies.
    pub fn unlimited() -> Self {
        Self { bucket: None }
    }

    /// Records a call.
    pub(crate) fn deposit(&self) {
        if let Some(bucket) = &self.bucket {
            bucket.deposit();
        }
    }

    /// Takes a token for a retry. False if there is none.
    pub(crate) fn withdraw(&self) -> bool {
        self.bucket.as_ref().is_none_or(Bucket::withdraw)
    }
}

impl Default for RetryBudget {
    /// [`standard`](Self::standard).
    fn default() -> Self {
        Self::standard()
    }
}

impl std::fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RetryBudget")
            .field("is_limited", &self.bucket.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn spend(budget: &RetryBudget) -> usize {
        (0..1000).take_while(|_| budget.withdraw()).count()
    }

    #[tokio::test(start_paused = true)]
    async fn retries_are_a_share_of_calls_and_some_a_second_besides() {
        let budget = RetryBudget::new(1, 0.2);
        assert_eq!(spend(&budget), 10);
        for _ in 0..100 {
            budget.deposit();
        }
        assert_eq!(spend(&budget.clone()), 20);
        tokio::time::advance(Duration::from_secs(12)).await;
        assert_eq!(spend(&budget), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_is_never_more_than_was_asked_for() {
        for (share, retries) in [
            (0.1, 10),
            (0.2, 20),
            (0.3, 25),
            (1.0 / 3.0, 33),
            (0.4, 33),
            (0.5, 50),
            (0.51, 50),
            (0.9, 50),
            (1.0, 100),
            (1.5, 149),
            (2.0, 200),
            (3.0, 299),
            (1e-30, 0),
        ] {
            let budget = RetryBudget::new(0, share);
            for _ in 0..100 {
                budget.deposit();
            }
            assert_eq!(spend(&budget), retries, "{share}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn numbers_beyond_reason_are_cut() {
        assert_eq!(spend(&RetryBudget::new(0, -1.0)), 0);
        assert_eq!(spend(&RetryBudget::new(0, f32::NAN)), 0);
        assert_eq!(spend(&RetryBudget::new(u32::MAX, f32::INFINITY)), 1000);
        assert_eq!(spend(&RetryBudget::unlimited()), 1000);
    }
}
