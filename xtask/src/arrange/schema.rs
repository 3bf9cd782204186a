//! Looking at a schema as the generator will, and putting new ones together.

use indexmap::IndexMap;

use super::nodes::referred;
use crate::markers::{IGNORE, MARKER_PREFIX};
use crate::openapi::{Entry, Node, Span, Value};

/// The value of a keyword that is not to be ignored. Null stands for left out, as progenitor's reader has it.
pub(super) fn get<'a>(schema: &'a Node, keyword: &str) -> Option<&'a Node> {
    let value = schema.given(keyword)?;
    (!is_ignored(schema, keyword)).then_some(value)
}

fn is_ignored(schema: &Node, keyword: &str) -> bool {
    let ignored = schema.get(IGNORE).and_then(Node::as_array).unwrap_or(&[]);
    ignored.iter().any(|it| it.as_str() == Some(keyword))
}

pub(super) fn text<'a>(schema: &'a Node, keyword: &str) -> Option<&'a str> {
    get(schema, keyword)?.as_str()
}

pub(super) fn flag(schema: &Node, keyword: &str) -> bool {
    get(schema, keyword).and_then(Node::as_bool) == Some(true)
}

pub(super) fn items<'a>(schema: &'a Node, keyword: &str) -> &'a [Node] {
    get(schema, keyword).and_then(Node::as_array).unwrap_or(&[])
}

/// The members of an object that stands under a keyword.
pub(super) fn members<'a>(
    schema: &'a Node,
    keyword: &str,
) -> impl Iterator<Item = (&'a str, &'a Node)> {
    let members = get(schema, keyword).and_then(Node::as_object);
    members
        .into_iter()
        .flatten()
        .map(|(name, entry)| (name.as_str(), &entry.node))
}

pub(super) fn requires(schema: &Node, property: &str) -> bool {
    items(schema, "required")
        .iter()
        .any(|it| it.as_str() == Some(property))
}

/// The branches of a schema that is one of several, and nothing else beside: the keyword they stand under.
pub(super) fn alternatives(schema: &Node) -> Option<(&'static str, &[Node])> {
    let keyword = ["oneOf", "anyOf"]
        .into_iter()
        .find(|keyword| get(schema, keyword).is_some())?;
    let branches = items(schema, keyword);
    let stands_alone = [
        "properties",
        "additionalProperties",
        "allOf",
        "items",
        "enum",
        "not",
    ]
    .iter()
    .chain(["oneOf", "anyOf"].iter().filter(|it| **it != keyword))
    .all(|keyword| get(schema, keyword).is_none());
    let are_schemas = branches.iter().all(|branch| branch.as_object().is_some());
    (stands_alone && are_schemas && !branches.is_empty()).then_some((keyword, branches))
}

/// Our markers on a schema.
pub(super) fn markers(schema: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let members = schema.as_object().into_iter().flatten();
    members
        .filter(|(key, _)| key.starts_with(MARKER_PREFIX))
        .map(|(key, entry)| (key.as_str(), &entry.node))
}

/// The values of an enum of texts.
pub(super) fn texts(schema: &Node) -> Option<Vec<&str>> {
    if text(schema, "type") != Some("string") {
        return None;
    }
    let values = items(schema, "enum");
    let texts: Vec<&str> = values.iter().filter_map(Node::as_str).collect();
    (!values.is_empty() && texts.len() == values.len()).then_some(texts)
}

/// The name of the component that a schema refers to.
pub(super) fn reference(schema: &Node) -> Option<&str> {
    referred(schema, "schemas")
}

pub(super) fn node(value: Value, span: &Span) -> Node {
    Node {
        value,
        span: span.clone(),
    }
}

pub(super) fn string(text: impl Into<String>, span: &Span) -> Node {
    node(Value::String(text.into()), span)
}

pub(super) fn truth(value: bool, span: &Span) -> Node {
    node(Value::Bool(value), span)
}

pub(super) fn array(items: Vec<Node>, span: &Span) -> Node {
    node(Value::Array(items), span)
}

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

pub(super) fn entry(node: Node, span: &Span) -> Entry {
    Entry {
        key: span.clone(),
        node,
    }
}

/// A schema that refers to a component.
pub(super) fn refer(name: &str, span: &Span) -> Node {
    let target = string(format!("#/components/schemas/{name}"), span);
    object([("$ref", target)], span)
}

/// The members of an object, to change them; none of anything else.
pub(super) fn members_mut(node: &mut Node) -> Option<&mut IndexMap<String, Entry>> {
    match &mut node.value {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

pub(super) fn member_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    Some(&mut members_mut(node)?.get_mut(key)?.node)
}

pub(super) fn items_mut(node: Option<&mut Node>) -> &mut [Node] {
    match node.map(|node| &mut node.value) {
        Some(Value::Array(items)) => items,
        _ => &mut [],
    }
}
