//! A passage that is to be added.

use letta_api::types;

use crate::client::fields::fields;

/// A passage to add, for [`ArchiveHandle::add_passages`](super::ArchiveHandle::add_passages). A text converts into it.
///
/// ```
/// use letta_api_ext::archives::NewPassage;
///
/// let passage = NewPassage::new("Soup needs salt.").tags(["soup"]).metadata([("page", 12)]);
/// let plain = NewPassage::from("Bread needs time.");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NewPassage {
    body: types::CreateArchivePassage,
}

impl NewPassage {
    /// A passage with this text.
    ///
    /// ```
    /// let passage = letta_api_ext::archives::NewPassage::new("Soup needs salt.");
    /// ```
    pub fn new(text: impl Into<String>) -> Self {
        Self {
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

    pub(super) fn into_body(self) -> types::CreateArchivePassage {
        self.body
    }
}

impl From<&str> for NewPassage {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for NewPassage {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<types::CreateArchivePassage> for NewPassage {
    fn from(body: types::CreateArchivePassage) -> Self {
        Self { body }
    }
}
