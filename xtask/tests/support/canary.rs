//! A test made of a description: what is marked sensitive is not printed, wherever it is.
//!
//! Each type is read from a value in which all that is marked holds a text that stands nowhere else, and printed. A union is read from a
//! value of each branch, and from values that no branch reads. What is marked is read from the description as given, before the arrange
//! stage.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use xtask::arrange;
use xtask::markers::{REPLACE, SENSITIVE, union_of};
use xtask::openapi::schema::{get, items, members};
use xtask::openapi::{Node, reference};

use super::sent::Made;

/// The text that must not be printed.
const CANARY: &str = "canary-7f3a";

/// How deep members that are not required are written.
const DEEPEST: usize = 4;

/// The source of the test, and the types that it prints.
pub(crate) fn test(made: &Made<'_>) -> (String, Vec<String>) {
    let mut calls = String::new();
    let mut types = Vec::new();
    for (name, schema) in &made.model.schemas {
        // A form is not read, and the struct of a union's branches is no type.
        if schema.upload || schema.replace.is_some() || union_of(&schema.name).is_some() {
            continue;
        }
        let place = reference::place_of("schemas", &schema.name);
        let origin = arrange::origin(made.arranged, &place);
        let Some(given) = made.given.pointer(&origin) else {
            continue;
        };
        let mut values = values(made.given, given);
        values.retain(|value| value.to_string().contains(CANARY));
        if values.is_empty() {
            continue;
        }
        if schema.union.is_some() && schema.open {
            values.push(json!({"no branch has this": CANARY}));
            values.push(json!([[CANARY]]));
        }
        for value in values {
            let json = value.to_string();
            writeln!(calls, "        check::<{name}>({name:?}, {json:?});").unwrap();
        }
        types.push(name.clone());
    }
    let text = format!("{BEGIN}{calls}{END}").replace("CANARY", &format!("{CANARY:?}"));
    (text, types)
}

// A type may be called as anything that code has in scope. So the calls are by themselves.
const BEGIN: &str = r##"//! Made of the description by `xtask/tests/support/canary.rs`.
#![allow(deprecated, unused_imports)]

#[test]
fn what_is_marked_sensitive_is_not_printed() {
    calls::all();
}

mod checked {
    pub(crate) fn check<T>(name: &str, json: &str)
    where
        T: serde::de::DeserializeOwned + serde::Serialize + std::fmt::Debug,
    {
        let value: T = serde_json::from_str(json).unwrap_or_else(|error| panic!("{name}: {json}: {error}"));
        assert!(serde_json::to_string(&value).unwrap().contains(CANARY), "{name} has lost it: {json}");
        let holders = format!("{value:?} {value:#?} {:?} {:?}", Some(&value), vec![&value]);
        assert!(!holders.contains(CANARY), "{name} prints it: {value:#?}");
        let map = std::collections::BTreeMap::from([(1, value)]);
        assert!(!format!("{map:?}").contains(CANARY), "{name} prints it in a map");
    }
}

mod calls {
    use letta_api::types::*;

    use super::checked::check;

    pub(super) fn all() {
"##;

const END: &str = "    }\n}\n";

/// A value of a schema, and of each of its branches.
fn values(document: &Node, schema: &Node) -> Vec<Value> {
    let schema = reference::last(document, schema);
    for keyword in ["oneOf", "anyOf"] {
        let branches = items(schema, keyword);
        if !branches.is_empty() {
            return branches
                .iter()
                .map(|branch| branch_value(document, schema, branch, false, 0))
                .collect();
        }
    }
    vec![value(document, schema, false, 0)]
}

/// A value of a schema, with all members. If it is a secret, each text in it is the canary.
fn value(document: &Node, schema: &Node, secret: bool, depth: usize) -> Value {
    assert!(depth < 50, "a value without an end");
    let schema = reference::last(document, schema);
    let words = if secret { CANARY } else { "x" };
    if let Some(replaced) = schema.get(REPLACE) {
        let ty = replaced
            .get("type")
            .and_then(Node::as_str)
            .unwrap_or_default();
        return json!(if ty.ends_with("Secret") { CANARY } else { "x" });
    }
    if let Some(value) = items(schema, "enum").first() {
        return value.to_json();
    }
    for keyword in ["oneOf", "anyOf"] {
        if let Some(branch) = items(schema, keyword).first() {
            return branch_value(document, schema, branch, secret, depth);
        }
    }
    if let [one] = items(schema, "allOf") {
        return value(document, one, secret, depth + 1);
    }
    let text = |keyword: &str| get(schema, keyword).and_then(Node::as_str);
    match (text("type"), text("format")) {
        (Some("string"), _) if secret => json!(CANARY),
        (Some("string"), Some("date-time")) => json!("2026-01-02T03:04:05Z"),
        (Some("string"), Some("date")) => json!("2026-01-02"),
        (Some("string"), Some("uuid")) => json!("67e55044-10b1-426f-9247-bb680e5fe0c8"),
        (Some("string"), _) => json!("x"),
        (Some("integer"), _) => json!(1),
        (Some("number"), _) => json!(1.5),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) if depth > DEEPEST => json!([]),
        (Some("array"), _) => {
            let item = get(schema, "items").map(|it| value(document, it, secret, depth + 1));
            Value::Array(item.into_iter().collect())
        }
        (None, _) if get(schema, "properties").is_none() && items(schema, "allOf").is_empty() => {
            json!(words)
        }
        _ => object(document, schema, secret, depth),
    }
}

/// A value of a branch, with the tag that the union's discriminator asks for.
fn branch_value(document: &Node, union: &Node, branch: &Node, secret: bool, depth: usize) -> Value {
    let mut value = value(document, branch, secret, depth + 1);
    let tagged = tagged_by(union, branch);
    if let (Some((tag, mapped)), Some(members)) = (tagged, value.as_object_mut()) {
        members.insert(tag, mapped.into());
    }
    value
}

/// The tag of a branch, and its value, if the union's mapping has it.
fn tagged_by(union: &Node, branch: &Node) -> Option<(String, String)> {
    let discriminator = get(union, "discriminator")?;
    let name = branch.get("$ref")?.as_str()?;
    let mapping = discriminator.get("mapping")?.as_object()?;
    let (value, _) = mapping
        .iter()
        .find(|(_, it)| it.node.as_str() == Some(name))?;
    let tag = discriminator.get("propertyName")?.as_str()?;
    Some((tag.to_owned(), value.clone()))
}

fn object(document: &Node, schema: &Node, secret: bool, depth: usize) -> Value {
    let mut out = Map::new();
    let parts = reference::merged(document, schema);
    let required: Vec<&str> = parts
        .iter()
        .flat_map(|part| items(part, "required"))
        .filter_map(Node::as_str)
        .collect();
    for part in parts {
        for (name, property) in members(part, "properties") {
            if depth < DEEPEST || required.contains(&name) {
                let marked = property.get(SENSITIVE).and_then(Node::as_bool) == Some(true);
                let inner = value(document, property, secret || marked, depth + 1);
                out.insert(name.to_owned(), inner);
            }
        }
    }
    match get(schema, "additionalProperties") {
        Some(values) if values.as_object().is_some() => {
            let inner = value(document, values, secret, depth + 1);
            out.insert("any".to_owned(), inner);
        }
        Some(any) if any.as_bool() == Some(true) && secret => {
            out.insert(CANARY.to_owned(), json!({"any": [CANARY]}));
        }
        _ if out.is_empty() && secret => {
            out.insert("any".to_owned(), json!(CANARY));
        }
        _ => {}
    }
    Value::Object(out)
}
