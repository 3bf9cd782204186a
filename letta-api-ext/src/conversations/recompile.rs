//! Compiling a conversation's prompt anew.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to write the memory as it is now into a conversation's system prompt. From
/// [`ConversationHandle::recompile`](super::ConversationHandle::recompile).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RecompileConversation {
    call: Call,
    id: types::ConversationId,
    body: types::ConversationCompactionRequest,
    params: types::RecompileConversationParams,
}

impl RecompileConversation {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self {
            call,
            id,
            body: types::ConversationCompactionRequest::default(),
            params: types::RecompileConversationParams::default(),
        }
    }

    fields! { body: types::ConversationCompactionRequest;
        /// The agent, if the conversation is `default`: its own thread.
        agent_id: types::AgentId,
        /// How older messages are summarized when the context is full.
        compaction_settings: types::CompactionSettings,
    }

    fields! { params: types::RecompileConversationParams;
        /// Whether to return the prompt and store nothing. By default `false`.
        dry_run: bool,
    }

    /// Sends the request, and returns the prompt that the service answers with. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`conversation_id`). After that: any failure
    /// of the service or the network.
    pub async fn send(self) -> Result<String> {
        let outcome = self
            .call
            .api()
            .recompile_conversation(&self.id, &self.params, Some(&self.body))
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(RecompileConversation => String);
