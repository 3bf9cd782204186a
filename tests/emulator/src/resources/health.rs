//! Whether the service is there.

use axum::response::Response;
use serde_json::json;

use crate::call::{Call, ok};
use crate::http::refusal::Refusal;
use crate::world::World;

pub(crate) fn check(_: &Call, _: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&json!({"version": "0.16.8", "status": "ok"})))
}
