//! Running a tool of an agent.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to run a tool of an agent. From [`AgentHandle::run_tool`](super::AgentHandle::run_tool).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RunAgentTool {
    call: Call,
    id: types::AgentId,
    tool: String,
    body: types::RunToolRequest,
}

impl RunAgentTool {
    pub(super) fn new(call: Call, id: types::AgentId, tool: String) -> Self {
        Self {
            call,
            id,
            tool,
            body: types::RunToolRequest::default(),
        }
    }

    fields! { body: types::RunToolRequest;
        /// The arguments, by name.
        args: {json},
    }

    /// Sends the request, and returns what the tool returned and printed. A tool may take minutes, so the call has
    /// no [deadline](Self::with_deadline) by default.
    ///
    /// The request is sent again only after a failure that cannot have had its effect, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID or a name that would name another resource (`agent_id`, `tool_name`). After
    /// that: any failure of the service or the network.
    pub async fn send(self) -> Result<types::ToolExecutionResult> {
        let outcome = self
            .call
            .api()
            .run_agent_tool(&self.id, &self.tool, Some(&self.body))
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(RunAgentTool => types::ToolExecutionResult);
