//! The version of OpenAPI. No other rule runs on a version that is not known here.

use super::context::Context;
use super::rules;
use crate::openapi::{Node, Pointer};

/// Whether the document is of a version that the other rules are about.
pub(super) fn check(context: &mut Context<'_>) -> bool {
    let root = Pointer::default();
    let version = context.document.get("openapi");
    match version.and_then(Node::as_str) {
        Some(text) if text.starts_with("3.0.") => true,
        Some(text) => {
            let message = format!("OpenAPI {text} is not read, but 3.0 and 3.1 are");
            // The stage before has made 3.0 of 3.1. What 3.2 adds are fields, which other rules do not know and refuse.
            let help = match text.starts_with("3.2.") {
                true => format!(
                    "have it read as OpenAPI 3.1, with {}; what OpenAPI 3.2 adds is refused then",
                    context.update(&root, "openapi: 3.1.1")
                ),
                false => "give a description in OpenAPI 3.0 or 3.1".to_owned(),
            };
            context.report(rules::OPENAPI_VERSION, &root.join("openapi"), message, help);
            false
        }
        None if context.document.get("swagger").is_some() => {
            context.report(
                rules::OPENAPI_VERSION,
                &root.join("swagger"),
                "this is a description in Swagger 2.0, and OpenAPI 3.0 and 3.1 are read",
                "convert it to OpenAPI 3.0 first, as with `npx swagger2openapi FILE --outfile openapi.yaml`",
            );
            false
        }
        None => {
            let (at, message) = match version {
                Some(node) => (
                    root.join("openapi"),
                    format!("the OpenAPI version is {}, not a string", node.value.kind()),
                ),
                None => (
                    root,
                    "the file has no `openapi` version, so it is not a description".to_owned(),
                ),
            };
            context.report(
                rules::OPENAPI_VERSION,
                &at,
                message,
                "begin it with `openapi: 3.0.3`",
            );
            false
        }
    }
}
