//! The operations that read messages.

use axum::response::Response;
use serde_json::Value;

use crate::call::{Call, ok_value};
use crate::http::refusal::Refusal;
use crate::resources::agents::found;
use crate::world::World;
use crate::world::page::CursorPage;

const DEFAULT_LIMIT: usize = 100;

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let agent = found(world, call.path("agent_id"))?;
    let messages = page.of_messages(&agent.thread.messages)?;
    let shown: Vec<Value> = messages.iter().flat_map(|it| it.to_wire()).collect();
    Ok(ok_value(shown.into()))
}
