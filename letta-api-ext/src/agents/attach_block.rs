//! Attaching a block to an agent, and detaching it.

use std::time::Duration;

use letta_api::types::{AgentId, AgentInclude, AgentState, BlockId, GetAgentParams};
use letta_api::{ResponseValue, ServiceError};
use reqwest::StatusCode;

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;
use crate::time::clock::Instant;
use crate::transport::CallFacts;

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
    /// the service or the network. The service refuses a second block with the label of one that the agent has.
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
    /// Sends the request, and returns the agent without the block. It is repeated if the answer is lost. If the service
    /// then says that the agent has no such block, the agent is asked for, and returned if the block is gone.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `block_id`). After that: any failure
    /// of the service or the network. A block that the agent does not have is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<AgentState> {
        let began = Instant::now();
        let outcome = self.call.api().detach_block(&self.agent, &self.block).await;
        match outcome {
            Err(letta_api::Error::ErrorResponse(answer)) if may_be_done(&answer) => {
                // Boxed because it is rare: a future is as large as its largest branch.
                match Box::pin(self.agent_without(began)).await {
                    Some(agent) => Ok(agent),
                    None => Err(letta_api::Error::ErrorResponse(answer).into()),
                }
            }
            outcome => Answer::of(outcome).map(Answer::into_inner),
        }
    }

    /// The agent, if it does not have the block. Within what is left of the deadline.
    async fn agent_without(&self, began: Instant) -> Option<AgentState> {
        let mut call = self.call.clone();
        let left = call.deadline().saturating_sub(began.elapsed());
        call.change(|options| options.deadline = Some(left.max(Duration::from_nanos(1))));
        let params = GetAgentParams::default().with_include([AgentInclude::Blocks]);
        let agent = call.api().get_agent(&self.agent, &params).await.ok()?;
        let agent = agent.into_inner();
        let is_gone = agent.blocks.iter().all(|it| it.id != self.block);
        is_gone.then_some(agent)
    }
}

/// Whether this is a 404 after an attempt whose answer was lost, which may have detached the block.
fn may_be_done(answer: &ResponseValue<ServiceError>) -> bool {
    let facts = answer.extension::<CallFacts>();
    answer.status() == StatusCode::NOT_FOUND
        && facts.is_some_and(CallFacts::earlier_may_have_happened)
}

request!(DetachBlock => AgentState);
