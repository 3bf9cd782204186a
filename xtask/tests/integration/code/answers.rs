//! What the file of requests says of answers.

use serde_json::{Value, json};

use crate::code::requests::file;

/// The operation whose answer has this schema, and the shapes.
fn answers(schema: &Value, schemas: &Value) -> (Value, Value) {
    let content = json!({"application/json": {"schema": schema}});
    let mut file = file(&operation(json!({"200": content})), schemas).unwrap();
    (
        file["operations"][0]["answer"].take(),
        file["answers"].take(),
    )
}

/// An operation with the content of each status.
fn operation(contents: Value) -> Value {
    let responses = contents
        .as_object()
        .unwrap()
        .iter()
        .map(|(status, content)| {
            (
                status.clone(),
                json!({"description": "It.", "content": content}),
            )
        });
    let responses: Value = responses.collect::<serde_json::Map<_, _>>().into();
    json!({"/thing": {"get": {
        "operationId": "getThing", "x-codegen-safe-to-repeat": true, "responses": responses,
    }}})
}

fn schemas() -> Value {
    json!({
        "Name": {"type": "object", "properties": {"last": {"type": "string", "nullable": true}}},
        "Plain": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "MaybeText": {"type": "string", "nullable": true},
        "Mode": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "A": {"type": "object", "properties": {"kind": {"type": "string", "enum": ["a"]}, "x": {"type": "string", "nullable": true}}, "required": ["kind"]},
        "B": {"type": "object", "properties": {"kind": {"type": "string", "enum": ["b"]}}, "required": ["kind"]},
        "Whole": {"type": "object", "properties": {"id": {"type": "string"}, "text": {"type": "string"}}, "required": ["id", "text"]},
    })
}

#[test]
fn a_shape_says_what_a_value_has_in_any_case() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let (name, plain) = (reference("Name"), reference("Plain"));
    for (schema, expected) in [
        (name.clone(), json!("Name")),
        (json!({"allOf": [name], "nullable": true}), json!("Name")),
        (
            json!({"type": "array", "items": name}),
            json!({"items": "Name"}),
        ),
        // Nothing is added to these.
        (plain.clone(), Value::Null),
        (json!({"type": "string", "nullable": true}), Value::Null),
        (json!({"type": "array", "items": plain}), Value::Null),
        (
            json!({"type": "object", "additionalProperties": true}),
            Value::Null,
        ),
        (
            json!({"type": "object", "additionalProperties": name}),
            json!({"others": "Name"}),
        ),
        // Null, by the member itself or by what it refers to.
        (
            json!({"type": "object", "properties": {
                "a": {"type": "string", "nullable": true},
                "b": reference("MaybeText"),
                "c": {"allOf": [name], "nullable": true},
                "secret": {"type": "string", "nullable": true, "writeOnly": true},
            }, "required": ["a"]}),
            json!({"null": ["a", "b", "c"], "members": {"c": "Name"}}),
        ),
        // Other values, of members that are not required.
        (
            json!({"type": "object", "properties": {
                "flag": {"type": "boolean", "default": false},
                "mode": reference("Mode"),
                "list": {"type": "array", "items": {"type": "string"}},
                "map": {"type": "object", "additionalProperties": true},
                "closed": {"type": "object", "additionalProperties": false},
                "object": {"type": "object", "properties": {"x": {"type": "string"}}},
                "text": {"type": "string"},
                "needed": {"type": "array", "items": {"type": "string"}},
                "either": {"type": "string", "nullable": true, "default": "x"},
            }, "required": ["needed"]}),
            json!({"null": ["either"], "else": {"flag": false, "mode": "a", "list": [], "map": {}}}),
        ),
        (
            json!({"allOf": [name, {"type": "object", "properties": {"y": {"type": "string", "nullable": true}}}]}),
            json!({"all": ["Name", {"null": ["y"]}]}),
        ),
        // Unions. A branch that adds nothing is left out if a tag tells it apart, and stays if only its members do.
        (
            json!({"oneOf": [reference("A"), reference("B")], "discriminator": {"propertyName": "kind", "mapping": {
                "a": "#/components/schemas/A", "b": "#/components/schemas/B",
            }}}),
            json!({"tag": "kind", "of": {"a": "A"}}),
        ),
        (
            json!({"anyOf": [reference("A"), reference("B")]}),
            json!({"tag": "kind", "of": {"a": "A"}}),
        ),
        (
            json!({"anyOf": [reference("Whole"), name, {"type": "string"}, reference("Plain")]}),
            json!({"first": [{"is": "object", "has": ["id", "text"]}, {"is": "object", "as": "Name"}]}),
        ),
        (
            json!({"anyOf": [{"type": "array", "items": name}, {"type": "string"}]}),
            json!({"first": [{"is": "array", "as": {"items": "Name"}}]}),
        ),
        (json!({"anyOf": [{"type": "string"}, plain]}), Value::Null),
        (json!({"anyOf": [name]}), json!("Name")),
    ] {
        let (answer, shapes) = answers(&schema, &schemas());
        assert_eq!(answer, expected, "{schema}");
        if expected == "Name" {
            assert_eq!(shapes, json!({"Name": {"null": ["last"]}}));
        }
    }
}

#[test]
fn shapes_may_lead_back_to_themselves() {
    let tree = json!({"$ref": "#/components/schemas/Tree"});
    let of = |property: Value| json!({"Tree": {"type": "object", "properties": {"children": {"type": "array", "items": tree}, "note": property}, "required": ["children"]}});
    let (answer, shapes) = answers(&tree, &of(json!({"type": "string", "nullable": true})));
    assert_eq!(answer, "Tree");
    let expected = json!({"null": ["note"], "members": {"children": {"items": "Tree"}}});
    assert_eq!(shapes, json!({"Tree": expected}));
    // Nothing is added anywhere in it.
    let (answer, shapes) = answers(&tree, &of(json!({"type": "string"})));
    assert_eq!((answer, shapes), (Value::Null, json!({})));
}

#[test]
fn only_successes_say_what_is_added() {
    let json = |name: &str| json!({"application/json": {"schema": {"$ref": format!("#/components/schemas/{name}")}}});
    let file_of = |contents| file(&operation(contents), &schemas());
    let found = file_of(json!({"201": json("Name"), "404": json("A")})).unwrap();
    assert_eq!(found["operations"][0]["answer"], "Name");
    assert_eq!(found["answers"], json!({"Name": {"null": ["last"]}}));
    let found = file_of(json!({"200": json("Name"), "202": json("Name")})).unwrap();
    assert_eq!(found["operations"][0]["answer"], "Name");
    let message = file_of(json!({"200": json("Name"), "202": json("A")})).unwrap_err();
    assert!(
        message.contains("several schemas") && message.contains("`get_thing`"),
        "{message}"
    );
}
