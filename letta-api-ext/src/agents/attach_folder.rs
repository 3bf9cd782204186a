//! Attaching a folder to an agent, and detaching it.

use letta_api::types::{AgentId, FolderId};

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

impl AgentHandle {
    /// Gives the agent a folder of files, which it can open and search.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").attach_folder("source-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_folder(&self, folder: impl Into<FolderId>) -> AttachFolder {
        AttachFolder {
            call: self.letta().call(),
            agent: self.id().clone(),
            folder: folder.into(),
        }
    }

    /// Takes a folder from the agent. The folder and its files stay.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").detach_folder("source-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach_folder(&self, folder: impl Into<FolderId>) -> DetachFolder {
        DetachFolder {
            call: self.letta().call(),
            agent: self.id().clone(),
            folder: folder.into(),
        }
    }
}

/// A request to give an agent a folder. From [`AgentHandle::attach_folder`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AttachFolder {
    call: Call,
    agent: AgentId,
    folder: FolderId,
}

impl AttachFolder {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `folder_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .attach_folder(&self.agent, &self.folder)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AttachFolder => ());

/// A request to take a folder from an agent. From [`AgentHandle::detach_folder`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DetachFolder {
    call: Call,
    agent: AgentId,
    folder: FolderId,
}

impl DetachFolder {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `folder_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .detach_folder(&self.agent, &self.folder)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(DetachFolder => ());
