//! Folders of files: create, list, change and delete them; upload files, and wait until they are processed.
//!
//! An agent that has a folder can open, search and read the files in it.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let folder = letta
//!     .folders()
//!     .create("contracts")
//!     .embedding("openai/text-embedding-3-small")
//!     .send()
//!     .await?;
//! let folder = letta.folder(&folder.id);
//! let file = folder.upload("notes.txt", "Buy milk.").wait_processed().await?;
//! println!("{:?} is ready", file.file_name);
//! # Ok(())
//! # }
//! ```

mod agents;
mod create;
mod delete;
mod delete_file;
mod fault;
mod file;
mod files;
mod get;
mod get_file;
mod handle;
mod list;
mod media_type;
mod update;
mod upload;
mod wait;

pub use agents::ListFolderAgents;
pub use create::CreateFolder;
pub use delete::DeleteFolder;
pub use delete_file::DeleteFile;
pub use file::FileHandle;
pub use files::ListFolderFiles;
pub use get::GetFolder;
pub use get_file::GetFile;
pub use handle::FolderHandle;
pub use list::ListFolders;
pub use update::UpdateFolder;
pub use upload::UploadFile;
pub use wait::WaitProcessed;

use crate::client::Letta;

impl Letta {
    /// Folders of files: create and list them. For one folder, see [`folder`](Self::folder).
    ///
    /// ```
    /// let folders = letta_api_ext::Letta::local()?.folders();
    /// let request = folders.create("contracts");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn folders(&self) -> Folders {
        Folders {
            letta: self.clone(),
        }
    }
}

/// All folders. From [`Letta::folders`]. Each method returns a request, which is sent by `send()` or by awaiting it.
#[derive(Clone, Debug)]
pub struct Folders {
    letta: Letta,
}

impl Folders {
    /// Creates an empty folder. No two folders have one name. The service must know by which model its texts are embedded,
    /// unless it has a default.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let folder = letta
    ///     .folders()
    ///     .create("contracts")
    ///     .embedding("openai/text-embedding-3-small")
    ///     .instructions("Look here for terms and dates.")
    ///     .send()
    ///     .await?;
    /// println!("{}", folder.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, name: impl Into<String>) -> CreateFolder {
        CreateFolder::new(self.letta.call(), name)
    }

    /// Lists folders: a page, all pages, or folder by folder.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut folders = letta.folders().list().items();
    /// while let Some(folder) = folders.next().await {
    ///     println!("{}", folder?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListFolders {
        ListFolders::new(self.letta.call())
    }
}
