//! Getting a folder.

use letta_api::types::{Folder, FolderId};

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a folder. From [`FolderHandle::get`](super::FolderHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetFolder {
    call: Call,
    id: FolderId,
}

impl GetFolder {
    pub(super) fn new(call: Call, id: FolderId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns the folder.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`folder_id`). After that: any failure of the
    /// service or the network. A folder that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<Folder> {
        let outcome = self.call.api().get_folder(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetFolder => Folder);
