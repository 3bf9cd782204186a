use letta_api_emulator::ManualClock;

use super::*;

const CANCEL: &str = "/v1/agents/agent-1/messages/cancel";

async fn slow() -> (Emulator, ManualClock) {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let reply = Reply::new([
        Act::text("one "),
        Act::pause(Duration::from_secs(5)),
        Act::text("two"),
    ]);
    let rule = letta_api_emulator::Rule::new(reply).when("slow");
    emulator.agent("agent-1").script([rule]).unwrap();
    (emulator, clock)
}

async fn cancel(emulator: &Emulator) -> Value {
    let answer = post(emulator, CANCEL, json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_stream_of_tokens_stops_at_once_and_stores_nothing() {
    for (background, done) in [(false, false), (true, true)] {
        let (emulator, _clock) = slow().await;
        let body = json!({
            "input": "slow", "streaming": true, "stream_tokens": true, "background": background,
        });
        let mut stream = Events::of(&emulator, MESSAGES, body).await;
        let ping = stream.next().await.unwrap();
        let run_id = run_of(&[ping]);
        assert_eq!(stream.next().await.unwrap().kind(), "assistant_message");
        assert_eq!(cancel(&emulator).await, json!({&run_id: "cancelled"}));
        let rest = stream.rest().await;
        assert_eq!(
            rest[0].text,
            r#"{"message_type": "stop_reason", "stop_reason": "cancelled"}"#
        );
        assert_eq!(rest.len(), if done { 2 } else { 1 });
        let run = run(&emulator, &run_id).await;
        assert_eq!(
            (&run["status"], &run["stop_reason"]),
            (&json!("cancelled"), &json!("cancelled"))
        );
        assert_eq!(kept(&emulator), ["system_message"]);
        if background {
            let again = events(&emulator, &format!("/v1/runs/{run_id}/stream"), json!({})).await;
            assert_eq!(kinds_of(&again)[2..], ["stop: cancelled", "[DONE]"]);
        }
        assert_eq!(say(&emulator, "Hello").await.status, 200);
    }
}

#[tokio::test]
async fn a_stream_of_steps_stops_when_the_model_has_answered_which_is_stored_and_not_sent() {
    let (emulator, clock) = slow().await;
    let body = json!({"input": "slow", "streaming": true});
    let mut stream = Events::of(&emulator, MESSAGES, body).await;
    let run_id = run_of(&[stream.next().await.unwrap()]);
    cancel(&emulator).await;
    clock.advance(Duration::from_secs(5));
    assert_eq!(kinds_of(&stream.rest().await), ["stop: cancelled"]);
    assert_eq!(run(&emulator, &run_id).await["status"], "cancelled");
    assert_eq!(kept(&emulator)[1], "user_message");
    assert_eq!(kept(&emulator)[2], "assistant_message");
}

#[tokio::test]
async fn json_is_not_stopped_and_what_is_over_stays_as_it_was() {
    let (emulator, clock) = slow().await;
    let sent = request(&emulator, Method::POST, MESSAGES).json(&json!({"input": "slow"}));
    let sent = tokio::spawn(sent.send());
    while emulator.dump()["runs"].as_array().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    cancel(&emulator).await;
    clock.advance(Duration::from_secs(5));
    let answer = sent.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["stop_reason"]["stop_reason"], "end_turn");

    say(&emulator, "Hello").await;
    let cancelled = cancel(&emulator).await;
    let (run_id, said) = cancelled.as_object().unwrap().iter().next().unwrap();
    assert_eq!(said, "cancelled");
    assert_eq!(run(&emulator, run_id).await["status"], "completed");
}

#[tokio::test]
async fn a_pending_request_is_denied_and_the_agent_is_free() {
    let emulator = emulator_that([risky("call_1"), Act::text("Done.")]).await;
    say(&emulator, "Clean up").await;
    cancel(&emulator).await;
    let kinds = kept(&emulator);
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["approval_response_message", "tool_return_message"]
    );
    assert_eq!(
        stop_reason(&say(&emulator, "Again").await),
        "requires_approval"
    );
    // After a message that was refused on a stream, the newest run is over, and cancelling it changes nothing.
    let body = json!({"input": "Hello?", "streaming": true});
    let told = events(&emulator, MESSAGES, body).await;
    assert_eq!(run(&emulator, &run_of(&told)).await["stop_reason"], "error");
    cancel(&emulator).await;
    // The run of a message that was refused with JSON has no stop reason, so cancelling it frees the agent.
    assert_eq!(say(&emulator, "Hello?").await.status, 409);
    cancel(&emulator).await;
    assert_eq!(
        stop_reason(&say(&emulator, "Hello?").await),
        "requires_approval"
    );
}

#[tokio::test]
async fn a_token_cancels_no_run_of_another_agent() {
    let clock = ManualClock::new();
    let builder = Emulator::builder().clock(clock.clone()).agent("agent-2");
    let emulator = start(builder).await;
    let slow = Reply::new([Act::pause(Duration::from_secs(5)), Act::text("Done.")]);
    emulator.agent("agent-2").script([slow]).unwrap();
    let path = "/v1/agents/agent-2/messages";
    let body = json!({"input": "slow", "streaming": true});
    let mut stream = Events::of(&emulator, path, body).await;
    let run_id = run_of(&[stream.next().await.unwrap()]);
    let body = json!({
        "hostname": crate::raw::HOSTNAME,
        "policy": [{"type": "agent", "id": "agent-1", "access": ["write_messages"]}],
    });
    let token = crate::raw::create(&emulator, &body).await.json();
    let token = token["token"].as_str().unwrap();
    let body = Some(json!({"run_ids": [run_id]}));
    let answer = crate::raw::page(&emulator, Method::POST, CANCEL, token, body).await;
    assert_eq!(answer.json(), json!({&run_id: "failed"}));
    clock.advance(Duration::from_secs(5));
    assert_eq!(stream.rest().await.last().unwrap().kind(), "[DONE]");
    let run = emulator.run_over(&run_id).await.unwrap();
    assert_eq!(run.status, Some(letta_api::types::RunStatus::Completed));
}

#[tokio::test]
async fn an_agent_that_never_ran_and_a_conversation_in_which_nothing_runs_are_409() {
    let emulator = emulator().await;
    let refused = post(&emulator, CANCEL, json!({})).await;
    assert_eq!(refused.status, 409);
    assert_eq!(
        refused.detail(),
        "CONFLICT: No active runs to cancel for agent agent-1"
    );
    say(&emulator, "Hello").await;
    let path = "/v1/conversations/default/cancel?agent_id=agent-1";
    assert_eq!(post(&emulator, path, json!({})).await.status, 409);
    let unknown = post(&emulator, CANCEL, json!({"run_ids": ["run-none"]})).await;
    assert_eq!(unknown.json(), json!({"run-none": "failed"}));
}
