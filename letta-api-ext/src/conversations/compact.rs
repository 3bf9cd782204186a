//! Compacting a conversation's messages.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to have a model write a summary that takes the place of older messages. From
/// [`ConversationHandle::compact`](super::ConversationHandle::compact).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CompactConversation {
    call: Call,
    id: types::ConversationId,
    body: types::ConversationCompactionRequest,
}

impl CompactConversation {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self {
            call,
            id,
            body: types::ConversationCompactionRequest::default(),
        }
    }

    fields! { body: types::ConversationCompactionRequest;
        /// The agent, if the conversation is `default`: its own thread.
        agent_id: types::AgentId,
        /// How older messages are summarized when the context is full.
        compaction_settings: types::CompactionSettings,
    }

    /// Sends the request, and returns the summary, and how many messages there were before and after. A model
    /// writes it, which may take minutes. So the call has no [deadline](Self::with_deadline) by default.
    ///
    /// The request is sent again only after a failure that cannot have had its effect, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`conversation_id`). After that: any failure
    /// of the service or the network.
    pub async fn send(self) -> Result<types::CompactionResponse> {
        let outcome = self
            .call
            .api()
            .compact_conversation(&self.id, Some(&self.body))
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CompactConversation => types::CompactionResponse);
