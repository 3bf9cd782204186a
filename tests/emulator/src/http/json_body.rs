//! A request's body as JSON.

use axum::http::{HeaderMap, header};
use serde_json::Value;

use crate::http::refusal::Refusal;

/// Reads a JSON body.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    // serde_json's own message is left out, since messages of that kind may quote the body.
    serde_json::from_slice(body).map_err(|error| {
        Refusal::bad_request(format!(
            "the body is not JSON, at line {} column {}",
            error.line(),
            error.column()
        ))
    })
}

/// Whether the body is declared as JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str())
    else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
