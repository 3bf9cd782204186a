//! Request bodies that may be left out. progenitor would always send one. A note on the operation tells refine to make it an `Option`.

use super::build::truth;
use super::nodes::{resolve, set};
use crate::markers::OPTIONAL_BODY;
use crate::openapi::media_types::is_json;
use crate::openapi::{Node, operations};

/// Marks the operations. OpenAPI's default for `required` is false. If the service needs a body and the
/// description does not say so, the overlay does.
pub(super) fn arrange(document: &mut Node) {
    let all: Vec<_> = operations(document).map(|(at, _)| at).collect();
    for at in all {
        let Some((_, body)) = resolve(document, &at.join("requestBody"), "requestBodies") else {
            continue;
        };
        let required = body
            .get("required")
            .is_some_and(|it| it.as_bool() != Some(false));
        let only_json = body
            .get("content")
            .and_then(Node::as_object)
            .is_some_and(|content| content.len() == 1 && content.keys().all(|name| is_json(name)));
        if !required
            && only_json
            && let Some(operation) = document.pointer_mut(&at)
        {
            let note = truth(true, &operation.span);
            set(operation, OPTIONAL_BODY, note);
        }
    }
}
