//! Fourth stage: what progenitor has no way to take is put in a form that it takes.
//!
//! Whatever the refine stage has to know of it stands in the description afterwards, in extensions that
//! begin with [`MADE`]. Nothing is lost here: what cannot be arranged is left as it is, for a lint to refuse.

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
mod schema;
mod shapes;
mod streams;
mod tagged;
mod unions;
mod uploads;
mod walk;

use crate::openapi::{Node, Pointer, Value};

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

pub(crate) use operation_ids::name as operation_name;
/// On an object: its properties that are not sent.
pub const NOT_SENT: &str = "x-made-not-sent";
/// On an object that is sent and received: its properties that requests must have, and answers do not have.
pub const REQUIRED_TO_SEND: &str = "x-made-required-to-send";
/// On an object that is sent and received: its properties that every answer has, and requests do not have.
pub const REQUIRED_IN_ANSWERS: &str = "x-made-required-in-answers";

pub use uploads::FILE_TYPE;

/// On a component: it is one of several, and what there is to know of that.
///
/// `open`: whether it keeps what it does not know; `tag`: the property by which objects are told apart, if there
/// is one; `branches`: of each, the `field` that has its type in [`branches_of`] the component, the name of its
/// `variant`, whether that is `boxed`, the `kinds` of JSON it may be, the values of the tag (`tags`) that lead to
/// it, the `texts` that it is one of where it is an enum, the properties that are `required`, and those
/// that are so in answers alone (`in_answers`).
pub const UNION: &str = "x-made-union";
/// On a component whose fields have the types of a union's branches: where those stood.
pub const BRANCHES_FROM: &str = "x-made-branches-from";
/// On a property: a text that is this, or something that the description does not know.
pub const CONSTANT: &str = "x-made-constant";
/// On a component: the name of a field for members that the description does not know.
pub const KEEPS_UNKNOWN: &str = "x-made-keeps-unknown";

/// The component whose fields have the types of the branches of this union.
pub fn branches_of(union: &str) -> String {
    format!("branches-of-{union}")
}

/// Arranges a description in OpenAPI 3.0.
pub fn arrange(document: Node) -> Node {
    let mut document = document;
    forget_made(&mut document);
    operation_ids::arrange(&mut document);
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
