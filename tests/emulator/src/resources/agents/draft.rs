//! What a request says of an agent, put into the agent: for a create, an import and a change.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use jiff::Timestamp;
use letta_api::types::{
    AgentEnvironmentVariable, AgentState, AgentType, Block, CompactionSettings, EmbeddingConfig,
    LlmConfig, Memory, Message, RequiresApprovalToolRule, ToolRule,
};
use serde_json::{Map, Value, json};

use crate::call::written;
use crate::http::refusal::{Refusal, quote};
use crate::id;
use crate::resources::agents::shown::blocks;
use crate::resources::members::{changed, picked, sets, texts};
use crate::resources::{base_tools, blocks as block_resource, models};
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::thread::{StoredMessage, date};

/// Who makes and changes everything: an emulator has one user.
pub(crate) const USER: &str = "user-00000000-0000-4000-8000-000000000000";

const SYSTEM: &str = "You are an agent of letta-api-emulator. Repeat what you are told.";

/// Members of a create that an agent has under the same name.
const OF_A_CREATE: [&str; 20] = [
    "name",
    "tool_rules",
    "tags",
    "system",
    "agent_type",
    "description",
    "metadata",
    "llm_config",
    "embedding_config",
    "model",
    "embedding",
    "project_id",
    "template_id",
    "base_template_id",
    "message_buffer_autoclear",
    "enable_sleeptime",
    "response_format",
    "timezone",
    "max_files_open",
    "per_file_view_window_char_limit",
];

/// Members of a change besides, and those that only a create has.
const OF_A_CHANGE_ALONE: [&str; 3] = [
    "last_run_completion",
    "last_run_duration_ms",
    "last_stop_reason",
];
const OF_A_CREATE_ALONE: [&str; 1] = ["agent_type"];

/// The members that have secrets. The first that is set counts.
const SECRETS: [&str; 2] = ["secrets", "tool_exec_environment_variables"];

/// An agent of the emulator's own defaults.
pub(crate) fn new_state(id: &str, name: &str, now: Timestamp) -> AgentState {
    let config = models::config_of(models::DEFAULT).expect("the default model is known");
    let mut state = AgentState::new(
        id,
        name,
        SYSTEM,
        AgentType::LettaV1Agent,
        config,
        Memory::new(Vec::new()).with_agent_type(AgentType::LettaV1Agent),
        Vec::new(),
        Vec::new(),
        Vec::new(),
        Vec::new(),
    );
    state.model = Some(models::DEFAULT.to_owned());
    state.model_settings = model_settings(&state.llm_config, None);
    state.compaction_settings = compaction_settings(models::DEFAULT);
    state.tool_rules = Some(Vec::new());
    state.timezone = Some("UTC".to_owned());
    state.created_at = Some(written(now));
    state.updated_at = Some(written(now));
    state.created_by_id = Some(USER.into());
    state.last_updated_by_id = Some(USER.into());
    state
}

fn model_settings(
    config: &LlmConfig,
    set: Option<&Value>,
) -> Option<letta_api::types::ModelSettings> {
    serde_json::from_value(models::settings_of(config, set)).ok()
}

fn compaction_settings(model: &str) -> Option<CompactionSettings> {
    let settings = json!({
        "model": model,
        "model_settings": null,
        "prompt": "Summarize the conversation so far.",
        "prompt_acknowledgement": false,
        "clip_chars": 50_000,
        "mode": "sliding_window",
        "sliding_window_percentage": 0.3,
    });
    serde_json::from_value(settings).ok()
}

/// A name for an agent that was given none.
fn chosen_name() -> String {
    const HOW: [&str; 8] = [
        "Brave", "Calm", "Clever", "Gentle", "Merry", "Patient", "Quiet", "Swift",
    ];
    const WHO: [&str; 8] = [
        "Badger", "Falcon", "Heron", "Lynx", "Otter", "Raven", "Salmon", "Wren",
    ];
    let one_of = |words: [&'static str; 8]| words[fastrand::usize(..words.len())];
    format!("{}{}", one_of(HOW), one_of(WHO))
}

/// An agent as a create describes it, with the blocks that it makes. It is not in the world yet.
pub(crate) fn create(
    world: &World,
    body: &Value,
    now: Timestamp,
) -> Result<(AgentRecord, Vec<Block>), Refusal> {
    let new = new_state(&id::generate("agent"), &chosen_name(), now);
    let mut state: AgentState = changed(&new, &picked(body, &OF_A_CREATE), &[])?;
    state.memory.agent_type = Some(state.agent_type.clone().into());
    state.hidden = body.get("hidden").and_then(Value::as_bool);
    unique(&mut state.tags);
    let mut agent = AgentRecord::new(state);
    let given = body.get("llm_config").filter(|config| config.is_object());
    match (body.get("model").and_then(Value::as_str), given) {
        (_, Some(_)) => {}
        (model, None) => {
            agent.state.llm_config = models::config_of(model.unwrap_or(models::DEFAULT))?;
        }
    }
    set_model(&mut agent, body, true)?;
    agent.state.compaction_settings =
        compaction_settings(agent.state.model.as_deref().unwrap_or(models::DEFAULT));
    set_embedding(&mut agent.state, body)?;
    set_secrets(world, &mut agent.state, body);
    set_compaction(&mut agent.state, body)?;
    let (of_names, rules) = tools(world, body, &agent.state)?;
    agent.tool_ids = of_names;
    agent.state.tool_rules = Some(rules);
    agent.identity_ids = existing(body, "identity_ids", |id| world.identities.contains(id))?;
    agent.folder_ids = existing(body, folders_of(body), |id| world.folders.contains(id))?;
    // Blocks that do not exist are passed over, as are those of a label that the agent has.
    let mut labels = BTreeSet::new();
    for id in texts(body, "block_ids") {
        if let Some(block) = world.blocks.get(&id)
            && labels.insert(block.label.clone())
        {
            agent.block_ids.push(block.id.clone());
        }
    }
    let mut made = Vec::new();
    for block in items(body, "memory_blocks") {
        let block = block_resource::made(block)?;
        if labels.insert(block.label.clone()) {
            agent.block_ids.push(block.id.clone());
            made.push(block);
        }
    }
    for message in items(body, "initial_message_sequence") {
        agent.thread.messages.push(first_message(message, now)?);
    }
    Ok((agent, made))
}

/// Puts what a change says into a copy of an agent.
pub(crate) fn change(
    world: &World,
    agent: &AgentRecord,
    body: &Value,
    now: Timestamp,
) -> Result<AgentRecord, Refusal> {
    let mut agent = agent.clone();
    let names: Vec<&str> = OF_A_CREATE
        .into_iter()
        .filter(|name| !OF_A_CREATE_ALONE.contains(name))
        .chain(OF_A_CHANGE_ALONE)
        .collect();
    agent.state = changed(&agent.state, &picked(body, &names), &[])?;
    unique(&mut agent.state.tags);
    let before = agent.state.llm_config.clone();
    if let Some(model) = body.get("model").and_then(Value::as_str) {
        agent.state.llm_config = models::config_of(model)?;
        if !sets(body, "model_settings") {
            agent.state.llm_config.parallel_tool_calls = before.parallel_tool_calls;
        }
    }
    let is_of_model = ["model", "llm_config"].iter().any(|name| sets(body, name));
    set_model(&mut agent, body, is_of_model)?;
    set_embedding(&mut agent.state, body)?;
    set_secrets(world, &mut agent.state, body);
    set_compaction(&mut agent.state, body)?;
    if sets(body, "tool_ids") {
        agent.tool_ids = existing(body, "tool_ids", |id| world.tools.contains(id))?;
    }
    if sets(body, "identity_ids") {
        agent.identity_ids = existing(body, "identity_ids", |id| world.identities.contains(id))?;
    }
    if sets(body, folders_of(body)) {
        agent.folder_ids = existing(body, folders_of(body), |id| world.folders.contains(id))?;
    }
    if sets(body, "block_ids") {
        let mut ids = texts(body, "block_ids");
        unique(&mut ids);
        if !ids.iter().all(|id| world.blocks.contains(id)) {
            // The server has no word for this.
            return Err(Refusal::detail(
                StatusCode::INTERNAL_SERVER_ERROR,
                "An unknown error occurred",
            ));
        }
        agent.block_ids = ids.into_iter().map(Into::into).collect();
        let mut labels = BTreeSet::new();
        if !blocks(world, &agent).all(|block| labels.insert(&block.label)) {
            return Err(two_of_one_label());
        }
    }
    agent.state.updated_at = Some(written(now));
    Ok(agent)
}

/// An agent has one block of each label.
pub(crate) fn two_of_one_label() -> Refusal {
    Refusal::detail(
        StatusCode::CONFLICT,
        "A unique constraint was violated for Agent. Check your input for duplicates: an agent has one block of a label",
    )
}

/// The items of an array. None if there is no array.
fn items<'a>(body: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    let items = body.get(name).and_then(Value::as_array);
    items.into_iter().flatten()
}

/// Removes what comes a second time.
fn unique(texts: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    texts.retain(|text| seen.insert(text.clone()));
}

/// The member that says which folders are attached: the old name counts if the new one says nothing.
fn folders_of(body: &Value) -> &'static str {
    match sets(body, "folder_ids") {
        true => "folder_ids",
        false => "source_ids",
    }
}

/// The IDs of a list, each once, each of which must exist.
fn existing<T: From<String>>(
    body: &Value,
    name: &str,
    exists: impl Fn(&str) -> bool,
) -> Result<Vec<T>, Refusal> {
    let mut ids = texts(body, name);
    unique(&mut ids);
    if !ids.iter().all(|id| exists(id)) {
        return Err(Refusal::detail(
            StatusCode::CONFLICT,
            format!("IntegrityError: `{name}` has an ID that does not exist"),
        ));
    }
    Ok(ids.into_iter().map(T::from).collect())
}

/// Sets what is said of the model beside its name. `is_new` if the model itself is.
fn set_model(agent: &mut AgentRecord, body: &Value, is_new: bool) -> Result<(), Refusal> {
    let mut config = serde_json::to_value(&agent.state.llm_config).unwrap_or_default();
    let settings = body.get("model_settings").filter(|it| it.is_object());
    for (member, of_config) in [
        ("context_window_limit", "context_window"),
        ("max_tokens", "max_tokens"),
        ("max_reasoning_tokens", "max_reasoning_tokens"),
        ("enable_reasoner", "enable_reasoner"),
        ("reasoning", "enable_reasoner"),
    ] {
        if sets(body, member) {
            config[of_config] = body[member].clone();
        }
    }
    if let Some(settings) = settings {
        for (member, of_config) in [
            ("temperature", "temperature"),
            ("max_output_tokens", "max_tokens"),
            ("response_format", "response_format"),
            ("strict", "strict"),
        ] {
            if sets(settings, member) {
                config[of_config] = settings[member].clone();
            }
        }
        if config["model_endpoint_type"] == "openai" {
            let effort = &settings["reasoning"]["reasoning_effort"];
            config["reasoning_effort"] = match effort.is_null() {
                true => json!("high"),
                false => effort.clone(),
            };
            if !sets(settings, "strict") {
                config["strict"] = json!(true);
            }
        }
        let parallel = settings.get("parallel_tool_calls").and_then(Value::as_bool);
        config["parallel_tool_calls"] = json!(parallel.unwrap_or(true));
    }
    if let Some(parallel) = body.get("parallel_tool_calls").and_then(Value::as_bool) {
        config["parallel_tool_calls"] = json!(parallel);
    }
    agent.parallel_tool_calls = config["parallel_tool_calls"] == true;
    agent.state.llm_config = serde_json::from_value(config)
        .map_err(|_| Refusal::unprocessable("the settings of the model do not go together"))?;
    let is_set = ["context_window_limit", "max_tokens"]
        .iter()
        .any(|name| sets(body, name));
    if settings.is_some() || is_new || is_set {
        let before = serde_json::to_value(&agent.state.model_settings).unwrap_or_default();
        let kept = match (settings, is_new) {
            (Some(settings), _) => Some(settings.clone()),
            (None, true) => None,
            (None, false) => {
                let mut kept = before;
                kept["max_output_tokens"] = json!(agent.state.llm_config.max_tokens);
                Some(kept)
            }
        };
        agent.state.model_settings = model_settings(&agent.state.llm_config, kept.as_ref());
    }
    if let Some(handle) = serde_json::to_value(&agent.state.llm_config.handle)
        .ok()
        .and_then(|handle| handle.as_str().map(str::to_owned))
    {
        agent.state.model = Some(handle);
    }
    Ok(())
}

/// Sets whether an agent may call several tools in one step.
pub(crate) fn set_parallel(agent: &mut AgentRecord, may: bool) {
    agent.parallel_tool_calls = may;
    agent.state.llm_config.parallel_tool_calls = may.into();
}

/// Gives an agent the model of this handle.
pub(crate) fn set_handle(agent: &mut AgentRecord, handle: &str) -> Result<(), Refusal> {
    let parallel = agent.state.llm_config.parallel_tool_calls;
    agent.state.llm_config = models::config_of(handle)?;
    agent.state.llm_config.parallel_tool_calls = parallel;
    agent.state.model = Some(handle.to_owned());
    agent.state.model_settings = model_settings(&agent.state.llm_config, None);
    Ok(())
}

fn set_embedding(state: &mut AgentState, body: &Value) -> Result<(), Refusal> {
    let Some(handle) = body.get("embedding").and_then(Value::as_str) else {
        return Ok(());
    };
    if sets(body, "embedding_config") {
        return Ok(());
    }
    let mut config: EmbeddingConfig = models::embedding_config_of(handle)?;
    if let Some(size) = body.get("embedding_chunk_size").and_then(Value::as_i64) {
        config.embedding_chunk_size = size.into();
    }
    state.embedding_config = Some(config);
    Ok(())
}

/// What is said of compaction goes over what there is.
fn set_compaction(state: &mut AgentState, body: &Value) -> Result<(), Refusal> {
    if let Some(settings) = body.get("compaction_settings").filter(|it| it.is_object()) {
        let before = state.compaction_settings.take();
        state.compaction_settings = Some(match before {
            Some(before) => changed(&before, settings, &[])?,
            None => serde_json::from_value(settings.clone())
                .map_err(|_| Refusal::unprocessable("compaction_settings is invalid"))?,
        });
    }
    Ok(())
}

/// Replaces all secrets by those of the first of the members that is set.
fn set_secrets(world: &World, state: &mut AgentState, body: &Value) {
    let set = SECRETS.iter().find(|name| sets(body, name));
    let Some(secrets) = set.and_then(|name| body[*name].as_object()) else {
        return;
    };
    let secrets: Vec<AgentEnvironmentVariable> = secrets
        .iter()
        .map(|(key, value)| {
            let value = value.as_str().unwrap_or_default();
            let id = id::generate("agent-env");
            let mut secret =
                AgentEnvironmentVariable::new(id, key.clone(), value, state.id.as_str());
            secret.value_enc = Some(value.to_owned());
            secret.organization_id = Some(world.settings.organization.clone());
            secret
        })
        .collect();
    state.tool_exec_environment_variables.clone_from(&secrets);
    state.secrets = secrets;
}

/// The tools of a new agent, and its tool rules.
fn tools(
    world: &World,
    body: &Value,
    state: &AgentState,
) -> Result<(Vec<letta_api::types::ToolId>, Vec<ToolRule>), Refusal> {
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    let mut names = texts(body, "tools");
    let base = flag("include_base_tools").unwrap_or(true);
    if base {
        let sleeptime = state.enable_sleeptime.unwrap_or_default();
        names.extend(
            base_tools::of(&state.agent_type, sleeptime)
                .iter()
                .map(|it| (*it).to_owned()),
        );
    }
    if flag("include_multi_agent_tools").unwrap_or_default() {
        names.extend(base_tools::MULTI_AGENT.iter().map(|it| (*it).to_owned()));
    }
    unique(&mut names);
    let mut found = Vec::new();
    for name in &names {
        let tool = world
            .tools
            .iter()
            .find(|it| it.name.as_deref() == Some(name));
        found.push(tool.ok_or_else(|| {
            let detail = format!("Tools not found by name: {}", quote(name));
            Refusal::detail(StatusCode::BAD_REQUEST, detail)
        })?);
    }
    for id in texts(body, "tool_ids") {
        let tool = world.tools.get(&id).ok_or_else(|| {
            let shown = crate::http::refusal::shown_id(&id).unwrap_or("an ID not shown here");
            let detail = format!("Tools not found by id: {shown}");
            Refusal::detail(StatusCode::BAD_REQUEST, detail)
        })?;
        found.push(tool);
    }
    let mut seen = BTreeSet::new();
    found.retain(|tool| seen.insert(tool.id.as_str()));
    let mut rules = state.tool_rules.clone().unwrap_or_default();
    let is_v1 = state.agent_type == AgentType::LettaV1Agent;
    let has_base_rules =
        flag("include_base_tool_rules").unwrap_or(!(is_v1 && base && rules.is_empty()));
    if has_base_rules {
        for tool in &found {
            let rule = tool.name.as_deref().and_then(base_tools::rule_of);
            rules.extend(rule);
        }
    }
    for tool in &found {
        if tool.default_requires_approval == Some(true) {
            let name = tool.name.as_deref().unwrap_or_default();
            require_approval(&mut rules, name);
        }
    }
    Ok((found.iter().map(|tool| tool.id.clone()).collect(), rules))
}

/// Whether the rule says that calls of this tool wait for an approval.
pub(crate) fn is_approval_of(rule: &ToolRule, tool: &str) -> bool {
    matches!(rule, ToolRule::RequiresApprovalToolRule(rule) if rule.tool_name == tool)
}

/// Has calls of a tool wait for an approval.
pub(crate) fn require_approval(rules: &mut Vec<ToolRule>, tool: &str) {
    if !rules.iter().any(|rule| is_approval_of(rule, tool)) {
        let rule = RequiresApprovalToolRule::new(tool).with_prompt_template_null();
        rules.push(ToolRule::RequiresApprovalToolRule(Box::new(rule)));
    }
}

/// A message that an agent is made with.
fn first_message(message: &Value, now: Timestamp) -> Result<StoredMessage, Refusal> {
    let id = id::generate("message");
    let role = message["role"].as_str().unwrap_or("user");
    let mut members = Map::new();
    members.insert("id".to_owned(), json!(id));
    members.insert("date".to_owned(), json!(date(now)));
    members.insert("message_type".to_owned(), json!(format!("{role}_message")));
    members.insert("content".to_owned(), message["content"].clone());
    for name in ["otid", "name", "sender_id"] {
        if sets(message, name) {
            members.insert(name.to_owned(), message[name].clone());
        }
    }
    let shown: Message = serde_json::from_value(Value::Object(members))
        .map_err(|_| Refusal::unprocessable("initial_message_sequence has an invalid message"))?;
    Ok(StoredMessage {
        id: id.into(),
        date: now,
        run_id: None,
        step_id: None,
        shown: vec![shown],
    })
}
