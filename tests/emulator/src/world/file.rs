//! A file in a folder.

use jiff::Timestamp;
use letta_api::types::FileMetadata;
use serde::{Deserialize, Serialize};

use crate::world::table::Entity;

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct FileRecord {
    /// As it is once it is processed.
    pub(crate) file: FileMetadata,
    /// When it is processed, by the emulator's clock.
    pub(crate) ready_at: Timestamp,
    /// When it was uploaded.
    pub(crate) uploaded_at: Timestamp,
}

impl Entity for FileRecord {
    fn id(&self) -> &str {
        self.file.id.as_str()
    }
}
