//! References: into other files, which the load stage brings in, and to parts without a name, which the arrange stage
//! puts in the place of the reference.

use crate::support::pipeline;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;
use xtask::openapi::{Node, Source};
use xtask::{arrange, load};

/// Files in a folder, by their paths in it.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn load_first(folder: &TempDir, files: &[(&str, &str)]) -> Result<Node, String> {
    load::load(&folder.path().join(files[0].0)).map_err(|failure| failure.to_string())
}

fn loaded(files: &[(&str, &str)]) -> Value {
    let folder = folder(files);
    let node = load_first(&folder, files).unwrap_or_else(|failure| panic!("{failure}"));
    node.to_json()
}

#[track_caller]
fn refused(files: &[(&str, &str)], says: &[&str]) {
    let folder = folder(files);
    let message = load_first(&folder, files).unwrap_err();
    let root = folder.path().display().to_string();
    let message = message.replace(&root, "");
    for text in says {
        assert!(message.contains(text), "{text:?} is not in\n{message}");
    }
}

const HEAD: &str = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\n";

fn first(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

#[test]
fn path_items_and_components_of_other_files_are_brought_in() {
    let letta = first(
        "paths:\n  /v1/agents: {$ref: 'tags/agents.yaml#/paths/~1v1~1agents'}\n  /v1/tools: {$ref: 'tags/tools.json'}\n\
         components:\n  schemas:\n    Named: {$ref: 'tags/agents.yaml#/components/schemas/Tag'}\n    Own: {type: integer}\n",
    );
    let files = [
        ("letta.yaml", letta.as_str()),
        (
            "tags/agents.yaml",
            "paths:\n  /v1/agents:\n    get:\n      parameters: [{$ref: '#/components/parameters/limit'}]\n      responses:\n        \
             '200': {$ref: '../shared/answers.yaml#/components/responses/Agents'}\n\
             components:\n  parameters:\n    limit: {name: limit, in: query, schema: {$ref: '../letta.yaml#/components/schemas/Own'}}\n  \
             schemas:\n    Agent: {type: object, properties: {tag: {$ref: '#/components/schemas/Tag'}, self: {$ref: '#/components/schemas/Agent'}}}\n    \
             Tag: {type: string}\n    Never: {type: boolean}\n",
        ),
        (
            "tags/tools.json",
            r#"{"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "../shared/tool.yaml"}}}}, "responses": {"204": {"description": ""}}}}"#,
        ),
        (
            "shared/answers.yaml",
            "components:\n  responses:\n    Agents: {description: All, content: {application/json: {schema: {type: array, items: {$ref: '../tags/agents.yaml#/components/schemas/Agent'}}}}}\n",
        ),
        (
            "shared/tool.yaml",
            "type: object\nproperties: {tag: {$ref: '../tags/./agents.yaml#/components/schemas/Tag'}}\n",
        ),
    ];
    let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    assert_eq!(
        loaded(&files),
        json!({
            "openapi": "3.0.3",
            "info": {"title": "T", "version": "1"},
            "paths": {
                "/v1/agents": {"get": {
                    "parameters": [{"$ref": "#/components/parameters/limit"}],
                    "responses": {"200": {"$ref": "#/components/responses/Agents"}},
                }},
                "/v1/tools": {"post": {
                    "requestBody": {"content": {"application/json": {"schema": schema("tool")}}},
                    "responses": {"204": {"description": ""}},
                }},
            },
            "components": {
                "schemas": {
                    "Named": {"type": "string"},
                    "Own": {"type": "integer"},
                    "tool": {"type": "object", "properties": {"tag": schema("Named")}},
                    "Agent": {"type": "object", "properties": {"tag": schema("Named"), "self": schema("Agent")}},
                },
                "parameters": {"limit": {"name": "limit", "in": "query", "schema": schema("Own")}},
                "responses": {"Agents": {"description": "All", "content": {"application/json": {"schema": {"type": "array", "items": schema("Agent")}}}}},
            },
        })
    );
}

#[test]
fn a_value_knows_its_file_and_line() {
    let letta = first("paths:\n  /a: {$ref: 'a.yaml#/~1a'}\n");
    let files = [
        ("letta.yaml", letta.as_str()),
        (
            "a.yaml",
            "/a:\n  get:\n    x-mark: 1\n    responses: {'200': {content: {a/b: {schema: {$ref: 'b.yaml#/S'}}}}}\n",
        ),
        ("b.yaml", "\nS:\n  type: string\n"),
    ];
    let folder = folder(&files);
    let document = load_first(&folder, &files).unwrap();
    for (pointer, place) in [
        ("/paths/~1a/get/x-mark", "a.yaml:3:5"),
        ("/components/schemas/S", "b.yaml:2:1"),
        ("/components/schemas/S/type", "b.yaml:3:3"),
        ("/openapi", "letta.yaml:1:1"),
    ] {
        let pointer = xtask::openapi::Pointer::parse(pointer).unwrap();
        let place_of = document.span_of(&pointer).place();
        assert!(place_of.ends_with(place), "{place_of} of {pointer}");
    }
}

#[test]
fn what_looks_like_a_reference_in_data_is_data() {
    let letta = first(
        "paths: {}\ncomponents:\n  schemas:\n    A: {example: {$ref: nowhere.yaml}, default: {$ref: nowhere.yaml}, enum: [{$ref: nowhere.yaml}], \
         x-a: {$ref: nowhere.yaml}, properties: {default: {$ref: 'b.yaml#/B'}, example: {$ref: 'b.yaml#/B'}, $ref: {type: string}}}\n",
    );
    let files = [
        ("letta.yaml", letta.as_str()),
        ("b.yaml", "B: {type: string}\n"),
    ];
    let schemas = &loaded(&files)["components"]["schemas"];
    let a = &schemas["A"];
    for key in ["example", "default", "x-a"] {
        assert_eq!(a[key]["$ref"], "nowhere.yaml");
    }
    for key in ["default", "example"] {
        assert_eq!(a["properties"][key]["$ref"], "#/components/schemas/B");
    }
    assert_eq!(schemas["B"]["type"], "string");
}

#[test]
fn the_mapping_of_a_discriminator_follows_its_schemas() {
    let letta = first(
        "paths: {}\ncomponents:\n  schemas:\n    Pet: {$ref: 'pets.yaml#/components/schemas/Pet'}\n    Own:\n      oneOf: [{$ref: 'pets.yaml#/components/schemas/Cat'}]\n      \
         discriminator: {propertyName: kind, mapping: {cat: 'pets.yaml#/components/schemas/Cat', own: Own}}\n",
    );
    let files = [
        ("letta.yaml", letta.as_str()),
        (
            "pets.yaml",
            "components:\n  schemas:\n    Pet:\n      oneOf: [{$ref: '#/components/schemas/Cat'}, {$ref: 'dog.yaml'}]\n      \
             discriminator: {propertyName: kind, mapping: {cat: Cat, dog: dog.yaml}}\n    Cat: {type: object}\n",
        ),
        ("dog.yaml", "type: object\n"),
    ];
    let schemas = &loaded(&files)["components"]["schemas"];
    let (cat, dog) = ("#/components/schemas/Cat", "#/components/schemas/dog");
    assert_eq!(
        schemas["Pet"]["discriminator"]["mapping"],
        json!({"cat": cat, "dog": dog})
    );
    assert_eq!(
        schemas["Own"]["discriminator"]["mapping"],
        json!({"cat": cat, "own": "Own"})
    );
}

#[test]
fn files_may_refer_to_each_other_in_circles() {
    let letta =
        first("paths: {}\ncomponents: {schemas: {A: {$ref: 'a.yaml#/components/schemas/A'}}}\n");
    let files = [
        ("letta.yaml", letta.as_str()),
        (
            "a.yaml",
            "components: {schemas: {A: {type: object, properties: {b: {$ref: 'b.yaml#/components/schemas/B'}}}}}\n",
        ),
        (
            "b.yaml",
            "components: {schemas: {B: {type: object, properties: {a: {$ref: 'a.yaml#/components/schemas/A'}}}}}\n",
        ),
    ];
    let schemas = &loaded(&files)["components"]["schemas"];
    assert_eq!(
        schemas["A"]["properties"]["b"]["$ref"],
        "#/components/schemas/B"
    );
    assert_eq!(
        schemas["B"]["properties"]["a"]["$ref"],
        "#/components/schemas/A"
    );
}

#[test]
fn a_path_item_may_be_another_of_the_same_file() {
    let letta = first(
        "paths:\n  /a: {get: {operationId: a, responses: {}}}\n  /b: {$ref: '#/paths/~1a'}\n",
    );
    for text in [letta.clone(), letta.replace("~1a", "%7E1a")] {
        let document = load::parse(&Source::new("d.yaml", text)).unwrap().to_json();
        assert_eq!(document["paths"]["/b"], document["paths"]["/a"]);
    }
}

#[test]
fn a_reference_that_cannot_be_followed_is_an_error_with_its_file_and_line() {
    let path = |reference: &str| first(&format!("paths:\n  /a: {{$ref: '{reference}'}}\n"));
    let other = ("b.yaml", "paths: {/b: {}}\nx: 1\n");
    for (reference, says) in [
        (
            "missing.yaml#/a",
            "`missing.yaml#/a` cannot be followed: cannot read /missing.yaml",
        ),
        ("b.yaml#/paths/~1c", "there is no `#/paths/~1c` in b.yaml"),
        ("b.yaml#c", "`#c` in `b.yaml#c` is not a JSON pointer"),
        ("../b.yaml", "outside the folder of the description"),
        ("x/../../b.yaml", "outside the folder of the description"),
        ("/etc/passwd", "outside the folder of the description"),
        ("%2e%2e/b.yaml", "outside the folder of the description"),
        (
            "https://example.com/b.yaml",
            "on another host, and nothing is fetched",
        ),
        ("file:///etc/passwd", "nothing is fetched"),
        ("//example.com/b.yaml", "nothing is fetched"),
        ("#/paths/~1a", "leads back to itself"),
        ("#/paths/~1b", "there is no `#/paths/~1b` in letta.yaml"),
    ] {
        refused(
            &[("letta.yaml", path(reference).as_str()), other],
            &[says, "error[reference]", "letta.yaml:4:14", "help:"],
        );
    }
    refused(
        &[
            ("letta.yaml", path("b.yaml").as_str()),
            ("b.yaml", "a: [x\n"),
        ],
        &["error[malformed]", "b.yaml:"],
    );
    let beside = first("paths:\n  /a:\n    $ref: 'b.yaml#/paths/~1b'\n    summary: x\n");
    refused(
        &[("letta.yaml", beside.as_str()), other],
        &[
            "`summary` stands next to the $ref of a path item",
            "letta.yaml:6:5",
        ],
    );
    let number = first("paths:\n  /a: {$ref: 1}\n  /b: {$ref: b.yaml}\n");
    refused(
        &[("letta.yaml", number.as_str()), other],
        &["the $ref is a number, not a text", "letta.yaml:4:14"],
    );
}

#[test]
fn all_problems_are_reported_at_once_each_with_its_file() {
    let letta = first("paths:\n  /a: {$ref: 'a.yaml#/a'}\n  /b: {$ref: b.yaml}\n");
    let files = [
        ("letta.yaml", letta.as_str()),
        (
            "a.yaml",
            "a:\n  get:\n    parameters: [{$ref: 'c.yaml'}]\n    requestBody: {$ref: '#/components/schemas/S'}\ncomponents: {schemas: {S: {}}}\n",
        ),
    ];
    refused(
        &files,
        &[
            "`b.yaml` cannot be followed",
            "letta.yaml:5:14",
            "`c.yaml` cannot be followed",
            "a.yaml:3:25",
            "one of the `schemas`, and one of the `requestBodies` is wanted",
            "a.yaml:4:25",
            "3 errors",
        ],
    );
}

#[test]
fn two_components_of_one_name_are_an_error_that_names_both() {
    let letta = first(
        "paths: {}\ncomponents:\n  schemas:\n    A: {items: {$ref: 'b.yaml#/components/schemas/S'}}\n    B: {items: {$ref: 'c.yaml#/components/schemas/S'}}\n",
    );
    let part = "components: {schemas: {S: {type: string}}}\n";
    let files = [
        ("letta.yaml", letta.as_str()),
        ("b.yaml", part),
        ("c.yaml", part),
    ];
    refused(
        &files,
        &[
            "`S` is the name of what this leads to",
            "c.yaml:1:24",
            "b.yaml:1:24",
            "letta.yaml:7:23",
        ],
    );
    // The first file may give one of them another name.
    let letta = letta.replace(
        "{items: {$ref: 'c.yaml#/components/schemas/S'}}",
        "{$ref: 'c.yaml#/components/schemas/S'}",
    );
    let files = [
        ("letta.yaml", letta.as_str()),
        ("b.yaml", part),
        ("c.yaml", part),
    ];
    assert_eq!(
        loaded(&files)["components"]["schemas"]["B"],
        json!({"type": "string"})
    );
}

#[test]
fn files_are_bounded_in_number_depth_and_values() {
    let many: String = (0..1_001)
        .map(|it| format!("  /p{it}: {{$ref: 'f{it}.yaml'}}\n"))
        .collect();
    let letta = first(&format!("paths:\n{many}"));
    let names: Vec<String> = (0..1_001).map(|it| format!("f{it}.yaml")).collect();
    let mut files = vec![("letta.yaml", letta.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), "get: {}\n")));
    refused(&files, &["more than 1000 files"]);

    let deep = format!("a: {}1{}\n", "[".repeat(126), "]".repeat(126));
    let letta = first("paths: {/a: {$ref: b.yaml}}\n");
    refused(
        &[("letta.yaml", letta.as_str()), ("b.yaml", deep.as_str())],
        &["nested more than 128 deep", "letta.yaml:3:20"],
    );

    let large = format!("get: {{x-a: [{}]}}\n", "1, ".repeat(10_000));
    let many: String = (0..201)
        .map(|it| format!("  /p{it}: {{$ref: b.yaml}}\n"))
        .collect();
    let letta = first(&format!("paths:\n{many}"));
    refused(
        &[("letta.yaml", letta.as_str()), ("b.yaml", large.as_str())],
        &["add more than 2000000 values"],
    );
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_folder_is_not_followed() {
    let outside = folder(&[("secret.yaml", "get: {x-secret: 1}\n")]);
    let letta = first("paths: {/a: {$ref: link.yaml}}\n");
    let folder = folder(&[("letta.yaml", letta.as_str())]);
    let link = folder.path().join("link.yaml");
    std::os::unix::fs::symlink(outside.path().join("secret.yaml"), link).unwrap();
    let message = load::load(&folder.path().join("letta.yaml"))
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("a link leads out of the folder"),
        "{message}"
    );
}

#[test]
fn from_memory_other_files_are_left_for_a_lint() {
    let text = first(
        "paths: {/a: {$ref: a.yaml}}\ncomponents: {schemas: {A: {$ref: '/etc/passwd'}, B: {discriminator: {mapping: {a: b.yaml}}}}}\n",
    );
    let document = load::parse(&Source::new("d.yaml", text)).unwrap().to_json();
    assert_eq!(document["paths"]["/a"]["$ref"], "a.yaml");
    assert_eq!(
        document["components"]["schemas"]["A"]["$ref"],
        "/etc/passwd"
    );
}

/// Takes the parts of a description apart: a file with its paths, and one with all components, which refer to each
/// other.
fn in_files(description: &Value) -> Vec<(&'static str, Value)> {
    fn point(value: &mut Value, file: &str) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(text)) = members.get_mut("$ref") {
                    *text = format!("{file}{text}");
                }
                members.values_mut().for_each(|it| point(it, file));
            }
            Value::Array(items) => items.iter_mut().for_each(|it| point(it, file)),
            _ => {}
        }
    }
    let mut first = description.clone();
    let (mut paths, mut listed) = (first["paths"].take(), json!({}));
    for path in paths.as_object().unwrap().keys() {
        let escaped = path.replace('~', "~0").replace('/', "~1");
        listed[path] = json!({"$ref": format!("paths/all.json#/{escaped}")});
    }
    first["paths"] = listed;
    // Those that the paths refer to are brought in; the others have to be named.
    let parts = first["components"].as_object_mut().unwrap();
    let mut components = json!({});
    for part in ["schemas", "responses", "parameters", "requestBodies"] {
        if let Some(of_part) = parts.get_mut(part) {
            components[part] = of_part.take();
            let names = components[part].as_object().unwrap().keys();
            let refer = |name: &String| {
                let reference = format!("shared.json#/components/{part}/{name}");
                (name.clone(), json!({"$ref": reference}))
            };
            *of_part = names.map(refer).collect();
        }
    }
    point(&mut paths, "../shared.json");
    let shared = json!({"components": components});
    vec![
        ("first.json", first),
        ("paths/all.json", paths),
        ("shared.json", shared),
    ]
}

#[test]
fn a_description_in_several_files_gives_the_same_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (path, overlay) in [
        (
            "tests/fixtures/tokens/letta.yaml",
            Some("tests/fixtures/tokens/overlay.yaml"),
        ),
        ("tests/fixtures/wide.yaml", None),
        ("tests/fixtures/unions.yaml", None),
    ] {
        let whole = load::load(&root.join(path)).unwrap();
        let files = in_files(&whole.to_json());
        let texts: Vec<(&str, String)> = files
            .into_iter()
            .map(|(path, json)| (path, json.to_string()))
            .collect();
        let files: Vec<(&str, &str)> = texts
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        let folder = folder(&files);
        let parts =
            load_first(&folder, &files).unwrap_or_else(|failure| panic!("{path}: {failure}"));
        let code = |mut description: Node| {
            if let Some(overlay) = overlay {
                let overlay = load::load(&root.join(overlay)).unwrap();
                xtask::overlay::apply(&mut description, &overlay).unwrap();
            }
            pipeline::run(&description)
                .unwrap_or_else(|failure| panic!("{path}: {failure}"))
                .files
        };
        assert!(
            code(parts) == code(whole),
            "{path} has other code in several files"
        );
    }
}

#[test]
fn lint_and_drift_name_the_file_and_line_of_a_part() {
    let letta =
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /a: {$ref: 'a.yaml#/~1a'}\n";
    let a = "/a:\n  get:\n    operationId: a\n    tags: [a]\n    x-codegen-safe-to-repeat: true\n    responses: {'200': {description: '', content: {application/json: {schema: {$ref: '#/S'}}}}}\n\
             S:\n  type: object\n  properties:\n    id: {type: string, format: uuid}\n";
    let folder = folder(&[
        ("letta.yaml", letta),
        ("a.yaml", a),
        ("other/letta.yaml", letta),
        ("other/a.yaml", &a.replace("id:", "name:")),
    ]);
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&["lint", "letta.yaml"]);
    assert!(
        text.contains("error[string-format]") && text.contains("a.yaml:10:24"),
        "{text}"
    );
    // A line to copy acts on the description as it was brought together.
    assert!(
        text.contains(
            "{target: $.components.schemas.S.properties.id, update: {x-codegen-ignore: [format]}}"
        ),
        "{text}"
    );
    let text = run(&["drift", "other/letta.yaml", "--description", "letta.yaml"]);
    assert!(
        text.contains("field-removed") && text.contains("a.yaml:10:5"),
        "{text}"
    );
    let other = Path::new("other").join("a.yaml");
    assert!(
        text.contains(&format!("{}:10:5", other.display())),
        "{text}"
    );
}

fn arranged(description: Value) -> Value {
    let source = Source::new("d.json", description.to_string());
    arrange::arrange(load::parse(&source).unwrap()).to_json()
}

fn get(schema: &Value) -> Value {
    json!({"operationId": "x", "tags": ["t"], "x-codegen-safe-to-repeat": true, "parameters": [{"name": "q", "in": "query", "schema": {"type": "integer", "format": "int32"}}],
        "responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}})
}

#[test]
fn references_to_parts_without_a_name_become_code() {
    let answer = json!({"type": "object", "properties": {
        "kind": {"$ref": "#/components/schemas/Thing/properties/kind"},
        "part": {"$ref": "#/components/schemas/Thing/properties/part"},
        "same": {"description": "Said here.", "$ref": "#/paths/~1b/get/responses/200/content/application~1json/schema/properties/n"},
    }});
    let mut other = get(
        &json!({"type": "object", "properties": {"n": {"type": "string"}, "thing": {"$ref": "#/components/schemas/Thing"}}}),
    );
    other["operationId"] = "y".into();
    other["parameters"] = json!([{"$ref": "#/paths/~1a/get/parameters/0"}]);
    let description = json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "paths": {"/a": {"get": get(&answer)}, "/b": {"get": other}},
        "components": {"schemas": {"Thing": {"type": "object", "properties": {
            "kind": {"type": "string", "enum": ["a", "b"]},
            "part": {"type": "object", "properties": {"deep": {"$ref": "#/components/schemas/Thing/properties/kind"}}},
        }}}},
    });
    let source = Source::new("d.json", description.to_string());
    let code =
        pipeline::run(&load::parse(&source).unwrap()).unwrap_or_else(|failure| panic!("{failure}"));
    let text: String = code.files.iter().map(|it| it.text.as_str()).collect();
    // One type each, named for where it stands first.
    for (line, count) in [
        ("pub enum ThingKind", 1),
        ("pub struct ThingPart", 1),
        ("pub kind: ::std::option::Option<ThingKind>", 2),
        ("pub part: ::std::option::Option<ThingPart>", 2),
        ("pub deep: ::std::option::Option<ThingKind>", 1),
        ("pub same: ::std::option::Option<::std::string::String>", 1),
    ] {
        assert_eq!(text.matches(line).count(), count, "{line}\n{text}");
    }
}

#[test]
fn a_part_within_itself_or_of_another_kind_stays_for_a_lint() {
    for reference in [
        "#/components/schemas/A/properties/a",
        "#/components/schemas/A/properties",
        "#/components/schemas/A/properties/none",
        "#/components/parameters/p",
    ] {
        let mut description = json!({
            "components": {"parameters": {"p": {}}, "schemas": {"A": {"properties": {"a": {"type": "object", "properties": {"b": {}}}}}}},
        });
        description["components"]["schemas"]["A"]["properties"]["a"]["properties"]["b"] =
            json!({"$ref": reference});
        let after = arranged(description).to_string();
        assert!(
            after.contains(&format!("{{\"$ref\":\"{reference}\"}}")),
            "{after}"
        );
    }
    // Two parts within each other, reached from outside.
    let after = arranged(json!({"components": {"schemas": {
        "A": {"properties": {"a": {"items": {"$ref": "#/components/schemas/B/properties/b"}}}},
        "B": {"properties": {"b": {"items": {"$ref": "#/components/schemas/A/properties/a"}}}},
        "C": {"properties": {"c": {"$ref": "#/components/schemas/A/properties/a"}}},
    }}}));
    assert!(after.to_string().len() < 2_000, "{after}");
}
