//! The version of OpenAPI. No other rule runs on a version that is not known here.

use super::context::Context;
use super::rules;
use crate::openapi::{Node, Pointer};
use crate::overlay;

/// Whether the document is of a version that the other rules are about.
pub(super) fn check(context: &mut Context<'_>) -> bool {
    // The stage before has made 3.0 of 3.1.
    let is_read = |version: &str| version.starts_with("3.0.");
    match problem(context.document, context.given(), is_read) {
        None => true,
        Some((at, message, help)) => {
            context.report(rules::OPENAPI_VERSION, &at, message, help);
            false
        }
    }
}

/// What is wrong with the version of a document: where, what, and what to do. `None` if it is one that is read. `given` is the document before
/// it was lowered.
pub(crate) fn problem(
    document: &Node,
    given: &Node,
    is_read: impl Fn(&str) -> bool,
) -> Option<(Pointer, String, String)> {
    let root = Pointer::default();
    let version = document.get("openapi");
    Some(match version.and_then(Node::as_str) {
        Some(text) if is_read(text) => return None,
        Some(text) => {
            let message = format!("OpenAPI {text} is not read, but 3.0 and 3.1 are");
            // What 3.2 adds are fields, which other rules do not know and refuse.
            let help = match text.starts_with("3.2.") {
                true => format!(
                    "have it read as OpenAPI 3.1, with {}; what OpenAPI 3.2 adds is refused then",
                    overlay::update_action(given, &root, "openapi: 3.1.1")
                ),
                false => "give a description in OpenAPI 3.0 or 3.1".to_owned(),
            };
            (root.join("openapi"), message, help)
        }
        None if document.get("swagger").is_some() => (
            root.join("swagger"),
            "this is a description in Swagger 2.0, and OpenAPI 3.0 and 3.1 are read".to_owned(),
            "convert it to OpenAPI 3.0 first, as with `npx swagger2openapi FILE --outfile openapi.yaml`".to_owned(),
        ),
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
            (at, message, "begin it with `openapi: 3.0.3`".to_owned())
        }
    })
}
