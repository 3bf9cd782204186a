//! `cargo xtask bundle` as a maintainer runs it: the real program, on our description and on small ones.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use xtask::load;
use xtask::openapi::Source;
use xtask::output::yaml::to_yaml;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn xtask(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert_eq!(told, "");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn fails(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn read(path: &Path) -> Value {
    load::load(path)
        .unwrap_or_else(|failure| panic!("{failure}"))
        .to_json()
}

/// What stands under a key, anywhere.
fn all<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                if name.starts_with(key) {
                    found.push(inner);
                }
                all(inner, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| all(it, key, found)),
        _ => {}
    }
}

/// The order of members counts, too.
fn in_order(value: &Value) -> String {
    value.to_string()
}

#[test]
fn our_description_is_one_file_in_yaml_and_in_json_that_says_the_same_in_the_same_order() {
    let folder = TempDir::new().unwrap();
    let parts = read(&workspace().join("openapi/letta.yaml"));
    for name in ["letta.yaml", "letta.json"] {
        assert_eq!(succeeds(&xtask(folder.path(), &["bundle", name])), "");
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(name.ends_with(".json"), text.starts_with('{'), "{name}");
        let source = Source::new(name, text);
        // As text, with no file beside it.
        let bundled = load::parse(&source).unwrap().to_json();
        assert_eq!(in_order(&bundled), in_order(&parts), "{name}");
        let mut references = Vec::new();
        all(&bundled, "$ref", &mut references);
        assert!(references.len() > 500, "{}", references.len());
        for reference in references {
            let at = reference.as_str().unwrap().strip_prefix('#').unwrap();
            assert!(bundled.pointer(at).is_some(), "{at}");
        }
    }
}

/// So a tool that reads the bundle sees what the SDK is made of.
#[test]
fn the_code_of_the_bundle_is_that_of_the_parts_byte_for_byte() {
    let folder = TempDir::new().unwrap();
    let overlay = workspace().join("openapi/overlay.yaml");
    let out = workspace().join("letta-api");
    for name in ["letta.yaml", "letta.json"] {
        succeeds(&xtask(folder.path(), &["bundle", name]));
        let arguments = ["codegen", "--check", "--description", name, "--overlay"];
        let paths = [overlay.to_str().unwrap(), "--out", out.to_str().unwrap()];
        let told = succeeds(&xtask(
            folder.path(),
            &[&arguments[..], &paths[..]].concat(),
        ));
        assert!(told.contains("up to date"), "{told}");
    }
}

#[test]
fn with_the_overlay_it_says_what_the_overlay_does_and_has_no_markers() {
    let folder = TempDir::new().unwrap();
    succeeds(&xtask(
        folder.path(),
        &["bundle", "--overlay", "changed.json"],
    ));
    let overlay = workspace().join("openapi/overlay.yaml");
    let named = format!("--overlay={}", overlay.display());
    succeeds(&xtask(folder.path(), &["bundle", &named, "named.json"]));
    let changed = read(&folder.path().join("changed.json"));
    assert_eq!(changed, read(&folder.path().join("named.json")));
    let operation = &changed["paths"]["/v1/agents/{agent_id}/summarize"]["post"];
    assert_eq!(operation["operationId"], "compact_messages");
    let mut markers = Vec::new();
    all(&changed, "x-codegen-", &mut markers);
    assert!(markers.is_empty(), "{markers:?}");
}

/// A description in two files, with what must not be touched.
fn small() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in [
        (
            "api.yaml",
            "openapi: 3.0.3
info: {title: Test, version: '1.0'}
x-codegen-one-error: true
x-other: kept
paths:
  /things: {$ref: 'parts/things.yaml#/paths/~1things'}
",
        ),
        (
            "parts/things.yaml",
            "paths:
  /things:
    get:
      operationId: list_things
      x-codegen-safe-to-repeat: true
      responses:
        '200':
          description: 'no'
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Thing'}
              example: {x-codegen-is: data}
components:
  schemas:
    Thing:
      type: object
      x-enum-varnames: [A]
      properties:
        # A property, and no marker.
        x-codegen-name: {type: string, default: '2026-01-02', x-codegen-sensitive: true}
",
        ),
    ] {
        let path: PathBuf = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn markers_go_and_data_and_properties_and_what_others_know_stay() {
    let folder = small();
    let text = succeeds(&xtask(
        folder.path(),
        &["bundle", "--description", "api.yaml"],
    ));
    assert_eq!(
        text,
        r#"openapi: "3.0.3"
info:
  title: Test
  version: "1.0"
x-other: kept
paths:
  /things:
    get:
      operationId: list_things
      responses:
        "200":
          description: "no"
          content:
            application/json:
              schema:
                "$ref": "\#/components/schemas/Thing"
              example:
                x-codegen-is: data
components:
  schemas:
    Thing:
      type: object
      x-enum-varnames:
        - A
      properties:
        x-codegen-name:
          type: string
          default: "2026-01-02"
"#
        .replace("\\#", "#")
    );
    let json = ["bundle", "--description", "api.yaml", "--format", "json"];
    let json: Value = serde_json::from_str(&succeeds(&xtask(folder.path(), &json))).unwrap();
    assert_eq!(
        json["paths"]["/things"]["get"]["operationId"],
        "list_things"
    );
    // The option decides, whatever the name is.
    let odd = [
        "bundle",
        "--description",
        "api.yaml",
        "--format",
        "json",
        "odd.yaml",
    ];
    succeeds(&xtask(folder.path(), &odd));
    let odd = std::fs::read_to_string(folder.path().join("odd.yaml")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&odd).unwrap(), json);
}

#[test]
fn a_part_of_the_description_is_not_written_over_and_what_cannot_be_is_told() {
    let folder = small();
    for part in ["api.yaml", "parts/things.yaml", "./parts/../api.yaml"] {
        let before = std::fs::read_to_string(folder.path().join(part)).unwrap();
        let output = xtask(
            folder.path(),
            &["bundle", "--description", "api.yaml", part],
        );
        let told = fails(&output);
        assert!(told.contains("is a part of the description"), "{told}");
        assert_eq!(
            std::fs::read_to_string(folder.path().join(part)).unwrap(),
            before
        );
    }
    for (arguments, expected) in [
        (["api.yaml", "none/x.yaml"], "cannot write none/x.yaml"),
        (["none.yaml", "x.yaml"], "cannot read none.yaml"),
    ] {
        let [description, out] = arguments;
        let output = xtask(
            folder.path(),
            &["bundle", "--description", description, out],
        );
        let told = fails(&output);
        assert!(told.contains(expected), "{told}");
    }
    std::fs::write(folder.path().join("parts/things.yaml"), "paths: {}\n").unwrap();
    let told = fails(&xtask(
        folder.path(),
        &["bundle", "--description", "api.yaml"],
    ));
    assert!(told.contains("--> api.yaml:6:"), "{told}");
}

/// Whatever a text may hold, and what YAML could take for something else.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~\n\t]{0,12}",
        prop::sample::select(vec![
            "no",
            "Yes",
            "~",
            "1",
            "1.5",
            "-1",
            "0x1f",
            "1e3",
            ".5",
            "1_000",
            "12:30",
            "2026-01-02",
            "null",
            "NULL",
            "- a",
            "a: b",
            "a #b",
            "# a",
            "&a",
            "*a",
            "!a",
            "|",
            ">",
            "@a",
            "`a",
            "%a",
            "'a'",
            "\"a\"",
            " a",
            "a ",
            "a\n",
            "\na",
            "",
            "=",
            "<<",
            "?",
            "? a",
            ":",
            "a:",
            "{}",
            "[]",
            "\u{feff}a",
            "\u{85}",
            "\u{2028}",
            "\u{7f}",
            "\u{0}",
            "😀",
            "ß",
            "---",
            "...",
            "a\\b",
            "a\tb",
            "\r\n",
            ".inf",
            ".NaN",
            "True",
            "on",
        ])
        .prop_map(str::to_owned),
    ]
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((text(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

proptest! {
    #[test]
    fn yaml_is_read_as_it_was_meant(value in json_value()) {
        let whole = json!({"value": value});
        let text = to_yaml(&whole);
        let read = load::parse(&Source::new("d.yaml", text.clone()));
        let read = read.unwrap_or_else(|failure| panic!("{failure}\n{text}")).to_json();
        prop_assert_eq!(in_order(&read), in_order(&whole), "{}", text);
    }
}

#[test]
fn a_key_may_be_as_long_as_it_likes() {
    let long = "long ".repeat(1_000);
    for name in [long.trim().to_owned(), format!("{long}:")] {
        let whole = json!({"a": {name.clone(): {"b": [1, {name: "x"}]}}});
        let text = to_yaml(&whole);
        let read =
            load::parse(&Source::new("d.yaml", text)).unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!(read.to_json(), whole);
    }
}
