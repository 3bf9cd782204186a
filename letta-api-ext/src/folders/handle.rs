//! A handle to a folder.

use letta_api::types::{FileId, FolderId};

use super::{DeleteFolder, FileHandle, GetFolder, ListFolderAgents, ListFolderFiles, UpdateFolder};
use crate::client::Letta;

/// One folder. From [`Letta::folder`]. Making it sends nothing.
#[derive(Clone, Debug)]
pub struct FolderHandle {
    letta: Letta,
    id: FolderId,
}

impl Letta {
    /// A handle to the folder with this ID, `source-…`. It sends nothing, so the folder need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let folder = Letta::local()?.folder("source-1");
    /// assert_eq!(folder.id().as_str(), "source-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn folder(&self, id: impl Into<FolderId>) -> FolderHandle {
        FolderHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl FolderHandle {
    pub(super) fn letta(&self) -> &Letta {
        &self.letta
    }

    /// The folder's ID.
    pub fn id(&self) -> &FolderId {
        &self.id
    }

    /// What the service has about the folder, without its files.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// println!("{}", letta.folder("source-1").get().await?.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetFolder {
        GetFolder::new(self.letta.call(), self.id.clone())
    }

    /// Changes the folder. Only what is set is sent, and the rest stays as it is.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.folder("source-1").update().description("Contracts of 2026.").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self) -> UpdateFolder {
        UpdateFolder::new(self.letta.call(), self.id.clone())
    }

    /// Deletes the folder and its files. Agents that have it lose both. A folder that is not there is
    /// [no error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.folder("source-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteFolder {
        DeleteFolder::new(self.letta.call(), self.id.clone())
    }

    /// Lists the IDs of the agents that have the folder.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for agent in letta.folder("source-1").agents().await? {
    ///     println!("{agent}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn agents(&self) -> ListFolderAgents {
        ListFolderAgents::new(self.letta.call(), self.id.clone())
    }

    /// Lists the folder's files. For one of them, see [`file`](Self::file).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut files = letta.folder("source-1").files().items();
    /// while let Some(file) = files.next().await {
    ///     println!("{:?}", file?.file_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> ListFolderFiles {
        ListFolderFiles::new(self.letta.call(), self.id.clone())
    }

    /// A handle to the folder's file with this ID, `file-…`. It sends nothing, so the file need not exist.
    ///
    /// ```
    /// let file = letta_api_ext::Letta::local()?.folder("source-1").file("file-1");
    /// assert_eq!(file.id().as_str(), "file-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn file(&self, id: impl Into<FileId>) -> FileHandle {
        FileHandle::new(self.letta.clone(), self.id.clone(), id.into())
    }
}
