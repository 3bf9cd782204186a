//! `cargo xtask codegen` as a maintainer runs it: the real program, on copies of the real files.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

use tempfile::TempDir;

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The manifest of letta-api, with the features of the small description.
fn manifest() -> String {
    let original = std::fs::read_to_string(workspace().join("letta-api/Cargo.toml")).unwrap();
    let (before, rest) = original.split_once("## All operations.\n").unwrap();
    let (_, after) = rest.split_once("# The features that").unwrap();
    format!(
        "{before}## All operations.\nfull = [\"client-side-access-tokens\"]\n\
         ## Tokens for code that runs at the user's side.\nclient-side-access-tokens = []\n\
         # The features that{after}"
    )
}

/// A folder with a copy of a small description (the three operations on tokens, in one file) and its overlay, and the
/// manifest of a crate to generate.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        for name in ["letta.yaml", "overlay.yaml"] {
            std::fs::copy(
                workspace().join("xtask/tests/fixtures/tokens").join(name),
                folder.path().join(name),
            )
            .unwrap();
        }
        let package = folder.path().join("letta-api");
        std::fs::create_dir_all(package.join("src")).unwrap();
        std::fs::write(package.join("Cargo.toml"), manifest()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file with the operations.
    fn out(&self) -> PathBuf {
        self.path(TOKENS)
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
            ("--out", "letta-api"),
        ] {
            if !more.contains(&flag) {
                command.args([flag, path]);
            }
        }
        Run(command.args(more).output().unwrap())
    }

    /// All that is in a folder and below, folders with a slash at their end.
    fn files_in(&self, folder: &str) -> Vec<String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(self.path(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                let inside = self.files_in(&format!("{folder}/{name}"));
                names.push(format!("{name}/"));
                names.extend(inside.iter().map(|inner| format!("{name}/{inner}")));
            } else {
                names.push(name);
            }
        }
        names.sort();
        names
    }

    /// All that is in the sources of the crate.
    fn out_files(&self) -> Vec<String> {
        self.files_in("letta-api/src")
    }

    /// The dates of all generated files.
    fn modified(&self) -> Vec<SystemTime> {
        let paths = ["letta-api/Cargo.toml", ROOT, TOKENS];
        let date = |path| std::fs::metadata(self.path(path))?.modified();
        paths
            .into_iter()
            .filter_map(|path| date(path).ok())
            .collect()
    }
}

/// The generated files, as the tests name them.
const ROOT: &str = "letta-api/src/generated.rs";
const TOKENS: &str = "letta-api/src/generated/client_side_access_tokens.rs";
const OUT_FILES: [&str; 3] = [
    "generated.rs",
    "generated/",
    "generated/client_side_access_tokens.rs",
];

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

/// A first build takes minutes. cargo shows it on the standard error, so that nothing is mixed into JSON.
#[test]
fn the_alias_shows_the_progress_of_cargo() {
    let config = std::fs::read_to_string(workspace().join(".cargo/config.toml")).unwrap();
    let alias = config
        .lines()
        .find_map(|line| line.strip_prefix("xtask = "));
    let words: Vec<&str> = alias.unwrap().trim_matches('"').split(' ').collect();
    assert_eq!(words, ["run", "--package", "xtask", "--"]);
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
    let (text, modified) = (copy.read(TOKENS), copy.modified());
    assert!(copy.codegen(&[]).succeeds().contains("unchanged"));
    assert_eq!(copy.read(TOKENS), text);
    assert_eq!(copy.modified(), modified);
    assert_eq!(copy.out_files(), OUT_FILES);
}

#[test]
fn a_stale_file_fails_the_check_with_a_diff_and_is_not_changed() {
    type Change = fn(&Copy);
    let changes: [(&str, Change, &[&str]); 3] = [
        (
            "tampered",
            |copy| copy.edit(TOKENS, "pub struct AccessPolicy ", "pub struct Tampered "),
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
        let (modified, files) = (copy.modified(), copy.out_files());
        let message = copy.codegen(&["--check"]).fails();
        for text in says.iter().chain(&[
            "--- letta-api/src/generated/client_side_access_tokens.rs",
            "+++ letta-api/src/generated/client_side_access_tokens.rs",
            "1 file is stale",
            "run `cargo xtask codegen`",
        ]) {
            assert!(
                message.contains(text),
                "{name}: {text:?} is not in\n{message}"
            );
        }
        assert_eq!(std::fs::read(copy.out()).ok(), before, "{name}");
        assert_eq!(copy.modified(), modified, "{name}");
        assert_eq!(copy.out_files(), files, "{name}");
    }
}

#[test]
fn the_file_for_tests_is_written_and_checked_if_it_is_asked_for() {
    const CALLERS: [&str; 2] = ["--callers", "tests/callers.rs"];
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    assert!(!copy.path(CALLERS[1]).exists());
    let (file, modified) = (CALLERS[1], copy.modified());
    let missing = copy.codegen(&[CALLERS[0], file, "--check"]).fails();
    assert!(missing.contains("1 file is stale") && !copy.path(file).exists());

    assert!(copy.codegen(&CALLERS).succeeds().contains("written"));
    let text = copy.read(file);
    assert!(text.contains("client.delete_client_side_access_token(&token).await"));
    assert_eq!(
        (copy.modified(), copy.out_files()),
        (modified, OUT_FILES.map(str::to_owned).into())
    );
    copy.codegen(&[CALLERS[0], file, "--check"]).succeeds();

    copy.edit(file, "args.required", "args.tampered");
    let message = copy.codegen(&[CALLERS[0], file, "--check"]).fails();
    assert!(message.contains("1 file is stale"), "{message}");
    assert!(message.contains("args.tampered"), "{message}");
    copy.codegen(&CALLERS).succeeds();
    assert_eq!(copy.read(file), text);
}

#[test]
fn the_file_for_the_check_of_requests_is_written_and_checked_if_it_is_asked_for() {
    const REQUESTS: [&str; 2] = ["--requests", "tests/requests.json"];
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    assert!(!copy.path(REQUESTS[1]).exists());
    let missing = copy.codegen(&[REQUESTS[0], REQUESTS[1], "--check"]).fails();
    assert!(missing.contains("1 file is stale"), "{missing}");

    assert!(copy.codegen(&REQUESTS).succeeds().contains("written"));
    let text = copy.read(REQUESTS[1]);
    // Names are those after the overlay, and facts those before it.
    assert!(text.contains(r#"{"ids":["list_client_side_access_tokens"],"method":"GET""#));
    assert!(text.contains(r#"{"in":"query","name":"offset","schema":{"type":"number"}}"#));
    copy.codegen(&[REQUESTS[0], REQUESTS[1], "--check"])
        .succeeds();

    copy.edit(REQUESTS[1], "offset", "tampered");
    let message = copy.codegen(&[REQUESTS[0], REQUESTS[1], "--check"]).fails();
    assert!(message.contains("tampered"), "{message}");
    copy.codegen(&REQUESTS).succeeds();
    assert_eq!(copy.read(REQUESTS[1]), text);

    // A file of somebody else's stays.
    copy.write(REQUESTS[1], "{\"mine\": true}");
    let message = copy.codegen(&REQUESTS).fails();
    assert!(message.contains("not written by"), "{message}");
}

#[test]
fn a_checkout_with_crlf_passes_the_check() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    for name in [
        "letta-api/Cargo.toml",
        ROOT,
        TOKENS,
        "letta.yaml",
        "overlay.yaml",
    ] {
        copy.write(name, &copy.read(name).replace('\n', "\r\n"));
    }
    copy.codegen(&["--check"]).succeeds();
}

#[test]
fn a_right_taken_out_of_the_description_changes_the_lines_that_name_it_alone() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let before = copy.read(TOKENS);
    copy.edit("letta.yaml", "read_agent, write_agent]", "read_agent]");
    copy.codegen(&[]).succeeds();
    let after = copy.read(TOKENS);
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
    assert_eq!(copy.out_files(), OUT_FILES);
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
        (
            "a folder",
            &["--description", "letta-api"],
            |_| {},
            &["letta-api"],
        ),
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
        copy.write(ROOT, "// what was there\n");
        spoil(&copy);
        let message = copy.codegen(flags).fails();
        for text in says {
            assert!(
                message.contains(text),
                "{name}: {text:?} is not in\n{message}"
            );
        }
        assert_eq!(copy.read(ROOT), "// what was there\n", "{name}");
        assert_eq!(copy.out_files(), ["generated.rs"], "{name}");
    }
}

#[test]
fn a_folder_that_is_not_a_crate_is_named_and_nothing_is_left_there() {
    let copy = Copy::new();
    copy.write("file", "");
    for out in ["file", "file/letta-api"] {
        let message = copy.codegen(&["--out", out]).fails();
        let says = format!("--out {out}: file is a file; name the folder of a crate");
        assert!(message.starts_with(&says), "{message}");
    }

    // A manifest without a place for features, with two, and with one that is upside down.
    let manifest = copy.read("letta-api/Cargo.toml");
    let (begin, end) = (xtask::manifest::BEGIN, xtask::manifest::END);
    for bad in [
        manifest.replace(begin, ""),
        manifest.replace(end, ""),
        manifest.replace(begin, &format!("{begin}\n{begin}")),
        manifest
            .replace(begin, "-")
            .replace(end, begin)
            .replace("\n-\n", &format!("\n{end}\n")),
    ] {
        copy.write("letta-api/Cargo.toml", &bad);
        for flags in [&[][..], &["--check"]] {
            let message = copy.codegen(flags).fails();
            for text in [
                "letta-api/Cargo.toml has no place for the features",
                begin,
                end,
            ] {
                assert!(message.contains(text), "{text:?} is not in\n{message}");
            }
        }
        assert_eq!(copy.read("letta-api/Cargo.toml"), bad);
    }
    assert_eq!(copy.out_files(), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_folder_without_write_permission_is_an_error_and_all_files_stay() {
    use std::os::unix::fs::PermissionsExt;

    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    copy.edit("letta.yaml", "How many tokens to skip", "How many to skip");
    copy.edit("letta.yaml", "Tokens for code", "Codes");
    let all = || {
        (
            copy.read("letta-api/Cargo.toml"),
            copy.read(ROOT),
            copy.read(TOKENS),
        )
    };
    let before = all();
    let set = |mode| {
        let mode = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(copy.path("letta-api/src/generated"), mode).unwrap();
    };
    set(0o555);
    // Permissions do not hold the superuser back.
    let is_held_back = std::fs::write(copy.path("letta-api/src/generated/probe"), "").is_err();
    let run = copy.codegen(&[]);
    set(0o755);
    if is_held_back {
        let message = run.fails();
        assert!(
            message.contains(&format!("cannot write {TOKENS}")),
            "{message}"
        );
        // The manifest, too, though it could have been written.
        assert_eq!(all(), before);
        assert_eq!(copy.out_files(), OUT_FILES);
    }
}

#[test]
fn if_one_file_cannot_be_prepared_no_file_is_changed_and_no_folder_is_left() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let manifest = copy.read("letta-api/Cargo.toml");
    // A tag whose file would be in a folder that is a file. Not even root can make that.
    std::fs::remove_dir_all(copy.path("letta-api/src/generated")).unwrap();
    std::fs::remove_file(copy.path(ROOT)).unwrap();
    copy.edit("letta.yaml", "Tokens for code", "Codes");
    copy.write("letta-api/src/generated", "");
    let message = copy.codegen(&[]).fails();
    assert!(message.contains("letta-api/src/generated"), "{message}");
    assert_eq!(copy.read("letta-api/Cargo.toml"), manifest);
    assert_eq!(copy.out_files(), ["generated"]);
}

#[test]
fn what_an_earlier_run_left_is_removed_with_its_folder() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let text = copy.read(TOKENS);
    let deep = "letta-api/src/generated/gone/deep";
    std::fs::create_dir_all(copy.path(deep)).unwrap();
    copy.write(&format!("{deep}/a.rs"), &text);
    copy.write(
        "letta-api/src/generated/gone.rs",
        &text.replace('\n', "\r\n"),
    );

    let files = copy.out_files();
    let message = copy.codegen(&["--check"]).fails();
    for text in [
        "--- letta-api/src/generated/gone.rs (as it is)\n+++ letta-api/src/generated/gone.rs (should not be there)",
        "--- letta-api/src/generated/gone/deep/a.rs (as it is)",
        "2 files are stale: run `cargo xtask codegen`",
    ] {
        assert!(message.contains(text), "{text:?} is not in\n{message}");
    }
    assert_eq!(copy.out_files(), files);

    let modified = copy.modified();
    assert!(copy.codegen(&[]).succeeds().contains("written"));
    assert_eq!(copy.out_files(), OUT_FILES);
    assert_eq!(copy.modified(), modified);
    copy.codegen(&["--check"]).succeeds();
}

#[test]
fn a_file_that_codegen_did_not_write_is_neither_removed_nor_overwritten() {
    for (path, bytes) in [
        ("letta-api/src/generated/mine.rs", &b"// mine\n"[..]),
        ("letta-api/src/generated/deep/mine.rs", b""),
        ("letta-api/src/generated/picture.png", b"\x89PNG\xff"),
        (TOKENS, b"// mine\n"),
        (ROOT, b"// mine\n"),
    ] {
        let copy = Copy::new();
        copy.codegen(&[]).succeeds();
        copy.edit("letta.yaml", "How many tokens to skip", "How many to skip");
        std::fs::create_dir_all(copy.path(path).parent().unwrap()).unwrap();
        std::fs::write(copy.path(path), bytes).unwrap();
        let (files, modified) = (copy.out_files(), copy.modified());
        for flags in [&[][..], &["--check"]] {
            let message = copy.codegen(flags).fails();
            assert!(
                message.contains(&format!("in its way: {path}\n")),
                "{message}"
            );
            assert_eq!(std::fs::read(copy.path(path)).unwrap(), bytes);
            assert_eq!(
                (copy.out_files(), copy.modified()),
                (files.clone(), modified.clone())
            );
        }
    }
}

#[test]
fn features_that_are_stale_fail_the_check_with_a_diff_and_all_else_in_the_manifest_stays() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let manifest = copy.read("letta-api/Cargo.toml");
    assert_eq!(manifest, self::manifest());

    copy.edit(
        "letta.yaml",
        "Tokens for code that runs",
        "Tokens for what runs",
    );
    let message = copy.codegen(&["--check"]).fails();
    for text in [
        "--- letta-api/Cargo.toml (as it is)",
        "-## Tokens for code that runs at the user's side.",
        "+## Tokens for what runs at the user's side.",
        // The text is in the index of the types too.
        "2 files are stale",
    ] {
        assert!(message.contains(text), "{text:?} is not in\n{message}");
    }
    assert_eq!(copy.read("letta-api/Cargo.toml"), manifest);
    copy.codegen(&[]).succeeds();
    assert_eq!(
        copy.read("letta-api/Cargo.toml"),
        manifest.replace("Tokens for code that runs", "Tokens for what runs")
    );

    // With the line ends that are there.
    copy.edit(
        "letta.yaml",
        "Tokens for what runs",
        "Tokens for code that runs",
    );
    let crlf = |text: &str| text.replace('\n', "\r\n");
    copy.write(
        "letta-api/Cargo.toml",
        &crlf(&copy.read("letta-api/Cargo.toml")),
    );
    copy.codegen(&[]).succeeds();
    assert_eq!(copy.read("letta-api/Cargo.toml"), crlf(&manifest));
}

#[test]
fn a_feature_that_goes_while_the_manifest_names_it_is_an_error() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let manifest = copy.read("letta-api/Cargo.toml");
    let description = copy.read("letta.yaml");
    copy.write(
        "letta.yaml",
        &description.replace("tags: [clientSideAccessTokens]", "tags: [tokens]"),
    );
    let message = copy.codegen(&[]).fails();
    assert!(
        message.contains(
            "the feature `client-side-access-tokens` is no longer generated, and letta-api/Cargo.toml still names it: remove it there first"
        ),
        "{message}"
    );
    assert_eq!(copy.read("letta-api/Cargo.toml"), manifest);
    assert_eq!(copy.out_files(), OUT_FILES);

    // A keyword of the package is a word, and no feature.
    let default = manifest.lines().find(|line| line.starts_with("default = "));
    let keyword = manifest.replace(default.unwrap(), "default = []").replace(
        "keywords = [",
        "keywords = [\"client-side-access-tokens\", ",
    );
    assert!(keyword.contains("\"client-side-access-tokens\""));
    copy.write("letta-api/Cargo.toml", &keyword);
    copy.codegen(&[]).succeeds();
}

#[test]
fn how_long_the_stages_took_is_written_as_json_in_their_order() {
    let copy = Copy::new();
    for (flags, last) in [(&[][..], "write"), (&["--check"], "check")] {
        let flags = [flags, &["--timings", "timings.json"]].concat();
        copy.codegen(&flags).succeeds();
        let timings: serde_json::Value = serde_json::from_str(&copy.read("timings.json")).unwrap();
        let timings = timings.as_array().unwrap();
        let names: Vec<&str> = timings
            .iter()
            .map(|it| it["stage"].as_str().unwrap())
            .collect();
        let stages = [
            "load", "overlay", "select", "lower", "arrange", "lint", "generate", "refine", "split",
            "render",
        ];
        assert_eq!(names, [&stages[..], &[last]].concat());
        for timing in timings {
            assert!(timing["milliseconds"].as_f64().unwrap() > 0.0, "{timing}");
        }
    }
}

#[test]
fn if_the_timings_cannot_be_written_the_error_names_their_file() {
    let copy = Copy::new();
    let run = copy.codegen(&["--timings", "missing/timings.json"]);
    assert_eq!(run.0.status.code(), Some(1));
    let message = run.stderr();
    assert!(
        message.contains("error: missing/timings.json: how long the stages took cannot be written"),
        "{message}"
    );
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
      1  title: the title of an inline schema, which would name its type, is removed (keeps what is valid, forgets a note)

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
fn what_was_rewritten_is_printed_even_if_a_later_stage_fails() {
    let copy = Copy::new();
    newer(&copy);
    // The first parameter of all.
    let text = "\n          schema:\n            type: string";
    let several = text.replace("type: string", "type: [integer, string]");
    copy.edit("letta.yaml", text, &several);
    copy.edit(
        "letta.yaml",
        "in: query",
        "in: query\n          style: matrix",
    );
    let message = copy.codegen(&["--explain"]).fails();
    for text in ["type-list:\n  letta.yaml:", "error[parameter-style]"] {
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
        "error[conditional]: OpenAPI 3.0 has no equivalent of `if`",
        "error[conditional]: OpenAPI 3.0 has no equivalent of `then`",
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

#[test]
fn another_description_is_taken_without_our_overlay() {
    let copy = Copy::new();
    let other = "openapi: 3.0.3\ninfo: {title: Other, version: '1'}\npaths:\n  /a:\n    get:\n      operationId: getIt\n      \
                 tags: [clientSideAccessTokens]\n      x-codegen-safe-to-repeat: true\n      responses: {'204': {description: ''}}\n";
    copy.write("other.yaml", other);
    let run = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.current_dir(copy.folder.path());
        command.args([
            "codegen",
            "--out",
            "letta-api",
            "--description",
            "other.yaml",
        ]);
        Run(command.args(more).output().unwrap())
    };
    let said = run(&[]).succeeds();
    assert!(
        said.contains("  1 operation, 0 types, ") && said.ends_with("; 0 overlay actions\n"),
        "{said}"
    );
    // One that is named is applied.
    let message = run(&["--overlay", "overlay.yaml"]).fails();
    assert!(message.contains("matches nothing"), "{message}");
}

/// Each name is in one list, so that a change of one is seen whatever else changes.
#[test]
fn a_name_that_changes_is_a_line_in_the_list_of_names() {
    let copy = Copy::new();
    copy.codegen(&[]).succeeds();
    let names = copy.read("letta-api/NAMES.txt");
    for line in [
        "list_client_side_access_tokens: GET /v1/client-side-access-tokens (clientSideAccessTokens)",
        "AccessPolicyVersion: open enum (client_side_access_tokens)",
        "ClientSideAccessTokenPage: struct (client_side_access_tokens)",
        "ListClientSideAccessTokensParams: parameters (client_side_access_tokens)",
    ] {
        assert!(names.lines().any(|it| it == line), "{line}\n{names}");
    }
    // Sorted, methods first.
    let lines: Vec<&str> = names
        .lines()
        .filter(|it| !it.is_empty() && !it.starts_with("//"))
        .collect();
    let first_type = lines
        .iter()
        .position(|it| it.starts_with(char::is_uppercase))
        .unwrap();
    assert!(
        lines[..first_type].is_sorted() && lines[first_type..].is_sorted(),
        "{names}"
    );
    copy.codegen(&["--check"]).succeeds();

    copy.edit(
        "overlay.yaml",
        "operationId: listClientSideAccessTokens",
        "operationId: listTokens",
    );
    let stale = copy.codegen(&["--check"]);
    let told = stale.stderr();
    assert!(!stale.0.status.success());
    for line in [
        "-list_client_side_access_tokens: GET /v1/client-side-access-tokens (clientSideAccessTokens)",
        "+list_tokens: GET /v1/client-side-access-tokens (clientSideAccessTokens)",
        "+ListTokensParams: parameters (client_side_access_tokens)",
    ] {
        assert!(told.lines().any(|it| it == line), "{line}\n{told}");
    }
    copy.codegen(&[]).succeeds();
    let after = copy.read("letta-api/NAMES.txt");
    let changed: Vec<&str> = after
        .lines()
        .filter(|it| !names.lines().any(|before| before == *it))
        .collect();
    assert_eq!(changed.len(), 2, "{changed:?}");
}

#[test]
fn the_list_of_names_is_in_nobodys_way() {
    let copy = Copy::new();
    copy.write("letta-api/NAMES.txt", "Somebody's own.\n");
    let run = copy.codegen(&[]);
    assert!(!run.0.status.success());
    assert!(
        run.stderr().contains("in its way: letta-api/NAMES.txt"),
        "{}",
        run.stderr()
    );
    assert_eq!(copy.read("letta-api/NAMES.txt"), "Somebody's own.\n");
}

#[test]
fn what_could_be_better_is_told_in_a_line_each_and_written_nevertheless() {
    let copy = Copy::new();
    copy.edit(
        "overlay.yaml",
        "operationId: listClientSideAccessTokens",
        "operationId: tokens_2",
    );
    let run = copy.codegen(&[]);
    let told = run.stderr();
    run.succeeds();
    assert!(
        told.contains("warning[method-name]: overlay.yaml:30:7: ")
            && told.contains("the method `tokens_2`"),
        "{told}"
    );
    let ends = "1 warning: 1 method-name; this tells what to do about each:\n  cargo xtask lint letta.yaml --overlay overlay.yaml\n";
    assert!(told.contains(ends), "{told}");
    assert!(
        copy.read("letta-api/NAMES.txt")
            .contains("\ntokens_2: GET ")
    );
}
