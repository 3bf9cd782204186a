//! Looking at a schema as the generator will: without the keywords that the overlay says to ignore.
//!
//! All stages read `x-codegen-ignore` by [`ignored`] and [`ignores`]. It hides a keyword from all of them: from the lints,
//! from drift, and in the end from progenitor.
//!
//! For `{type: string, format: uri, pattern: null, x-codegen-ignore: [format]}`, [`get`] finds `type` only. `format` is ignored, and
//! a keyword that is null is missing to progenitor. [`seen`] finds `pattern` too, so that a lint can report the null.

use super::{Node, reference};
use crate::markers::{IGNORE, MARKER_PREFIX};

/// The keywords that `x-codegen-ignore` names. A marker that is not a list of texts names none; a lint refuses it.
pub fn ignored(schema: &Node) -> impl Iterator<Item = &str> {
    let list = schema.get(IGNORE).and_then(Node::as_array).unwrap_or(&[]);
    list.iter().filter_map(Node::as_str)
}

/// Whether `x-codegen-ignore` names this keyword.
pub fn ignores(schema: &Node, keyword: &str) -> bool {
    ignored(schema).any(|it| it == keyword)
}

/// The value of a keyword that is not ignored, even if it is null. Lints and the lower stage tell null from a keyword that
/// is missing.
pub fn seen<'a>(schema: &'a Node, keyword: &str) -> Option<&'a Node> {
    let value = schema.get(keyword)?;
    (!ignores(schema, keyword)).then_some(value)
}

/// The value of a keyword that is not ignored. `None` if it is null: progenitor's reader takes null for missing.
pub fn get<'a>(schema: &'a Node, keyword: &str) -> Option<&'a Node> {
    seen(schema, keyword).filter(|value| !value.is_null())
}

/// The text of a keyword.
pub fn text<'a>(schema: &'a Node, keyword: &str) -> Option<&'a str> {
    get(schema, keyword)?.as_str()
}

/// Whether a keyword is `true`.
pub fn flag(schema: &Node, keyword: &str) -> bool {
    get(schema, keyword).and_then(Node::as_bool) == Some(true)
}

/// The items of a keyword that holds a list.
pub fn items<'a>(schema: &'a Node, keyword: &str) -> &'a [Node] {
    get(schema, keyword).and_then(Node::as_array).unwrap_or(&[])
}

/// The members of an object that stands under a keyword.
pub fn members<'a>(schema: &'a Node, keyword: &str) -> impl Iterator<Item = (&'a str, &'a Node)> {
    let members = get(schema, keyword).and_then(Node::as_object);
    members
        .into_iter()
        .flatten()
        .map(|(name, entry)| (name.as_str(), &entry.node))
}

/// Whether a property is required.
pub fn requires(schema: &Node, property: &str) -> bool {
    items(schema, "required")
        .iter()
        .any(|it| it.as_str() == Some(property))
}

/// The values of an enum of texts.
pub fn texts(schema: &Node) -> Option<Vec<&str>> {
    if text(schema, "type") != Some("string") {
        return None;
    }
    let values = items(schema, "enum");
    let texts: Vec<&str> = values.iter().filter_map(Node::as_str).collect();
    (!values.is_empty() && texts.len() == values.len()).then_some(texts)
}

/// The branches of a union, and their keyword, `oneOf` or `anyOf`. `None` if the schema also says something else about
/// its values: then it is no union by itself, and an enum for it would lose the rest.
pub fn alternatives(schema: &Node) -> Option<(&'static str, &[Node])> {
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

/// The property that the discriminator of a union names.
pub fn tag(union: &Node) -> Option<&str> {
    text(get(union, "discriminator")?, "propertyName")
}

/// The only branch of an `allOf`, or the schema itself if it has no such `allOf`. `allOf: [X]` is how 3.0 adds notes to a reference.
pub fn unwrapped(schema: &Node) -> &Node {
    match items(schema, "allOf") {
        [one] => one,
        _ => schema,
    }
}

/// Whether a schema with an `allOf` adds something to what it refers to.
pub fn extends(schema: &Node) -> bool {
    let adds = |keyword: &&str| get(schema, keyword).is_some();
    items(schema, "allOf").len() > 1
        || ["properties", "required", "additionalProperties"]
            .iter()
            .any(adds)
}

/// The name of the component that a schema refers to.
pub fn reference(schema: &Node) -> Option<&str> {
    reference::referred(schema, "schemas")
}

/// Our markers on a schema.
pub fn markers(schema: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let members = schema.as_object().into_iter().flatten();
    members
        .filter(|(key, _)| key.starts_with(MARKER_PREFIX))
        .map(|(key, entry)| (key.as_str(), &entry.node))
}
