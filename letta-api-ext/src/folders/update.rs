//! Changing a folder.

use letta_api::types::{self, Folder, FolderId};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A request to change a folder. From [`FolderHandle::update`](super::FolderHandle::update). Only what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateFolder {
    call: Call,
    id: FolderId,
    body: types::UpdateFolder,
}

impl UpdateFolder {
    pub(super) fn new(call: Call, id: FolderId) -> Self {
        Self {
            call,
            id,
            body: types::UpdateFolder::new(),
        }
    }

    fields! { body: types::UpdateFolder;
        /// The folder's name.
        name: String,
        /// What is in the folder, in words.
        description: String,
        /// What agents are told about the folder.
        instructions: String,
        /// Anything that the caller wants to keep with it. It replaces what was there.
        metadata: {json},
        /// How its texts are embedded.
        embedding_config: types::EmbeddingConfig,
    }

    /// Sends the request, and returns the folder as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an update that sets nothing (`update`), or an ID that would name another resource
    /// (`folder_id`). After that: any failure of the service or the network.
    pub async fn send(self) -> Result<Folder> {
        update::check(&self.body)?;
        let outcome = self.call.api().update_folder(&self.id, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateFolder => Folder);
