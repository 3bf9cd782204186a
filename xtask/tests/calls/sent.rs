//! What is sent of optional fields, and what is read of answers, in the code for `fixtures/sent.yaml`.

use letta_api::types::{
    Plan, PlanCall, PlanChange, PlanChangeInner, PlanKind, PlanMerged, PlanMove, PlanPart, PlanStep, PlanTouch, PlanWait,
};
use letta_api::{Client, Error, Nullable, ResponseValue};
use serde_json::{Value, json};

fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{json}: {error}"))
}

fn required() -> Value {
    json!({"name": "a", "kind": "plan", "null_me": null})
}

fn with(name: &str, value: Value) -> Value {
    let mut json = required();
    json[name] = value;
    json
}

#[test]
fn what_is_not_set_is_not_sent() {
    assert_eq!(to_json(&PlanChange::new("a")), required());
    assert_eq!(to_json(&PlanWait::new()), json!({"type": "wait"}));
    assert_eq!(to_json(&PlanCall::new("b")), json!({"type": "call", "to": "b"}));
    assert_eq!(to_json(&PlanMove::go("b")), json!({"type": "go", "to": "b"}));
    assert_eq!(to_json(&PlanMove::stay()), json!({"type": "stay"}));
    assert_eq!(to_json(&PlanMerged::new("c")), json!({"own": "c"}));
    assert_eq!(to_json(&PlanPart::new("d")), json!({"text": "d"}));
    assert_eq!(to_json(&PlanChangeInner::new()), json!({}));
    assert_eq!(to_json(&PlanChangeInner::default()), json!({}));
}

#[test]
fn what_is_set_is_sent_even_if_it_is_empty_or_the_default() {
    let change = || PlanChange::new("a");
    for (change, sent) in [
        (change().with_on(false), with("on", json!(false))),
        (change().with_off(true), with("off", json!(true))),
        (change().with_none(0), with("none", json!(0))),
        (change().with_size(10u32), with("size", json!(10))),
        (change().with_share(0.5), with("share", json!(0.5))),
        (change().with_title(""), with("title", json!(""))),
        (change().with_tags(Vec::new()), with("tags", json!([]))),
        (change().with_words(["b".to_owned()]), with("words", json!(["b"]))),
        (change().with_labels(std::collections::HashMap::new()), with("labels", json!({}))),
        (change().with_extra(serde_json::Map::new()), with("extra", json!({}))),
        (change().with_speed("slow"), with("speed", json!("slow"))),
        (change().with_length(PlanKind::Short), with("length", json!("short"))),
        (change().with_optional_kind("plan"), with("optional_kind", json!("plan"))),
        (change().with_parts([PlanPart::new("d")]), with("parts", json!([{"text": "d"}]))),
        (change().with_step(PlanStep::from(PlanWait::new())), with("step", json!({"type": "wait"}))),
    ] {
        assert_eq!(to_json(&change), sent);
    }
}

#[test]
fn a_field_that_may_be_null_has_three_states() {
    let change = || PlanChange::new("a");
    for (change, sent) in [
        (change().with_note("b"), with("note", json!("b"))),
        (change().with_note_null_(), with("note", Value::Null)),
        // A field of its own.
        (change().with_note_null("c"), with("note_null", json!("c"))),
        (change().with_note_on(true), with("note_on", json!(true))),
        (change().with_note_on_null(), with("note_on", Value::Null)),
        (change().with_list(Vec::new()), with("list", json!([]))),
        (change().with_list_null(), with("list", Value::Null)),
        (change().with_map_null(), with("map", Value::Null)),
        (change().with_inner(PlanChangeInner::new()), with("inner", json!({}))),
        (change().with_inner_null(), with("inner", Value::Null)),
    ] {
        assert_eq!(to_json(&change), sent);
    }
    // Names that end in `_`, and names that are taken.
    assert_eq!(to_json(&PlanTouch::new().with_type_null_()), json!({"type": null}));
    assert_eq!(to_json(&PlanTouch::new().with_type_null("b")), json!({"type_null": "b"}));
    assert_eq!(to_json(&PlanTouch::new().with_type_null_null()), json!({"type_null": null}));
    let mut change = change().with_note("b");
    change.note = None.into();
    assert_eq!(to_json(&change), required());
    change.note = "b".into();
    assert_eq!(change.note.value().map(String::as_str), Some("b"));

    // Also in what is merged in, and in a branch.
    assert_eq!(to_json(&PlanMerged::new("c").with_mark_null()), json!({"own": "c", "mark": null}));
    assert_eq!(to_json(&PlanCall::new("b").with_times_null()), json!({"type": "call", "to": "b", "times": null}));
}

#[test]
fn what_is_received_and_sent_back_is_the_same() {
    for json in [
        json!({"text": "d"}),
        json!({"text": "d", "note": null, "tags": []}),
        json!({"id": "p-1", "text": "d", "weight": 1, "note": "n", "tags": ["t"]}),
    ] {
        let mut answer = json.clone();
        answer["version"] = json!(2);
        let mut part: PlanPart = read(answer);
        assert_eq!(part.version, 2);
        part.version = 0;
        assert_eq!(to_json(&part), json);
    }
    let part: PlanPart = read(json!({"text": "d", "version": 2, "note": null}));
    assert_eq!((part.note, part.weight, part.tags, part.made), (Nullable::Null, None, None, 7));
}

#[test]
fn an_answer_is_read_with_defaults() {
    let plan: Plan = read(json!({"name": "a", "key": "k", "kind": "long"}));
    let (id, key, kind): (String, String, PlanKind) = (plan.id, plan.key, plan.kind);
    assert_eq!((id.as_str(), key.as_str(), kind), ("", "k", PlanKind::Long));
    let note: Option<String> = plan.note;
    assert_eq!((plan.size, plan.tags, note), (10, Vec::<String>::new(), None));
    assert!(plan.part.is_none());

    let plan: Plan = read(json!({"id": null, "name": "a", "key": "k", "kind": "long", "note": null}));
    assert_eq!((plan.id.as_str(), plan.note), ("", None));
    let plan: Plan = read(json!({"id": "p-1", "name": "a", "key": "k", "kind": "long", "note": "n"}));
    assert_eq!((plan.id.as_str(), plan.note.as_deref()), ("p-1", Some("n")));

    // What the overlay requires is required of an answer, and of the constructor.
    for lacks in [json!({"name": "a", "kind": "long"}), json!({"name": "a", "key": "k"})] {
        assert!(serde_json::from_value::<Plan>(lacks).is_err());
    }
    assert!(serde_json::from_value::<PlanPart>(json!({"text": "d"})).is_err());
    let _: Plan = Plan::new("k", PlanKind::Long, "a").with_id("p-1");
}

/// Only has to compile.
#[allow(dead_code)]
async fn methods_take_and_give_no_more_than_they_need(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let _: Result<ResponseValue<String>, Error<_>> = client.touch_plan(None).await;
    client.touch_plan(Some(&PlanTouch::new())).await?;
    let deleted: Result<ResponseValue<()>, Error<letta_api::types::PlanError>> = client.delete_plan().await;
    deleted?;
    Ok(())
}
