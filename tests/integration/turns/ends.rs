//! How turns end, on each path and in each mode.

use letta_api::operations;
use letta_api::types::StopReasonType;
use letta_api_emulator::{Act, Emulator, ModelFailure, Rule, StopReason};
use letta_api_ext::Letta;
use letta_api_ext::turns::{Turn, TurnPath};
use letta_api_tests::event_server::{EventServer, Reply};
use letta_api_tests::persistent;
use serde_json::json;

use super::talking::start;

/// Each way in which a turn can be made.
const WAYS: [(TurnPath, bool); 4] = [
    (TurnPath::Resumable, false),
    (TurnPath::Resumable, true),
    (TurnPath::Plain, false),
    (TurnPath::Plain, true),
];

async fn agent(acts: impl IntoIterator<Item = Act>) -> (Emulator, Letta) {
    let (emulator, letta) = start().await;
    let acts: Vec<Act> = acts.into_iter().collect();
    emulator
        .agent("agent-1")
        .script(Rule::new(acts).always())
        .unwrap();
    (emulator, letta)
}

fn turn(letta: &Letta, (path, tokens): (TurnPath, bool)) -> Turn {
    let turn = letta.agent("agent-1").turn("Hello").with_path(path);
    if tokens { turn.tokens() } else { turn }
}

#[tokio::test]
async fn a_turn_that_ends_well_has_its_reason_and_what_it_cost() {
    let (emulator, letta) = agent([Act::text("Hello.")]).await;
    for way in WAYS {
        let answer = turn(&letta, way).send().await.unwrap();
        assert_eq!(*answer.stop_reason(), StopReasonType::EndTurn);
        assert!(answer.usage().unwrap().total_tokens > 0);
        assert_eq!(answer.text(), "Hello.");
        assert_eq!(answer.path(), way.0);
    }
    assert_eq!(emulator.runs().len(), 4);
    // Nothing more was asked than what was said.
    assert_eq!(emulator.request_count(operations::GET_RUN), 0);
    assert_eq!(emulator.request_count(operations::GET_RUN_USAGE), 0);
}

#[tokio::test]
async fn a_model_that_refuses_at_once_is_an_error_with_the_services_words() {
    for (failure, code) in [
        (ModelFailure::RateLimit, "llm_rate_limit"),
        (ModelFailure::Authentication, "llm_authentication"),
        (ModelFailure::Timeout, "llm_timeout"),
        (ModelFailure::ServerError, "llm_error"),
    ] {
        let (emulator, letta) = agent([Act::model_fails(failure)]).await;
        for way in WAYS {
            let error = turn(&letta, way).send().await.unwrap_err();
            assert_eq!(error.code(), Some(code), "{way:?}: {error}");
            assert!(error.message().is_some() && !error.is_interrupted());
            assert!(error.run_id().is_some());
            // It was heard: the agent has what was said.
            assert!(error.may_have_happened(), "{way:?}: {error}");
        }
        assert_eq!(emulator.runs().len(), 4);
    }
}

#[tokio::test]
async fn a_model_that_breaks_after_tokens_is_an_error_after_what_it_said() {
    let acts = [
        Act::text("I was about to say"),
        Act::model_fails(ModelFailure::Connection),
    ];
    let (_emulator, letta) = agent(acts).await;
    for way in WAYS {
        let mut turn = turn(&letta, way).stream().await.unwrap();
        let (mut said, mut failed) = (0, 0);
        while let Some(event) = turn.next().await {
            match event {
                Ok(_) => said += 1,
                Err(error) => {
                    assert!(error.code().is_some() && !error.is_interrupted(), "{error}");
                    failed += 1;
                }
            }
        }
        assert_eq!(said > 0, way.1, "{way:?}");
        assert_eq!(failed, 1);
        assert!(turn.next().await.is_none());
        assert!(turn.finish().is_err());
    }
}

#[tokio::test]
async fn a_model_that_refuses_in_words_or_has_no_steps_left_ends_the_turn_without_an_error() {
    let (_emulator, letta) = agent([Act::refuses("I cannot do that.")]).await;
    for way in WAYS {
        let answer = turn(&letta, way).send().await.unwrap();
        assert_eq!(answer.text(), "I cannot do that.");
        assert_eq!(*answer.stop_reason(), StopReasonType::EndTurn);
    }
    let acts = [Act::text("So far."), Act::stops(StopReason::MaxSteps)];
    let (_emulator, letta) = agent(acts).await;
    for way in WAYS {
        let answer = turn(&letta, way).send().await.unwrap();
        assert_eq!(*answer.stop_reason(), StopReasonType::MaxSteps);
        assert_eq!(answer.text(), "So far.");
    }
}

#[tokio::test]
async fn every_reason_that_is_a_failure_is_an_error() {
    for (reason, name) in [
        (StopReason::Error, "error"),
        (StopReason::LlmApiError, "llm_api_error"),
        (StopReason::InvalidLlmResponse, "invalid_llm_response"),
        (StopReason::InsufficientCredits, "insufficient_credits"),
    ] {
        let (_emulator, letta) = agent([Act::stops(reason)]).await;
        for way in WAYS {
            let error = turn(&letta, way).send().await.unwrap_err();
            assert!(error.code().is_some(), "{name}: {error}");
            assert!(!error.is_interrupted(), "{name}: {error}");
        }
    }
}

/// The events of a stream that ends as the service ends it, without what follows.
async fn ends(events: Vec<serde_json::Value>) -> (EventServer, Letta) {
    let events: Vec<String> = events
        .into_iter()
        .map(|event| match event.as_str() {
            Some(text) => text.to_owned(),
            None => event.to_string(),
        })
        .collect();
    let server = EventServer::start(move |line, _| match line.contains("/v1/runs/") {
        true => Reply::Json("404 Not Found", json!({"detail": "no run"}).to_string()),
        false => Reply::events(events.clone()),
    })
    .await;
    let letta = persistent(server.url());
    (server, letta)
}

fn text() -> serde_json::Value {
    json!({
        "message_type": "assistant_message", "id": "message-1", "date": "2026-01-01T00:00:00Z",
        "run_id": "run-1", "seq_id": 1, "content": "Hi.",
    })
}

fn stop(reason: &str) -> serde_json::Value {
    json!({"message_type": "stop_reason", "stop_reason": reason})
}

fn failure() -> serde_json::Value {
    json!({
        "message_type": "error_message", "run_id": "run-1", "error_type": "llm_error", "message": "It broke.",
        "detail": "BOOM",
    })
}

#[tokio::test]
async fn a_stream_without_done_ends_by_its_reason() {
    // As the service does for a turn that was cancelled in the foreground, and for a model that fails in background.
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        let (_server, letta) = ends(vec![text(), stop("cancelled")]).await;
        let turn = || letta.agent("agent-1").turn("Hi").with_path(path);
        assert!(turn().send().await.unwrap().is_cancelled());
        let (_server, letta) = ends(vec![text(), stop("llm_api_error"), failure()]).await;
        let turn = || letta.agent("agent-1").turn("Hi").with_path(path);
        let error = turn().send().await.unwrap_err();
        assert_eq!(
            (error.code(), error.message(), error.detail()),
            (Some("llm_error"), Some("It broke."), Some("BOOM"))
        );
    }
}

#[tokio::test]
async fn of_two_reasons_to_stop_the_second_counts_and_an_error_counts_more() {
    let events = vec![text(), stop("error"), stop("llm_api_error"), failure()];
    let (_server, letta) = ends(events).await;
    let error = letta.agent("agent-1").turn("Hi").send().await.unwrap_err();
    assert_eq!(error.code(), Some("llm_error"));
    let events = vec![text(), stop("error"), stop("llm_api_error")];
    let (_server, letta) = ends(events).await;
    let error = letta.agent("agent-1").turn("Hi").send().await.unwrap_err();
    assert_eq!(error.code(), Some("llm_api_error"));
    assert!(!error.is_interrupted());
    // An error without a reason is an error.
    let (_server, letta) = ends(vec![text(), failure(), json!("[DONE]")]).await;
    let error = letta.agent("agent-1").turn("Hi").send().await.unwrap_err();
    assert_eq!(error.code(), Some("llm_error"));
}

#[tokio::test]
async fn done_without_a_reason_is_no_end() {
    let (_server, letta) = ends(vec![text(), json!("[DONE]")]).await;
    let turn = letta.agent("agent-1").turn("Hi").with_path(TurnPath::Plain);
    let error = turn.send().await.unwrap_err();
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    assert_eq!(error.run_id(), Some("run-1"));
}

#[tokio::test]
async fn an_error_event_with_a_status_of_200_says_what_it_means() {
    // A message while a request waits is told so on any stream.
    let event = json!({
        "message_type": "error_message", "run_id": "run-1", "error_type": "internal_error",
        "message": "An error occurred during agent execution.",
        "detail": "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. Please approve or deny the pending request before continuing.",
    });
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        let (_server, letta) = ends(vec![stop("error"), event.clone(), json!("[DONE]")]).await;
        let turn = letta.agent("agent-1").turn("Hi").with_path(path);
        let error = turn.send().await.unwrap_err();
        assert!(error.is_pending_approval(), "{error}");
    }
}
