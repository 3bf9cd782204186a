//! What became of an attempt to cancel runs.

use letta_api::types::RunId;
use letta_api::{ResponseValue, ServiceError};
use reqwest::StatusCode;
use serde_json::{Map, Value};

use super::answer::Answer;
use crate::error::Result;

/// The answer to a request to cancel runs.
///
/// # What cancelling does
///
/// As measured on a server 0.16.8:
///
/// - A turn that streams tokens stops at its next event. One that streams steps stops when the model has answered: the
///   answer is stored, and not sent. **A turn that was sent as JSON is not stopped.**
/// - **"cancelled" is said of a run that had ended before, too**, and such a run stays as it was. To know, get the run.
/// - A turn that is cancelled while it streams tokens leaves nothing behind, not even the user's message.
/// - A request for approval is denied, if the run that waits is the newest.
/// - The agent takes the next message at once.
///
/// Without Redis, a server stops no run.
///
/// ```no_run
/// # #[cfg(feature = "conversations")]
/// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::{CancelOutcome, Cancellation};
///
/// let cancellation = letta.conversation("conv-1").cancel().await?;
/// for run in cancellation.runs() {
///     match run.outcome() {
///         CancelOutcome::Cancelled => println!("{} was asked to stop, or had ended", run.id()),
///         other => println!("{} goes on: {other:?}", run.id()),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cancellation {
    /// Nothing is running: the service answered 409.
    NothingActive,
    /// What the service says of each run. It may be wrong: see [above](Self#what-cancelling-does).
    Answered(Vec<RunCancellation>),
}

/// What the service says of one run. From [`Cancellation::runs`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunCancellation {
    id: RunId,
    outcome: CancelOutcome,
}

/// What the service says that became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CancelOutcome {
    /// "cancelled": the run was asked to stop, or had ended before.
    Cancelled,
    /// "failed": the service could not cancel it. It may not exist, or go on.
    Failed,
    /// What this version does not know, as the service says it. A value that is no text is as JSON.
    Other(String),
}

impl Cancellation {
    /// The runs that the service speaks of. Empty if nothing is active.
    pub fn runs(&self) -> &[RunCancellation] {
        match self {
            Self::NothingActive => &[],
            Self::Answered(runs) => runs,
        }
    }

    /// What the outcome of a cancel says.
    pub(crate) fn of(
        outcome: Result<ResponseValue<Map<String, Value>>, letta_api::Error<ServiceError>>,
    ) -> Result<Self> {
        if let Err(letta_api::Error::ErrorResponse(answer)) = &outcome
            && answer.status() == StatusCode::CONFLICT
            && answer.message().is_some_and(says_nothing_active)
        {
            return Ok(Self::NothingActive);
        }
        let runs = Answer::of(outcome)?.into_inner().into_iter();
        Ok(Self::Answered(runs.map(RunCancellation::of).collect()))
    }
}

/// Any other 409 is an error: it may be about something else.
fn says_nothing_active(message: &str) -> bool {
    message.to_ascii_lowercase().contains("no active runs")
}

impl RunCancellation {
    /// The run's ID.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// What the service says that became of it.
    pub fn outcome(&self) -> &CancelOutcome {
        &self.outcome
    }

    fn of((id, said): (String, Value)) -> Self {
        let outcome = match said {
            Value::String(text) if text == "cancelled" => CancelOutcome::Cancelled,
            Value::String(text) if text == "failed" => CancelOutcome::Failed,
            Value::String(text) => CancelOutcome::Other(text),
            other => CancelOutcome::Other(other.to_string()),
        };
        Self {
            id: id.into(),
            outcome,
        }
    }
}
