//! An agent as the service shows it: with what is attached to it, or without.

use letta_api::types::{AgentBlock, AgentState, Block, Folder, Source, Tool};

use crate::call::Call;
use crate::world::World;
use crate::world::agent::AgentRecord;

/// What of that which is attached to an agent is shown with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relations {
    blocks: bool,
    tools: bool,
    sources: bool,
    tags: bool,
    identities: bool,
    secrets: bool,
    pending_approval: bool,
}

impl Relations {
    /// All but what waits for an approval, which is shown on demand alone.
    pub(crate) const ALL: Self = Self {
        blocks: true,
        tools: true,
        sources: true,
        tags: true,
        identities: true,
        secrets: true,
        pending_approval: false,
    };

    pub(crate) const NONE: Self = Self {
        blocks: false,
        tools: false,
        sources: false,
        tags: false,
        identities: false,
        secrets: false,
        pending_approval: false,
    };

    /// What a request asks for. Current clients get nothing that they do not name; others get all unless they name some.
    pub(crate) fn of(call: &Call) -> Self {
        let named: Vec<_> = call.query_all("include_relationships").collect();
        let mut relations = match named.is_empty() && !call.is_current_client() {
            true => Self::ALL,
            false => Self::NONE,
        };
        for name in &named {
            match &**name {
                "memory" => relations.blocks = true,
                "tools" => relations.tools = true,
                "sources" => relations.sources = true,
                "tags" => relations.tags = true,
                "identity_ids" | "identities" => relations.identities = true,
                "tool_exec_environment_variables" | "secrets" => relations.secrets = true,
                _ => {}
            }
        }
        relations.include(call)
    }

    /// With what `include` names besides.
    fn include(mut self, call: &Call) -> Self {
        for name in call.query_all("include") {
            match &*name {
                "agent.blocks" => self.blocks = true,
                "agent.tools" => self.tools = true,
                "agent.sources" => self.sources = true,
                "agent.tags" => self.tags = true,
                "agent.identities" => self.identities = true,
                "agent.secrets" => self.secrets = true,
                "agent.pending_approval" => self.pending_approval = true,
                _ => {}
            }
        }
        self
    }

    /// What `include` names, and nothing else, whoever asks.
    pub(crate) fn included(call: &Call) -> Self {
        Self::NONE.include(call)
    }
}

/// The agent with all that is attached to it.
pub(crate) fn shown(world: &World, agent: &AgentRecord) -> AgentState {
    shown_with(world, agent, Relations::ALL)
}

/// The agent with some of what is attached to it.
pub(crate) fn shown_with(world: &World, agent: &AgentRecord, relations: Relations) -> AgentState {
    let mut state = agent.state.clone();
    fill_file_limits(&mut state);
    state.message_ids = Some(agent.thread.context().cloned().collect());
    if relations.blocks {
        let blocks: Vec<AgentBlock> = blocks(world, agent).map(of_agent).collect();
        state.memory.blocks.clone_from(&blocks);
        state.blocks = blocks;
    }
    if relations.tools {
        state.tools = tools(world, agent).cloned().collect();
    }
    if relations.sources {
        state.sources = folders(world, agent).map(source).collect();
    }
    if !relations.tags {
        state.tags = Vec::new();
    }
    if relations.identities {
        let identities = agent.identity_ids.iter();
        state.identities = identities
            .filter_map(|id| world.identities.get(id.as_str()).cloned())
            .collect();
        state.identity_ids.clone_from(&agent.identity_ids);
    }
    if !relations.secrets {
        state.secrets = Vec::new();
        state.tool_exec_environment_variables = Vec::new();
    }
    if relations.pending_approval {
        state.pending_approval = agent.thread.pending_request();
    }
    state
}

/// Says how many files an agent may have open, and how much of each it sees, if it was not told.
pub(crate) fn fill_file_limits(state: &mut AgentState) {
    let (files, characters) = file_limits(state.llm_config.context_window);
    state.max_files_open.get_or_insert(files);
    state
        .per_file_view_window_char_limit
        .get_or_insert(characters);
}

/// How many files an agent may have open, and how many characters of each it sees, unless it was given others: by its context
/// window, in tokens.
fn file_limits(context_window: i64) -> (i64, i64) {
    match context_window {
        ..=8_000 => (3, 5_000),
        8_001..=32_000 => (5, 15_000),
        32_001..=128_000 => (10, 25_000),
        128_001..=200_000 => (10, 40_000),
        200_001.. => (15, 40_000),
    }
}

/// The blocks that are attached to an agent.
pub(crate) fn blocks<'a>(
    world: &'a World,
    agent: &'a AgentRecord,
) -> impl Iterator<Item = &'a Block> {
    let ids = agent.block_ids.iter();
    ids.filter_map(|id| world.blocks.get(id.as_str()))
}

/// The tools that are attached to an agent.
pub(crate) fn tools<'a>(
    world: &'a World,
    agent: &'a AgentRecord,
) -> impl Iterator<Item = &'a Tool> {
    let ids = agent.tool_ids.iter();
    ids.filter_map(|id| world.tools.get(id.as_str()))
}

/// The folders that are attached to an agent.
pub(crate) fn folders<'a>(
    world: &'a World,
    agent: &'a AgentRecord,
) -> impl Iterator<Item = &'a Folder> {
    let ids = agent.folder_ids.iter();
    ids.filter_map(|id| world.folders.get(id.as_str()))
}

/// A block as an agent shows it: without its tags.
fn of_agent(block: &Block) -> AgentBlock {
    let mut shown = AgentBlock::new(block.value.clone(), block.id.as_str());
    shown.limit = block.limit;
    shown.project_id.clone_from(&block.project_id);
    shown.template_name.clone_from(&block.template_name);
    shown.is_template = block.is_template;
    shown.template_id.clone_from(&block.template_id);
    shown.base_template_id.clone_from(&block.base_template_id);
    shown.deployment_id.clone_from(&block.deployment_id);
    shown.entity_id.clone_from(&block.entity_id);
    shown.preserve_on_migration = block.preserve_on_migration;
    shown.label.clone_from(&block.label);
    shown.read_only = block.read_only;
    shown.description.clone_from(&block.description);
    shown.metadata.clone_from(&block.metadata);
    shown.hidden = block.hidden;
    shown.tags = Some(Vec::new());
    shown
}

/// A folder as an agent shows it, under the name that folders had.
pub(crate) fn source(folder: &Folder) -> Source {
    let mut source = Source::new(
        folder.name.clone(),
        folder.id.as_str(),
        folder.embedding_config.clone(),
    );
    source.vector_db_provider = Some("native".into());
    source.description.clone_from(&folder.description);
    source.instructions.clone_from(&folder.instructions);
    source.metadata.clone_from(&folder.metadata);
    source.organization_id.clone_from(&folder.organization_id);
    source.created_at.clone_from(&folder.created_at);
    source.updated_at.clone_from(&folder.updated_at);
    source.created_by_id.clone_from(&folder.created_by_id);
    source
        .last_updated_by_id
        .clone_from(&folder.last_updated_by_id);
    source
}
