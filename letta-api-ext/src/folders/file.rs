//! A handle to a file.

use letta_api::types::{FileId, FolderId};

use super::{DeleteFile, GetFile, WaitProcessed};
use crate::client::Letta;

/// One file of a folder. From [`FolderHandle::file`](super::FolderHandle::file). Making it sends nothing.
#[derive(Clone, Debug)]
pub struct FileHandle {
    letta: Letta,
    folder: FolderId,
    id: FileId,
}

impl FileHandle {
    pub(super) fn new(letta: Letta, folder: FolderId, id: FileId) -> Self {
        Self { letta, folder, id }
    }

    /// The file's ID.
    pub fn id(&self) -> &FileId {
        &self.id
    }

    /// The ID of the file's folder.
    pub fn folder_id(&self) -> &FolderId {
        &self.folder
    }

    /// What the service has about the file: its name, its size and how far processing is. Its text only if
    /// [asked for](GetFile::include_content).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.folder("source-1").file("file-1").get().include_content(true).await?;
    /// println!("{:?}", file.content);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetFile {
        GetFile::new(self.letta.call(), self.folder.clone(), self.id.clone())
    }

    /// Waits until the service has processed the file: read, cut into pieces and embedded. Agents see it from then on. By
    /// default it waits for 10 minutes, see [`with_limit`](WaitProcessed::with_limit).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.folder("source-1").file("file-1").wait_processed().await?;
    /// println!("{:?} pieces", file.total_chunks);
    /// # Ok(())
    /// # }
    /// ```
    pub fn wait_processed(&self) -> WaitProcessed {
        WaitProcessed::of_file(self.letta.call(), self.folder.clone(), self.id.clone())
    }

    /// Deletes the file. Agents that had it open lose it. A file that is not there is [no error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.folder("source-1").file("file-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteFile {
        DeleteFile::new(self.letta.call(), self.folder.clone(), self.id.clone())
    }
}
