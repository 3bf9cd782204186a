//! Counting calls, without tracing.

use std::borrow::Cow;
use std::time::Duration;

use letta_api::{MaybeSend, MaybeSync, Operation};
use reqwest::StatusCode;

/// Is told of every attempt and every call, to count them and to time them by operation.
///
/// It is told of what went over the wire: of each call that is sent, and of each that an invalid
/// deadline or retry policy stops. It is not told of other bad input. What an answer means comes
/// after that: a revoke of a token that is not found is a `404` here, and a create that is answered 201 with an
/// invalid body is no error.
///
/// Called on the task that makes the call, so it must be quick and must not block or panic. What it is told is
/// safe to use as labels: it holds no ID and no secret, and few distinct values.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use letta_api_ext::{CallReport, Letta, Metrics};
///
/// #[derive(Default)]
/// struct Failures(AtomicU64);
///
/// impl Metrics for Failures {
///     fn call(&self, call: &CallReport) {
///         if call.error_type.is_some() {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
///
/// let failures = Arc::new(Failures::default());
/// let letta = Letta::builder().api_key("sk-let-0f3c").metrics(failures.clone()).build()?;
/// # Ok::<(), letta_api_ext::Error>(())
/// ```
pub trait Metrics: MaybeSend + MaybeSync {
    /// An attempt has ended.
    fn attempt(&self, attempt: &AttemptReport) {
        let _ = attempt;
    }

    /// A call has ended: with an answer, with an error, or because its future was dropped.
    fn call(&self, call: &CallReport) {
        let _ = call;
    }
}

/// An attempt that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AttemptReport {
    /// The operation.
    pub operation: &'static Operation,
    /// Which attempt of the call it was, from 1.
    pub number: u32,
    /// The status of the answer, where there was one.
    pub status: Option<StatusCode>,
    /// What went wrong, as in [`CallReport::error_type`].
    pub error_type: Option<Cow<'static, str>>,
    /// How long the attempt took.
    pub duration: Duration,
    /// How long the call waits until the next attempt, if there is one.
    pub wait: Option<Duration>,
}

/// A call that has ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallReport {
    /// The operation.
    pub operation: &'static Operation,
    /// How many attempts were made. Zero if the deadline or the retry policy was invalid.
    pub attempts: u32,
    /// The status of the last answer, where there was one.
    pub status: Option<StatusCode>,
    /// What went wrong, in the terms of OpenTelemetry's `error.type`: the status in digits, or `connect`,
    /// `unprocessed` (an HTTP/2 server refused it unread), `timeout`, `interrupted`, `redirect`,
    /// `invalid_response` (a body that is too long), `invalid_input`, `cancelled`. `None` if the answer
    /// was a success.
    pub error_type: Option<Cow<'static, str>>,
    /// How long the call took, waits included: until the body was read, or for operations that stream,
    /// until the answer began.
    pub duration: Duration,
}

impl AttemptReport {
    /// A first attempt that succeeded in no time, for tests of [`Metrics`]; its fields can be set.
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            number: 1,
            status: Some(StatusCode::OK),
            error_type: None,
            duration: Duration::ZERO,
            wait: None,
        }
    }
}

impl CallReport {
    /// A call that succeeded at once and in no time, for tests of [`Metrics`]; its fields can be set.
    pub fn new(operation: &'static Operation) -> Self {
        Self {
            operation,
            attempts: 1,
            status: Some(StatusCode::OK),
            error_type: None,
            duration: Duration::ZERO,
        }
    }
}
