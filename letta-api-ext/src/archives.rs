//! Archives: collections of passages, which agents search by meaning.
//!
//! An archive holds passages: pieces of text, found by meaning. Agents that have the archive search in it with a tool. An agent that stores its first
//! passage gets an archive of its own. With the feature `agents`, see also `passages` of an agent's handle.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let made = letta.archives().create("Recipes").send().await?;
//! let archive = letta.archive(&made.id);
//! archive.add_passage("Soup needs salt.").tags(["soup"]).send().await?;
//! archive.add_passages(["Bread needs time.", "Tea needs water."]).send().await?;
//! for found in archive.search_passages("what does soup need").limit(3).await? {
//!     println!("{}", found.passage.text);
//! }
//! # Ok(())
//! # }
//! ```

mod add_passage;
mod add_passages;
mod create;
mod delete;
mod delete_passage;
mod get;
mod handle;
mod list;
mod new_passage;
mod search_passages;
mod update;

pub use add_passage::AddPassage;
pub use add_passages::AddPassages;
pub use create::CreateArchive;
pub use delete::DeleteArchive;
pub use delete_passage::DeletePassage;
pub use get::GetArchive;
pub use handle::ArchiveHandle;
pub use list::ListArchives;
pub use new_passage::NewPassage;
pub use search_passages::SearchPassages;
pub use update::UpdateArchive;

use crate::client::Letta;

impl Letta {
    /// Archives: create, list and search them. For one archive, see [`archive`](Self::archive).
    ///
    /// ```
    /// let archives = letta_api_ext::Letta::local()?.archives();
    /// let request = archives.create("Recipes");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn archives(&self) -> Archives {
        Archives {
            letta: self.clone(),
        }
    }
}

/// All archives. From [`Letta::archives`]. Each method returns a request, which is sent by `send()` or by awaiting it.
#[derive(Clone, Debug)]
pub struct Archives {
    letta: Letta,
}

impl Archives {
    /// Creates an archive that no agent has yet.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let archive = letta
    ///     .archives()
    ///     .create("Recipes")
    ///     .embedding("openai/text-embedding-3-small")
    ///     .send()
    ///     .await?;
    /// println!("{}", archive.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, name: impl Into<String>) -> CreateArchive {
        CreateArchive::new(self.letta.call(), name)
    }

    /// Lists archives: a page, all pages, or archive by archive. With [`agent_id`](ListArchives::agent_id), those of one
    /// agent.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut archives = letta.archives().list().agent_id("agent-1").items();
    /// while let Some(archive) = archives.next().await {
    ///     println!("{}", archive?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListArchives {
        ListArchives::new(self.letta.call())
    }

    /// Finds passages by meaning, in all archives or in [those of one agent](SearchPassages::agent_id). For one archive,
    /// see [`ArchiveHandle::search_passages`].
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for found in letta.archives().search_passages("what does soup need").await? {
    ///     println!("{:.2} {}", found.score, found.passage.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search_passages(&self, query: impl Into<String>) -> SearchPassages {
        SearchPassages::new(self.letta.call(), query)
    }
}
