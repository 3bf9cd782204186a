//! `cargo xtask init` and `codegen --report` as a newcomer runs them: the real program, on a description that has a bit of everything.

use std::fmt::Write as _;
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
        - {name: sid, in: cookie, schema: {type: string}}
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
fn nothing_is_written_into_the_workspace_of_the_generator() {
    let folder = folder();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let out = workspace.join("letta-api/begun.yaml");
    let output = xtask(
        folder.path(),
        &["init", "d.yaml", "--out", out.to_str().unwrap()],
    );
    let is_there = out.exists();
    let _ = std::fs::remove_file(&out);
    assert!(!is_there, "{}", said(&output));
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let says = format!(
        "--out {}: that is in the workspace of the generator",
        out.display()
    );
    assert!(said(&output).contains(&says), "{}", said(&output));
}

#[test]
fn all_commands_say_the_same_of_a_version_that_is_not_read() {
    let folder = folder();
    let swagger = "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths: {}\n";
    std::fs::write(folder.path().join("s.yaml"), swagger).unwrap();
    for command in [
        &["init", "s.yaml"][..],
        &["lint", "s.yaml"],
        &["bundle", "--description", "s.yaml"],
        &["drift", "s.yaml", "--description", "d.yaml"],
        &["drift", "d.yaml", "--description", "s.yaml"],
    ] {
        let output = xtask(folder.path(), command);
        assert!(!output.status.success(), "{command:?}");
        for part in [
            "this is a description in Swagger 2.0",
            "npx swagger2openapi",
        ] {
            assert!(
                said(&output).contains(part),
                "{command:?}\n{}",
                said(&output)
            );
        }
    }
    let newer = DESCRIPTION.replace("3.0.3", "3.2.0");
    std::fs::write(folder.path().join("n.yaml"), newer).unwrap();
    let drift = ["drift", "n.yaml", "--description", "d.yaml"];
    let output = xtask(folder.path(), &drift);
    let says = "OpenAPI 3.2.0 is not read, but 3.0 and 3.1 are";
    assert!(said(&output).contains(says), "{}", said(&output));
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
    // The code has it, as a header that is known to be a cookie.
    assert!(
        !left_out.iter().any(|it| it.contains("sid")),
        "{left_out:#?}"
    );
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

/// A large description of which somebody wants one operation. The others cannot be generated as they are.
const LARGE: &str = "\
openapi: 3.1.0
info: {title: Crews, version: '1'}
paths:
  /crews:
    get:
      operationId: list_crews
      tags: [crews]
      responses:
        '200': {description: All., content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Crew'}}}}}
    post:
      operationId: add_crew
      tags: [crews]
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Odd'}}}}
      responses: {'201': {description: It.}}
  /ships/{ship}:
    get:
      operationId: get_ship
      tags: [ships]
      parameters: [{name: ship, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Odd'}}}}}
webhooks: {sunk: {post: {responses: {'200': {description: Noted.}}}}}
components:
  schemas:
    Crew: {type: object, properties: {name: {type: string}}}
    Odd: {type: object, if: {required: [a]}, properties: {b: {type: number}, ship: {$ref: '#/components/schemas/Ship'}}}
    Ship: {type: object, properties: {born: {type: string, format: date-time}}}
";

/// Of the operations of `LARGE`, `list_crews` alone, with all that it needs to be decided.
const CHOSEN: &str = "\
overlay: 1.0.0
info: {title: T, version: '1'}
actions:
- {target: $, update: {x-codegen-operations: {include: {ids: [list_crews]}}}}
- {target: \"$.paths['/crews'].get\", update: {x-codegen-safe-to-repeat: true}}
";

fn large_folder(overlay: &str) -> TempDir {
    let folder = folder();
    std::fs::write(folder.path().join("d.yaml"), LARGE).unwrap();
    if !overlay.is_empty() {
        std::fs::write(folder.path().join("overlay.yaml"), overlay).unwrap();
    }
    folder
}

const CODEGEN: [&str; 7] = [
    "codegen",
    "--description",
    "d.yaml",
    "--overlay",
    "overlay.yaml",
    "--out",
    "crate",
];

#[test]
fn operations_that_are_not_chosen_have_no_findings_no_code_and_no_types() {
    let folder = large_folder(CHOSEN);
    let lint = ["lint", "d.yaml", "--overlay", "overlay.yaml"];
    let output = xtask(folder.path(), &lint);
    assert_eq!(said(&output).trim(), "nothing found");

    let output = xtask(
        folder.path(),
        &[&CODEGEN[..], &["--report", "r.json"]].concat(),
    );
    assert!(output.status.success(), "{}", said(&output));
    assert!(
        said(&output).contains("1 operation (2 left out), 1 type,"),
        "{}",
        said(&output)
    );
    let names = std::fs::read_to_string(folder.path().join("crate/NAMES.txt")).unwrap();
    for (name, is_there) in [
        ("list_crews", true),
        ("Crew", true),
        ("add_crew", false),
        ("get_ship", false),
        ("Odd", false),
        ("Ship", false),
    ] {
        assert_eq!(names.contains(name), is_there, "{name}\n{names}");
    }
    // The tag that nothing is left of has no feature.
    let manifest = std::fs::read_to_string(folder.path().join("crate/Cargo.toml")).unwrap();
    assert!(
        manifest.contains("crews = []") && !manifest.contains("ships"),
        "{manifest}"
    );

    let report = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    let left_out = report["leftOut"].as_array().unwrap().iter();
    let left_out: Vec<(&str, &str)> = left_out
        .map(|it| (it["at"].as_str().unwrap(), it["reason"].as_str().unwrap()))
        .collect();
    let reason = "the operation is not included";
    assert_eq!(
        left_out,
        [
            ("#/paths/~1crews/post", reason),
            ("#/paths/~1ships~1{ship}/get", reason)
        ]
    );
}

#[test]
fn an_operation_that_an_action_removes_and_one_that_is_excluded_have_their_own_reasons() {
    let overlay = CHOSEN
        .replace("include: {ids: [list_crews]}", "exclude: {tags: [ships]}")
        .replace(
            "actions:\n",
            "actions:\n- {target: \"$.paths['/crews'].post\", remove: true}\n- {target: $.webhooks, remove: true}\n",
        );
    let folder = large_folder(&overlay);
    let output = xtask(
        folder.path(),
        &[&CODEGEN[..], &["--report", "r.txt"]].concat(),
    );
    assert!(output.status.success(), "{}", said(&output));
    let report = std::fs::read_to_string(folder.path().join("r.txt")).unwrap();
    for part in [
        "the operation `POST /crews`: the overlay removes it",
        "the operation is excluded: `ships` in `tags` of `exclude` (1)",
        "d.yaml:16:5  #/paths/~1ships~1{ship}/get",
    ] {
        assert!(report.contains(part), "{part} is missing in\n{report}");
    }
}

#[test]
fn a_pattern_that_matches_no_operation_is_an_error_in_every_command_that_reads_it() {
    let folder = large_folder(&CHOSEN.replace("list_crews", "list_crew"));
    for command in [
        &CODEGEN[..],
        &["lint", "d.yaml", "--overlay", "overlay.yaml"],
        &[
            "bundle",
            "--description",
            "d.yaml",
            "--overlay=overlay.yaml",
        ],
    ] {
        let output = xtask(folder.path(), command);
        assert!(!output.status.success(), "{command:?}");
        for part in [
            "error[marker]: `list_crew` in `ids` of `include` matches no operation",
            "overlay.yaml:4:",
            "`list_crews`",
        ] {
            assert!(said(&output).contains(part), "{part}: {}", said(&output));
        }
    }
}

#[test]
fn the_marker_is_refused_where_it_has_no_effect() {
    let overlay = CHOSEN.replace("target: $,", "target: $.info,");
    let folder = large_folder(&overlay);
    let output = xtask(
        folder.path(),
        &["lint", "d.yaml", "--overlay", "overlay.yaml"],
    );
    let says = "`x-codegen-operations` is not on the description";
    assert!(said(&output).contains(says), "{}", said(&output));
}

#[test]
fn the_bundle_has_the_operations_that_are_chosen() {
    let folder = large_folder(CHOSEN);
    let bundle = [
        "bundle",
        "b.json",
        "--description",
        "d.yaml",
        "--overlay=overlay.yaml",
    ];
    let output = xtask(folder.path(), &bundle);
    assert!(output.status.success(), "{}", said(&output));
    let text = std::fs::read_to_string(folder.path().join("b.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(keys(&json["paths"]), ["/crews"]);
    assert_eq!(keys(&json["paths"]["/crews"]), ["get"]);
    assert_eq!(keys(&json["components"]["schemas"]), ["Crew"]);
    assert!(
        !text.contains("x-codegen") && !text.contains("webhooks"),
        "{text}"
    );
}

#[test]
fn init_decides_nothing_about_operations_that_are_not_asked_for() {
    let folder = large_folder("");
    let init = ["init", "d.yaml", "--tag", "crews", "--id", "get_*"];
    let output = xtask(folder.path(), &init);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("; 3 operations\n"),
        "{}",
        said(&output)
    );
    std::fs::remove_file(folder.path().join("overlay.yaml")).unwrap();

    let output = xtask(folder.path(), &["init", "d.yaml", "--path", "GET /crews"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("3 actions for 1 finding; 1 operation\n"),
        "{}",
        said(&output)
    );
    let overlay = std::fs::read_to_string(folder.path().join("overlay.yaml")).unwrap();
    let action =
        "  - {target: $, update: {x-codegen-operations: {include: {paths: [\"GET /crews\"]}}}}\n";
    assert!(overlay.contains(action), "{overlay}");
    assert!(
        overlay.contains("# Operations\n") && !overlay.contains("# - {"),
        "{overlay}"
    );
    let output = xtask(folder.path(), &CODEGEN);
    assert!(output.status.success(), "{}", said(&output));

    let output = xtask(
        folder.path(),
        &["init", "d.yaml", "--out", "o.yaml", "--tag", "crew"],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(!folder.path().join("o.yaml").exists());
}

#[test]
fn a_pattern_of_the_command_line_that_matches_nothing_is_named_with_what_is_there() {
    let folder = large_folder("");
    let many: String = (0..30)
        .map(|it| {
            format!("  /m{it:02}: {{get: {{tags: [t{it:02}], responses: {{'204': {{description: Done.}}}}}}}}\n")
        })
        .collect();
    let many = LARGE.replace("paths:\n", &format!("paths:\n{many}"));
    std::fs::write(folder.path().join("many.yaml"), many).unwrap();
    for (file, option, pattern, says) in [
        (
            "d.yaml",
            "--tag",
            "zz",
            "--tag zz: no operation matches\n  the description has `crews`, `ships`\n",
        ),
        (
            "d.yaml",
            "--id",
            "a b",
            "--id 'a b': no operation matches\n  the description has `add_crew`, `get_ship`, `list_crews`\n",
        ),
        (
            "d.yaml",
            "--path",
            "/x",
            "--path /x: no operation matches\n  the description has `/crews`, `/ships/{ship}`\n",
        ),
        (
            "d.yaml",
            "--path",
            "GRAB /x",
            "--path 'GRAB /x': begins with no HTTP method; write a path",
        ),
        ("d.yaml", "--tag", "[", "--tag '[': is no pattern"),
        ("many.yaml", "--tag", "zz", "`t17` and 12 more\n"),
    ] {
        let init = ["init", file, "--out", "o.yaml", option, pattern];
        let output = xtask(folder.path(), &init);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(says), "{says}\n{}", said(&output));
        assert!(!said(&output).contains("command line"), "{}", said(&output));
        assert!(!folder.path().join("o.yaml").exists());
    }
}

/// A tag that cannot be a feature is advised to be another, by which the operation would not be chosen.
#[test]
fn advice_that_would_take_away_what_is_chosen_is_left_to_a_person() {
    let folder = large_folder("");
    let text = LARGE.replace("tags: [ships]", "tags: [full]");
    std::fs::write(folder.path().join("d.yaml"), text).unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml", "--tag", "full"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    for part in ["left to you", "error[tag-name]", "1 operation\n"] {
        assert!(said(&output).contains(part), "{part}\n{}", said(&output));
    }
    let overlay = std::fs::read_to_string(folder.path().join("overlay.yaml")).unwrap();
    assert!(!overlay.contains("full-tag"), "{overlay}");
}

/// Paths of one operation each, with the fields that are told.
fn paths(operations: &[&str]) -> String {
    let mut text = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n".to_owned();
    for (index, fields) in operations.iter().enumerate() {
        let done = "responses: {'204': {description: Done.}}";
        writeln!(text, "  /p{index}: {{get: {{{fields}, {done}}}}}").unwrap();
    }
    text
}

/// What an overlay makes of a description: the operations that are left, each with its ID and its tags.
fn left(folder: &Path) -> Vec<String> {
    let mut left = xtask::load::load(&folder.join("d.yaml")).unwrap();
    let overlay = xtask::load::load(&folder.join("overlay.yaml")).unwrap();
    xtask::overlay::apply(&mut left, &overlay).unwrap();
    xtask::select::select(&mut left, xtask::select::Hidden::Skipped).unwrap();
    let all = xtask::openapi::operations(&left);
    let all = all.map(|(at, it)| format!("{} {}", at.0[1], it.to_json()["tags"]));
    all.collect()
}

#[test]
fn no_operation_that_is_chosen_is_lost_by_another_tag_or_id() {
    let tags = paths(&[
        "operationId: a, tags: [Pets]",
        "operationId: b, tags: [pets]",
        "operationId: c, tags: [PETS, x]",
        "operationId: d, tags: [full]",
        "operationId: e, tags: [full, pets]",
        "operationId: f, tags: [x]",
    ]);
    let ids = paths(&[
        "operationId: listPets",
        "operationId: list_pets",
        "operationId: list-pets",
        "operationId: other",
    ]);
    for (text, only, kept, code) in [
        (&tags, &["--tag", "[pP]*"][..], 4, 0),
        (&tags, &["--tag", "full"], 2, 1),
        (&tags, &["--tag", "pets", "--path", "/p2"], 3, 0),
        (&tags, &["--tag", "x"], 2, 0),
        (&ids, &["--id", "list_pets"], 3, 1),
        (&ids, &["--id", "list*"], 3, 1),
    ] {
        let folder = folder();
        std::fs::write(folder.path().join("d.yaml"), text).unwrap();
        let output = xtask(folder.path(), &[&["init", "d.yaml"], only].concat());
        let said = said(&output);
        let left = left(folder.path());
        assert_eq!(left.len(), kept, "{only:?}\n{left:#?}\n{said}");
        assert_eq!(output.status.code(), Some(code), "{only:?}\n{said}");
    }
}

#[test]
fn each_tag_that_cannot_be_a_feature_gets_a_name_of_its_own() {
    let folder = folder();
    let text = paths(&[
        "operationId: a, tags: [pets]",
        "operationId: b, tags: [Pets, good]",
        "operationId: c, tags: ['pets!', Pets]",
        "operationId: d, tags: [full, Full]",
        "operationId: e, tags: [宠物]",
        "operationId: f, tags: ['1', untagged]",
        "operationId: g, tags: [con, '', größe]",
        "operationId: h, tags: [another, pets-2, multipart]",
        "operationId: i",
    ]);
    std::fs::write(folder.path().join("d.yaml"), &text).unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(
        left(folder.path()),
        [
            r#"/p0 ["pets"]"#,
            r#"/p1 ["pets-3","good"]"#,
            r#"/p2 ["pets-4","pets-3"]"#,
            r#"/p3 ["full-2","full-tag"]"#,
            r#"/p4 ["tag-2"]"#,
            r#"/p5 ["tag-1","untagged-tag"]"#,
            r#"/p6 ["con-tag","tag","gr-e"]"#,
            r#"/p7 ["another","pets-2","multipart-tag"]"#,
            r#"/p8 null"#,
        ]
    );
}

/// An operation that is left out takes its tag with it.
#[test]
fn a_tag_whose_namesake_is_left_out_keeps_its_name() {
    let folder = folder();
    let text = paths(&[
        "operationId: a, tags: [pets], servers: [{url: 'https://other.example'}]",
        "operationId: b, tags: [Pets]",
    ]);
    std::fs::write(folder.path().join("d.yaml"), &text).unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(left(folder.path()), [r#"/p1 ["Pets"]"#]);
}

#[test]
fn a_description_of_another_version_leaves_no_overlay_and_3_2_is_read_as_3_1() {
    let folder = folder();
    let swagger = "swagger: '2.0'\ninfo: {title: T, version: '1'}\npaths: {}\n";
    for (text, says) in [
        (swagger.to_owned(), "npx swagger2openapi"),
        (
            DESCRIPTION.replace("3.0.3", "4.0.0"),
            "OpenAPI 4.0.0 is not read, but 3.0 and 3.1 are",
        ),
        (
            DESCRIPTION.replace("openapi: 3.0.3\n", ""),
            "is not a description",
        ),
    ] {
        std::fs::write(folder.path().join("d.yaml"), text).unwrap();
        let output = xtask(folder.path(), &["init", "d.yaml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).contains(says), "{says}\n{}", said(&output));
        assert!(!folder.path().join("overlay.yaml").exists());
    }
    // What OpenAPI 3.2 adds is left out: methods, and an operation with another form of an answer.
    let newer = DESCRIPTION.replace("3.0.3", "3.2.0").replace(
        "components:\n",
        "  /find:
    query: {operationId: find, responses: {'204': {description: Done.}}}
    additionalOperations: {LINK: {operationId: link, responses: {'204': {description: Done.}}}}
    get: {operationId: get_find, responses: {'204': {description: Done.}}}
  /stream: {get: {operationId: stream, responses: {'200': {description: It., content: {application/jsonl: {itemSchema: {type: string}}}}}}}
components:\n",
    );
    std::fs::write(folder.path().join("d.yaml"), newer).unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for part in [
        "QUERY /find: OpenAPI 3.2 adds the method `QUERY`, and no code is made of it",
        "LINK /find: OpenAPI 3.2 adds the method `LINK`",
        "GET /stream: in OpenAPI 3.1, a media type has no field `itemSchema`",
        "3 operations are left out",
    ] {
        assert!(said(&output).contains(part), "{part}\n{}", said(&output));
    }
    assert!(!said(&output).contains("GET /find"), "{}", said(&output));
    let report = [&CODEGEN[..], &["--report", "r.txt"]].concat();
    let output = xtask(folder.path(), &report);
    assert!(output.status.success(), "{}", said(&output));
    let report = std::fs::read_to_string(folder.path().join("r.txt")).unwrap();
    for method in ["QUERY", "LINK"] {
        let part = format!("the operation `{method} /find`: OpenAPI 3.2 adds this method");
        assert!(report.contains(&part), "{part}\n{report}");
    }
}

#[test]
fn the_overlay_names_the_description_as_seen_from_it_and_the_next_command_can_be_copied() {
    let folder = folder();
    let inner = folder.path().join("my api");
    std::fs::create_dir(&inner).unwrap();
    std::fs::create_dir(folder.path().join("overlays")).unwrap();
    std::fs::write(inner.join("it's.yaml"), DESCRIPTION).unwrap();
    let init = ["init", "my api/it's.yaml", "--out", "overlays/o.yaml"];
    let output = xtask(folder.path(), &init);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let overlay = std::fs::read_to_string(folder.path().join("overlays/o.yaml")).unwrap();
    let first = overlay.lines().next().unwrap();
    assert!(
        first.contains("generated from ../my api/it's.yaml. "),
        "{first}"
    );
    let next = r#"cargo xtask codegen "my api/it's.yaml" --overlay overlays/o.yaml --out 'my api/it-s-api'"#;
    assert!(said(&output).contains(next), "{}", said(&output));

    let output = xtask(&inner, &["init", "it's.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let overlay = std::fs::read_to_string(inner.join("overlay.yaml")).unwrap();
    assert!(overlay.contains("generated from it's.yaml. "), "{overlay}");
}

#[test]
fn an_overlay_that_is_not_there_is_begun_by_the_command_that_is_told() {
    let folder = folder();
    for command in [
        &CODEGEN[..],
        &["lint", "d.yaml", "--overlay", "overlay.yaml"],
        &[
            "drift",
            "d.yaml",
            "--description",
            "d.yaml",
            "--overlay",
            "overlay.yaml",
        ],
        &[
            "bundle",
            "--description",
            "d.yaml",
            "--overlay=overlay.yaml",
        ],
    ] {
        let output = xtask(folder.path(), command);
        assert!(!output.status.success(), "{command:?}");
        let says = "overlay.yaml: there is no such file; this begins one:\n  cargo xtask init d.yaml --out overlay.yaml";
        assert!(
            said(&output).contains(says),
            "{command:?}\n{}",
            said(&output)
        );
    }
}

#[test]
fn one_of_a_thing_is_not_told_as_several() {
    let folder = folder();
    let text = "\
openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a: {get: {operationId: a, responses: {'204': {description: Done.}}}}
  /b/{c}: {get: {operationId: b, parameters: [{name: c, in: path, required: true, style: label, schema: {type: string}}], responses: {'204': {description: Done.}}}}
";
    std::fs::write(folder.path().join("d.yaml"), text).unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    for part in [
        "2 actions for 3 findings; 1 operation\n",
        "\n1 operation is left out, ",
    ] {
        assert!(said(&output).contains(part), "{part}\n{}", said(&output));
    }
}

#[test]
fn the_starter_overlay_shows_how_to_choose_operations() {
    let folder = folder();
    // What has a meaning in a pattern, and quotes.
    let text = DESCRIPTION.replace("tags: [crews]", "tags: ['a [\"crew\"]*']");
    std::fs::write(folder.path().join("d.yaml"), text).unwrap();
    let output = xtask(folder.path(), &["init", "d.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let path = folder.path().join("overlay.yaml");
    let overlay = std::fs::read_to_string(&path).unwrap();
    let comment = "  # - {target: $, update: {x-codegen-operations: ";
    assert_eq!(overlay.matches(comment).count(), 1, "{overlay}");
    let lint = ["lint", "d.yaml", "--overlay", "overlay.yaml"];
    let before = said(&xtask(folder.path(), &lint));
    std::fs::write(&path, overlay.replace("  # - {", "  - {")).unwrap();
    // All operations have the tag, so nothing is found that was not found before.
    assert_eq!(said(&xtask(folder.path(), &lint)), before);
}
