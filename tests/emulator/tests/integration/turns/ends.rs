use letta_api_emulator::{ManualClock, ModelFailure, Rule, StopReason};

use super::*;

fn body(tokens: bool, background: bool) -> Value {
    json!({
        "input": "Hello", "streaming": true, "stream_tokens": tokens, "background": background,
    })
}

#[tokio::test]
async fn a_model_that_fails_at_once_is_told_and_in_background_without_done() {
    let emulator = emulator_that(Act::model_fails(ModelFailure::RateLimit)).await;
    for tokens in [false, true] {
        let told = events(&emulator, MESSAGES, body(tokens, false)).await;
        assert_eq!(
            kinds_of(&told),
            ["ping", "stop: llm_api_error", "error_message", "[DONE]"]
        );
        assert!(told[2].is_error);
        assert_eq!(run(&emulator, &run_of(&told)).await["status"], "failed");
        let told = events(&emulator, MESSAGES, body(tokens, true)).await;
        assert_eq!(
            kinds_of(&told),
            ["ping", "stop: llm_api_error", "error_message"]
        );
        assert_eq!(told[2].seq_id(), Some(3));
        assert_eq!(run(&emulator, &run_of(&told)).await["status"], "failed");
    }
    assert_eq!(kept(&emulator), ["system_message"]);
}

#[tokio::test]
async fn a_model_that_breaks_after_tokens_stops_twice_and_stores_nothing() {
    let emulator = emulator_that([
        Act::text("one two"),
        Act::model_fails(ModelFailure::ServerError),
    ])
    .await;
    for (background, status) in [(false, "completed"), (true, "failed")] {
        let told = events(&emulator, MESSAGES, body(true, background)).await;
        assert_eq!(
            kinds_of(&told),
            [
                "ping",
                "assistant_message",
                "assistant_message",
                "stop: error",
                "stop: llm_api_error",
                "error_message"
            ]
        );
        assert_eq!(told[5].data()["error_type"], "internal_error");
        let run = run(&emulator, &run_of(&told)).await;
        assert_eq!(run["status"], status);
        assert_eq!(run["stop_reason"], "llm_api_error");
    }
    // Nothing was sent by then where whole messages are.
    let told = events(&emulator, MESSAGES, body(false, false)).await;
    assert_eq!(
        kinds_of(&told),
        ["ping", "stop: llm_api_error", "error_message", "[DONE]"]
    );
    assert_eq!(say(&emulator, "Hello").await.status, 500);
    assert_eq!(kept(&emulator), ["system_message"]);
}

#[tokio::test]
async fn a_model_that_fails_in_a_later_step_leaves_the_earlier_ones() {
    let emulator = emulator_that([
        Act::call("roll", json!({})).returns("4"),
        Act::model_fails(ModelFailure::Timeout),
    ])
    .await;
    assert_eq!(say(&emulator, "Hello").await.status, 504);
    let all = [
        "system_message",
        "user_message",
        "tool_call_message",
        "tool_return_message",
    ];
    assert_eq!(kept(&emulator), all);
    let told = events(&emulator, MESSAGES, body(false, false)).await;
    assert_eq!(
        kinds_of(&told),
        [
            "ping",
            "tool_call_message",
            "tool_return_message",
            "stop: error",
            "stop: llm_api_error",
            "error_message"
        ]
    );
}

#[tokio::test]
async fn a_turn_stops_for_the_reason_that_the_script_gives() {
    for (act, reason, status) in [
        (
            Act::stops(StopReason::MaxTokensExceeded),
            "max_tokens_exceeded",
            "failed",
        ),
        (Act::stops(StopReason::ToolRule), "tool_rule", "completed"),
        (Act::refuses("I will not."), "end_turn", "completed"),
    ] {
        let emulator = emulator_that(act).await;
        assert_eq!(stop_reason(&say(&emulator, "Hello").await), reason);
        let told = events(&emulator, MESSAGES, body(true, false)).await;
        assert!(kinds_of(&told).contains(&format!("stop: {reason}")));
        assert_eq!(run(&emulator, &run_of(&told)).await["status"], status);
    }
}

/// An agent that takes its time, and is deleted meanwhile. What it says to this until then, what comes after it was deleted, and
/// the emulator.
async fn deleted_meanwhile(tokens: bool, background: bool) -> (Vec<Event>, Emulator) {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let reply = [Act::text("one "), Act::pause(Duration::from_secs(5))];
    let rule = Rule::new(reply).always();
    emulator.agent("agent-1").script([rule]).unwrap();
    let mut stream = Events::of(&emulator, MESSAGES, body(tokens, background)).await;
    let mut told = vec![stream.next().await.unwrap()];
    if tokens {
        told.push(stream.next().await.unwrap());
    }
    let deleted = request(&emulator, Method::DELETE, AGENT);
    assert_eq!(Answer::of(deleted).await.status, 200);
    clock.advance(Duration::from_secs(5));
    told.extend(stream.rest().await);
    (told, emulator)
}

#[tokio::test]
async fn a_turn_whose_agent_is_deleted_fails_once_the_model_has_answered() {
    for (background, done) in [(false, &["[DONE]"][..]), (true, &[])] {
        let (told, emulator) = deleted_meanwhile(false, background).await;
        let mut expected = vec!["ping", "stop: error", "error_message"];
        expected.extend(done);
        assert_eq!(kinds_of(&told), expected);
        assert_eq!(told[2].data()["error_type"], "internal_error");
        let steps = get(&emulator, "/v1/steps/").await;
        assert_eq!(steps, json!([]), "what is of the agent goes with it");

        let (told, emulator) = deleted_meanwhile(true, background).await;
        let expected = [
            "ping",
            "assistant_message",
            "stop: end_turn",
            "error_message",
        ];
        assert_eq!(kinds_of(&told), expected);
        assert_eq!(told[3].data()["error_type"], "internal_error");
        assert_eq!(get(&emulator, "/v1/steps/").await, json!([]));
    }
}

#[tokio::test]
async fn a_turn_in_json_whose_agent_is_deleted_is_404() {
    let clock = ManualClock::new();
    let emulator = start(Emulator::builder().clock(clock.clone())).await;
    let rule = Rule::new([Act::pause(Duration::from_secs(5)), Act::echo()]).always();
    emulator.agent("agent-1").script([rule]).unwrap();
    let meanwhile = async {
        while emulator.dump()["runs"] == json!([]) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let deleted = request(&emulator, Method::DELETE, AGENT);
        assert_eq!(Answer::of(deleted).await.status, 200);
        loop {
            clock.advance(Duration::from_secs(5));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    let answer = tokio::select! {
        answer = say(&emulator, "Hello") => answer,
        () = meanwhile => unreachable!("it goes on"),
    };
    assert_eq!(answer.status, 404, "{}", answer.text);
    assert_eq!(get(&emulator, "/v1/steps/").await, json!([]));
}

/// Whose wait is a mistake, as in a clock of a test's own.
struct Broken;

impl letta_api_emulator::Clock for Broken {
    fn now(&self) -> std::time::SystemTime {
        std::time::SystemTime::now()
    }

    fn wait_until(&self, _time: std::time::SystemTime) -> letta_api_emulator::ClockWait<'_> {
        Box::pin(async { panic!("this is a test of what a panic leaves behind") })
    }
}

#[tokio::test]
async fn a_turn_that_panics_ends_its_stream_and_frees_its_conversation() {
    let emulator = start(Emulator::builder().clock(Broken)).await;
    let reply = [Act::pause(Duration::from_secs(5))];
    let rule = Rule::new(reply).when("panic");
    emulator.agent("agent-1").script([rule]).unwrap();
    let path = "/v1/conversations/agent-1/messages";
    let said = |text| json!({"input": text, "include_pings": false});
    let told = events(&emulator, path, said("panic")).await;
    assert_eq!(told, []);
    assert_eq!(
        post(
            &emulator,
            path,
            json!({"input": "Hello", "streaming": false})
        )
        .await
        .status,
        200
    );
    let runs = emulator.dump()["runs"].clone();
    assert_eq!(runs[0]["status"], "failed");
}
