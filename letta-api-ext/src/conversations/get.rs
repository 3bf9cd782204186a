//! Getting a conversation.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a conversation. From [`ConversationHandle::get`](super::ConversationHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetConversation {
    call: Call,
    id: types::ConversationId,
}

impl GetConversation {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns the conversation, with the IDs of the messages in its context.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`conversation_id`). After that: any failure
    /// of the service or the network. A conversation that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<types::Conversation> {
        let outcome = self.call.api().get_conversation(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetConversation => types::Conversation);
