//! Agents: create, list, change and delete them, and what belongs to one.
//!
//! ```no_run
//! # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
//! let agent = letta
//!     .agents()
//!     .create()
//!     .name("Ada")
//!     .model("openai/gpt-4.1")
//!     .memory("human", "Name: Sam")
//!     .tags(["support"])
//!     .send()
//!     .await?;
//!
//! let mut agents = letta.agents().list().tag("support").items();
//! while let Some(agent) = agents.next().await {
//!     println!("{}", agent?.name);
//! }
//!
//! letta.agent(&agent.id).update().name("Ada II").send().await?;
//! letta.agent(&agent.id).delete().await?;
//! # Ok(())
//! # }
//! ```

mod attach_identity;
mod create;
mod delete;
mod get;
mod handle;
mod list;
mod recompile;
mod update;

#[cfg(feature = "archives")]
mod add_passage;
#[cfg(feature = "archives")]
mod attach_archive;
#[cfg(feature = "blocks")]
mod attach_block;
#[cfg(feature = "folders")]
mod attach_folder;
#[cfg(feature = "server-tools")]
mod attach_tool;
#[cfg(feature = "blocks")]
mod block;
#[cfg(feature = "messages")]
mod cancel;
#[cfg(feature = "messages")]
mod compact;
#[cfg(feature = "archives")]
mod delete_passage;
#[cfg(feature = "folders")]
mod files;
#[cfg(feature = "blocks")]
mod list_blocks;
#[cfg(feature = "folders")]
mod list_folders;
#[cfg(feature = "archives")]
mod list_passages;
#[cfg(feature = "server-tools")]
mod list_tools;
#[cfg(feature = "messages")]
mod messages;
#[cfg(feature = "archives")]
mod passages;
#[cfg(feature = "messages")]
mod reset;
#[cfg(feature = "server-tools")]
mod run_tool;
#[cfg(feature = "archives")]
mod search_passages;
#[cfg(feature = "server-tools")]
mod tool_approval;

#[cfg(feature = "archives")]
pub use add_passage::AddAgentPassage;
#[cfg(feature = "archives")]
pub use attach_archive::{AttachArchive, DetachArchive};
#[cfg(feature = "blocks")]
pub use attach_block::{AttachBlock, DetachBlock};
#[cfg(feature = "folders")]
pub use attach_folder::{AttachFolder, DetachFolder};
pub use attach_identity::{AttachIdentity, DetachIdentity};
#[cfg(feature = "server-tools")]
pub use attach_tool::{AttachTool, DetachTool};
#[cfg(feature = "blocks")]
pub use block::{AgentBlockHandle, GetAgentBlock, UpdateAgentBlock};
#[cfg(feature = "messages")]
pub use cancel::CancelRuns;
#[cfg(feature = "messages")]
pub use compact::CompactMessages;
pub use create::CreateAgent;
pub use delete::DeleteAgent;
#[cfg(feature = "archives")]
pub use delete_passage::DeleteAgentPassage;
#[cfg(feature = "folders")]
pub use files::{CloseAllFiles, CloseFile, ListAgentFiles, OpenFile};
pub use get::GetAgent;
pub use handle::AgentHandle;
pub use list::ListAgents;
#[cfg(feature = "blocks")]
pub use list_blocks::ListAgentBlocks;
#[cfg(feature = "folders")]
pub use list_folders::ListAgentFolders;
#[cfg(feature = "archives")]
pub use list_passages::ListAgentPassages;
#[cfg(feature = "server-tools")]
pub use list_tools::ListAgentTools;
#[cfg(feature = "messages")]
pub use messages::ListAgentMessages;
#[cfg(feature = "archives")]
pub use passages::AgentPassages;
pub use recompile::RecompileAgent;
#[cfg(feature = "messages")]
pub use reset::ResetMessages;
#[cfg(feature = "server-tools")]
pub use run_tool::RunAgentTool;
#[cfg(feature = "archives")]
pub use search_passages::SearchAgentPassages;
#[cfg(feature = "server-tools")]
pub use tool_approval::SetToolApproval;
pub use update::UpdateAgent;

use crate::client::Letta;

impl Letta {
    /// Agents: create and list them. For one agent, see [`agent`](Self::agent).
    ///
    /// ```
    /// let agents = letta_api_ext::Letta::local()?.agents();
    /// let request = agents.create().name("Ada");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn agents(&self) -> Agents {
        Agents {
            letta: self.clone(),
        }
    }
}

/// All agents. From [`Letta::agents`]. Each method returns a request, which is sent by `send()` or by awaiting it.
#[derive(Clone, Debug)]
pub struct Agents {
    letta: Letta,
}

impl Agents {
    /// Creates an agent with what is given: its blocks are made with it, and tools, tags and folders are attached.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let agent = letta
    ///     .agents()
    ///     .create()
    ///     .name("Ada")
    ///     .model("openai/gpt-4.1")
    ///     .memory("human", "Name: Sam")
    ///     .memory("persona", "I am Ada, and brief.")
    ///     .send()
    ///     .await?;
    /// println!("{}", agent.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self) -> CreateAgent {
        CreateAgent::new(self.letta.call())
    }

    /// Lists agents: a page, all pages, or agent by agent.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// let mut agents = letta.agents().list().tag("support").query_text("Ada").items();
    /// while let Some(agent) = agents.next().await {
    ///     println!("{}", agent?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> ListAgents {
        ListAgents::new(self.letta.call())
    }

    #[cfg(feature = "agent-files")]
    pub(crate) fn letta(&self) -> &Letta {
        &self.letta
    }
}
