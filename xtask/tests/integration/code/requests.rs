//! The file that requests are checked by: what becomes of a small description.

use serde_json::{Value, json};
use xtask::model::Model;
use xtask::openapi::Source;
use xtask::{arrange, load, lower, requests};

/// The file, as JSON, or the message of the failure.
pub(super) fn file(paths: &Value, schemas: &Value) -> Result<Value, String> {
    let description = json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "x-codegen-one-error": true,
        "paths": paths, "components": {"schemas": schemas},
    });
    let source = Source::new("d.json", description.to_string());
    let facts = load::parse(&source).unwrap();
    let model = Model::read(&arrange::arrange(lower::lower(&facts).document));
    let text = requests::requests(&facts, &model).map_err(|failure| failure.to_string())?;
    // A line for each operation, each schema and each shape.
    let whole: Value = serde_json::from_str(&text).unwrap();
    let named = ["$defs", "answers"].map(|it| whole[it].as_object().unwrap().len());
    let entries = whole["operations"].as_array().unwrap().len() + named.iter().sum::<usize>();
    assert!(text.lines().count() >= entries + 3, "{text}");
    Ok(whole)
}

/// An operation that sends this schema as JSON.
fn sends(schema: Value) -> Value {
    json!({"/things": {"post": {
        "operationId": "send", "x-codegen-safe-to-repeat": true,
        "requestBody": {"required": true, "content": {"application/json": {"schema": schema}}},
        "responses": {"204": {"description": "Done."}},
    }}})
}

#[test]
fn an_operation_has_its_names_parameters_and_bodies() {
    let paths = json!({"/things/{thing-id}": {
        "parameters": [
            {"in": "path", "name": "thing-id", "required": true, "schema": {"type": "string"}},
            {"in": "query", "name": "limit", "schema": {"type": "integer", "default": 5, "nullable": true}},
        ],
        "post": {
            "operationId": "sayThing", "x-codegen-safe-to-repeat": true, "x-codegen-event-pin": "streaming",
            "parameters": [
                {"in": "query", "name": "limit", "required": true, "schema": {"type": "integer", "minimum": 1}},
                {"in": "header", "name": "X-Of", "schema": {"type": "string"}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Words"}, "example": {"text": "x"}}}},
            "responses": {"200": {"description": "It.", "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Answer"}},
                "text/event-stream": {"schema": {"$ref": "#/components/schemas/Answer"}},
            }}},
        },
    }});
    let schemas = json!({
        "Words": {"type": "object", "description": "Said.", "properties": {
            "text": {"type": "string", "example": "x"}, "streaming": {"type": "boolean"},
        }},
        "Answer": {"type": "object", "properties": {"id": {"type": "string"}}},
    });
    let file = file(&paths, &schemas).unwrap();
    assert_eq!(
        file["operations"],
        json!([{
            "ids": ["say_thing", "say_thing_stream"],
            "method": "POST",
            "path": "/things/{thing-id}",
            "parameters": [
                {"in": "path", "name": "thing-id", "schema": {"type": "string"}},
                {"in": "query", "name": "limit", "schema": {"type": "integer", "minimum": 1}, "required": true},
            ],
            "body": {"required": false, "content": {"application/json": {"$ref": "#/$defs/Words"}}},
        }])
    );
    // Schemas of answers are left out, as are words for people.
    assert_eq!(
        file["$defs"],
        json!({"Words": {"type": "object", "properties": {"text": {"type": "string"}, "streaming": {"type": "boolean"}}}})
    );
}

#[test]
fn schemas_become_json_schema() {
    let schemas = json!({
        "X": {"type": "string"}, "A": {"type": "object"}, "B": {"type": "object"},
    });
    let x = json!({"$ref": "#/components/schemas/X"});
    for (given, expected) in [
        (
            json!({"type": "string", "nullable": true}),
            json!({"type": ["string", "null"]}),
        ),
        (
            json!({"type": "string", "enum": ["a"], "nullable": true}),
            json!({"type": ["string", "null"], "enum": ["a", null]}),
        ),
        (
            json!({"allOf": [x], "description": "It."}),
            json!({"$ref": "#/$defs/X"}),
        ),
        (
            json!({"allOf": [x], "nullable": true}),
            json!({"anyOf": [{"$ref": "#/$defs/X"}, {"type": "null"}]}),
        ),
        (
            json!({"allOf": [x], "minLength": 2}),
            json!({"allOf": [{"$ref": "#/$defs/X"}], "minLength": 2}),
        ),
        (
            json!({"oneOf": [x, {"type": "integer"}], "nullable": true}),
            json!({"anyOf": [{"$ref": "#/$defs/X"}, {"type": "integer"}, {"type": "null"}]}),
        ),
        (
            json!({"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}], "discriminator": {
                "propertyName": "kind", "mapping": {"a": "#/components/schemas/A", "b": "#/components/schemas/B"},
            }}),
            json!({"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}], "discriminator": {
                "propertyName": "kind", "mapping": {"a": "#/$defs/A", "b": "#/$defs/B"},
            }, "required": ["kind"]}),
        ),
        (
            json!({"type": "number", "minimum": 1, "exclusiveMinimum": true, "maximum": 5}),
            json!({"type": "number", "maximum": 5, "exclusiveMinimum": 1}),
        ),
        (
            json!({"type": "object", "additionalProperties": true}),
            json!({"type": "object"}),
        ),
        (
            json!({"type": "object", "additionalProperties": false}),
            json!({"type": "object", "additionalProperties": false}),
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "string", "nullable": true}}),
            json!({"type": "object", "additionalProperties": {"type": ["string", "null"]}}),
        ),
        // What only answers have is neither required nor looked at.
        (
            json!({"type": "object", "required": ["id", "name"], "properties": {
                "id": {"type": "string", "readOnly": true}, "name": {"type": "string"},
            }}),
            json!({"type": "object", "required": ["name"], "properties": {"id": {}, "name": {"type": "string"}}}),
        ),
        // A property may have the name of a keyword.
        (
            json!({"type": "object", "properties": {"description": {"type": "string"}, "nullable": {"type": "boolean"}}}),
            json!({"type": "object", "properties": {"description": {"type": "string"}, "nullable": {"type": "boolean"}}}),
        ),
    ] {
        let file = file(&sends(given.clone()), &schemas).unwrap();
        let body = &file["operations"][0]["body"]["content"]["application/json"];
        assert_eq!(*body, expected, "{given}");
    }
}

#[test]
fn a_union_told_apart_by_constants_gets_a_discriminator() {
    let branch = |tag: &str, default: bool, required: bool| {
        let mut kind = json!({"type": "string", "enum": [tag]});
        if default {
            kind["default"] = tag.into();
        }
        let required = if required {
            json!(["kind", "x"])
        } else {
            json!(["x"])
        };
        json!({"type": "object", "properties": {"kind": kind, "x": {"type": "string"}}, "required": required})
    };
    let discriminator = |default: bool| {
        let mut it =
            json!({"propertyName": "kind", "mapping": {"a": "#/$defs/A", "b": "#/$defs/B"}});
        if default {
            it["default"] = "a".into();
        }
        it
    };
    let (a, b) = (json!({"$ref": "#/$defs/A"}), json!({"$ref": "#/$defs/B"}));
    for (first, second, expected) in [
        (
            branch("a", true, false),
            branch("b", true, false),
            json!({"anyOf": [a, {"allOf": [b], "required": ["kind"]}], "discriminator": discriminator(true)}),
        ),
        (
            branch("a", false, true),
            branch("b", false, true),
            json!({"anyOf": [a, b], "discriminator": discriminator(false), "required": ["kind"]}),
        ),
        // Nothing says which one lacks it.
        (
            branch("a", false, false),
            branch("b", false, true),
            json!({"anyOf": [a, b]}),
        ),
        (
            branch("a", false, true),
            branch("a", false, true),
            json!({"anyOf": [a, b]}),
        ),
        (
            branch("a", false, true),
            json!({"type": "object"}),
            json!({"anyOf": [a, b]}),
        ),
    ] {
        let union = json!({"anyOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]});
        let schemas = json!({"A": first, "B": second, "Union": union});
        let file = file(
            &sends(json!({"$ref": "#/components/schemas/Union"})),
            &schemas,
        )
        .unwrap();
        assert_eq!(file["$defs"]["Union"], expected, "{first} {second}");
    }
}

#[test]
fn what_no_request_is_checked_by_is_an_error() {
    let schemas = json!({"X": {"type": "string"}});
    for (schema, expected) in [
        (
            json!({"type": "object", "patternProperties": {"a": {}}}),
            "`patternProperties`",
        ),
        (
            json!({"oneOf": [{"type": "string"}], "anyOf": [{"type": "string"}]}),
            "both `oneOf` and `anyOf`",
        ),
    ] {
        let message = file(&sends(schema), &schemas).unwrap_err();
        assert!(
            message.contains(expected) && message.contains("`send`"),
            "{message}"
        );
    }
}
