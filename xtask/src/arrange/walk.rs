//! Every schema of a description, to change it.

use super::schema::{items_mut, member_mut, members_mut};
use crate::document::{Node, Value};

/// Deeper than any file that was read is nested.
const DEPTH: usize = 200;

/// Where a schema stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among the components, under a name.
    Component,
    /// It is a branch of a schema that is put together of several, or what one must not be.
    Branch,
    /// Elsewhere.
    Inline,
}

/// Gives each schema to `visit`, and then those within it as they are afterwards.
pub(super) fn each_schema(document: &mut Node, visit: &mut impl FnMut(&mut Node, Place)) {
    outside(document, visit, 0);
}

fn outside(node: &mut Node, visit: &mut impl FnMut(&mut Node, Place), depth: usize) {
    if depth > DEPTH {
        return;
    }
    match &mut node.value {
        Value::Object(members) => {
            for (key, entry) in members {
                match key.as_str() {
                    "schema" => within(&mut entry.node, Place::Inline, visit, depth + 1),
                    "schemas" => {
                        for (_, entry) in members_mut(&mut entry.node).into_iter().flatten() {
                            within(&mut entry.node, Place::Component, visit, depth + 1);
                        }
                    }
                    "example" | "examples" | "default" => {}
                    // A response may be the default.
                    "responses" => {
                        for (_, entry) in members_mut(&mut entry.node).into_iter().flatten() {
                            outside(&mut entry.node, visit, depth + 1);
                        }
                    }
                    key if key.starts_with("x-") => {}
                    _ => outside(&mut entry.node, visit, depth + 1),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                outside(item, visit, depth + 1);
            }
        }
        _ => {}
    }
}

fn within(schema: &mut Node, place: Place, visit: &mut impl FnMut(&mut Node, Place), depth: usize) {
    if depth > DEPTH || schema.as_object().is_none() {
        return;
    }
    visit(schema, place);
    let properties = member_mut(schema, "properties").and_then(members_mut);
    for (_, entry) in properties.into_iter().flatten() {
        within(&mut entry.node, Place::Inline, visit, depth + 1);
    }
    for (keyword, place) in [
        ("items", Place::Inline),
        ("additionalProperties", Place::Inline),
        ("not", Place::Branch),
    ] {
        if let Some(inner) = member_mut(schema, keyword) {
            within(inner, place, visit, depth + 1);
        }
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        for branch in items_mut(member_mut(schema, keyword)) {
            within(branch, Place::Branch, visit, depth + 1);
        }
    }
}
