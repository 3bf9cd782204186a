use letta_api_emulator::{ModelFailure, StopReason};

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
