//! Changing a block.

use letta_api::types::{self, Block, BlockId};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A request to change a block. From [`BlockHandle::update`](super::BlockHandle::update). Only what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateBlock {
    call: Call,
    id: BlockId,
    body: types::UpdateBlock,
}

impl UpdateBlock {
    pub(super) fn new(call: Call, id: BlockId) -> Self {
        Self {
            call,
            id,
            body: types::UpdateBlock::new(),
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
    /// Before anything is sent: an update that sets nothing (`update`), or an ID that would name another resource
    /// (`block_id`). After that: any failure of the service or the network.
    pub async fn send(self) -> Result<Block> {
        update::check(&self.body)?;
        let outcome = self.call.api().update_block(&self.id, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateBlock => Block);
