//! What an agent says and does while a turn runs, as the caller gets it.

use std::fmt;
use std::sync::Arc;

use letta_api::types::{Message, ToolCallId, ToolReturnStatus};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Something that an agent said or did. From [`TurnStream::next`](super::TurnStream::next).
///
/// Match the kinds that you show, and pass over the others with `_`. More kinds may come.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A piece of what the agent says. With [tokens](super::Turn::tokens), a few letters as soon as the model has written them.
    /// Otherwise a whole message.
    Text(Piece),
    /// A piece of what the agent thinks.
    Reasoning(Piece),
    /// The agent calls a tool. Its arguments are complete.
    ToolCall(ToolCall),
    /// A tool has returned.
    ToolReturn(ToolReturned),
    /// A message of another kind, such as a summary, whole.
    Message(Box<Message>),
    /// An event that this version does not know, as it came. Data that is not JSON is a string.
    Other(Value),
}

/// A piece of a text. `Display` is the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    pub(super) text: String,
    pub(super) message: Arc<str>,
}

impl Piece {
    /// The text. Never empty.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, without a copy.
    pub fn into_text(self) -> String {
        self.text
    }

    /// The ID of the message. Pieces of one message have the same. What an agent thinks and says in one step has the same ID, too.
    pub fn message_id(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Piece").field(&self.text).finish()
    }
}

/// A call of a tool, with its arguments complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolCall {
    pub(super) id: ToolCallId,
    pub(super) name: String,
    pub(super) arguments: String,
    pub(super) waits: bool,
}

impl ToolCall {
    /// The call's ID.
    pub fn id(&self) -> &ToolCallId {
        &self.id
    }

    /// The tool's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The arguments as the model wrote them: JSON, or what it took for that.
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// The arguments as a `T`. No arguments at all are read as an empty object.
    ///
    /// # Errors
    ///
    /// The arguments are not JSON, or not a `T`.
    ///
    /// ```
    /// # fn show(call: &letta_api_ext::turns::ToolCall) {
    /// if let Ok(arguments) = call.arguments_as::<serde_json::Value>() {
    ///     println!("{}({arguments})", call.name());
    /// }
    /// # }
    /// ```
    pub fn arguments_as<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match self.arguments.trim().is_empty() {
            true => serde_json::from_str("{}"),
            false => serde_json::from_str(&self.arguments),
        }
    }

    /// Whether the agent waits until somebody answers this call: it approves it, denies it, or does what it asks for.
    pub fn waits_for_answer(&self) -> bool {
        self.waits
    }
}

/// What a tool returned.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolReturned {
    pub(super) call_id: ToolCallId,
    pub(super) text: String,
    pub(super) status: ToolReturnStatus,
}

impl ToolReturned {
    /// The ID of the call.
    pub fn call_id(&self) -> &ToolCallId {
        &self.call_id
    }

    /// What it returned. Parts are joined, and parts that are not text are left out.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the tool did what it was called for.
    pub fn is_success(&self) -> bool {
        self.status == ToolReturnStatus::Success
    }

    /// How it ended, as the service says.
    pub fn status(&self) -> &ToolReturnStatus {
        &self.status
    }
}
