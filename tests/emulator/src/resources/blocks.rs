//! The operations on blocks. A block is shared: whoever changes it changes it for all agents that have it.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{AgentState, Block, BlockId};
use serde_json::{Map, Value};

use crate::call::{Call, null, ok};
use crate::http::refusal::{Refusal, shown_id};
use crate::id;
use crate::resources::agents::prompt;
use crate::resources::agents::shown::{Relations, shown_with};
use crate::resources::members::{changed, picked};
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::page::{CursorPage, Cursors};

const DEFAULT_LIMIT: usize = 50;

const MEMBERS: [&str; 15] = [
    "value",
    "limit",
    "project_id",
    "template_name",
    "is_template",
    "template_id",
    "base_template_id",
    "deployment_id",
    "entity_id",
    "preserve_on_migration",
    "label",
    "read_only",
    "description",
    "metadata",
    "hidden",
];

/// The block of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a Block, Refusal> {
    world
        .blocks
        .get(id)
        .ok_or_else(|| Refusal::no_such("Block", id))
}

/// A block of what a request says of it.
pub(crate) fn made(body: &Value) -> Result<Block, Refusal> {
    let mut new = Block::new("", id::generate("block"));
    new.metadata = Some(Map::new());
    new.tags = Some(Vec::new());
    let mut block: Block = changed(&new, &picked(body, &MEMBERS), &[])?;
    set_tags(&mut block, body);
    if block.description.is_none() {
        block.description = description_of(block.label.as_deref()).map(str::to_owned);
    }
    Ok(block)
}

/// What a block of a usual label is for.
fn description_of(label: Option<&str>) -> Option<&'static str> {
    match label {
        Some("human") => Some("What the agent knows about the person that it talks to."),
        Some("persona") => Some("Who the agent is, and how it behaves."),
        _ => None,
    }
}

fn set_tags(block: &mut Block, body: &Value) {
    if let Some(tags) = body.get("tags").and_then(Value::as_array) {
        let mut texts: Vec<String> = Vec::new();
        for tag in tags.iter().filter_map(Value::as_str) {
            if !texts.iter().any(|it| it == tag) {
                texts.push(tag.to_owned());
            }
        }
        block.tags = Some(texts);
    }
}

/// Changes a block, for all agents that have it, whose prompts are written anew.
pub(crate) fn change(world: &mut World, id: &str, body: &Value) -> Result<Block, Refusal> {
    let mut block: Block = changed(found(world, id)?, &picked(body, &MEMBERS), &[])?;
    set_tags(&mut block, body);
    if let Some(kept) = world.blocks.get_mut(id) {
        *kept = block.clone();
    }
    prompt::recompile_all_with(world, id);
    Ok(block)
}

/// The agents that have a block, oldest first.
fn agents_of<'a>(world: &'a World, id: &'a BlockId) -> impl Iterator<Item = &'a AgentRecord> {
    let agents = world.agents.iter();
    agents.filter(move |agent| agent.block_ids.contains(id))
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let block = made(call.json())?;
    let answer = ok(&block);
    // None has the ID, which is random.
    let _ = world.blocks.insert(block);
    Ok(answer)
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("block_id");
    let block = world.blocks.get(id).ok_or_else(|| {
        let detail = match shown_id(id) {
            Some(id) => format!("Block with id '{id}' not found"),
            None => "Block with this id not found".to_owned(),
        };
        Refusal::detail(StatusCode::NOT_FOUND, detail)
    })?;
    Ok(ok(block))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&change(world, call.path("block_id"), call.json())?))
}

/// Takes it from all agents that have it.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("block_id");
    let block = world.blocks.remove(id);
    block.ok_or_else(|| Refusal::no_such("Block", id))?;
    for agent in world.agents.iter_mut() {
        agent.block_ids.retain(|it| it.as_str() != id);
    }
    for conversation in world.conversations.iter_mut() {
        let isolated = &mut conversation.conversation.isolated_block_ids;
        isolated.retain(|it| it.as_str() != id);
    }
    Ok(null())
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?.with_zero_for_all();
    let text = |name: &str| call.query(name).filter(|text| !text.is_empty());
    let number = |name: &str| call.query(name).and_then(|it| it.parse::<usize>().ok());
    let (label, name, project) = (text("label"), text("name"), text("project_id"));
    let (label_part, value_part) = (text("label_search"), text("value_search"));
    let description_part = text("description_search");
    let tags: Vec<_> = call.query_all("tags").collect();
    let all_tags = call.query_flag("match_all_tags").unwrap_or_default();
    let templates_only = call.query_flag("templates_only").unwrap_or_default();
    let more_than = number("connected_to_agents_count_gt");
    let less_than = number("connected_to_agents_count_lt");
    let exactly: Vec<usize> = call
        .query_all("connected_to_agents_count_eq")
        .filter_map(|it| it.parse().ok())
        .collect();
    let identity = text("identity_id");
    let keys: Vec<_> = call.query_all("identifier_keys").collect();
    let is = |wanted: &Option<String>, value: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
    };
    let has_part = |part: &Option<String>, value: Option<&str>| {
        let value = value.unwrap_or_default().to_lowercase();
        part.as_deref()
            .is_none_or(|part| value.contains(&part.to_lowercase()))
    };
    let counts = more_than.is_some() || less_than.is_some() || !exactly.is_empty();
    let is_wanted = |block: &Block| {
        let of_block = block.tags.as_deref().unwrap_or_default();
        let has_tag = |tag: &std::borrow::Cow<'_, str>| of_block.iter().any(|it| it == tag);
        let has_tags = match all_tags {
            true => tags.iter().all(has_tag),
            false => tags.is_empty() || tags.iter().any(has_tag),
        };
        let of_identity = identity.is_none() && keys.is_empty()
            || world.identities.iter().any(|it| {
                is(&identity, Some(it.id.as_str()))
                    && (keys.is_empty() || keys.iter().any(|key| it.identifier_key == *key))
                    && it.block_ids.contains(&block.id)
            });
        let has_count = !counts || {
            let count = agents_of(world, &block.id).count();
            more_than.is_none_or(|than| count > than)
                && less_than.is_none_or(|than| count < than)
                && (exactly.is_empty() || exactly.contains(&count))
        };
        is(&label, block.label.as_deref())
            && is(&name, block.template_name.as_deref())
            && is(&project, block.project_id.as_ref().map(|id| id.as_str()))
            && has_part(&label_part, block.label.as_deref())
            && has_part(&value_part, Some(&block.value))
            && has_part(&description_part, block.description.as_deref())
            && (!templates_only || block.is_template)
            && block.hidden != Some(true)
            && has_tags
            && of_identity
            && has_count
    };
    let blocks = page.of_those(
        world.blocks.iter(),
        |it| it.id.as_str(),
        Cursors::USUAL,
        is_wanted,
    )?;
    Ok(ok(&blocks))
}

/// The agents that have the block; without what is attached to them, whoever asks. None if there is no such block.
pub(crate) fn list_agents(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?.with_zero_for_all();
    let id = BlockId::from(call.path("block_id"));
    let agents = page.of_those(
        world.agents.iter(),
        |it| it.state.id.as_str(),
        Cursors::USUAL,
        |agent| agent.block_ids.contains(&id),
    )?;
    let relations = Relations::included(call);
    let agents: Vec<AgentState> = agents
        .into_iter()
        .map(|agent| shown_with(world, agent, relations))
        .collect();
    Ok(ok(&agents))
}
