//! Completing an answer: each shape, and values that are not as the description says.

use std::collections::BTreeSet;
use std::time::Instant;

use letta_api::types::{Message, SystemMessage};
use serde_json::{Value, json};

use crate::description::answers::{Answers, complete, complete_event};
use crate::description::data::Data;
use crate::description::tests::written;

/// What every message has.
const OF_MESSAGES: [&str; 7] = [
    "name",
    "otid",
    "sender_id",
    "step_id",
    "is_err",
    "seq_id",
    "run_id",
];

/// Shapes that lead from one to the next, as those of the file do.
fn answers(shape: &Value) -> Answers {
    let operations =
        json!([{"ids": ["get_thing", "get_thing_stream"], "answer": shape}, {"ids": ["get_text"]}]);
    let shapes = json!({
        "Name": {"null": ["last"]},
        "Tree": {"null": ["note"], "members": {"children": {"items": "Tree"}}},
        "Old": {"null": ["size"]},
    });
    Answers::read(&operations, &shapes)
}

fn completed(shape: &Value, value: Value) -> Value {
    let mut value = value;
    answers(shape).complete("get_thing", &mut value);
    value
}

#[test]
fn each_shape_adds_what_it_says() {
    let name = json!("Name");
    for (shape, value, expected) in [
        // References.
        (name.clone(), json!({}), json!({"last": null})),
        (name.clone(), json!({"last": "L"}), json!({"last": "L"})),
        // What is there stays, whether or not it is described.
        (
            name.clone(),
            json!({"x": 1, "last": 5}),
            json!({"x": 1, "last": 5}),
        ),
        (
            json!({"null": ["a"], "else": {"b": [], "c": false}}),
            json!({"b": [1]}),
            json!({"a": null, "b": [1], "c": false}),
        ),
        // Members, items and maps.
        (
            json!({"members": {"name": name}}),
            json!({"name": {}, "other": {}}),
            json!({"name": {"last": null}, "other": {}}),
        ),
        (json!({"members": {"name": name}}), json!({}), json!({})),
        (
            json!({"null": ["name"], "members": {"name": name}}),
            json!({}),
            json!({"name": null}),
        ),
        (
            json!({"items": name}),
            json!([{}, 1, null, {"last": "L"}]),
            json!([{"last": null}, 1, null, {"last": "L"}]),
        ),
        (
            json!({"others": name, "members": {"a": {"null": ["b"]}}}),
            json!({"a": {}, "x": {}}),
            json!({"a": {"b": null}, "x": {"last": null}}),
        ),
        (
            json!({"all": [name, {"null": ["first"]}]}),
            json!({}),
            json!({"last": null, "first": null}),
        ),
        // Unions with a tag.
        (
            json!({"tag": "kind", "of": {"name": name, "old": "Old"}}),
            json!({"kind": "old"}),
            json!({"kind": "old", "size": null}),
        ),
        (
            json!({"tag": "kind", "of": {"name": name}}),
            json!({"kind": "newer"}),
            json!({"kind": "newer"}),
        ),
        (
            json!({"tag": "kind", "of": {"name": name}, "default": "name"}),
            json!({}),
            json!({"last": null}),
        ),
        (
            json!({"tag": "kind", "of": {"name": name}}),
            json!({}),
            json!({}),
        ),
        (
            json!({"tag": "kind", "of": {"name": name}, "default": "name"}),
            json!({"kind": 5}),
            json!({"kind": 5}),
        ),
        // Unions without one.
        (
            json!({"first": [{"is": "array", "as": {"items": name}}, {"is": "object", "as": "Old"}]}),
            json!([{}]),
            json!([{"last": null}]),
        ),
        (
            json!({"first": [{"is": "object", "has": ["whole"]}, {"is": "object", "as": "Old"}]}),
            json!({"whole": 1}),
            json!({"whole": 1}),
        ),
        (
            json!({"first": [{"is": "object", "has": ["whole"]}, {"is": "object", "as": "Old"}]}),
            json!({}),
            json!({"size": null}),
        ),
        (
            json!({"first": [{"is": "array", "as": {"items": name}}]}),
            json!("text"),
            json!("text"),
        ),
    ] {
        assert_eq!(
            completed(&shape, value.clone()),
            expected,
            "{shape} {value}"
        );
    }
}

#[test]
fn what_is_of_another_kind_stays_as_it_is() {
    for shape in [
        json!("Name"),
        json!({"items": "Name"}),
        json!({"others": "Name"}),
        json!({"tag": "kind", "of": {"name": "Name"}}),
        json!({"first": [{"is": "object", "as": "Name"}]}),
    ] {
        for value in [
            json!(null),
            json!(true),
            json!(1.5),
            json!("x"),
            json!([[1], "y"]),
        ] {
            assert_eq!(completed(&shape, value.clone()), value, "{shape}");
        }
    }
}

#[test]
fn both_names_of_an_operation_have_its_shape_and_others_have_none() {
    let answers = answers(&json!("Name"));
    let names: BTreeSet<&str> = answers.operations().collect();
    assert_eq!(names, BTreeSet::from(["get_thing", "get_thing_stream"]));
    let mut value = json!({"a": 1});
    complete("no_such_operation", &mut value);
    complete("check_health", &mut value);
    assert_eq!(value, json!({"a": 1}));
}

#[test]
fn a_value_is_completed_to_a_depth_that_no_request_has() {
    let mut tree = json!({});
    for _ in 0..100 {
        tree = json!({"children": [tree]});
    }
    let tree = completed(&json!("Tree"), tree);
    let (mut depth, mut within) = (0, &tree);
    while within.get("note").is_some() {
        depth += 1;
        within = &within["children"][0];
    }
    // Two steps for each level.
    assert_eq!(depth, 64);
}

#[test]
fn the_more_items_the_more_is_added_and_no_more() {
    let size = |count: usize| {
        let mut agents = Value::from(vec![json!({"llm_config": {}, "tools": [{}, {}]}); count]);
        complete("list_agents", &mut agents);
        agents.to_string().len()
    };
    // Brackets, and a comma between two items.
    let one = size(1) - 2;
    for count in [10, 1_000] {
        assert_eq!(size(count), count * (one + 1) + 1);
    }
}

#[test]
fn hostile_answers_are_completed_or_left_alone() {
    let wide: Value = (0..50_000).map(|it| (it.to_string(), json!({}))).collect();
    for mut value in [
        wide.clone(),
        json!({"llm_config": wide, "tools": 5, "tool_rules": [{"type": "no_such_rule"}, []]}),
        json!({"model_settings": {"provider_type": ["openai"]}, "memory": null}),
    ] {
        let before = value.clone();
        complete("get_agent", &mut value);
        for (name, member) in before.as_object().unwrap() {
            if !member.is_object() {
                assert_eq!(value[name], *member, "{name}");
            }
        }
        let once = value.clone();
        complete("get_agent", &mut value);
        assert!(value == once, "it adds more the second time");
    }
}

/// Every name leads to a shape, and none leads back to itself without a step into the value.
#[test]
fn names_lead_to_shapes() {
    let written = written();
    let shapes = written["answers"].as_object().unwrap();
    fn names<'a>(shape: &'a Value, found: &mut Vec<&'a str>) {
        found.extend(shape.as_str());
        for key in ["items", "others", "as"] {
            shape.get(key).into_iter().for_each(|it| names(it, found));
        }
        for key in ["members", "of"] {
            let within = shape[key].as_object().into_iter().flatten();
            within.for_each(|(_, it)| names(it, found));
        }
        for key in ["all", "first"] {
            let within = shape[key].as_array().into_iter().flatten();
            within.for_each(|it| names(it, found));
        }
    }
    for (name, shape) in shapes {
        let mut found = Vec::new();
        names(shape, &mut found);
        for leads_to in found {
            assert!(shapes.contains_key(leads_to), "{name} leads to {leads_to}");
        }
        let mut at = shape;
        for _ in 0..shapes.len() {
            match at.as_str() {
                Some(next) => at = &shapes[next],
                None => break,
            }
        }
        assert!(!at.is_string(), "{name} leads to itself");
        assert!(shape.get("all").is_none(), "{name}: it may lead to itself");
    }
    for entry in written["operations"].as_array().unwrap() {
        // The one schema that events are completed by.
        if let Some(event) = entry.get("event") {
            assert_eq!(event, "StreamEvent", "{}", entry["ids"]);
        }
    }
}

#[test]
fn a_message_has_what_every_message_has() {
    let message = SystemMessage::new("message-1", "2026-03-01T12:00:00+00:00", "Be kind.");
    let message = Message::SystemMessage(Box::new(message));
    let mut value = serde_json::to_value(&message).unwrap();
    complete_event(&mut value);
    for name in OF_MESSAGES {
        assert_eq!(value.get(name), Some(&Value::Null), "{name}");
    }
    let mut listed = json!([message]);
    complete("list_messages", &mut listed);
    assert_eq!(listed[0], value);
}

/// What completing costs. The numbers are printed, and nothing depends on them.
#[test]
fn what_completing_costs() {
    let start = Instant::now();
    let _ = Data::parse_again();
    println!(
        "{} bytes read in {:?}",
        Data::text_length(),
        start.elapsed()
    );
    let message = SystemMessage::new("message-1", "2026-03-01T12:00:00+00:00", "Be kind.");
    let message = Message::SystemMessage(Box::new(message));
    const TIMES: u32 = 10_000;
    let start = Instant::now();
    let values: Vec<Value> = (0..TIMES).map(|_| json!(message)).collect();
    println!("a message as a value: {:?}", start.elapsed() / TIMES);
    let start = Instant::now();
    for mut value in values {
        complete_event(&mut value);
        assert!(value.get("otid").is_some());
    }
    println!("completed: {:?}", start.elapsed() / TIMES);
    let values: Vec<Value> = (0..TIMES).map(|_| json!(message)).collect();
    let start = Instant::now();
    for mut value in values {
        let members = value.as_object_mut().unwrap();
        for name in OF_MESSAGES {
            members.entry(name).or_insert(Value::Null);
        }
        assert!(value.get("otid").is_some());
    }
    println!("the same by hand: {:?}", start.elapsed() / TIMES);
}
