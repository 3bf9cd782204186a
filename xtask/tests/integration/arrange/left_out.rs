//! What the arrange stage makes of optional properties with defaults, by where a schema goes. What becomes of it in code is in
//! `calls/sent.rs`.

use serde_json::{Value, json};
use xtask::openapi::Source;
use xtask::{arrange, lint, load, lower};

fn refer(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The components of a description of one operation that sends and receives these schemas.
fn arranged(sent: &Value, received: &Value, schemas: Value) -> Value {
    let content = |schema: &Value| json!({"content": {"application/json": {"schema": schema}}, "description": "."});
    let mut body = content(sent);
    body["required"] = json!(true);
    let description = json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"post": {
            "operationId": "a", "x-codegen-safe-to-repeat": true, "requestBody": body, "responses": {"200": content(received)},
        }}},
        "components": {"schemas": schemas},
    });
    let source = Source::new("d.json", description.to_string());
    let given = load::parse(&source).unwrap();
    let lowered = lower::lower(&given);
    let document = arrange::arrange(lowered.document);
    lint::lint_lowered(&given, &document, &lowered.refusals)
        .unwrap_or_else(|failure| panic!("{failure}"));
    document.to_json()["components"]["schemas"].clone()
}

#[test]
fn a_default_is_told_in_what_is_sent_and_kept_in_what_is_only_received() {
    let a = || json!({"type": "object", "properties": {"p": {"type": "integer", "default": 10}}});
    let any = json!({"type": "object"});
    let (kept, told) = (
        json!({"type": "integer", "default": 10}),
        json!({"type": "integer", "description": "By default `10`."}),
    );
    let other = |schema: Value| json!({"A": a(), "B": schema});
    let list = json!({"type": "array", "items": refer("A")});
    let held = json!({"type": "object", "properties": {"a": refer("A")}});
    let map = json!({"type": "object", "additionalProperties": refer("A")});
    let union = json!({"oneOf": [refer("A"), {"type": "string"}]});
    let merged =
        json!({"allOf": [refer("A"), {"type": "object", "properties": {"b": {"type": "string"}}}]});
    for (sent, received, schemas, form) in [
        (refer("A"), any.clone(), json!({"A": a()}), &told),
        (any.clone(), refer("A"), json!({"A": a()}), &kept),
        (refer("A"), refer("A"), json!({"A": a()}), &told),
        // No operation leads to it.
        (any.clone(), any.clone(), json!({"A": a()}), &kept),
        (refer("B"), any.clone(), other(list.clone()), &told),
        (refer("B"), any.clone(), other(held.clone()), &told),
        (refer("B"), any.clone(), other(map.clone()), &told),
        (refer("B"), any.clone(), other(union.clone()), &told),
        (refer("B"), any.clone(), other(merged.clone()), &told),
        (list.clone(), any.clone(), json!({"A": a()}), &told),
        (any.clone(), refer("B"), other(list.clone()), &kept),
        (any.clone(), refer("B"), other(union.clone()), &kept),
        (any.clone(), refer("B"), other(merged.clone()), &kept),
        (held.clone(), list.clone(), json!({"A": a()}), &told),
    ] {
        let found = arranged(&sent, &received, schemas);
        assert_eq!(
            &found["A"]["properties"]["p"], form,
            "{sent} and {received}: {found}"
        );
    }
}

#[test]
fn each_default_is_told_in_few_words() {
    for (property, description) in [
        (json!({"default": 10}), Some("By default `10`.")),
        (json!({"default": false}), Some("By default `false`.")),
        (json!({"default": ""}), Some("By default `\"\"`.")),
        (json!({"default": "a b"}), Some("By default `a b`.")),
        (json!({"default": ["a"]}), Some("By default `[\"a\"]`.")),
        (
            json!({"default": 1, "description": "How many"}),
            Some("How many. By default `1`."),
        ),
        (
            json!({"default": "x".repeat(80)}),
            Some(&*format!("By default `{}`.", "x".repeat(80))),
        ),
        (
            json!({"default": "x".repeat(81)}),
            Some("The service has a default."),
        ),
        // Nothing is told of null, and a default that is to be ignored is left to who ignores it.
        (json!({"default": null, "nullable": true}), None),
        (json!({"default": 1, "x-codegen-ignore": ["default"]}), None),
    ] {
        let mut property = property;
        let kind = match &property["default"] {
            Value::Number(_) => "integer",
            Value::Bool(_) => "boolean",
            Value::Array(_) => "array",
            _ => "string",
        };
        property["type"] = json!(kind);
        if kind == "array" {
            property["items"] = json!({"type": "string"});
        }
        let a = json!({"type": "object", "properties": {"p": property}});
        let found = arranged(&refer("A"), &json!({"type": "object"}), json!({"A": a}));
        let found = &found["A"]["properties"]["p"];
        assert_eq!(found["description"].as_str(), description, "{property}");
        let is_ignored = property.get("x-codegen-ignore").is_some();
        let is_null = property["default"].is_null();
        assert_eq!(
            found.get("default").is_some(),
            is_ignored || is_null,
            "{found}"
        );
    }
}

#[test]
fn a_text_of_one_value_is_sent_if_it_is_required_or_tells_a_branch() {
    let kind = || json!({"type": "string", "enum": ["a"]});
    let optional =
        json!({"type": "object", "properties": {"kind": kind(), "b": {"type": "string"}}});
    let mut required = optional.clone();
    required["required"] = json!(["kind"]);
    let union = json!({"oneOf": [refer("A"), {"type": "string"}]});
    let merged =
        json!({"allOf": [refer("A"), {"type": "object", "properties": {"c": {"type": "string"}}}]});
    let of_merged = json!({"oneOf": [refer("B"), {"type": "string"}]});
    let any = json!({"type": "object"});
    for (sent, schemas, is_sent) in [
        (refer("A"), json!({"A": optional}), false),
        (refer("A"), json!({"A": required}), true),
        (refer("U"), json!({"A": optional, "U": union}), true),
        // What a branch is made of.
        (
            refer("U"),
            json!({"A": optional, "B": merged, "U": of_merged}),
            true,
        ),
        (refer("B"), json!({"A": optional, "B": merged}), false),
    ] {
        let found = arranged(&sent, &any, schemas);
        let found = &found["A"]["properties"]["kind"];
        assert_eq!(found["default"] == "a", is_sent, "{sent}: {found}");
        assert_eq!(found["x-made-constant"] == "a", is_sent, "{sent}: {found}");
        let told = found["description"] == "By default `a`.";
        assert_eq!(told, !is_sent, "{sent}: {found}");
    }
}

#[test]
fn an_answer_of_no_use_has_no_content_and_errors_keep_theirs() {
    let content = |schema: Value| json!({"content": {"application/json": {"schema": schema}}, "description": "."});
    let description = json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {
            "delete": {
                "operationId": "a", "x-codegen-safe-to-repeat": true, "x-codegen-answer": "nothing",
                "responses": {
                    "200": {"$ref": "#/components/responses/R"}, "202": content(json!({"type": "string"})),
                    "404": content(json!({"type": "string"})),
                },
            },
            "get": {
                "operationId": "b", "x-codegen-safe-to-repeat": true, "responses": {"200": {"$ref": "#/components/responses/R"}},
            },
        }},
        "components": {"responses": {"R": content(json!({}))}},
    });
    let source = Source::new("d.json", description.to_string());
    let document = arrange::arrange(load::parse(&source).unwrap());
    lint::lint(&document).unwrap_or_else(|failure| panic!("{failure}"));
    let item = &document.to_json()["paths"]["/a"];
    let has =
        |method: &str, status: &str| item[method]["responses"][status].get("content").is_some();
    assert_eq!(
        ["200", "202", "404"].map(|status| has("delete", status)),
        [false, false, true]
    );
    assert_eq!(
        item["get"]["responses"]["200"]["$ref"],
        "#/components/responses/R"
    );
    assert!(
        document.to_json()["components"]["responses"]["R"]
            .get("content")
            .is_some()
    );
}
