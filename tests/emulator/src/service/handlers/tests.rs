//! Holds the table of operations in `BEHAVIOUR.md`, and their number in `README.md`. `UPDATE_EXPECT=1` writes both anew.

use std::fmt::Write as _;
use std::path::Path;

use letta_api::{Operation, operations};

use crate::service::handlers;

/// An operation of the description. letta-api has two names for one that answers with JSON or with events.
struct Described {
    method: &'static str,
    path: &'static str,
    names: Vec<&'static str>,
    is_emulated: bool,
}

/// The operations, in the order of the description.
fn described() -> Vec<Described> {
    let mut described: Vec<Described> = Vec::new();
    for operation in operations::ALL {
        let is_emulated = is_emulated(operation);
        let same = described
            .iter_mut()
            .find(|it| it.method == operation.method && it.path == operation.path_template);
        if let Some(same) = same {
            assert_eq!(same.is_emulated, is_emulated, "both names of {}", same.path);
            same.names.push(operation.id);
        } else {
            described.push(Described {
                method: operation.method,
                path: operation.path_template,
                names: vec![operation.id],
                is_emulated,
            });
        }
    }
    described
}

/// The routes answer the check of health themselves.
fn is_emulated(operation: &Operation) -> bool {
    operation.id == operations::CHECK_HEALTH.id || handlers::of(operation).is_some()
}

fn table() -> String {
    let described = described();
    let mut table = format!(
        "{} of the {} operations are emulated.\n\n| operation | in letta-api | answer |\n|---|---|---|\n",
        count(&described),
        described.len()
    );
    for it in &described {
        let names: Vec<String> = it.names.iter().map(|name| format!("`{name}`")).collect();
        let answer = if it.is_emulated { "emulated" } else { "501" };
        let (method, path, names) = (it.method, it.path, names.join(", "));
        writeln!(table, "| `{method} {path}` | {names} | {answer} |").unwrap();
    }
    format!("\n{table}\n")
}

fn count(described: &[Described]) -> usize {
    described.iter().filter(|it| it.is_emulated).count()
}

/// That this part of a file, between its two marks, is as expected.
#[track_caller]
fn holds(file: &str, part: &str, expected: &str) {
    let (begin, end) = (
        format!("<!-- {part}: begin -->"),
        format!("<!-- {part}: end -->"),
    );
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\r\n", "\n");
    let (before, rest) = text
        .split_once(&begin)
        .expect("the mark where the part begins");
    let (shown, after) = rest.split_once(&end).expect("the mark where the part ends");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    assert!(
        shown == expected,
        "the part `{part}` of {file} is old: run this test with UPDATE_EXPECT=1"
    );
}

#[test]
fn behaviour_md_says_of_every_operation_whether_it_is_emulated() {
    holds("BEHAVIOUR.md", "operations", &table());
}

#[test]
fn the_readme_says_how_many_operations_are_emulated() {
    let described = described();
    let (count, all) = (count(&described), described.len());
    holds("README.md", "count", &format!("{count} of the {all}"));
}

#[test]
fn every_handler_is_of_an_operation_of_the_description() {
    let source = include_str!("../handlers.rs");
    let (_, table) = source.split_once("Some(match operation.id {").unwrap();
    let (table, _) = table.split_once("_ => return None").unwrap();
    let arms = table.lines().filter_map(|line| line.split_once("=>"));
    let names = arms.flat_map(|(names, _)| names.split('|'));
    let names: Vec<&str> = names.map(|name| name.trim().trim_matches('"')).collect();
    assert!(names.len() > 100, "all arms are read, not {}", names.len());
    for name in names {
        let is_described = operations::ALL.iter().any(|it| it.id == name);
        assert!(is_described, "no operation is called {name}");
    }
}
