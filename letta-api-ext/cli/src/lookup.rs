//! IDs of what people name. Agents are found by [`Context::agent_id`].

use letta_api_ext::letta_api::types::{FolderId, ToolId};

use crate::context::{Context, not_found};
use crate::failure::Failure;

/// The tool with this ID or name.
pub(crate) async fn tool_id(tool: &str, context: &Context) -> Result<ToolId, Failure> {
    if tool.starts_with("tool-") {
        return Ok(tool.into());
    }
    let request = context.letta()?.server_tools().list().name(tool);
    match request.limit(1).send().await?.first() {
        Some(tool) => Ok(tool.id.clone()),
        None => Err(not_found("tool", tool, "letta tool list")),
    }
}

/// The folder with this ID or name. The service calls folders sources, too.
pub(crate) async fn folder_id(folder: &str, context: &Context) -> Result<FolderId, Failure> {
    if folder.starts_with("source-") || folder.starts_with("folder-") {
        return Ok(folder.into());
    }
    folder_named(folder, context).await
}

/// The folder with this name. A name that no folder has is an error.
pub(crate) async fn folder_named(name: &str, context: &Context) -> Result<FolderId, Failure> {
    let request = context.letta()?.folders().list().name(name);
    match request.limit(1).send().await?.first() {
        Some(folder) => Ok(folder.id.clone()),
        None => Err(not_found("folder", name, "letta folder list")),
    }
}

/// The IDs of tools that are named. A name that no tool has is an error.
pub(crate) async fn tool_ids(names: &[String], context: &Context) -> Result<Vec<ToolId>, Failure> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let request = context.letta()?.server_tools().list();
    let mut tools = request.names(names.iter().cloned()).items();
    let mut found = Vec::new();
    while let Some(tool) = tools.next().await {
        let tool = tool?;
        found.push((tool.name.unwrap_or_default(), tool.id));
    }
    let id_of = |name: &String| {
        let same = found.iter().find(|(other, _)| other == name);
        same.map(|(_, id)| id.clone())
            .ok_or_else(|| not_found("tool", name, "letta tool list"))
    };
    names.iter().map(id_of).collect()
}
