//! Errors of turns.

use std::fmt;
use std::time::Duration;

use letta_api::types::{RunId, StopReasonType};

use super::wire::Failure;
use crate::error::Error;
use crate::error::kind::{Added, Kind};
use crate::transport::CallFacts;

/// A turn that was not followed to its end.
struct Interrupted {
    why: &'static str,
    run: Option<String>,
    /// The key of what was said.
    otid: Option<String>,
    is_timeout: Option<Duration>,
}

impl Added for Interrupted {
    fn error_type(&self) -> &'static str {
        match self.is_timeout {
            Some(_) => "timeout",
            None => "interrupted",
        }
    }

    fn is_timeout(&self) -> bool {
        self.is_timeout.is_some()
    }

    fn may_have_happened(&self) -> bool {
        true
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_timeout {
            Some(limit) => write!(f, "the turn was not over within {limit:?}")?,
            None => write!(f, "the turn was interrupted: {}", self.why)?,
        }
        f.write_str(". The agent may have what was said, and may go on: read its messages before you say it again")?;
        match (&self.run, &self.otid) {
            (Some(run), _) => write!(f, " (run {run})"),
            (None, Some(otid)) => write!(f, " (otid {otid})"),
            (None, None) => Ok(()),
        }
    }
}

/// The turn was not followed to its end.
pub(super) fn interrupted(
    why: &'static str,
    run: Option<&RunId>,
    otid: Option<&String>,
    cause: Option<Error>,
) -> Error {
    Error::added_with(
        Interrupted {
            why,
            run: run.map(|run| run.as_str().to_owned()),
            otid: otid.cloned(),
            is_timeout: None,
        },
        cause,
    )
}

/// The turn's own deadline passed.
pub(super) fn out_of_time(limit: Duration, run: Option<RunId>) -> Error {
    Error::added_with(
        Interrupted {
            why: "",
            run: run.map(|run| run.as_str().to_owned()),
            otid: None,
            is_timeout: Some(limit),
        },
        None,
    )
}

/// A turn that the service says has failed.
struct Failed {
    text: String,
}

impl Added for Failed {
    fn error_type(&self) -> &'static str {
        "turn_failed"
    }

    fn may_have_happened(&self) -> bool {
        true
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The service says that the turn has failed.
pub(super) fn failed(failure: &Failure, run: Option<&RunId>, _facts: Option<&CallFacts>) -> Error {
    let text = format!(
        "{}: {} {:?} {:?}",
        failure.error_type, failure.message, failure.detail, run
    );
    Error::of(Kind::Added(Box::new(Failed { text })))
}

/// The agent waits for an answer, and what it waits for was not told.
pub(super) fn without_request(run: Option<&RunId>) -> Error {
    interrupted(
        "the agent waits for an answer, and its request did not come; `pending_approval` finds it",
        run,
        None,
        None,
    )
}

/// Tools in Rust were called in more rounds than allowed.
pub(super) fn too_many_rounds(_most: u32, run: Option<&RunId>) -> Error {
    interrupted(
        "the agent called tools in more rounds than `Tools::with_max_rounds` allows; its calls wait for an answer, which \
         `pending_approval` finds",
        run,
        None,
        None,
    )
}

/// A piece of an event is longer than what is read.
pub(super) fn too_long(problem: &'static str) -> Error {
    struct TooLong(&'static str);

    impl Added for TooLong {
        fn error_type(&self) -> &'static str {
            "invalid_event"
        }

        fn is_invalid_response(&self) -> bool {
            true
        }
    }

    impl fmt::Display for TooLong {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    Error::of(Kind::Added(Box::new(TooLong(problem))))
}

/// Another turn of this client stands in the way, and nobody reads its events.
pub(super) fn unread() -> Error {
    struct Unread;

    impl Added for Unread {
        fn error_type(&self) -> &'static str {
            "busy"
        }
    }

    impl fmt::Display for Unread {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(
                "another turn with the same agent or conversation is under way in this client, and nobody has read its events \
                 for 5 minutes: read its stream to the end, or drop it",
            )
        }
    }

    Error::of(Kind::Added(Box::new(Unread)))
}

/// No turn has this key, or the service has forgotten it.
pub(super) fn unknown_key() -> Error {
    struct UnknownKey;

    impl Added for UnknownKey {
        fn error_type(&self) -> &'static str {
            "unknown_otid"
        }
    }

    impl fmt::Display for UnknownKey {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(
                "the service knows no turn with this otid: it was never said, or more than three hours ago, or not on the \
                 resumable path",
            )
        }
    }

    Error::of(Kind::Added(Box::new(UnknownKey)))
}

impl Failure {
    /// A turn that stopped for a reason that is a failure, without another word.
    pub(super) fn of_stop(reason: &StopReasonType) -> Self {
        Self {
            error_type: reason.as_str().to_owned(),
            message: "the agent stopped, and the service did not say more".to_owned(),
            detail: None,
        }
    }

    /// What a run that has failed says of it.
    pub(super) fn of_run(run: &letta_api::types::Run) -> Option<Self> {
        let error = run.metadata.as_ref()?.get("error")?;
        let text = |name: &str| Some(error.get(name)?.as_str()?.to_owned());
        Some(Self {
            error_type: text("error_type")
                .or_else(|| text("type"))
                .or_else(|| Some(run.stop_reason.as_ref()?.as_str().to_owned()))
                .unwrap_or_else(|| "error".to_owned()),
            message: text("message")
                .or_else(|| error.as_str().map(str::to_owned))
                .unwrap_or_default(),
            detail: text("detail"),
        })
    }
}

// Stands in until the error floor has these.
impl Error {
    #[allow(missing_docs)]
    pub(crate) fn is_busy(&self) -> bool {
        self.status().is_some_and(|status| status.as_u16() == 409)
            && self
                .message()
                .is_some_and(|said| said.contains("currently being processed"))
    }

    #[allow(missing_docs)]
    pub(crate) fn run_id(&self) -> Option<&str> {
        let said = self.message()?;
        let start = said.find("run_id=")? + "run_id=".len();
        Some(said[start..].split(')').next().unwrap_or_default())
    }
}
