//! Adding to an agent's passages.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to add to an agent's passages. From [`AgentPassages::add`](super::AgentPassages::add).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AddAgentPassage {
    call: Call,
    id: types::AgentId,
    body: types::CreateAgentPassage,
}

impl AddAgentPassage {
    pub(super) fn new(call: Call, id: types::AgentId, text: impl Into<String>) -> Self {
        Self {
            call,
            id,
            body: types::CreateAgentPassage::new(text),
        }
    }

    fields! { body: types::CreateAgentPassage;
        /// Tags, for filters.
        tags: [String],
        /// When it was created, in ISO 8601. By default now. The service refuses other texts.
        created_at: String,
    }

    /// Sends the request, and returns the passages that the text became.
    ///
    /// The request is sent again only after a failure that cannot have added a passage, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the service
    /// or the network. If an error [may have happened](crate::Error::may_have_happened), the passage may be there.
    pub async fn send(self) -> Result<Vec<types::Passage>> {
        let outcome = self
            .call
            .api()
            .create_agent_passage(&self.id, &self.body)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AddAgentPassage => Vec<types::Passage>);
