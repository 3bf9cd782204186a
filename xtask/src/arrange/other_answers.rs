//! Answers without a status of their own: `default`, and ranges such as `4XX`.
//!
//! | given | arranged |
//! |---|---|
//! | `default` or `2XX`, and no success with a status | the same for 200, 201, 202 and 203 |
//! | `2XX`, and a success with a status | the same for those of 200, 201, 202 and 203 that are not there |
//! | `default` with a success; `1XX`, `3XX`, `4XX`, `5XX` | removed |
//! | `101`, `304` and others that are neither a success nor an error | removed |
//!
//! What is removed arrives as unexpected, with its status and its body. As a documented answer, it would be decoded as the shape that the
//! description has for it, and an HTML page of a proxy would lose its status to a parse error.

use super::nodes::{remove, set};
use crate::openapi::{Node, Pointer, operations};

/// Successes with a body.
const SUCCESSES: [&str; 4] = ["200", "201", "202", "203"];

/// Arranges the answers of all operations.
pub(super) fn arrange(document: &mut Node) {
    let all: Vec<Pointer> = operations(document).map(|(at, _)| at).collect();
    for at in all {
        if let Some(responses) = document.pointer_mut(&at.join("responses")) {
            one(responses);
        }
    }
}

/// Arranges the answers of an operation.
fn one(responses: &mut Node) {
    let Some(members) = responses.as_object() else {
        return;
    };
    let keys: Vec<String> = members.keys().cloned().collect();
    let status = |key: &str| {
        key.parse::<u16>()
            .ok()
            .filter(|it| key.len() == 3 && (100..=999).contains(it))
    };
    let is_success = |key: &String| status(key).is_some_and(|it| (200..=299).contains(&it));
    let mut has_success = keys.iter().any(is_success);
    for key in keys.iter().filter(|it| it.eq_ignore_ascii_case("2xx")) {
        if let Some(any) = remove(responses, key) {
            spread(responses, &any);
            has_success = true;
        }
    }
    if let Some(any) = remove(responses, "default")
        && !has_success
    {
        spread(responses, &any);
        has_success = true;
    }
    // The only answer there is stays, for the lint about successes to name.
    if !has_success {
        return;
    }
    for key in &keys {
        let is_range = ["1xx", "3xx", "4xx", "5xx"]
            .iter()
            .any(|it| key.eq_ignore_ascii_case(it));
        let is_between =
            status(key).is_some_and(|it| (100..=199).contains(&it) || (300..=399).contains(&it));
        if is_range || is_between {
            remove(responses, key);
        }
    }
}

/// Adds an answer for each success that is not there.
fn spread(responses: &mut Node, any: &Node) {
    for status in SUCCESSES {
        if responses.get(status).is_none() {
            set(responses, status, any.clone());
        }
    }
}
