//! The arrange stage: what stands in the description afterwards.

use serde_json::{Value, json};
use xtask::model::Model;
use xtask::openapi::{Node, Pointer, Source, component_schemas};
use xtask::{arrange, load, markers};

fn arranged(description: &Value) -> Value {
    node(description).to_json()
}

fn node(description: &Value) -> Node {
    let source = Source::new("d.json", description.to_string());
    arrange::arrange(load::parse(&source).unwrap())
}

/// A description of one operation, with these responses and schemas.
fn description(responses: Value, schemas: Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"post": {"operationId": "doIt", "responses": responses}}},
        "components": {"schemas": schemas},
    })
}

fn reply(schema: Value) -> Value {
    json!({"description": "", "content": {"application/json": {"schema": schema}}})
}

fn schema_of<'a>(description: &'a Value, status: &str) -> &'a Value {
    &description["paths"]["/a"]["post"]["responses"][status]["content"]["application/json"]["schema"]
}

/// The schemas of the branches of a union, as they are set aside.
fn branches(arranged: &Value, union: &str) -> Vec<Value> {
    let schemas = &arranged["components"]["schemas"];
    assert!(schemas[union][markers::UNION].is_object(), "{arranged}");
    let parts = &schemas[markers::branches_of(union)]["properties"];
    parts.as_object().unwrap().values().cloned().collect()
}

fn is_upload(arranged: &Value) -> bool {
    arranged.to_string().contains(markers::UPLOAD)
}

fn refers(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

#[test]
fn errors_of_several_shapes_become_the_branches_of_one_schema() {
    let message = json!({"type": "object", "properties": {"message": {"type": "string"}}});
    let coded = json!({"type": "object", "properties": {"code": {"type": "integer"}}});
    let mut said = message.clone();
    said["description"] = json!("The same shape, with other words.");
    let given = description(
        json!({
            "200": reply(json!({})),
            "400": reply(message.clone()),
            "404": reply(said),
            "409": reply(coded.clone()),
            "422": reply(json!({"description": "Bad.", "allOf": [refers("Invalid")]})),
            "500": {"description": "Broken."},
            "501": {"description": "", "content": {"application/json": {"example": 1}}},
        }),
        json!({"Invalid": {"type": "object"}, "Known": coded}),
    );
    let arranged = arranged(&given);
    for status in ["400", "404", "409", "422"] {
        assert_eq!(
            *schema_of(&arranged, status),
            refers("DoItError"),
            "{status}"
        );
    }
    // A shape that has a name keeps it, and each is there once.
    assert_eq!(
        branches(&arranged, "DoItError"),
        [refers("DoItError400"), refers("Known"), refers("Invalid")]
    );
    let made = &arranged["components"]["schemas"]["DoItError400"];
    assert_eq!(made["properties"], message["properties"]);
    // What has no shape is left undocumented, and so arrives with its status.
    let responses = arranged["paths"]["/a"]["post"]["responses"]
        .as_object()
        .unwrap();
    assert!(!responses.contains_key("500") && !responses.contains_key("501"));
    assert_eq!(*schema_of(&arranged, "200"), json!({}));
}

#[test]
fn successes_of_several_shapes_become_the_branches_of_one_schema() {
    let given = description(
        json!({"200": reply(refers("A")), "202": reply(refers("B"))}),
        json!({"A": {"type": "object"}, "B": {"type": "string"}}),
    );
    let arranged = arranged(&given);
    assert_eq!(*schema_of(&arranged, "202"), refers("DoItSuccess"));
    assert_eq!(
        branches(&arranged, "DoItSuccess"),
        [refers("A"), refers("B")]
    );
}

#[test]
fn what_was_moved_twice_is_found_at_its_first_place() {
    let inner = json!({"type": "object", "properties": {"b": {"type": "string"}}});
    let outer = json!({"type": "object", "properties": {"a": inner}});
    let other = json!({"type": "object", "properties": {"c": {"type": "string"}}});
    let description = description(json!({"200": reply(outer), "201": reply(other)}), json!({}));
    let document = node(&description);
    let mut moved = 0;
    for (name, _) in component_schemas(&document) {
        let at = Pointer(vec!["components".into(), "schemas".into(), name.into()]);
        let from = arrange::origin(&document, &at);
        moved += usize::from(from.last() == Some("a"));
        if from != at {
            let there = description.pointer(from.to_string().trim_start_matches('#'));
            assert!(there.is_some(), "{name} is from {from}");
        }
    }
    assert_eq!(moved, 1);
}

#[test]
fn answers_that_share_a_shape_stay_as_they_are() {
    for responses in [
        json!({"400": reply(refers("A")), "404": reply(refers("A"))}),
        // Bytes are no shape: a lint tells.
        json!({
            "400": reply(refers("A")),
            "404": {"description": "", "content": {"text/plain": {"schema": {"type": "string"}}}},
        }),
        // Without any that has a shape, none is in the way.
        json!({"400": {"description": ""}, "404": {"description": ""}}),
        json!({"200": reply(refers("A")), "204": {"description": ""}}),
    ] {
        let given = description(responses, json!({"A": {"type": "object"}}));
        assert_eq!(arranged(&given), given);
    }
}

#[test]
fn a_shared_response_is_changed_for_one_operation_alone() {
    let mut given = description(
        json!({"400": {"$ref": "#/components/responses/Bad"}, "404": reply(refers("B"))}),
        json!({"A": {"type": "object"}, "B": {"type": "string"}}),
    );
    given["components"]["responses"] = json!({"Bad": reply(refers("A"))});
    let node = node(&given);
    let arranged = node.to_json();
    assert_eq!(
        arranged["components"]["responses"],
        given["components"]["responses"]
    );
    // Its copy notes its origin.
    let at = "#/paths/~1a/post/responses/400";
    let origin = arrange::origin(&node, &Pointer::parse(at).unwrap());
    assert_eq!(origin.to_string(), "#/components/responses/Bad");
    assert_eq!(*schema_of(&arranged, "400"), refers("DoItError"));
}

#[test]
fn a_name_that_is_taken_leaves_the_shapes_to_a_lint() {
    let given = description(
        json!({"400": reply(refers("A")), "404": reply(refers("do-it_error"))}),
        json!({"A": {"type": "object"}, "do-it_error": {"type": "string"}}),
    );
    assert_eq!(arranged(&given), given);
}

#[test]
fn events_beside_json_are_taken_out_and_noted() {
    let both = |event: Value| {
        let mut both = reply(json!({}));
        both["content"]["application/json"]["description"] = json!("When all is there.");
        both["content"]["text/event-stream"] = event;
        json!({"200": both})
    };
    let inline = json!({"oneOf": [refers("A"), refers("B")]});
    for (event, named, method) in [
        (json!({"schema": refers("A")}), json!("A"), None),
        (json!({"schema": inline}), json!("DoItEvent"), None),
        (json!({}), Value::Null, Some("listen")),
        (json!({"schema": {"type": "string"}}), Value::Null, None),
    ] {
        let mut given = description(
            both(event.clone()),
            json!({"A": {"type": "object"}, "B": {"type": "string"}}),
        );
        given["paths"]["/a"]["post"]["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": {
                "type": "object",
                "properties": {"streaming": {"type": "boolean"}},
            }}},
        });
        if let Some(method) = method {
            given["paths"]["/a"]["post"]["x-codegen-event-method"] = json!(method);
        }
        let node = node(&given);
        let arranged = node.to_json();
        let operation = &arranged["paths"]["/a"]["post"];
        assert_eq!(operation["responses"]["200"], reply(json!({})));
        let note = &operation["x-made-event-stream"];
        assert_eq!(note["method"], method.unwrap_or("do_it_stream"));
        assert_eq!(note["switch"], "streaming");
        assert_eq!(
            note.get("event").cloned().unwrap_or_default(),
            named,
            "{event}"
        );
        let schemas = arranged["components"]["schemas"].as_object().unwrap();
        assert_eq!(schemas.contains_key("DoItEvent"), named == "DoItEvent");
        // The model lists the type, so that split keeps it with the operation.
        let extra = &Model::read(&node).operations["do_it"].extra_types;
        assert_eq!(extra.iter().map(String::as_str).next(), named.as_str());
    }
}

#[test]
fn events_alone_are_noted_if_they_are_described() {
    let alone = |event: Value| {
        let mut alone = reply(json!({}));
        alone["content"] = json!({"text/event-stream": event});
        json!({"200": alone})
    };
    let schemas = json!({"A": {"type": "object"}, "B": {"type": "string"}});
    let inline = json!({"oneOf": [refers("A"), refers("B")]});
    for (event, named) in [
        (json!({"schema": refers("A"), "example": {}}), "A"),
        (json!({"schema": inline}), "DoItEvent"),
    ] {
        let mut given = description(alone(event), schemas.clone());
        // A flag that changes nothing is not spoken of.
        given["paths"]["/a"]["post"]["requestBody"] = json!({
            "required": true,
            "content": {"application/json": {"schema": {
                "type": "object",
                "properties": {"streaming": {"type": "boolean"}},
            }}},
        });
        let arranged = arranged(&given);
        let operation = &arranged["paths"]["/a"]["post"];
        assert_eq!(operation["responses"]["200"], reply(refers(named)));
        let note = json!({"method": "do_it", "only": true, "event": named});
        assert_eq!(operation["x-made-event-stream"], note);
    }
    for event in [json!({}), json!({"schema": {"type": "string"}})] {
        let given = description(alone(event), schemas.clone());
        assert_eq!(arranged(&given), given);
    }
}

#[test]
fn what_a_description_says_of_this_stage_is_not_believed() {
    let mut given = description(json!({"204": {"description": ""}}), json!({}));
    let clean = given.clone();
    given["paths"]["/a"]["post"]["x-made-event-stream"] = json!({"method": "a"});
    given["paths"]["/a"]["post"]["x-made-upload"] = json!(true);
    given["paths"]["/a"]["post"]["x-made-optional-body"] = json!(true);
    assert_eq!(arranged(&given), clean);
}

fn upload(schema: Value) -> Value {
    let mut given = description(json!({"204": {"description": ""}}), json!({}));
    given["paths"]["/a"]["post"]["requestBody"] = json!({
        "required": true,
        "content": {"multipart/form-data": {"schema": schema}},
    });
    given
}

#[test]
fn an_upload_becomes_json_with_a_type_of_ours_for_files() {
    let mut given = upload(refers("Body_do_it"));
    given["components"]["schemas"]["Body_do_it"] = json!({
        "type": "object",
        "properties": {
            "file": {"type": "string", "format": "binary", "description": "It."},
            "files": {"type": "array", "items": {"$ref": "#/components/schemas/Bytes"}},
            "name": {"type": "string", "nullable": true, "minLength": 2},
        },
        "required": ["file", "name"],
    });
    given["components"]["schemas"]["Bytes"] = json!({"type": "string", "format": "binary"});
    let node = node(&given);
    let arranged = node.to_json();
    let operation = &arranged["paths"]["/a"]["post"];
    let content = &operation["requestBody"]["content"];
    assert_eq!(
        *content,
        json!({"application/json": {"schema": refers("DoItBody")}})
    );
    assert_eq!(operation["x-made-upload"], true);
    let schemas = arranged["components"]["schemas"].as_object().unwrap();
    assert!(
        !schemas.contains_key("Body_do_it"),
        "nothing else refers to it"
    );
    let body = &schemas["DoItBody"];
    assert_eq!(
        body["properties"],
        json!({
            "file": {"description": "It.", "allOf": [refers("made-file")]},
            "files": {"type": "array", "items": refers("made-file")},
            "name": {"type": "string", "minLength": 2},
        })
    );
    // Null cannot be written in a form, and is left out.
    assert_eq!(body["required"], json!(["file"]));
    // An overlay comes before, and so changes what stood there.
    let at = Pointer::parse("#/components/schemas/DoItBody/properties/name").unwrap();
    assert_eq!(
        arrange::origin(&node, &at).to_string(),
        "#/components/schemas/Body_do_it/properties/name"
    );
}

#[test]
fn a_form_that_cannot_be_written_is_left_to_a_lint() {
    let file = json!({"type": "string", "format": "binary"});
    for schema in [
        json!({}),
        json!({"type": "object"}),
        json!({"type": "array", "items": file}),
        json!({"type": "object", "properties": {"a\"b": file}}),
        json!({"type": "object", "properties": {"a\r\nb": file}}),
        json!({"type": "object", "properties": {"a": file}, "additionalProperties": file}),
    ] {
        let given = upload(schema);
        assert!(!is_upload(&arranged(&given)), "{given}");
    }
    let mut given = upload(json!({"type": "object", "properties": {"a": file}}));
    given["paths"]["/a"]["post"]["requestBody"]["content"]["multipart/form-data"]["encoding"] =
        json!({"a": {"contentType": "image/png"}});
    assert!(!is_upload(&arranged(&given)));
}

/// A description of two operations that answer with JSON or events, by these names.
fn two(first: Value, second: Value) -> Value {
    let operation = |mut operation: Value| {
        let mut both = reply(json!({}));
        both["content"]["text/event-stream"] = json!({});
        operation["responses"] = json!({"200": both});
        operation
    };
    let mut given = description(json!({}), json!({}));
    given["paths"] = json!({"/a": {"get": operation(first), "put": operation(second)}});
    arranged(&given)["paths"]["/a"].clone()
}

#[test]
fn a_method_for_events_takes_the_second_name_if_the_first_will_not_do() {
    let item = two(
        json!({"operationId": "talk_stream"}),
        json!({"operationId": "talk"}),
    );
    let method = |item: &Value, verb: &str| item[verb]["x-made-event-stream"]["method"].clone();
    assert_eq!(method(&item, "get"), "talk_stream_events");
    assert_eq!(method(&item, "put"), "talk_events");
    let item = two(
        json!({"operationId": "a", "x-codegen-event-method": "b_stream"}),
        json!({"operationId": "b"}),
    );
    assert_eq!(method(&item, "put"), "b_events");
}

#[test]
fn a_json_body_alone_can_be_left_out() {
    for (body, is_optional) in [
        (json!({"content": {"application/json": {}}}), true),
        (
            json!({"required": false, "content": {"application/json": {}}}),
            true,
        ),
        (
            json!({"required": true, "content": {"application/json": {}}}),
            false,
        ),
        (json!({"content": {"text/plain": {}}}), false),
        (
            json!({"content": {"application/json": {}, "text/plain": {}}}),
            false,
        ),
        (
            json!({"content": {"application/json": {}, "application/json;v=2": {}}}),
            true,
        ),
        (json!({"content": {"application/vnd.a+json": {}}}), true),
    ] {
        let mut given = description(json!({}), json!({}));
        given["paths"]["/a"]["post"]["requestBody"] = body.clone();
        let note = &arranged(&given)["paths"]["/a"]["post"]["x-made-optional-body"];
        assert_eq!(note == true, is_optional, "{body}");
    }
}

#[test]
fn a_body_keeps_one_name_of_json() {
    let object = json!({"schema": {"type": "object", "properties": {"a": {}}}});
    for (content, left, sent) in [
        // The names, what is left of them (JSON is shown as such), and the name that is sent if that is another.
        (
            json!({"application/vnd.a+json": {}}),
            json!(["application/json"]),
            Some("application/vnd.a+json"),
        ),
        (
            json!({"text/json": {}, "application/b+json": {}}),
            json!(["application/json"]),
            Some("text/json"),
        ),
        (
            json!({"text/json": {}, "application/json": {}, "application/*+json": {}}),
            json!(["application/json"]),
            None,
        ),
        (
            json!({"Application/Json": {}}),
            json!(["application/json"]),
            None,
        ),
        (
            json!({"text/json": {}, "text/plain": {}}),
            json!(["application/json", "text/plain"]),
            Some("text/json"),
        ),
        (
            json!({"application/json; charset=utf-8": {}}),
            json!(["application/json"]),
            Some("application/json; charset=utf-8"),
        ),
        (json!({"*/*": object}), json!(["application/json"]), None),
        // A range says no name, and texts are written in UTF-8.
        (
            json!({"*/*": {"schema": {"type": "string"}}}),
            json!(["*/*"]),
            None,
        ),
        (
            json!({"application/*+json": {}}),
            json!(["application/*+json"]),
            None,
        ),
        (
            json!({"application/json; charset=utf-16": {}}),
            json!(["application/json; charset=utf-16"]),
            None,
        ),
        (
            json!({"application/json": {}}),
            json!(["application/json"]),
            None,
        ),
    ] {
        let mut given = description(json!({}), json!({}));
        let post = &mut given["paths"]["/a"]["post"];
        post["requestBody"] = json!({"$ref": "#/components/requestBodies/It"});
        given["components"]["requestBodies"] = json!({"It": {"content": content}});
        let arranged = arranged(&given);
        let post = &arranged["paths"]["/a"]["post"];
        let body = match post["requestBody"].get("$ref") {
            Some(_) => &arranged["components"]["requestBodies"]["It"],
            None => &post["requestBody"],
        };
        let names: Vec<&String> = body["content"].as_object().unwrap().keys().collect();
        assert_eq!(json!(names), left, "{content}");
        assert_eq!(post["x-made-content-type"].as_str(), sent, "{content}");
    }
}

#[test]
fn content_is_removed_if_http_has_none() {
    for status in ["204", "205"] {
        let given = description(json!({status: reply(json!({}))}), json!({}));
        let arranged = arranged(&given);
        let response = &arranged["paths"]["/a"]["post"]["responses"][status];
        assert_eq!(*response, json!({"description": ""}));
    }
}

#[test]
fn a_form_that_others_refer_to_stays_for_them() {
    let mut given = upload(refers("Form"));
    given["components"]["schemas"] = json!({
        "Form": {"type": "object", "properties": {"a": {"type": "string"}}},
        "Other": {"type": "array", "items": refers("Form")},
    });
    let arranged = arranged(&given);
    assert_eq!(
        arranged["components"]["schemas"]["Form"],
        given["components"]["schemas"]["Form"]
    );
}

#[test]
fn the_parameters_of_a_path_item_come_first_and_give_way_to_the_operations() {
    let mut given = description(json!({"204": {"description": ""}}), json!({}));
    let item = &mut given["paths"]["/a"];
    item["parameters"] = json!([
        {"name": "id", "in": "path", "schema": {}},
        {"name": "limit", "in": "query", "schema": {}},
    ]);
    item["post"]["parameters"] = json!([
        {"name": "after", "in": "query", "schema": {}},
        {"name": "limit", "in": "query", "required": true, "description": "Own.", "schema": {}},
    ]);
    let model = Model::read(&node(&given));
    let parameters: Vec<_> = model.operations["do_it"]
        .parameters
        .iter()
        .map(|it| (it.name.as_str(), it.optional, it.description.as_deref()))
        .collect();
    let wanted = [
        ("id", false, None),
        ("limit", false, Some("Own.")),
        ("after", true, None),
    ];
    assert_eq!(parameters, wanted);
}
