use std::io::ErrorKind;

use letta_api_emulator::{Emulator, ManualClock, MessageKind, NewAgent};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, request};

async fn call(emulator: &Emulator, method: Method, path: &str, body: Value) -> Answer {
    Answer::of(request(emulator, method, path).json(&body)).await
}

#[tokio::test]
async fn an_agent_is_made_read_and_changed() {
    let clock = ManualClock::new();
    let builder = Emulator::builder().clock(clock.clone());
    let emulator = builder.start().await.unwrap();
    let made = call(
        &emulator,
        Method::POST,
        "/v1/agents/",
        json!({"name": "Ada", "description": "Knows engines.", "tags": ["one"], "unknown": 1}),
    )
    .await;
    assert_eq!(made.status, 200);
    let made = made.json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 42);
    let path = format!("/v1/agents/{id}");
    let read = Answer::of(request(&emulator, Method::GET, &path))
        .await
        .json();
    assert_eq!(read, made);

    clock.advance(std::time::Duration::from_secs(1));
    let changed = call(
        &emulator,
        Method::PATCH,
        &path,
        json!({"name": "Grace", "system": "Be brief.", "metadata": {"a": 1}, "description": null}),
    )
    .await;
    assert_eq!(changed.status, 200);
    let changed = changed.json();
    for (field, value) in [
        ("name", json!("Grace")),
        ("description", json!("Knows engines.")),
        ("system", json!("Be brief.")),
        ("metadata", json!({"a": 1})),
        ("tags", json!(["one"])),
        ("agent_type", json!("letta_v1_agent")),
    ] {
        assert_eq!(changed[field], value, "{field}");
    }
    assert_eq!(changed["created_at"], made["created_at"]);
    assert_ne!(changed["updated_at"], made["updated_at"]);
    assert_eq!(emulator.agent(id).snapshot().unwrap().name(), "Grace");
    assert!(emulator.agent("agent-none").snapshot().is_none());
}

#[tokio::test]
async fn a_change_that_is_wrong_in_part_changes_nothing() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    for (body, name) in [
        (json!([]), "the body"),
        (json!({"name": 1}), "name"),
        (json!({"name": " "}), "name"),
        (json!({"name": "Grace", "tags": [1]}), "tags"),
        (json!({"name": "Grace", "metadata": []}), "metadata"),
        (json!({"name": "Grace", "model": {}}), "model"),
    ] {
        for (method, path) in [
            (Method::PATCH, "/v1/agents/agent-1"),
            (Method::POST, "/v1/agents/"),
        ] {
            let answer = call(&emulator, method, path, body.clone()).await;
            assert_eq!(answer.status, 422, "{body}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.starts_with(name), "{body}: {detail}");
        }
    }
    assert_eq!(emulator.agents().len(), 1);
    assert_eq!(emulator.agents()[0].name(), "agent-1");
}

#[tokio::test]
async fn agents_are_listed_newest_first_by_cursor() {
    let mut builder = Emulator::builder();
    for id in ["agent-1", "agent-2", "agent-3"] {
        builder = builder.agent(id);
    }
    let emulator = builder.start().await.unwrap();
    for (query, expected) in [
        ("", &["agent-3", "agent-2", "agent-1"][..]),
        ("?limit=2", &["agent-3", "agent-2"]),
        ("?after=agent-2", &["agent-1"]),
        ("?order=asc&limit=1", &["agent-1"]),
        ("?name=agent-2&limit=1", &["agent-2"]),
        ("?name=nobody", &[]),
    ] {
        let path = format!("/v1/agents/{query}");
        let listed = Answer::of(request(&emulator, Method::GET, &path))
            .await
            .json();
        let ids: Vec<_> = listed
            .as_array()
            .unwrap()
            .iter()
            .map(|agent| &agent["id"])
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
}

#[tokio::test]
async fn an_agent_made_in_the_program_is_as_it_was_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let began = std::time::SystemTime::now() - std::time::Duration::from_secs(1);
    let agent = NewAgent::new("agent-1")
        .name("Ada")
        .description("Kind.")
        .system("Be kind.");
    let agent = emulator.create_agent(agent).unwrap();
    assert_eq!(
        (agent.id(), agent.name(), agent.description()),
        ("agent-1", "Ada", Some("Kind."))
    );
    assert_eq!(
        (agent.system(), agent.model()),
        ("Be kind.", "letta/letta-free")
    );
    assert!(agent.tags().is_empty());
    let first = &agent.messages()[0];
    assert!(first.date() > began && agent.created_at() > began);
    assert_eq!(
        (first.kind(), first.text()),
        (MessageKind::System, "Be kind.")
    );

    let generated = emulator
        .create_agent(NewAgent::with_generated_id())
        .unwrap();
    assert!(emulator.agent(generated.id()).snapshot().is_some());
}

#[tokio::test]
async fn an_id_that_no_policy_could_name_or_that_is_taken_is_refused() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let nameless = NewAgent::new("agent-2").name(" ");
    let error = emulator.create_agent(nameless).unwrap_err();
    assert_eq!(error.to_string(), "the name of \"agent-2\" is empty");
    for id in ["", "agent-", "1", "agent-a/b", "agent-é", "agent-1"] {
        let error = emulator.create_agent(id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&format!("{id:?}")), "{error}");
        if id != "agent-1" {
            let error = Emulator::builder().agent(id).start().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}

#[tokio::test]
async fn an_agent_may_have_any_id_that_a_policy_can_name_and_no_other() {
    let emulator = Emulator::start().await.unwrap();
    let ids = [
        "agent-1",
        "agent-1.2",
        "agent-.",
        "agent-..",
        "agent-A_b-c.d",
        "agent-6bb462c2-e885-434a-a0e3-d08ad8d9f595",
        "agent-",
        "agent",
        "Agent-1",
        "agent-ä",
        "agent-a b",
        "agent-a/b",
        "agent-a:b",
        "agent-%2e",
        " agent-1",
        "1",
        "",
    ];
    for id in ids {
        let can_be_named = letta_api_ext::AgentId::new(id).is_ok();
        let created = emulator.create_agent(id);
        assert_eq!(created.is_ok(), can_be_named, "{id:?}: {created:?}");
        if can_be_named {
            let path = format!("/v1/agents/{id}");
            let answer = Answer::of(request(&emulator, Method::GET, &path)).await;
            // A segment of dots alone would name another path; `agent-..` is not one.
            assert_eq!(answer.json()["id"], id);
        }
    }
}
