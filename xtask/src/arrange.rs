//! Fourth stage: what progenitor has no way to take is put in a form that it takes.
//!
//! Whatever the refine stage has to know of it stands in the description afterwards, in extensions that
//! begin with [`MADE`]. Nothing is lost here: what cannot be arranged is left as it is, for a lint to refuse.

use crate::document::{Node, Value};

/// Extensions that begin so are this stage's own, written for those after it. In a description that comes
/// from outside they mean nothing, and are taken out.
pub const MADE: &str = "x-made-";

/// Arranges a description in OpenAPI 3.0.
pub fn arrange(document: Node) -> Node {
    let mut document = document;
    forget_made(&mut document);
    document
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
