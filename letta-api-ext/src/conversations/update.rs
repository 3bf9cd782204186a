//! Changing a conversation.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A request to change a conversation. From [`ConversationHandle::update`](super::ConversationHandle::update). Only
/// what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateConversation {
    call: Call,
    id: types::ConversationId,
    body: types::UpdateConversation,
}

impl UpdateConversation {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self {
            call,
            id,
            body: types::UpdateConversation::default(),
        }
    }

    fields! { body: types::UpdateConversation;
        /// What it is about, in words.
        summary: String,
        /// The handle of the model, as in `provider/model`.
        model: String,
        /// Settings of the model, by its provider.
        model_settings: types::ModelSettings,
        /// When the last message came.
        last_message_at: String,
    }

    /// Sends the request, and returns the conversation as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an update that sets nothing (`update`), or an ID that would name another resource
    /// (`conversation_id`). After that: any failure of the service or the network.
    pub async fn send(self) -> Result<types::Conversation> {
        update::check(&self.body)?;
        let outcome = self
            .call
            .api()
            .update_conversation(&self.id, &self.body)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateConversation => types::Conversation);
