//! Lists in pages: what becomes of `fixtures/pages.yaml`, and that each list of our description is one.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use xtask::diagnostic::Failure;
use xtask::openapi::pages::{CURSORS, Pages};
use xtask::openapi::{Node, Source, operations};
use xtask::{arrange, lint, load, overlay};

use crate::support::pipeline;
use crate::support::scratch::Scratch;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture() -> Node {
    load::load(&root().join("tests/fixtures/pages.yaml")).unwrap()
}

/// All code, each run of spaces and line breaks as one space.
fn code(document: &Node) -> String {
    let code = pipeline::run(document).unwrap_or_else(|failure| panic!("{failure}"));
    let texts: Vec<String> = code.files.into_iter().map(|file| file.text).collect();
    let words: Vec<&str> = texts.iter().flat_map(|it| it.split_whitespace()).collect();
    words.join(" ").replace(", }", " }").replace(", ]", " ]")
}

#[test]
fn a_list_has_a_method_for_all_pages_and_both_make_the_request_in_one_function() {
    let code = code(&fixture());
    for part in [
        "fn list_things_request<'a>( &'a self, params: &'a types::ListThingsParams, ) -> Result<::reqwest::Request, Error<types::Refusal>>",
        "Error<types::Refusal>> { let request = self.list_things_request(params)?; call::json(self, request, &operations::LIST_THINGS, &[200u16], &[400u16]).await }",
        "pub fn list_things_pages<'a>( &'a self, params: &'a types::ListThingsParams, ) -> Pages<::std::vec::Vec<types::Thing>, types::Thing, types::Refusal> { call::pages( self, self.list_things_request(params), &operations::LIST_THINGS, &[200u16], &[400u16], &pages::Rule {",
        "-> Pages<types::Counted, types::CountedThing, ()>",
        "-> Pages<::std::vec::Vec<::std::string::String>, ::std::string::String, ()>",
    ] {
        assert!(code.contains(part), "{part}");
    }
    // One request is built in one place.
    assert_eq!(
        code.matches("path::url(&self.baseurl, \"/v1/things\")")
            .count(),
        1
    );
    // A second method has no constant: it is the same operation.
    assert_eq!(code.matches("LIST_THINGS: Operation").count(), 1);
    assert!(!code.contains("LIST_THINGS_PAGES"));
    // A function gives way to an operation of its name.
    assert!(code.contains("fn list_whole_request_<'a>("));
    assert!(code.contains("pub async fn list_whole_request<'a>("));
    // Both are deprecated.
    assert_eq!(
        code.matches("#[deprecated(note = \"the API description marks it as deprecated\")] pub")
            .count(),
        2
    );
}

#[test]
fn each_form_of_the_marker_becomes_a_rule() {
    let code = code(&fixture());
    let last = |order: &str, parameter: &str| {
        format!(
            "pages::Move {{ order: {order:?}, parameter: {parameter:?}, from: pages::Fill::Last }}"
        )
    };
    for (rule, take) in [
        (
            format!("moves: &[ {} ], others: &[\"before\", \"after\"], ", last("", "after")),
            "page",
        ),
        (
            format!(
                "parts: true, order: Some(pages::Order {{ parameter: \"order\", default: \"desc\" }}), moves: &[ {}, pages::Move {{ order: \"desc\", parameter: \"before\", from: pages::Fill::First }} ], others: &[\"before\", \"after\"], ",
                last("asc", "after")
            ),
            "page",
        ),
        (
            format!(
                "order: Some(pages::Order {{ parameter: \"up\", default: \"true\" }}), moves: &[ {}, {} ], others: &[\"before\", \"after\"], ",
                last("true", "after"),
                last("false", "before")
            ),
            "page",
        ),
        (format!("id: &[], moves: &[ {} ], ", last("", "from")), "page"),
        (
            "items: &[\"data\", \"type\"], id: &[\"of\", \"key\"], more: Some(&[\"data\", \"hasMore\"]), moves: &[ pages::Move { order: \"\", parameter: \"offset\", from: pages::Fill::Count } ], ".to_owned(),
            "page.data.type_",
        ),
        (
            "items: &[\"entries\"], moves: &[ pages::Move { order: \"\", parameter: \"pageToken\", from: pages::Fill::Answer(&[\"nextPageToken\"]) } ], ".to_owned(),
            "page.entries",
        ),
        (
            "whole: Some(pages::Whole { parameter: \"limit\", limit: 1000u32 }), ".to_owned(),
            "page",
        ),
    ] {
        let part = format!("&pages::Rule {{ {rule}..pages::Rule::NONE }}, |page| {take}, )");
        assert!(code.contains(&part), "{part}");
    }
}

#[test]
fn the_documentation_says_how_a_list_moves_on() {
    let code = code(&fixture()).replace(" /// ", " ");
    for part in [
        "For all pages and for single items, see [`list_things_pages`](Self::list_things_pages).",
        "The list of [`list_things`](Self::list_things) as a stream of its pages.",
        "The pages move on by `after`. Set by the caller, it says where the first page begins.",
        "`before` cannot be set.",
        "With `order=desc`, the items of a page come in the opposite order to that of the list.",
        "The pages move on by `after` in the order `asc`, and by `before` in the order `desc`.",
        "Of `before` and `after`, only the one that moves on may be set.",
        "The list comes as one page. It has up to 1000 items, unless `limit` says otherwise.",
        "The optional parameters of [`list_things`](crate::Client::list_things) and of [`list_things_pages`](crate::Client::list_things_pages).",
    ] {
        assert!(code.contains(part), "{part}");
    }
}

#[test]
fn without_the_marker_nothing_changes() {
    let mut description = fixture().to_json();
    for item in description["paths"].as_object_mut().unwrap().values_mut() {
        item["get"]
            .as_object_mut()
            .unwrap()
            .remove("x-codegen-pages");
    }
    let source = Source::new("d.json", description.to_string());
    let code = code(&load::parse(&source).unwrap());
    assert!(
        !code.contains("pages::") && !code.contains("_pages") && !code.contains("things_request")
    );
}

/// The findings about a description with this marker on its one list.
fn findings(marker: &Value, change: impl FnOnce(&mut Value)) -> String {
    let mut description = json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "paths": {"/v1/things": {"get": {
            "operationId": "listThings", "x-codegen-safe-to-repeat": true, "x-codegen-pages": marker,
            "parameters": [{"name": "after", "in": "query", "schema": {"type": "string"}}],
            "responses": {"200": {"description": "It.", "content": {"application/json": {"schema": {
                "type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}},
            }}}}},
        }}},
    });
    change(&mut description);
    let source = Source::new("d.json", description.to_string());
    let document = arrange::arrange(load::parse(&source).unwrap());
    match lint::lint(&document) {
        Ok(()) => String::new(),
        Err(failure @ Failure::Diagnostics(_)) => failure.to_string(),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_union_has_ids_if_each_branch_has_one_and_an_id_may_be_a_number() {
    let right = |schema: Value| {
        findings(&json!("after"), |description| {
            description["components"] = json!({"schemas": {"Thing": schema, "A": {
                "type": "object", "required": ["a", "id"], "properties": {"a": {"type": "string"}, "id": {"type": "string"}},
            }, "B": {"type": "object", "required": ["b"], "properties": {"b": {"type": "string"}}}}});
            let answer =
                "/paths/~1v1~1things/get/responses/200/content/application~1json/schema/items";
            *description.pointer_mut(answer).unwrap() =
                json!({"$ref": "#/components/schemas/Thing"});
        })
    };
    let a = json!({"$ref": "#/components/schemas/A"});
    let b = json!({"$ref": "#/components/schemas/B"});
    for schema in [
        json!({"type": "object", "properties": {"id": {"type": "integer", "format": "int64"}}}),
        json!({"allOf": [a, {"type": "object", "properties": {"c": {"type": "string"}}}]}),
        json!({"oneOf": [a, {"type": "object", "required": ["c", "id"], "properties": {"c": {"type": "string"}, "id": {"type": "string"}}}]}),
    ] {
        assert_eq!(right(schema.clone()), "", "{schema}");
    }
    for schema in [
        json!({"oneOf": [a, b]}),
        json!({"type": "object", "properties": {"id": {"type": "object", "properties": {"id": {"type": "string"}}}}}),
        // It holds itself, and never an ID.
        json!({"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Thing"}}}),
    ] {
        let found = right(schema.clone());
        assert!(
            found.contains("items have no text or number there"),
            "{schema}\n{found}"
        );
    }
}

/// Our description, with its overlay.
fn ours() -> Node {
    let folder = root().join("../openapi");
    let mut document = load::load(&folder.join("letta.yaml")).unwrap();
    let actions = load::load(&folder.join("overlay.yaml")).unwrap();
    overlay::apply(&mut document, &actions).unwrap();
    arrange::arrange(document)
}

#[test]
fn each_list_of_ours_whose_pages_follow_each_other_has_a_method_for_all() {
    let document = ours();
    let (mut marked, mut unmarked) = (BTreeSet::new(), Vec::new());
    for (at, operation) in operations(&document) {
        let id = operation.get("operationId").and_then(Node::as_str).unwrap();
        let parameters = operation.get("parameters").map(Node::to_json);
        let parameters = parameters.unwrap_or_default();
        let mut names = parameters.as_array().into_iter().flatten();
        let has_cursor = names.any(|it| {
            it["in"] == "query" && CURSORS.contains(&it["name"].as_str().unwrap_or_default())
        });
        match Pages::of(operation) {
            Some(_) => {
                assert!(at.0.ends_with(&["get".to_owned()]), "{id}");
                marked.insert(id.to_owned());
            }
            None if has_cursor => unmarked.push(id.to_owned()),
            None => {}
        }
    }
    assert_eq!(unmarked, [""; 0], "mark them in overlay.yaml");
    assert_eq!(marked.len(), 26, "{marked:?}");
    // A method that comes or goes is seen in review.
    let names = std::fs::read_to_string(root().join("../letta-api/NAMES.txt")).unwrap();
    let mut listed = names.lines().filter(|it| it.ends_with(", pages"));
    assert_eq!(listed.clone().count(), 26);
    assert!(listed.all(|it| it.contains("_pages: GET /v1/")));
}

/// The code compiles, and its lists are read. Copied beside that code, `calls/pages.rs` plays the service.
#[test]
#[ignore = "slow, it builds a whole crate: add -- --ignored"]
fn generated_lists_are_read_page_by_page() {
    let code = pipeline::run(&fixture()).unwrap_or_else(|failure| panic!("{failure}"));
    let scratch = Scratch::new(&code.files, &code.features);
    let source = root().join("tests/calls/pages.rs");
    scratch.passes("pages", &source, "full");
    scratch.documents_cleanly("full");
}
