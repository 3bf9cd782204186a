//! Whatever a description holds, the pipeline gives code that parses, or findings: it never panics, and
//! neither progenitor nor the refine stage meets what no lint foresaw.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use xtask::diagnostic::Failure;
use xtask::document::Source;
use xtask::model::Model;
use xtask::render::SourceText;
use xtask::{arrange, generate, lint, load, lower, overlay, refine, render, split};

/// The stages from text to text, without files.
fn pipeline(description: &Value) -> Result<Vec<SourceText>, Failure> {
    let document = load::parse(&Source::new("d.json", description.to_string()))?;
    let lowered = lower::lower(&document);
    let document = arrange::arrange(lowered.document);
    lint::lint_lowered(&document, &lowered.refusals)?;
    let model = Model::read(&document);
    let tokens = generate::generate(&document, &model)?;
    let refined = refine::refine(tokens, &model)?;
    let split = split::split(refined, &model)?;
    render::render_all(split, render::LONGEST)
}

/// What is wrong with an outcome.
fn problem(outcome: &Result<Vec<SourceText>, Failure>) -> Option<String> {
    match outcome {
        Ok(files) => files.iter().find_map(|file| {
            let error = syn::parse_file(&file.text).err()?;
            Some(format!("{}: {error}", file.path))
        }),
        Err(Failure::Message(message)) => Some(message.clone()),
        Err(Failure::Diagnostics(findings)) => findings
            .iter()
            .find(|finding| finding.rule == "progenitor")
            .map(|finding| finding.message.clone()),
    }
}

static DESCRIPTIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| load::load(&root.join(path)).unwrap();
    let mut tokens = read("../openapi/letta.yaml");
    overlay::apply(&mut tokens, &read("../openapi/overlay.yaml")).unwrap();
    let (tokens, wide) = (tokens.to_json(), read("tests/fixtures/wide.yaml").to_json());
    // What is in OpenAPI 3.1 takes the same way, and one stage more.
    let newer = |description: &Value| {
        let mut newer = description.clone();
        newer["openapi"] = json!("3.1.0");
        newer
    };
    let operations = read("tests/fixtures/operations.yaml").to_json();
    let unions = read("tests/fixtures/unions.yaml").to_json();
    vec![newer(&wide), tokens, operations, unions, wide]
});

#[derive(Clone, Debug)]
struct Mutation {
    /// Which member or item of the whole tree, of all there are.
    place: prop::sample::Index,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Remove,
    /// Put one part of the tree where another is.
    Copy(prop::sample::Index),
    Put(Value),
    /// Add a keyword to an object.
    Add(&'static str, Value),
    Rename(&'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let values = prop::sample::select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
        json!(""),
        json!("x"),
        json!("string"),
        json!("object"),
        json!("#/"),
        json!("default"),
        json!([]),
        json!([null]),
        json!(["a"]),
        json!({}),
        json!({"": {}}),
        json!({"type": "string"}),
        json!({"$ref": "#/components/schemas/Thing"}),
        json!({"$ref": "#/components/schemas/Kind"}),
        json!({"$ref": "#/components/schemas/AccessRight"}),
        json!({"$ref": "/"}),
        json!({"$ref": 1}),
        json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        json!({"type": "array"}),
        json!({"allOf": []}),
        json!({"oneOf": [{}]}),
    ]);
    let keywords = prop::sample::select(vec![
        ("nullable", json!(true)),
        ("title", json!("Thing")),
        ("format", json!("date-time")),
        ("format", json!("int32")),
        ("enum", json!(["a", "A", "a"])),
        ("enum", json!([1, null])),
        ("default", json!("a")),
        ("default", json!([1])),
        ("minimum", json!(1)),
        ("maximum", json!(0.5)),
        ("exclusiveMinimum", json!(true)),
        ("multipleOf", json!(2)),
        ("pattern", json!("(")),
        ("minLength", json!(3)),
        ("not", json!({})),
        ("anyOf", json!([{"type": "string"}])),
        ("allOf", json!([{"type": "object"}, {"type": "string"}])),
        ("uniqueItems", json!(true)),
        ("oneOf", json!([{"type": "string"}, {"type": "string"}])),
        ("items", json!({})),
        ("minItems", json!(2)),
        ("maxItems", json!(2)),
        ("additionalProperties", json!(false)),
        (
            "additionalProperties",
            json!({"type": "object", "properties": {"z": {}}}),
        ),
        ("properties", json!({"extra": {}, "Extra": {}})),
        ("required", json!(["nothing"])),
        ("required", json!(true)),
        ("type", json!("integer")),
        ("type", json!(["string", "null"])),
        ("type", json!(["string", "integer"])),
        ("type", json!("null")),
        ("const", json!("a")),
        ("const", json!(null)),
        ("exclusiveMaximum", json!(3)),
        ("anyOf", json!([{"type": "string"}, {"type": "null"}])),
        (
            "oneOf",
            json!([{"$ref": "#/components/schemas/Thing"}, {"const": null}]),
        ),
        (
            "anyOf",
            json!([{"$ref": "#/components/schemas/Kind"}, {"type": "null"}]),
        ),
        ("prefixItems", json!([{"type": "string"}])),
        ("examples", json!(["a", {}])),
        ("items", json!(false)),
        ("if", json!({})),
        ("unevaluatedProperties", json!(false)),
        ("x-codegen-open", json!(true)),
        ("x-codegen-ignore", json!(["type"])),
        ("x-codegen-ignore", json!(["enum", "properties"])),
        ("x-codegen-sensitive", json!(true)),
        ("x-codegen-replace", json!({"type": "crate::Secret"})),
        ("x-codegen-replace", json!({"type": "a b"})),
        ("x-enum-varnames", json!(["A"])),
        ("x-codegen-safe-to-repeat", json!(true)),
        ("x-codegen-safe-to-repeat", json!("maybe")),
        ("in", json!("path")),
        ("in", json!("header")),
        ("name", json!("é \n")),
        ("style", json!("matrix")),
        ("explode", json!(false)),
        ("operationId", json!("")),
        ("operationId", json!("new")),
        (
            "content",
            json!({
                "application/json": {"schema": {}},
                "text/event-stream": {"schema": {"oneOf": [{"$ref": "#/components/schemas/Thing"}]}},
            }),
        ),
        (
            "content",
            json!({"multipart/form-data": {"schema": {"type": "object", "properties": {"f": {"type": "string", "format": "binary"}}}}}),
        ),
        ("required", json!(false)),
        ("x-codegen-event-method", json!("follow")),
        ("x-codegen-event-method", json!("a b")),
        ("content", json!({"text/html": {}})),
        ("content", json!({"application/json": {}})),
        ("4XX", json!({"description": ""})),
        (
            "200",
            json!({"description": "", "content": {"application/json": {"schema": {"type": "object", "properties": {"q": {}}}}}}),
        ),
        ("$ref", json!("#/components/schemas/Thing")),
        ("$ref", json!("#")),
        (
            "x-rust-type",
            json!({"crate": "a", "version": "1", "path": "a::B"}),
        ),
        ("x-dropshot-websocket", json!({})),
        ("encoding", json!({"a": {}})),
    ]);
    let names = prop::sample::select(vec![
        "", "a", "A", "type", "/a/{b}", "/{a}{b}", "200", "default", "204", "é", "x-y", "schema",
    ]);
    prop_oneof![
        Just(Change::Remove),
        any::<prop::sample::Index>().prop_map(Change::Copy),
        any::<prop::sample::Index>().prop_map(Change::Copy),
        values.prop_map(Change::Put),
        keywords
            .clone()
            .prop_map(|(key, value)| Change::Add(key, value)),
        keywords.prop_map(|(key, value)| Change::Add(key, value)),
        names.prop_map(Change::Rename),
    ]
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let mutation = (any::<prop::sample::Index>(), change())
        .prop_map(|(place, change)| Mutation { place, change });
    prop::collection::vec(mutation, 1..4)
}

/// JSON pointers to every part but the root.
fn places(node: &Value, at: &str, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match node {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(i, value)| (i.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (key, value) in children {
        let at = format!("{at}/{key}");
        out.push(at.clone());
        places(value, &at, out);
    }
}

fn mutate(tree: &mut Value, mutation: &Mutation) {
    let mut all = Vec::new();
    places(tree, "", &mut all);
    if all.is_empty() {
        return;
    }
    let place = mutation.place.get(&all).clone();
    match &mutation.change {
        Change::Copy(from) => {
            let from = from.get(&all);
            let part = tree.pointer(from).cloned();
            if let (Some(part), Some(node)) = (part, tree.pointer_mut(&place)) {
                *node = part;
            }
        }
        Change::Put(value) => {
            if let Some(node) = tree.pointer_mut(&place) {
                *node = value.clone();
            }
        }
        Change::Add(key, value) => {
            if let Some(Value::Object(members)) = tree.pointer_mut(&place) {
                members.insert((*key).to_owned(), value.clone());
            }
        }
        Change::Remove | Change::Rename(_) => {
            let (holder, key) = place.rsplit_once('/').expect("a pointer has a slash");
            let key = key.replace("~1", "/").replace("~0", "~");
            match (tree.pointer_mut(holder), &mutation.change) {
                (Some(Value::Object(members)), Change::Rename(name)) => {
                    if let Some(value) = members.shift_remove(&key) {
                        members.insert((*name).to_owned(), value);
                    }
                }
                (Some(Value::Object(members)), _) => {
                    members.shift_remove(&key);
                }
                (Some(Value::Array(items)), _) => {
                    items.remove(key.parse().expect("an item's key is its index"));
                }
                _ => {}
            }
        }
    }
}

#[test]
fn the_descriptions_to_begin_with_pass() {
    for description in DESCRIPTIONS.iter() {
        let outcome = pipeline(description);
        if let Err(failure) = &outcome {
            panic!("{failure}");
        }
        assert_eq!(problem(&outcome), None);
    }
}

#[test]
fn null_in_place_of_any_part_gives_code_or_findings() {
    // Unions have many parts, and are changed anyhow below: each part would take half as long again.
    let is_of_unions = |it: &&Value| it["info"]["title"] == "Unions";
    for description in DESCRIPTIONS.iter().filter(|it| !is_of_unions(it)) {
        let mut all = Vec::new();
        places(description, "", &mut all);
        for place in all {
            let mut tree = description.clone();
            *tree.pointer_mut(&place).expect("a place is there") = Value::Null;
            assert_eq!(problem(&pipeline(&tree)), None, "null at {place}");
        }
    }
}

proptest! {
    // More with PROPTEST_CASES.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_description_changed_anyhow_gives_code_or_findings(
        which in any::<prop::sample::Index>(),
        mutations in mutations(),
    ) {
        let mut tree = which.get(&DESCRIPTIONS).clone();
        for mutation in &mutations {
            mutate(&mut tree, mutation);
        }
        if let Some(problem) = problem(&pipeline(&tree)) {
            prop_assert!(false, "{problem}");
        }
    }
}
