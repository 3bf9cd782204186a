//! Changing an archive.

use letta_api::types::{self, ArchiveId};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A request to change an archive. From [`ArchiveHandle::update`](super::ArchiveHandle::update). Only what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateArchive {
    call: Call,
    id: ArchiveId,
    body: types::UpdateArchive,
}

impl UpdateArchive {
    pub(super) fn new(call: Call, id: ArchiveId) -> Self {
        Self {
            call,
            id,
            body: types::UpdateArchive::new(),
        }
    }

    fields! { body: types::UpdateArchive;
        /// The archive's name.
        name: String,
        /// What it is for, in words.
        description: String,
    }

    /// Sends the request, and returns the archive as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an update that sets nothing (`update`), or an ID that would name another resource
    /// (`archive_id`). After that: any failure of the service or the network.
    pub async fn send(self) -> Result<types::Archive> {
        update::check(&self.body)?;
        let outcome = self.call.api().update_archive(&self.id, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateArchive => types::Archive);
