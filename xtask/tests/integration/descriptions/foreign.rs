//! Descriptions of other people's services: whatever is in them, the pipeline gives code, or says what is wrong,
//! where and what to do.
//!
//! The descriptions are not here. `tests/foreign/fetch` brings them, and the variable
//! `LETTA_FOREIGN_DESCRIPTIONS` says where they are; without it, nothing is tested. What came of each stands in
//! `foreign/<name>.txt`, which `UPDATE_EXPECT=1` writes anew: as it is; with the decisions of
//! `fixtures/foreign/overlay.yaml`; and with everything left out that a lint still finds fault with.

use crate::support::fixture;
use crate::support::pipeline;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::support::pipeline::Code;
use crate::support::scratch::Scratch;
use serde_json::json;
use xtask::commands::init;
use xtask::diagnostic::{Diagnostic, Failure};
use xtask::markers::IGNORE;
use xtask::openapi::{METHODS, Node, Pointer, Source, Value, component_schemas, operations};
use xtask::{arrange, load, lower, overlay, select};

/// Where the descriptions are.
const FOLDER: &str = "LETTA_FOREIGN_DESCRIPTIONS";
/// Set where none may be missing.
const REQUIRED: &str = "LETTA_TESTS_REQUIRE_TOOLS";
/// More rounds of leaving out than any description has needed.
const ROUNDS: usize = 20;

/// Whether a description may be missing in CI, for it takes long to fetch and to go through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Size {
    Usual,
    Large,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/foreign")
}

/// The description of this file name. If there is no such file, `None` and a printed line.
fn description(file: &str, size: Size) -> Option<Node> {
    let path = std::env::var_os(FOLDER).map(|folder| Path::new(&folder).join(file));
    let Some(path) = path.filter(|path| path.exists()) else {
        let required = std::env::var_os(REQUIRED).is_some() && size == Size::Usual;
        assert!(
            !required,
            "{file} is not where {FOLDER} says, and {REQUIRED} is set"
        );
        // Past the test runner, which would keep it to itself.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {file} is not where {FOLDER} says"
        );
        return None;
    };
    Some(load::load(&path).unwrap_or_else(|failure| panic!("{failure}")))
}

/// Applies what `overlay.yaml` decides; of that, what concerns this description.
fn decide(description: &mut Node) {
    let decisions = load::load(&folder().join("overlay.yaml"))
        .unwrap()
        .to_json();
    for action in decisions["actions"].as_array().unwrap() {
        let one = json!({"overlay": "1.0.0", "info": decisions["info"], "actions": [action]});
        let one = load::parse(&Source::new("overlay.json", one.to_string())).unwrap();
        if let Err(failure) = overlay::apply(description, &one) {
            let text = failure.to_string();
            assert!(text.contains("matches nothing"), "{text}");
        }
    }
    // Keywords that no schema has are not to be listed.
    let arranged = arrange::arrange(lower::lower(description).document);
    let texts = |node: Option<&Node>| -> BTreeSet<String> {
        let items = node.and_then(Node::as_array).unwrap_or(&[]);
        items
            .iter()
            .filter_map(|it| Some(it.as_str()?.to_owned()))
            .collect()
    };
    let idle = texts(arranged.get(IGNORE));
    let at = Pointer::default().join(IGNORE);
    if let Some(Value::Array(list)) = description.pointer_mut(&at).map(|it| &mut it.value) {
        list.retain(|it| it.as_str().is_none_or(|keyword| !idle.contains(keyword)));
    }
}

/// Leaves out what a finding is about: an operation, a schema (any JSON takes its place), or the like.
fn leave_out(document: &mut Node, at: &Pointer) -> bool {
    let parts: Vec<&str> = at.0.iter().map(String::as_str).collect();
    let part = |depth: usize| Pointer(at.0[..depth.min(at.0.len())].to_vec());
    match parts.as_slice() {
        ["paths", _, method, ..] if METHODS.contains(method) => remove(document, &part(3)),
        ["paths", _, ..] => remove(document, &part(2)),
        ["components", "schemas", _, ..] => {
            let any = json!({"x-codegen-replace": {"type": "::serde_json::Value"}});
            match document.pointer_mut(&part(3)) {
                Some(schema) if schema.to_json() != any => {
                    let any = Source::new("any.json", any.to_string());
                    *schema = load::parse(&any).unwrap();
                    true
                }
                _ => remove(document, &part(3)),
            }
        }
        ["components", ..] => remove(document, &part(3)),
        _ => remove(document, &part(1)),
    }
}

fn remove(document: &mut Node, at: &Pointer) -> bool {
    let Some((key, holder)) = at.last().zip(at.parent()) else {
        return false;
    };
    match document.pointer_mut(&holder).map(|node| &mut node.value) {
        Some(Value::Object(members)) => members.shift_remove(key).is_some(),
        _ => false,
    }
}

/// What the pipeline makes of it, which must not be a bug.
#[track_caller]
fn outcome(what: &str, document: &Node) -> Result<Code, Vec<Diagnostic>> {
    let outcome = pipeline::run(document);
    if let Some(problem) = pipeline::problem(&outcome) {
        panic!("{what}: {problem}");
    }
    match outcome {
        Ok(code) => Ok(code),
        Err(Failure::Diagnostics(findings)) => {
            for finding in &findings {
                let is_complete = finding.pointer.is_some()
                    && [finding.rule, &finding.message, &finding.help]
                        .iter()
                        .all(|text| !text.is_empty());
                assert!(is_complete, "{what}: {}", finding.render());
            }
            Err(findings)
        }
        Err(failure) => panic!("{what}: {failure}"),
    }
}

fn told(outcome: &Result<Code, Vec<Diagnostic>>) -> String {
    match outcome {
        // Not the lines: those change with every detail of what is written.
        Ok(code) => format!("{} operations, {} types", code.operations, code.types),
        Err(findings) => {
            let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
            for finding in findings {
                *rules.entry(finding.rule).or_default() += 1;
            }
            let rules = rules
                .into_iter()
                .map(|(rule, count)| format!("{count} {rule}"));
            let rules: Vec<String> = rules.collect();
            format!("{} findings: {}", findings.len(), rules.join(", "))
        }
    }
}

/// Takes a description through the pipeline, and compares what comes of it with what is expected. Gives the code
/// for what is left of it.
#[track_caller]
fn check(file: &str, size: Size) -> Option<Code> {
    let mut document = description(file, size)?;
    let version = document
        .get("openapi")
        .and_then(Node::as_str)
        .unwrap_or("?");
    let mut report = format!(
        "OpenAPI {version}, {} operations, {} schemas\n",
        operations(&document).count(),
        component_schemas(&document).count()
    );
    let _ = writeln!(report, "as it is: {}", told(&outcome(file, &document)));
    decide(&mut document);
    let mut result = outcome(file, &document);
    let _ = writeln!(report, "decided: {}", told(&result));
    for _ in 0..ROUNDS {
        let Err(findings) = &result else { break };
        let mut places: Vec<&Pointer> = findings
            .iter()
            .filter_map(|it| it.pointer.as_ref())
            .collect();
        places.dedup();
        let left_out = places
            .into_iter()
            .filter(|at| leave_out(&mut document, at))
            .count();
        assert!(left_out > 0, "{file}: {}", findings[0].render());
        result = outcome(file, &document);
    }
    let _ = writeln!(report, "what is left: {}", told(&result));
    let difference = fixture::difference(&folder().join(file), "txt", &report);
    assert_eq!(difference.unwrap_or_default(), "");
    Some(result.unwrap_or_else(|_| panic!("{file}: there is always something to find")))
}

/// A test for each description, so that they run side by side.
macro_rules! descriptions {
    ($($name:ident: $file:literal, $size:ident;)*) => {
        $(
            #[test]
            fn $name() {
                check($file, Size::$size);
            }
        )*
    };
}

// By hand, and by generators of many frameworks; OpenAPI 3.0 and 3.1.
descriptions! {
    blockfrost_gives_code_or_findings: "blockfrost.yaml", Large;
    docker_gives_code_or_findings: "docker.yaml", Usual;
    ideal_postcodes_gives_code_or_findings: "ideal-postcodes.json", Large;
    rclone_gives_code_or_findings: "rclone.yaml", Usual;
    readme_gives_code_or_findings: "readme.json", Usual;
    slack_gives_code_or_findings: "slack.json", Usual;
    star_trek_gives_code_or_findings: "star-trek.yaml", Usual;
    twilio_gives_code_or_findings: "twilio.json", Large;
    stripe_gives_code_or_findings: "stripe.yaml", Large;
}

#[test]
fn airflow_and_directus_give_code_that_compiles() {
    for file in ["airflow.yaml", "directus.json"] {
        if let Some(code) = check(file, Size::Usual) {
            Scratch::new(&code.files, &code.features).compiles_with("full");
        }
    }
}

/// The starter overlay of each: how many operations the description has, and the code of all of them.
#[track_caller]
fn started(file: &str, description: &Node, operations: usize) -> Code {
    let (text, report) = init::starter(description, file, &init::Only::default()).unwrap();
    assert_eq!(
        report.operations, operations,
        "{file}: {:#?}",
        report.left_out
    );
    let left: Vec<String> = report.left.iter().map(Diagnostic::render).collect();
    assert!(left.is_empty(), "{file}:\n{}", left.join("\n"));
    let mut decided = description.clone();
    let overlay = load::parse(&Source::new("overlay.yaml", text)).unwrap();
    overlay::apply(&mut decided, &overlay).unwrap();
    select::select(&mut decided, select::Hidden::Skipped).unwrap();
    match outcome(file, &decided) {
        Ok(code) => {
            assert!(code.operations >= operations, "{file}: {}", code.operations);
            code
        }
        Err(findings) => panic!("{file}: {}", findings[0].render()),
    }
}

#[test]
fn a_starter_overlay_loses_no_operation() {
    for (file, operations) in [
        ("airflow.yaml", 128),
        ("docker.yaml", 55),
        ("readme.json", 54),
        ("slack.json", 138),
        ("star-trek.yaml", 120),
    ] {
        if let Some(description) = description(file, Size::Usual) {
            started(file, &description, operations);
        }
    }
    if let Some(path) = std::env::var_os("LETTA_UPSTREAM_DESCRIPTION") {
        let description = load::load(Path::new(&path)).unwrap();
        started("the service's", &description, 302);
    }
}

/// No code can be made of some operations as they are described.
#[test]
fn a_starter_overlay_tells_why_it_leaves_operations_out() {
    for (file, reasons) in [
        (
            "rclone.yaml",
            ["the successes of", "`multipart/form-data`"].as_slice(),
        ),
        (
            "directus.json",
            &["the successes of", "`multipart/data`, which"],
        ),
    ] {
        let Some(description) = description(file, Size::Usual) else {
            continue;
        };
        let (_, report) = init::starter(&description, file, &init::Only::default()).unwrap();
        let all = operations(&description).count();
        assert_eq!(report.operations + report.left_out.len(), all, "{file}");
        let most = all / 8;
        assert!(
            report.left_out.len() < most,
            "{file}: {:#?}",
            report.left_out
        );
        for (name, reason) in &report.left_out {
            let is_known = reasons.iter().any(|it| reason.contains(it));
            assert!(is_known, "{file}, {name}: {reason}");
        }
        started(file, &description, report.operations);
    }
}

#[test]
#[ignore = "slow, it builds whole crates: add -- --ignored"]
fn the_code_of_a_starter_overlay_compiles() {
    for (file, operations) in [
        ("airflow.yaml", 128),
        ("docker.yaml", 55),
        ("readme.json", 54),
    ] {
        if let Some(description) = description(file, Size::Usual) {
            let code = started(file, &description, operations);
            Scratch::new(&code.files, &code.features).compiles_with("full,multipart");
        }
    }
}

/// For maintainers: each file that the list in `LETTA_FOREIGN_LIST` names, a path to a line. Prints what it meets.
#[test]
fn any_list_of_descriptions_gives_code_or_findings() {
    let Ok(list) = std::env::var("LETTA_FOREIGN_LIST") else {
        println!("skipped: LETTA_FOREIGN_LIST names no list");
        return;
    };
    let list = std::fs::read_to_string(list).unwrap();
    let failed: Vec<&str> = list.lines().filter(|file| !is_met(file)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

fn is_met(file: &str) -> bool {
    let start = std::time::Instant::now();
    let met = std::panic::catch_unwind(|| {
        let mut document = match load::load(Path::new(file)) {
            Ok(document) => document,
            Err(failure) => return failure.to_string().lines().next().unwrap_or("").to_owned(),
        };
        let mut report = told(&outcome(file, &document));
        if !document
            .get("openapi")
            .and_then(Node::as_str)
            .is_some_and(|it| it.starts_with("3."))
        {
            return report;
        }
        decide(&mut document);
        for _ in 0..ROUNDS {
            let result = outcome(file, &document);
            report += &format!("\n    {}", told(&result));
            let Err(findings) = &result else {
                return report;
            };
            let places = findings.iter().filter_map(|it| it.pointer.as_ref());
            if places.filter(|at| leave_out(&mut document, at)).count() == 0 {
                return report + &format!("\n    STUCK {}", findings[0].render());
            }
        }
        report
    });
    println!(
        "{file} ({:.1?}): {}",
        start.elapsed(),
        met.as_deref().unwrap_or("PANIC")
    );
    met.is_ok()
}
