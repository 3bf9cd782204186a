//! Deleting a passage of an agent.

use letta_api::types::{AgentId, PassageId};

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to delete a passage of an agent. From [`AgentPassages::delete`](super::AgentPassages::delete).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteAgentPassage {
    call: Call,
    agent: AgentId,
    passage: PassageId,
}

impl DeleteAgentPassage {
    pub(super) fn new(call: Call, agent: AgentId, passage: PassageId) -> Self {
        Self {
            call,
            agent,
            passage,
        }
    }

    /// Sends the request, and repeats it if the answer is lost. A passage that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `memory_id` for the passage). After
    /// that: any failure of the service or the network, and a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self
            .call
            .api()
            .delete_agent_passage(&self.agent, &self.passage)
            .await;
        let target = Target {
            kind: "Passage",
            id: self.passage.as_str(),
        };
        Deletion::of(outcome, &target)
    }
}

request!(DeleteAgentPassage => Deletion);
