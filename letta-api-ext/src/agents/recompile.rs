//! Compiling an agent's prompt anew.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to write an agent's memory as it is now into its system prompt. From
/// [`AgentHandle::recompile`](super::AgentHandle::recompile).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RecompileAgent {
    call: Call,
    id: types::AgentId,
    params: types::RecompileAgentParams,
}

impl RecompileAgent {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            params: types::RecompileAgentParams::default(),
        }
    }

    fields! { params: types::RecompileAgentParams;
        /// Whether the prompt gets the current time. By default `false`.
        update_timestamp: bool,
        /// Whether to return the prompt and store nothing. By default `false`.
        dry_run: bool,
    }

    /// Sends the request, and returns the prompt that the service answers with. It is repeated if the answer is lost.
    /// A server 0.16.8 answers with the prompt as it was before, and only with [`dry_run`](Self::dry_run) as it would
    /// be.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the
    /// service or the network.
    pub async fn send(self) -> Result<String> {
        let outcome = self
            .call
            .api()
            .recompile_agent(&self.id, &self.params)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(RecompileAgent => String);
