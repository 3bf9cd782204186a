//! Deleting a file.

use letta_api::types::{FileId, FolderId};

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to delete a file. From [`FileHandle::delete`](super::FileHandle::delete).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteFile {
    call: Call,
    folder: FolderId,
    id: FileId,
}

impl DeleteFile {
    pub(super) fn new(call: Call, folder: FolderId, id: FileId) -> Self {
        Self { call, folder, id }
    }

    /// Sends the request, and repeats it if the answer is lost. A file that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`folder_id`, `file_id`). After that: any failure of
    /// the service or the network, and a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self.call.api().delete_file(&self.folder, &self.id).await;
        let target = Target {
            kind: "File",
            id: self.id.as_str(),
        };
        Deletion::of(outcome, &target)
    }
}

request!(DeleteFile => Deletion);
