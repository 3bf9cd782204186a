//! Errors of turns: what became of what was said, and where to look for it.

use std::fmt;
use std::time::Duration;

use letta_api::types::{RunId, StopReasonType};
use reqwest::header::HeaderMap;

use super::run_state::RunState;
use super::wire::Failure;
use crate::error::Error;
use crate::error::kind::{Added, Kind};
use crate::error::refusal::Class;
use crate::error::said::{ErrorEvent, Said};
use crate::transport::CallFacts;

/// A turn that was not followed to its end. The agent may have what was said.
struct Unfinished {
    why: Why,
    run: Option<String>,
    /// The key of what was said.
    otid: Option<String>,
}

impl Error {
    /// The key of what was said, if a turn was not followed to its end. With it, [`resume_turn`](crate::agents::AgentHandle::resume_turn)
    /// goes on for three hours, unless the turn took the plain path. `None` for other errors.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// if let Err(error) = letta.agent("agent-1").turn("Hello").send().await {
    ///     eprintln!("{error}; run {:?}, key {:?}", error.run_id(), error.otid());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn otid(&self) -> Option<&str> {
        self.added::<Unfinished>()?.otid.as_deref()
    }
}

enum Why {
    /// The connection, or what stands in for it.
    Interrupted(&'static str),
    /// The turn's own deadline passed.
    OutOfTime {
        limit: Duration,
        /// Whether what was said was sent. It may have waited for another turn.
        is_sent: bool,
    },
    /// The service sent what cannot be taken.
    Unreadable(&'static str),
    /// Calls of tools in Rust that will not be answered.
    Unanswered(String),
}

impl Added for Unfinished {
    fn error_type(&self) -> &'static str {
        match self.why {
            Why::Interrupted(_) => "interrupted",
            Why::OutOfTime { .. } => "timeout",
            Why::Unreadable(_) => "invalid_event",
            Why::Unanswered(_) => "unanswered_calls",
        }
    }

    fn is_timeout(&self) -> bool {
        matches!(self.why, Why::OutOfTime { .. })
    }

    fn is_interrupted(&self) -> bool {
        matches!(self.why, Why::Interrupted(_))
    }

    fn is_invalid_response(&self) -> bool {
        matches!(self.why, Why::Unreadable(_))
    }

    fn run_id(&self) -> Option<&str> {
        self.run.as_deref()
    }

    fn may_have_happened(&self) -> bool {
        !matches!(self.why, Why::OutOfTime { is_sent: false, .. })
    }
}

impl fmt::Display for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.why {
            Why::Interrupted(why) => write!(f, "the turn was interrupted: {why}")?,
            Why::OutOfTime { limit, .. } => write!(f, "the turn was not over within {limit:?}")?,
            Why::Unreadable(why) => write!(f, "the turn cannot be followed: {why}")?,
            Why::Unanswered(why) => {
                write!(
                    f,
                    "{why}; the calls wait for an answer, and `pending_approval` finds them"
                )?;
            }
        }
        match (&self.run, &self.otid) {
            (Some(run), Some(otid)) => write!(f, " ({run}, otid {otid})")?,
            (Some(run), None) => write!(f, " ({run})")?,
            (None, Some(otid)) => write!(f, " (otid {otid})")?,
            (None, None) => {}
        }
        match self.why {
            Why::Unanswered(_) => Ok(()),
            Why::OutOfTime { is_sent: false, .. } => f.write_str(". Nothing was sent"),
            _ => f.write_str(
                ". The agent may have what was said: read its messages before you say it again",
            ),
        }
    }
}

fn unfinished(why: Why, run: Option<&RunId>, otid: Option<&String>, cause: Option<Error>) -> Error {
    let unfinished = Unfinished {
        why,
        run: run.map(|run| run.as_str().to_owned()),
        otid: otid.cloned(),
    };
    Error::added_with(unfinished, cause)
}

/// The turn was not followed to its end.
pub(super) fn interrupted(
    why: &'static str,
    run: Option<&RunId>,
    otid: Option<&String>,
    cause: Option<Error>,
) -> Error {
    unfinished(Why::Interrupted(why), run, otid, cause)
}

/// The service sent an event that cannot be taken.
pub(super) fn unreadable(why: &'static str, run: Option<&RunId>, cause: Option<Error>) -> Error {
    unfinished(Why::Unreadable(why), run, None, cause)
}

/// The turn's own deadline passed.
pub(super) fn out_of_time(limit: Duration, run: Option<&RunId>, otid: Option<&String>) -> Error {
    let is_sent = otid.is_some();
    unfinished(Why::OutOfTime { limit, is_sent }, run, otid, None)
}

/// What tools in Rust returned was not taken. What was said before was.
pub(super) fn results_not_taken(cause: Error, run: Option<&RunId>) -> Error {
    let why = "what the tools returned was not taken".to_owned();
    unfinished(Why::Unanswered(why), run, None, Some(cause))
}

/// The agent waits for an answer, and what it waits for was not told.
pub(super) fn without_request(run: Option<&RunId>) -> Error {
    let why = "the agent waits for an answer, and its request did not come".to_owned();
    unfinished(Why::Unanswered(why), run, None, None)
}

/// Tools in Rust were called in more rounds than allowed.
pub(super) fn too_many_rounds(most: u32, run: Option<&RunId>) -> Error {
    let why = format!(
        "the agent called tools in more than {most} rounds, the limit that `Tools::with_max_rounds` sets"
    );
    unfinished(Why::Unanswered(why), run, None, None)
}

/// The service says that the turn has failed. `facts` and `headers` are of the answer that said it.
pub(super) fn failed(
    failure: &Failure,
    run: Option<&RunId>,
    facts: Option<&CallFacts>,
    headers: &HeaderMap,
) -> Error {
    let event = ErrorEvent {
        error_type: &failure.error_type,
        message: &failure.message,
        detail: failure.detail.as_deref(),
        run_id: run.map(RunId::as_str),
    };
    match facts {
        Some(facts) => facts.with_secrets(|secrets| {
            // A run that was resumed is named in the path of that call. It is no secret: its caller was told.
            let secrets: Vec<&str> = (secrets.iter().copied())
                .filter(|secret| Some(*secret) != event.run_id)
                .collect();
            Error::from_error_event(facts.operation(), headers, &event, &secrets)
        }),
        None => Error::from_error_event(None, headers, &event, &[]),
    }
}

/// An error that says no more than its text.
struct Plain {
    error_type: &'static str,
    text: &'static str,
    said: Said,
}

impl Added for Plain {
    fn error_type(&self) -> &'static str {
        self.error_type
    }

    fn said(&self) -> Option<&Said> {
        Some(&self.said)
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

/// Another turn of this client stands in the way, and nobody reads its events.
pub(super) fn unread() -> Error {
    let mut said = Said::default();
    said.meaning.class = Some(Class::Busy);
    Error::of(Kind::Added(Box::new(Plain {
        error_type: "unread_turn",
        text: "another turn with the same agent or conversation is under way in this client, and nobody has read its events for \
               5 minutes: read its stream to the end, or drop it",
        said,
    })))
}

/// No turn has this key, or the service has forgotten it.
pub(super) fn unknown_key() -> Error {
    Error::of(Kind::Added(Box::new(Plain {
        error_type: "unknown_otid",
        text: "the service knows no turn with this otid: it was never said, or more than three hours ago, or not on the \
               resumable path",
        said: Said::default(),
    })))
}

impl Failure {
    /// A turn that stopped for a reason that is a failure, without another word.
    pub(super) fn of_stop(reason: &StopReasonType) -> Self {
        Self {
            error_type: reason.as_str().to_owned(),
            message: String::new(),
            detail: None,
        }
    }

    /// What a run that has failed says of it.
    pub(super) fn of_run(run: &RunState) -> Option<Self> {
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
