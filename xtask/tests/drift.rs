//! How two descriptions differ: each kind of difference, what it breaks, and what is no difference.
//!
//! `fixtures/drift/<change>[.<case>].yaml` holds both descriptions, shortened: `paths`, or one `operation`, or one
//! `schema` with other `schemas` beside it. The `.out` beside it is what a maintainer then reads, and what of the
//! same the other way round. `UPDATE_EXPECT=1 cargo test -p xtask --test drift` writes the latter anew.

mod fixture;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fixture::{difference, files, name_of, rule_of};
use xtask::document::{Entry, Node, Pointer, Source, Value};
use xtask::drift::{ByOverlay, CHANGES, Difference, Report, Scope, Uses, compare};
use xtask::drift_command::to_text;
use xtask::load;

fn fixtures() -> Vec<PathBuf> {
    files("drift")
}

fn parse(name: &str, text: &str) -> Node {
    load::parse(&Source::new(name, text)).unwrap_or_else(|failure| panic!("{failure}"))
}

fn report(ours: &Node, other: &Node) -> Report {
    compare(ours, None, other).unwrap_or_else(|failure| panic!("{failure}"))
}

/// A description around a fixture's side. Its parts keep their places.
fn description(side: &Node, uses: Uses) -> Node {
    let body = "{content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}";
    let body_of = |is: bool, text: &str| {
        if is {
            text.replace("BODY", body)
        } else {
            String::new()
        }
    };
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: Test, version: '1'}}\npaths:\n  /things:\n    post:\n      x: 1\n{}{}\
         components: {{schemas: {{}}}}\n",
        body_of(uses.request, "      requestBody: BODY\n"),
        body_of(uses.answer, "      responses: {'200': BODY}\n"),
    );
    let mut document = parse("skeleton.yaml", &text);
    let mut put = |at: &str, node: &Node| {
        let at = Pointer::parse(at).unwrap();
        let holder = document.pointer_mut(&at.parent().unwrap()).unwrap();
        let Value::Object(members) = &mut holder.value else {
            panic!("{at} is in no object");
        };
        let (key, node) = (node.span.clone(), node.clone());
        members.insert(at.last().unwrap().to_owned(), Entry { key, node });
    };
    for (key, entry) in side.as_object().unwrap() {
        match key.as_str() {
            "operation" => put("/paths/~1things/post", &entry.node),
            "schema" => put("/components/schemas/Thing", &entry.node),
            "schemas" => {
                for (name, schema) in entry.node.as_object().unwrap() {
                    put(&format!("/components/schemas/{name}"), &schema.node);
                }
            }
            _ => put(&format!("/{key}"), &entry.node),
        }
    }
    document
}

const BOTH: Uses = Uses {
    request: true,
    answer: true,
};

fn sides(path: &Path, uses: Uses) -> (Node, Node) {
    let node = fixture::read(path);
    let side = |name: &str| description(node.get(name).unwrap(), uses);
    (side("ours"), side("other"))
}

fn grades(report: &Report) -> String {
    let grades: BTreeSet<String> = report
        .counted()
        .map(|it| {
            let grade = if it.breaking {
                "breaking"
            } else {
                "compatible"
            };
            format!("{grade}[{}]", it.change.name)
        })
        .collect();
    grades.into_iter().collect::<Vec<_>>().join(", ")
}

#[test]
fn each_kind_of_difference_is_told_with_its_place_and_what_it_breaks() {
    let mut problems = Vec::new();
    for path in fixtures() {
        let name = name_of(&path);
        let (ours, other) = sides(&path, BOTH);
        let forth = report(&ours, &other);
        let back = report(&other, &ours);
        let found: BTreeSet<&str> = forth.counted().map(|it| it.change.name).collect();
        if found != BTreeSet::from([rule_of(&path)]) {
            problems.push(format!("{name} shows {found:?}"));
        }
        let mut text = format!("{}\n", to_text(&forth));
        if fixture::read(&path)
            .pointer(&Pointer::parse("/ours/schema").unwrap())
            .is_some()
        {
            for (what, uses) in [("sent", Uses::REQUEST), ("received", Uses::ANSWER)] {
                let (ours, other) = sides(&path, uses);
                let only = report(&ours, &other);
                text.push_str(&format!("\nwhere it is only {what}: {}", grades(&only)));
            }
            text.push('\n');
        }
        text.push_str(&format!("\nthe other way round: {}\n", grades(&back)));
        problems.extend(difference(&path, "out", &text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_change_has_a_fixture_and_every_fixture_a_change() {
    let files = fixtures();
    let with_fixture: BTreeSet<&str> = files.iter().map(|path| rule_of(path)).collect();
    let changes: BTreeSet<&str> = CHANGES.iter().map(|change| change.name).collect();
    assert_eq!(with_fixture, changes);
    assert_eq!(changes.len(), CHANGES.len(), "two changes of one name");
}

#[test]
fn a_description_agrees_with_itself() {
    for path in fixtures() {
        for document in [sides(&path, BOTH).0, sides(&path, BOTH).1] {
            let report = report(&document, &document);
            assert!(report.differences.is_empty(), "{}", to_text(&report));
        }
    }
}
