//! Whatever a description holds, the pipeline gives code that parses, or findings: it never panics, and
//! neither progenitor nor the refine stage meets what no lint foresaw.

use crate::support::pipeline;
use std::path::Path;
use std::sync::LazyLock;

use crate::support::changes::{Mutation, mutate, places};
use proptest::prelude::*;
use serde_json::{Value, json};
use xtask::diagnostic::Failure;
use xtask::openapi::Source;
use xtask::{load, overlay};

/// The stages from text to text.
fn outcome(description: &Value) -> Result<pipeline::Code, Failure> {
    let source = Source::new("d.json", description.to_string());
    pipeline::run(&load::parse(&source)?)
}

static DESCRIPTIONS: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| load::load(&root.join(path)).unwrap();
    let mut tokens = read("tests/fixtures/tokens/letta.yaml");
    overlay::apply(&mut tokens, &read("tests/fixtures/tokens/overlay.yaml")).unwrap();
    let (tokens, wide) = (tokens.to_json(), read("tests/fixtures/wide.yaml").to_json());
    // What is in OpenAPI 3.1 takes the same way, and one stage more.
    let newer = |description: &Value| {
        let mut newer = description.clone();
        newer["openapi"] = json!("3.1.0");
        newer
    };
    let operations = read("tests/fixtures/operations.yaml").to_json();
    let unions = read("tests/fixtures/unions.yaml").to_json();
    let others = ["directions", "deprecated", "merged"]
        .map(|name| read(&format!("tests/fixtures/{name}.yaml")).to_json());
    let all = vec![newer(&wide), tokens, operations, unions, wide];
    let newer: Vec<Value> = others.iter().map(newer).collect();
    all.into_iter().chain(others).chain(newer).collect()
});

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let mutation = any::<(u32, u8, u32)>().prop_map(|(place, kind, what)| Mutation {
        place: place as usize,
        kind: kind.into(),
        what: what as usize,
    });
    prop::collection::vec(mutation, 1..4)
}

#[test]
fn the_descriptions_to_begin_with_pass() {
    for description in DESCRIPTIONS.iter() {
        let outcome = outcome(description);
        if let Err(failure) = &outcome {
            panic!("{failure}");
        }
        assert_eq!(pipeline::problem(&outcome), None);
    }
}

#[test]
fn null_in_place_of_any_part_gives_code_or_findings() {
    // Unions have many parts, and are changed anyhow below: each part would take half as long again.
    let is_changed_below = |it: &&Value| {
        let title = it["info"]["title"].as_str();
        ["Unions", "Directions", "Deprecated", "Strict"].contains(&title.unwrap_or_default())
    };
    for description in DESCRIPTIONS.iter().filter(|it| !is_changed_below(it)) {
        let mut all = Vec::new();
        places(description, "", &mut all);
        // If it is there twice, as 3.0 and as 3.1, each has every other place.
        let is_same = |it: &&Value| it["info"] == description["info"];
        if DESCRIPTIONS.iter().filter(is_same).count() == 2 {
            let rest = usize::from(description["openapi"] == "3.1.0");
            all = all.into_iter().skip(rest).step_by(2).collect();
        }
        // It takes most of the time of these tests, and the rest leaves a processor free.
        let (some, others) = all.split_at(all.len() / 2);
        std::thread::scope(|scope| {
            for places in [some, others] {
                scope.spawn(move || {
                    for place in places {
                        let mut tree = description.clone();
                        *tree.pointer_mut(place).expect("a place is there") = Value::Null;
                        assert_eq!(pipeline::problem(&outcome(&tree)), None, "null at {place}");
                    }
                });
            }
        });
    }
}

proptest! {
    // More with PROPTEST_CASES; and the fuzz target `description` makes the same changes for longer.
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|it| it.parse().ok()).unwrap_or(96),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_description_changed_anyhow_gives_code_or_findings(
        which in any::<prop::sample::Index>(),
        mutations in mutations(),
    ) {
        let mut tree = which.get(&DESCRIPTIONS).clone();
        for mutation in &mutations {
            mutate(&mut tree, mutation);
        }
        if let Some(problem) = pipeline::problem(&outcome(&tree)) {
            prop_assert!(false, "{problem}");
        }
    }
}
