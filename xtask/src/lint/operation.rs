//! Operations with their parameters, references followed. Other rules get them from here.
//!
//! A parameter of the path item counts for all its operations, unless an operation has one of the same name and place.

use super::context::Context;
use crate::markers::FIELD;
use crate::openapi;
use crate::openapi::{Node, Pointer};

/// An operation.
pub(super) struct Operation<'a> {
    pub(super) at: Pointer,
    pub(super) node: &'a Node,
    pub(super) path: &'a str,
    pub(super) method: String,
    pub(super) id: Option<&'a str>,
    /// The path item's, then the operation's own.
    pub(super) parameters: Vec<Parameter<'a>>,
}

/// A parameter of an operation.
pub(super) struct Parameter<'a> {
    /// Where the operation or the path item lists it.
    pub(super) listed: Pointer,
    /// Where it is defined.
    pub(super) at: Pointer,
    pub(super) node: &'a Node,
    pub(super) name: &'a str,
    pub(super) location: &'a str,
}

impl<'a> Parameter<'a> {
    /// The name that the overlay gives to its argument.
    pub(super) fn field(&self) -> Option<&'a str> {
        self.node.get(FIELD).and_then(Node::as_str)
    }
}

impl Operation<'_> {
    /// `GET /v1/agents`
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

/// All operations, in the order of the description.
pub(super) fn collect<'a>(context: &Context<'a>) -> Vec<Operation<'a>> {
    let document = context.document;
    let mut operations = Vec::new();
    for (at, node) in openapi::operations(document) {
        let (Some(item_at), Some(method)) = (at.parent(), at.last()) else {
            continue;
        };
        let paths = document.get("paths").and_then(Node::as_object);
        let Some((path, item)) = item_at.last().and_then(|path| paths?.get_key_value(path)) else {
            continue;
        };
        let mut parameters: Vec<Parameter<'a>> = Vec::new();
        list(context, &at, node, &mut parameters);
        let own = parameters.len();
        list(context, &item_at, &item.node, &mut parameters);
        // A path item's parameter gives way to the operation's of the same name and place.
        let inherited = parameters.split_off(own);
        let overridden = |it: &Parameter<'_>| {
            parameters
                .iter()
                .any(|own| own.name == it.name && own.location == it.location)
        };
        let mut inherited: Vec<_> = inherited.into_iter().filter(|it| !overridden(it)).collect();
        inherited.append(&mut parameters);
        operations.push(Operation {
            method: method.to_owned(),
            path,
            id: node.get("operationId").and_then(Node::as_str),
            parameters: inherited,
            node,
            at,
        });
    }
    operations
}

/// The parameters that an operation or a path item lists.
fn list<'a>(context: &Context<'a>, holder: &Pointer, node: &'a Node, out: &mut Vec<Parameter<'a>>) {
    let list = node
        .get("parameters")
        .and_then(Node::as_array)
        .unwrap_or(&[]);
    for (index, node) in list.iter().enumerate() {
        let listed = holder.join("parameters").join(index);
        let Some((at, node)) = context.resolve(&listed, node, "parameters") else {
            continue;
        };
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        if let (Some(name), Some(location)) = (text("name"), text("in")) {
            out.push(Parameter {
                listed,
                at,
                node,
                name,
                location,
            });
        }
    }
}
