//! What the service keeps: agents and all that they have, in letta-api's types. One value, behind one lock.

use std::collections::BTreeMap;
use std::time::Duration;

use letta_api::types::{Archive, Block, Folder, Identity, Passage, Tool};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::world::agent::AgentRecord;
use crate::world::conversation::ConversationRecord;
use crate::world::file::FileRecord;
use crate::world::mcp_server::{McpOffer, McpServerRecord};
use crate::world::run::{RunRecord, StepRecord};
use crate::world::table::Table;
use crate::world::thread::{StoredMessage, Thread, ThreadKey};

pub(crate) mod agent;
pub(crate) mod conversation;
pub(crate) mod file;
mod kinds;
pub(crate) mod mcp_server;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod table;
pub(crate) mod thread;

#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct World {
    pub(crate) agents: Table<AgentRecord>,
    pub(crate) blocks: Table<Block>,
    pub(crate) tools: Table<Tool>,
    pub(crate) identities: Table<Identity>,
    pub(crate) archives: Table<Archive>,
    pub(crate) passages: Table<Passage>,
    pub(crate) folders: Table<Folder>,
    pub(crate) files: Table<FileRecord>,
    pub(crate) mcp_servers: Table<McpServerRecord>,
    pub(crate) conversations: Table<ConversationRecord>,
    pub(crate) runs: Table<RunRecord>,
    pub(crate) steps: Table<StepRecord>,
    /// What tools give when they run, by their names, as tests have it.
    pub(crate) tool_returns: BTreeMap<String, Value>,
    /// What servers of the Model Context Protocol offer, by their names, as tests have it.
    pub(crate) mcp_offers: BTreeMap<String, Vec<McpOffer>>,
    /// How the emulator was set up. It is not kept.
    #[serde(skip)]
    pub(crate) settings: Settings,
}

/// What handlers need to know of how the emulator was set up.
#[derive(Clone, Default)]
pub(crate) struct Settings {
    /// The ID of the organization.
    pub(crate) organization: String,
    /// How long it takes to process a file.
    pub(crate) file_processing: Duration,
}

impl World {
    /// The thread of an agent, or of a conversation. `None` if it does not exist.
    pub(crate) fn thread(&self, key: &ThreadKey) -> Option<&Thread> {
        match key {
            ThreadKey::Agent(id) => self.agents.get(id.as_str()).map(|agent| &agent.thread),
            ThreadKey::Conversation(id) => {
                let conversation = self.conversations.get(id.as_str());
                conversation.map(|conversation| &conversation.thread)
            }
        }
    }

    pub(crate) fn thread_mut(&mut self, key: &ThreadKey) -> Option<&mut Thread> {
        match key {
            ThreadKey::Agent(id) => {
                let agent = self.agents.get_mut(id.as_str());
                agent.map(|agent| &mut agent.thread)
            }
            ThreadKey::Conversation(id) => {
                let conversation = self.conversations.get_mut(id.as_str());
                conversation.map(|conversation| &mut conversation.thread)
            }
        }
    }

    /// All messages of all threads, agent by agent, with the agent that each belongs to.
    pub(crate) fn messages(&self) -> impl Iterator<Item = (&str, &StoredMessage)> {
        let of_agents = self
            .agents
            .iter()
            .map(|agent| (agent.state.id.as_str(), &agent.thread));
        let of_conversations = self.conversations.iter().map(|conversation| {
            let agent = conversation.conversation.agent_id.as_str();
            (agent, &conversation.thread)
        });
        of_agents
            .chain(of_conversations)
            .flat_map(|(agent, thread)| {
                let messages = thread.messages.iter();
                messages.map(move |message| (agent, message))
            })
    }
}
