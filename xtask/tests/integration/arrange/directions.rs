//! What the arrange stage makes of `readOnly` and `writeOnly`, by where a schema goes; in OpenAPI 3.0 and 3.1 alike. What
//! becomes of it in code is in `calls/directions.rs`.

use serde_json::{Value, json};
use xtask::openapi::Source;
use xtask::{arrange, lint, load, lower};

/// A description of one operation that sends and receives these schemas.
fn description(version: &str, sent: &Value, received: &Value, schemas: Value) -> Value {
    let content = |schema: &Value| json!({"content": {"application/json": {"schema": schema}}, "description": "."});
    let mut body = content(sent);
    body["required"] = json!(true);
    json!({
        "openapi": version,
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"post": {
            "operationId": "a", "x-codegen-safe-to-repeat": true, "requestBody": body, "responses": {"200": content(received)},
        }}},
        "components": {"schemas": schemas},
    })
}

fn arranged(description: &Value) -> Value {
    let source = Source::new("d.json", description.to_string());
    let given = load::parse(&source).unwrap();
    let lowered = lower::lower(&given);
    let document = arrange::arrange(lowered.document);
    lint::lint_lowered(&given, &document, &lowered.refusals)
        .unwrap_or_else(|failure| panic!("{failure}"));
    document.to_json()
}

fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn both() -> Value {
    json!({"type": "object", "required": ["r", "w", "p"], "properties": {
        "r": {"type": "string", "readOnly": true}, "w": {"type": "string", "writeOnly": true}, "p": {"type": "string"},
    }})
}

/// What is required of the component `A` and which properties it has, with the notes on it.
fn outcome(description: &Value) -> Value {
    let a = &arranged(description)["components"]["schemas"]["A"];
    let names: Vec<&String> = a["properties"].as_object().unwrap().keys().collect();
    json!([
        a["required"],
        names,
        a["x-made-not-sent"],
        a["x-made-required-to-send"],
        a["x-made-required-in-answers"]
    ])
}

#[test]
fn each_direction_has_its_form() {
    let any = json!({"type": "object"});
    for version in ["3.0.3", "3.1.0"] {
        for (sent, received, form) in [
            (
                refer("A"),
                refer("A"),
                json!([["p"], ["r", "w", "p"], ["r"], ["w"], ["r"]]),
            ),
            (
                refer("A"),
                any.clone(),
                json!([["w", "p"], ["w", "p"], ["r"], null, null]),
            ),
            (
                any.clone(),
                refer("A"),
                json!([["r", "p"], ["r", "w", "p"], null, null, null]),
            ),
            // In lists, in maps and in other objects, on one side or on both.
            (
                json!({"type": "array", "items": refer("A")}),
                any.clone(),
                json!([["w", "p"], ["w", "p"], ["r"], null, null]),
            ),
            (
                any.clone(),
                json!({"type": "object", "additionalProperties": refer("A")}),
                json!([["r", "p"], ["r", "w", "p"], null, null, null]),
            ),
            (
                refer("Holder"),
                refer("A"),
                json!([["p"], ["r", "w", "p"], ["r"], ["w"], ["r"]]),
            ),
            (
                refer("Choice"),
                refer("Holder"),
                json!([["p"], ["r", "w", "p"], ["r"], ["w"], ["r"]]),
            ),
            // Which no operation leads to: who knows.
            (
                any.clone(),
                any.clone(),
                json!([["p"], ["r", "w", "p"], ["r"], ["w"], ["r"]]),
            ),
        ] {
            let schemas = json!({
                "A": both(),
                "Holder": {"type": "object", "properties": {"a": refer("A")}},
                "Choice": {"oneOf": [refer("Holder"), {"type": "string"}]},
            });
            assert_eq!(
                outcome(&description(version, &sent, &received, schemas)),
                form,
                "{version}: {sent} {received}"
            );
        }
    }
}

#[test]
fn a_property_has_the_direction_of_what_it_is_made_of() {
    let read_only = |schema: Value| {
        let mut schema = schema;
        schema["readOnly"] = json!(true);
        schema
    };
    for (version, property) in [
        ("3.0.3", read_only(refer("Plain"))),
        ("3.1.0", read_only(refer("Plain"))),
        ("3.0.3", refer("Marked")),
        ("3.0.3", refer("Alias")),
        ("3.0.3", json!({"allOf": [refer("Marked")]})),
        (
            "3.0.3",
            json!({"allOf": [refer("Plain"), {"readOnly": true}]}),
        ),
        (
            "3.0.3",
            json!({"oneOf": [refer("Marked"), refer("Marked2")]}),
        ),
        (
            "3.1.0",
            json!({"anyOf": [refer("Marked"), {"type": "null"}]}),
        ),
        ("3.1.0", read_only(json!({"type": ["string", "null"]}))),
        (
            "3.0.3",
            read_only(json!({"type": "array", "items": {"type": "string"}})),
        ),
    ] {
        let a = json!({"type": "object", "required": ["x", "p"], "properties": {"x": property, "p": {"type": "string"}}});
        let schemas = json!({
            "A": a, "Plain": {"type": "string"}, "Marked": {"type": "string", "readOnly": true}, "Alias": refer("Marked"),
            "Marked2": {"type": "integer", "readOnly": true},
        });
        let form = outcome(&description(version, &refer("A"), &refer("A"), schemas));
        assert_eq!(
            form,
            json!([["p"], ["x", "p"], ["x"], null, ["x"]]),
            "{version}: {property}"
        );
    }
}

#[test]
fn what_is_not_about_a_direction_is_not_changed() {
    let any = json!({"type": "object"});
    for (property, form) in [
        // An overlay knows better.
        (
            json!({"type": "string", "readOnly": true, "x-codegen-ignore": ["readOnly"]}),
            json!([["x"], ["x", "p"], null, null, null]),
        ),
        (
            json!({"type": "string", "readOnly": false}),
            json!([["x"], ["x", "p"], null, null, null]),
        ),
        // Its value is known, and unions are told apart by it; it need not be given, and is sent.
        (
            json!({"type": "string", "readOnly": true, "enum": ["only"]}),
            json!([[], ["x", "p"], null, null, null]),
        ),
        // A name, and no mark.
        (
            json!({"type": "object", "properties": {"readOnly": {"type": "boolean"}}}),
            json!([["x"], ["x", "p"], null, null, null]),
        ),
    ] {
        let a = json!({"type": "object", "required": ["x"], "properties": {"x": property, "p": {"type": "string"}}});
        let schemas = json!({"A": a});
        assert_eq!(
            outcome(&description(
                "3.0.3",
                &refer("A"),
                &refer("A"),
                schemas.clone()
            )),
            form,
            "{property}"
        );
        let one_way = outcome(&description("3.0.3", &refer("A"), &any, schemas));
        assert_eq!(one_way[1], json!(["x", "p"]), "{property}");
    }
    // Nothing would be left of it.
    let a = json!({"type": "object", "required": ["x"], "properties": {"x": {"type": "string", "readOnly": true}}});
    let form = outcome(&description("3.0.3", &refer("A"), &any, json!({ "A": a })));
    assert_eq!(form, json!([[], ["x"], ["x"], null, null]));
}

#[test]
fn circles_and_depths_end() {
    let mut schemas = json!({
        "A": {"type": "object", "required": ["x", "p"], "properties": {
            "x": {"type": "object", "readOnly": true, "properties": {"a": refer("A")}}, "p": {"type": "string"},
            "self": refer("A"), "list": {"type": "array", "items": refer("A")},
        }},
    });
    for index in 0..200 {
        schemas[format!("N{index}")] = json!({"type": "object", "properties": {
            "next": refer(&format!("N{}", (index + 1) % 200)), "a": refer("A"),
            "r": {"type": "string", "readOnly": true},
        }});
    }
    // Each of two parts is made of the two after it: there are 2^40 ways to the last.
    for index in 0..40 {
        let parts = json!([refer(&format!("M{}", index + 1)), refer(&format!("M{}", index + 1)), {
            "type": "object", "properties": {format!("m{index}"): refer(&format!("V{index}"))},
        }]);
        schemas[format!("M{index}")] = json!({ "allOf": parts });
        schemas[format!("V{index}")] = json!({"oneOf": [refer(&format!("V{}", index + 1)), refer(&format!("V{}", index + 1))]});
    }
    schemas["M40"] =
        json!({"type": "object", "properties": {"last": {"type": "string", "readOnly": true}}});
    schemas["V40"] = json!({"type": "string", "readOnly": true});
    let description = description("3.0.3", &refer("N0"), &refer("N7"), schemas);
    let source = Source::new("d.json", description.to_string());
    // What the lints say of such parts is not the question.
    let after = arrange::arrange(load::parse(&source).unwrap()).to_json();
    assert_eq!(
        after["components"]["schemas"]["M0"]["x-made-not-sent"]
            .as_array()
            .unwrap()
            .len(),
        41
    );
    let form = json!([after["components"]["schemas"]["A"]["required"]]);
    assert_eq!(form[0], json!(["p"]));
}
