use letta_api_emulator::NewAgent;

use super::*;

fn tools() -> Value {
    json!([{"name": "look_up", "description": "Looks a word up.", "parameters": {"type": "object"}}])
}

fn look_up() -> Act {
    // The client runs it, whatever the script says of it.
    Act::call("look_up", json!({"word": "cat"}))
        .returns("from the server")
        .with_id("call_1")
}

fn returned(with_tools: bool) -> Value {
    let mut body = json!({"messages": [{"type": "tool_return", "tool_returns": [
        {"type": "tool", "tool_call_id": "call_1", "tool_return": "an animal", "status": "success"},
    ]}]});
    if with_tools {
        body["client_tools"] = tools();
    }
    body
}

#[tokio::test]
async fn the_client_runs_its_tools_and_the_turn_goes_on_with_what_they_gave() {
    let emulator = emulator_that([look_up(), Act::text("It is an animal.")]).await;
    let body = json!({"input": "What is a cat?", "client_tools": tools()});
    let asked = post(&emulator, MESSAGES, body).await;
    assert_eq!(kinds(&asked), ["approval_request_message"]);
    assert_eq!(stop_reason(&asked), "requires_approval");
    let run_id = asked.json()["messages"][0]["run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(run(&emulator, &run_id).await["status"], "completed");

    let done = post(&emulator, MESSAGES, returned(true)).await;
    assert_eq!(kinds(&done), ["tool_return_message", "assistant_message"]);
    let done = done.json();
    assert_eq!(done["messages"][0]["tool_return"], "an animal");
    assert!(done["messages"][0]["name"].is_null());
    assert_eq!(done["messages"][1]["content"], "It is an animal.");
}

#[tokio::test]
async fn a_client_tool_that_is_not_offered_again_is_not_there_in_that_turn() {
    let emulator = emulator_that([
        look_up(),
        Act::call("look_up", json!({})),
        Act::text("Done."),
    ])
    .await;
    let body = json!({"input": "What is a cat?", "client_tools": tools()});
    post(&emulator, MESSAGES, body).await;
    let done = post(&emulator, MESSAGES, returned(false)).await;
    assert_eq!(
        kinds(&done),
        [
            "tool_return_message",
            "tool_call_message",
            "tool_return_message",
            "assistant_message"
        ]
    );
    let done = done.json();
    assert_eq!(done["messages"][2]["tool_return"], "Tool look_up not found");
    assert_eq!(done["messages"][2]["status"], "error");
}

#[tokio::test]
async fn approving_does_not_run_what_only_the_client_can_run() {
    let emulator = emulator_that([look_up(), Act::text("Done.")]).await;
    let body = json!({"input": "What is a cat?", "client_tools": tools()});
    post(&emulator, MESSAGES, body).await;
    let done = answer(&emulator, json!([approve("call_1")])).await.json();
    assert_eq!(done["messages"][0]["tool_return"], "Tool look_up not found");
}

#[tokio::test]
async fn a_return_from_the_client_is_taken_in_place_of_running_a_tool_of_the_server() {
    let emulator = emulator_that([risky("call_1"), Act::text("Done.")]).await;
    say(&emulator, "Clean up").await;
    let done = post(&emulator, MESSAGES, returned(false)).await.json();
    assert_eq!(done["messages"][0]["tool_return"], "an animal");
    assert!(done["messages"][0]["name"].is_null());
}

#[tokio::test]
async fn a_client_tool_shadows_a_tool_of_the_server_that_has_its_name() {
    let agent = NewAgent::new("agent-1").tool("look_up");
    let emulator = Emulator::builder().agent(agent).start().await.unwrap();
    let rule = letta_api_emulator::Rule::new([look_up(), Act::text("Done.")]).always();
    emulator.agent("agent-1").script([rule]).unwrap();
    let alone = say(&emulator, "What is a cat?").await;
    assert_eq!(
        kinds(&alone),
        [
            "tool_call_message",
            "tool_return_message",
            "assistant_message"
        ]
    );
    let body = json!({"input": "What is a cat?", "client_tools": tools()});
    let asked = post(&emulator, MESSAGES, body).await;
    assert_eq!(kinds(&asked), ["approval_request_message"]);
    let done = post(&emulator, MESSAGES, returned(true)).await.json();
    assert_eq!(done["messages"][0]["tool_return"], "an animal");
}

#[tokio::test]
async fn a_return_that_does_not_say_what_it_is_is_422_and_is_still_waited_for() {
    let emulator = emulator_that([look_up(), Act::text("Done.")]).await;
    let body = json!({"input": "What is a cat?", "client_tools": tools()});
    post(&emulator, MESSAGES, body).await;
    let one = json!({"tool_call_id": "call_1", "tool_return": "an animal", "status": "success"});
    let mut without_status = one.clone();
    without_status.as_object_mut().unwrap().remove("status");
    let mut outside = one.clone();
    outside["type"] = json!("tool");
    for message in [
        json!({"type": "tool_return", "tool_returns": [without_status]}),
        json!({"type": "approval", "approvals": [one]}),
        outside,
    ] {
        let refused = post(&emulator, MESSAGES, json!({"messages": [message]})).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
    }
    assert_eq!(kept(&emulator).last(), Some(&"approval_request_message"));
    assert_eq!(post(&emulator, MESSAGES, returned(true)).await.status, 200);
}

#[tokio::test]
async fn a_return_may_be_a_list_of_parts() {
    let emulator = emulator_that([look_up(), Act::text("Done.")]).await;
    let body = json!({"input": "What is a cat?", "client_tools": tools()});
    post(&emulator, MESSAGES, body).await;
    let mut body = returned(true);
    let parts = json!([{"type": "text", "text": "an "}, {"type": "text", "text": "animal"}]);
    body["messages"][0]["tool_returns"][0]["tool_return"] = parts.clone();
    let done = post(&emulator, MESSAGES, body).await.json();
    assert_eq!(done["messages"][0]["tool_return"], "an animal");
    assert_eq!(
        done["messages"][0]["tool_returns"][0]["tool_return"],
        with_signature(parts)
    );
}

/// As the server shows parts of text: with a signature, which they have none of.
fn with_signature(mut parts: Value) -> Value {
    for part in parts.as_array_mut().unwrap() {
        part["signature"] = Value::Null;
    }
    parts
}
