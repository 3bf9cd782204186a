//! Hostile requests: how much is told, and how much work it is.

use serde_json::{Value, json};

use crate::description::data::Data;
use crate::description::report::{MOST, Report};
use crate::description::tests::{Request, data};

/// The most that a refusal takes: each finding repeats what it is about, cut, and the names of an enum.
const LONGEST: usize = 64 * 1024;

#[tokio::test]
async fn an_answer_is_short_however_much_is_wrong() {
    let long = "x".repeat(900_000);
    let items = |item: Value| Value::from(vec![item; 100_000]);
    for (what, body) in [
        ("items", json!({"messages": items(json!(1))})),
        (
            "parts",
            json!({"messages": [{"role": "user", "content": items(json!(1))}]}),
        ),
        (
            "texts",
            json!({"tags": items(json!(5)), "tool_rules": items(json!({}))}),
        ),
        ("a long text", json!({"messages": long.clone()})),
        (
            "a long role",
            json!({"messages": [{"role": long.clone(), "content": "x"}]}),
        ),
        (
            "a long name",
            json!({"secrets": {long.clone(): 5}, "messages": 5}),
        ),
        ("a long value", json!({"messages": [{"zzz": long}]})),
    ] {
        for id in ["send_message", "create_agent"] {
            let request = Request::json(&body);
            let found = request.findings(id).await;
            assert!(found.len() <= MOST, "{what}: {}", found.len());
            assert!(request.detail(id).await.len() <= LONGEST, "{what}");
        }
    }
}

#[test]
fn the_work_ends_when_enough_is_found() {
    let operation = data().operation("send_message").unwrap();
    let schema = operation.body.as_ref().unwrap().json.as_ref().unwrap();
    for (what, body) in [
        ("no messages", json!({"messages": vec![1; 100_000]})),
        (
            "empty messages",
            json!({"messages": vec![json!({}); 100_000]}),
        ),
        (
            "parts that are none",
            json!({"messages": [{"role": "user", "content": vec![1; 100_000]}]}),
        ),
    ] {
        let report = Report::of(data(), "body", schema, &body);
        assert!(report.looked_at() < 1000, "{what}: {}", report.looked_at());
        let found = report.found().len();
        assert!((1..=MOST).contains(&found), "{what}: {found}");
    }
}

#[test]
fn nothing_is_compiled_before_a_request_needs_it() {
    let fresh = Data::parse_again();
    let operation = fresh.operation("create_agent").unwrap();
    assert!(!operation.is_compiled());
    fresh.compiled(operation);
    assert!(operation.is_compiled());
    assert!(!fresh.operation("send_message").unwrap().is_compiled());
    // The description is in the program, so it is to be small.
    assert!(Data::text_length() < 150_000, "{}", Data::text_length());
}

/// `regex` takes time in the length of the text. A backtracking engine would take its square here, or more.
#[test]
fn patterns_are_matched_without_backtracking() {
    let hostile = Value::from("a".repeat(1_000_000) + "!");
    assert!(!data().matches("^(a+)+$", &hostile));
    // What only a backtracking engine has is not compiled.
    let made = jsonschema::options()
        .with_pattern_options(jsonschema::PatternOptions::regex())
        .build(&json!({"pattern": "(?=a)"}));
    assert!(made.is_err());
}

/// The memory of this process, as Linux says it.
fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    line.unwrap_or("unknown").trim().to_owned()
}

/// Prints what a check costs: `cargo test -p letta-api-emulator --lib figures -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "prints figures, and has nothing to fail"]
async fn figures() {
    use std::time::Instant;
    let start = Instant::now();
    let fresh = Data::parse_again();
    println!("the description is read in {:?}", start.elapsed());
    let start = Instant::now();
    fresh.compiled(fresh.operation("create_agent").unwrap());
    println!("create_agent is compiled in {:?}", start.elapsed());
    let before = resident();
    let start = Instant::now();
    for operation in letta_api::operations::ALL {
        fresh.compiled(fresh.operation(operation.id).unwrap());
    }
    let elapsed = start.elapsed();
    println!(
        "all others are compiled in {elapsed:?}; memory: {before} to {}",
        resident()
    );
    let messages = json!([{"role": "user", "content": "Hello"}]);
    for (what, id, body) in [
        (
            "valid message",
            "send_message",
            json!({"messages": messages}),
        ),
        (
            "wrong message",
            "send_message",
            json!({"messages": [{"role": "nobody"}]}),
        ),
        (
            "valid agent",
            "create_agent",
            json!({"name": "Ada", "memory_blocks": [{"label": "human", "value": "Sam"}], "tags": ["a"]}),
        ),
    ] {
        let request = Request::json(&body);
        let start = Instant::now();
        let count = 2000;
        for _ in 0..count {
            request.findings(id).await;
        }
        let each = start.elapsed() / count;
        println!(
            "{what}: {each:?} each, {:.0} a second",
            1.0 / each.as_secs_f64()
        );
    }
}
