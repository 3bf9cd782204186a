//! An agent, and what is attached to it.

use jiff::Timestamp;
use letta_api::types::{AgentState, ArchiveId, BlockId, FileId, FolderId, IdentityId, ToolId};
use serde::{Deserialize, Serialize};

use crate::world::table::Entity;
use crate::world::thread::Thread;

/// An agent.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AgentRecord {
    /// What is its own. What is attached to it is not in here: the fields for it are empty, and filled when the agent is
    /// shown.
    pub(crate) state: AgentState,
    pub(crate) block_ids: Vec<BlockId>,
    pub(crate) tool_ids: Vec<ToolId>,
    pub(crate) identity_ids: Vec<IdentityId>,
    pub(crate) folder_ids: Vec<FolderId>,
    pub(crate) archive_ids: Vec<ArchiveId>,
    /// The files that it can open, in the order of their coming.
    #[serde(default)]
    pub(crate) files: Vec<AttachedFile>,
    /// Whether it may call several tools in one step.
    pub(crate) parallel_tool_calls: bool,
    /// Its own thread: what is said to it outside of conversations.
    pub(crate) thread: Thread,
}

impl AgentRecord {
    pub(crate) fn new(state: AgentState) -> Self {
        Self {
            state,
            block_ids: Vec::new(),
            tool_ids: Vec::new(),
            identity_ids: Vec::new(),
            folder_ids: Vec::new(),
            archive_ids: Vec::new(),
            files: Vec::new(),
            parallel_tool_calls: false,
            thread: Thread::default(),
        }
    }
}

/// A file that an agent can open.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AttachedFile {
    /// Of the file at this agent.
    pub(crate) id: String,
    pub(crate) file_id: FileId,
    /// Whether it came with a folder, and goes with it. Otherwise, it was opened by itself.
    pub(crate) is_of_folder: bool,
    /// Whether it stands in the agent's prompt.
    pub(crate) is_open: bool,
    /// When it was opened last.
    pub(crate) accessed_at: Timestamp,
}

impl Entity for AgentRecord {
    fn id(&self) -> &str {
        self.state.id.as_str()
    }
}
