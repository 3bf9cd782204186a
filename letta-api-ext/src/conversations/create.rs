//! Creating a conversation.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to create a conversation. From [`Conversations::create`](super::Conversations::create).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CreateConversation {
    call: Call,
    agent: types::AgentId,
    body: types::CreateConversation,
}

impl CreateConversation {
    pub(super) fn new(call: Call, agent: types::AgentId) -> Self {
        Self {
            call,
            agent,
            body: types::CreateConversation::default(),
        }
    }

    fields! { body: types::CreateConversation;
        /// What it is about, in words.
        summary: String,
        /// The labels of the agent's blocks that the conversation gets copies of. It shares the others.
        isolated_block_labels: [String],
        /// The handle of the model, as in `provider/model`.
        model: String,
        /// Settings of the model, by its provider.
        model_settings: types::ModelSettings,
    }

    /// Sends the request, and returns the new conversation.
    ///
    /// The request is sent again only after a failure that cannot have had its effect, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. An agent that does not exist is [not
    /// found](crate::Error::is_not_found). If an error [may have happened](crate::Error::may_have_happened), there
    /// may be a new conversation.
    pub async fn send(self) -> Result<types::Conversation> {
        let outcome = self
            .call
            .api()
            .create_conversation(&self.agent, Some(&self.body))
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CreateConversation => types::Conversation);
