//! Creating an archive.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to create an archive. From [`Archives::create`](super::Archives::create).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CreateArchive {
    call: Call,
    body: types::CreateArchive,
}

impl CreateArchive {
    pub(super) fn new(call: Call, name: impl Into<String>) -> Self {
        Self {
            call,
            body: types::CreateArchive::new(name),
        }
    }

    fields! { body: types::CreateArchive;
        /// The handle of the embedding model, as in `provider/model`. It cannot be changed later.
        embedding: String,
        /// What it is for, in words.
        description: String,
    }

    /// Sends the request, and returns the new archive.
    ///
    /// The request is sent again only after a failure that cannot have made an archive, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. If an error [may have happened](crate::Error::may_have_happened), there
    /// may be a new archive.
    pub async fn send(self) -> Result<types::Archive> {
        let outcome = self.call.api().create_archive(&self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CreateArchive => types::Archive);
