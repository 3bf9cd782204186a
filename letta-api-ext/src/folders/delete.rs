//! Deleting a folder.

use letta_api::types::FolderId;

use crate::client::deletion::{Deletion, Target};
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to delete a folder. From [`FolderHandle::delete`](super::FolderHandle::delete).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DeleteFolder {
    call: Call,
    id: FolderId,
}

impl DeleteFolder {
    pub(super) fn new(call: Call, id: FolderId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and repeats it if the answer is lost. A folder that is not there is no error: the
    /// [result](Deletion) says which it was.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`folder_id`). After that: any failure of the
    /// service or the network, and a 404 that is [not the service's own word](Deletion).
    pub async fn send(self) -> Result<Deletion> {
        let outcome = self.call.api().delete_folder(&self.id).await;
        let target = Target {
            kind: "Folder",
            id: self.id.as_str(),
        };
        Deletion::of(outcome, &target)
    }
}

request!(DeleteFolder => Deletion);
