//! Whom a turn is with: an agent in its own thread, or a conversation.

use letta_api::types::{AgentId, ConversationId};

/// Whom a turn is with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An agent, in its own thread.
    Agent(AgentId),
    /// A conversation. The service knows its agent.
    Conversation(ConversationId),
}

impl Target {
    /// The ID by which the paths of conversations know the thread, and the agent that they need beside it.
    pub(crate) fn as_conversation(&self) -> (ConversationId, Option<&AgentId>) {
        match self {
            // An agent's own thread is the conversation `default`, with the agent's ID beside it.
            Self::Agent(agent) => (ConversationId::from("default"), Some(agent)),
            Self::Conversation(conversation) => (conversation.clone(), None),
        }
    }

    /// The ID, for telemetry.
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Agent(agent) => agent.as_str(),
            Self::Conversation(conversation) => conversation.as_str(),
        }
    }
}
