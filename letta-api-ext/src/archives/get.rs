//! Getting an archive.

use letta_api::types::{self, ArchiveId};

use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request for an archive. From [`ArchiveHandle::get`](super::ArchiveHandle::get).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct GetArchive {
    call: Call,
    id: ArchiveId,
}

impl GetArchive {
    pub(super) fn new(call: Call, id: ArchiveId) -> Self {
        Self { call, id }
    }

    /// Sends the request, and returns the archive.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`archive_id`). After that: any failure of the
    /// service or the network. An archive that does not exist is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<types::Archive> {
        let outcome = self.call.api().get_archive(&self.id).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(GetArchive => types::Archive);
