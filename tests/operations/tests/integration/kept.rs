//! What a type drops, does not know or does not declare is found. Otherwise the tests of examples and captures prove nothing.

use std::collections::BTreeSet;

use letta_api_operations_tests::{Description, Kept, Way, reader};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::examples::all_examples;

#[derive(Debug, Deserialize, Serialize)]
struct Thing {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<Mark>,
    #[serde(default)]
    limit: u32,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Mark {
    Known(bool),
    Named(Named),
    Unknown(Value),
}

#[derive(Debug, Deserialize, Serialize)]
struct Named {
    name: String,
}

fn problems(value: &Value, way: Way) -> Vec<String> {
    let problems = Kept::default().problems(&Description::read(), reader::<Thing>, value, way);
    // What `Debug` shows goes on.
    let short = problems.iter().map(|it| it.chars().take(60).collect());
    let mut short: Vec<String> = short.collect();
    // Members come in the order of their names or as they were sent, by a feature of serde_json that others may turn on.
    short.sort();
    short
}

#[test]
fn what_is_kept_whole_has_no_problem() {
    let value = json!({"id": "a", "note": "say \"Unknown(\" unknown: {x", "marks": [true, {"name": "\\"}], "limit": 2});
    assert_eq!(problems(&value, Way::Sent), [""; 0]);
    assert_eq!(problems(&value, Way::Received), [""; 0]);
}

#[test]
fn null_and_an_empty_list_may_be_lost_from_an_answer_if_they_are_declared() {
    let value = json!({"id": "a", "note": null, "marks": [], "limit": 1});
    assert_eq!(problems(&value, Way::Received), [""; 0]);
    assert_eq!(
        problems(&value, Way::Sent),
        [
            "is dropped: marks, which is empty",
            "is dropped: note, which is empty"
        ]
    );
}

#[test]
fn each_problem_is_told_with_its_place() {
    for (value, problem) in [
        (
            json!({"id": 1, "limit": 1}),
            "is not read: invalid type: integer `1`, expected a string",
        ),
        (
            json!({"id": "a", "limit": 1, "new": 1}),
            "is not known: unknown: {\"new\": Number(1)} }",
        ),
        (
            json!({"id": "a", "limit": 1, "new": null}),
            "is not known: unknown: {\"new\": Null} }",
        ),
        (
            json!({"id": "a", "limit": 1, "marks": [7]}),
            "is not known: Unknown(Number(7))], limit: 1, unknown: {} }",
        ),
        (
            json!({"id": "a", "limit": 1, "marks": [{"name": "b", "old": 1}]}),
            "is dropped: marks.0.old = 1",
        ),
        (
            json!({"id": "a", "limit": 1, "marks": [{"name": "b", "old": null}]}),
            "is dropped: marks.0.old, which is empty",
        ),
    ] {
        assert_eq!(problems(&value, Way::Received), [problem], "{value}");
    }
    // No property of this name has this default.
    let lacks = json!({"id": "a"});
    assert_eq!(problems(&lacks, Way::Received), ["is added: limit = 0"]);
}

/// Puts a member into every object, one after the other, and hands over each whole, with the names that lead to the object.
fn each_with(value: &Value, member: &Value, hand_over: &mut dyn FnMut(Vec<String>, Value)) {
    match value {
        Value::Object(members) => {
            let mut changed = members.clone();
            changed.insert("not_declared".to_owned(), member.clone());
            hand_over(Vec::new(), Value::Object(changed));
            for (name, inner) in members {
                each_with(inner, member, &mut |mut path, it| {
                    path.insert(0, name.clone());
                    let mut changed = members.clone();
                    changed.insert(name.clone(), it);
                    hand_over(path, Value::Object(changed));
                });
            }
        }
        Value::Array(items) => {
            for (at, inner) in items.iter().enumerate() {
                each_with(inner, member, &mut |path, it| {
                    let mut changed = items.clone();
                    changed[at] = it;
                    hand_over(path, Value::Array(changed));
                });
            }
        }
        _ => {}
    }
}

/// A member that is not declared is found in every object of every body and answer, empty or not, but for maps and JSON of any
/// form.
#[test]
fn a_member_that_is_not_declared_is_found_wherever_it_is() {
    let description = Description::read();
    let mut kept = Kept::default();
    let (mut found, mut missed) = (0, BTreeSet::new());
    for (name, way, reader, example) in all_examples() {
        for member in [json!(null), json!([]), json!(1)] {
            each_with(&example, &member, &mut |path, value| {
                let problems = kept.problems(&description, reader, &value, way);
                let names_it =
                    |it: &String| it.contains("not_declared") || it.contains("[redacted]");
                if problems.iter().any(names_it) {
                    found += 1;
                } else if path.is_empty() {
                    missed.insert(name.to_owned());
                } else {
                    missed.insert(path[path.len().saturating_sub(3)..].join("."));
                }
            });
        }
    }
    assert!(found > 500, "{found}");
    let any_form = [
        "agent_file_json",
        "args",
        "json_schema",
        "parameters",
        "request_json",
        "response_json",
    ];
    let is_of_any_form = |path: &&String| path.split('.').any(|it| any_form.contains(&it));
    let missed: Vec<&String> = missed.iter().filter(|it| !is_of_any_form(it)).collect();
    // These answer with maps, and with JSON of any form.
    let maps = [
        "cancel_conversation",
        "cancel_runs",
        "get_run_trace",
        "refresh_mcp_server",
    ];
    assert_eq!(missed, maps);
}
