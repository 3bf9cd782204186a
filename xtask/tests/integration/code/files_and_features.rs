//! How the generated code is dealt out to files and features.

use crate::support::large;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::scratch::Scratch;
use proptest::prelude::*;
use quote::ToTokens;
use serde_json::{Map, Value, json};
use syn::{Attribute, Expr, Item, Meta, Token};
use xtask::model::Model;
use xtask::openapi::{Node, Source};
use xtask::output::render;
use xtask::output::render::{LONGEST, SourceText};
use xtask::split::Feature;
use xtask::{generate, lint, load, refine, split};

struct Code {
    files: Vec<SourceText>,
    features: Vec<Feature>,
    /// How long each stage took.
    took: Vec<(&'static str, Duration)>,
}

fn code(document: &Node, longest: usize) -> Code {
    code_of(document, longest, |_| {})
}

/// The code for a description; `change` may add to what was read of it.
fn code_of(document: &Node, longest: usize, change: impl FnOnce(&mut Model)) -> Code {
    let mut took = Vec::new();
    let mut start = Instant::now();
    let mut lap = |name| {
        took.push((name, start.elapsed()));
        start = Instant::now();
    };
    lint::lint(document).unwrap_or_else(|failure| panic!("{failure}"));
    lap("lint");
    let mut model = Model::read(document);
    change(&mut model);
    let tokens = generate::generate(document, &model).unwrap_or_else(|failure| panic!("{failure}"));
    lap("generate");
    let refined = refine::refine(tokens, &model).unwrap();
    lap("refine");
    let mut split = split::split(refined, &model).unwrap_or_else(|failure| panic!("{failure}"));
    lap("split");
    let features = std::mem::take(&mut split.features);
    let files = render::render_all(split, longest).unwrap();
    lap("render");
    Code {
        files,
        features,
        took,
    }
}

fn read(description: &Value) -> Node {
    load::parse(&Source::new("d.json", description.to_string())).unwrap()
}

fn fixture() -> Node {
    let path = "tests/fixtures/tags.yaml";
    load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Attributes, as conditions that have to hold together.
type Gates = Vec<Attribute>;

fn gates(attrs: &[Attribute]) -> Gates {
    // The feature of the schemas is none of the description's.
    let is_gate = |attr: &&Attribute| {
        attr.path().is_ident("cfg") && !attr.to_token_stream().to_string().contains("schemars")
    };
    attrs.iter().filter(is_gate).cloned().collect()
}

/// Whether all conditions hold with this feature alone.
fn hold(gates: &[Attribute], feature: &str) -> bool {
    fn holds(meta: &Meta, feature: &str) -> bool {
        match meta {
            Meta::NameValue(it) => {
                assert!(it.path.is_ident("feature"));
                it.value.to_token_stream().to_string() == format!("\"{feature}\"")
            }
            Meta::List(list) => {
                assert!(list.path.is_ident("any"));
                let several = syn::punctuated::Punctuated::<Meta, Token![,]>::parse_terminated;
                let several = list.parse_args_with(several).unwrap();
                assert!(several.len() > 1);
                let names = several.iter().map(|it| it.to_token_stream().to_string());
                assert!(names.collect::<Vec<_>>().is_sorted());
                several.iter().any(|it| holds(it, feature))
            }
            Meta::Path(_) => panic!("no condition of ours"),
        }
    }
    gates
        .iter()
        .all(|attr| holds(&attr.parse_args().unwrap(), feature))
}

/// What there is, and on what conditions.
#[derive(Default)]
struct Parts {
    types: BTreeMap<String, Gates>,
    /// Impls, by the names at their head.
    impls: Vec<(Vec<String>, Gates)>,
    methods: BTreeMap<String, Gates>,
    constants: BTreeMap<String, Gates>,
    /// The list of all operations, in its order.
    all: Vec<(String, Gates)>,
    /// The functions that make defaults.
    functions: BTreeMap<String, Gates>,
    /// Which file a type is in.
    places: BTreeMap<String, String>,
}

fn parts(files: &[SourceText]) -> Parts {
    let mut parts = Parts::default();
    let files: BTreeMap<&str, syn::File> = files
        .iter()
        .map(|file| (file.path.as_str(), syn::parse_file(&file.text).unwrap()))
        .collect();
    let mut seen = BTreeSet::new();
    visit("src/generated.rs", &files, &[], &mut parts, &mut seen);
    assert_eq!(
        seen.len(),
        files.len(),
        "all files are modules of the crate"
    );
    parts
}

fn visit(
    path: &str,
    files: &BTreeMap<&str, syn::File>,
    outer: &[Attribute],
    parts: &mut Parts,
    seen: &mut BTreeSet<String>,
) {
    assert!(seen.insert(path.to_owned()));
    items(path, &files[path].items, files, outer, parts, seen);
}

fn items(
    path: &str,
    all: &[Item],
    files: &BTreeMap<&str, syn::File>,
    outer: &[Attribute],
    parts: &mut Parts,
    seen: &mut BTreeSet<String>,
) {
    let with = |attrs: &[Attribute]| [outer, &gates(attrs)].concat();
    let mut add_type = |name: String, attrs: &[Attribute]| {
        parts.places.insert(name.clone(), path.to_owned());
        assert!(parts.types.insert(name, with(attrs)).is_none());
    };
    for item in all {
        match item {
            Item::Struct(it) => add_type(it.ident.to_string(), &it.attrs),
            Item::Enum(it) => add_type(it.ident.to_string(), &it.attrs),
            _ => {}
        }
    }
    let names = all.iter().filter_map(|item| match item {
        Item::Struct(it) => Some(it.ident.to_string()),
        Item::Enum(it) => Some(it.ident.to_string()),
        _ => None,
    });
    assert!(names.is_sorted(), "the types of {path}");
    for item in all {
        match item {
            Item::Mod(module) => {
                let gates = with(&module.attrs);
                match &module.content {
                    Some((_, inner)) => items(path, inner, files, &gates, parts, seen),
                    None => {
                        let folder = path.trim_end_matches(".rs");
                        let path = format!("{folder}/{}.rs", module.ident);
                        visit(&path, files, &gates, parts, seen);
                    }
                }
            }
            Item::Fn(it) => {
                let name = it.sig.ident.to_string();
                assert!(parts.functions.insert(name, with(&it.attrs)).is_none());
            }
            Item::Impl(it) => {
                let of = it.self_ty.to_token_stream().to_string();
                if of != "Client" {
                    let of_trait = it
                        .trait_
                        .as_ref()
                        .map(|it| it.0.to_token_stream().to_string());
                    let head = format!("{of} {}", of_trait.unwrap_or_default());
                    let head = head.split_whitespace().map(str::to_owned).collect();
                    parts.impls.push((head, with(&it.attrs)));
                    continue;
                }
                for item in &it.items {
                    let syn::ImplItem::Fn(method) = item else {
                        panic!("no method")
                    };
                    let name = method.sig.ident.to_string();
                    let gates = with(&method.attrs);
                    assert!(parts.methods.insert(name, gates).is_none());
                }
            }
            Item::Macro(it) => {
                let head = vec![it.mac.tokens.to_string()];
                parts.impls.push((head, with(&it.attrs)));
            }
            Item::Const(it) => match &*it.expr {
                Expr::Block(block) => {
                    let inner = block.block.stmts.iter().map(|stmt| match stmt {
                        syn::Stmt::Item(item) => item.clone(),
                        // `named_text!(Name);` stands for the impls of a type.
                        syn::Stmt::Macro(it) => Item::Macro(syn::ItemMacro {
                            attrs: it.attrs.clone(),
                            ident: None,
                            mac: it.mac.clone(),
                            semi_token: it.semi_token,
                        }),
                        _ => panic!("no item"),
                    });
                    let (inner, gates) = (inner.collect::<Vec<_>>(), with(&it.attrs));
                    items(path, &inner, files, &gates, parts, seen);
                }
                Expr::Reference(list) if it.ident == "ALL" => {
                    let Expr::Array(list) = &*list.expr else {
                        panic!("no list")
                    };
                    for operation in &list.elems {
                        let Expr::Reference(operation) = operation else {
                            panic!("no reference")
                        };
                        let name = operation.expr.to_token_stream().to_string();
                        parts.all.push((name, with(&operation.attrs)));
                    }
                }
                _ => {
                    let gates = with(&it.attrs);
                    assert!(
                        parts
                            .constants
                            .insert(it.ident.to_string(), gates)
                            .is_none()
                    );
                }
            },
            _ => {}
        }
    }
}

/// The features that turn something on, each alone.
fn features_of(gates: &[Attribute], features: &[Feature]) -> BTreeSet<String> {
    let names = features.iter().map(|feature| feature.name.clone());
    names.filter(|name| hold(gates, name)).collect()
}

/// Asserts that all code is there with exactly the features that need it, where `operations` are those by their
/// methods, and `types` the component schemas by their types.
fn assert_exact(
    code: &Code,
    operations: &BTreeMap<String, BTreeSet<String>>,
    types: &BTreeMap<String, BTreeSet<String>>,
) {
    let parts = parts(&code.files);
    let of = |gates: &Gates| features_of(gates, &code.features);
    let all: BTreeMap<String, BTreeSet<String>> = parts
        .methods
        .iter()
        .map(|(name, gates)| (name.clone(), of(gates)))
        .collect();
    assert_eq!(&all, operations, "methods");
    assert_eq!(parts.all.len(), operations.len());
    for (name, features) in operations {
        let name = name.to_uppercase();
        assert_eq!(&of(&parts.constants[&name]), features, "{name}");
        let (_, gates) = parts.all.iter().find(|(it, _)| *it == name).unwrap();
        assert_eq!(&of(gates), features, "{name} in the list");
    }
    for (name, features) in types {
        let gates = &parts.types[name];
        assert_eq!(&of(gates), features, "{name}");
        assert_eq!(hold(gates, "full"), features.is_empty(), "{name}");
        let place = &parts.places[name];
        let is_shared = place.starts_with("src/generated/shared");
        assert_eq!(is_shared, features.len() != 1, "{name} is in {place}");
        if let [only] = features.iter().collect::<Vec<_>>().as_slice() {
            let module = xtask::naming::module_name(only);
            let start = format!("src/generated/{module}");
            assert!(place.starts_with(&start), "{name} is in {place}");
        }
    }
    // The impls of types, those without a schema of their own, too. One that converts is there when both types are.
    for (head, gates) in &parts.impls {
        let types = head.iter().filter_map(|name| parts.types.get(name));
        let both = types.map(|gates| (of(gates), hold(gates, "full")));
        let (features, full) = both
            .reduce(|a, b| (&a.0 & &b.0, a.1 && b.1))
            .unwrap_or_else(|| panic!("an impl for {head:?}"));
        assert_eq!(of(gates), features, "an impl for {head:?}");
        assert_eq!(hold(gates, "full"), full, "an impl for {head:?}");
    }
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn each_part_is_there_with_the_features_that_need_it_and_with_no_other() {
    let code = code(&fixture(), LONGEST);
    let operations = [
        ("list_agents", set(["agents"])),
        ("create_agent", set(["agents"])),
        ("read_memory", set(["memory-files"])),
        ("list_runs", set(["agents", "internal-runs"])),
        ("start_run", set(["internal-runs"])),
        ("list_steps", set(["steps", "type"])),
        ("health", set(["untagged"])),
        ("version", set(["untagged"])),
    ];
    let types = [
        ("Agent", set(["agents"])),
        ("AgentCreate", set(["agents"])),
        ("AgentCreateLimits", set(["agents"])),
        ("Alone", set([])),
        ("AloneToo", set([])),
        ("Block", set(["agents", "memory-files"])),
        // Of the helper module `error`.
        ("ConversionError", set(["agents", "memory-files"])),
        ("Error", set(["agents", "internal-runs", "memory-files"])),
        ("Inside", set(["memory-files"])),
        ("Kind", set(["agents", "memory-files"])),
        ("Memory", set(["memory-files"])),
        ("Model", set(["agents", "internal-runs"])),
        ("Run", set(["agents", "internal-runs"])),
        ("RunId", set(["agents", "internal-runs"])),
        ("RunStart", set(["internal-runs"])),
        ("State", set(["internal-runs", "steps", "type"])),
        ("Step", set(["internal-runs", "steps", "type"])),
        ("Version", set(["untagged"])),
        ("Wrapped", set(["internal-runs"])),
    ];
    let own = |(name, features): (&str, BTreeSet<String>)| (name.to_owned(), features);
    let count = types.len();
    assert_exact(&code, &operations.map(own).into(), &types.map(own).into());
    let parts = parts(&code.files);
    let functions: Vec<(&str, BTreeSet<String>)> = parts
        .functions
        .iter()
        .map(|(name, gates)| (name.as_str(), features_of(gates, &code.features)))
        .collect();
    assert_eq!(
        functions,
        [
            ("agent_create_name", set(["agents"])),
            ("block_label", set(["agents", "memory-files"])),
            ("default_u64", set(["agents", "memory-files"])),
        ]
    );
    let order: Vec<String> = parts
        .all
        .iter()
        .map(|(name, _)| name.to_lowercase())
        .collect();
    let names = [
        "list_agents",
        "create_agent",
        "read_memory",
        "list_runs",
        "start_run",
    ];
    assert_eq!(order[..5], names, "in the description's order");
    let all: Vec<String> = parts.types.into_keys().collect();
    assert_eq!(all.len(), count, "{all:?}");
    let features: Vec<(&str, &str)> = code
        .features
        .iter()
        .map(|feature| (feature.name.as_str(), feature.doc.as_str()))
        .collect();
    assert_eq!(
        features,
        [
            ("agents", "Who does the work."),
            ("internal-runs", "The operations tagged `_internal_runs`."),
            ("memory-files", "The operations tagged `memoryFiles`."),
            ("steps", "The operations tagged `steps`."),
            ("type", "The operations tagged `type`."),
            ("untagged", "The operations without a tag."),
        ]
    );
}

/// Needs a compiler, as the test of `constructs.rs` does, and uses the same target folder.
#[test]
#[ignore = "slow, it builds a program for each feature: add -- --ignored"]
fn the_code_compiles_with_no_feature_with_each_alone_and_with_all() {
    let whole = code(&fixture(), LONGEST);
    let scratch = Scratch::new(&whole.files, &whole.features);
    scratch.compiles_with("");
    for feature in &whole.features {
        scratch.compiles_with(&feature.name);
    }
    scratch.compiles_with("full,schemars");

    // Divided as far as can be.
    let divided = code(&fixture(), 1);
    assert!(divided.files.len() > 25, "{}", divided.files.len());
    let scratch = Scratch::new(&divided.files, &divided.features);
    scratch.compiles_with("memory-files");
    scratch.compiles_with("full");
}

#[test]
fn what_an_operation_needs_beside_its_method_is_there_with_it() {
    let document = fixture();
    let code = code_of(&document, LONGEST, |model| {
        let operation = model.operations.get_mut("health").unwrap();
        operation.extra_types.push("Alone".to_owned());
    });
    let parts = parts(&code.files);
    for (name, features) in [
        ("Alone", set(["untagged"])),
        ("AloneToo", set(["untagged"])),
        ("Kind", set(["agents", "memory-files", "untagged"])),
    ] {
        assert_eq!(
            features_of(&parts.types[name], &code.features),
            features,
            "{name}"
        );
    }

    let mut model = Model::read(&document);
    let operation = model.operations.get_mut("health").unwrap();
    operation.extra_types.push("Gone".to_owned());
    let refined = refine::refine(generate::generate(&document, &model).unwrap(), &model).unwrap();
    let message = split::split(refined, &model).unwrap_err().to_string();
    assert!(
        message.contains("`health` needs the type `Gone`"),
        "{message}"
    );
}

#[test]
fn the_page_of_types_says_by_tags_what_each_method_takes_and_gives() {
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let json = |name: &str| json!({"application/json": {"schema": refers(name)}});
    let description = json!({
        "openapi": "3.0.3", "info": {"title": "T", "version": "1"},
        "tags": [{"name": "bigAgents", "description": "What lives. And more."}],
        "paths": {
            "/v1/agents": {"post": {
                "operationId": "create_agent", "tags": ["bigAgents", "runs"], "x-codegen-safe-to-repeat": false,
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "requestBody": {"required": true, "content": json("New")},
                "responses": {"200": {"description": "It.", "content": json("Agent")}},
            }},
            "/v1/health": {"get": {
                "operationId": "check_health", "x-codegen-safe-to-repeat": true,
                "responses": {"204": {"description": "Up."}},
            }},
        },
        "components": {"schemas": {"New": {"type": "object"}, "Agent": {"type": "object"}}},
    });
    let code = code(&read(&description), LONGEST);
    let root = syn::parse_file(&code.files[0].text).unwrap();
    let types = root.items.iter().find_map(|item| match item {
        Item::Mod(it) if it.ident == "types" => Some(it),
        _ => None,
    });
    let lines: Vec<(String, String)> = types
        .unwrap()
        .attrs
        .iter()
        .filter(|it| it.path().is_ident("cfg_attr"))
        .map(|it| {
            let tokens = it.meta.require_list().unwrap().tokens.to_string();
            let (condition, line) = tokens.split_once(", doc = ").unwrap();
            (
                condition.to_owned(),
                line.trim_matches('"').trim().to_owned(),
            )
        })
        .filter(|(_, line)| !line.is_empty() && !line.starts_with("|--"))
        .collect();
    let both = "any (feature = \"big-agents\" , feature = \"runs\")";
    let one = "feature = \"untagged\"";
    let link = |name: &str| format!("[`{name}`](crate::types::{name})");
    let row = format!(
        "| [`create_agent`](crate::Client::create_agent) | {}, {} | {} |",
        link("CreateAgentParams"),
        link("New"),
        link("Agent")
    );
    let health = "| [`check_health`](crate::Client::check_health) |  |  |";
    let expected = [
        (both, "# `big-agents`"),
        (both, "What lives."),
        (both, "| method | takes | gives |"),
        (both, row.as_str()),
        (one, "# Without a tag"),
        (one, "The operations without a tag."),
        (one, "| method | takes | gives |"),
        (one, health),
    ];
    let lines: Vec<(&str, &str)> = lines
        .iter()
        .map(|(condition, line)| (condition.trim(), line.as_str()))
        .collect();
    assert_eq!(lines, expected);
}

/// How a property leads to another schema.
#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    List,
    Map,
    Inline,
}

#[derive(Clone, Debug)]
struct Drawn {
    /// What each type leads to.
    types: Vec<Vec<(usize, Way)>>,
    /// The tags of each operation, and what its body and its answer lead to.
    operations: Vec<(Vec<usize>, usize, usize)>,
}

const TAGS: [&str; 4] = ["one", "twoWords", "_three", "type"];
const FEATURES: [&str; 4] = ["one", "two-words", "three", "type"];

fn drawn() -> impl Strategy<Value = Drawn> {
    let count = 12usize;
    let way = prop::sample::select(vec![Way::Plain, Way::List, Way::Map, Way::Inline]);
    let types = prop::collection::vec(prop::collection::vec((0..count, way), 0..3), count);
    let operation = (
        prop::collection::vec(0..TAGS.len(), 0..3),
        0..count,
        0..count,
    );
    let operations = prop::collection::vec(operation, 1..8);
    (types, operations).prop_map(|(types, operations)| Drawn { types, operations })
}

impl Drawn {
    fn description(&self) -> Value {
        let reference = |index: usize| json!({"$ref": format!("#/components/schemas/Type{index}")});
        let mut schemas = Map::new();
        for (index, leads) in self.types.iter().enumerate() {
            let mut properties = Map::new();
            // A type that holds itself without a list or a map in between is fine, in a box.
            for (at, (to, way)) in leads.iter().enumerate() {
                let to = reference(*to);
                let property = match way {
                    Way::Plain => to,
                    Way::List => json!({"type": "array", "items": to}),
                    Way::Map => json!({"type": "object", "additionalProperties": to}),
                    Way::Inline => json!({"type": "object", "properties": {"inner": to}}),
                };
                properties.insert(format!("field{at}"), property);
            }
            // A default for serde, from a function of the code's.
            properties.insert(
                "size".to_owned(),
                json!({"type": "integer", "format": "uint32", "default": index}),
            );
            let schema = json!({"type": "object", "properties": properties});
            schemas.insert(format!("Type{index}"), schema);
        }
        let mut paths = Map::new();
        for (index, (tags, body, answer)) in self.operations.iter().enumerate() {
            let tags: Vec<&str> = tags.iter().map(|tag| TAGS[*tag]).collect();
            let content = |index| json!({"application/json": {"schema": reference(index)}});
            let operation = json!({
                "operationId": format!("call{index}"),
                "tags": tags,
                "x-codegen-safe-to-repeat": true,
                "requestBody": {"required": true, "content": content(*body)},
                "responses": {"200": {"description": "It.", "content": content(*answer)}},
            });
            paths.insert(format!("/{index}"), json!({"post": operation}));
        }
        json!({
            "openapi": "3.0.3",
            "info": {"title": "Drawn", "version": "1.0.0"},
            "paths": paths,
            "components": {"schemas": schemas},
        })
    }

    fn operations(&self) -> BTreeMap<String, BTreeSet<String>> {
        let features = |tags: &[usize]| match tags {
            [] => set(["untagged"]),
            tags => tags.iter().map(|tag| FEATURES[*tag].to_owned()).collect(),
        };
        let all = self.operations.iter().enumerate();
        all.map(|(index, (tags, ..))| (format!("call{index}"), features(tags)))
            .collect()
    }

    /// Each type with the features that reach it, by going on until nothing changes.
    fn types(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut found = vec![BTreeSet::new(); self.types.len()];
        for (index, (_, body, answer)) in self.operations.iter().enumerate() {
            let features = &self.operations()[&format!("call{index}")];
            found[*body].extend(features.clone());
            found[*answer].extend(features.clone());
        }
        loop {
            let before = found.clone();
            for (index, leads) in self.types.iter().enumerate() {
                for (to, _) in leads {
                    found[*to].extend(before[index].iter().cloned());
                }
            }
            if found == before {
                let named = found.into_iter().enumerate();
                return named
                    .map(|(index, it)| (format!("Type{index}"), it))
                    .collect();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_type_is_there_with_the_features_that_lead_to_it_in_the_description(
        drawn in drawn(),
        longest in prop::sample::select(vec![1, 40, 200, LONGEST]),
    ) {
        let code = code(&read(&drawn.description()), longest);
        assert_exact(&code, &drawn.operations(), &drawn.types());
    }
}

/// The files that differ, with the lines that came and those that went.
fn difference(before: &[SourceText], after: &[SourceText]) -> BTreeMap<String, (usize, usize)> {
    let text = |files: &[SourceText], path: &str| {
        let file = files.iter().find(|file| file.path == path);
        file.map_or(String::new(), |file| file.text.clone())
    };
    let mut changed = BTreeMap::new();
    for path in before.iter().chain(after).map(|file| &file.path) {
        let (before, after) = (text(before, path), text(after, path));
        if before == after {
            continue;
        }
        let diff = similar::TextDiff::from_lines(&before, &after);
        let count = |tag| diff.iter_all_changes().filter(|it| it.tag() == tag).count();
        let came = count(similar::ChangeTag::Insert);
        changed.insert(path.clone(), (came, count(similar::ChangeTag::Delete)));
    }
    changed
}

#[test]
fn a_small_change_of_the_description_is_a_small_change_of_few_files() {
    let before = large::description(4, 3);
    let (tag, schema) = (large::tag_name(1), "Thing1Of1");
    let own = format!("src/generated/{tag}.rs");
    // Whole, and divided; of a divided file, a part changes.
    for longest in [LONGEST, 400] {
        let files = |description: &Value| code(&read(description), longest).files;
        let old = files(&before);

        let mut after = before.clone();
        after["components"]["schemas"][schema]["properties"]["more"] = json!({"type": "string"});
        let changed = difference(&old, &files(&after));
        assert_eq!(changed.len(), 1, "{changed:?}");
        let (path, (came, went)) = changed.first_key_value().unwrap();
        assert!(path.starts_with(own.trim_end_matches(".rs")), "{path}");
        assert!(*came <= 16 && *went == 0, "{changed:?}");

        let mut after = before.clone();
        after["paths"]["/v1/new"]["get"] = json!({
            "operationId": "get_new",
            "tags": [tag],
            "x-codegen-safe-to-repeat": true,
            "responses": {"204": {"description": "Done."}},
        });
        let changed = difference(&old, &files(&after));
        let (came, went) = changed
            .values()
            .fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        // The method with its constant, and the list of all; and where a file of its own came for it, its name.
        assert!(changed.len() <= 4, "{changed:?}");
        assert!(changed.contains_key("src/generated.rs"), "{changed:?}");
        assert!(came <= 80 && went == 0, "{changed:?}");
    }
}

#[test]
fn a_type_that_another_tag_comes_to_reach_goes_from_one_file_to_another() {
    let before = large::description(4, 3);
    let mut after = before.clone();
    let operation = &mut after["paths"]["/v1/tagac/0/{id}"]["put"];
    operation["responses"]["200"]["content"]["application/json"]["schema"] =
        json!({"$ref": "#/components/schemas/Thing1Of1"});
    let files = |description: &Value| code(&read(description), LONGEST).files;
    let (before, after) = (files(&before), files(&after));
    let changed: Vec<String> = difference(&before, &after).into_keys().collect();
    assert_eq!(
        changed,
        [
            // What the operation gives is in the index of the types.
            "src/generated.rs",
            "src/generated/shared.rs",
            "src/generated/tagab.rs",
            "src/generated/tagac.rs"
        ]
    );
    assert_eq!(parts(&before).places["Thing1Of1"], "src/generated/tagab.rs");
    assert_eq!(parts(&after).places["Thing1Of1"], "src/generated/shared.rs");
}

#[test]
fn no_file_has_more_than_ten_thousand_lines() {
    // One tag with all of it.
    let mut description = large::description(5, 24);
    for item in description["paths"].as_object_mut().unwrap().values_mut() {
        item["put"]["tags"] = json!(["agents"]);
    }
    let code = code(&read(&description), LONGEST);
    let paths: Vec<(&str, usize)> = code
        .files
        .iter()
        .map(|file| (file.path.as_str(), file.lines()))
        .collect();
    let total: usize = paths.iter().map(|(_, lines)| lines).sum();
    assert!(total > 2 * LONGEST, "{total} lines");
    assert!(
        paths.iter().all(|(_, lines)| *lines <= LONGEST),
        "{paths:?}"
    );
    // Types from methods, then types by their names.
    for path in [
        "src/generated/agents.rs",
        "src/generated/agents/own_types.rs",
        "src/generated/agents/own_types/types_k.rs",
    ] {
        assert!(paths.iter().any(|(it, _)| *it == path), "{paths:?}");
    }
    let features = &code.features;
    assert_eq!(features.len(), 1);
    let parts = parts(&code.files);
    assert_eq!(parts.methods.len(), 120);
    assert!(
        parts
            .types
            .values()
            .all(|gates| !features_of(gates, features).is_empty() || hold(gates, "full"))
    );
}

/// `--nocapture` shows the times. They are of the stages whose cost grows with the description.
#[test]
fn a_large_description_is_split_in_a_fraction_of_the_time_that_it_takes_to_generate() {
    let document = read(&large::description(40, 8));
    let code = code(&document, LONGEST);
    let lines: usize = code.files.iter().map(SourceText::lines).sum();
    println!("{} files, {lines} lines: {:?}", code.files.len(), code.took);
    assert_eq!(code.features.len(), 40);
    let took = |stage: &str| code.took.iter().find(|it| it.0 == stage).unwrap().1;
    assert!(took("split") < 2 * took("generate"), "{:?}", code.took);
}
