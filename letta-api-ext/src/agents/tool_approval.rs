//! Whether a tool of an agent needs approval.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to set whether a tool needs approval. From
/// [`AgentHandle::require_approval`](super::AgentHandle::require_approval).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct SetToolApproval {
    call: Call,
    id: types::AgentId,
    tool: String,
    body: types::UpdateToolApproval,
}

impl SetToolApproval {
    pub(super) fn new(call: Call, id: types::AgentId, tool: String, is_required: bool) -> Self {
        Self {
            call,
            id,
            tool,
            body: types::UpdateToolApproval::new(is_required),
        }
    }

    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID or a name that would name another resource (`agent_id`, `tool_name`). After
    /// that: any failure of the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .update_tool_approval(
                &self.id,
                &self.tool,
                &types::UpdateToolApprovalParams::default(),
                Some(&self.body),
            )
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(SetToolApproval => ());
