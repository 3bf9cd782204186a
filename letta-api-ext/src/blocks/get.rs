//! Getting a block.

use letta_api::types::{Block, BlockId};

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a block. From [`BlockHandle::get`](super::BlockHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetBlock {
    call: Call,
    id: BlockId,
}

impl GetBlock {
    pub(super) fn new(call: Call, id: BlockId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns the block.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`block_id`). After that: any failure of the
    /// service or the network. A block that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<Block> {
        let outcome = self.call.api().get_block(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetBlock => Block);
