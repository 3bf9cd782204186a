//! Attaching a block to an agent, and detaching it.

use letta_api::types::{AgentId, AgentState, BlockId};

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

impl AgentHandle {
    /// Gives the agent a block. It stands in the agent's prompt from then on. Other agents that have it see each other's
    /// changes.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").attach_block("block-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_block(&self, block: impl Into<BlockId>) -> AttachBlock {
        AttachBlock {
            call: self.letta().call(),
            agent: self.id().clone(),
            block: block.into(),
        }
    }

    /// Takes a block from the agent. The block itself stays, and can be attached again.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").detach_block("block-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach_block(&self, block: impl Into<BlockId>) -> DetachBlock {
        DetachBlock {
            call: self.letta().call(),
            agent: self.id().clone(),
            block: block.into(),
        }
    }
}

/// A request to give an agent a block. From [`AgentHandle::attach_block`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AttachBlock {
    call: Call,
    agent: AgentId,
    block: BlockId,
}

impl AttachBlock {
    /// Sends the request, and returns the agent with the block. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `block_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<AgentState> {
        let outcome = self.call.api().attach_block(&self.agent, &self.block).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AttachBlock => AgentState);

/// A request to take a block from an agent. From [`AgentHandle::detach_block`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DetachBlock {
    call: Call,
    agent: AgentId,
    block: BlockId,
}

impl DetachBlock {
    /// Sends the request, and returns the agent without the block. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `block_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<AgentState> {
        let outcome = self.call.api().detach_block(&self.agent, &self.block).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(DetachBlock => AgentState);
