//! The lower stage: each rule, by descriptions that it is about, and the big picture.
//!
//! `fixtures/lower/<rule>[.<case>].yaml` needs a rewrite, or is refused; the `.out` beside it is what a
//! maintainer then reads, and what became of the description. `UPDATE_EXPECT=1 cargo test -p xtask --test
//! integration lower::rules` writes the latter anew.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::support::fixture::{difference, files, name_of, read, rule_of};
use xtask::load;
use xtask::lower::{Lowered, REFUSALS, REWRITINGS, lower};
use xtask::openapi::{Node, Source};

fn fixtures() -> Vec<PathBuf> {
    files("lower")
}

fn parse(name: &str, text: &str) -> Node {
    load::parse(&Source::new(name, text)).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Everything there is to know, as text.
fn report(lowered: &Lowered) -> String {
    let mut text = format!("{}\n", lowered.explain());
    for refusal in &lowered.refusals {
        text.push_str(&format!("\n{}\n", refusal.render()));
    }
    if lowered.refusals.is_empty() {
        let json = lowered.document.to_json();
        text.push_str("\nlowered:\n");
        for part in ["/info", "/paths", "/components"] {
            if let Some(json) = json.pointer(part) {
                text.push_str(&format!("{part}: {json:#}\n"));
            }
        }
    }
    text
}

#[test]
fn each_rule_says_what_it_does_and_does_it() {
    let mut problems = Vec::new();
    for path in fixtures() {
        let name = name_of(&path);
        let lowered = lower(&read(&path));
        let is_refusal = REFUSALS.iter().any(|rule| rule.name == rule_of(&path));
        let refused: BTreeSet<&str> = lowered.refusals.iter().map(|it| it.rule).collect();
        let wanted = BTreeSet::from_iter(is_refusal.then(|| rule_of(&path)));
        if refused != wanted {
            problems.push(format!("{name} is refused for {refused:?}"));
        }
        let mut rewritten = lowered.rewrites.iter();
        if !is_refusal && !rewritten.any(|it| it.rule.name == rule_of(&path)) {
            problems.push(format!("{name} is not rewritten by its rule"));
        }
        let text = report(&lowered);
        problems.extend(difference(&path, "out", &text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_rule_has_a_fixture_and_every_fixture_a_rule() {
    let files = fixtures();
    let with_fixture: BTreeSet<&str> = files.iter().map(|path| rule_of(path)).collect();
    let rewritings = REWRITINGS.iter().map(|rule| rule.name);
    let refusals = REFUSALS.iter().map(|rule| rule.name);
    let rules: BTreeSet<&str> = rewritings.chain(refusals).collect();
    assert_eq!(with_fixture, rules);
    assert_eq!(
        rules.len(),
        REWRITINGS.len() + REFUSALS.len(),
        "two rules of one name"
    );
}

#[test]
fn what_is_lowered_needs_no_lowering() {
    for path in fixtures() {
        let lowered = lower(&read(&path)).document;
        let again = lower(&lowered);
        assert_eq!(again.document.to_json(), lowered.to_json());
        assert!(again.rewrites.is_empty() && again.refusals.is_empty());
    }
}

#[test]
fn a_description_of_another_version_is_left_alone() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi/letta.yaml");
    let mut documents = vec![load::load(&workspace).unwrap()];
    for version in ["3.0.3", "2.0", "3.2.0", "3.1", "null", "1"] {
        let text = format!("openapi: {version}\ncomponents: {{schemas: {{A: {{const: 1}}}}}}\n");
        documents.push(parse("d.yaml", &text));
    }
    for document in documents {
        let lowered = lower(&document);
        assert_eq!(lowered.document.to_json(), document.to_json());
        assert!(lowered.rewrites.is_empty() && lowered.refusals.is_empty());
        assert_eq!(lowered.summary(), None);
    }
}

#[test]
fn what_is_odd_gives_findings_and_no_panic() {
    let odd = [
        "paths: 1",
        "paths: [1]",
        "paths: {/a: {get: {parameters: [1, {schema: 1}], responses: [1], callbacks: 1}}}",
        "components: []",
        "components: {schemas: 1}",
        "components: {schemas: {A: 1, B: text, C: [], D: null}}",
        "components: {schemas: {A: {$ref: '#/components/schemas/A', minimum: 1}}}",
        "components: {schemas: {A: {$ref: 1, title: 1}, B: {$ref: '#', default: 1}}}",
        "components: {schemas: {A: {anyOf: [{$ref: '#/components/schemas/B'}, {type: 'null'}], default: 1}, B: {anyOf: [{$ref: '#/components/schemas/A'}, {type: 'null'}]}}}",
        "components: {schemas: {A: {type: 1, enum: 1, const: {}, anyOf: 1, oneOf: [], allOf: {}}}}",
        "components: {schemas: {A: {type: [], enum: [], anyOf: [], examples: 1, $defs: 1, not: 1}}}",
        "components: {schemas: {A: {type: [null, [string]], properties: 1, items: 1, nullable: 1}}}",
        "components: {schemas: {A: {prefixItems: 1, maxItems: -1.5, items: false}, B: {maxItems: 1e300, items: false}}}",
        "components: {schemas: {A: {exclusiveMinimum: 1e300, minimum: text}, B: {exclusiveMaximum: -1, maximum: null}}}",
        "components: {schemas: {A: {x-codegen-ignore: 1, type: [string, 'null']}, B: {x-codegen-ignore: [type, 1], type: [1]}}}",
        "components: {schemas: {A: {type: string, pattern: '(', default: a}, 'é/~%': {type: string, default: 1}}}",
        "components: {schemas: {A: {oneOf: [{type: 'null'}, {type: 'null'}]}, B: {anyOf: [{type: 'null'}]}}}",
        "jsonSchemaDialect: 1\nwebhooks: 1\ninfo: 1",
    ];
    for text in odd {
        let document = parse("d.yaml", &format!("openapi: 3.1.0\n{text}\n"));
        let lowered = lower(&document);
        for refusal in &lowered.refusals {
            assert!(refusal.render().contains("d.yaml:"), "{text}");
        }
        lowered.explain();
    }
}

/// The environment variable that names a description as the service publishes it, in OpenAPI 3.1.
const UPSTREAM: &str = "LETTA_UPSTREAM_DESCRIPTION";

#[test]
fn the_published_description_can_be_lowered() {
    let Some(path) = std::env::var_os(UPSTREAM) else {
        // On the standard error itself: the test runner would keep to itself what is printed.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the_published_description_can_be_lowered needs {UPSTREAM}"
        );
        return;
    };
    let document = load::load(Path::new(&path)).unwrap_or_else(|failure| panic!("{failure}"));
    let start = Instant::now();
    let lowered = lower(&document);
    let took = start.elapsed();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rewrite in &lowered.rewrites {
        *counts.entry(rewrite.rule.name).or_default() += 1;
    }
    let _ = writeln!(
        std::io::stderr(),
        "lowered in {took:?}: {counts:?}, {} refused",
        lowered.refusals.len()
    );
    for refusal in &lowered.refusals {
        let _ = writeln!(std::io::stderr(), "{}", refusal.render());
        assert!(refusal.pointer.is_some());
    }
    let again = serde_json::to_string(&lowered.document.to_json()).unwrap();
    for left in ["\"const\":", "\"type\":[", "\"type\":\"null\""] {
        let places = again.matches(left).count();
        assert_eq!(places, 0, "{left}");
    }
}
