//! Fourth stage: what progenitor has no way to take is put in a form that it takes.
//!
//! Whatever the refine stage has to know of it stands in the description afterwards, in extensions that
//! begin with [`MADE`]. Nothing is lost here: what cannot be arranged is left as it is, for a lint to refuse.

mod build;
mod deprecated;
mod directions;
mod everywhere;
mod hoist;
mod idioms;
mod no_content;
mod nodes;
mod nullable;
mod operation_ids;
mod optional_bodies;
mod references;
mod shapes;
mod streams;
mod tagged;
mod unions;
mod uploads;

use crate::markers::{BRANCHES_FROM, FROM, MADE};
use crate::openapi::{Node, Pointer, Value};

pub(crate) use operation_ids::name as operation_name;
pub use uploads::FILE_TYPE;

/// Arranges a description in OpenAPI 3.0.
pub fn arrange(document: Node) -> Node {
    let mut document = document;
    forget_made(&mut document);
    operation_ids::arrange(&mut document);
    references::arrange(&mut document);
    everywhere::ignore(&mut document);
    idioms::arrange(&mut document);
    directions::arrange(&mut document);
    no_content::arrange(&mut document);
    streams::arrange(&mut document);
    shapes::arrange(&mut document);
    uploads::arrange(&mut document);
    optional_bodies::arrange(&mut document);
    nullable::arrange(&mut document);
    unions::simplify(&mut document);
    hoist::hoist(&mut document);
    deprecated::in_words(&mut document);
    unions::set_aside(&mut document);
    document
}

/// More often than anything is moved.
const MOVES: usize = 8;

/// Where what stands at `at` stood before this stage moved it: an overlay comes before.
pub fn origin(document: &Node, at: &Pointer) -> Pointer {
    // What was moved may be part of something that had been moved before.
    let mut origin = at.clone();
    for _ in 0..MOVES {
        let before = one_origin(document, &origin);
        if before == origin {
            break;
        }
        origin = before;
    }
    origin
}

/// Follows the notes on the way to a place once: the last of them on the way counts, since it is about the innermost part that
/// was moved.
fn one_origin(document: &Node, at: &Pointer) -> Pointer {
    let mut node = Some(document);
    let mut origin = Pointer::default();
    let mut branches = None;
    for part in &at.0 {
        let step = Pointer::default().join(part);
        node = node.and_then(|node| node.pointer(&step));
        origin = origin.join(part);
        let from = |key: &str| Pointer::parse(node?.get(key)?.as_str()?);
        if let Some(from) = from(FROM) {
            origin = from;
        } else if let Some(from) = from(BRANCHES_FROM) {
            branches = Some(from);
        } else if let (Some(from), Some(index)) = (&branches, part.strip_prefix('b'))
            && index.bytes().all(|byte| byte.is_ascii_digit())
        {
            origin = from.join(index);
            branches = None;
        }
    }
    origin
}

/// Removes notes that a description has from outside. A description that holds them could steer the later stages.
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
