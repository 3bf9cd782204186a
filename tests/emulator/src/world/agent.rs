//! An agent, and what is attached to it.

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
    /// The files that stand in its prompt.
    pub(crate) open_files: Vec<FileId>,
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
            open_files: Vec::new(),
            parallel_tool_calls: false,
            thread: Thread::default(),
        }
    }
}

impl Entity for AgentRecord {
    fn id(&self) -> &str {
        self.state.id.as_str()
    }
}
