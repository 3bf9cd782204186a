//! The code that calls every method for tests: what becomes of a small description.

use serde_json::{Value, json};
use xtask::model::Model;
use xtask::openapi::Source;
use xtask::output::render::render;
use xtask::{arrange, callers, generate, load, lower, refine};

/// The code, each run of spaces and line breaks as one space.
fn code(description: &Value) -> String {
    let source = Source::new("d.json", description.to_string());
    let document = lower::lower(&load::parse(&source).unwrap()).document;
    let document = arrange::arrange(document);
    let model = Model::read(&document);
    let tokens = generate::generate(&document, &model).unwrap();
    let refined = refine::refine(tokens, &model).unwrap();
    let text = render(&callers::callers(&refined, &model).unwrap());
    let words: Vec<&str> = text.split_whitespace().collect();
    words
        .join(" ")
        .replace("( ", "(")
        .replace(", )", ")")
        .replace(" .", ".")
}

fn parameter(place: &str, name: &str, required: bool, kind: &str) -> Value {
    json!({"in": place, "name": name, "required": required, "schema": {"type": kind}})
}

fn description() -> Value {
    let object = |properties: Value| json!({"type": "object", "properties": properties});
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let content = |media: &str, schema: Value| json!({"content": {media: {"schema": schema}}});
    let reply = |schema: Value| json!({"200": {"description": "It.", "content": {"application/json": {"schema": schema}}}});
    json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "x-codegen-one-error": true, "x-codegen-event-end": "[DONE]",
        "paths": {
            "/things/{thing-id}": {
                "get": {"operationId": "getThing", "tags": ["things"], "x-codegen-safe-to-repeat": true,
                    "parameters": [
                        parameter("path", "thing-id", true, "string"), parameter("query", "since", true, "integer"),
                        parameter("query", "orderBy", false, "string"), parameter("header", "X-Of", false, "string"),
                    ],
                    "responses": reply(json!({"type": "array", "items": refers("Thing")}))},
                "delete": {"operationId": "deleteThing", "x-codegen-safe-to-repeat": true,
                    "parameters": [parameter("path", "thing-id", true, "string")],
                    "responses": {"204": {"description": "Done."}}},
            },
            "/say": {"post": {"operationId": "say", "x-codegen-safe-to-repeat": true, "x-codegen-event-pin": "streaming",
                "requestBody": content("application/json", refers("Words")),
                "responses": {"200": {"description": "It.", "content": {
                    "application/json": {"schema": refers("Thing")},
                    "text/event-stream": {"schema": refers("Heard")},
                }}}}},
            "/files": {"post": {"operationId": "sendFile", "x-codegen-safe-to-repeat": true,
                "requestBody": {"required": true, "content": {"multipart/form-data": {"schema": refers("FileForm")}}},
                "responses": reply(refers("Thing"))}},
        },
        "components": {"schemas": {
            "Thing": object(json!({"name": {"type": "string"}})),
            "Heard": object(json!({"text": {"type": "string"}})),
            "Words": object(json!({"text": {"type": "string"}, "streaming": {"type": "boolean"}})),
            "FileForm": {"type": "object", "required": ["file", "fileKind"], "properties": {
                "file": {"type": "string", "format": "binary"}, "fileKind": {"type": "string"}, "note": {"type": "string"},
            }},
        }},
    })
}

#[test]
fn each_method_is_called_with_what_its_signature_asks_for() {
    let code = code(&description());
    for expected in [
        // Parameters by their names on the wire, required ones first.
        r#"fn get_thing<'a>(client: &'a Client, args: &'a Args) -> Calling<'a> { Box::pin(async move { let thing_id: String = args.required("path", "thing-id")?; let since: i64 = args.required("query", "since")?; let mut params = types::GetThingParams::default(); params.order_by = args.optional("query", "orderBy")?; params.x_of = args.optional("header", "X-Of")?; Answer::json(client.get_thing(&thing_id, &since, &params).await) }) }"#,
        r#"Method { name: "get_thing", tag: "things", operation: &operations::GET_THING, body: Body::None, pins: None, gives: Gives::Json(reader::<::std::vec::Vec<types::Thing>>), call: get_thing, }"#,
        r#"Answer::json(client.delete_thing(&thing_id).await)"#,
        r#"operation: &operations::DELETE_THING, body: Body::None, pins: None, gives: Gives::Nothing"#,
        // Both methods of an operation that answers with JSON or with events.
        r#"fn say<'a>(client: &'a Client, args: &'a Args) -> Calling<'a> { Box::pin(async move { let body: Option<types::Words> = args.optional_body()?; Answer::json(client.say(body.as_ref()).await) }) }"#,
        r#"operation: &operations::SAY, body: Body::Optional(reader::<types::Words>), pins: Some(("streaming", false)), gives: Gives::Json(reader::<types::Thing>)"#,
        r#"Answer::events(client.say_stream(body.as_ref()).await).await"#,
        r#"operation: &operations::SAY_STREAM, body: Body::Optional(reader::<types::Words>), pins: Some(("streaming", true)), gives: Gives::Events(reader::<types::Heard>)"#,
        // A form: its constructor, and the rest.
        r#"let mut body = types::SendFileBody::new(args.file("file")?, args.required::<::std::string::String>("form", "fileKind")?); body.note = args.optional("form", "note")?; Answer::json(client.send_file(body).await)"#,
    ] {
        assert!(code.contains(expected), "no {expected}\nin {code}");
    }
    assert_eq!(code.matches("Method {").count(), 5);
}
