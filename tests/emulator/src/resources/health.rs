//! Whether the service is there.

use axum::Json;
use axum::response::{IntoResponse, Response};
use letta_api::types::Health;

/// The version of the server whose ways the emulator has.
const VERSION: &str = "0.16.8";

pub(crate) fn healthy() -> Response {
    Json(Health::new(VERSION, "ok")).into_response()
}
