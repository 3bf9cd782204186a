//! Fourth stage: what progenitor has no way to take is put in a form that it takes.
//!
//! Whatever the refine stage has to know of it stands in the description afterwards, in extensions that
//! begin with [`MADE`]. Nothing is lost here: what cannot be arranged is left as it is, for a lint to refuse.

mod no_content;
mod nodes;
mod optional_bodies;
mod shapes;
mod streams;
mod uploads;

use crate::document::{Node, Pointer, Value};

/// Extensions that begin so are this stage's own, written for those after it. In a description that comes
/// from outside they mean nothing, and are taken out.
pub const MADE: &str = "x-made-";
/// On an operation that answers with JSON or a stream of events: the `method` for the stream, and perhaps the
/// component schema of an `event`, and the `switch` by which the request body asks for it.
pub const EVENT_STREAM: &str = "x-made-event-stream";
/// On an operation: its request body may be left out.
pub const OPTIONAL_BODY: &str = "x-made-optional-body";
/// On an operation and on the schema of its request body: the body is sent as `multipart/form-data`.
pub const UPLOAD: &str = "x-made-upload";
/// On a schema that has been moved: the JSON pointer to where it stood, for actions of the overlay.
pub const FROM: &str = "x-made-from";

pub use uploads::FILE_TYPE;

/// Arranges a description in OpenAPI 3.0.
pub fn arrange(document: Node) -> Node {
    let mut document = document;
    forget_made(&mut document);
    no_content::arrange(&mut document);
    streams::arrange(&mut document);
    shapes::arrange(&mut document);
    uploads::arrange(&mut document);
    optional_bodies::arrange(&mut document);
    document
}

/// Where what stands at `at` stood before this stage moved it: an overlay comes before.
pub fn origin(document: &Node, at: &Pointer) -> Pointer {
    let mut node = Some(document);
    let mut origin = Pointer::default();
    for part in &at.0 {
        let step = Pointer::default().join(part);
        node = node.and_then(|node| node.pointer(&step));
        origin = origin.join(part);
        let moved = node.and_then(|node| node.get(FROM)?.as_str());
        if let Some(from) = moved.and_then(Pointer::parse) {
            origin = from;
        }
    }
    origin
}

fn forget_made(node: &mut Node) {
    match &mut node.value {
        Value::Object(members) => {
            members.retain(|key, _| !key.starts_with(MADE));
            for entry in members.values_mut() {
                forget_made(&mut entry.node);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget_made),
        _ => {}
    }
}
