//! Creating a folder.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to create a folder. From [`Folders::create`](super::Folders::create).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CreateFolder {
    call: Call,
    body: types::CreateFolder,
}

impl CreateFolder {
    pub(super) fn new(call: Call, name: impl Into<String>) -> Self {
        Self {
            call,
            body: types::CreateFolder::new(name),
        }
    }

    fields! { body: types::CreateFolder;
        /// What is in the folder, in words.
        description: String,
        /// What agents are told about the folder.
        instructions: String,
        /// Anything that the caller wants to keep with it.
        metadata: {json},
        /// The handle of the embedding model, as in `provider/model`.
        embedding: String,
        /// How many tokens a piece of text has at most when it is embedded.
        embedding_chunk_size: i64,
        /// How to embed, in full. `embedding` says it by a handle.
        embedding_config: types::EmbeddingConfig,
    }

    /// Sends the request, and returns the new folder.
    ///
    /// The request is sent again only after a failure that cannot have made a folder, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. The service refuses a name that another folder has (409), and may ask for
    /// [`embedding`](Self::embedding) (400). If an error [may have happened](crate::Error::may_have_happened), there may be a
    /// new folder.
    pub async fn send(self) -> Result<types::Folder> {
        let outcome = self.call.api().create_folder(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CreateFolder => types::Folder);
