//! One error body for all operations, and the methods for events: what becomes of small descriptions.

use serde_json::{Value, json};
use xtask::diagnostic::Failure;
use xtask::openapi::Source;
use xtask::{arrange, load};

use crate::support::pipeline;

fn outcome(description: &Value) -> Result<pipeline::Code, Failure> {
    let source = Source::new("d.json", description.to_string());
    pipeline::run(&load::parse(&source).unwrap())
}

/// All code, each run of spaces and line breaks as one space.
fn code(description: &Value) -> String {
    let code = outcome(description).unwrap_or_else(|failure| panic!("{failure}"));
    let texts: Vec<String> = code.files.into_iter().map(|file| file.text).collect();
    let lines: Vec<&str> = texts.iter().flat_map(|text| text.split("///")).collect();
    let words: Vec<&str> = lines.iter().flat_map(|it| it.split_whitespace()).collect();
    let text = words.join(" ");
    text.replace("( ", "(")
        .replace(", )", ")")
        .replace(" .await", ".await")
}

fn refers(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn reply(schema: Value) -> Value {
    json!({"description": "It.", "content": {"application/json": {"schema": schema}}})
}

/// A description whose operations declare their errors in all ways.
fn description() -> Value {
    let object = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
    json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "paths": {"/v1/things": {
            "get": {"operationId": "getThing", "x-codegen-safe-to-repeat": true, "responses": {
                "200": reply(refers("Thing")),
                "400": {"$ref": "#/components/responses/Refused"},
                "404": {"description": "There is none."},
                "422": reply(refers("Invalid")),
            }},
            "delete": {"operationId": "deleteThing", "x-codegen-safe-to-repeat": true, "responses": {
                "204": {"description": "Done."},
                "500": {"$ref": "#/components/responses/Refused"},
            }},
            "put": {"operationId": "putThing", "x-codegen-safe-to-repeat": true, "responses": {
                "200": reply(refers("Thing")),
                "201": reply(refers("Thing")),
                "409": reply(json!({"type": "string"})),
            }},
            "post": {"operationId": "echo", "x-codegen-safe-to-repeat": true,
                "requestBody": {"required": true, "content": {"application/json": {"schema": refers("Both")}}},
                "responses": {"200": reply(json!({})), "400": reply(refers("Both"))},
            },
        }},
        "components": {
            "responses": {"Refused": reply(refers("Refusal"))},
            "schemas": {
                "Thing": object("name"), "Refusal": {"allOf": [refers("Base"), object("why")]},
                "Base": object("code"), "Invalid": object("field"), "Both": object("said"),
                "Kept": {"type": "object", "properties": {"invalid": refers("Invalid")}},
            },
        },
    })
}

#[test]
fn all_operations_have_one_error_body_if_the_overlay_says_so() {
    let mut description = description();
    let declared = code(&description);
    assert!(declared.contains("Error<types::Refusal>") && declared.contains("call::nothing("));
    assert!(!declared.contains("ServiceError") && !declared.contains("one_error::"));

    description["x-codegen-one-error"] = json!(true);
    let one = code(&description);
    for part in [
        "Result<ResponseValue<types::Thing>, Error<crate::ServiceError>>",
        "one_error::json(self, request, &operations::GET_THING, &[200u16]).await",
        "Result<ResponseValue<()>, Error<crate::ServiceError>>",
        "one_error::nothing(self, request, &operations::DELETE_THING, &[204u16]).await",
        "&operations::PUT_THING, &[200u16, 201u16]",
        "[`Error::ErrorResponse`] with a [`ServiceError`](crate::ServiceError), if the service answers with an error of any status, among them: - `400`: It. - `404`: There is none. - `422`: It.",
    ] {
        assert!(one.contains(part), "{part} is not in {one}");
    }
    assert_eq!(one.matches("Error<crate::ServiceError>").count(), 4);
    for part in [
        "call::json(",
        "call::nothing(",
        "call::error",
        "call::undocumented",
    ] {
        assert!(!one.contains(part), "{part}");
    }
    // All of them ask for JSON: errors are JSON if a success is nothing.
    assert_eq!(one.matches("header::ACCEPT").count(), 4, "{one}");
    // A schema of errors alone is no type. One that is used otherwise stays.
    for (name, is_there) in [
        ("Thing", true),
        ("Both", true),
        ("Kept", true),
        ("Invalid", true),
        ("Refusal", false),
        ("Base", false),
    ] {
        assert_eq!(
            one.contains(&format!("pub struct {name} ")),
            is_there,
            "{name}"
        );
    }
}

#[test]
fn ranges_of_errors_need_no_action_if_there_is_one_error_body() {
    let mut description = description();
    let responses = &mut description["paths"]["/v1/things"]["get"]["responses"];
    responses["default"] = reply(refers("Refusal"));
    responses["5XX"] = json!({"$ref": "#/components/responses/Refused"});
    // Without the marker, they arrive as unexpected.
    assert!(!code(&description).contains("5XX"));
    description["x-codegen-one-error"] = json!(true);
    let one = code(&description);
    assert!(!one.contains("5XX") && !one.contains("pub struct Refusal"));
    // A `default` that is the only answer is a success.
    description["paths"]["/v1/things"]["get"]["responses"] = json!({"default": reply(json!({}))});
    assert!(code(&description).contains("200u16, 201u16, 202u16, 203u16"));
}

#[test]
fn without_the_marker_nothing_is_arranged() {
    let given = description();
    let source = Source::new("d.json", given.to_string());
    let arranged = arrange::arrange(load::parse(&source).unwrap()).to_json();
    assert!(arranged["components"]["responses"]["Refused"]["content"].is_object());
    assert!(arranged["components"]["schemas"]["Base"].is_object());
}

/// A description of an operation with a body, JSON and events.
fn talk(marks: Value, event: Value, required: bool) -> Value {
    let mut both = reply(refers("Reply"));
    both["content"]["text/event-stream"] = event;
    let mut operation = json!({
        "operationId": "talk", "x-codegen-safe-to-repeat": false,
        "requestBody": {"required": required, "content": {"application/json": {"schema": refers("Say")}}},
        "parameters": [{"name": "limit", "in": "query", "schema": {"type": "string"}}],
        "responses": {"200": both},
    });
    for (name, value) in marks.as_object().unwrap() {
        operation[name] = value.clone();
    }
    json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "x-codegen-event-end": "[DONE]",
        "paths": {"/v1/talks": {"post": operation}},
        "components": {"schemas": {
            "Say": {"type": "object", "properties": {"text": {"type": "string"}, "streaming": {"type": "boolean"}}},
            "Reply": {"type": "object"},
            "Event": {"type": "object", "properties": {"word": {"type": "string"}}},
        }},
    })
}

#[test]
fn each_of_two_methods_sets_the_flag_that_the_overlay_names() {
    let event = json!({"schema": refers("Event")});
    for (required, sent) in [(true, "&body"), (false, "&body")] {
        let pinned = code(&talk(
            json!({"x-codegen-event-pin": "streaming"}),
            event.clone(),
            required,
        ));
        for value in [true, false] {
            let part = format!(".json(&pinned::Pinned({sent}, \"streaming\", {value}))");
            assert_eq!(pinned.matches(&part).count(), 1, "{part}: {pinned}");
            let said = format!("This method sends `streaming: {value}`, whatever the body holds.");
            assert_eq!(pinned.matches(&said).count(), 1, "{said}");
        }
        assert!(!pinned.contains("json_if_any"));
        let events = "call::events(self, request, &operations::TALK_STREAM, &[200u16], &[], Some(\"[DONE]\")).await";
        assert!(pinned.contains(events), "{pinned}");
        assert!(pinned.contains("Result<ResponseValue<EventStream<types::Event>>, Error<()>>"));
    }
    // Without the marker, the caller sets it.
    let open = code(&talk(json!({}), event, true));
    assert!(!open.contains("Pinned") && open.contains("Set `streaming` of the body to `true`."));
}

#[test]
fn an_operation_that_only_streams_has_no_method_for_json() {
    let event = json!({"schema": refers("Event")});
    let marks = json!({"x-codegen-event-pin": "streaming", "x-codegen-event-only": true});
    let mut description = talk(marks, event, true);
    description["x-codegen-one-error"] = json!(true);
    let only = code(&description);
    assert_eq!(only.matches("pub async fn ").count(), 1);
    for part in [
        "pub async fn talk<",
        "one_error::events(self, request, &operations::TALK, &[200u16], Some(\"[DONE]\")).await",
        "Pinned(&body, \"streaming\", true)",
        "streams: true",
        "The optional parameters of [`talk`](crate::Client::talk).",
    ] {
        assert!(only.contains(part), "{part} is not in {only}");
    }
    assert_eq!(only.matches(": Operation = Operation").count(), 1);
    // By another name, too.
    description["paths"]["/v1/talks"]["post"]["x-codegen-event-method"] = json!("listen");
    let only = code(&description);
    assert!(only.contains("pub async fn listen<") && !only.contains("pub async fn talk<"));
}

#[test]
fn events_that_are_not_described_are_bytes() {
    let mut description = talk(json!({}), json!({}), true);
    let bytes = code(&description);
    assert!(bytes.contains("ResponseValue<ByteStream>") && bytes.contains("call::stream("));
    description["x-codegen-one-error"] = json!(true);
    assert!(code(&description).contains("one_error::stream("));
}
