//! The operations, components and tags of a description.

use super::{Node, Pointer};
use crate::markers::is_extension;

/// The HTTP methods that a path item may have, as OpenAPI spells them.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// Every path item of a description, in its order, with the pointer to it. Extensions among the
/// paths are left out.
pub fn path_items(document: &Node) -> impl Iterator<Item = (Pointer, &Node)> {
    let paths = document.get("paths").and_then(Node::as_object);
    paths
        .into_iter()
        .flatten()
        .filter(|(path, _)| !is_extension(path))
        .map(|(path, entry)| (Pointer(vec!["paths".to_owned(), path.clone()]), &entry.node))
}

/// Every operation of a description, in its order, with the pointer to it. One that is null is left out:
/// progenitor's reader ignores it.
pub fn operations(document: &Node) -> impl Iterator<Item = (Pointer, &Node)> {
    path_items(document).flat_map(|(at, item)| {
        let members = item.as_object();
        members
            .into_iter()
            .flatten()
            .filter(|(key, entry)| METHODS.contains(&key.as_str()) && !entry.node.is_null())
            .map(move |(key, entry)| (at.join(key), &entry.node))
    })
}

/// Every operation of a description with a method that OpenAPI 3.2 adds, with the pointer to it and the method. No code is made of these.
pub fn newer_operations(document: &Node) -> impl Iterator<Item = (Pointer, String)> {
    path_items(document).flat_map(|(at, item)| newer_operations_of(&at, item).collect::<Vec<_>>())
}

/// Those of a path item.
pub fn newer_operations_of(at: &Pointer, item: &Node) -> impl Iterator<Item = (Pointer, String)> {
    let is_one = |node: &Node| node.as_object().is_some();
    let query = item.get("query").filter(|it| is_one(it));
    let query = query.map(|_| (at.join("query"), "QUERY".to_owned()));
    let list = at.join("additionalOperations");
    let others = item.get("additionalOperations").and_then(Node::as_object);
    let others = others.into_iter().flatten();
    let others = others
        .filter(move |(key, entry)| !is_extension(key) && is_one(&entry.node))
        .map(move |(method, _)| (list.join(method), method.clone()));
    query.into_iter().chain(others)
}

/// The tags of an operation in their order, each once. The first decides in which file its code is.
pub fn tags(operation: &Node) -> Vec<&str> {
    let tags = operation.get("tags").and_then(Node::as_array);
    let mut seen = Vec::new();
    for tag in tags.unwrap_or(&[]).iter().filter_map(Node::as_str) {
        if !seen.contains(&tag) {
            seen.push(tag);
        }
    }
    seen
}

/// Every component schema of a description, by name.
pub fn component_schemas(document: &Node) -> impl Iterator<Item = (&str, &Node)> {
    document
        .get("components")
        .and_then(|components| components.get("schemas"))
        .and_then(Node::as_object)
        .into_iter()
        .flatten()
        .map(|(name, entry)| (name.as_str(), &entry.node))
}
