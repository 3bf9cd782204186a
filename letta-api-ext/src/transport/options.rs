//! Options that may differ from call to call.

use std::sync::Arc;
use std::time::Duration;

use letta_api::Operation;

use super::headers::OwnHeaders;
use super::retry_policy::RetryPolicy;
use super::upload::Progress;
use crate::error::{Error, Result};
use crate::platform;

/// The time for a call, if none is set.
const DEADLINE: Duration = Duration::from_secs(30);

/// The time for an attempt, if none is set.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);

/// The operations that answer when an agent, a model or a tool is done, which may take minutes. Until then, silence
/// does not mean that the service hangs. Those that answer with a stream are not among them: their head comes at once.
const PATIENT: [&str; 6] = [
    "compact_conversation",
    "compact_messages",
    "run_agent_tool",
    "run_mcp_server_tool",
    "send_conversation_message",
    "send_message",
];

/// The operations that send a file, whose length says how long they take.
const UPLOADS: [&str; 2] = ["import_agent", "upload_file"];

/// How long an upload may stand still, if no time for an attempt is set. What was handed to the connection may not be on
/// its way yet: the machine buffers up to a few MiB, which take a slow line half a minute. In that time, nothing is seen to
/// move.
const UPLOAD_SILENCE: Duration = Duration::from_secs(60);

/// Options that may differ from call to call.
#[derive(Clone, Default)]
pub(crate) struct CallOptions {
    /// `None`: the default of the operation.
    pub(crate) deadline: Option<Duration>,
    /// `None`: the default of the operation.
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) retry: RetryPolicy,
    pub(crate) headers: OwnHeaders,
    /// The path with its parameters in braces, for a request that the API description does not have.
    pub(crate) template: Option<Arc<str>>,
    /// Called for each attempt that fails, even if the call goes on.
    pub(crate) watch: Option<FailureWatch>,
    /// Who is told how far an upload is.
    pub(crate) progress: Option<Progress>,
}

/// A function that is called for failures.
pub(crate) type FailureWatch = Arc<dyn Fn(&Error) + Send + Sync>;

/// The times that a call of one operation may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) deadline: Duration,
    /// For head and body. If the head has no limit, for the body alone.
    pub(crate) attempt: Duration,
    /// Whether an attempt may wait for the head of its answer until the deadline.
    pub(crate) is_head_unlimited: bool,
    /// How long an upload may stand still: no byte of its body is taken, and no head of an answer comes. `None` for other
    /// operations, and where a body cannot be watched.
    pub(crate) silence: Option<Duration>,
    /// The longest wait before another attempt.
    pub(crate) longest_wait: Duration,
}

impl CallOptions {
    /// The deadline of calls that wait for no agent.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    /// The time-out for attempts of calls that wait for no agent.
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT)
    }

    /// The times for a call of this operation.
    pub(crate) fn times(&self, operation: &Operation) -> Times {
        let is_upload = UPLOADS.contains(&operation.id);
        let is_patient = is_upload || PATIENT.contains(&operation.id);
        let is_watched = is_upload && platform::TELLS_PROGRESS;
        let silence = self.attempt_timeout.unwrap_or(UPLOAD_SILENCE);
        let has_deadline = !is_patient || self.deadline.is_some();
        Times {
            deadline: match has_deadline {
                true => self.deadline(),
                false => Duration::MAX,
            },
            attempt: self.attempt_timeout(),
            is_head_unlimited: is_watched || is_patient && self.attempt_timeout.is_none(),
            silence: is_watched.then_some(silence),
            // A service may ask to wait for days.
            longest_wait: match has_deadline {
                true => Duration::MAX,
                false => DEADLINE,
            },
        }
    }

    pub(crate) fn check(&self) -> Result<()> {
        for (field, value) in [
            ("deadline", self.deadline),
            ("attempt_timeout", self.attempt_timeout),
        ] {
            if value.is_some_and(|it| it.is_zero()) {
                let rule = "must be positive";
                return Err(Error::invalid_input_got(field, rule, "0s".to_owned()));
            }
        }
        self.headers.check()?;
        self.retry.check()
    }
}

impl std::fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallOptions")
            .field("deadline", &self.deadline)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("retry", &self.retry)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "full"))]
mod tests {
    use letta_api::operations;

    use super::{PATIENT, UPLOADS};

    #[test]
    fn each_operation_that_has_a_twin_with_a_stream_is_waited_for() {
        let has = |id: &str| operations::ALL.iter().any(|it| it.id == id);
        let twins = operations::ALL
            .iter()
            .filter(|it| !it.streams && has(&format!("{}_stream", it.id)));
        let mut count = 0;
        for twin in twins {
            assert!(PATIENT.contains(&twin.id), "{twin}");
            count += 1;
        }
        assert!(count >= 2, "{count}");
    }

    #[test]
    fn each_operation_that_sends_a_file_is_an_upload() {
        let sends_a_file = |id: &str| id.starts_with("upload_") || id.starts_with("import_");
        let ids = operations::ALL.iter().map(|operation| operation.id);
        let mut found: Vec<&str> = ids.filter(|id| sends_a_file(id)).collect();
        found.sort_unstable();
        assert_eq!(found, UPLOADS);
    }

    #[test]
    fn each_operation_that_is_waited_for_exists_and_is_no_stream() {
        for id in PATIENT.iter().chain(&UPLOADS).copied() {
            let mut all = operations::ALL.iter();
            let operation = all.find(|it| it.id == id).expect(id);
            assert!(!operation.streams && !operation.safe_to_repeat, "{id}");
        }
    }
}
