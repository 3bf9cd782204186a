//! The operations on servers of the Model Context Protocol. No server is called: what one offers is what a test says.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{McpServer, Tool, ToolType};
use serde_json::{Map, Value, json};

use crate::call::{Call, no_content, ok};
use crate::http::refusal::{Refusal, shown_id};
use crate::id;
use crate::resources::agents::draft::USER;
use crate::resources::members::picked;
use crate::resources::tools;
use crate::world::World;
use crate::world::mcp_server::{McpOffer, McpServerRecord};

/// The members of a configuration, whatever its type.
const MEMBERS: [&str; 7] = [
    "server_url",
    "auth_header",
    "auth_token",
    "custom_headers",
    "command",
    "args",
    "env",
];

fn found<'a>(world: &'a World, id: &str) -> Result<&'a McpServerRecord, Refusal> {
    world
        .mcp_servers
        .get(id)
        .ok_or_else(|| Refusal::no_such("MCPServer", id))
}

/// What is kept of a server.
fn of_json(value: &Value) -> Result<McpServer, Refusal> {
    match serde_json::from_value(value.clone()) {
        Ok(McpServer::Unknown(_)) | Err(_) => Err(Refusal::unprocessable(
            "config does not have the members that its type needs",
        )),
        Ok(server) => Ok(server),
    }
}

fn to_json(server: &McpServer) -> Value {
    serde_json::to_value(server).unwrap_or_default()
}

fn name_of(record: &McpServerRecord) -> String {
    let server = to_json(&record.server);
    server["server_name"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Names are unique.
fn check_name(world: &World, id: &str, name: &str) -> Result<(), Refusal> {
    let mut servers = world.mcp_servers.iter();
    match servers.any(|it| it.id.as_str() != id && name_of(it) == name) {
        true => Err(Refusal::detail(
            StatusCode::CONFLICT,
            "A unique constraint was violated for MCPServer. Check your input for duplicates: another server has the name",
        )),
        false => Ok(()),
    }
}

/// As the server shows a token: with the scheme before it, and not at all if there is no header for it.
fn with_scheme(config: &mut Value) {
    if config["auth_header"].as_str().is_none_or(str::is_empty)
        && let Value::Object(members) = config
    {
        members.remove("auth_token");
        return;
    }
    if let Some(token) = config["auth_token"].as_str()
        && !token.is_empty()
        && !token.starts_with("Bearer ")
    {
        config["auth_token"] = json!(format!("Bearer {token}"));
    }
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let id = id::generate("mcp_server");
    let name = body["server_name"].as_str().unwrap_or_default();
    check_name(world, &id, name)?;
    let mut config = picked(&body["config"], &MEMBERS);
    config["mcp_server_type"] = body["config"]["mcp_server_type"].clone();
    config["id"] = json!(id);
    config["server_name"] = json!(name);
    with_scheme(&mut config);
    let server = of_json(&config)?;
    let answer = ok(&server);
    // None has the ID, which is random.
    let _ = world.mcp_servers.insert(McpServerRecord {
        id: id.as_str().into(),
        server,
        tool_ids: Vec::new(),
    });
    // The server is asked for its tools at once. One that is not there is no error.
    let _ = synchronize(world, &id);
    Ok(answer)
}

/// Keeps a server of an agent file, which has no secrets, unless there is one of its name.
pub(crate) fn import(world: &mut World, of_file: &Value) {
    let name = of_file["server_name"].as_str().unwrap_or_default();
    if world.mcp_servers.iter().any(|it| name_of(it) == name) {
        return;
    }
    let id = id::generate("mcp_server");
    let mut config = json!({
        "mcp_server_type": of_file["server_type"],
        "id": id,
        "server_name": name,
    });
    match of_file["server_type"] == "stdio" {
        true => {
            config["command"] = of_file["stdio_config"]["command"].clone();
            config["args"] = of_file["stdio_config"]["args"].clone();
        }
        false => config["server_url"] = of_file["server_url"].clone(),
    }
    // What is no server is passed over.
    if let Ok(server) = of_json(&config) {
        let _ = world.mcp_servers.insert(McpServerRecord {
            id: id.as_str().into(),
            server,
            tool_ids: Vec::new(),
        });
    }
}

/// Counts a tool among those of the server that it says it comes from, if there is one of that name.
pub(crate) fn adopt(world: &mut World, tool_id: &str) {
    let tool = world.tools.get(tool_id);
    let metadata = tool.and_then(|tool| tool.metadata.as_ref());
    let server = metadata.and_then(|it| it.get("mcp")?.get("server_name")?.as_str());
    let Some(server) = server.map(str::to_owned) else {
        return;
    };
    let mut servers = world.mcp_servers.iter_mut();
    if let Some(record) = servers.find(|it| name_of(it) == server)
        && !record.tool_ids.iter().any(|id| id.as_str() == tool_id)
    {
        record.tool_ids.push(tool_id.into());
    }
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&found(world, call.path("mcp_server_id"))?.server))
}

pub(crate) fn list(_: &Call, world: &mut World) -> Result<Response, Refusal> {
    let servers: Vec<_> = world
        .mcp_servers
        .iter()
        .rev()
        .map(|it| &it.server)
        .collect();
    Ok(ok(&servers))
}

/// Sets what is not `null`. The type stays, whatever type the change names.
pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (id, body) = (call.path("mcp_server_id"), call.json());
    let mut server = to_json(&found(world, id)?.server);
    if let Some(name) = body["server_name"].as_str() {
        check_name(world, id, name)?;
        server["server_name"] = json!(name);
    }
    let config = picked(&body["config"], &MEMBERS);
    let is_of_a_program = server["mcp_server_type"] == "stdio";
    for (name, value) in config.as_object().into_iter().flatten() {
        let of_a_program = matches!(&**name, "command" | "args" | "env");
        if !value.is_null() && of_a_program == is_of_a_program {
            server[name] = value.clone();
        }
    }
    with_scheme(&mut server);
    let server = of_json(&server)?;
    let answer = ok(&server);
    if let Some(record) = world.mcp_servers.get_mut(id) {
        record.server = server;
    }
    Ok(answer)
}

/// Its tools go with it.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("mcp_server_id");
    let Some(record) = world.mcp_servers.remove(id) else {
        let id = shown_id(id).unwrap_or("not shown here");
        let detail = format!("MCP server with id {id} not found.");
        return Err(Refusal::detail(StatusCode::BAD_REQUEST, detail));
    };
    for tool in record.tool_ids {
        tools::remove(world, tool.as_str());
    }
    Ok(no_content())
}

/// The names of the tools that went, changed and came.
#[derive(Default)]
struct Changes {
    deleted: Vec<String>,
    updated: Vec<String>,
    added: Vec<String>,
}

/// Has the tools be those that the server offers. `None` if it is not there.
fn synchronize(world: &mut World, id: &str) -> Option<Changes> {
    let record = world.mcp_servers.get(id)?;
    let name = name_of(record);
    let offers = world.mcp_offers.get(&name)?.clone();
    let mut changes = Changes::default();
    let present: Vec<(String, String)> = record
        .tool_ids
        .iter()
        .filter_map(|id| world.tools.get(id.as_str()))
        .map(|tool| (tool.id.to_string(), tool.name.clone().unwrap_or_default()))
        .collect();
    for (tool_id, tool) in &present {
        if !offers.iter().any(|offer| offer.name == *tool) {
            tools::remove(world, tool_id);
            changes.deleted.push(tool.clone());
        }
    }
    for offer in &offers {
        let tool = of_offer(offer, &name, id);
        match present.iter().find(|(_, name)| *name == offer.name) {
            Some((tool_id, _)) => {
                let kept = world.tools.get_mut(tool_id);
                if let Some(kept) = kept.filter(|kept| kept.json_schema != tool.json_schema) {
                    kept.description = tool.description;
                    kept.json_schema = tool.json_schema;
                    changes.updated.push(offer.name.clone());
                }
            }
            None => {
                let tool_id = tools::upsert(world, tool);
                if let Some(record) = world.mcp_servers.get_mut(id) {
                    record.tool_ids.push(tool_id.into());
                }
                changes.added.push(offer.name.clone());
            }
        }
    }
    Some(changes)
}

fn of_offer(offer: &McpOffer, server_name: &str, server_id: &str) -> Tool {
    let mut tool = Tool::new(id::generate("tool"));
    tool.tool_type = Some(ToolType::ExternalMcp);
    tool.name = Some(offer.name.clone());
    tool.description = Some(offer.description.clone());
    tool.source_type = Some("python".to_owned());
    tool.tags = vec![format!("mcp:{server_name}")];
    tool.created_by_id = Some(USER.into());
    tool.last_updated_by_id = Some(USER.into());
    tool.enable_parallel_execution = Some(false);
    let mut schema = Map::new();
    schema.insert("name".to_owned(), json!(offer.name));
    schema.insert("description".to_owned(), json!(offer.description));
    schema.insert("parameters".to_owned(), offer.parameters.clone());
    tool.json_schema = Some(schema);
    let mut metadata = Map::new();
    let of_server = json!({"server_name": server_name, "server_id": server_id});
    metadata.insert("mcp".to_owned(), of_server);
    tool.metadata = Some(metadata);
    tool
}

pub(crate) fn refresh(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("mcp_server_id");
    let name = name_of(found(world, id)?);
    match synchronize(world, id) {
        Some(Changes {
            deleted,
            updated,
            added,
        }) => Ok(ok(
            &json!({"deleted": deleted, "updated": updated, "added": added}),
        )),
        None => {
            let shown = shown_id(&name).unwrap_or("not shown here");
            let message = format!("Could not connect to MCP server {shown} to resync tools");
            let detail = json!({
                "code": "MCPServerUnavailable",
                "message": message,
                "error": "letta-api-emulator calls no server, and was told of no tools of one of this name",
            });
            let body = json!({"detail": detail});
            Err(Refusal::whole(StatusCode::NOT_FOUND, message, body))
        }
    }
}

/// Empty for a server that does not exist.
pub(crate) fn list_tools(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let record = world.mcp_servers.get(call.path("mcp_server_id"));
    let ids = record.into_iter().flat_map(|record| &record.tool_ids);
    let tools: Vec<&Tool> = ids.filter_map(|id| world.tools.get(id.as_str())).collect();
    Ok(ok(&tools))
}

/// The tool of the path, if it is one of the server's.
fn tool<'a>(call: &Call, world: &'a World) -> Result<&'a Tool, Refusal> {
    let id = call.path("tool_id");
    let record = found(world, call.path("mcp_server_id"))?;
    let is_its_own = record.tool_ids.iter().any(|it| it.as_str() == id);
    let tool = world.tools.get(id).filter(|_| is_its_own);
    tool.ok_or_else(|| Refusal::no_such("Tool", id))
}

pub(crate) fn get_tool(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(tool(call, world)?))
}

pub(crate) fn run_tool(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let tool = tool(call, world)?;
    let mut result = tools::result(world, tool, &call.json()["args"]);
    // Of a tool that runs elsewhere, these are not known.
    result.stdout = None;
    result.stderr = None;
    Ok(ok(&result))
}
