//! `cargo xtask codegen` as a maintainer runs it: the real program, on copies of the real files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use tempfile::TempDir;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A folder with a copy of the description and the overlay, and a place for the generated file.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["letta.yaml", "overlay.yaml"] {
            std::fs::copy(
                workspace().join("openapi").join(name),
                folder.path().join(name),
            )
            .unwrap();
        }
        std::fs::create_dir(folder.path().join("src")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn out(&self) -> PathBuf {
        self.path("src/generated.rs")
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{name} has no {from:?}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// Runs on the copies; `more` may override a file or add a flag.
    fn codegen(&self, more: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.current_dir(self.folder.path()).arg("codegen");
        for (flag, path) in [
            ("--description", "letta.yaml"),
            ("--overlay", "overlay.yaml"),
            ("--out", "src/generated.rs"),
        ] {
            if !more.contains(&flag) {
                command.args([flag, path]);
            }
        }
        Run(command.args(more).output().unwrap())
    }

    /// Every file in the folder of the generated one.
    fn out_files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.path("src"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn modified(&self) -> SystemTime {
        std::fs::metadata(self.out()).unwrap().modified().unwrap()
    }
}

struct Run(Output);

impl Run {
    fn stdout(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    fn stderr(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    #[track_caller]
    fn succeeds(self) -> String {
        assert!(self.0.status.success(), "{}", self.stderr());
        self.stdout()
    }

    #[track_caller]
    fn fails(self) -> String {
        assert!(!self.0.status.success(), "{}", self.stdout());
        assert_eq!(self.stdout(), "");
        self.stderr()
    }
}

#[test]
fn the_checked_in_code_is_up_to_date() {
    for folder in [workspace(), Path::new("/")] {
        let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["codegen", "--check"])
            .current_dir(folder)
            .output()
            .unwrap();
        assert!(Run(run).succeeds().contains("up to date"));
    }
}

#[test]
fn a_second_run_changes_nothing_and_touches_nothing() {
    let copy = Copy::new();
    assert!(copy.codegen(&[]).succeeds().contains("written"));
    let (text, modified) = (copy.read("src/generated.rs"), copy.modified());
    assert!(copy.codegen(&[]).succeeds().contains("unchanged"));
    assert_eq!(copy.read("src/generated.rs"), text);
    assert_eq!(copy.modified(), modified);
    assert_eq!(copy.out_files(), ["generated.rs"]);
}

#[test]
fn a_stale_file_fails_the_check_with_a_diff_and_stays_as_it_is() {
    type Change = fn(&Copy);
    let changes: [(&str, Change, &[&str]); 3] = [
        (
            "tampered",
            |copy| {
                copy.edit(
                    "src/generated.rs",
                    "pub struct AccessPolicy ",
                    "pub struct Tampered ",
                )
            },
            &[
                "-    pub struct Tampered {",
                "+    pub struct AccessPolicy {",
                "@@ -",
            ],
        ),
        (
            "missing",
            |copy| std::fs::remove_file(copy.out()).unwrap(),
            &["+// @generated", "@@ -0,0 +1,"],
        ),
        (
            "description",
            |copy| {
                copy.edit(
                    "letta.yaml",
                    "How many tokens to skip",
                    "How many tokens to leave out",
                )
            },
            &[
                "-        /// How many tokens to skip",
                "+        /// How many tokens to leave out",
            ],
        ),
    ];
    for (name, change, says) in changes {
        let copy = Copy::new();
        copy.codegen(&[]).succeeds();
        change(&copy);
        let before = std::fs::read(copy.out()).ok();
        let modified = before.as_ref().map(|_| copy.modified());
        let message = copy.codegen(&["--check"]).fails();
        for text in says.iter().chain(&[
            "--- src/generated.rs",
            "+++ src/generated.rs",
            "run `cargo xtask codegen`",
        ]) {
            assert!(
                message.contains(text),
                "{name}: {text:?} is not in\n{message}"
            );
        }
        assert_eq!(std::fs::read(copy.out()).ok(), before, "{name}");
        assert_eq!(before.as_ref().map(|_| copy.modified()), modified, "{name}");
        assert!(copy.out_files().len() <= 1, "{name}");
    }
}

#[test]
fn a_checkout_with_crlf_passes_the_check() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    for name in ["src/generated.rs", "letta.yaml", "overlay.yaml"] {
        copy.write(name, &copy.read(name).replace('\n', "\r\n"));
    }
    copy.codegen(&["--check"]).succeeds();
}

#[test]
fn a_right_taken_out_of_the_description_changes_the_lines_that_name_it_alone() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let before = copy.read("src/generated.rs");
    copy.edit("letta.yaml", "read_agent, write_agent]", "read_agent]");
    copy.codegen(&[]).succeeds();
    let after = copy.read("src/generated.rs");
    assert_ne!(before, after);
    let diff = similar::TextDiff::from_lines(&before, &after);
    let mut removed = 0;
    for change in diff.iter_all_changes() {
        match change.tag() {
            similar::ChangeTag::Equal => {}
            similar::ChangeTag::Insert => {
                // A line may be left of a list that is shorter now.
                assert!(before.contains(change.value().trim()), "{change}");
            }
            similar::ChangeTag::Delete => {
                removed += 1;
                let line = change.value();
                assert!(
                    line.contains("WriteAgent") || line.contains("write_agent"),
                    "{line}"
                );
            }
        }
    }
    assert!((4..10).contains(&removed), "{removed} lines went");
    assert_eq!(copy.out_files(), ["generated.rs"]);
}

#[test]
fn the_same_description_gives_the_same_bytes_in_yaml_and_in_json() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let text = std::fs::read(copy.out()).unwrap();
    std::fs::remove_file(copy.out()).unwrap();
    copy.codegen(&[]).succeeds();
    assert_eq!(std::fs::read(copy.out()).unwrap(), text);

    for name in ["letta", "overlay"] {
        let json = xtask::load::load(&copy.path(&format!("{name}.yaml")))
            .unwrap()
            .to_json();
        copy.write(
            &format!("{name}.json"),
            &serde_json::to_string_pretty(&json).unwrap(),
        );
    }
    copy.codegen(&[
        "--description",
        "letta.json",
        "--overlay",
        "overlay.json",
        "--check",
    ])
    .succeeds();
}

#[test]
fn a_file_that_cannot_be_used_is_named_and_the_generated_one_is_left_alone() {
    type Spoil = fn(&Copy);
    let cases: [(&str, &[&str], Spoil, &[&str]); 8] = [
        (
            "no description",
            &["--description", "none.yaml"],
            |_| {},
            &["none.yaml"],
        ),
        (
            "no overlay",
            &["--overlay", "none.yaml"],
            |_| {},
            &["none.yaml"],
        ),
        ("a folder", &["--description", "src"], |_| {}, &["src"]),
        (
            "bad YAML",
            &[],
            |copy| copy.write("letta.yaml", "openapi: [\n"),
            &["malformed", "letta.yaml:"],
        ),
        (
            "bad JSON",
            &["--description", "letta.json"],
            |copy| copy.write("letta.json", "{\"openapi\": \"3.0.3\",\n \"info\" 1}"),
            &["malformed", "letta.json:2:"],
        ),
        (
            "an action without match",
            &[],
            |copy| {
                copy.edit(
                    "overlay.yaml",
                    "$.components.schemas.AccessPolicyVersion",
                    "$.components.schemas.Gone",
                )
            },
            &[
                "overlay.yaml:",
                "matches nothing",
                "$.components.schemas.Gone",
            ],
        ),
        (
            "a rule broken",
            &[],
            |copy| {
                copy.edit(
                    "letta.yaml",
                    "type: boolean",
                    "type: boolean\n          default: 1",
                )
            },
            &[
                "error[default]",
                "letta.yaml:",
                "#/components/schemas/ClientSideAccessTokenPage/properties/hasNextPage/default",
            ],
        ),
        (
            "no OpenAPI",
            &[],
            |copy| copy.edit("letta.yaml", "title: Letta API", "x-title: Letta API"),
            &["error[not-openapi]", "letta.yaml:", "title"],
        ),
    ];
    for (name, flags, spoil, says) in cases {
        let copy = Copy::new();
        copy.write("src/generated.rs", "// what was there\n");
        spoil(&copy);
        let message = copy.codegen(flags).fails();
        for text in says {
            assert!(
                message.contains(text),
                "{name}: {text:?} is not in\n{message}"
            );
        }
        assert_eq!(
            copy.read("src/generated.rs"),
            "// what was there\n",
            "{name}"
        );
        assert_eq!(copy.out_files(), ["generated.rs"], "{name}");
    }
}

#[test]
fn a_place_that_cannot_be_written_is_named_and_nothing_is_left_there() {
    let copy = Copy::new();
    copy.write("file", "");
    let message = copy.codegen(&["--out", "file/generated.rs"]).fails();
    assert!(
        message.contains("cannot write file/generated.rs"),
        "{message}"
    );

    let message = copy.codegen(&["--out", "src"]).fails();
    assert!(message.contains("cannot write src"), "{message}");
    let mut names: Vec<_> = std::fs::read_dir(copy.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["file", "letta.yaml", "overlay.yaml", "src"]);
    assert_eq!(copy.out_files(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_is_an_error_and_the_file_stays() {
    use std::os::unix::fs::PermissionsExt;

    let copy = Copy::new();
    copy.write("src/generated.rs", "// what was there\n");
    let set = |mode| {
        std::fs::set_permissions(copy.path("src"), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    set(0o555);
    // Permissions do not hold the superuser back.
    let is_held_back = std::fs::write(copy.path("src/probe"), "").is_err();
    let run = copy.codegen(&[]);
    set(0o755);
    if is_held_back {
        let message = run.fails();
        assert!(
            message.contains("cannot write src/generated.rs"),
            "{message}"
        );
        assert_eq!(copy.out_files(), ["generated.rs"]);
        assert_eq!(copy.read("src/generated.rs"), "// what was there\n");
    }
}

#[test]
fn a_folder_that_is_not_there_is_made() {
    let copy = Copy::new();
    copy.codegen(&["--out", "new/deep/generated.rs"]).succeeds();
    assert!(copy.path("new/deep/generated.rs").exists());
}

#[test]
fn an_unknown_flag_fails_with_usage() {
    let copy = Copy::new();
    for flags in [&["--chek"][..], &["extra"]] {
        let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("codegen")
            .args(flags)
            .output()
            .unwrap();
        assert_eq!(run.status.code(), Some(2));
        let message = Run(run).fails();
        assert!(message.contains("Usage: cargo xtask codegen"), "{message}");
    }
    assert_eq!(copy.out_files(), [""; 0]);
}

/// The description of this workspace in the words of OpenAPI 3.1.
fn newer(copy: &Copy) {
    copy.edit("letta.yaml", "openapi: 3.0.3", "openapi: 3.1.0");
    copy.edit(
        "letta.yaml",
        "type: boolean",
        "type: [boolean]\n          title: Next",
    );
}

#[test]
fn a_description_in_openapi_3_1_gives_the_same_code_and_says_what_was_rewritten() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    assert!(!copy.codegen(&["--check"]).succeeds().contains("lowered"));
    newer(&copy);

    let run = copy.codegen(&["--check"]);
    assert_eq!(run.stderr(), "");
    let summary = run.succeeds();
    assert!(
        summary.contains("\n  lowered from OpenAPI 3.1: 3 rewrites (--explain lists them)\n"),
        "{summary}"
    );

    let run = copy.codegen(&["--check", "--explain"]);
    let explained = run.stderr();
    let line = 1 + copy
        .read("letta.yaml")
        .lines()
        .position(|line| line.contains("title: Next"))
        .unwrap();
    let at = "#/components/schemas/ClientSideAccessTokenPage/properties/hasNextPage";
    assert_eq!(
        explained,
        format!(
            "lowered from OpenAPI 3.1: 3 rewrites
      1  version: the version becomes 3.0.3 (keeps the meaning)
      1  type-list: a list of types becomes one type, or a `oneOf` of types (keeps the meaning)
      1  title: the title of an inline schema, which would name its type, goes (keeps what is valid, forgets a note)

version:
  letta.yaml:3:1 #/openapi

type-list:
  letta.yaml:{}:11 {at}/type

title:
  letta.yaml:{line}:11 {at}/title

",
            line - 1
        )
    );
    run.succeeds();
}

#[test]
fn what_was_rewritten_is_told_where_a_later_stage_fails_too() {
    let copy = Copy::new();
    newer(&copy);
    let agent = "All tokens where it is left out.\n          schema:\n            type: string";
    let several = agent.replace("type: string", "type: [integer, string]");
    copy.edit("letta.yaml", agent, &several);
    copy.edit("letta.yaml", "in: query", "in: cookie");
    let message = copy.codegen(&["--explain"]).fails();
    for text in ["type-list:\n  letta.yaml:", "error[parameter-location]"] {
        assert!(message.contains(text), "{text:?} is not in\n{message}");
    }
}

#[test]
fn what_cannot_be_lowered_is_refused_all_at_once_with_its_places() {
    let copy = Copy::new();
    newer(&copy);
    copy.edit(
        "letta.yaml",
        "title: Next",
        "if: {const: true}\n          then: false",
    );
    copy.edit("letta.yaml", "paths:", "webhooks: {a: {}}\npaths:");
    let message = copy.codegen(&[]).fails();
    for text in [
        "error[webhooks]",
        "leave it out with `{target: $.webhooks, remove: true}`",
        "error[conditional]: OpenAPI 3.0 has nothing that means `if`",
        "error[conditional]: OpenAPI 3.0 has nothing that means `then`",
        "--> letta.yaml:",
        "3 errors; nothing was written",
    ] {
        assert!(message.contains(text), "{text:?} is not in\n{message}");
    }
    assert_eq!(copy.out_files(), [""; 0]);
}

#[test]
fn a_description_in_openapi_3_0_has_nothing_to_explain() {
    let copy = Copy::new();
    let run = copy.codegen(&["--explain"]);
    assert!(run.stderr().contains("nothing was lowered"));
    run.succeeds();
}
