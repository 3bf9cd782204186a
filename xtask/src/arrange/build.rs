//! Putting new parts of a description together, and reaching into old ones to change them.

use indexmap::IndexMap;

use crate::openapi::reference::to_component;
use crate::openapi::{Entry, Node, Span, Value};

/// A value with a place. What this stage makes has the place of its cause, so that a finding about it has a line.
pub(super) fn node(value: Value, span: &Span) -> Node {
    Node {
        value,
        span: span.clone(),
    }
}

/// A text.
pub(super) fn string(text: impl Into<String>, span: &Span) -> Node {
    node(Value::String(text.into()), span)
}

/// A boolean.
pub(super) fn truth(value: bool, span: &Span) -> Node {
    node(Value::Bool(value), span)
}

/// A list.
pub(super) fn array(items: Vec<Node>, span: &Span) -> Node {
    node(Value::Array(items), span)
}

/// An object, its members in this order.
pub(super) fn object<K: Into<String>>(
    members: impl IntoIterator<Item = (K, Node)>,
    span: &Span,
) -> Node {
    let members: IndexMap<String, Entry> = members
        .into_iter()
        .map(|(key, node)| (key.into(), entry(node, span)))
        .collect();
    node(Value::Object(members), span)
}

/// A member of an object.
pub(super) fn entry(node: Node, span: &Span) -> Entry {
    Entry {
        key: span.clone(),
        node,
    }
}

/// A schema that refers to a component.
pub(super) fn refer(name: &str, span: &Span) -> Node {
    let target = string(to_component("schemas", name), span);
    object([("$ref", target)], span)
}

/// The members of an object, to change them. `None` for any other value.
pub(super) fn members_mut(node: &mut Node) -> Option<&mut IndexMap<String, Entry>> {
    match &mut node.value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

/// A member of an object, to change it.
pub(super) fn member_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    Some(&mut members_mut(node)?.get_mut(key)?.node)
}

/// The items of an array, to change them. Empty for any other value.
pub(super) fn items_mut(node: Option<&mut Node>) -> &mut [Node] {
    match node.map(|node| &mut node.value) {
        Some(Value::Array(items)) => items,
        _ => &mut [],
    }
}
