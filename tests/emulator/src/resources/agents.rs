//! The operations on agents themselves.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use letta_api::types::{
    AgentBlock, AgentState, AgentType, Block, BlockId, EmbeddingConfig, EmbeddingEndpointType,
    FolderId, IdentityId, LlmConfig, LlmEndpointType, Memory, Source, Tool, ToolId,
};
use serde_json::{Value, json};

use crate::call::{Call, null, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::members::{changed, sets, texts};
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::page::{CursorPage, Cursors};
use crate::world::thread::{StoredMessage, ThreadKey};

const DEFAULT_LIMIT: usize = 50;
const MODEL: &str = "letta/letta-free";
const SYSTEM: &str = "You are an agent of letta-api-emulator. Repeat what you are told.";
const NAME: &str = "Agent";

/// Members of a create or a change that are not the agent's own, or are told in another way.
const NOT_OF_THE_STATE: [&str; 26] = [
    "memory_blocks",
    "tools",
    "tool_ids",
    "source_ids",
    "folder_ids",
    "block_ids",
    "identity_ids",
    "message_ids",
    "initial_message_sequence",
    "include_base_tools",
    "include_multi_agent_tools",
    "include_base_tool_rules",
    "include_default_source",
    "tool_exec_environment_variables",
    "secrets",
    "memory_variables",
    "template",
    "project",
    "from_template",
    "context_window_limit",
    "embedding_chunk_size",
    "max_tokens",
    "max_reasoning_tokens",
    "enable_reasoner",
    "reasoning",
    "parallel_tool_calls",
];

/// The agent of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a AgentRecord, Refusal> {
    world
        .agents
        .get(id)
        .ok_or_else(|| Refusal::no_such("Agent", id))
}

/// The agent of this ID, to be changed, or a 404.
pub(crate) fn found_mut<'a>(
    world: &'a mut World,
    id: &str,
) -> Result<&'a mut AgentRecord, Refusal> {
    world
        .agents
        .get_mut(id)
        .ok_or_else(|| Refusal::no_such("Agent", id))
}

/// An agent of the emulator's own defaults.
pub(crate) fn new_state(id: &str, name: &str, now: Timestamp) -> AgentState {
    let mut state = AgentState::new(
        id,
        name,
        SYSTEM,
        AgentType::LettaV1Agent,
        llm_config(MODEL),
        Memory::new(Vec::new()).with_agent_type(AgentType::LettaV1Agent),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    state.model = Some(MODEL.to_owned());
    state.tool_rules = Some(Vec::new());
    state.timezone = Some("UTC".to_owned());
    state.max_files_open = Some(10);
    state.per_file_view_window_char_limit = Some(25_000);
    state.created_at = Some(written(now));
    state.updated_at = Some(written(now));
    state
}

/// The configuration that the service makes of the handle of a model.
pub(crate) fn llm_config(handle: &str) -> LlmConfig {
    let model = handle.rsplit('/').next().unwrap_or_default();
    let provider = handle.split('/').next().unwrap_or_default();
    let mut config = LlmConfig::new(model, LlmEndpointType::Openai, 128_000);
    config.handle = handle.to_owned().into();
    config.provider_name = provider.to_owned().into();
    config
}

/// The configuration that the service makes of the handle of a model that embeds.
pub(crate) fn embedding_config(handle: &str) -> EmbeddingConfig {
    let model = handle.rsplit('/').next().unwrap_or_default();
    let mut config = EmbeddingConfig::new(EmbeddingEndpointType::Openai, model, 1_536);
    config.handle = handle.to_owned().into();
    config
}

/// Adds an agent, with the first message of its own thread.
pub(crate) fn add(world: &mut World, agent: AgentRecord, now: Timestamp) -> Result<(), Refusal> {
    let mut agent = agent;
    let system = StoredMessage::system(&agent.state.system, now);
    agent.thread.messages.insert(0, system);
    world
        .agents
        .insert(agent)
        .map(|_| ())
        .map_err(|_| Refusal::detail(StatusCode::CONFLICT, "an agent with this ID already exists"))
}

/// The agent as the service shows it, with all that is attached to it.
pub(crate) fn shown(world: &World, agent: &AgentRecord) -> AgentState {
    let mut state = bare(agent);
    let blocks: Vec<AgentBlock> = agent
        .block_ids
        .iter()
        .filter_map(|id| world.blocks.get(id.as_str()))
        .filter_map(of_agent)
        .collect();
    state.memory.blocks.clone_from(&blocks);
    state.blocks = blocks;
    state.tools = tools(world, agent).cloned().collect();
    state.sources = agent
        .folder_ids
        .iter()
        .filter_map(|id| world.folders.get(id.as_str()))
        .filter_map(|folder| converted::<_, Source>(folder))
        .collect();
    state.identities = agent
        .identity_ids
        .iter()
        .filter_map(|id| world.identities.get(id.as_str()).cloned())
        .collect();
    state.identity_ids.clone_from(&agent.identity_ids);
    state
}

/// The agent as a list shows it: without what is attached to it.
fn bare(agent: &AgentRecord) -> AgentState {
    let mut state = agent.state.clone();
    state.message_ids = Some(agent.thread.context().cloned().collect());
    state
}

/// The tools that are attached to an agent.
pub(crate) fn tools<'a>(
    world: &'a World,
    agent: &'a AgentRecord,
) -> impl Iterator<Item = &'a Tool> {
    agent
        .tool_ids
        .iter()
        .filter_map(|id| world.tools.get(id.as_str()))
}

/// A block as an agent shows it.
fn of_agent(block: &Block) -> Option<AgentBlock> {
    converted(block)
}

/// A value of one of letta-api's types as another that has the same members.
pub(crate) fn converted<T: serde::Serialize, U: serde::de::DeserializeOwned>(
    value: &T,
) -> Option<U> {
    serde_json::from_value(serde_json::to_value(value).ok()?).ok()
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let id = id::generate("agent");
    let state = new_state(&id, NAME, call.now);
    let mut agent = AgentRecord::new(changed(&state, body, &NOT_OF_THE_STATE)?);
    set(world, &mut agent, body)?;
    for block in body
        .get("memory_blocks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let new = Block::new("", id::generate("block").as_str());
        let block: Block = changed(&new, block, &[])?;
        agent.block_ids.push(block.id.clone());
        let _ = world.blocks.insert(block);
    }
    let shown_id = agent.state.id.clone();
    add(world, agent, call.now)?;
    let agent = found(world, shown_id.as_str())?;
    Ok(ok(&shown(world, agent)))
}

/// Sets what a create and a change have in common: what is not of the state itself.
fn set(world: &World, agent: &mut AgentRecord, body: &Value) -> Result<(), Refusal> {
    if agent.state.name.trim().is_empty() {
        return Err(Refusal::unprocessable("name must not be empty"));
    }
    if let Some(model) = body.get("model").and_then(Value::as_str) {
        agent.state.llm_config = llm_config(model);
    }
    if let Some(embedding) = body.get("embedding").and_then(Value::as_str) {
        agent.state.embedding_config = Some(embedding_config(embedding));
    }
    if let Some(limit) = body.get("context_window_limit").and_then(Value::as_i64) {
        agent.state.llm_config.context_window = limit;
    }
    if let Some(parallel) = body.get("parallel_tool_calls").and_then(Value::as_bool) {
        agent.parallel_tool_calls = parallel;
    }
    if sets(body, "block_ids") {
        agent.block_ids =
            existing::<BlockId>(body, "block_ids", "Block", |id| world.blocks.contains(id))?;
    }
    if sets(body, "tool_ids") {
        agent.tool_ids =
            existing::<ToolId>(body, "tool_ids", "Tool", |id| world.tools.contains(id))?;
    }
    for tool in texts(body, "tools") {
        let found = world
            .tools
            .iter()
            .find(|it| it.name.as_deref() == Some(&tool));
        let found = found.ok_or_else(|| Refusal::no_such("Tool", &tool))?;
        if !agent.tool_ids.contains(&found.id) {
            agent.tool_ids.push(found.id.clone());
        }
    }
    if sets(body, "identity_ids") {
        agent.identity_ids = existing::<IdentityId>(body, "identity_ids", "Identity", |id| {
            world.identities.contains(id)
        })?;
    }
    for name in ["source_ids", "folder_ids"] {
        if sets(body, name) {
            agent.folder_ids =
                existing::<FolderId>(body, name, "Folder", |id| world.folders.contains(id))?;
        }
    }
    Ok(())
}

/// The IDs of a list, each of which must exist.
fn existing<T: From<String>>(
    body: &Value,
    name: &str,
    what: &str,
    exists: impl Fn(&str) -> bool,
) -> Result<Vec<T>, Refusal> {
    texts(body, name)
        .into_iter()
        .map(|id| match exists(&id) {
            true => Ok(T::from(id)),
            false => Err(Refusal::no_such(what, &id)),
        })
        .collect()
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let name = call.query("name");
    let tags: Vec<_> = call.query_all("tags").collect();
    let match_all = call.query_flag("match_all_tags").unwrap_or_default();
    let wanted = world.agents.iter().filter(|agent| {
        let state = &agent.state;
        let has = |tag: &std::borrow::Cow<'_, str>| state.tags.iter().any(|it| it == tag);
        name.as_deref().is_none_or(|name| state.name == name)
            && (tags.is_empty()
                || match match_all {
                    true => tags.iter().all(has),
                    false => tags.iter().any(has),
                })
    });
    let agents = page.of(wanted, |it| it.state.id.as_str(), Cursors::USUAL)?;
    let agents: Vec<AgentState> = agents
        .into_iter()
        .map(|agent| match call.is_current_client() {
            true => bare(agent),
            false => shown(world, agent),
        })
        .collect();
    Ok(ok(&agents))
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = found(world, call.path("agent_id"))?;
    let mut state = shown(world, agent);
    if call
        .query_all("include")
        .any(|it| it == "agent.pending_approval")
    {
        let key = ThreadKey::Agent(agent.state.id.clone());
        state.pending_approval = world
            .thread(&key)
            .and_then(|thread| thread.pending_request());
    }
    Ok(ok(&state))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let mut agent = found(world, call.path("agent_id"))?.clone();
    // As a whole or not at all.
    agent.state = changed(&agent.state, body, &NOT_OF_THE_STATE)?;
    set(world, &mut agent, body)?;
    agent.state.updated_at = Some(written(call.now));
    let state = shown(world, &agent);
    *found_mut(world, call.path("agent_id"))? = agent;
    Ok(ok(&state))
}

pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("agent_id");
    let agent = world.agents.remove(id);
    agent.ok_or_else(|| Refusal::no_such("Agent", id))?;
    let is_its_own = |of: Option<&str>| of == Some(id);
    world
        .conversations
        .retain(|it| it.conversation.agent_id.as_str() != id);
    world.runs.retain(|it| it.run.agent_id.as_str() != id);
    world
        .steps
        .retain(|it| !is_its_own(it.step.agent_id.as_ref().map(|id| id.as_str())));
    Ok(ok(
        &json!({"message": format!("Agent id={id} successfully deleted")}),
    ))
}

/// 200 with nothing to say, as current clients get it; others get the agent.
pub(crate) fn nothing_or_agent(call: &Call, world: &World, id: &str) -> Result<Response, Refusal> {
    Ok(match call.is_current_client() {
        true => null(),
        false => ok(&shown(world, found(world, id)?)),
    })
}
