//! Cancelling a conversation's runs.

use letta_api::types;

use crate::client::cancellation::Cancellation;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to stop the runs of a conversation. From
/// [`ConversationHandle::cancel`](super::ConversationHandle::cancel). What that does and does not do,
/// [`Cancellation`](crate::Cancellation#what-cancelling-does) says.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CancelConversation {
    call: Call,
    id: types::ConversationId,
    params: types::CancelConversationParams,
}

impl CancelConversation {
    pub(super) fn new(call: Call, id: types::ConversationId) -> Self {
        Self {
            call,
            id,
            params: types::CancelConversationParams::default(),
        }
    }

    fields! { params: types::CancelConversationParams;
        /// The agent, if the conversation is `default`: its own thread.
        agent_id: types::AgentId,
    }

    /// Sends the request, and returns what the service says of each run. If no run is active, that is no error: the
    /// [result](Cancellation) says so.
    ///
    /// The request is not repeated if its answer is lost. It is safe to send it again.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`conversation_id`). After that: any failure
    /// of the service or the network.
    pub async fn send(self) -> Result<Cancellation> {
        let outcome = self
            .call
            .api()
            .cancel_conversation(&self.id, &self.params)
            .await;
        Cancellation::of(outcome)
    }
}

request!(CancelConversation => Cancellation);
