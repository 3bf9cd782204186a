//! Fifth stage: what progenitor cannot take is put in a form that it takes.
//!
//! What the refine stage has to know is written into the description, in extensions that begin with [`MADE`]. What
//! cannot be arranged is left as it is, and a lint refuses it.
//!
//! For example, this union of an answer
//!
//! ```yaml
//! get:
//!   operationId: getTool
//!   responses:
//!     '200': {content: {application/json: {schema: {oneOf: [{$ref: '#/components/schemas/Tool'}, {type: string}]}}}}
//! ```
//!
//! becomes a reference to a component, and the component says how its branches differ. progenitor makes a placeholder of
//! the union, typify makes the types of the branches, and refine writes the enum:
//!
//! ```yaml
//! components:
//!   schemas:
//!     GetToolResponse:
//!       x-made-from: '#/paths/…/schema'
//!       x-made-union: {open: true, branches: [{variant: Tool, kinds: [object]}, {variant: Text, kinds: [string]}]}
//!     branches-of-GetToolResponse:
//!       type: object
//!       properties: {b0: {$ref: '#/components/schemas/Tool'}, b1: {type: string}}
//! ```

mod build;
mod component_names;
mod declared_twice;
mod deprecated;
mod directions;
mod everywhere;
mod hoist;
mod idioms;
mod inheritance;
mod left_out;
mod media_types;
mod no_content;
mod nodes;
mod nullable;
mod one_error;
mod operation_ids;
mod optional_bodies;
mod other_answers;
mod pages;
mod parameters;
mod references;
mod shapes;
mod streams;
mod tagged;
mod unions;
mod uploads;
mod variants;
mod words;

use std::collections::HashMap;

use crate::markers::{ALSO_FROM, BRANCHES_FROM, FROM, MADE, RENAMED};
use crate::openapi::reference::place_of;
use crate::openapi::{Node, Pointer, Value, component_schemas};

pub use uploads::FILE_TYPE;
pub(crate) use uploads::is_part_name;

/// Arranges a description in OpenAPI 3.0.
///
/// The order matters. Names of operations come first, since types are named for them. References to parts without a
/// name are replaced before anything looks at schemas, and components get their last names then, so that every later reference is by those. What operations make of schemas (events, answers, forms) comes
/// before inline schemas get names. Defaults of what is sent are told in words after that, so that inline schemas that say the same are still
/// one type. Unions are set aside last, when every branch that needs a type has one.
pub fn arrange(document: Node) -> Node {
    let mut document = document;
    forget_made(&mut document);
    operation_ids::arrange(&mut document);
    references::arrange(&mut document);
    component_names::arrange(&mut document);
    other_answers::arrange(&mut document);
    one_error::arrange(&mut document);
    media_types::arrange(&mut document);
    pages::arrange(&mut document);
    everywhere::ignore(&mut document);
    parameters::arrange(&mut document);
    inheritance::arrange(&mut document);
    idioms::arrange(&mut document);
    declared_twice::arrange(&mut document);
    directions::arrange(&mut document);
    no_content::arrange(&mut document);
    streams::arrange(&mut document);
    shapes::arrange(&mut document);
    uploads::arrange(&mut document);
    optional_bodies::arrange(&mut document);
    nullable::arrange(&mut document);
    unions::simplify(&mut document);
    hoist::hoist(&mut document);
    variants::arrange(&mut document);
    left_out::arrange(&mut document);
    deprecated::in_words(&mut document);
    unions::set_aside(&mut document);
    document
}

/// How many times one part may have been moved. No part is moved so often; the limit ends a circle of notes.
const MOVES: usize = 8;

/// The place where a part of the description was before this stage moved it. Findings name that place, since an overlay is
/// applied before this stage and can reach no other.
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

/// Places that said the same, and of which only the first is seen in findings: inline schemas that have become one component. Each first
/// place comes with the others, as they were before this stage.
pub fn equal_places(document: &Node) -> HashMap<Pointer, Vec<Pointer>> {
    let mut equal: HashMap<Pointer, Vec<Pointer>> = HashMap::new();
    for (_, schema) in component_schemas(document) {
        let Some(first) = schema.get(FROM).and_then(pointer_in) else {
            continue;
        };
        let others = schema
            .get(ALSO_FROM)
            .and_then(Node::as_array)
            .unwrap_or(&[]);
        let others = others.iter().filter_map(pointer_in);
        let others = others.map(|at| origin(document, &at));
        equal
            .entry(origin(document, &first))
            .or_default()
            .extend(others);
    }
    equal.retain(|_, others| !others.is_empty());
    equal
}

/// The pointer that a note holds.
fn pointer_in(note: &Node) -> Option<Pointer> {
    Pointer::parse(note.as_str()?)
}

/// Follows the notes on the way to a place once. The last of them on the way counts, since it is about the innermost part that
/// was moved. A branch of a union has no note itself: it is field `b1` of a component, whose note says where all branches were.
fn one_origin(document: &Node, at: &Pointer) -> Pointer {
    let mut node = Some(document);
    let mut origin = Pointer::default();
    let mut branches = None;
    for part in &at.0 {
        let step = Pointer::default().join(part);
        node = node.and_then(|node| node.pointer(&step));
        origin = origin.join(part);
        let from = |key: &str| pointer_in(node?.get(key)?);
        let renamed = || node?.get(RENAMED)?.as_str();
        if let Some(from) = from(FROM) {
            origin = from;
        } else if let Some(given) = renamed() {
            origin = place_of("schemas", given);
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

/// Removes notes that the description already had when it was read. Such a description could steer the later stages.
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
