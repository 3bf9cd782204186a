//! Deleting a block.

use letta_api::types::BlockId;

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to delete a block. From [`BlockHandle::delete`](super::BlockHandle::delete).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteBlock {
    call: Call,
    id: BlockId,
}

impl DeleteBlock {
    pub(super) fn new(call: Call, id: BlockId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and repeats it if the answer is lost. A block that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`block_id`). After that: any failure of the
    /// service or the network, and a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self.call.api().delete_block(&self.id).await;
        let target = Target {
            kind: "Block",
            id: self.id.as_str(),
        };
        Deletion::of(outcome, &target)
    }
}

request!(DeleteBlock => Deletion);
