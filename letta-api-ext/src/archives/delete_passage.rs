//! Deleting a passage of an archive.

use letta_api::types::{ArchiveId, PassageId};

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to delete a passage. From [`ArchiveHandle::delete_passage`](super::ArchiveHandle::delete_passage).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeletePassage {
    call: Call,
    archive: ArchiveId,
    passage: PassageId,
}

impl DeletePassage {
    pub(super) fn new(call: Call, archive: ArchiveId, passage: PassageId) -> Self {
        Self {
            call,
            archive,
            passage,
        }
    }

    /// Sends the request, and repeats it if the answer is lost. A passage that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`archive_id`, `passage_id`). After that: any
    /// failure of the service or the network. An archive that is not there is [not
    /// found](crate::Error::is_not_found), and so is a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self
            .call
            .api()
            .delete_archive_passage(&self.archive, &self.passage)
            .await;
        let target = Target {
            kind: "Passage",
            id: self.passage.as_str(),
        };
        Deletion::of(outcome, &target)
    }
}

request!(DeletePassage => Deletion);
