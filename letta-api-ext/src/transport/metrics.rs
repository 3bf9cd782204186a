//! Counts calls, without tracing.

use std::borrow::Cow;
use std::time::Duration;

use letta_api::{MaybeSend, MaybeSync, Operation};
use reqwest::StatusCode;

/// Receives a report of every attempt and every call, to count and to time them by operation.
///
/// The reports are about HTTP: every call that is sent, and every call that is refused for an invalid deadline or
/// retry policy. Other invalid input is not reported. How an answer is interpreted is not reported either: a
/// revocation of a token that is not found is a `404`, and a create that is answered 201 with an invalid body is no
/// error.
///
/// Called in the task that makes the call, so it must be quick, and must not block or panic. All values are safe as
/// labels: they have no ID and no secret, and few distinct values.
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
    /// The number of the attempt in its call, from 1.
    pub number: u32,
    /// The status of the answer. `None` if there was no answer.
    pub status: Option<StatusCode>,
    /// The error, as in [`CallReport::error_type`].
    pub error_type: Option<Cow<'static, str>>,
    /// How long the attempt took.
    pub duration: Duration,
    /// How long the call waits before the next attempt. `None` if there is none.
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
    /// The status of the last answer. `None` if there was no answer.
    pub status: Option<StatusCode>,
    /// The error, as OpenTelemetry's `error.type`: the status in digits, or `connect`, `unprocessed` (an HTTP/2
    /// server did not process the request), `timeout`, `interrupted`, `no_answer` (in a browser, which does not
    /// tell why), `redirect`, `invalid_response` (a body that is too long), `invalid_input`, `cancelled`, and of a client that
    /// [holds tokens](crate::token_holder) `signed_out`, `without_token`, `not_opened`. `None` if the answer was a success.
    pub error_type: Option<Cow<'static, str>>,
    /// How long the call took, including waits, until the body was read. If the answer is a stream, until it began.
    pub duration: Duration,
}

impl AttemptReport {
    /// A first attempt that succeeded at once, for tests of [`Metrics`]. Its fields can be set.
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
    /// A call that succeeded at once, for tests of [`Metrics`]. Its fields can be set.
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
