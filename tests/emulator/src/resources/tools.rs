//! The operations on tools, and what running one gives: the emulator runs no code.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{Tool, ToolExecutionResult, ToolReturnStatus, ToolSearchResult, ToolType};
use serde_json::{Map, Value, json};

use crate::call::{Call, null, ok};
use crate::http::refusal::{Refusal, quote, shown_id};
use crate::id;
use crate::resources::agents::draft::USER;
use crate::resources::members::{changed, picked, sets, texts};
use crate::world::World;
use crate::world::page::{CursorPage, Cursors};

mod schema;

const DEFAULT_LIMIT: usize = 50;

const MEMBERS: [&str; 9] = [
    "description",
    "tags",
    "source_code",
    "args_json_schema",
    "return_char_limit",
    "pip_requirements",
    "npm_requirements",
    "default_requires_approval",
    "enable_parallel_execution",
];

/// The tool of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a Tool, Refusal> {
    world
        .tools
        .get(id)
        .ok_or_else(|| Refusal::no_such("Tool", id))
}

/// The tool of this name.
pub(crate) fn named<'a>(world: &'a World, name: &str) -> Option<&'a Tool> {
    let mut tools = world.tools.iter();
    tools.find(|tool| tool.name.as_deref() == Some(name))
}

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::detail(StatusCode::BAD_REQUEST, detail)
}

fn not_derived(why: String) -> Refusal {
    bad(format!(
        "Failed to derive json schema: Schema generation failed: {why}"
    ))
}

/// A tool of what a request says of it.
fn made(body: &Value) -> Result<Tool, Refusal> {
    let source = body["source_code"].as_str().unwrap_or_default();
    let kind = body["source_type"].as_str();
    match kind {
        None | Some("python") => {}
        Some("typescript") if sets(body, "json_schema") => {}
        Some("typescript") => {
            return Err(Refusal::unprocessable(
                "Value error, TypeScript tools require an explicit json_schema parameter",
            ));
        }
        Some(other) => return Err(bad(format!("Unknown tool source type: {}", quote(other)))),
    }
    let schema = match body.get("json_schema").filter(|it| it.is_object()) {
        Some(schema) => schema.clone(),
        None => {
            let arguments = body.get("args_json_schema").filter(|it| it.is_object());
            schema::of_python(source, arguments).map_err(not_derived)?
        }
    };
    let mut new = Tool::new(id::generate("tool"));
    new.tool_type = Some(ToolType::Custom);
    new.args_json_schema = Some(Map::new());
    new.enable_parallel_execution = Some(false);
    new.created_by_id = Some(USER.into());
    new.last_updated_by_id = Some(USER.into());
    let mut tool: Tool = changed(&new, &picked(body, &MEMBERS), &[])?;
    // What the server says of a tool that came without a type.
    tool.source_type = Some(kind.unwrap_or("json").to_owned());
    tool.name = schema["name"].as_str().map(str::to_owned);
    if tool.name.as_deref().is_none_or(str::is_empty) {
        return Err(bad("the JSON schema of the tool has no name"));
    }
    if tool.description.is_none() {
        tool.description = schema["description"].as_str().map(str::to_owned);
    }
    tool.json_schema = members(schema);
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    let hash = format!("{:012x}", hasher.finish() >> 16);
    tool.metadata = members(json!({"tool_hash": hash}));
    Ok(tool)
}

fn members(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// Keeps a tool, in place of the one of its name if there is one, which keeps its ID. Gives the ID.
pub(crate) fn upsert(world: &mut World, mut tool: Tool) -> String {
    let name = tool.name.clone().unwrap_or_default();
    let present = named(world, &name).map(|tool| tool.id.clone());
    match present {
        Some(id) => {
            tool.id = id.clone();
            if let Some(kept) = world.tools.get_mut(id.as_str()) {
                *kept = tool;
            }
            id.to_string()
        }
        None => {
            let id = tool.id.to_string();
            // None has the ID, which is random.
            let _ = world.tools.insert(tool);
            id
        }
    }
}

/// Keeps a tool of an agent file. An existing one of its name is replaced if `replace` says so and the service did not bring
/// it along. Gives the ID.
pub(crate) fn import(world: &mut World, tool: Tool, replace: bool) -> String {
    let present = named(world, tool.name.as_deref().unwrap_or_default());
    match present {
        Some(present) if !replace || present.tool_type.as_ref().is_some_and(is_of_the_service) => {
            present.id.to_string()
        }
        _ => upsert(world, tool),
    }
}

/// Makes a tool, or changes the one of its name: the server treats both alike.
pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let tool = made(call.json())?;
    let id = upsert(world, tool);
    Ok(ok(found(world, &id)?))
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(found(world, call.path("tool_id"))?))
}

/// The name is that of the schema. A new source leaves the schema as it is, and must have the name somewhere.
pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (id, body) = (call.path("tool_id"), call.json());
    let before = found(world, id)?;
    let mut tool: Tool = changed(before, &picked(body, &MEMBERS), &[])?;
    if let Some(kind) = body["source_type"].as_str() {
        tool.source_type = Some(kind.to_owned());
    }
    if let Some(schema) = body.get("json_schema").filter(|it| it.is_object()) {
        if let Some(name) = schema["name"].as_str() {
            if named(world, name).is_some_and(|other| other.id.as_str() != id) {
                return Err(bad(
                    "another tool has the name that the JSON schema gives; names of tools are unique",
                ));
            }
            tool.name = Some(name.to_owned());
        }
        tool.json_schema = members(schema.clone());
    }
    let name = tool.name.as_deref().unwrap_or_default();
    if body["source_code"]
        .as_str()
        .is_some_and(|source| !source.contains(name))
    {
        let detail = format!("Tool name '{name}' does not match the name in the source code");
        return Err(bad(detail));
    }
    let answer = ok(&tool);
    if let Some(kept) = world.tools.get_mut(id) {
        *kept = tool;
    }
    Ok(answer)
}

/// Takes it from all agents that have it. Their tool rules stay.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("tool_id");
    if !world.tools.contains(id) {
        let id = shown_id(id).unwrap_or("not shown here");
        return Err(bad(format!("Tool with id {id} not found.")));
    }
    remove(world, id);
    Ok(null())
}

/// Removes a tool, from agents too.
pub(crate) fn remove(world: &mut World, id: &str) {
    world.tools.remove(id);
    for agent in world.agents.iter_mut() {
        agent.tool_ids.retain(|it| it.as_str() != id);
    }
    for server in world.mcp_servers.iter_mut() {
        server.tool_ids.retain(|it| it.as_str() != id);
    }
}

/// The types of tools that a list or a search names. An unknown one is an error.
fn types(names: impl Iterator<Item = String>) -> Result<Vec<ToolType>, Refusal> {
    names
        .map(|name| {
            let kind = ToolType::from(name.clone());
            match kind.is_known() {
                true => Ok(kind),
                false => Err(bad(format!("Invalid tool_type {}", quote(&name)))),
            }
        })
        .collect()
}

/// Whether the service brings tools of this type along.
fn is_of_the_service(kind: &ToolType) -> bool {
    kind.as_str().starts_with("letta_")
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let texts = |name| call.query_all(name).map(|it| it.into_owned());
    let (kinds, but) = (
        types(texts("tool_types"))?,
        types(texts("exclude_tool_types"))?,
    );
    let names: Vec<String> = texts("names").collect();
    let ids: Vec<String> = texts("tool_ids").collect();
    let name = call.query("name");
    let part = call.query("search").map(|part| part.to_lowercase());
    let only_of_the_service = call
        .query_flag("return_only_letta_tools")
        .unwrap_or_default();
    let is_wanted = |tool: &Tool| {
        let of_tool = tool.name.as_deref().unwrap_or_default();
        let kind = tool.tool_type.as_ref();
        name.as_deref().is_none_or(|name| name == of_tool)
            && (names.is_empty() || names.iter().any(|name| name == of_tool))
            && (ids.is_empty() || ids.iter().any(|id| id == tool.id.as_str()))
            && part
                .as_deref()
                .is_none_or(|part| of_tool.to_lowercase().contains(part))
            && (kinds.is_empty() || kind.is_some_and(|kind| kinds.contains(kind)))
            && !kind.is_some_and(|kind| but.contains(kind))
            && (!only_of_the_service || kind.is_some_and(is_of_the_service))
    };
    let tools = page.of_those(
        world.tools.iter(),
        |it| it.id.as_str(),
        Cursors::USUAL,
        is_wanted,
    )?;
    Ok(ok(&tools))
}

/// The words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// By words: the more of the query's words a tool has in its name, its description and its tags, the higher it comes.
pub(crate) fn search(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let asked = words(body["query"].as_str().unwrap_or_default());
    let limit = body["limit"].as_u64().unwrap_or(50);
    let kinds = types(texts(body, "tool_types").into_iter())?;
    let tags = texts(body, "tags");
    let mut scored: Vec<(f64, String, &Tool)> = Vec::new();
    for tool in world.tools.iter().rev() {
        let is_wanted = (kinds.is_empty()
            || tool
                .tool_type
                .as_ref()
                .is_some_and(|kind| kinds.contains(kind)))
            && (tags.is_empty() || tags.iter().any(|tag| tool.tags.contains(tag)));
        if !is_wanted {
            continue;
        }
        let name = tool.name.as_deref().unwrap_or_default();
        let description = tool.description.as_deref().unwrap_or_default();
        let text = format!("{name} {description} {}", tool.tags.join(" "));
        let has = words(&text);
        let hits = asked.iter().filter(|word| has.contains(word)).count();
        if hits > 0 || asked.is_empty() {
            // At most a few words.
            #[allow(clippy::cast_precision_loss)]
            let score = hits as f64 / asked.len().max(1) as f64;
            scored.push((score, text, tool));
        }
    }
    scored.sort_by(|(a, ..), (b, ..)| b.total_cmp(a));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let results: Vec<ToolSearchResult> = (1_i64..)
        .zip(scored.into_iter().take(limit))
        .map(|(rank, (score, text, tool))| {
            let mut result = ToolSearchResult::new(tool.clone(), score);
            result.embedded_text = Some(text);
            result.fts_rank = Some(rank);
            result
        })
        .collect();
    Ok(ok(&results))
}

/// What running a tool gives: what it was made to return, or a text that repeats the call. A call without what the tool needs fails.
pub(crate) fn result(world: &World, tool: &Tool, arguments: &Value) -> ToolExecutionResult {
    let name = tool.name.as_deref().unwrap_or_default();
    let required = tool
        .json_schema
        .as_ref()
        .and_then(|schema| schema.get("parameters"))
        .and_then(|parameters| parameters.get("required"))
        .and_then(Value::as_array);
    let mut missing = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| arguments.get(name).is_none());
    if let Some(missing) = missing.next() {
        let mut result = ToolExecutionResult::new(ToolReturnStatus::Error);
        result.stdout = Some(Vec::new());
        result.stderr = Some(vec![format!(
            "TypeError: {name}() missing 1 required positional argument: '{missing}'\n"
        )]);
        return result;
    }
    let mut result = ToolExecutionResult::new(ToolReturnStatus::Success);
    result.func_return = Some(match world.tool_returns.get(name) {
        Some(value) => value.clone(),
        None => {
            let arguments = match arguments {
                Value::Null => json!({}),
                arguments => arguments.clone(),
            };
            json!(format!("{name} was called with {arguments}"))
        }
    });
    result.stdout = Some(Vec::new());
    result.stderr = Some(Vec::new());
    result
}

/// The schema of arguments of a tool that takes none.
pub(crate) fn no_parameters() -> Value {
    json!({"type": "object", "properties": {}, "required": []})
}

/// Refuses what no tool may be called.
pub(crate) fn check_name(name: &str) -> io::Result<()> {
    let is_name = (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    match is_name {
        true => Ok(()),
        false => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("the name of the tool {name:?} is not 1 to 64 letters, digits, `_` and `-`"),
        )),
    }
}

/// Adds a tool of a test's, in place of the one of its name, and gives its ID.
pub(crate) fn add(
    world: &mut World,
    name: &str,
    description: &str,
    parameters: Option<Value>,
    returns: Option<Value>,
) -> io::Result<String> {
    check_name(name)?;
    if let Some(returns) = returns {
        world.tool_returns.insert(name.to_owned(), returns);
    }
    let parameters = parameters.unwrap_or_else(no_parameters);
    let schema = json!({"name": name, "description": description, "parameters": parameters});
    let body = json!({"source_code": "", "source_type": "python", "json_schema": schema});
    let tool = made(&body)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the tool is invalid"))?;
    Ok(upsert(world, tool))
}
