//! Folders, which hold files.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{EmbeddingConfig, Folder, FolderId};
use serde_json::Value;

use crate::call::{Call, null, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::members::{changed, picked, text};
use crate::resources::models::embedding_config_of;
use crate::world::World;
use crate::world::page::{CursorPage, Cursors};

const DEFAULT_LIMIT: usize = 50;
const CHANGEABLE: [&str; 5] = [
    "name",
    "description",
    "instructions",
    "metadata",
    "embedding_config",
];

/// The folder of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a Folder, Refusal> {
    let folder = world.folders.get(id);
    folder.ok_or_else(|| Refusal::no_such("Folder", id))
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let given = body.get("embedding_config");
    let given: Option<EmbeddingConfig> =
        given.and_then(|config| serde_json::from_value(config.clone()).ok());
    let embedding = match (given, text(body, "embedding")) {
        (Some(config), _) => config,
        (None, Some(handle)) => {
            let mut config = embedding_config_of(handle)?;
            let chunk_size = body.get("embedding_chunk_size").and_then(Value::as_i64);
            if let Some(chunk_size) = chunk_size {
                config.embedding_chunk_size = chunk_size.into();
            }
            config
        }
        (None, None) => {
            return Err(Refusal::detail(
                StatusCode::BAD_REQUEST,
                "INVALID_ARGUMENT: a folder needs embedding or embedding_config",
            ));
        }
    };
    let mut folder = Folder::new("", id::generate("source"), embedding);
    folder.organization_id = Some(world.settings.organization.clone());
    folder.created_at = Some(written(call.now));
    folder.updated_at = Some(written(call.now));
    let folder: Folder = changed(&folder, &picked(body, &CHANGEABLE), &[])?;
    refuse_a_taken_name(world, &folder)?;
    let response = ok(&folder);
    // Its ID is new.
    let _ = world.folders.insert(folder);
    Ok(response)
}

/// No two folders have one name.
fn refuse_a_taken_name(world: &World, folder: &Folder) -> Result<(), Refusal> {
    let mut others = world.folders.iter().filter(|it| it.id != folder.id);
    match others.any(|it| it.name == folder.name) {
        true => Err(Refusal::detail(
            StatusCode::CONFLICT,
            "another folder has this name",
        )),
        false => Ok(()),
    }
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let page = page.oldest_first_by_default(&call.query);
    let name = call.query("name");
    let wanted = |folder: &Folder| name.as_deref().is_none_or(|name| folder.name == name);
    let folders = world.folders.iter();
    let page = page.of_those(folders, |it| it.id.as_str(), Cursors::STRICT, wanted)?;
    Ok(ok(&page))
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(found(world, call.path("folder_id"))?))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("folder_id");
    let members = picked(call.json(), &CHANGEABLE);
    let mut folder: Folder = changed(found(world, id)?, &members, &[])?;
    refuse_a_taken_name(world, &folder)?;
    folder.updated_at = Some(written(call.now));
    let response = ok(&folder);
    if let Some(kept) = world.folders.get_mut(id) {
        *kept = folder;
    }
    Ok(response)
}

/// Its files go with it, and no agent has it or them any more.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("folder_id");
    let folder = world.folders.remove(id);
    let folder = folder.ok_or_else(|| Refusal::no_such("Folder", id))?;
    world.files.retain(|it| it.file.source_id != folder.id);
    for agent in world.agents.iter_mut() {
        agent.folder_ids.retain(|id| *id != folder.id);
        let files = &world.files;
        agent
            .files
            .retain(|file| files.contains(file.file_id.as_str()));
    }
    Ok(null())
}

pub(crate) fn agents(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let folder: FolderId = found(world, call.path("folder_id"))?.id.clone();
    let agents = page.of_those(
        world.agents.iter(),
        |agent| agent.state.id.as_str(),
        Cursors::STRICT,
        |agent| agent.folder_ids.contains(&folder),
    )?;
    let ids: Vec<&str> = agents
        .into_iter()
        .map(|agent| agent.state.id.as_str())
        .collect();
    Ok(ok(&ids))
}
