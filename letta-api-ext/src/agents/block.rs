//! A block of an agent, by its label.

use letta_api::types;

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A block of an agent, by the label that the agent knows it by. From [`AgentHandle::block`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct AgentBlockHandle {
    agent: AgentHandle,
    label: String,
}

impl AgentHandle {
    /// A handle to the agent's block with this label, such as `human`. It sends nothing, so the block need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let human = letta.agent("agent-1").block("human");
    /// let text = human.get().await?.value;
    /// human.update().value(format!("{text} Likes tea.")).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn block(&self, label: impl Into<String>) -> AgentBlockHandle {
        AgentBlockHandle {
            agent: self.clone(),
            label: label.into(),
        }
    }
}

impl AgentBlockHandle {
    /// The label.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The block with its text.
    pub fn get(&self) -> GetAgentBlock {
        let call = self.agent.letta().call();
        GetAgentBlock::new(call, self.agent.id().clone(), self.label.clone())
    }

    /// Changes the block. Only what is set is sent, and the rest stays as it is. All agents that share the block see the
    /// change.
    pub fn update(&self) -> UpdateAgentBlock {
        let call = self.agent.letta().call();
        UpdateAgentBlock::new(call, self.agent.id().clone(), self.label.clone())
    }
}

/// A request for an agent's block. From [`AgentBlockHandle::get`](super::AgentBlockHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetAgentBlock {
    call: Call,
    id: types::AgentId,
    label: String,
}

impl GetAgentBlock {
    fn new(call: Call, id: types::AgentId, label: String) -> Self {
        Self { call, id, label }
    }

    /// Sends the request, and returns the block.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID or a label that would name another resource (`agent_id`, `block_label`). After
    /// that: any failure of the service or the network. A label that the agent does not have is [not
    /// found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<types::Block> {
        let outcome = self.call.api().get_agent_block(&self.id, &self.label).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetAgentBlock => types::Block);

/// A request to change an agent's block. From [`AgentBlockHandle::update`](super::AgentBlockHandle::update). Only
/// what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateAgentBlock {
    call: Call,
    id: types::AgentId,
    label: String,
    body: types::UpdateBlock,
}

impl UpdateAgentBlock {
    fn new(call: Call, id: types::AgentId, label: String) -> Self {
        Self {
            call,
            id,
            label,
            body: types::UpdateBlock::default(),
        }
    }

    fields! { body: types::UpdateBlock;
        /// The text that stands in the prompt.
        value: String,
        /// How many characters the value has at most.
        limit: i64,
        /// The project that it belongs to.
        project_id: types::ProjectId,
        /// The name of a template that it belongs to.
        template_name: String,
        /// Whether it is a template for others. By default `false`.
        is_template: bool,
        /// The version of a template that it was made from.
        template_id: String,
        /// The template that it was made from, of any version.
        base_template_id: String,
        /// The use of a template that it was made by.
        deployment_id: String,
        /// Its ID within a template.
        entity_id: String,
        /// Whether the value stays when its agent moves to a new version of a template. By default `false`.
        preserve_on_migration: bool,
        /// What agents know the block by, such as `human`. Unique within an agent.
        label: String,
        /// Whether agents may not change it. By default `false`.
        read_only: bool,
        /// What the block is for. The agent reads it.
        description: String,
        /// Anything that the caller wants to keep with it. It replaces what was there. By default `{}`.
        metadata: {json},
        /// Whether the service's own pages leave it out.
        hidden: bool,
        /// Tags, for filters.
        tags: [String],
    }

    /// Sends the request, and returns the block as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an update that sets nothing (`update`), or an ID or a label that would name another
    /// resource (`agent_id`, `block_label`). After that: any failure of the service or the network.
    pub async fn send(self) -> Result<types::Block> {
        update::check(&self.body)?;
        let outcome = self
            .call
            .api()
            .update_agent_block(&self.id, &self.label, &self.body)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateAgentBlock => types::Block);
