//! The JSON Schema of the form, made of its tables.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::script::file::form::{self, Form, Key, Shape, UNITS};
use crate::script::limits;

pub(crate) fn schema() -> Value {
    let mut schema = object(&form::FILE);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("Script of letta-emulator");
    schema["$defs"] = json!({
        "agent": object(&form::AGENT),
        "tool": object(&form::TOOL),
        "block": object(&form::BLOCK),
        "script": {
            "type": "array",
            "maxItems": limits::RULES,
            "items": {"$ref": "#/$defs/rule"},
            "description": "Rules. The first that fits is used.",
        },
        "rule": {"anyOf": [said("A text, once."), object(&form::RULE)]},
        "reply": {"anyOf": [
            {"$ref": "#/$defs/act"},
            {"type": "array", "maxItems": limits::ACTS, "items": {"$ref": "#/$defs/act"}},
        ]},
        "act": {"anyOf": acts()},
        "call": object(&form::CALL),
    });
    sorted(schema)
}

/// The same, with the members of each object by name. serde_json keeps another order if a package of the build asks for it.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(members) => {
            let members: BTreeMap<String, Value> = members
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            Value::Object(members.into_iter().collect())
        }
        value => value,
    }
}

fn acts() -> Value {
    let texts = std::iter::once(said("Says a text."));
    let forms = form::ACTS.iter().map(|form| match form.keys[0].name {
        "call" => json!({"$ref": "#/$defs/call"}),
        _ => object(form),
    });
    texts.chain(forms).collect()
}

fn said(about: &str) -> Value {
    let mut schema = shape(Shape::Text(1));
    schema["description"] = json!(about);
    schema
}

fn object(form: &Form) -> Value {
    let properties: Map<String, Value> = form.keys.iter().map(property).collect();
    let required: Vec<&str> = form
        .keys
        .iter()
        .filter(|key| key.is_required)
        .map(|key| key.name)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": form.about,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if !form.some_of.is_empty() {
        schema["anyOf"] = form
            .some_of
            .iter()
            .map(|name| json!({"required": [name]}))
            .collect();
    }
    if !form.apart.is_empty() {
        let apart = form
            .apart
            .iter()
            .map(|(one, other)| json!({"not": {"required": [one, other]}}));
        schema["allOf"] = apart.collect();
    }
    schema
}

fn property(key: &Key) -> (String, Value) {
    let mut schema = shape(key.shape);
    schema["description"] = json!(key.about);
    (key.name.to_owned(), schema)
}

fn shape(shape: Shape) -> Value {
    let list = |of: Value| json!({"type": "array", "items": of});
    let reference = |name: &str| json!({"$ref": format!("#/$defs/{name}")});
    match shape {
        Shape::Text(0) => json!({"type": "string"}),
        Shape::Text(least) => json!({"type": "string", "minLength": least}),
        Shape::Words => json!({"type": "string", "pattern": "\\S"}),
        Shape::ToolName => {
            json!({"type": "string", "pattern": pattern("[A-Za-z0-9_-]", limits::TOOL_NAME)})
        }
        Shape::CallId => {
            json!({"type": "string", "pattern": pattern("[A-Za-z0-9_-]", limits::CALL_ID)})
        }
        Shape::Pause => json!({"type": "string", "pattern": pause()}),
        Shape::Count => json!({"type": "integer", "minimum": 1, "maximum": u32::MAX}),
        Shape::Yes => json!({"const": true}),
        Shape::Switch => json!({"type": "boolean"}),
        Shape::Arguments => json!({"type": "object"}),
        Shape::Failure => json!({"enum": form::failures().collect::<Vec<_>>()}),
        Shape::Stop => json!({"enum": form::stops().collect::<Vec<_>>()}),
        Shape::Texts => list(json!({"type": "string"})),
        Shape::Calls => json!({
            "type": "array",
            "minItems": 1,
            "maxItems": limits::CALLS,
            "items": reference("call"),
        }),
        Shape::Reply => reference("reply"),
        Shape::Script => reference("script"),
        Shape::Tools => list(reference("tool")),
        Shape::Blocks => list(reference("block")),
        Shape::Agents => json!({
            "type": "object",
            "patternProperties": {"^agent-[A-Za-z0-9_.-]+$": reference("agent")},
            "additionalProperties": false,
        }),
    }
}

fn pattern(characters: &str, most: usize) -> String {
    format!("^{characters}{{1,{most}}}$")
}

/// Whole numbers and units, each unit once, the largest first.
fn pause() -> String {
    let units: Vec<String> = UNITS
        .iter()
        .map(|(unit, _)| format!("[0-9]{{1,9}}{unit}"))
        .collect();
    // One of the units comes first, and any smaller ones after it.
    let after = |first: usize| -> String {
        units[first + 1..]
            .iter()
            .map(|unit| format!("( {unit})?"))
            .collect()
    };
    let all: Vec<String> = (0..units.len())
        .map(|first| format!("{}{}", units[first], after(first)))
        .collect();
    format!("^({})$", all.join("|"))
}
