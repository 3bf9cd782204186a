//! Attaching a tool to an agent, and detaching it.

use letta_api::types::{AgentId, ToolId};

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

impl AgentHandle {
    /// Gives the agent a tool of the service. It can call the tool from its next turn on.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").attach_tool("tool-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_tool(&self, tool: impl Into<ToolId>) -> AttachTool {
        AttachTool {
            call: self.letta().call(),
            agent: self.id().clone(),
            tool: tool.into(),
        }
    }

    /// Takes a tool from the agent. The tool itself stays.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").detach_tool("tool-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach_tool(&self, tool: impl Into<ToolId>) -> DetachTool {
        DetachTool {
            call: self.letta().call(),
            agent: self.id().clone(),
            tool: tool.into(),
        }
    }
}

/// A request to give an agent a tool. From [`AgentHandle::attach_tool`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AttachTool {
    call: Call,
    agent: AgentId,
    tool: ToolId,
}

impl AttachTool {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `tool_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self.call.api().attach_tool(&self.agent, &self.tool).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AttachTool => ());

/// A request to take a tool from an agent. From [`AgentHandle::detach_tool`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DetachTool {
    call: Call,
    agent: AgentId,
    tool: ToolId,
}

impl DetachTool {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `tool_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self.call.api().detach_tool(&self.agent, &self.tool).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(DetachTool => ());
