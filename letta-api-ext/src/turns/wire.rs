//! An event as it crossed the wire, sorted by what it means for a turn.

use letta_api::Frame;
use letta_api::types::{
    ErrorMessage, Message, RunId, StopReason, StopReasonType, StreamEvent, UsageStatistics,
};
use serde_json::Value;

use super::lean::Lean;
use super::transcript::Transcript;

/// The data of the event that ends every stream which ends well.
pub(super) const DONE: &str = "[DONE]";

/// An event, sorted.
pub(super) struct Wire<'a> {
    /// Its number among the events of a run in background.
    pub(super) seq: Option<i64>,
    /// The run, unless it is the one that is known.
    pub(super) run: Option<RunId>,
    pub(super) what: What<'a>,
}

/// What an event means for a turn.
pub(super) enum What<'a> {
    /// The service lives.
    Ping,
    /// A piece of a message of which one has been taken.
    Piece(Lean<'a>),
    Message(Box<Message>),
    /// The turn stops. Another event of this kind, usage and an error may follow.
    Stop(StopReasonType),
    Usage(Box<UsageStatistics>),
    /// The turn failed, after a 200.
    Failed(Failure),
    /// Nothing follows.
    Done,
    /// An event that this version does not know.
    Other(Value),
}

/// Why a turn failed, in the service's words.
#[derive(Clone, Debug, Default)]
pub(super) struct Failure {
    pub(super) error_type: String,
    pub(super) message: String,
    pub(super) detail: Option<String>,
}

impl<'a> Wire<'a> {
    /// Sorts an event of a turn of which so much was said, in a run that is known.
    pub(super) fn of(frame: &'a Frame, transcript: &Transcript, known: Option<&RunId>) -> Self {
        if transcript.is_in_pieces()
            && let Some(piece) = Lean::of(frame)
            && transcript.is_continued_by(&piece)
        {
            let run = piece.run.as_deref();
            return Self {
                seq: piece.seq,
                run: run
                    .filter(|run| known.is_none_or(|known| known.as_str() != *run))
                    .map(RunId::from),
                what: What::Piece(piece),
            };
        }
        Self::whole(frame, known)
    }

    /// Reads all of an event.
    pub(super) fn whole(frame: &Frame, known: Option<&RunId>) -> Self {
        let data = frame.data();
        if data.trim_ascii() == DONE {
            return What::Done.alone();
        }
        let as_it_came =
            || serde_json::from_str(data).unwrap_or_else(|_| Value::String(data.to_owned()));
        let Ok(event) = serde_json::from_str::<StreamEvent>(data) else {
            return Self::unknown(frame, as_it_came());
        };
        macro_rules! message {
            ($kind:ident, $message:ident) => {
                Self {
                    seq: $message.seq_id,
                    run: ($message.run_id.as_ref())
                        .filter(|run| known != Some(*run))
                        .cloned(),
                    what: What::Message(Box::new(Message::$kind($message))),
                }
            };
        }
        match event {
            StreamEvent::AssistantMessage(it) => message!(AssistantMessage, it),
            StreamEvent::ReasoningMessage(it) => message!(ReasoningMessage, it),
            StreamEvent::HiddenReasoningMessage(it) => message!(HiddenReasoningMessage, it),
            StreamEvent::ToolCallMessage(it) => message!(ToolCallMessage, it),
            StreamEvent::ToolReturnMessage(it) => message!(ToolReturnMessage, it),
            StreamEvent::ApprovalRequestMessage(it) => message!(ApprovalRequestMessage, it),
            StreamEvent::ApprovalResponseMessage(it) => message!(ApprovalResponseMessage, it),
            StreamEvent::SystemMessage(it) => message!(SystemMessage, it),
            StreamEvent::UserMessage(it) => message!(UserMessage, it),
            StreamEvent::EventMessage(it) => message!(EventMessage, it),
            StreamEvent::SummaryMessage(it) => message!(SummaryMessage, it),
            StreamEvent::Ping(ping) => Self {
                seq: ping.seq_id,
                run: ping.run_id,
                what: What::Ping,
            },
            StreamEvent::StopReason(stop) => {
                let StopReason {
                    stop_reason,
                    unknown,
                    ..
                } = *stop;
                Self {
                    seq: unknown.get("seq_id").and_then(Value::as_i64),
                    run: unknown.get("run_id").and_then(run_id),
                    what: What::Stop(stop_reason),
                }
            }
            StreamEvent::UsageStatistics(usage) => What::Usage(usage).alone(),
            StreamEvent::ErrorMessage(error) => {
                let ErrorMessage {
                    run_id,
                    error_type,
                    message,
                    detail,
                    seq_id,
                    ..
                } = *error;
                Self {
                    seq: seq_id,
                    run: Some(run_id),
                    what: What::Failed(Failure {
                        error_type,
                        message,
                        detail,
                    }),
                }
            }
            StreamEvent::Unknown(value) => Self::unknown(frame, value),
            // Of a kind that a later description adds. Read again, because to write it would take code for all kinds.
            _ => Self::unknown(frame, as_it_came()),
        }
    }

    /// An event of no kind that is known. It fails the turn only if it is called an error.
    fn unknown(frame: &Frame, value: Value) -> Self {
        let text = |name: &str| Some(value.get(name)?.as_str()?.to_owned());
        let kind = text("message_type");
        let is_error = frame.event() == "error" || kind.as_deref() == Some("error_message");
        let seq = value.get("seq_id").and_then(Value::as_i64);
        let run = value.get("run_id").and_then(run_id);
        let what = match kind.as_deref() {
            _ if is_error => What::Failed(Failure {
                error_type: text("error_type").unwrap_or_else(|| "error".to_owned()),
                message: ["message", "error", "detail"]
                    .iter()
                    .find_map(|name| text(name))
                    .or_else(|| value.as_str().map(str::to_owned))
                    .unwrap_or_default(),
                detail: text("detail"),
            }),
            // Of another form than documented, and yet what it is called.
            Some("ping") => What::Ping,
            Some("stop_reason") => match text("stop_reason") {
                Some(reason) => What::Stop(StopReasonType::from(reason)),
                None => What::Other(value),
            },
            _ => What::Other(value),
        };
        Self { seq, run, what }
    }
}

impl<'a> What<'a> {
    fn alone(self) -> Wire<'a> {
        Wire {
            seq: None,
            run: None,
            what: self,
        }
    }
}

fn run_id(value: &Value) -> Option<RunId> {
    value.as_str().map(RunId::from)
}
