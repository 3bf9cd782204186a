//! Archives, which hold passages.

use axum::response::Response;
use letta_api::types::{AgentId, Archive, VectorDbProvider};

use crate::call::{Call, no_content, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents;
use crate::resources::members::{changed, picked, text};
use crate::resources::models::embedding_config_of;
use crate::world::World;
use crate::world::page::{CursorPage, Cursors};

const DEFAULT_LIMIT: usize = 50;
const CHANGEABLE: [&str; 2] = ["name", "description"];

/// The archive of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a Archive, Refusal> {
    let archive = world.archives.get(id);
    archive.ok_or_else(|| Refusal::no_such("Archive", id))
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let mut archive = new(call, world, "");
    if let Some(handle) = text(body, "embedding") {
        archive.embedding_config = Some(embedding_config_of(handle)?);
    }
    let members = picked(body, &["name", "description", "embedding_config"]);
    let archive = changed(&archive, &members, &[])?;
    Ok(ok(add(world, archive)))
}

fn new(call: &Call, world: &World, name: &str) -> Archive {
    let id = id::generate("archive");
    let organization = world.settings.organization.as_str();
    Archive::new(written(call.now), name, id, organization)
        .with_updated_at(written(call.now))
        .with_vector_db_provider(VectorDbProvider::Native)
}

fn add(world: &mut World, archive: Archive) -> &Archive {
    let added = world.archives.insert(archive);
    added.expect("its ID is new")
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let name = call.query("name");
    let agent = match call.query("agent_id") {
        Some(id) => Some(agents::found(world, &id)?),
        None => None,
    };
    let wanted = |archive: &Archive| {
        name.as_deref().is_none_or(|name| archive.name == name)
            && agent.is_none_or(|agent| agent.archive_ids.contains(&archive.id))
    };
    let archives = world.archives.iter();
    let page = page.of_those(archives, |it| it.id.as_str(), Cursors::STRICT, wanted)?;
    Ok(ok(&page))
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(found(world, call.path("archive_id"))?))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("archive_id");
    let mut archive: Archive = changed(found(world, id)?, &picked(call.json(), &CHANGEABLE), &[])?;
    archive.updated_at = Some(written(call.now));
    let response = ok(&archive);
    if let Some(kept) = world.archives.get_mut(id) {
        *kept = archive;
    }
    Ok(response)
}

/// Its passages go with it, and no agent has it any more.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("archive_id");
    let archive = world.archives.remove(id);
    let archive = archive.ok_or_else(|| Refusal::no_such("Archive", id))?;
    world
        .passages
        .retain(|passage| passage.archive_id.as_ref() != Some(&archive.id));
    for agent in world.agents.iter_mut() {
        agent.archive_ids.retain(|id| *id != archive.id);
    }
    Ok(no_content())
}

/// The archive that the passages of an agent's go to. One is made if it has none.
pub(crate) fn of_agent(
    call: &Call,
    world: &mut World,
    agent: &AgentId,
) -> Result<Archive, Refusal> {
    let record = agents::found(world, agent.as_str())?;
    let (of_agent, embedding) = (&record.archive_ids, &record.state.embedding_config);
    match &of_agent[..] {
        [] => {
            let name = format!("{}'s Archive", record.state.name);
            let mut archive = new(call, world, &name);
            archive.embedding_config.clone_from(embedding);
            archive.description = Some("Made with the agent's first passage".to_owned());
            let archive = add(world, archive).clone();
            let record = agents::found_mut(world, agent.as_str())?;
            record.archive_ids.push(archive.id.clone());
            Ok(archive)
        }
        [one] => Ok(found(world, one.as_str())?.clone()),
        _ => Err(several(agent)),
    }
}

/// The server cannot choose between the archives of an agent.
fn several(agent: &AgentId) -> Refusal {
    Refusal::detail(
        axum::http::StatusCode::BAD_REQUEST,
        format!("Agent {agent} has more than one archive, so it is not known which to use"),
    )
}
