//! Adding a passage to an archive.

use letta_api::types::{self, ArchiveId, Passage};

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to add a passage. From [`ArchiveHandle::add_passage`](super::ArchiveHandle::add_passage).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AddPassage {
    call: Call,
    id: ArchiveId,
    body: types::CreateArchivePassage,
}

impl AddPassage {
    pub(super) fn new(call: Call, id: ArchiveId, text: impl Into<String>) -> Self {
        Self {
            call,
            id,
            body: types::CreateArchivePassage::new(text),
        }
    }

    fields! { body: types::CreateArchivePassage;
        /// Anything that the caller wants to keep with it.
        metadata: {json},
        /// Tags, for filters.
        tags: [String],
        /// When it was created, in ISO 8601. By default now. The service refuses other texts.
        created_at: String,
    }

    /// Sends the request, and returns the new passage.
    ///
    /// The request is sent again only after a failure that cannot have added a passage, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`archive_id`). After that: any failure of the
    /// service or the network. If an error [may have happened](crate::Error::may_have_happened), the passage may be there.
    pub async fn send(self) -> Result<Passage> {
        let outcome = self
            .call
            .api()
            .create_archive_passage(&self.id, &self.body)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AddPassage => Passage);
