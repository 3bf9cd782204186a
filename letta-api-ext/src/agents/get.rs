//! Getting an agent.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for an agent. From [`AgentHandle::get`](super::AgentHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetAgent {
    call: Call,
    id: types::AgentId,
    params: types::GetAgentParams,
}

impl GetAgent {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::GetAgentParams::default(),
        }
    }

    fields! { params: types::GetAgentParams;
        /// Relations to fill in. What is not named is empty or null. By default `[]`.
        include: [types::AgentInclude],
    }

    /// Sends the request, and returns the agent. A relation that [`include`](Self::include) does not name is empty or
    /// `None`.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the
    /// service or the network. An agent that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<types::AgentState> {
        let outcome = self.call.api().get_agent(&self.id, &self.params).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetAgent => types::AgentState);
