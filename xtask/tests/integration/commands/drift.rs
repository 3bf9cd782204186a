//! `cargo xtask drift` as a maintainer runs it: the real program, on files of its own.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const OURS: &str = "\
openapi: 3.0.3
info: {title: Test, version: '1'}
paths:
  /things/{id}:
    get:
      operationId: get_thing
      responses:
        '200':
          description: One.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
components:
  schemas:
    Thing:
      type: object
      properties:
        name: {type: string}
";

const OVERLAY: &str = "\
overlay: 1.0.0
info: {title: Test, version: '1'}
actions:
  - target: $.components.schemas.Thing.properties.name
    update: {nullable: true}
";

/// With one operation more, and a field.
fn other() -> String {
    OURS.replace(
        "components:\n",
        "  /more: {post: {tags: [more]}}\ncomponents:\n",
    ) + "        size: {type: integer}\n"
}

/// Without a field that ours has.
fn breaking() -> String {
    OURS.replace("name:", "title:")
}

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    let (other, breaking) = (other(), breaking());
    for (name, text) in [
        ("ours.yaml", OURS),
        ("same.yaml", OURS),
        ("overlay.yaml", OVERLAY),
        ("other.yaml", &other),
        ("breaking.yaml", &breaking),
        ("no.yaml", "openapi: [3.0.3\n"),
        ("swagger.yaml", "swagger: '2.0'\n"),
    ] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.current_dir(folder).arg("drift").args(arguments);
    command.output().unwrap()
}

/// With `ours.yaml` as ours.
fn drift(arguments: &[&str]) -> (Option<i32>, String) {
    let arguments = [&["--description", "ours.yaml"], arguments].concat();
    let output = run(folder().path(), &arguments);
    assert!(output.stderr.is_empty(), "{output:?}");
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn files_that_agree_exit_with_0() {
    assert_eq!(
        drift(&["same.yaml"]),
        (Some(0), "no difference\n".to_owned())
    );
}

#[test]
fn the_text_names_operation_change_and_places() {
    let (code, text) = drift(&["other.yaml"]);
    assert_eq!(code, Some(1));
    assert_eq!(
        text,
        "\
schema Thing
  compatible[field-added] size: optional in OTHER, and ours lacks it (received)
    --> other.yaml:20:9, ours: ours.yaml:15:5

1 operation in OTHER that ours lacks:
  POST /more
    --> other.yaml:13:11

1 difference, 0 breaking; ours lacks 1 operation
"
    );
}

#[test]
fn which_differences_fail_can_be_chosen() {
    for (arguments, code) in [
        (&["other.yaml"][..], 1),
        (&["other.yaml", "--fail-on", "any"], 1),
        (&["other.yaml", "--fail-on", "breaking"], 0),
        (&["other.yaml", "--fail-on", "never"], 0),
        (&["breaking.yaml"], 1),
        (&["breaking.yaml", "--fail-on", "breaking"], 1),
        (&["breaking.yaml", "--fail-on", "never"], 0),
        (&["same.yaml", "--fail-on", "any"], 0),
    ] {
        assert_eq!(drift(arguments).0, Some(code), "{arguments:?}");
    }
}

#[test]
fn operations_that_ours_lacks_can_be_left_out() {
    let (code, text) = drift(&["other.yaml", "--ours-only"]);
    assert_eq!(code, Some(1));
    assert!(!text.contains("/more"), "{text}");
    let (_, json) = drift(&["other.yaml", "--ours-only", "--format", "json"]);
    assert!(!json.contains("/more"), "{json}");
}

#[test]
fn what_the_overlay_explains_is_shown_and_does_not_count() {
    let (code, text) = drift(&["same.yaml", "--overlay", "overlay.yaml"]);
    assert_eq!(code, Some(0));
    for says in [
        "explained by the overlay, and not counted:",
        "null-of-optional name: null is valid in ours, not valid in OTHER",
        "because of overlay.yaml:4:13",
        "no difference; 1 explained by the overlay",
    ] {
        assert!(text.contains(says), "{says} is not in\n{text}");
    }
}

#[test]
fn ci_gets_all_of_it_as_json() {
    let (code, json) = drift(&[
        "other.yaml",
        "--overlay",
        "overlay.yaml",
        "--format",
        "json",
    ]);
    assert_eq!(code, Some(1));
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["formatVersion"], 1);
    assert_eq!(report["description"], "ours.yaml");
    assert_eq!(report["overlay"], "overlay.yaml");
    assert_eq!(report["other"], "other.yaml");
    let summary = serde_json::json!({
        "differences": 1, "breaking": 0, "explained": 1, "operationsLacking": 1,
    });
    assert_eq!(report["summary"], summary);
    let differences = report["differences"].as_array().unwrap();
    let of = |change: &str| {
        let mut all = differences.iter();
        all.find(|it| it["change"] == change).unwrap()
    };
    assert_eq!(differences.len(), 3);
    let expected = serde_json::json!({
        "change": "field-added",
        "breaking": false,
        "explained": false,
        "use": "answer",
        "operation": null,
        "schema": "Thing",
        "schemaOf": "ours",
        "at": "size",
        "message": "optional in OTHER, and ours lacks it",
        "tags": [],
        "places": [{
            "ours": {
                "file": "ours.yaml", "line": 15, "column": 5, "pointer": "#/components/schemas/Thing",
            },
            "other": {
                "file": "other.yaml", "line": 20, "column": 9,
                "pointer": "#/components/schemas/Thing/properties/size",
            },
        }],
        "overlay": null,
    });
    assert_eq!(of("field-added"), &expected);
    let lacking = of("operation-added");
    assert_eq!(lacking["operation"]["method"], "POST");
    assert_eq!(lacking["operation"]["path"], "/more");
    assert_eq!(lacking["tags"][0], "more");
    assert_eq!(lacking["places"][0]["ours"], Value::Null);
    let explained = of("null-of-optional");
    assert_eq!(explained["explained"], true);
    assert_eq!(explained["overlay"]["file"], "overlay.yaml");
    assert_eq!(explained["overlay"]["line"], 4);
}

#[test]
fn what_cannot_be_compared_exits_with_2_and_says_why() {
    for (arguments, says) in [
        (&["none.yaml"][..], "cannot read none.yaml"),
        (&["no.yaml"], "--> no.yaml:"),
        (&["swagger.yaml"], "a description in Swagger 2.0"),
        (
            &["same.yaml", "--description", "none.yaml"],
            "cannot read none.yaml",
        ),
        (
            &[
                "same.yaml",
                "--description",
                "ours.yaml",
                "--overlay",
                "none.yaml",
            ],
            "cannot read none.yaml",
        ),
        (
            &[
                "same.yaml",
                "--description",
                "ours.yaml",
                "--overlay",
                "same.yaml",
            ],
            "it is not an overlay",
        ),
        (&[], "OTHER"),
        (&["same.yaml", "--fail-on", "all"], "--fail-on"),
    ] {
        let output = run(folder().path(), arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert!(message.contains(says), "{arguments:?} gave\n{message}");
        assert!(!message.contains("written"), "{message}");
    }
}

#[test]
fn ours_is_that_of_the_workspace_unless_another_is_named() {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/letta.yaml");
    let output = run(Path::new("/"), &[ours.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("explained by the overlay"), "{text}");
}
