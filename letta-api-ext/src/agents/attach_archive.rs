//! Attaching an archive to an agent, and detaching it.

use letta_api::types::{AgentId, ArchiveId};

use super::AgentHandle;
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::Result;

impl AgentHandle {
    /// Gives the agent an archive of passages, which it can search from then on.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").attach_archive("archive-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn attach_archive(&self, archive: impl Into<ArchiveId>) -> AttachArchive {
        AttachArchive {
            call: self.letta().call(),
            agent: self.id().clone(),
            archive: archive.into(),
        }
    }

    /// Takes an archive from the agent. The archive and its passages stay.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").detach_archive("archive-1").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn detach_archive(&self, archive: impl Into<ArchiveId>) -> DetachArchive {
        DetachArchive {
            call: self.letta().call(),
            agent: self.id().clone(),
            archive: archive.into(),
        }
    }
}

/// A request to give an agent an archive. From [`AgentHandle::attach_archive`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct AttachArchive {
    call: Call,
    agent: AgentId,
    archive: ArchiveId,
}

impl AttachArchive {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `archive_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .attach_archive(&self.agent, &self.archive)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(AttachArchive => ());

/// A request to take an archive from an agent. From [`AgentHandle::detach_archive`].
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct DetachArchive {
    call: Call,
    agent: AgentId,
    archive: ArchiveId,
}

impl DetachArchive {
    /// Sends the request. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an ID that would name another resource (`agent_id`, `archive_id`). After that: any failure of
    /// the service or the network.
    pub async fn send(self) -> Result<()> {
        let outcome = self
            .call
            .api()
            .detach_archive(&self.agent, &self.archive)
            .await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(DetachArchive => ());
