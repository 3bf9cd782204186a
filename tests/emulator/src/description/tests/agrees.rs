//! The report finds something wrong with a value exactly if `jsonschema` says that it is invalid.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::description::report::Report;
use crate::description::tests::data;
use crate::description::tests::made::{minimal, wrongs};

/// A body of an operation, and what its schema is.
struct Case {
    id: &'static str,
    value: Value,
}

fn schema(id: &str) -> Option<&'static Value> {
    data().operation(id)?.body.as_ref()?.json.as_ref()
}

/// Valid and wrong bodies of all operations.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for operation in letta_api::operations::ALL {
        let id = operation.id;
        let Some(schema) = schema(id) else { continue };
        cases.push(Case {
            id,
            value: minimal(schema),
        });
        let wrongs = wrongs(schema).into_iter();
        cases.extend(wrongs.map(|it| Case {
            id,
            value: it.value,
        }));
    }
    cases
}

fn agree(id: &str, value: &Value) -> Result<(), String> {
    let schema = schema(id).unwrap();
    let compiled = data().compiled(data().operation(id).unwrap());
    let is_valid = compiled.json.as_ref().unwrap().is_valid(value);
    let found = Report::of(data(), "body", schema, value).found();
    match is_valid == found.is_empty() {
        true => Ok(()),
        false => Err(format!("{id}: {value} is valid: {is_valid}, and {found:?}")),
    }
}

#[test]
fn the_report_agrees_about_all_that_is_made_from_the_schemas() {
    let cases = cases();
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|it| agree(it.id, &it.value).err())
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() > 7000, "{}", cases.len());
}

/// Any JSON, with names and values that the description has.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..5).prop_map(Value::from),
        (-3.0..3.0).prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "a",
            "agent-1",
            "user",
            "message",
            "approval",
            "tool",
            "text",
            "2026-03-01",
            "5"
        ])
        .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "type",
        "role",
        "content",
        "name",
        "text",
        "approvals",
        "value",
        "zzz",
    ]);
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((names.clone(), inner), 0..4).prop_map(|members| {
                let members = members.into_iter().map(|(name, it)| (name.to_owned(), it));
                Value::Object(members.collect())
            }),
        ]
    })
}

/// Puts something else at a place in a value, which the numbers lead to.
fn put(value: &mut Value, way: &[usize], other: Value) {
    let Some((first, rest)) = way.split_first() else {
        *value = other;
        return;
    };
    match value {
        Value::Array(items) if !items.is_empty() => {
            let at = first % items.len();
            put(&mut items[at], rest, other);
        }
        Value::Object(members) if !members.is_empty() => {
            let at = first % members.len();
            let (_, member) = members.iter_mut().nth(at).unwrap();
            put(member, rest, other);
        }
        value => *value = other,
    }
}

#[test]
fn the_report_agrees_about_anything() {
    let cases = cases();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let strategy = (
        0..cases.len(),
        prop::collection::vec(0_usize..20, 0..6),
        anything(),
    );
    let outcome = runner.run(&strategy, |(at, way, other)| {
        let mut value = cases[at].value.clone();
        put(&mut value, &way, other);
        agree(cases[at].id, &value).map_err(TestCaseError::fail)
    });
    outcome.unwrap();
}

/// A whole number may be written as a fraction, and a number may be larger than any whole one.
#[test]
fn the_report_agrees_about_odd_numbers() {
    for limit in [
        "5.0",
        "1e2",
        "0.5",
        "-0.0",
        "9223372036854775807",
        "18446744073709551616",
        "1e300",
    ] {
        let limit: Value = serde_json::from_str(limit).unwrap();
        let body = json!({"query": "x", "limit": limit});
        agree("search_messages", &body).unwrap();
    }
}
