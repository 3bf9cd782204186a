//! Forking a conversation.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to fork a conversation. From [`ConversationHandle::fork`](super::ConversationHandle::fork).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ForkConversation {
    call: Call,
    id: types::ConversationId,
    params: types::ForkConversationParams,
}

impl ForkConversation {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self {
            call,
            id,
            params: types::ForkConversationParams::default(),
        }
    }

    fields! { params: types::ForkConversationParams;
        /// The agent, if the conversation is `default`: its own thread.
        agent_id: types::AgentId,
    }

    /// Sends the request, and returns the new conversation.
    ///
    /// The request is sent again only after a failure that cannot have had its effect, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`conversation_id`). After that: any failure
    /// of the service or the network. If an error [may have happened](crate::Error::may_have_happened), there may be
    /// a new conversation.
    pub async fn send(self) -> Result<types::Conversation> {
        let outcome = self
            .call
            .api()
            .fork_conversation(&self.id, &self.params)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(ForkConversation => types::Conversation);
