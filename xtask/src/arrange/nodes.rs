//! What the parts of this stage share: following references, changing objects, and finding names.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::build::{object, string};
use crate::markers::FROM;
use crate::naming::type_name;
use crate::openapi::{
    Entry, Node, Pointer, Value, component_schemas, keywords, operations, reference, schema,
};

/// Sets a member of an object. One that exists keeps its position and the place of its key.
pub(super) fn set(holder: &mut Node, key: &str, node: Node) {
    if let Value::Object(members) = &mut holder.value {
        let key_span = match members.get(key) {
            Some(entry) => entry.key.clone(),
            None => node.span.clone(),
        };
        let entry = Entry {
            key: key_span,
            node,
        };
        members.insert(key.to_owned(), entry);
    }
}

/// Removes a member of an object, and returns it.
pub(super) fn remove(holder: &mut Node, key: &str) -> Option<Node> {
    match &mut holder.value {
        Value::Object(members) => members.shift_remove(key).map(|entry| entry.node),
        _ => None,
    }
}

/// The object at `at`, or the component of this kind that references lead to from there. `None` if that is not an object.
pub(super) fn resolve<'a>(
    document: &'a Node,
    at: &Pointer,
    kind: &str,
) -> Option<(Pointer, &'a Node)> {
    let found = reference::resolve(document, at, document.pointer(at)?, kind);
    found.filter(|(_, node)| node.as_object().is_some())
}

/// The component schemas that have a property in common: those in `start`, and all that `joins` accepts, given those found so far.
///
/// For "is an object", `A: {type: object}` is found first, then `B: {$ref: A}`, then `C: {allOf: [{$ref: B}]}`. To try all
/// components in each round would take quadratic time for a chain. So a component is tried again only if something that it
/// refers to has been found.
pub(super) fn grow(
    document: &Node,
    start: HashSet<String>,
    joins: impl Fn(&Node, &HashSet<String>) -> bool,
) -> HashSet<String> {
    let mut users: HashMap<&str, Vec<(&str, &Node)>> = HashMap::new();
    for (name, schema) in component_schemas(document) {
        mentioned(schema, &mut |target| {
            users.entry(target).or_default().push((name, schema));
        });
    }
    let mut found = start;
    let mut waiting: IndexMap<&str, &Node> = component_schemas(document).collect();
    loop {
        let more: Vec<String> = waiting
            .iter()
            .filter(|(name, schema)| !found.contains(**name) && joins(schema, &found))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if more.is_empty() {
            return found;
        }
        let users = more.iter().filter_map(|name| users.get(name.as_str()));
        waiting = users.flatten().copied().collect();
        found.extend(more);
    }
}

/// The components that a schema refers to, by itself or in its branches.
fn mentioned<'a>(schema: &'a Node, visit: &mut impl FnMut(&'a str)) {
    if let Some(name) = schema::reference(schema) {
        visit(name);
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let branches = schema.get(keyword).and_then(Node::as_array);
        for branch in branches.into_iter().flatten() {
            mentioned(branch, visit);
        }
    }
}

/// As [`resolve`], to change the object. If `at` is a reference, it is replaced by a copy of the component first, so that a change
/// does not affect other operations that refer to it.
pub(super) fn own<'a>(document: &'a mut Node, at: &Pointer, kind: &str) -> Option<&'a mut Node> {
    let (found, node) = resolve(document, at, kind)?;
    if found != *at {
        let mut copy = node.clone();
        let from = string(found.to_string(), &copy.span);
        set(&mut copy, FROM, from);
        *document.pointer_mut(at)? = copy;
    }
    document.pointer_mut(at)
}

/// Whether no component schema has the type name that this one would get.
pub(super) fn is_free(document: &Node, name: &str) -> bool {
    let ty = type_name(name);
    // It takes long to make a type name of each component's name. Two type names can only be equal if the first letters are, except
    // if a name begins with a digit or a sign, where an `X` is put before it.
    let first = |name: &str| {
        name.chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_ascii_lowercase())
    };
    let is_near = |other: &str| {
        let letter = first(other).filter(|c| c.is_ascii_alphabetic() && *c != 'x');
        letter.is_none_or(|letter| first(&ty) == Some(letter))
    };
    component_schemas(document).all(|(other, _)| !is_near(other) || type_name(other) != ty)
}

/// Adds a component schema, and creates `components` and `schemas` if they are missing. Returns `false` and adds nothing if one of
/// them is there and is not an object.
#[must_use]
pub(super) fn add_schema(document: &mut Node, name: &str, schema: Node) -> bool {
    let span = document.span.clone();
    let mut holder = document;
    for key in ["components", "schemas"] {
        if holder.get(key).is_none() {
            set(holder, key, object::<String>([], &span));
        }
        match holder.pointer_mut(&Pointer::default().join(key)) {
            Some(next) if next.as_object().is_some() => holder = next,
            _ => return false,
        }
    }
    set(holder, name, schema);
    true
}

/// The first component that has this [`shape`].
pub(super) fn component_of(document: &Node, what: &serde_json::Value) -> Option<String> {
    // It takes long to make the shape of each component. Most differ at a look.
    let is_near = |schema: &Node| {
        let texts = ["type", "format"].iter().all(|keyword| {
            let text = what.get(keyword).and_then(serde_json::Value::as_str);
            schema.get(keyword).and_then(Node::as_str) == text
        });
        let names = schema.get("properties").and_then(Node::as_object);
        let others = what.get("properties").and_then(|it| it.as_object());
        texts
            && match (names, others) {
                (Some(names), Some(others)) => {
                    names.len() == others.len() && names.keys().all(|it| others.contains_key(it))
                }
                (names, others) => names.is_none() == others.is_none(),
            }
    };
    component_schemas(document)
        .find(|(_, schema)| is_near(schema) && shape(schema) == *what)
        .map(|(name, _)| name.to_owned())
}

/// Every operation that has a name: the pointer to it, and the name. The list is made first, since a step changes the description while it
/// goes through the operations.
pub(super) fn named_operations(document: &Node) -> Vec<(Pointer, String)> {
    operations(document)
        .filter_map(|(at, node)| {
            let id = node.get("operationId")?.as_str()?;
            Some((at, id.to_owned()))
        })
        .collect()
}

/// The statuses that an operation answers with, each with the pointer to its response. `default` and `4XX` are left out: lints refuse
/// them.
pub(super) fn responses(document: &Node, operation: &Pointer) -> Vec<(u16, Pointer)> {
    let at = operation.join("responses");
    let members = document.pointer(&at).and_then(Node::as_object);
    members
        .into_iter()
        .flat_map(|members| members.keys())
        .filter_map(|key| Some((key.parse().ok().filter(|_| key.len() == 3)?, at.join(key))))
        .collect()
}

/// A schema without descriptions, examples and the like. It is equal for schemas that make the same type. An `allOf` of one
/// reference counts as that reference.
pub(super) fn shape(schema: &Node) -> serde_json::Value {
    let mut json = schema.to_json();
    if let serde_json::Value::Object(members) = &mut json {
        members.retain(|key, _| keywords::shapes(key));
        if members.len() == 1
            && let Some(serde_json::Value::Array(branches)) = members.get("allOf")
            && let [branch] = branches.as_slice()
            && branch.get("$ref").is_some()
        {
            return branch.clone();
        }
    }
    json
}
