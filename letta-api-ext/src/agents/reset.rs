//! Emptying an agent's context.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to take all messages but the system prompt out of an agent's context. From
/// [`AgentHandle::reset_messages`](super::AgentHandle::reset_messages).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ResetMessages {
    call: Call,
    id: types::AgentId,
    body: types::ResetMessagesRequest,
}

impl ResetMessages {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            body: types::ResetMessagesRequest::default(),
        }
    }

    fields! { body: types::ResetMessagesRequest;
        /// Whether the thread begins with the server's own messages again. By default `false`.
        add_default_initial_messages: bool,
    }

    /// Sends the request. The request is sent again only after a failure that cannot have had its effect, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the
    /// service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self.call.api().reset_messages(&self.id, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(ResetMessages => ());
