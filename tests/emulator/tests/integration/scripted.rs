//! Agents of a script file: what they are made of, and what they do.

use std::io::ErrorKind;

use letta_api_emulator::{Emulator, NewAgent, ScriptFile};
use serde_json::{Value, json};

const FILE: &str = r#"{
    "agents": {
        "agent-1": {
            "name": "Ada", "description": "Knows engines.", "system": "Be brief.", "model": "letta/other", "tags": ["one"],
            "parallel_tool_calls": true,
            "tools": [
                {"name": "look_up", "description": "Looks up.", "returns": "Sunny."},
                {"name": "send_mail", "requires_approval": true}
            ],
            "blocks": [{"label": "human", "value": "Likes short answers.", "description": "The user."}],
            "script": [
                {"when": "weather", "reply": [{"reasoning": "I look."}, {"call": "look_up"}, "It is sunny."]},
                {"when": "mail", "reply": {"call": "send_mail", "with": {"to": "bob"}, "id": "call_1"}},
                "Once."
            ]
        },
        "agent-2": {"tools": [{"name": "look_up", "returns": "Rain."}]},
        "agent-3": {"script": ["Three."]}
    },
    "script": [{"when": "weather", "reply": [{"call": "look_up"}, "Done."]}, {"reply": "Others.", "always": true}]
}"#;

async fn with_file() -> Emulator {
    let file = ScriptFile::from_json(FILE).unwrap();
    Emulator::builder()
        .agent(NewAgent::new("agent-3").name("Bob"))
        .script_file(file)
        .start()
        .await
        .unwrap()
}

async fn call(
    emulator: &Emulator,
    method: reqwest::Method,
    path: &str,
    body: Option<Value>,
) -> Value {
    let request = reqwest::Client::new()
        .request(method, format!("{}{path}", emulator.base_url()))
        .bearer_auth(emulator.api_key().secret().expose_secret());
    let request = match body {
        Some(body) => request.json(&body),
        None => request,
    };
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap()
}

async fn said(emulator: &Emulator, agent: &str, text: &str) -> Value {
    let path = format!("/v1/agents/{agent}/messages");
    call(
        emulator,
        reqwest::Method::POST,
        &path,
        Some(json!({"input": text})),
    )
    .await
}

/// The types of the messages of an answer, and the text of each if it is one.
fn told(answer: &Value) -> Vec<(&str, &str)> {
    let messages = answer["messages"].as_array().unwrap();
    let text = |message: &'_ Value| -> &str {
        ["content", "reasoning", "tool_return"]
            .iter()
            .find_map(|name| message[name].as_str().map(|_| *name))
            .unwrap_or("")
    };
    messages
        .iter()
        .map(|message| {
            (
                message["message_type"].as_str().unwrap(),
                message[text(message)].as_str().unwrap_or(""),
            )
        })
        .collect()
}

#[tokio::test]
async fn an_agent_of_a_file_is_made_of_what_the_file_says() {
    let emulator = with_file().await;
    let ada = emulator.agent("agent-1").snapshot().unwrap();
    assert_eq!(
        (
            ada.name(),
            ada.description(),
            ada.system(),
            ada.model(),
            ada.tags()
        ),
        (
            "Ada",
            Some("Knows engines."),
            "Be brief.",
            "letta/other",
            &["one".to_owned()][..]
        )
    );
    let all = |agent: &str| format!("/v1/agents/{agent}?include=agent.tools&include=agent.blocks");
    let shown = call(&emulator, reqwest::Method::GET, &all("agent-1"), None).await;
    let names: Vec<&str> = shown["tools"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["look_up", "send_mail"]);
    assert_eq!(shown["tools"][0]["description"], "Looks up.");
    assert_eq!(
        shown["tool_rules"],
        json!([{"tool_name": "send_mail", "type": "requires_approval", "prompt_template": null}])
    );
    let block = &shown["blocks"][0];
    assert_eq!(
        (&block["label"], &block["value"]),
        (&json!("human"), &json!("Likes short answers."))
    );
    assert_eq!(block["description"], "The user.");

    let other = call(&emulator, reqwest::Method::GET, &all("agent-2"), None).await;
    assert_eq!(other["name"], "agent-2");
    assert_eq!(
        other["tools"][0]["id"], shown["tools"][0]["id"],
        "one tool of a name"
    );
}

#[tokio::test]
async fn each_agent_does_what_the_file_says() {
    let emulator = with_file().await;
    let answer = said(&emulator, "agent-1", "How is the WEATHER?").await;
    let messages = told(&answer);
    let kinds: Vec<&str> = messages.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(
        kinds,
        [
            "reasoning_message",
            "tool_call_message",
            "tool_return_message",
            "assistant_message"
        ]
    );
    assert_eq!(messages[2].1, "Sunny.");
    assert_eq!(messages[3].1, "It is sunny.");

    assert_eq!(
        told(&said(&emulator, "agent-1", "x").await),
        [("assistant_message", "Once.")]
    );
    assert_eq!(
        told(&said(&emulator, "agent-1", "x").await),
        [("assistant_message", "You said: x")]
    );

    let answer = said(&emulator, "agent-1", "Send a mail.").await;
    assert_eq!(answer["stop_reason"]["stop_reason"], "requires_approval");
    let request = &answer["messages"][0];
    assert_eq!(request["message_type"], "approval_request_message");
    assert_eq!(request["tool_call"]["tool_call_id"], "call_1");

    // The script for all, with what its own tool returns.
    assert_eq!(
        told(&said(&emulator, "agent-2", "weather").await)[1],
        ("tool_return_message", "Rain.")
    );
    assert_eq!(
        told(&said(&emulator, "agent-2", "x").await),
        [("assistant_message", "Others.")]
    );

    // An agent that is added keeps what it is made of.
    assert_eq!(emulator.agent("agent-3").snapshot().unwrap().name(), "Bob");
    assert_eq!(
        told(&said(&emulator, "agent-3", "x").await),
        [("assistant_message", "Three.")]
    );

    emulator.create_agent("agent-4").unwrap();
    assert_eq!(
        told(&said(&emulator, "agent-4", "x").await),
        [("assistant_message", "Others.")]
    );
}

#[tokio::test]
async fn several_calls_at_once_take_an_agent_that_may() {
    for (parallel, expected) in [("true", 2), ("false", 1)] {
        let file = format!(
            r#"{{"agents": {{"agent-1": {{"parallel_tool_calls": {parallel}, "script": [
                {{"reply": [{{"calls": [{{"call": "a", "returns": "A"}}, {{"call": "b", "fails": "B"}}]}}, "Done."]}}
            ]}}}}}}"#
        );
        let emulator = Emulator::builder()
            .script_file(ScriptFile::from_json(&file).unwrap())
            .start()
            .await
            .unwrap();
        let answer = said(&emulator, "agent-1", "x").await;
        let returns = answer["messages"][1]["tool_returns"].as_array().unwrap();
        assert_eq!(returns.len(), expected, "{answer}");
        assert_eq!(answer["messages"][2]["content"], "Done.");
    }
}

#[tokio::test]
async fn an_agent_is_made_in_one_place() {
    let file = ScriptFile::from_json(r#"{"agents": {"agent-1": {"name": "Ada"}}}"#).unwrap();
    let started = Emulator::builder()
        .agent("agent-1")
        .script_file(file)
        .start()
        .await;
    let error = started.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error.to_string().contains("\"agent-1\" is added already"),
        "{error}"
    );

    let large = "x".repeat(256 * 1024);
    let file = json!({"agents": {"agent-1": {
        "tools": [{"name": "a", "returns": large}],
        "script": [{"reply": vec![json!({"call": "a"}); 33]}]
    }}});
    let file = ScriptFile::from_json(&file.to_string()).unwrap();
    let error = Emulator::builder()
        .script_file(file)
        .start()
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(
        error
            .to_string()
            .contains("the script of \"agent-1\" is invalid"),
        "{error}"
    );
}

#[tokio::test]
async fn a_script_for_an_id_that_no_agent_can_have_is_refused() {
    let emulator = Emulator::start().await.unwrap();
    let error = emulator.agent("Ada").script(["Hello"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("\"Ada\""), "{error}");
}
