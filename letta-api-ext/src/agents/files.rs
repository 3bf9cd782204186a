//! The files of an agent's folders: which are open, and opening and closing them.

use letta_api::types::{self, AgentId, FileId};

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;
use crate::pages::raw::list;

impl AgentHandle {
    /// Lists the files of the agent's folders, with what the agent sees of each. A file counts once the service has
    /// processed it.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut files = letta.agent("agent-1").files().is_open(true).items();
    /// while let Some(file) = files.next().await {
    ///     println!("{}", file?.file_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> ListAgentFiles {
        ListAgentFiles {
            call: self.letta().call(),
            id: self.id().clone(),
            params: types::ListAgentFilesParams::default(),
        }
    }

    /// Opens a file for the agent: its text stands in the prompt. If too many are open then, those that were used longest
    /// ago are closed.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let closed = letta.agent("agent-1").open_file("file-1").await?;
    /// println!("closed instead: {closed:?}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_file(&self, file: impl Into<FileId>) -> OpenFile {
        OpenFile {
            call: self.letta().call(),
            agent: self.id().clone(),
            file: file.into(),
        }
    }

    /// Closes a file: its text leaves the prompt. The file stays in its folder.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").close_file("file-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn close_file(&self, file: impl Into<FileId>) -> CloseFile {
        CloseFile {
            call: self.letta().call(),
            agent: self.id().clone(),
            file: file.into(),
        }
    }

    /// Closes all files of the agent.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for name in letta.agent("agent-1").close_all_files().await? {
    ///     println!("closed {name}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn close_all_files(&self) -> CloseAllFiles {
        CloseAllFiles {
            call: self.letta().call(),
            agent: self.id().clone(),
        }
    }
}

/// A request to list the files of an agent's folders. From [`AgentHandle::files`].
///
/// [`send`](Self::send) returns one page, [`pages`](Self::pages) all pages, and [`items`](Self::items) the files on them.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ListAgentFiles {
    call: Call,
    id: AgentId,
    params: types::ListAgentFilesParams,
}

impl ListAgentFiles {
    fields! { params: types::ListAgentFilesParams;
        /// Only what comes before the item of this ID in the list.
        before: String,
        /// Only what comes after the item of this ID in the list.
        after: String,
        /// How many items a page holds at most. By default `100`.
        limit: i64,
        /// By time: `asc` is the oldest first, `desc` the newest first.
        order: types::SortOrder,
        /// What to sort by.
        order_by: types::ItemSortField,
        /// Only files that are open, or only those that are not.
        is_open: bool,
    }
}

list!(ListAgentFiles => types::AgentFileAttachment, in types::AgentFilePage, |list, api|
    api.list_agent_files(&list.id, &list.params),
    api.list_agent_files_pages(&list.id, &list.params)
);

/// A request to open a file for an agent. From [`AgentHandle::open_file`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct OpenFile {
    call: Call,
    agent: AgentId,
    file: FileId,
}

impl OpenFile {
    /// Sends the request, and returns the names of the files that were closed to make room. It is repeated if the answer
    /// is lost. The names are then those of the last attempt.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `file_id`). After that: any failure of
    /// the service or the network. An agent or a file that does not exist is
    /// [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<Vec<String>> {
        let outcome = self.call.api().open_file(&self.agent, &self.file).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(OpenFile => Vec<String>);

/// A request to close a file of an agent. From [`AgentHandle::close_file`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CloseFile {
    call: Call,
    agent: AgentId,
    file: FileId,
}

impl CloseFile {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `file_id`). After that: any failure of
    /// the service or the network. A file that the agent does not have is [not found](crate::Error::is_not_found).
    pub async fn send(self) -> Result<()> {
        let outcome = self.call.api().close_file(&self.agent, &self.file).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CloseFile => ());

/// A request to close all files of an agent. From [`AgentHandle::close_all_files`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CloseAllFiles {
    call: Call,
    agent: AgentId,
}

impl CloseAllFiles {
    /// Sends the request, and returns the names of the files that were closed. It is repeated if the answer is lost. The
    /// names are then those of the last attempt.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`). After that: any failure of the
    /// service or the network.
    pub async fn send(self) -> Result<Vec<String>> {
        let outcome = self.call.api().close_all_files(&self.agent).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CloseAllFiles => Vec<String>);
