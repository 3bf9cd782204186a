//! What kind of value a schema describes, references followed: `{allOf: [{$ref: Id}]}` with `Id: {type: string}` is a scalar.
//!
//! Rules about parameters and forms ask for it. What is written there must be a text, a number or a boolean.

use std::collections::HashSet;

use super::context::Context;
use super::schema::{Role, Schema};
use crate::markers::REPLACE;
use crate::openapi::{Node, Pointer};

/// The kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A text, a number or a boolean.
    Scalar,
    Array,
    Object,
    /// Values of several schemas.
    Union,
    /// Any JSON.
    Any,
    /// A hand-written type, or one that other rules refuse.
    Unknown,
}

/// A shape, and the schema that has it.
pub(super) struct Shaped<'a> {
    pub(super) shape: Shape,
    pub(super) nullable: bool,
    /// What the references led to.
    pub(super) schema: Schema<'a>,
}

/// Follows references and looks through an `allOf` of one. `None` if a reference is wrong.
pub(super) fn shape<'a>(context: &Context<'a>, at: &Pointer, node: &'a Node) -> Option<Shaped<'a>> {
    let mut nullable = false;
    let (mut at, mut node) = (at.clone(), node);
    // Each round follows references and goes into an `allOf` of one; a circle of those ends nowhere.
    let mut seen = HashSet::new();
    loop {
        let (to, found) = context.resolve(&at, node, "schemas")?;
        if !seen.insert(to.clone()) {
            return None;
        }
        let is_component = to.0.len() == 3 && to.0[0] == "components";
        let role = if is_component {
            Role::Component
        } else {
            Role::Inline
        };
        let schema = Schema::new(to, found, role);
        nullable |= schema.flag("nullable");
        let shape = match schema.kind() {
            _ if is_component && found.get(REPLACE).is_some() => Shape::Unknown,
            Some("string" | "integer" | "number" | "boolean") => Shape::Scalar,
            Some("array") => Shape::Array,
            Some("object") => Shape::Object,
            _ if schema.get("oneOf").is_some() => Shape::Union,
            _ => match schema.items("allOf") {
                [] if schema.get("anyOf").is_none() && schema.get("not").is_none() => Shape::Any,
                [one] => {
                    at = schema.at.join("allOf").join(0);
                    node = one;
                    continue;
                }
                [_, _, ..] => Shape::Object,
                _ => Shape::Unknown,
            },
        };
        return Some(Shaped {
            shape,
            nullable,
            schema,
        });
    }
}
