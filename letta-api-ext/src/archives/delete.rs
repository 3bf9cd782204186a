//! Deleting an archive.

use letta_api::types::ArchiveId;

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to delete an archive. From [`ArchiveHandle::delete`](super::ArchiveHandle::delete).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteArchive {
    call: Call,
    id: ArchiveId,
}

impl DeleteArchive {
    pub(super) fn new(call: Call, id: ArchiveId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and repeats it if the answer is lost. An archive that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`archive_id`). After that: any failure of the
    /// service or the network, and a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self.call.api().delete_archive(&self.id).await;
        let target = Target {
            kind: "Archive",
            id: self.id.as_str(),
        };
        Deletion::of(outcome, &target)
    }
}

request!(DeleteArchive => Deletion);
