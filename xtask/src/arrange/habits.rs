//! What many descriptions say in a way that typify has no form for, though another says the same.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::FROM;
use super::nodes::grow;
use super::schema::{
    array, entry, flag, get, items, members_mut, node, object, reference, string, text,
};
use super::walk::each_schema;
use crate::document::{Entry, Node, Pointer, Value};
use crate::model::{IGNORE, REPLACE, VARIANT_NAMES};

/// What is about objects alone, and is looked at together.
const OF_OBJECTS: [&str; 5] = [
    "properties",
    "required",
    "additionalProperties",
    "minProperties",
    "maxProperties",
];
/// What is said of a schema, and not of its values.
const NOTES: [&str; 8] = [
    "title",
    "description",
    "example",
    "externalDocs",
    "xml",
    "deprecated",
    "readOnly",
    "writeOnly",
];

pub(super) fn arrange(document: &mut Node) {
    let objects = objects(document);
    each_schema(document, |schema, _, at| {
        if schema.get(REPLACE).is_some() {
            return;
        }
        if schema.get("$ref").is_some() {
            // What is marked is as the overlay wants it.
            if schema.get(IGNORE).is_none() {
                forget_notes(schema);
            }
            return;
        }
        enums(schema);
        beside_all_of(schema, &objects, at);
    });
}

/// The components that are objects and nothing else.
fn objects(document: &Node) -> HashSet<String> {
    grow(document, HashSet::new(), is_object)
}

fn is_object(schema: &Node, objects: &HashSet<String>) -> bool {
    if flag(schema, "nullable") {
        return false;
    }
    text(schema, "type") == Some("object")
        || reference(schema).is_some_and(|name| objects.contains(name))
        || items(schema, "allOf")
            .iter()
            .any(|branch| is_object(branch, objects))
}

/// What stands beside a `$ref` means nothing in OpenAPI 3.0. Notes may go then; a keyword that says something
/// may have been meant, and stays for a lint. A description is kept, for it is documentation all the same.
fn forget_notes(schema: &mut Node) {
    let description = schema.get("description").filter(|it| it.as_str().is_some());
    let description = description.cloned();
    let Some(members) = members_mut(schema) else {
        return;
    };
    members.retain(|key, _| !NOTES.contains(&key.as_str()));
    let is_alone = members.len() == 1;
    if let Some(description) = description.filter(|_| is_alone) {
        let span = schema.span.clone();
        let refers = schema.clone();
        let all_of = array(vec![refers], &span);
        *schema = object([("description", description), ("allOf", all_of)], &span);
    }
}

/// Null among the values of an enum says nothing beside a type, which no null has. And values that are all texts
/// say of themselves what type they have.
fn enums(schema: &mut Node) {
    let Some(values) = get(schema, "enum").and_then(Node::as_array) else {
        return;
    };
    let (nulls, values): (Vec<&Node>, Vec<&Node>) = values.iter().partition(|it| it.is_null());
    if values.is_empty() || schema.get(VARIANT_NAMES).is_some() {
        return;
    }
    let has_type = get(schema, "type").is_some_and(|it| it.as_str().is_some());
    let stands_alone = ["type", "oneOf", "anyOf", "allOf", "not", "format"]
        .iter()
        .all(|keyword| get(schema, keyword).is_none());
    let are_texts = values.iter().all(|it| it.as_str().is_some());
    let is_plain = has_type || (stands_alone && are_texts);
    if !is_plain {
        return;
    }
    let has_null = !nulls.is_empty();
    let values: Vec<Node> = values.into_iter().cloned().collect();
    let span = schema.span.clone();
    let Some(members) = members_mut(schema) else {
        return;
    };
    if let Some(there) = members.get_mut("enum") {
        there.node.value = Value::Array(values);
    }
    if !has_type {
        members.insert("type".to_owned(), entry(string("string", &span), &span));
        if has_null {
            let yes = node(Value::Bool(true), &span);
            members.insert("nullable".to_owned(), entry(yes, &span));
        }
    }
}

/// What is said of an object beside an `allOf` becomes a branch of it. A type that is said of a branch too goes.
fn beside_all_of(schema: &mut Node, objects: &HashSet<String>, at: &[String]) {
    let branches = items(schema, "allOf");
    let others = ["oneOf", "anyOf", "not", "items", "enum"];
    if branches.is_empty() || others.iter().any(|it| get(schema, it).is_some()) {
        return;
    }
    let own: Vec<&str> = OF_OBJECTS
        .into_iter()
        .filter(|keyword| get(schema, keyword).is_some())
        .collect();
    let is_said = branches.iter().any(|branch| is_object(branch, objects));
    // By themselves, the others would be about properties of the other branches.
    if !own.is_empty() && !own.contains(&"properties") {
        return;
    }
    let kind = get(schema, "type");
    let goes = match kind.map(Node::as_str) {
        None => !own.is_empty(),
        Some(Some("object")) => !own.is_empty() || is_said,
        Some(_) => false,
    };
    if !goes {
        return;
    }
    let span = schema.span.clone();
    let Some(members) = members_mut(schema) else {
        return;
    };
    let kind = members.shift_remove("type");
    let mut branch: IndexMap<String, Entry> = IndexMap::new();
    for keyword in &own {
        if let Some(member) = members.shift_remove(*keyword) {
            branch.insert((*keyword).to_owned(), member);
        }
    }
    if branch.is_empty() {
        return;
    }
    if let Some(kind) = kind {
        branch.insert("type".to_owned(), kind);
    } else if is_said {
        // Every value is an object already.
        branch.insert("type".to_owned(), entry(string("object", &span), &span));
    }
    let from = string(Pointer(at.to_vec()).to_string(), &span);
    branch.insert(FROM.to_owned(), entry(from, &span));
    if let Some(Value::Array(branches)) = members.get_mut("allOf").map(|it| &mut it.node.value) {
        branches.push(node(Value::Object(branch), &span));
    }
}
