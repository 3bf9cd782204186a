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
            let message = format!("OpenAPI {text} is not supported");
            // The stage before has made 3.0 of 3.1.
            let help = "give a description in OpenAPI 3.0 or 3.1";
            context.report(rules::OPENAPI_VERSION, &root.join("openapi"), message, help);
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
