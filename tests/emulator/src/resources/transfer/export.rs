//! Writing an agent file.

use std::collections::{BTreeMap, HashMap};

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::MessageId;
use serde_json::{Map, Value, json};

use crate::call::{Call, ok, written};
use crate::http::refusal::{Refusal, shown_id};
use crate::resources::agent_files;
use crate::resources::agents::shown;
use crate::resources::transfer::message;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::thread::Thread;

/// What a file says of the server that it comes from.
const REVISION: &str = "letta-api-emulator";

/// Members of a create that a file has as `null`.
const LEFT_OUT: [&str; 20] = [
    "folder_ids",
    "initial_message_sequence",
    "model",
    "embedding",
    "model_settings",
    "compaction_settings",
    "context_window_limit",
    "embedding_chunk_size",
    "max_tokens",
    "max_reasoning_tokens",
    "reasoning",
    "from_template",
    "project",
    "memory_variables",
    "project_id",
    "template_id",
    "base_template_id",
    "identity_ids",
    "hidden",
    "parallel_tool_calls",
];

pub(crate) fn export(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    if call.query_flag("use_legacy_format").unwrap_or_default() {
        let detail = "Legacy format is not supported";
        return Err(Refusal::detail(StatusCode::BAD_REQUEST, detail));
    }
    let id = call.path("agent_id");
    agent_files::settle(world, id, call.now);
    let agent = world.agents.get(id).ok_or_else(|| {
        // The server has an error of its own for this.
        let id = shown_id(id).unwrap_or("not shown here");
        let detail = format!("Export failed: The following agent IDs were not found: ['{id}']");
        Refusal::detail(StatusCode::INTERNAL_SERVER_ERROR, detail)
    })?;
    let nothing = Thread::default();
    let scrub = call.query_flag("scrub_messages").unwrap_or_default();
    let thread = match call.query("conversation_id") {
        _ if scrub => &nothing,
        Some(id) => world
            .conversations
            .get(&id)
            .filter(|it| it.conversation.agent_id == agent.state.id)
            .map_or(&nothing, |it| &it.thread),
        None => &agent.thread,
    };
    let created_at = call.now.strftime("%Y-%m-%dT%H:%M:%S.%6f+00:00").to_string();
    Ok(ok(&file(world, agent, thread, &created_at)))
}

/// The members of a value.
fn members(value: &impl serde::Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// Things by the IDs that they have in the file, which are numbered.
fn numbered<'a>(kind: &str, ids: impl Iterator<Item = &'a str>) -> HashMap<&'a str, String> {
    let mut numbers: HashMap<&str, String> = HashMap::new();
    for id in ids {
        let next = format!("{kind}-{}", numbers.len());
        numbers.entry(id).or_insert(next);
    }
    numbers
}

fn file(world: &World, agent: &AgentRecord, thread: &Thread, created_at: &str) -> Value {
    let tools: Vec<_> = shown::tools(world, agent).collect();
    let blocks: Vec<_> = shown::blocks(world, agent).collect();
    let folders: Vec<_> = shown::folders(world, agent).collect();
    let is_attached = |file: &&crate::world::file::FileRecord| {
        folders
            .iter()
            .any(|folder| folder.id == file.file.source_id)
    };
    let files: Vec<_> = world.files.iter().filter(is_attached).collect();
    let tool_ids = numbered("tool", tools.iter().map(|it| it.id.as_str()));
    let block_ids = numbered("block", blocks.iter().map(|it| it.id.as_str()));
    let source_ids = numbered("source", folders.iter().map(|it| it.id.as_str()));
    let file_ids = numbered("file", files.iter().map(|it| it.file.id.as_str()));

    let exported_tools: Vec<Value> = tools
        .iter()
        .map(|tool| {
            let mut members = members(tool);
            members.insert("id".to_owned(), json!(tool_ids[tool.id.as_str()]));
            Value::Object(members)
        })
        .collect();
    let exported_blocks: Vec<Value> = blocks
        .iter()
        .map(|block| {
            let mut members = members(block);
            members.insert("id".to_owned(), json!(block_ids[block.id.as_str()]));
            members.entry("label").or_insert_with(|| json!(""));
            members.insert("tags".to_owned(), Value::Null);
            Value::Object(members)
        })
        .collect();
    let exported_sources: Vec<Value> = folders
        .iter()
        .map(|folder| {
            let members = members(folder);
            let of = |name: &str| members.get(name).cloned().unwrap_or_default();
            json!({
                "name": of("name"),
                "description": of("description"),
                "instructions": of("instructions"),
                "metadata": of("metadata"),
                "embedding": null,
                "embedding_chunk_size": null,
                "embedding_config": of("embedding_config"),
                "id": source_ids[folder.id.as_str()],
            })
        })
        .collect();
    let exported_files: Vec<Value> = files
        .iter()
        .map(|file| {
            let mut members = members(&file.file);
            for name in ["created_at", "updated_at", "organization_id"] {
                members.remove(name);
            }
            members.insert("id".to_owned(), json!(file_ids[file.file.id.as_str()]));
            let source = source_ids.get(file.file.source_id.as_str());
            members.insert("source_id".to_owned(), json!(source));
            Value::Object(members)
        })
        .collect();
    let attachments: Vec<Value> = (0..)
        .zip(&agent.files)
        .filter_map(|(number, attached): (usize, _)| {
            let file = world.files.get(attached.file_id.as_str())?;
            Some(json!({
                "agent_id": "agent-0",
                "file_id": file_ids.get(attached.file_id.as_str())?,
                "source_id": source_ids.get(file.file.source_id.as_str())?,
                "file_name": file.file.file_name.as_deref().unwrap_or_default(),
                "is_open": attached.is_open,
                "visible_content": null,
                "last_accessed_at": written(attached.accessed_at),
                "id": format!("file_agent-{number}"),
            }))
        })
        .collect();

    let mut exported = of_agent(agent);
    exported["tool_ids"] = json!(
        tools
            .iter()
            .map(|it| &tool_ids[it.id.as_str()])
            .collect::<Vec<_>>()
    );
    exported["block_ids"] = json!(
        blocks
            .iter()
            .map(|it| &block_ids[it.id.as_str()])
            .collect::<Vec<_>>()
    );
    exported["source_ids"] = json!(
        folders
            .iter()
            .map(|it| &source_ids[it.id.as_str()])
            .collect::<Vec<_>>()
    );
    exported["files_agents"] = json!(attachments);
    let model = &agent.state.llm_config.model;
    let mut message_ids: HashMap<&MessageId, String> = HashMap::new();
    let mut messages = Vec::new();
    for stored in &thread.messages {
        let id = format!("message-{}", messages.len());
        if let Some(exported) = message::exported(stored, &id, "agent-0", model) {
            message_ids.insert(&stored.id, id);
            messages.push(exported);
        }
    }
    let context = thread.context().filter_map(|id| message_ids.get(id));
    exported["in_context_message_ids"] = json!(context.collect::<Vec<_>>());
    exported["messages"] = json!(messages);

    json!({
        "agents": [exported],
        "groups": [],
        "blocks": exported_blocks,
        "files": exported_files,
        "sources": exported_sources,
        "tools": exported_tools,
        "mcp_servers": mcp_servers(world, &tools),
        "skills": [],
        "metadata": {"revision_id": REVISION},
        "created_at": created_at,
    })
}

/// What is the agent's own. Secrets have their names alone.
fn of_agent(agent: &AgentRecord) -> Value {
    let mut state = agent.state.clone();
    shown::fill_file_limits(&mut state);
    let mut state = members(&state);
    let mut of = |name: &str| state.remove(name).unwrap_or_default();
    let secrets: BTreeMap<&str, &str> = agent
        .state
        .secrets
        .iter()
        .map(|secret| (&*secret.key, ""))
        .collect();
    let mut exported = json!({
        "name": of("name"),
        "memory_blocks": [],
        "tools": [],
        "tool_ids": [],
        "source_ids": [],
        "block_ids": [],
        "tool_rules": of("tool_rules"),
        "tags": of("tags"),
        "system": of("system"),
        "agent_type": of("agent_type"),
        "include_base_tools": false,
        "include_multi_agent_tools": false,
        "include_base_tool_rules": false,
        "include_default_source": false,
        "description": of("description"),
        "metadata": of("metadata"),
        "llm_config": of("llm_config"),
        "embedding_config": of("embedding_config"),
        "enable_reasoner": false,
        "template": false,
        "tool_exec_environment_variables": secrets,
        "secrets": secrets,
        "message_buffer_autoclear": of("message_buffer_autoclear"),
        "enable_sleeptime": of("enable_sleeptime") == true,
        "response_format": of("response_format"),
        "timezone": of("timezone"),
        "max_files_open": of("max_files_open"),
        "per_file_view_window_char_limit": of("per_file_view_window_char_limit"),
        "id": "agent-0",
        "in_context_message_ids": [],
        "messages": [],
        "files_agents": [],
        "group_ids": [],
    });
    for name in LEFT_OUT {
        exported[name] = Value::Null;
    }
    exported
}

/// The servers that the tools come from, without what they are asked with.
fn mcp_servers(world: &World, tools: &[&letta_api::types::Tool]) -> Vec<Value> {
    let has_one_of = |record: &&crate::world::mcp_server::McpServerRecord| {
        tools.iter().any(|tool| record.tool_ids.contains(&tool.id))
    };
    (0..)
        .zip(world.mcp_servers.iter().filter(has_one_of))
        .map(|(number, record): (usize, _)| {
            let server = serde_json::to_value(&record.server).unwrap_or_default();
            let program = match server["mcp_server_type"] == "stdio" {
                true => json!({"command": server["command"], "args": server["args"]}),
                false => Value::Null,
            };
            json!({
                "id": format!("mcp_server-{number}"),
                "server_type": server["mcp_server_type"],
                "server_name": server["server_name"],
                "server_url": server["server_url"],
                "stdio_config": program,
                "metadata_": null,
            })
        })
        .collect()
}
