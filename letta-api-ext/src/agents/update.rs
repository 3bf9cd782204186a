//! Changing an agent.

use letta_api::types;

use crate::client::answer::Answer;
use crate::client::fields::fields;
use crate::client::request::{Call, request};
use crate::client::update;
use crate::error::Result;

/// A request to change an agent. From [`AgentHandle::update`](super::AgentHandle::update). Only what is set is sent.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct UpdateAgent {
    call: Call,
    id: types::AgentId,
    body: types::UpdateAgent,
}

impl UpdateAgent {
    pub(super) fn new(call: Call, id: types::AgentId) -> Self {
        Self {
            call,
            id,
            body: types::UpdateAgent::default(),
        }
    }

    fields! { body: types::UpdateAgent;
        /// The agent's name.
        name: String,
        /// The agent's tools, by ID. They replace those that were there.
        tool_ids: [types::ToolId],
        /// The agent's folders, by ID. They replace those that were there.
        folder_ids: [types::FolderId],
        /// The agent's blocks, by ID. They replace those that were there.
        block_ids: [types::BlockId],
        /// The agent's tags. They replace those that were there.
        tags: [String],
        /// The system prompt, without memory.
        system: String,
        /// Rules about the order of calls.
        tool_rules: [types::ToolRule],
        /// The messages in the context, by ID. For experts: a wrong list breaks the agent.
        message_ids: [types::MessageId],
        /// What the agent is for, in words.
        description: String,
        /// Anything that the caller wants to keep with it. It replaces what was there.
        metadata: {json},
        /// The same as `secrets`, under its old name.
        tool_exec_environment_variables: {text},
        /// Environment variables of the agent's tools, by name. They replace those that were there.
        secrets: {text},
        /// The project that it belongs to.
        project_id: types::ProjectId,
        /// The version of a template that it was made from.
        template_id: String,
        /// The template that it was made from, of any version.
        base_template_id: String,
        /// The identities that the agent is linked to, by ID. They replace those that were there.
        identity_ids: [types::IdentityId],
        /// Whether the agent forgets its messages after each turn. Memory stays.
        message_buffer_autoclear: bool,
        /// The handle of the model, as in `provider/model`.
        model: String,
        /// The handle of the embedding model, as in `provider/model`.
        embedding: String,
        /// Settings of the model, by its provider.
        model_settings: types::ModelSettings,
        /// How older messages are summarized when the context is full.
        compaction_settings: types::CompactionSettings,
        /// How many tokens the context has at most.
        context_window_limit: i64,
        /// How to embed, in full. `embedding` says it by a handle.
        embedding_config: types::EmbeddingConfig,
        /// Whether a second agent tends the memory in the background.
        enable_sleeptime: bool,
        /// When its last run ended.
        last_run_completion: String,
        /// How long its last run took, in milliseconds.
        last_run_duration_ms: i64,
        /// How its last run ended.
        last_stop_reason: types::StopReasonType,
        /// The agent's time zone, by its IANA name.
        timezone: String,
        /// How many files the agent has open at most.
        max_files_open: i64,
        /// How many characters of an open file the agent sees at most.
        per_file_view_window_char_limit: i64,
        /// Whether the service's own pages leave it out.
        hidden: bool,
    }

    /// Sends the request, and returns the agent as it is now. It is repeated if the answer is lost.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an update that sets nothing (`update`), or an ID that would name another resource
    /// (`agent_id`). After that: any failure of the service or the network.
    pub async fn send(self) -> Result<types::AgentState> {
        update::check(&self.body)?;
        let outcome = self.call.api().update_agent(&self.id, &self.body).await;
        Answer::of(outcome).map(Answer::into_inner)
    }
}

request!(UpdateAgent => types::AgentState);
