//! Attaching to an agent, detaching from it, and listing what is attached.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{Block, Folder, Source, Tool, ToolType};

use crate::call::{Call, null, ok, written};
use crate::http::refusal::Refusal;
use crate::resources::agents::draft::{require_approval, two_of_one_label};
use crate::resources::agents::shown::{self, shown};
use crate::resources::agents::{found, found_mut, nothing_or_agent};
use crate::resources::base_tools;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::page::CursorPage;

const TOOLS_LIMIT: usize = 10;
const DEFAULT_LIMIT: usize = 100;

/// The page of those that are attached, in the order of their making.
///
/// Cursors go by the IDs, whatever the order: `before` gives those of a smaller ID, and `after` those of a greater one.
fn page<'a, T: 'a>(
    call: &Call,
    all: impl DoubleEndedIterator<Item = &'a T>,
    is_attached: impl Fn(&T) -> bool,
    id: impl Fn(&T) -> &str,
    limit: usize,
) -> Result<Vec<&'a T>, Refusal> {
    let page = CursorPage::from_query(&call.query, limit)?.with_zero_for_all();
    let is_wanted = |item: &&T| {
        let id = id(item);
        is_attached(item)
            && page.before().is_none_or(|before| id < before)
            && page.after().is_none_or(|after| id > after)
    };
    let items = all.filter(is_wanted);
    Ok(match page.is_oldest_first() {
        true => items.take(page.limit()).collect(),
        false => items.rev().take(page.limit()).collect(),
    })
}

/// Marks the agent as changed.
fn touch(call: &Call, agent: &mut AgentRecord) {
    agent.state.updated_at = Some(written(call.now));
}

pub(crate) fn list_tools(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = found(world, call.path("agent_id"))?;
    let is_attached = |tool: &Tool| agent.tool_ids.contains(&tool.id);
    let tools = page(
        call,
        world.tools.iter(),
        is_attached,
        |it| it.id.as_str(),
        TOOLS_LIMIT,
    )?;
    Ok(ok(&tools))
}

/// In the order of their IDs.
pub(crate) fn list_blocks(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = found(world, call.path("agent_id"))?;
    let is_attached = |block: &Block| agent.block_ids.contains(&block.id);
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?.with_zero_for_all();
    let mut blocks: Vec<&Block> = world.blocks.iter().filter(|it| is_attached(it)).collect();
    blocks.sort_by(|a, b| a.id.as_str().cmp(b.id.as_str()));
    let ids: Vec<String> = blocks.iter().map(|block| block.id.to_string()).collect();
    let ids = page.of_sorted(ids.iter());
    let blocks: Vec<&Block> = ids
        .into_iter()
        .filter_map(|id| world.blocks.get(id))
        .collect();
    Ok(ok(&blocks))
}

pub(crate) fn list_folders(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = found(world, call.path("agent_id"))?;
    let is_attached = |folder: &Folder| agent.folder_ids.contains(&folder.id);
    let folders = page(
        call,
        world.folders.iter(),
        is_attached,
        |it| it.id.as_str(),
        DEFAULT_LIMIT,
    )?;
    let sources: Vec<Source> = folders.into_iter().map(shown::source).collect();
    Ok(ok(&sources))
}

pub(crate) fn attach_tool(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, tool_id) = (call.path("agent_id"), call.path("tool_id"));
    found(world, agent_id)?;
    let tool = world.tools.get(tool_id).cloned();
    let tool = tool.ok_or_else(|| Refusal::no_such("Tool", tool_id))?;
    let agent = found_mut(world, agent_id)?;
    attach_one(agent, &tool);
    touch(call, agent);
    nothing_or_agent(call, world, agent_id)
}

/// Attaches a tool, if it is not attached, with the rule that it brings along.
pub(crate) fn attach_one(agent: &mut AgentRecord, tool: &Tool) {
    if !agent.tool_ids.contains(&tool.id) {
        agent.tool_ids.push(tool.id.clone());
    }
    if tool.default_requires_approval == Some(true) {
        let rules = agent.state.tool_rules.get_or_insert_default();
        require_approval(rules, tool.name.as_deref().unwrap_or_default());
    }
}

/// A tool that is not attached is no error. The rules for the tool stay.
pub(crate) fn detach_tool(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, tool_id) = (call.path("agent_id"), call.path("tool_id"));
    let agent = found_mut(world, agent_id)?;
    agent.tool_ids.retain(|id| id.as_str() != tool_id);
    touch(call, agent);
    nothing_or_agent(call, world, agent_id)
}

pub(crate) fn attach_block(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, block_id) = (call.path("agent_id"), call.path("block_id"));
    let agent = found(world, agent_id)?;
    let block = world.blocks.get(block_id);
    let block = block.ok_or_else(|| Refusal::no_such("Block", block_id))?;
    if !agent.block_ids.contains(&block.id) {
        if shown::blocks(world, agent).any(|other| other.label == block.label) {
            return Err(two_of_one_label());
        }
        let id = block.id.clone();
        found_mut(world, agent_id)?.block_ids.push(id);
    }
    touch(call, found_mut(world, agent_id)?);
    Ok(ok(&shown(world, found(world, agent_id)?)))
}

pub(crate) fn detach_block(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, block_id) = (call.path("agent_id"), call.path("block_id"));
    let agent = found_mut(world, agent_id)?;
    let Some(place) = agent
        .block_ids
        .iter()
        .position(|id| id.as_str() == block_id)
    else {
        let block = crate::http::refusal::shown_id(block_id).unwrap_or("of this ID");
        return Err(Refusal::detail(
            StatusCode::NOT_FOUND,
            format!(
                "No block with id '{block}' found for agent '{}'",
                agent.state.id
            ),
        ));
    };
    agent.block_ids.remove(place);
    touch(call, agent);
    Ok(ok(&shown(world, found(world, agent_id)?)))
}

/// An agent has one archive.
pub(crate) fn attach_archive(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, archive_id) = (call.path("agent_id"), call.path("archive_id"));
    found(world, agent_id)?;
    let archive = world.archives.get(archive_id);
    let id = archive
        .ok_or_else(|| Refusal::no_such("Archive", archive_id))?
        .id
        .clone();
    let agent = found_mut(world, agent_id)?;
    match agent.archive_ids.first() {
        Some(present) if *present != id => Err(Refusal::detail(
            StatusCode::CONFLICT,
            "IntegrityError: the agent has another archive, and an agent has one; detach that first",
        )),
        Some(_) => Ok(null()),
        None => {
            agent.archive_ids.push(id);
            Ok(null())
        }
    }
}

pub(crate) fn detach_archive(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, archive_id) = (call.path("agent_id"), call.path("archive_id"));
    found(world, agent_id)?;
    if !world.archives.contains(archive_id) {
        return Err(Refusal::no_such("Archive", archive_id));
    }
    let agent = found_mut(world, agent_id)?;
    agent.archive_ids.retain(|id| id.as_str() != archive_id);
    Ok(null())
}

fn identity(call: &Call, world: &World) -> Result<letta_api::types::IdentityId, Refusal> {
    let id = call.path("identity_id");
    let identity = world.identities.get(id);
    let identity = identity.ok_or_else(|| Refusal::no_such("Identity", id))?;
    found(world, call.path("agent_id"))?;
    Ok(identity.id.clone())
}

pub(crate) fn attach_identity(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = identity(call, world)?;
    let agent = found_mut(world, call.path("agent_id"))?;
    if !agent.identity_ids.contains(&id) {
        agent.identity_ids.push(id);
    }
    Ok(null())
}

pub(crate) fn detach_identity(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = identity(call, world)?;
    let agent = found_mut(world, call.path("agent_id"))?;
    agent.identity_ids.retain(|it| *it != id);
    Ok(null())
}

/// With the first folder come the tools that read files.
pub(crate) fn attach_folder(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, folder_id) = (call.path("agent_id"), call.path("folder_id"));
    found(world, agent_id)?;
    let folder = world.folders.get(folder_id);
    let id = folder
        .ok_or_else(|| Refusal::no_such("Source", folder_id))?
        .id
        .clone();
    let is_of_files = |tool: &&Tool| {
        let name = tool.name.as_deref().unwrap_or_default();
        base_tools::FILES.contains(&name)
    };
    let tools: Vec<Tool> = world.tools.iter().filter(is_of_files).cloned().collect();
    let agent = found_mut(world, agent_id)?;
    if !agent.folder_ids.contains(&id) {
        agent.folder_ids.push(id);
    }
    for tool in &tools {
        attach_one(agent, tool);
    }
    touch(call, agent);
    nothing_or_agent(call, world, agent_id)
}

/// With the last folder go the tools that read files. A folder that is not attached is no error.
pub(crate) fn detach_folder(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, folder_id) = (call.path("agent_id"), call.path("folder_id"));
    let is_of_files = |tool: &&Tool| tool.tool_type == Some(ToolType::LettaFilesCore);
    let files: Vec<_> = world
        .tools
        .iter()
        .filter(is_of_files)
        .map(|tool| tool.id.clone())
        .collect();
    let in_folder: Vec<_> = world
        .files
        .iter()
        .filter(|it| it.file.source_id.as_str() == folder_id)
        .map(|it| it.file.id.clone())
        .collect();
    let agent = found_mut(world, agent_id)?;
    agent.folder_ids.retain(|id| id.as_str() != folder_id);
    agent
        .files
        .retain(|file| !in_folder.contains(&file.file_id));
    if agent.folder_ids.is_empty() {
        agent.tool_ids.retain(|id| !files.contains(id));
    }
    touch(call, agent);
    nothing_or_agent(call, world, agent_id)
}
