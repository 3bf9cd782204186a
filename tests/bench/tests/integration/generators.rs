//! Our generator in the cases of `generators/cases`, and the table of what the others make of them.

use std::collections::BTreeMap;
use std::io::Write as _;

use letta_api_bench::generators::cases::{self, Case};
use letta_api_bench::generators::tools::Tool;
use letta_api_bench::generators::trial::{self, Outcome};
use letta_api_bench::generators::{self, FOLDER, GeneratorsSection, Measured};
use letta_api_bench::page;
use letta_api_bench::section::Section as _;

fn kept() -> Measured {
    page::read::<GeneratorsSection>()
        .unwrap()
        .expect("tests/bench/results/generators.json")
        .results
}

/// What somebody has to read of an outcome. What a tool says of it may change with the compiler.
fn told(outcomes: &BTreeMap<String, Outcome>) -> BTreeMap<&str, String> {
    let told = |outcome: &Outcome| match outcome {
        Outcome::Right { .. } => "right".to_owned(),
        Outcome::Wrong { checks, wrong } => format!("wrong in {} of {checks}", wrong.len()),
        Outcome::NotChecked { .. } => "not checked".to_owned(),
        Outcome::DoesNotCompile { .. } => "does not compile".to_owned(),
        Outcome::Refused { .. } => "refused".to_owned(),
        Outcome::Panicked { .. } => "panics".to_owned(),
    };
    outcomes
        .iter()
        .map(|(case, it)| (case.as_str(), told(it)))
        .collect()
}

#[test]
fn each_case_says_what_is_right_and_stands_in_the_kept_table() {
    let cases = cases::all().unwrap();
    let kept = kept();
    let names: Vec<&str> = cases.iter().map(|it| it.name.as_str()).collect();
    for case in &cases {
        assert!(case.checks() > 0, "{}", case.name);
        assert!(case.right.asks.ends_with('.'), "{}", case.name);
        let is_3_0 = case.description.contains("openapi: 3.0.3\n");
        assert!(is_3_0 || !case.right.also_3_1, "{}", case.name);
    }
    for tool in Tool::ALL {
        let outcomes = &kept.outcomes[tool.name()];
        let tried: Vec<&str> = outcomes.keys().map(String::as_str).collect();
        assert_eq!(tried, names, "{}", tool.name());
        let version = kept.tools.iter().find(|it| it.name == tool.name()).unwrap();
        assert!(
            tool == Tool::Ours || version.version == tool.version().unwrap(),
            "{version:?}"
        );
        let has_calls = |case: &&Case| !case.right.calls.is_empty();
        let called: Vec<&str> = cases
            .iter()
            .filter(has_calls)
            .map(|it| it.name.as_str())
            .collect();
        for case in trial::adapters(tool).unwrap().keys() {
            assert!(
                called.contains(&case.as_str()),
                "{}: there is no call in {case}",
                tool.name()
            );
        }
    }
}

#[test]
#[ignore = "slow, it builds a program: add -- --ignored"]
fn ours_is_right_in_every_case_that_it_takes() {
    let cases = cases::all().unwrap();
    let tried = trial::run(Tool::Ours, &generators::xtask().unwrap(), &cases).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let mut results = page::read::<GeneratorsSection>().unwrap().expect("results");
        results
            .results
            .outcomes
            .insert(Tool::Ours.name().to_owned(), tried.clone());
        page::keep::<GeneratorsSection>(&results).unwrap();
    }
    for (case, outcome) in &tried {
        let is_fine = matches!(outcome, Outcome::Right { .. } | Outcome::Refused { .. });
        assert!(is_fine, "{case}: {outcome:#?}");
    }
    let kept = kept();
    assert_eq!(
        told(&tried),
        told(&kept.outcomes[Tool::Ours.name()]),
        "UPDATE_EXPECT=1 keeps it, and `cargo xtask bench --page-only` writes it to benchmarks/generators.md"
    );
}

#[test]
#[ignore = "slow, it builds programs: add -- --ignored"]
fn the_kept_table_is_what_the_others_make_of_the_cases() {
    if std::env::var_os(FOLDER).is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: the other generators, which .ci/run leaves out since they take too long to install and build: \
             tests/bench/generators/install, then {FOLDER}=$PWD/tests/bench/generators/tools"
        );
        return;
    }
    let cases = cases::all().unwrap();
    let kept = kept();
    let xtask = generators::xtask().unwrap();
    for tool in Tool::ALL.into_iter().filter(|tool| *tool != Tool::Ours) {
        let tried = trial::run(tool, &tool.find(&xtask).unwrap(), &cases).unwrap();
        let (tried, kept) = (told(&tried), told(&kept.outcomes[tool.name()]));
        assert_eq!(
            tried,
            kept,
            "{}: see `cargo xtask bench {}`",
            tool.name(),
            GeneratorsSection::NAME
        );
    }
}
