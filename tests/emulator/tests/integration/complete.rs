//! Members without a value are `null`, as the server writes them. What may be null is read from the description itself, and not from
//! what the emulator completes answers by.

use std::collections::BTreeSet;

use letta_api::operations;
use letta_api_emulator::{Act, Emulator, Rule};
use letta_api_operations_tests::Description;
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, create, good_body, list, request};

/// Operations that are not asked for: they have no JSON, or their answers are not the self-hosted server's.
const ELSEWHERE: [&str; 1] = ["/v1/client-side-access-tokens"];

/// IDs of what there is, by the name of the parameter.
type Known = Vec<(&'static str, String)>;

async fn made(emulator: &Emulator, path: &str, body: Value) -> Option<Value> {
    let answer = Answer::of(request(emulator, Method::POST, path).json(&body)).await;
    (answer.status == 200).then(|| answer.json())
}

/// A scene with one of everything that can be made, and a turn with a call, a request for approval and an answer.
async fn scene(emulator: &Emulator) -> Known {
    let mut known: Known = vec![("agent_id", "agent-1".to_owned())];
    for (parameter, path, body) in [
        (
            "block_id",
            "/v1/blocks/",
            json!({"label": "human", "value": "Name: Sam"}),
        ),
        ("archive_id", "/v1/archives/", json!({"name": "Notes"})),
        ("folder_id", "/v1/folders/", json!({"name": "Papers"})),
        (
            "conversation_id",
            "/v1/conversations/?agent_id=agent-1",
            json!({}),
        ),
        (
            "tool_id",
            "/v1/tools/",
            json!({"source_code": "def look_up(word: str):\n    \"\"\"Look up.\"\"\"\n    return word"}),
        ),
    ] {
        if let Some(made) = made(emulator, path, body).await {
            known.push((parameter, made["id"].as_str().unwrap().to_owned()));
        }
    }
    let said = json!({"messages": [{"role": "user", "content": "Hello"}]});
    let answer = made(emulator, "/v1/agents/agent-1/messages", said)
        .await
        .unwrap();
    let message = &answer["messages"][0];
    for (parameter, member) in [
        ("message_id", "id"),
        ("run_id", "run_id"),
        ("step_id", "step_id"),
    ] {
        known.push((parameter, message[member].as_str().unwrap().to_owned()));
    }
    known
}

/// The path with what is known in place of its parameters.
fn filled(template: &str, known: &Known) -> Option<String> {
    let mut path = template.to_owned();
    for (name, value) in known {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    (!path.contains('{')).then_some(path)
}

#[tokio::test]
async fn every_member_that_may_be_null_is_in_every_answer() {
    let description = Description::read();
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let reply = [
        Act::reasoning("Hm."),
        Act::call("look_up", json!({"word": "x"})).returns("y"),
        Act::text("Done."),
    ];
    let script = [Rule::new(reply).always()];
    emulator.agent("agent-1").script(script).unwrap();
    let known = scene(&emulator).await;
    let (mut asked, mut empty) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations::ALL.iter().filter(|it| it.method == "GET") {
        if ELSEWHERE
            .iter()
            .any(|it| operation.path_template.starts_with(it))
        {
            continue;
        }
        let Some(path) = filled(operation.path_template, &known) else {
            continue;
        };
        let answer = Answer::of(request(&emulator, Method::GET, &path)).await;
        if answer.status != 200 {
            assert!(
                [404, 501].contains(&answer.status),
                "{}: {}",
                operation.id,
                answer.text
            );
            continue;
        }
        assert_eq!(
            answer.headers["content-type"], "application/json",
            "{}",
            operation.id
        );
        assert_eq!(
            answer.header("content-length"),
            answer.text.len().to_string()
        );
        let json = answer.json();
        let lacking = description.lacking("GET", operation.path_template, &json);
        assert!(lacking.is_empty(), "{}: {lacking:?}", operation.id);
        match json.as_array().is_some_and(Vec::is_empty) {
            true => empty.insert(operation.id),
            false => asked.insert(operation.id),
        };
    }
    println!(
        "{} operations: {asked:?}; with nothing to show: {empty:?}",
        asked.len()
    );
    for id in ["list_agents", "get_agent", "list_messages"] {
        assert!(asked.contains(id), "{id}");
    }
}

#[tokio::test]
async fn what_is_made_changed_and_said_has_them_too() {
    let description = Description::read();
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let hello = json!({"messages": [{"role": "user", "content": "Hello"}]});
    for (operation, path, body) in [
        (
            operations::CREATE_AGENT,
            "/v1/agents/",
            json!({"name": "Ada", "memory_blocks": [{"label": "human", "value": "x"}]}),
        ),
        (
            operations::UPDATE_AGENT,
            "/v1/agents/agent-1",
            json!({"name": "Grace"}),
        ),
        (
            operations::SEND_MESSAGE,
            "/v1/agents/agent-1/messages",
            hello.clone(),
        ),
        (
            operations::START_RUN,
            "/v1/agents/agent-1/messages/async",
            hello,
        ),
    ] {
        let method: Method = operation.method.parse().unwrap();
        let answer = Answer::of(request(&emulator, method, path).json(&body)).await;
        assert_eq!(answer.status, 200, "{}: {}", operation.id, answer.text);
        let lacking =
            description.lacking(operation.method, operation.path_template, &answer.json());
        assert!(lacking.is_empty(), "{}: {lacking:?}", operation.id);
    }
}

#[tokio::test]
async fn lists_that_are_empty_are_written() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let agent = Answer::of(request(&emulator, Method::GET, "/v1/agents/agent-1"))
        .await
        .json();
    for name in [
        "secrets",
        "tool_exec_environment_variables",
        "identity_ids",
        "identities",
        "tags",
        "blocks",
        "tools",
    ] {
        assert_eq!(agent[name], json!([]), "{name}");
    }
    assert_eq!(agent["memory"]["file_blocks"], json!([]));
    assert_eq!(agent["message_buffer_autoclear"], false);
}

#[tokio::test]
async fn an_answer_that_lacks_a_member_is_told() {
    let description = Description::read();
    let agents = json!([{"name": "Ada", "llm_config": {}}]);
    let lacking = description.lacking("GET", "/v1/agents/", &agents);
    for place in ["[0].description", "[0].llm_config.model_wrapper"] {
        assert!(lacking.iter().any(|it| it == place), "{place}: {lacking:?}");
    }
    assert!(!lacking.iter().any(|it| it == "[0].name"));
}

/// Bodies of tokens have the documented members, in the documented order, and no others.
#[tokio::test]
async fn nothing_is_added_to_the_answers_about_tokens() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let made = create(&emulator, &good_body()).await.text;
    let token = &made[r#"{"token":""#.len()..][..emulator_token(&made)];
    let expires = made
        .split(r#""expiresAt":""#)
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let expected = format!(
        r#"{{"token":"{token}","hostname":"https://chat.example.com","expiresAt":"{expires}","policy":{{"version":"1","data":[{{"type":"agent","id":"agent-1","access":["read_messages"]}}]}}}}"#
    );
    assert_eq!(made, expected);
    let listed = list(&emulator, "").await.text;
    assert_eq!(
        listed,
        format!(r#"{{"tokens":[{made}],"hasNextPage":false}}"#)
    );
}

/// How long the token of an answer is.
fn emulator_token(answer: &str) -> usize {
    answer[r#"{"token":""#.len()..].find('"').unwrap()
}
