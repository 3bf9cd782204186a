//! Text of a description is data: whatever it holds, what is generated of it is code, documentation and a manifest,
//! and what is printed of it is text.

use crate::support::pipeline;
use crate::support::texts;
use std::process::Command;

use crate::support::texts::{TEXTS, description, docs_of, problem, text};
use proptest::prelude::*;
use serde_json::Value;
use xtask::load;
use xtask::openapi::Source;
use xtask::output::manifest;
use xtask::visible::is_hidden;

fn code(description: &Value) -> pipeline::Code {
    let source = Source::new("d.json", description.to_string());
    let outcome = load::parse(&source).and_then(|document| pipeline::run(&document));
    outcome.unwrap_or_else(|failure| panic!("{failure}"))
}

/// What is wrong with the code for a description that has this text everywhere.
fn problem_of(description: &Value) -> Option<String> {
    let code = code(description);
    for file in &code.files {
        if let Some(c) = file.text.chars().find(|c| is_hidden(*c) && *c != '\n') {
            return Some(format!("{c:?} is in {}", file.path));
        }
        for docs in docs_of(&file.text) {
            // A line may break within such a link of ours.
            let docs = docs.replace("see\n[`", "see [`");
            // Ours has links to items.
            let ours = |line: &&str| {
                ["(crate::", "(Self::", "[`types::", "see [`", "(super::"]
                    .iter()
                    .any(|it| line.contains(it))
                    || [
                        "[`Error::ErrorResponse`]",
                        "See [`Error`] for what else can go wrong.",
                    ]
                    .iter()
                    .any(|it| line.starts_with(it))
            };
            let theirs: Vec<&str> = docs.lines().filter(|line| !ours(line)).collect();
            if let Some(problem) = problem(&theirs.join("\n")) {
                return Some(format!("{}: {problem} in\n{docs}", file.path));
            }
        }
    }
    let text = format!(
        "[features]\n{}\n{}\n",
        xtask::manifest::BEGIN,
        xtask::manifest::END
    );
    let manifest = manifest::with_features("Cargo.toml".as_ref(), &text, &code.features);
    let manifest = manifest.unwrap_or_else(|failure| panic!("{failure}"));
    // A line of TOML holds no control character, and a comment has one line.
    let stray = manifest.lines().find(|line| {
        !line.starts_with('#') && !line.contains(" = [") && *line != "[features]"
            || line.contains(is_hidden)
    });
    stray.map(|line| format!("{line:?} stands in the manifest"))
}

#[test]
fn each_known_text_is_documentation_everywhere() {
    for text in TEXTS {
        let mut description = description(0, text);
        assert_eq!(problem_of(&description), None, "{text:?}");
        texts::name_by(&mut description, 0, text);
        assert_eq!(problem_of(&description), None, "{text:?} as a name");
    }
}

/// What commands print of a file that is full of what a terminal would obey.
#[test]
fn a_terminal_is_shown_what_it_would_obey() {
    // As they stand in a file (JSON forbids some there), and as escapes.
    let bad = "\u{9b}31m\u{202e}\u{7f}\u{feff}\\u001b[2J\\u0007\\r\\u2066";
    let folder = tempfile::TempDir::new().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    let schemas = |more: &str| {
        format!(
            r##"{{"openapi":"3.1.0","info":{{"title":"{bad}","version":"1"}},"tags":[{{"name":"t{bad}","description":"{bad}"}}],
"paths":{{"/v1/{bad}":{{"get":{{"operationId":"a{bad}b","tags":["t{bad}"],"parameters":[{{"name":"p{bad}","in":"cookie","schema":{{"type":"string"}}}}],
"responses":{{"200":{{"description":"{bad}","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/S"}}}}}}}}}}}}}}}},
"components":{{"schemas":{{"N{bad}":{{"type":"object"}},"S":{{"type":"object","description":"{bad}","properties":{{
"x{bad}":{{"type":["integer","null"],"description":"{bad}"{more}}},"bad{bad}":{{"if":{{}},"then":{{}},"{bad}":1}},"y{bad}":{{"type":"string","enum":["{bad}","{bad}"]}}}}}}}}}}}}"##
        )
    };
    write("one.json", schemas(""));
    write(
        "two.json",
        schemas(r#","maximum":3,"format":"{bad}""#).replace("\"y", "\"z"),
    );
    write(
        "overlay.yaml",
        format!(
            "overlay: 1.0.0\ninfo: {{title: x, version: '1'}}\nactions:\n- target: \"$['{bad}']\"\n  update: {{a: 1}}\n"
        ),
    );
    write("none.yaml", "overlay: 1.0.0\ninfo: {title: x, version: '1'}\nactions: [{target: $.info, update: {x-a: 1}}]\n".to_owned());
    write("bad.json", format!("{{\"a\": \"{bad}\", {bad}}}"));
    let mut shown = 0;
    for arguments in [
        &["lint", "one.json"][..],
        &["lint", "one.json", "--format", "json"],
        &["lint", "bad.json"],
        &["lint", "one.json", "--overlay", "overlay.yaml"],
        &["drift", "two.json", "--description", "one.json"],
        &[
            "drift",
            "two.json",
            "--description",
            "one.json",
            "--format",
            "json",
        ],
        &["drift", "bad.json", "--description", "one.json"],
        &[
            "codegen",
            "--description",
            "one.json",
            "--overlay",
            "none.yaml",
            "--out",
            ".",
            "--name",
            "stem",
            "--explain",
        ],
    ] {
        let run = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let said = [run.stdout, run.stderr]
            .map(|it| String::from_utf8(it).unwrap())
            .concat();
        let hidden = said
            .chars()
            .find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t'));
        assert_eq!(hidden, None, "{arguments:?} prints\n{said}");
        assert!(
            said.contains("u{9b}") || said.contains("u009b"),
            "{arguments:?} prints\n{said}"
        );
        shown += 1;
    }
    assert_eq!(shown, 8);
}

proptest! {
    // More with PROPTEST_CASES.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(48),
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_text_is_documentation_everywhere(text in text()) {
        prop_assert_eq!(problem_of(&description(0, &text)), None);
    }
}
