//! Fourth stage: what progenitor has no way to take is put in a form that it takes.
//!
//! Whatever the refine stage has to know of it stands in the description afterwards, in extensions that
//! begin with [`MADE`]. Nothing is lost here: what cannot be arranged is left as it is, for a lint to refuse.

mod everywhere;
mod habits;
mod hoist;
mod nullable;
mod operation_ids;
mod schema;
mod tagged;
mod unions;
mod walk;

use crate::document::{Node, Value};

/// Extensions that begin so are this stage's own, written for those after it. In a description that comes
/// from outside they mean nothing, and are taken out.
pub const MADE: &str = "x-made-";

/// On a component: it is one of several, and what there is to know of that.
///
/// `open`: whether it keeps what it does not know; `tag`: the property by which objects are told apart, if there
/// is one; `branches`: of each, the `field` that has its type in [`branches_of`] the component, the name of its
/// `variant`, whether that is `boxed`, the `kinds` of JSON it may be, the values of the tag (`tags`) that lead to
/// it, and the properties that are `required`.
pub const UNION: &str = "x-made-union";
/// On a component that was made: where it stood in the description, as a JSON pointer.
pub const FROM: &str = "x-made-from";
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
    habits::arrange(&mut document);
    nullable::arrange(&mut document);
    unions::simplify(&mut document);
    hoist::hoist(&mut document);
    unions::set_aside(&mut document);
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
