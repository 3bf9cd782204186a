//! A file in a folder.

use jiff::Timestamp;
use letta_api::types::{FileMetadata, FileProcessingStatus};
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

impl FileRecord {
    /// How far it is now. It is parsed in the first half of the time that it takes, and embedded in the second.
    pub(crate) fn status(&self, now: Timestamp) -> FileProcessingStatus {
        let parsed_at = self.uploaded_at + self.uploaded_at.duration_until(self.ready_at) / 2;
        if now >= self.ready_at {
            let done = self.file.processing_status.clone();
            done.unwrap_or(FileProcessingStatus::Completed)
        } else if now >= parsed_at {
            FileProcessingStatus::Embedding
        } else {
            FileProcessingStatus::Parsing
        }
    }

    /// How many bytes are kept of it.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.file.content.as_deref().map_or(0, str::len)
    }

    /// Whether it is there to be opened.
    pub(crate) fn is_completed(&self, now: Timestamp) -> bool {
        self.status(now) == FileProcessingStatus::Completed
    }

    /// As the service shows it now, with its text.
    pub(crate) fn shown(&self, now: Timestamp) -> FileMetadata {
        let mut file = self.file.clone();
        let status = self.status(now);
        if status == FileProcessingStatus::Parsing {
            file.total_chunks = None;
            file.content = None;
        }
        if now < self.ready_at {
            file.chunks_embedded = (status == FileProcessingStatus::Embedding).then_some(0);
            file.error_message = None;
        }
        file.processing_status = Some(status);
        file
    }
}

impl Entity for FileRecord {
    fn id(&self) -> &str {
        self.file.id.as_str()
    }
}
