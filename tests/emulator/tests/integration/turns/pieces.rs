use letta_api_emulator::Rule;

use super::*;

fn rich() -> Reply {
    Reply::new([
        Act::reasoning("Let me think — ä€🦀."),
        Act::call("roll", json!({"sides": 6, "why": "a long enough text"}))
            .returns("4")
            .with_id("call_1"),
        Act::text("You rolled a 4 — nice!"),
    ])
}

/// The messages of a stream of tokens, put together again.
fn joined(events: &[Event]) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    for event in events.iter().map(Event::data) {
        let kind = event["message_type"].as_str().unwrap_or_default();
        let text = match kind {
            "assistant_message" => "content",
            "reasoning_message" => "reasoning",
            "tool_call_message" => "tool_calls",
            "tool_return_message" => {
                messages.push(event);
                continue;
            }
            _ => continue,
        };
        match messages.last_mut() {
            Some(last) if last["id"] == event["id"] && last["message_type"] == kind => {
                if kind == "tool_call_message" {
                    let arguments = last["tool_calls"][0]["arguments"]
                        .as_str()
                        .unwrap()
                        .to_owned();
                    let piece = event["tool_calls"]["arguments"].as_str().unwrap();
                    last["tool_calls"][0]["arguments"] = json!(arguments + piece);
                    last["tool_call"] = last["tool_calls"][0].clone();
                } else {
                    let whole = last[text].as_str().unwrap().to_owned();
                    last[text] = json!(whole + event[text].as_str().unwrap());
                }
            }
            _ => {
                let mut first = event.clone();
                if kind == "tool_call_message" {
                    first["tool_calls"] = json!([{
                        "tool_call_id": event["tool_calls"]["tool_call_id"],
                        "name": event["tool_calls"]["name"],
                        "arguments": "",
                    }]);
                }
                messages.push(first);
            }
        }
    }
    messages
}

/// Without what differs from turn to turn.
fn comparable(mut messages: Vec<Value>) -> Vec<Value> {
    for message in &mut messages {
        for name in ["id", "otid", "step_id", "run_id", "date"] {
            assert!(message[name].is_string(), "{name} of {message}");
            message[name] = Value::Null;
        }
    }
    messages
}

#[tokio::test]
async fn json_steps_and_tokens_tell_the_same_messages() {
    let emulator = emulator_that(rich()).await;
    let json = say(&emulator, "Roll").await.json();
    let json = comparable(json["messages"].as_array().unwrap().clone());
    assert_eq!(json.len(), 4);
    let stream = |tokens| json!({"input": "Roll", "streaming": true, "stream_tokens": tokens});
    let steps = events(&emulator, MESSAGES, stream(false)).await;
    let steps = steps
        .iter()
        .map(Event::data)
        .filter(|it| !it["otid"].is_null());
    assert_eq!(comparable(steps.collect()), json);
    let tokens = events(&emulator, MESSAGES, stream(true)).await;
    assert_eq!(comparable(joined(&tokens)), json);
    assert_eq!(
        kinds_of(&tokens)[tokens.len() - 3..],
        ["stop: end_turn", "usage_statistics", "[DONE]"]
    );
    assert_eq!(tokens[tokens.len() - 2].data()["step_count"], 2);
}

#[tokio::test]
async fn what_a_stream_tells_is_what_is_listed_after_it() {
    let emulator = emulator_that(rich()).await;
    for tokens in [false, true] {
        let body = json!({"input": "Roll", "streaming": true, "stream_tokens": tokens});
        let told = events(&emulator, MESSAGES, body).await;
        let told = match tokens {
            true => joined(&told),
            false => {
                let data = told.iter().map(Event::data);
                data.filter(|it| !it["otid"].is_null()).collect()
            }
        };
        let listed = get(&emulator, &format!("{MESSAGES}?limit=3")).await;
        let listed = listed.as_array().unwrap();
        assert_eq!(listed[listed.len() - told.len()..], told);
    }
}

#[tokio::test]
async fn an_agent_follows_its_script_by_what_is_said_or_in_order_and_echoes_otherwise() {
    let emulator = emulator().await;
    emulator
        .agent("agent-1")
        .script([
            Rule::new("Sunny.").when("weather"),
            Rule::new("First."),
            Rule::new("Second."),
        ])
        .unwrap();
    for (said, expected) in [
        ("Hello", "First."),
        ("The WEATHER?", "Sunny."),
        ("Hello", "Second."),
        ("Hello", "You said: Hello"),
        ("weather again", "Sunny."),
    ] {
        let answer = say(&emulator, said).await.json();
        assert_eq!(answer["messages"][0]["content"], expected, "{said}");
    }
    let error = emulator
        .agent("agent-1")
        .script([Rule::new(Act::text(""))])
        .unwrap_err();
    assert!(error.to_string().contains("agent-1"), "{error}");
}

#[tokio::test]
async fn only_messages_of_the_types_that_were_asked_for_are_told() {
    let emulator = emulator_that(rich()).await;
    let types = json!(["assistant_message"]);
    let body = json!({"input": "Roll", "include_return_message_types": types});
    assert_eq!(
        kinds(&post(&emulator, MESSAGES, body).await),
        ["assistant_message"]
    );
    let body = json!({
        "input": "Roll", "include_return_message_types": types, "streaming": true, "include_pings": false,
    });
    assert_eq!(
        kinds_of(&events(&emulator, MESSAGES, body).await),
        [
            "assistant_message",
            "stop: end_turn",
            "usage_statistics",
            "[DONE]"
        ]
    );
}

#[tokio::test]
async fn a_turn_has_no_more_steps_than_it_may_have() {
    let roll = || Act::call("roll", json!({})).returns("1");
    let emulator = emulator_that([roll(), roll(), roll(), Act::text("Done.")]).await;
    let answer = post(
        &emulator,
        MESSAGES,
        json!({"input": "Roll", "max_steps": 2}),
    )
    .await;
    assert_eq!(stop_reason(&answer), "max_steps");
    assert_eq!(answer.json()["usage"]["step_count"], 2);
}

#[tokio::test]
async fn a_turn_that_may_have_no_step_ends_as_if_all_were_said_and_stores_nothing() {
    let emulator = emulator().await;
    for steps in [0, -1] {
        let body = json!({"input": "Hello", "max_steps": steps});
        let answer = post(&emulator, MESSAGES, body).await;
        assert!(kinds(&answer).is_empty());
        assert_eq!(stop_reason(&answer), "end_turn");
        let usage = &answer.json()["usage"];
        assert_eq!(
            (&usage["prompt_tokens"], &usage["step_count"]),
            (&json!(0), &json!(0))
        );
        assert_eq!(usage["context_tokens"], Value::Null);
    }
    assert_eq!(kept(&emulator), ["system_message"]);
}
