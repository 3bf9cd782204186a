//! `cargo xtask lint` as a maintainer runs it: the real program, on files of its own.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// In OpenAPI 3.1, with a schema that 3.0 cannot say, an operation that lacks a marker of ours, and nothing else
/// that is wrong.
const BROKEN: &str = "\
openapi: 3.1.0
info: {title: Test, version: '1'}
paths:
  /things:
    get:
      operationId: list_things
      responses:
        '200':
          description: All of them.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Things'}
components:
  schemas:
    Things:
      type: object
      patternProperties: {'^x-': {type: string}}
";

const OVERLAY: &str = "\
overlay: 1.0.0
info: {title: Test, version: '1'}
actions:
  - target: $.paths['/things'].get
    update: {x-codegen-safe-to-repeat: true}
  - target: $.components.schemas.Things
    update: {x-codegen-ignore: [patternProperties]}
";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn lint(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let command = command.current_dir(folder).arg("lint").args(arguments);
    command.output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn the_description_of_this_workspace_has_nothing_wrong() {
    let output = lint(Path::new("/"), &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "nothing found\n");
    let output = lint(Path::new("/"), &["--format", "json"]);
    assert_eq!((output.status.code(), stdout(&output)), (Some(0), "[]\n"));
}

#[test]
fn what_cannot_be_lowered_and_what_a_lint_finds_come_in_one_run() {
    let folder = folder(&[("d.yaml", BROKEN)]);
    let output = lint(folder.path(), &["d.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty());
    let text = stdout(&output);
    let repeat = text.find("error[repeat-safety]: `GET /things`").unwrap();
    let pattern = text.find("error[pattern-properties]").unwrap();
    assert!(repeat < pattern, "in the description's order: {text}");
    assert!(
        text.contains("--> d.yaml:5:5") && text.contains("--> d.yaml:17:7"),
        "{text}"
    );
    assert!(
        text.ends_with("\n2 errors: 1 pattern-properties, 1 repeat-safety\n"),
        "{text}"
    );
}

#[test]
fn editors_and_ci_get_the_same_as_json() {
    let folder = folder(&[("d.yaml", BROKEN)]);
    let output = lint(folder.path(), &["d.yaml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let findings: Vec<Value> = serde_json::from_str(stdout(&output)).unwrap();
    let [repeat, pattern] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(repeat["rule"], "repeat-safety");
    assert_eq!(repeat["severity"], "error");
    assert_eq!(repeat["file"], "d.yaml");
    assert_eq!((&repeat["line"], &repeat["column"]), (&5.into(), &5.into()));
    assert_eq!(
        (&repeat["endLine"], &repeat["endColumn"]),
        (&5.into(), &8.into())
    );
    assert_eq!(repeat["pointer"], "#/paths/~1things/get");
    assert!(
        repeat["help"]
            .as_str()
            .unwrap()
            .contains("x-codegen-safe-to-repeat")
    );
    assert!(
        pattern["message"]
            .as_str()
            .unwrap()
            .contains("patternProperties")
    );
}

#[test]
fn an_overlay_settles_what_it_can_and_is_looked_at_too() {
    let wrong = OVERLAY.replace("/things", "/thing");
    let folder = folder(&[
        ("d.yaml", BROKEN),
        ("o.yaml", OVERLAY),
        ("wrong.yaml", &wrong),
    ]);
    let output = lint(folder.path(), &["d.yaml", "--overlay", "o.yaml"]);
    assert_eq!(
        (output.status.code(), stdout(&output)),
        (Some(0), "nothing found\n")
    );
    let output = lint(folder.path(), &["d.yaml", "--overlay", "wrong.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("--> wrong.yaml:4:"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_file_that_is_not_yaml_is_a_finding_and_a_missing_file_is_not() {
    let folder = folder(&[("d.yaml", "openapi: [3.1.0\n")]);
    let output = lint(folder.path(), &["d.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output).contains("--> d.yaml:"),
        "{}",
        stdout(&output)
    );
    let output = lint(folder.path(), &["none.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("none.yaml"));
}

/// What the generator's own reader refuses is a finding, too: otherwise only `codegen` would report it.
#[test]
fn what_the_generator_cannot_read_is_found() {
    let description = |bound: &str| {
        let bounded = format!("{{type: integer, format: int64, maximum: {bound}}}");
        let things = format!("{{type: object, properties: {{count: {bounded}}}}}");
        BROKEN
            .replace("3.1.0", "3.0.3")
            .replace("      responses:", "      x-codegen-safe-to-repeat: true\n      responses:")
            .replace("    Things:\n      type: object\n      patternProperties: {'^x-': {type: string}}\n", &format!("    Things: {things}\n"))
    };
    let fine = description("5");
    for bound in ["'5'", "true", "1_000"] {
        let odd = description(bound);
        let folder = folder(&[("odd.yaml", &odd), ("fine.yaml", &fine)]);
        let output = lint(folder.path(), &["fine.yaml"]);
        assert_eq!(stdout(&output), "nothing found\n");
        let output = lint(folder.path(), &["odd.yaml"]);
        let text = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{bound}: {text}");
        assert!(
            text.contains("error[not-openapi]") && text.contains("at #/components/schemas/Things"),
            "{bound}: {text}"
        );
    }
}

/// With a name that nobody would give, and a secret that would be printed.
const ODD: &str = "\
openapi: 3.0.3
info: {title: Test, version: '1'}
paths:
  /things:
    get:
      tags: [things]
      operationId: things_list
      x-codegen-safe-to-repeat: true
      responses:
        '200':
          description: All of them.
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
components:
  schemas:
    Thing: {type: object, properties: {api_key: {type: string}}}
";

#[test]
fn a_warning_is_told_and_fails_nothing() {
    let folder = folder(&[("d.yaml", ODD)]);
    let output = lint(folder.path(), &["d.yaml"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("warning[method-name]: the method `things_list`"),
        "{text}"
    );
    assert!(
        text.contains("warning[secret]: the property `api_key` of `Thing`"),
        "{text}"
    );
    assert!(
        text.ends_with("\n2 warnings: 1 method-name, 1 secret\n"),
        "{text}"
    );
    let output = lint(folder.path(), &["d.yaml", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let findings: Vec<Value> = serde_json::from_str(stdout(&output)).unwrap();
    assert!(findings.len() == 2 && findings.iter().all(|it| it["severity"] == "warning"));

    let wrong = ODD.replace("      x-codegen-safe-to-repeat: true\n", "");
    let folder = self::folder(&[("d.yaml", &wrong)]);
    let output = lint(folder.path(), &["d.yaml"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stdout(&output)
            .ends_with("\n1 error: 1 repeat-safety; 2 warnings: 1 method-name, 1 secret\n"),
        "{}",
        stdout(&output)
    );
}
