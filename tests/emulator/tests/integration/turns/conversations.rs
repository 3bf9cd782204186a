use letta_api_emulator::ManualClock;

use super::*;

struct Scene {
    emulator: Emulator,
    clock: ManualClock,
    conversation: String,
    messages: String,
}

/// A conversation with an agent that is slow if it is told `slow`.
async fn scene() -> Scene {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let reply = Reply::new([Act::pause(Duration::from_secs(5)), Act::echo()]);
    let slow = letta_api_emulator::Rule::new(reply).when("slow");
    let risky = letta_api_emulator::Rule::new([risky("call_1"), Act::text("Done.")]).when("clean");
    emulator.agent("agent-1").script([slow, risky]).unwrap();
    let path = "/v1/conversations/?agent_id=agent-1";
    let made = post(&emulator, path, json!({})).await;
    assert_eq!(made.status, 200, "{}", made.text);
    let conversation = made.json()["id"].as_str().unwrap().to_owned();
    Scene {
        emulator,
        clock,
        messages: format!("/v1/conversations/{conversation}/messages"),
        conversation,
    }
}

fn said(text: &str, options: Value) -> Value {
    let mut body = json!({"messages": [{"role": "user", "content": text}]});
    for (name, value) in options.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_conversation_streams_by_default_and_has_messages_of_its_own() {
    let scene = scene().await;
    let told = events(&scene.emulator, &scene.messages, said("Hello", json!({}))).await;
    assert_eq!(
        kinds_of(&told),
        [
            "ping",
            "assistant_message",
            "stop: end_turn",
            "usage_statistics",
            "[DONE]"
        ]
    );
    let run = run(&scene.emulator, &run_of(&told)).await;
    assert_eq!(run["conversation_id"], scene.conversation);
    assert_eq!(run["status"], "completed");
    let listed = get(&scene.emulator, &scene.messages).await;
    let listed: Vec<_> = listed.as_array().unwrap().iter().collect();
    // Newest first.
    assert_eq!(listed[0]["content"], "You said: Hello");
    assert_eq!(listed[1]["message_type"], "user_message");
    assert_eq!(kept(&scene.emulator), ["system_message"]);
}

#[tokio::test]
async fn json_in_a_conversation_has_no_lock_and_its_run_is_never_told_that_it_is_over() {
    let scene = scene().await;
    let mut first = Events::of(&scene.emulator, &scene.messages, said("slow", json!({}))).await;
    assert_eq!(first.next().await.unwrap().kind(), "ping");
    let json = said("quick", json!({"streaming": false}));
    let answer = post(&scene.emulator, &scene.messages, json).await;
    assert_eq!(kinds(&answer), ["assistant_message"]);
    let refused = post(&scene.emulator, &scene.messages, said("quick", json!({}))).await;
    assert_eq!(refused.status, 409);
    scene.clock.advance(Duration::from_secs(5));
    first.rest().await;

    let run_id = answer.json()["messages"][0]["run_id"].clone();
    let run = run(&scene.emulator, run_id.as_str().unwrap()).await;
    assert_eq!(run["status"], "created");
    assert!(run["conversation_id"].is_null());
}

#[tokio::test]
async fn a_request_for_approval_waits_in_its_conversation_alone() {
    let scene = scene().await;
    let asked = said("clean", json!({"streaming": false}));
    let asked = post(&scene.emulator, &scene.messages, asked).await;
    assert_eq!(stop_reason(&asked), "requires_approval");
    let refused = said("Hello?", json!({"streaming": false}));
    let refused = post(&scene.emulator, &scene.messages, refused).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused
            .detail()
            .starts_with("CONFLICT: Cannot send a new message")
    );
    assert_eq!(say(&scene.emulator, "Hello").await.status, 200);
    let path = format!("{AGENT}?include=agent.pending_approval");
    assert!(get(&scene.emulator, &path).await["pending_approval"].is_null());
    // The newest message is the request.
    let newest = get(&scene.emulator, &format!("{}?limit=1", scene.messages)).await;
    assert_eq!(newest[0]["message_type"], "approval_request_message");

    let body = json!({
        "messages": [{"type": "approval", "approvals": [approve("call_1")]}], "streaming": false,
    });
    let done = post(&scene.emulator, &scene.messages, body).await;
    assert_eq!(kinds(&done), ["tool_return_message", "assistant_message"]);
}

#[tokio::test]
async fn cancelling_a_conversation_stops_what_runs_in_it_and_nothing_else() {
    let scene = scene().await;
    let cancel = format!("/v1/conversations/{}/cancel", scene.conversation);
    assert_eq!(post(&scene.emulator, &cancel, json!({})).await.status, 409);
    let body = said("slow", json!({"stream_tokens": true}));
    let mut stream = Events::of(&scene.emulator, &scene.messages, body).await;
    let mut other = Events::of(
        &scene.emulator,
        MESSAGES,
        json!({"input": "slow", "streaming": true, "stream_tokens": true}),
    )
    .await;
    let run_id = run_of(&[stream.next().await.unwrap()]);
    other.next().await.unwrap();
    let answer = post(&scene.emulator, &cancel, json!({})).await;
    assert_eq!(answer.json(), json!({run_id: "cancelled"}));
    assert_eq!(kinds_of(&stream.rest().await), ["stop: cancelled"]);
    scene.clock.advance(Duration::from_secs(5));
    assert_eq!(other.rest().await.last().unwrap().kind(), "[DONE]");
    // It is free again.
    let next = events(&scene.emulator, &scene.messages, said("Hello", json!({}))).await;
    assert_eq!(next.last().unwrap().kind(), "[DONE]");
}

#[tokio::test]
async fn a_conversation_that_does_not_exist_is_404_and_so_is_default_without_an_agent() {
    let scene = scene().await;
    for path in [
        "/v1/conversations/conv-00000000-0000-4000-8000-000000000000",
        "/v1/conversations/default",
    ] {
        for (part, body) in [
            ("messages", said("Hello", json!({}))),
            ("messages", said("Hello", json!({"streaming": false}))),
            ("cancel", json!({})),
        ] {
            let answer = post(&scene.emulator, &format!("{path}/{part}"), body).await;
            assert_eq!(answer.status, 404, "{path}/{part}: {}", answer.text);
        }
    }
}
