//! Whether the service is there.

use axum::response::Response;
use letta_api::types::Health;

use crate::call::ok;

/// The version of the server whose ways the emulator has.
const VERSION: &str = "0.16.8";

pub(crate) fn healthy() -> Response {
    ok(&Health::new(VERSION, "ok"))
}
