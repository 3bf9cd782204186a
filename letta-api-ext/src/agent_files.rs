//! Agent files: an agent with all that it needs, to keep it or to bring it to another server.
//!
//! An agent file holds the agent with its blocks, tools, folders, files and messages. The service leaves the values of its secrets out.
//! This crate keeps the file as the service wrote it, so nothing is lost that this version does not know.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! letta.agent("agent-1").export_to("ada.af").send().await?;
//!
//! let ids = letta.agents().import_from("ada.af").name("Ada II").send().await?;
//! println!("{}", ids[0]);
//! # Ok(())
//! # }
//! ```
//!
//! An export is limited as all answers are, to 8 MiB by default. If an agent's file is longer, that is [an invalid
//! response](crate::Error::is_invalid_response) and nothing is written. Allow more by
//! [`LettaBuilder::response_body_limit`](crate::LettaBuilder::response_body_limit), or leave the messages out by
//! [`scrub_messages`](ExportAgent::scrub_messages).

mod export;
mod export_to;
mod fault;
mod file;
mod import;

pub use export::ExportAgent;
pub use export_to::ExportAgentTo;
pub use file::AgentFile;
pub use import::ImportAgents;

use std::path::PathBuf;

use crate::agents::{AgentHandle, Agents};
use crate::error::Error;

impl AgentHandle {
    /// The agent as an agent file, in memory. See [`agent_files`](crate::agent_files).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.agent("agent-1").export().scrub_messages(true).send().await?;
    /// println!("{} bytes", file.as_bytes().len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn export(&self) -> ExportAgent {
        ExportAgent::new(self.letta().call(), self.id().clone())
    }

    /// Writes the agent to a file on this machine, whole or not at all: the bytes go to a file beside it, which gets the
    /// name when it is complete. A file that is there is kept, unless [`with_overwrite`](ExportAgentTo::with_overwrite) is set. In a
    /// browser, which has no files, this is an error: use [`export`](Self::export).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// letta.agent("agent-1").export_to("ada.af").with_overwrite(true).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn export_to(&self, path: impl Into<PathBuf>) -> ExportAgentTo {
        ExportAgentTo::new(self.letta().call(), self.id().clone(), path.into())
    }
}

impl Agents {
    /// Makes agents of an agent file: of an [`AgentFile`], or of the bytes or the text of one. They are new agents, each with
    /// an ID of its own. See [`agent_files`](crate::agent_files).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let file = letta.agent("agent-1").export().await?;
    /// let ids = letta.agents().import(file).name("Ada II").send().await?;
    /// println!("{}", ids[0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn import<F>(&self, file: F) -> ImportAgents
    where
        F: TryInto<AgentFile, Error: Into<Error>>,
    {
        ImportAgents::of_file(self.letta().call(), file.try_into().map_err(Into::into))
    }

    /// Makes agents of an agent file on this machine. It is read when the request is sent, and takes as much memory as it is
    /// long. In a browser, which has no files, this is an error: use [`import`](Self::import).
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let ids = letta.agents().import_from("ada.af").strip_messages(true).send().await?;
    /// println!("{}", ids[0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn import_from(&self, path: impl Into<PathBuf>) -> ImportAgents {
        ImportAgents::of_path(self.letta().call(), path.into())
    }
}
