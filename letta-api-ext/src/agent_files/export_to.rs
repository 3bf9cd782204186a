//! Exporting an agent to a file on this machine.

use std::path::PathBuf;

use letta_api::types;

use super::export::fetch;
use super::fault;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;
use crate::platform::files;

/// A request to write an agent to a file. From [`AgentHandle::export_to`](crate::agents::AgentHandle::export_to).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct ExportAgentTo {
    call: Call,
    id: types::AgentId,
    params: types::ExportAgentParams,
    path: PathBuf,
    overwrite: bool,
}

impl ExportAgentTo {
    pub(super) fn new(call: Call, id: types::AgentId, path: PathBuf) -> Self {
        Self {
            call,
            id,
            params: types::ExportAgentParams::default(),
            path,
            overwrite: false,
        }
    }

    fields! { params: types::ExportAgentParams;
        /// Export this conversation in place of the agent's own thread.
        conversation_id: types::ConversationId,
        /// Whether to leave messages out. By default `false`.
        scrub_messages: bool,
    }

    /// Whether to replace a file that is there. A symbolic link is replaced itself, not what it names. By default `false`.
    ///
    /// ```
    /// # let letta = letta_api_ext::Letta::local()?;
    /// let request = letta.agent("agent-1").export_to("ada.af").with_overwrite(true);
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn with_overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Sends the request, and writes the file. It is on the disk when this returns. On Unix, only its owner can read it.
    ///
    /// If this is dropped or fails, the file is not there, or is what it was before. If it is dropped while the file is
    /// written, the whole file may still appear.
    ///
    /// # Errors
    ///
    /// Before anything is sent: a file that is there without [`with_overwrite`](Self::with_overwrite), or that cannot be written here
    /// (`path`), or an ID that would name another resource (`agent_id`). After that: those of
    /// [`ExportAgent::send`](super::ExportAgent::send), and a file that [could not be
    /// written](crate::Error::is_file_not_written).
    pub async fn send(self) -> Result<()> {
        let target = files::check_target(self.path.clone(), self.overwrite).await;
        target.map_err(|problem| fault::refused(&self.path, &problem))?;
        let file = fetch(&self.call, &self.id, &self.params).await?;
        let written = files::write_whole(self.path.clone(), file.bytes(), self.overwrite).await;
        written.map_err(|problem| fault::unwritten(&self.path, problem))
    }
}

request!(ExportAgentTo => ());
