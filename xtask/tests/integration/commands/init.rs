//! `cargo xtask init` and `codegen --report` as a newcomer runs them: the real program, on a description that has a bit of everything.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Nothing in it was written with this generator in mind.
const DESCRIPTION: &str = "\
openapi: 3.0.3
info: {title: Crews, version: '1'}
paths:
  /crews:
    get:
      operationId: list_crews
      tags: [crews]
      parameters:
        - {name: Accept, in: header, schema: {type: string}}
        - {name: page, in: query, schema: {type: number}}
      responses:
        '200':
          description: All of them.
          content:
            application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Crew'}}}
            text/csv: {schema: {type: string}}
        default: {description: Refused., content: {application/json: {schema: {type: object}}}}
    post:
      operationId: add_crew
      tags: [crews]
      requestBody:
        content:
          text/plain: {schema: {type: string}}
      responses:
        '201': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Crew'}}}}
        '304': {description: It is there.}
components:
  schemas:
    Crew:
      type: object
      additionalProperties: false
      properties:
        id: {type: string, format: uuid, maxLength: 36}
        born: {type: string, format: date-time}
        size: {type: integer, minimum: 1}
        odd: {not: {type: string}}
        free: {}
        either: {oneOf: [{$ref: '#/components/schemas/Left'}, {$ref: '#/components/schemas/Right'}]}
    Left: {type: object, required: [a], properties: {a: {type: string}}}
    Right: {type: object, required: [b], properties: {b: {type: string}}}
";

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("d.yaml"), DESCRIPTION).unwrap();
    let package = folder.path().join("crate");
    std::fs::create_dir_all(package.join("src")).unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../letta-api/Cargo.toml");
    let manifest = std::fs::read_to_string(own).unwrap();
    let default = manifest.lines().find(|line| line.starts_with("default = "));
    let manifest = manifest.replace(default.unwrap(), "default = []");
    std::fs::write(package.join("Cargo.toml"), manifest).unwrap();
    folder
}

fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let text = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it).into_owned());
    text.concat()
}

#[test]
fn a_first_run_with_the_starter_overlay_gives_code_with_every_operation() {
    let folder = folder();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("2 operations"), "{}", said(&output));
    let overlay = std::fs::read_to_string(folder.path().join("overlay.yaml")).unwrap();
    for part in [
        "# Safety marks\n",
        "# Bounds of texts\n",
        "# Formats of texts\n",
        "# Numbers\n",
        "# Closed objects\n",
        "# Rule `response-media-type`\n",
        "x-codegen-may-match-nothing: true",
        "x-codegen-ignore: [maxLength]",
    ] {
        assert!(overlay.contains(part), "there is no `{part}` in\n{overlay}");
    }
    // Two marks stand for all operations.
    assert_eq!(
        overlay.matches("x-codegen-safe-to-repeat").count(),
        2,
        "{overlay}"
    );

    let codegen = [
        "codegen",
        "--description",
        "d.yaml",
        "--overlay",
        "overlay.yaml",
        "--out",
        "crate",
    ];
    let output = xtask(folder.path(), &codegen);
    assert!(output.status.success(), "{}", said(&output));
    let code = std::fs::read_to_string(folder.path().join("crate/src/generated/crews.rs")).unwrap();
    for part in [
        "pub async fn list_crews",
        "pub async fn add_crew",
        "pub id: ::std::option::Option<::std::string::String>",
    ] {
        assert!(code.contains(part), "there is no `{part}` in\n{code}");
    }
}

#[test]
fn an_overlay_that_is_there_is_not_written_over() {
    let folder = folder();
    let path = folder.path().join("overlay.yaml");
    std::fs::write(&path, "mine").unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("overlay.yaml is there already"),
        "{}",
        said(&output)
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    let output = xtask(folder.path(), &["init", "d.yaml", "--out", "other.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    // The next version of the description may need none of it that is for all places.
    let next = DESCRIPTION
        .replace("additionalProperties: false", "x-note: none")
        .replace("format: uuid, maxLength: 36", "example: a")
        .replace("format: date-time", "example: a");
    std::fs::write(folder.path().join("d.yaml"), next).unwrap();
    let output = xtask(
        folder.path(),
        &["lint", "d.yaml", "--overlay", "other.yaml"],
    );
    assert!(
        !said(&output).contains("matches nothing"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_description_that_cannot_be_read_leaves_no_overlay() {
    let folder = folder();
    std::fs::write(folder.path().join("d.yaml"), "paths: [").unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("d.yaml:1"), "{}", said(&output));
    assert!(!folder.path().join("overlay.yaml").exists());
}

#[test]
fn the_report_tells_what_was_decided_as_text_json_and_a_page() {
    let folder = folder();
    xtask(folder.path(), &["init", "d.yaml"]);
    let mut reports = Vec::new();
    for name in ["r.json", "r.txt", "r.html"] {
        let output = xtask(
            folder.path(),
            &[
                "codegen",
                "--description",
                "d.yaml",
                "--overlay",
                "overlay.yaml",
                "--out",
                "crate",
                "--report",
                name,
            ],
        );
        assert!(output.status.success(), "{}", said(&output));
        reports.push(std::fs::read_to_string(folder.path().join(name)).unwrap());
    }
    let json: Value = serde_json::from_str(&reports[0]).unwrap();
    assert_eq!(json["operations"], 2);
    let of = |key: &str| -> Vec<String> {
        let list = json[key].as_array().unwrap().iter();
        list.map(|it| {
            format!(
                "{} {}",
                it["at"].as_str().unwrap(),
                it["reason"].as_str().unwrap()
            )
        })
        .collect()
    };
    let any_json = of("anyJson");
    for (at, reason) in [
        ("properties/odd", "the overlay ignores not"),
        (
            "properties/free",
            "the description says nothing of its type",
        ),
    ] {
        let is_it = |it: &String| it.contains(at) && it.contains(reason);
        assert!(any_json.iter().any(is_it), "{at}: {any_json:#?}");
    }
    assert!(
        !any_json.iter().any(|it| it.contains("properties/id")),
        "{any_json:#?}"
    );
    let by_shape = of("unionsByShape");
    assert!(
        by_shape.len() == 1 && by_shape[0].contains("Left, Right"),
        "{by_shape:#?}"
    );
    let left_out = of("leftOut");
    for part in [
        "`Accept`",
        "media type `text/csv`",
        "answer `default`",
        "answer `304`",
    ] {
        let is_it = |it: &String| it.contains(part);
        assert!(left_out.iter().any(is_it), "{part}: {left_out:#?}");
    }
    assert!(
        json["anyJson"][0]["place"]
            .as_str()
            .unwrap()
            .starts_with("d.yaml:")
    );
    for decision in ["anyJson", "unionsByShape", "leftOut"] {
        for it in json[decision].as_array().unwrap() {
            let reason = it["reason"].as_str().unwrap();
            assert!(reports[1].contains(reason), "{reason}");
            // Quotes are the same; nothing here needs to be escaped.
            assert!(reports[2].contains(reason), "{reason}");
        }
    }
    assert!(!reports[2].contains("<script") && !reports[2].contains("http"));
}

/// A description comes from somebody else, and its names go into a page.
#[test]
fn names_in_the_page_are_text() {
    let folder = folder();
    let evil = DESCRIPTION.replace("free: {}", "\"<script>alert('x')</script>\\e[2J\": {}");
    std::fs::write(folder.path().join("d.yaml"), evil).unwrap();
    xtask(folder.path(), &["init", "d.yaml"]);
    let output = xtask(
        folder.path(),
        &[
            "codegen",
            "--description",
            "d.yaml",
            "--overlay",
            "overlay.yaml",
            "--out",
            "crate",
            "--report",
            "r.html",
        ],
    );
    assert!(output.status.success(), "{}", said(&output));
    let page = std::fs::read_to_string(folder.path().join("r.html")).unwrap();
    assert!(
        !page.contains("<script>") && !page.contains('\u{1b}'),
        "{page}"
    );
    assert!(page.contains("&lt;script&gt;"), "{page}");
}
