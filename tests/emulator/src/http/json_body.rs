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

/// How deep JSON may be nested. serde_json reads 128 levels, and a state file has some more around what was sent.
const NESTING: usize = 100;

/// Refuses JSON that is nested deeper than a state file can be read back with.
pub(crate) fn check_nesting(value: &Value) -> Result<(), Refusal> {
    match is_deeper_than(value, NESTING) {
        false => Ok(()),
        true => Err(Refusal::bad_request(format!(
            "the JSON is nested deeper than {NESTING} levels, which is the most that the emulator takes"
        ))),
    }
}

/// Whether a value has more levels of arrays and objects. It has 128 at most, since it was read.
fn is_deeper_than(value: &Value, levels: usize) -> bool {
    let is_deeper = |value: &Value| is_deeper_than(value, levels - 1);
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => true,
        Value::Array(items) => items.iter().any(is_deeper),
        Value::Object(members) => members.values().any(is_deeper),
        _ => false,
    }
}
