//! A handle to an archive.

use letta_api::types::{ArchiveId, PassageId};

use super::{
    AddPassage, AddPassages, DeleteArchive, DeletePassage, GetArchive, NewPassage, SearchPassages,
    UpdateArchive,
};
use crate::client::Letta;

/// One archive. From [`Letta::archive`]. Making it sends nothing.
///
/// The API does not list the agents that have an archive, and has no list of its passages. For the archives of an agent,
/// see [`ListArchives::agent_id`](super::ListArchives::agent_id).
#[derive(Clone, Debug)]
pub struct ArchiveHandle {
    letta: Letta,
    id: ArchiveId,
}

impl Letta {
    /// A handle to the archive with this ID. It sends nothing, so the archive need not exist.
    ///
    /// Text that would name another resource, such as an empty one, is refused when a request is sent.
    ///
    /// ```
    /// use letta_api_ext::Letta;
    ///
    /// let archive = Letta::local()?.archive("archive-1");
    /// assert_eq!(archive.id().as_str(), "archive-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn archive(&self, id: impl Into<ArchiveId>) -> ArchiveHandle {
        ArchiveHandle {
            letta: self.clone(),
            id: id.into(),
        }
    }
}

impl ArchiveHandle {
    /// The archive's ID.
    ///
    /// ```
    /// let archive = letta_api_ext::Letta::local()?.archive("archive-1");
    /// assert_eq!(archive.id().as_str(), "archive-1");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn id(&self) -> &ArchiveId {
        &self.id
    }

    /// The archive, without its passages.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// println!("{}", letta.archive("archive-1").get().await?.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> GetArchive {
        GetArchive::new(self.letta.call(), self.id.clone())
    }

    /// Changes the archive. Only what is set is sent, and the rest stays as it is.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.archive("archive-1").update().name("Soups").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn update(&self) -> UpdateArchive {
        UpdateArchive::new(self.letta.call(), self.id.clone())
    }

    /// Deletes the archive with its passages, and takes it from all agents that have it. An archive that is not there is
    /// [no error](crate::Deletion).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.archive("archive-1").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self) -> DeleteArchive {
        DeleteArchive::new(self.letta.call(), self.id.clone())
    }

    /// Adds a passage. It is stored whole: split a long text yourself.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let archive = letta.archive("archive-1");
    /// let passage = archive.add_passage("Soup needs salt.").tags(["soup"]).send().await?;
    /// println!("{}", passage.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_passage(&self, text: impl Into<String>) -> AddPassage {
        AddPassage::new(self.letta.call(), self.id.clone(), text)
    }

    /// Adds several passages in one call: texts, or [`NewPassage`]s with tags.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let archive = letta.archive("archive-1");
    /// archive.add_passages(["Soup needs salt.", "Bread needs time."]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn add_passages(&self, passages: impl IntoIterator<Item: Into<NewPassage>>) -> AddPassages {
        AddPassages::new(self.letta.call(), self.id.clone(), passages)
    }

    /// Deletes a passage of this archive. A passage that is not there is [no error](crate::Deletion). A passage of
    /// another archive is an error.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.archive("archive-1").delete_passage("passage-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete_passage(&self, passage: impl Into<PassageId>) -> DeletePassage {
        DeletePassage::new(self.letta.call(), self.id.clone(), passage.into())
    }

    /// Finds passages of this archive by meaning.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let archive = letta.archive("archive-1");
    /// for found in archive.search_passages("what does soup need").limit(3).await? {
    ///     println!("{:.2} {}", found.score, found.passage.text);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn search_passages(&self, query: impl Into<String>) -> SearchPassages {
        SearchPassages::new(self.letta.call(), query).archive_id(self.id.clone())
    }
}
