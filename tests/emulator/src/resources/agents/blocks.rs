//! The blocks of an agent, by their labels.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::BlockId;

use crate::call::{Call, ok};
use crate::http::refusal::{Refusal, shown_id};
use crate::resources::agents::{found, shown};
use crate::resources::blocks;
use crate::world::World;

/// The block of the label that the path names.
fn labelled(call: &Call, world: &World) -> Result<BlockId, Refusal> {
    let label = call.path("block_label");
    let agent = found(world, call.path("agent_id"))?;
    let block = shown::blocks(world, agent).find(|it| it.label.as_deref() == Some(label));
    block.map(|block| block.id.clone()).ok_or_else(|| {
        let label = shown_id(label).unwrap_or("not shown here");
        let detail = format!(
            "No block with label '{label}' found for agent '{}'",
            agent.state.id
        );
        Refusal::detail(StatusCode::NOT_FOUND, detail)
    })
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = labelled(call, world)?;
    Ok(ok(blocks::found(world, id.as_str())?))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = labelled(call, world)?;
    Ok(ok(&blocks::change(world, id.as_str(), call.json())?))
}
