//! Changes of a description, each told by three numbers, so that both a property test and a fuzzer can make them.

pub(crate) mod places;

use std::sync::LazyLock;

pub(crate) use places::places;
use serde_json::{Value, json};

/// A change. Each number is taken modulo of how many there are to choose from.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    /// Which member or item of the whole tree.
    pub(crate) place: usize,
    /// What to do.
    pub(crate) kind: usize,
    /// With what.
    pub(crate) what: usize,
}

/// What to put in the place of a part.
static VALUES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("string"),
        json!("object"),
        json!("#/"),
        json!("default"),
        json!([]),
        json!([null]),
        json!(["a"]),
        json!({}),
        json!({"": {}}),
        json!({"type": "string"}),
        json!({"$ref": "#/components/schemas/Thing"}),
        json!({"$ref": "#/components/schemas/Kind"}),
        json!({"$ref": "#/components/schemas/AccessRight"}),
        json!({"$ref": "/"}),
        json!({"$ref": 1}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        json!({"type": "array"}),
        json!({"allOf": []}),
        json!({"oneOf": [{}]}),
    ]
});

/// What to add to an object.
static KEYWORDS: LazyLock<Vec<(&str, Value)>> = LazyLock::new(|| {
    vec![
        ("nullable", json!(true)),
        ("title", json!("Thing")),
        ("format", json!("date-time")),
        ("format", json!("int32")),
        ("enum", json!(["a", "A", "a"])),
        ("enum", json!([1, null])),
        ("default", json!("a")),
        ("default", json!([1])),
        ("minimum", json!(1)),
        ("maximum", json!(0.5)),
        ("exclusiveMinimum", json!(true)),
        ("multipleOf", json!(2)),
        ("pattern", json!("(")),
        ("minLength", json!(3)),
        ("not", json!({})),
        ("anyOf", json!([{"type": "string"}])),
        ("allOf", json!([{"type": "object"}, {"type": "string"}])),
        ("uniqueItems", json!(true)),
        ("oneOf", json!([{"type": "string"}, {"type": "string"}])),
        ("items", json!({})),
        ("minItems", json!(2)),
        ("maxItems", json!(2)),
        ("additionalProperties", json!(false)),
        (
            "additionalProperties",
            json!({"type": "object", "properties": {"z": {}}}),
        ),
        ("properties", json!({"extra": {}, "Extra": {}})),
        ("required", json!(["nothing"])),
        ("required", json!(true)),
        ("type", json!("integer")),
        ("type", json!(["string", "null"])),
        ("type", json!(["string", "integer"])),
        ("type", json!("null")),
        ("const", json!("a")),
        ("const", json!(null)),
        ("exclusiveMaximum", json!(3)),
        ("anyOf", json!([{"type": "string"}, {"type": "null"}])),
        (
            "oneOf",
            json!([{"$ref": "#/components/schemas/Thing"}, {"const": null}]),
        ),
        (
            "anyOf",
            json!([{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]),
        ),
        ("prefixItems", json!([{"type": "string"}])),
        ("examples", json!(["a", {}])),
        ("items", json!(false)),
        ("if", json!({})),
        ("unevaluatedProperties", json!(false)),
        ("x-codegen-open", json!(true)),
        ("x-codegen-ignore", json!(["type"])),
        ("x-codegen-ignore", json!(["enum", "properties"])),
        ("x-codegen-sensitive", json!(true)),
        ("x-codegen-replace", json!({"type": "crate::Secret"})),
        ("x-codegen-replace", json!({"type": "a b"})),
        ("x-enum-varnames", json!(["A"])),
        ("x-codegen-safe-to-repeat", json!(true)),
        ("x-codegen-safe-to-repeat", json!("maybe")),
        ("in", json!("path")),
        ("in", json!("header")),
        ("name", json!("é \n")),
        ("style", json!("matrix")),
        ("explode", json!(false)),
        ("operationId", json!("")),
        ("operationId", json!("new")),
        (
            "content",
            json!({
                "application/json": {"schema": {}},
                "text/event-stream": {"schema": {"oneOf": [{"$ref": "#/components/schemas/Thing"}]}},
            }),
        ),
        (
            "content",
            json!({"multipart/form-data": {"schema": {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}}}}),
        ),
        ("required", json!(false)),
        ("x-codegen-event-method", json!("follow")),
        ("x-codegen-event-method", json!("a b")),
        ("content", json!({"text/html": {}})),
        ("content", json!({"application/json": {}})),
        ("4XX", json!({"description": ""})),
        (
            "200",
            json!({"description": "", "content": {"application/json": {"schema": {"type": "object", "properties": {"q": {}}}}}}),
        ),
        ("$ref", json!("#/components/schemas/Thing")),
        ("$ref", json!("#")),
        (
            "x-rust-type",
            json!({"crate": "a", "version": "1", "path": "a::B"}),
        ),
        ("x-dropshot-websocket", json!({})),
        ("encoding", json!({"a": {}})),
    ]
});

/// What to call a member.
const NAMES: &[&str] = &[
    "",
    "a",
    "A",
    "type",
    "/a/{b}",
    "/{a}{b}",
    "200",
    "default",
    "204",
    "é",
    "x-y",
    "schema",
    "properties",
    "items",
    "allOf",
    "oneOf",
    "anyOf",
    "enum",
    "nullable",
    "required",
    "additionalProperties",
    "parameters",
    "requestBody",
    "responses",
];

/// Makes a change. A change that does not apply to the document does nothing.
pub(crate) fn mutate(tree: &mut Value, mutation: &Mutation) {
    let mut all = Vec::new();
    places(tree, "", &mut all);
    if all.is_empty() {
        return;
    }
    let what = mutation.what;
    let place = all[mutation.place % all.len()].clone();
    match mutation.kind % 8 {
        0 => {
            take(tree, &place);
        }
        1 | 2 => {
            let part = tree.pointer(&all[what % all.len()]).cloned();
            if let (Some(part), Some(node)) = (part, tree.pointer_mut(&place)) {
                *node = part;
            }
        }
        3 => {
            if let Some(node) = tree.pointer_mut(&place) {
                *node = VALUES[what % VALUES.len()].clone();
            }
        }
        4 | 5 => {
            let (key, value) = KEYWORDS[what % KEYWORDS.len()].clone();
            if let Some(Value::Object(members)) = tree.pointer_mut(&place) {
                members.insert(key.to_owned(), value);
            }
        }
        // Another name for it; or twice, under two names.
        6 => {
            if let Some(value) = take(tree, &place) {
                put_beside(tree, &place, NAMES[what % NAMES.len()], value);
            }
        }
        _ => {
            if let Some(value) = tree.pointer(&place).cloned() {
                put_beside(tree, &place, NAMES[what % NAMES.len()], value);
            }
        }
    }
}

/// The pointer to what holds a part, and the part's key.
fn split(place: &str) -> (&str, String) {
    let (holder, key) = place.rsplit_once('/').unwrap_or_default();
    (holder, key.replace("~1", "/").replace("~0", "~"))
}

fn take(tree: &mut Value, place: &str) -> Option<Value> {
    let (holder, key) = split(place);
    match tree.pointer_mut(holder)? {
        Value::Object(members) => members.shift_remove(&key),
        Value::Array(items) => {
            let index = key.parse().ok().filter(|index| *index < items.len())?;
            Some(items.remove(index))
        }
        _ => None,
    }
}

fn put_beside(tree: &mut Value, place: &str, name: &str, value: Value) {
    match tree.pointer_mut(split(place).0) {
        Some(Value::Object(members)) => {
            members.insert(name.to_owned(), value);
        }
        Some(Value::Array(items)) => items.push(value),
        _ => {}
    }
}
