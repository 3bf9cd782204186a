//! Getting a file.

use letta_api::types::{self, FileId, FileMetadata, FolderId};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for a file. From [`FileHandle::get`](super::FileHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetFile {
    call: Call,
    folder: FolderId,
    id: FileId,
    params: types::GetFileParams,
}

impl GetFile {
    pub(super) fn new(call: Call, folder: FolderId, id: FileId) -> Self {
        Self {
            call,
            folder,
            id,
            params: types::GetFileParams::default(),
        }
    }

    fields! { params: types::GetFileParams;
        /// Whether to return the text of the file too. By default `false`.
        include_content: bool,
    }

    /// Sends the request, and returns what the service has about the file.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`folder_id`, `file_id`). After that: any failure of
    /// the service or the network. A file that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<FileMetadata> {
        let api = self.call.api();
        let outcome = api.get_file(&self.folder, &self.id, &self.params).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetFile => FileMetadata);
