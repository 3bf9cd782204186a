//! Whether the service is there.

use axum::Json;
use serde_json::{Value, json};

pub(crate) async fn check() -> Json<Value> {
    Json(json!({"version": "0.16.8", "status": "ok"}))
}
