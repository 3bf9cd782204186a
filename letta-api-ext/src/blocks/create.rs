//! Creating a block.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to create a block. From [`Blocks::create`](super::Blocks::create).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CreateBlock {
    call: Call,
    body: types::CreateBlock,
}

impl CreateBlock {
    pub(super) fn new(call: Call, label: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            call,
            // In letta-api, the value comes first.
            body: types::CreateBlock::new(value, label),
        }
    }

    fields! { body: types::CreateBlock;
        /// How many characters the value has at most. By default `100000`.
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
        /// Whether agents may not change it. By default `false`.
        read_only: bool,
        /// What the block is for. The agent reads it.
        description: String,
        /// Anything that the caller wants to keep with it. By default `{}`.
        metadata: {json},
        /// Whether the service's own pages leave it out.
        hidden: bool,
        /// Tags, for filters.
        tags: [String],
    }

    /// Sends the request, and returns the new block.
    ///
    /// The request is sent again only after a failure that cannot have made a block, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. The service refuses a value that is longer than the limit (422). If an
    /// error [may have happened](crate::Error::may_have_happened), there may be a new block.
    pub async fn send(self) -> Result<types::Block> {
        let outcome = self.call.api().create_block(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CreateBlock => types::Block);
