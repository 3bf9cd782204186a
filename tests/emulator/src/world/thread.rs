//! The messages of an agent or of a conversation.

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;
use letta_api::types::{
    AgentId, ApprovalRequestMessage, ConversationId, Message, MessageId, RunId, StepId,
    SystemMessage,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::description::answers;
use crate::id;
use crate::script::act::Act;

/// Which thread: an agent's own, or that of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ThreadKey {
    Agent(AgentId),
    Conversation(ConversationId),
}

impl fmt::Display for ThreadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(id) => f.write_str(id.as_str()),
            Self::Conversation(id) => f.write_str(id.as_str()),
        }
    }
}

#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Thread {
    /// All that are listed, oldest first.
    pub(crate) messages: Vec<StoredMessage>,
    /// How many of the first messages are not in the context any more. The system prompt, which comes first, always is.
    pub(crate) forgotten: usize,
    /// What sums up the messages that are not in the context any more. It stands before the first one that is.
    #[serde(default)]
    pub(crate) summary: Option<MessageId>,
    /// What waits for an answer of the client's.
    pub(crate) pending: Option<Pending>,
    /// The calls of the requests that were answered last, newest last.
    pub(crate) answered: VecDeque<Vec<String>>,
}

/// What the service stores as one message. It may show as several of one ID, such as what an agent thought and what it said.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct StoredMessage {
    pub(crate) id: MessageId,
    pub(crate) date: Timestamp,
    pub(crate) run_id: Option<RunId>,
    pub(crate) step_id: Option<StepId>,
    pub(crate) shown: Vec<Message>,
}

/// A request for approval that is not answered yet.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    /// The message that requests it.
    pub(crate) request: MessageId,
    pub(crate) run_id: RunId,
    pub(crate) step_id: StepId,
    /// What must be answered.
    pub(crate) calls: Vec<PendingCall>,
    /// What runs by itself once the others are answered.
    pub(crate) automatic: Vec<PendingCall>,
    /// What the agent does then.
    #[serde(with = "crate::script::file::acts")]
    pub(crate) rest: Vec<Act>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingCall {
    pub(crate) id: String,
    pub(crate) tool: String,
    pub(crate) arguments: String,
    /// What the tool gives if it runs at the server, as the script has it: success or error.
    pub(crate) returns: Option<Result<String, String>>,
    /// Whether the client runs it.
    pub(crate) is_of_client: bool,
    /// Whether its return has what it printed: nothing, but as lists.
    #[serde(default)]
    pub(crate) is_printing: bool,
}

/// How many answered requests a thread remembers. The server looks at its last ten messages.
const ANSWERED: usize = 5;

impl Thread {
    /// Notes that a request was answered.
    pub(crate) fn answered(&mut self, pending: &Pending) {
        let calls = pending.calls.iter().chain(&pending.automatic);
        self.answered
            .push_back(calls.map(|call| call.id.clone()).collect());
        while self.answered.len() > ANSWERED {
            self.answered.pop_front();
        }
    }

    /// The request that waits for an answer, as it was sent.
    pub(crate) fn pending_request(&self) -> Option<ApprovalRequestMessage> {
        let pending = self.pending.as_ref()?;
        let stored = self
            .messages
            .iter()
            .rev()
            .find(|it| it.id == pending.request)?;
        stored.shown.iter().find_map(|shown| match shown {
            Message::ApprovalRequestMessage(request) => Some((**request).clone()),
            _ => None,
        })
    }

    /// What is in the context, oldest first.
    pub(crate) fn in_context(&self) -> impl Iterator<Item = &StoredMessage> {
        let system = self.messages.first().into_iter();
        let rest = self
            .messages
            .get(self.forgotten.max(1)..)
            .unwrap_or_default();
        system.chain(rest)
    }

    /// The IDs of what is in the context, oldest first.
    pub(crate) fn context(&self) -> impl Iterator<Item = &MessageId> {
        self.in_context().map(|message| &message.id)
    }
}

impl StoredMessage {
    /// The system prompt, which is the first message of a thread.
    pub(crate) fn system(text: &str, now: Timestamp) -> Self {
        let id = id::generate("message");
        let message = SystemMessage::new(id.as_str(), date(now), text);
        Self {
            id: id.as_str().into(),
            date: now,
            run_id: None,
            step_id: None,
            shown: vec![Message::SystemMessage(Box::new(message))],
        }
    }

    /// As the service lists it.
    pub(crate) fn to_wire(&self) -> impl Iterator<Item = Value> {
        self.shown.iter().map(to_wire)
    }
}

/// A message or an event of one, as the service writes it: with every member, if only as `null`.
pub(crate) fn to_wire(message: &impl Serialize) -> Value {
    let mut value = serde_json::to_value(message).unwrap_or_default();
    answers::complete_event(&mut value);
    value
}

/// A date as the service writes that of a message: whole seconds, and an offset in place of `Z`.
pub(crate) fn date(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
