//! Adding several passages to an archive.

use letta_api::types::{self, ArchiveId, Passage};

use super::NewPassage;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to add several passages. From [`ArchiveHandle::add_passages`](super::ArchiveHandle::add_passages).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AddPassages {
    call: Call,
    id: ArchiveId,
    body: types::CreateArchivePassages,
}

impl AddPassages {
    pub(super) fn new(
        call: Call,
        id: ArchiveId,
        passages: impl IntoIterator<Item: Into<NewPassage>>,
    ) -> Self {
        let passages = passages.into_iter().map(|it| it.into().into_body());
        let passages: Vec<_> = passages.collect();
        Self {
            call,
            id,
            body: types::CreateArchivePassages::new(passages),
        }
    }

    /// Sends the request, and returns the new passages in the order given. Without passages, the list is empty, even if
    /// there is no such archive.
    ///
    /// The request is sent again only after a failure that cannot have added passages, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`archive_id`). After that: any failure of the
    /// service or the network. If an error [may have happened](crate::Error::may_have_happened), passages may be there.
    pub async fn send(self) -> Result<Vec<Passage>> {
        let outcome = self
            .call
            .api()
            .create_archive_passages(&self.id, &self.body)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AddPassages => Vec<Passage>);
