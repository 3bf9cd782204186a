//! Creating an agent.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::error::Result;

/// A request to create an agent. From [`Agents::create`](super::Agents::create). Everything may be left out on a
/// server that has a default model. The agent belongs to the client's [project](crate::LettaBuilder::project).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CreateAgent {
    call: Call,
    body: types::CreateAgent,
}

impl CreateAgent {
    pub(super) fn new(call: Call) -> Self {
        Self {
            call,
            body: types::CreateAgent::default(),
        }
    }

    fields! { body: types::CreateAgent;
        /// The agent's name. By default the server makes one up.
        name: String,
        /// Blocks to create with the agent.
        memory_blocks: [types::CreateBlock],
        /// Names of tools to attach.
        tools: [String],
        /// Tools to attach, by ID.
        tool_ids: [types::ToolId],
        /// Folders to attach, by ID.
        folder_ids: [types::FolderId],
        /// Blocks to attach, by ID. To create blocks, use `memory_blocks`.
        block_ids: [types::BlockId],
        /// Rules about the order of calls.
        tool_rules: [types::ToolRule],
        /// The agent's tags.
        tags: [String],
        /// The system prompt, without memory. By default the server's own for the agent's type.
        system: String,
        /// The kind of agent. It decides on the loop and the base tools.
        agent_type: types::AgentType,
        /// Messages that the agent begins with, in place of the server's own.
        initial_message_sequence: [types::CreateMessage],
        /// Whether to attach the base tools of the agent's type. By default `true`.
        include_base_tools: bool,
        /// Whether to attach the tools for talking to other agents. By default `false`.
        include_multi_agent_tools: bool,
        /// Whether to add the rules that the base tools need.
        include_base_tool_rules: bool,
        /// What the agent is for, in words.
        description: String,
        /// Anything that the caller wants to keep with it.
        metadata: {json},
        /// The handle of the model, as in `openai/gpt-4.1`. By default the server's own.
        model: String,
        /// The handle of the embedding model. Needed only for archival memory and folders.
        embedding: String,
        /// Settings of the model, by its provider.
        model_settings: types::ModelSettings,
        /// How older messages are summarized when the context is full.
        compaction_settings: types::CompactionSettings,
        /// How many tokens the context has at most. By default the server decides: 128,000 on a server 0.16.8, for a
        /// model that takes more.
        context_window_limit: i64,
        /// Environment variables of the agent's tools, by name.
        secrets: {text},
        /// Identities to link the agent to, by ID.
        identity_ids: [types::IdentityId],
        /// Whether the agent forgets its messages after each turn. Memory stays. By default `false`.
        message_buffer_autoclear: bool,
        /// Whether a second agent tends the memory in the background.
        enable_sleeptime: bool,
        /// The agent's time zone, by its IANA name. By default `UTC`.
        timezone: String,
        /// How many files the agent has open at most.
        max_files_open: i64,
        /// How many characters of an open file the agent sees at most.
        per_file_view_window_char_limit: i64,
    }

    /// Adds a block of memory that only this agent has: what the agent knows it by, such as `human`, and its text. May be
    /// called for each block. It is added to [`memory_blocks`](Self::memory_blocks).
    ///
    /// ```
    /// # let letta = letta_api_ext::Letta::local()?;
    /// let agents = letta.agents();
    /// let request = agents.create().memory("human", "Name: Sam").memory("persona", "I am Ada.");
    /// # Ok::<(), letta_api_ext::Error>(())
    /// ```
    pub fn memory(mut self, label: impl Into<String>, value: impl Into<String>) -> Self {
        // In letta-api, the value comes first.
        let block = types::CreateBlock::new(value, label);
        let blocks = std::mem::take(&mut self.body.memory_blocks);
        let mut blocks = blocks.into_value().unwrap_or_default();
        blocks.push(block);
        self.body.memory_blocks = blocks.into();
        self
    }

    /// Sends the request, and returns the new agent. Relations such as its tools are in the answer.
    ///
    /// The request is sent again only after a failure that cannot have had its effect, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Any failure of the service or the network. If an error [may have happened](crate::Error::may_have_happened),
    /// there may be a new agent: give agents names or tags by which you find them.
    pub async fn send(self) -> Result<types::AgentState> {
        // The project is the client's, which sends it with every call.
        let params = types::CreateAgentParams::default();
        let outcome = self.call.api().create_agent(&params, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(CreateAgent => types::AgentState);
