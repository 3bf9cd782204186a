//! Each rule of the lint stage, by descriptions that break it.
//!
//! `fixtures/lint/<rule>[.<case>].yaml` breaks one rule; the `.stderr` beside it is what a maintainer
//! then reads. `UPDATE_EXPECT=1 cargo test -p xtask --test integration lint::rules` writes the latter anew. Fixtures do not
//! say which operations are safe to repeat, but for those of that rule: [`read`] marks the others.

use crate::support::fixture;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::fixture::{difference, files, name_of, rule_of};
use xtask::diagnostic::{Diagnostic, Failure};
use xtask::generate::generate;
use xtask::lint::{RULES, lint, lint_lowered};
use xtask::markers::SAFE_TO_REPEAT;
use xtask::model::Model;
use xtask::openapi::{Node, Pointer, Source, Value, operations};
use xtask::{arrange, load, overlay};

fn fixtures() -> Vec<PathBuf> {
    files("lint")
}

fn read(path: &Path) -> Node {
    let mut document = fixture::read(path);
    if rule_of(path) != "repeat-safety" {
        mark_operations(&mut document);
    }
    document
}

/// Marks every operation that is not marked, as an overlay would: without, each fixture with an
/// operation would break the rule that asks for it.
fn mark_operations(document: &mut Node) {
    let mark = format!("{SAFE_TO_REPEAT}: true");
    let mark = load::parse(&Source::new("mark.yaml", mark)).unwrap();
    let unmarked: Vec<Pointer> = operations(document)
        .filter(|(_, operation)| operation.get(SAFE_TO_REPEAT).is_none())
        .map(|(at, _)| at)
        .collect();
    for at in unmarked {
        let operation = document.pointer_mut(&at).unwrap();
        let Value::Object(members) = &mut operation.value else {
            panic!("{at} is no object");
        };
        members.extend(mark.as_object().unwrap().clone());
    }
}

fn findings(document: &Node) -> Vec<Diagnostic> {
    match lint_lowered(document, &arrange::arrange(document.clone()), &[]) {
        Ok(()) => Vec::new(),
        Err(Failure::Diagnostics(findings)) => findings,
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_description_that_breaks_a_rule_is_refused_with_its_place_and_the_way_out() {
    let mut problems = Vec::new();
    for path in fixtures() {
        let name = name_of(&path);
        let document = read(&path);
        let found = findings(&document);
        if found.is_empty() {
            problems.push(format!("{name} breaks no rule"));
            continue;
        }
        for finding in &found {
            if finding.rule != rule_of(&path) {
                problems.push(format!("{name} breaks another rule:\n{}", finding.render()));
            }
        }
        let text = format!("{}\n", Failure::Diagnostics(found));
        problems.extend(difference(&path, "stderr", &text));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_rule_has_a_fixture_and_every_fixture_a_rule() {
    let files = fixtures();
    let with_fixture: BTreeSet<&str> = files.iter().map(|path| rule_of(path)).collect();
    let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(with_fixture, rules);
    assert_eq!(rules.len(), RULES.len(), "two rules of one name");
}

#[test]
fn findings_come_in_the_order_of_the_description_and_once_each() {
    for path in fixtures() {
        let found = findings(&read(&path));
        let places: Vec<_> = found.iter().map(|finding| finding.span.start).collect();
        assert!(places.is_sorted(), "{}", path.display());
        let rendered: BTreeSet<String> = found.iter().map(Diagnostic::render).collect();
        assert_eq!(rendered.len(), found.len(), "{}", path.display());
    }
}

#[test]
fn the_description_of_this_workspace_breaks_no_rule() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi");
    let mut document = load::load(&folder.join("letta.yaml")).unwrap();
    overlay::apply(
        &mut document,
        &load::load(&folder.join("overlay.yaml")).unwrap(),
    )
    .unwrap();
    lint(&arrange::arrange(document)).unwrap_or_else(|failure| panic!("{failure}"));
}

/// What the generator does with a description that no lint has looked at.
fn without_lint(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/lint")
        .join(name);
    let document = arrange::arrange(read(&path));
    match generate(&document, &Model::read(&document)) {
        Ok(tokens) => tokens.to_string().split_whitespace().collect(),
        Err(failure) => failure.to_string(),
    }
}

/// The rules are there because of what progenitor does. If this fails, a newer one does better, and
/// the rule may go.
#[test]
fn progenitor_does_what_the_rules_are_there_for() {
    for (fixture, does) in [
        // It panics.
        (
            "body-encoding.yaml",
            "panicked with: not yet implemented: media type encoding",
        ),
        (
            "body-media-type.several.yaml",
            "panicked with: not yet implemented: more media types",
        ),
        (
            "error-shapes.yaml",
            "panicked with: assertion failed: response_types.len() <= 1",
        ),
        ("path-parameter.yaml", "panicked with:"),
        (
            "ref-target.yaml",
            "panicked with: $ref #/components/schemas/Other is missing",
        ),
        (
            "response-schema.yaml",
            "panicked with: not yet implemented: media type encoding, no schema",
        ),
        (
            "response-schema.null.yaml",
            "panicked with: not yet implemented: media type encoding, no schema",
        ),
        (
            "success-shapes.yaml",
            "panicked with: assertion failed: response_types.len() <= 1",
        ),
        (
            "variant-name.yaml",
            "panicked with: Failed to make unique variant names",
        ),
        // It refuses, without a place.
        (
            "body-media-type.yaml",
            "unexpected content type: application/xml",
        ),
        (
            "body-schema.null.yaml",
            "No schema specified for request body",
        ),
        ("default.yaml", "value does not conform"),
        (
            "parameter-location.yaml",
            "cookie parameters are not supported",
        ),
        // It writes code that does something else.
        (
            "additional-properties.yaml",
            "#[serde(deny_unknown_fields)]",
        ),
        (
            "array-items.null.yaml",
            "pub::std::vec::Vec<::serde_json::Value>",
        ),
        ("array-length.yaml", "pub[i64;2usize]"),
        (
            "const.yaml",
            "pubkind:::std::option::Option<::std::string::String>",
        ),
        (
            "integer-bounds.yaml",
            "pubpage:::std::option::Option<::std::num::NonZeroU64>",
        ),
        ("number-format.yaml", "pubcount:::std::option::Option<f64>"),
        (
            "response-media-type.yaml",
            "200u16=>{ResponseValue::from_response(response).await}",
        ),
        (
            "string-format.yaml",
            "pubid:::std::option::Option<::uuid::Uuid>",
        ),
        ("unknown-field.yaml", "limit:Option<&'astr>"),
    ] {
        let outcome = without_lint(fixture);
        assert!(
            outcome.contains(does),
            "{fixture}: {does:?} is not in\n{outcome}"
        );
    }
}

/// The messages about a description of these schemas, arranged.
fn messages(schemas: &str) -> Vec<String> {
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{}}\ncomponents:\n  schemas:\n    {schemas}\n"
    );
    let document = load::parse(&xtask::openapi::Source::new("d.yaml", text)).unwrap();
    match lint(&arrange::arrange(document)) {
        Ok(()) => Vec::new(),
        Err(Failure::Diagnostics(found)) => found.into_iter().map(|it| it.message).collect(),
        Err(failure) => panic!("{failure}"),
    }
}

#[test]
fn a_finding_about_a_branch_of_a_union_names_the_union() {
    let found = messages("Amount: {oneOf: [{type: string}, {type: number}]}");
    let begins = "branch 2 of `Amount` is a number without `format: double`";
    assert!(
        found.len() == 1 && found[0].starts_with(begins),
        "{found:?}"
    );
    // A component of another kind may have such properties.
    let found = messages("Other: {type: object, properties: {b0: {type: number}}}");
    let begins = "the property `b0` of `Other` is a number";
    assert!(
        found.len() == 1 && found[0].starts_with(begins),
        "{found:?}"
    );
}

#[test]
fn a_marker_without_effect_is_found_in_a_property_that_is_called_like_data() {
    for name in ["example", "examples", "default", "enum", "const"] {
        let schema = format!(
            "A: {{type: object, properties: {{{name}: {{type: string, x-codegen-nothing: 1}}}}}}"
        );
        let found = messages(&schema);
        assert_eq!(found, ["there is no marker `x-codegen-nothing`"], "{name}");
        // In data, it is data.
        let schema = format!("A: {{type: string, {name}: {{x-codegen-nothing: 1}}}}");
        let found = messages(&schema);
        assert!(
            !found.iter().any(|it| it.contains("marker")),
            "{name}: {found:?}"
        );
    }
}
