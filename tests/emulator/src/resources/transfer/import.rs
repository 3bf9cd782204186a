//! Reading an agent file, and making its agents.

use std::collections::{BTreeSet, HashMap};

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use letta_api::types::{AgentFile, AgentId, Block, Folder, ImportedAgentsResponse, Tool};
use serde_json::{Map, Value, json};

use crate::call::{Call, ok, written};
use crate::description::form::Form;
use crate::http::json_body::check_nesting;
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents::{self, draft};
use crate::resources::members::texts;
use crate::resources::transfer::message;
use crate::resources::{files, mcp_servers, models, tools};
use crate::world::World;
use crate::world::agent::AttachedFile;
use crate::world::file::FileRecord;
use crate::world::thread::Thread;

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::detail(StatusCode::BAD_REQUEST, detail)
}

/// What a request says beside the file.
struct Options {
    name: Option<String>,
    copy_suffix: bool,
    override_tools: bool,
    model: Option<String>,
    embedding: Option<String>,
    project: Option<String>,
    secrets: Option<Map<String, Value>>,
}

impl Options {
    fn of(call: &Call, form: &Form) -> Result<Self, Refusal> {
        let text = |names: &[&str]| {
            let mut texts = names.iter().filter_map(|name| form.text(name));
            texts.find(|text| !text.is_empty()).map(str::to_owned)
        };
        let flag = |name: &str| call.checked.form.get(name).and_then(Value::as_bool);
        let secrets = match text(&["secrets", "env_vars_json"]) {
            None => None,
            Some(json) => match serde_json::from_str(&json) {
                Ok(Value::Object(secrets)) => Some(secrets),
                _ => return Err(bad("secrets must be a valid JSON string")),
            },
        };
        let header = call.headers.get("x-override-embedding-model");
        let header = header.and_then(|it| it.to_str().ok()).map(str::to_owned);
        Ok(Self {
            name: text(&["name", "override_name"]),
            copy_suffix: flag("append_copy_suffix").unwrap_or(true),
            override_tools: flag("override_existing_tools").unwrap_or(true),
            model: text(&["model", "override_model_handle"]),
            embedding: text(&["embedding", "override_embedding_handle"]).or(header),
            project: text(&["project_id"]),
            secrets,
        })
    }
}

pub(crate) fn import(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let form = call.body.form();
    let form = form.ok_or_else(|| bad("an agent file is uploaded as multipart/form-data"))?;
    let file = form.named("file").last();
    let bytes = file.map(|field| &field.bytes[..]).unwrap_or_default();
    let corrupted = |_| bad("Corrupted agent file format.");
    let mut file: Value = serde_json::from_slice(bytes).map_err(corrupted)?;
    if let Value::String(inner) = &file {
        file = serde_json::from_str(inner).map_err(corrupted)?;
    }
    check_nesting(&file)?;
    let options = Options::of(call, form)?;
    if !file["agents"].is_array() {
        return Err(bad(
            "Legacy AgentSchema format is deprecated. Please use the new AgentFileSchema format with 'agents' field.",
        ));
    }
    check(&file)?;
    if let Some(model) = &options.model {
        models::config_of(model)?;
    }
    if let Some(embedding) = &options.embedding {
        models::embedding_config_of(embedding)?;
    }
    let texts = items(&file, "files").filter_map(|it| it["content"].as_str());
    files::check_room(world, texts.map(str::len).sum())?;
    let agent_ids = make(world, &file, &options, call.now)?;
    Ok(ok(&ImportedAgentsResponse::new(agent_ids)))
}

fn items<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value[name].as_array().into_iter().flatten()
}

fn id_of(value: &Value) -> &str {
    value["id"].as_str().unwrap_or_default()
}

/// Refuses a file that is not one, or that names what it does not have. So nothing is made of a file that is wrong in part.
fn check(file: &Value) -> Result<(), Refusal> {
    let is_whole = serde_json::from_value::<AgentFile>(file.clone()).is_ok();
    if !is_whole {
        return Err(bad(
            "validation errors for AgentFileSchema: the file lacks members, or has some of another type",
        ));
    }
    let ids = |name: &str| -> BTreeSet<&str> { items(file, name).map(id_of).collect() };
    let (tools, blocks, sources) = (ids("tools"), ids("blocks"), ids("sources"));
    let files = ids("files");
    let missing = |what: &str| {
        bad(format!(
            "Import failed: an agent of the file names {what} that the file does not have"
        ))
    };
    for agent in items(file, "agents") {
        for (member, what, ids) in [
            ("tool_ids", "a tool", &tools),
            ("block_ids", "a block", &blocks),
            ("source_ids", "a source", &sources),
        ] {
            if !texts(agent, member).iter().all(|id| ids.contains(&**id)) {
                return Err(missing(what));
            }
        }
        let messages: BTreeSet<&str> = items(agent, "messages").map(id_of).collect();
        let in_context = texts(agent, "in_context_message_ids");
        if !in_context.iter().all(|id| messages.contains(&**id)) {
            return Err(missing("a message"));
        }
        let mut attached = items(agent, "files_agents").filter_map(|it| it["file_id"].as_str());
        if !attached.all(|id| files.contains(id)) {
            return Err(missing("a file"));
        }
    }
    let mut of_sources = items(file, "files").filter_map(|it| it["source_id"].as_str());
    match of_sources.all(|id| sources.contains(id)) {
        true => Ok(()),
        false => Err(bad(
            "Import failed: a file names a source that the file does not have",
        )),
    }
}

/// A thing of a file under an ID of its own.
fn with_id<T: serde::de::DeserializeOwned>(value: &Value, id: &str) -> Result<T, Refusal> {
    let mut value = value.clone();
    value["id"] = json!(id);
    serde_json::from_value(value).map_err(|_| bad("Import failed: a part of the file is invalid"))
}

/// IDs of a file, with those that became of them.
type Made = HashMap<String, String>;

fn mapped(made: &Made, agent: &Value, name: &str) -> Vec<String> {
    let ids = texts(agent, name);
    ids.iter().filter_map(|id| made.get(id).cloned()).collect()
}

fn make(
    world: &mut World,
    file: &Value,
    options: &Options,
    now: Timestamp,
) -> Result<Vec<AgentId>, Refusal> {
    // What can go wrong goes wrong before anything is kept.
    let mut new_tools: Vec<(String, Tool)> = Vec::new();
    for tool in items(file, "tools") {
        let new: Tool = with_id(tool, &id::generate("tool"))?;
        new_tools.push((id_of(tool).to_owned(), new));
    }
    let mut blocks: Vec<(String, Block)> = Vec::new();
    for block in items(file, "blocks") {
        let mut new: Block = with_id(block, &id::generate("block"))?;
        new.tags.get_or_insert_default();
        blocks.push((id_of(block).to_owned(), new));
    }
    let mut folders: Vec<(String, Folder)> = Vec::new();
    for source in items(file, "sources") {
        folders.push((
            id_of(source).to_owned(),
            folder(world, source, options, now)?,
        ));
    }
    let mut made = Made::new();
    for (of_file, folder) in folders {
        made.insert(of_file, folder.id.to_string());
        // None has the ID, which is random.
        let _ = world.folders.insert(folder);
    }
    for server in items(file, "mcp_servers") {
        mcp_servers::import(world, server);
    }
    for (of_file, tool) in new_tools {
        let id = tools::import(world, tool, options.override_tools);
        mcp_servers::adopt(world, &id);
        made.insert(of_file, id);
    }
    for (of_file, block) in blocks {
        made.insert(of_file, block.id.to_string());
        let _ = world.blocks.insert(block);
    }
    for of_file in items(file, "files") {
        if let Some(record) = file_record(of_file, &made, now) {
            made.insert(id_of(of_file).to_owned(), record.file.id.to_string());
            let _ = world.files.insert(record);
        }
    }
    let mut agent_ids = Vec::new();
    for agent in items(file, "agents") {
        agent_ids.push(make_agent(world, agent, options, &made, now)?);
    }
    Ok(agent_ids)
}

fn folder(
    world: &World,
    source: &Value,
    options: &Options,
    now: Timestamp,
) -> Result<Folder, Refusal> {
    let mut source = source.clone();
    let name = source["name"].as_str().unwrap_or_default().to_owned();
    if world.folders.iter().any(|folder| folder.name == name) {
        let suffix = id::generate("x");
        let suffix = suffix.get(2..10).unwrap_or_default();
        source["name"] = json!(format!("{name}_{suffix}"));
    }
    let handle = options.embedding.as_deref();
    if handle.is_some() || source["embedding_config"].is_null() {
        source["embedding_config"] = json!(models::embedding_config_of(
            handle.unwrap_or(models::DEFAULT)
        )?);
    }
    let mut folder: Folder = with_id(&source, &id::generate("source"))?;
    folder.created_at = Some(written(now));
    folder.updated_at = Some(written(now));
    Ok(folder)
}

/// A file, which is processed at once. `None` if it is not one.
fn file_record(of_file: &Value, made: &Made, now: Timestamp) -> Option<FileRecord> {
    let mut file = of_file.clone();
    file["id"] = json!(id::generate("file"));
    file["source_id"] = json!(made.get(of_file["source_id"].as_str()?)?);
    file["processing_status"] = json!("completed");
    file["created_at"] = json!(written(now));
    file["updated_at"] = json!(written(now));
    serde_json::from_value(json!({"file": file, "ready_at": now, "uploaded_at": now})).ok()
}

fn make_agent(
    world: &mut World,
    of_file: &Value,
    options: &Options,
    made: &Made,
    now: Timestamp,
) -> Result<AgentId, Refusal> {
    let mut body = of_file.clone();
    for name in ["tool_ids", "block_ids", "source_ids"] {
        body[name] = json!(mapped(made, of_file, name));
    }
    if let Some(name) = &options.name {
        body["name"] = json!(name);
    } else if options.copy_suffix {
        let name = of_file["name"].as_str().unwrap_or_default();
        body["name"] = json!(format!("{name}_copy"));
    }
    if let Some(model) = &options.model {
        body["model"] = json!(model);
        body["llm_config"] = Value::Null;
    }
    if let Some(embedding) = &options.embedding {
        body["embedding"] = json!(embedding);
        body["embedding_config"] = Value::Null;
    }
    if let Some(project) = &options.project {
        body["project_id"] = json!(project);
    }
    if let Some(given) = &options.secrets {
        // Secrets that the file does not name are passed over.
        for name in ["secrets", "tool_exec_environment_variables"] {
            for (key, value) in body[name].as_object_mut().into_iter().flatten() {
                *value = given.get(key).cloned().unwrap_or_else(|| json!(""));
            }
        }
    }
    let (mut agent, blocks) = draft::create(world, &body, now)?;
    let attached = items(of_file, "files_agents");
    agent.files = attached
        .filter_map(|it| {
            Some(AttachedFile {
                id: id::generate("file_agent"),
                file_id: made.get(it["file_id"].as_str()?)?.as_str().into(),
                is_of_folder: true,
                is_open: it["is_open"] == true,
                accessed_at: now,
            })
        })
        .collect();
    let id = agent.state.id.clone();
    agent.thread = Thread::default();
    agents::add_with_blocks(world, agent, blocks, now)?;
    let thread = thread(of_file, now);
    if let Some(agent) = world.agents.get_mut(id.as_str())
        && !thread.messages.is_empty()
    {
        agent.thread = thread;
    }
    Ok(id)
}

/// The messages of an agent, each with an ID of its own.
fn thread(of_file: &Value, now: Timestamp) -> Thread {
    let in_context: BTreeSet<String> = texts(of_file, "in_context_message_ids")
        .into_iter()
        .collect();
    let mut thread = Thread::default();
    let mut forgotten = None;
    for (place, of_file) in items(of_file, "messages").enumerate() {
        if place > 0 && forgotten.is_none() && in_context.contains(id_of(of_file)) {
            forgotten = Some(place);
        }
        thread.messages.push(message::imported(of_file, now));
    }
    let count = thread.messages.len();
    thread.forgotten = forgotten.unwrap_or(count);
    thread
}
