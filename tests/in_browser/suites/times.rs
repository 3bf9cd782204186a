//! Time-outs, deadlines, and the timers behind them.

use std::time::Duration;

use futures_util::FutureExt;
use letta_api_in_browser_tests::Service;
use reqwest::Method;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn an_attempt_that_takes_too_long_is_given_up_and_another_follows() {
    let answers = [json!({"end": "silent"}), json!({"pieces": ["{}"]})];
    let service = Service::answering("too_long", answers).await;
    let letta = service.letta();
    let request = letta.agent("agent-1").get();
    // The second attempt is as short. It may need more than one.
    let short = request.with_attempt_timeout(Duration::from_millis(200));
    let answered = short.await;
    let requests = service.requests().await;
    assert!(
        requests.len() > 1 && requests[0].is_given_up,
        "{answered:?}"
    );
}

#[wasm_bindgen_test]
async fn a_deadline_ends_a_call_and_its_request() {
    let service = Service::answering("deadline", [json!({"end": "silent"})]).await;
    let limit = Duration::from_millis(300);
    let request = service.impatient().request(Method::POST, "/v1/x");
    let error = request
        .json(&json!({}))
        .with_deadline(limit)
        .await
        .unwrap_err();
    assert!(
        error.is_timeout() && error.is_deadline_exceeded(),
        "{error}"
    );
    assert!(error.may_have_happened());
    service.until_given_up().await;
}

#[wasm_bindgen_test]
async fn a_body_that_does_not_end_is_given_up() {
    let service = Service::answering("no_end", [json!({"pieces": ["{"], "end": "open"})]).await;
    let request = service.impatient().request(Method::GET, "/v1/x");
    let short = request.with_deadline(Duration::from_millis(500));
    let error = short.await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    service.until_given_up().await;
}

#[wasm_bindgen_test]
async fn a_call_that_is_dropped_is_given_up() {
    let service = Service::answering("dropped_call", [json!({"end": "silent"})]).await;
    let request = service.letta().request(Method::GET, "/v1/x");
    let mut call = Box::pin(request.send::<serde_json::Value>());
    while service.requests().await.is_empty() {
        assert!(call.as_mut().now_or_never().is_none());
    }
    drop(call);
    service.until_given_up().await;
}

#[wasm_bindgen_test]
async fn timers_hold_for_many_calls_in_a_row() {
    let answers: Vec<_> = (0..120).map(|_| json!({"pieces": ["{}"]})).collect();
    let service = Service::answering("in_a_row", answers).await;
    let letta = service.letta();
    for _ in 0..120 {
        letta.request(Method::GET, "/v1/x").await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn timers_hold_for_many_waits_in_a_row() {
    let mut answers = vec![json!({"status": 503, "headers": {"retry-after-ms": "1"}}); 60];
    answers.push(json!({"pieces": ["{}"]}));
    let service = Service::answering("waits_in_a_row", answers).await;
    let letta = service.configured(|builder| {
        builder.retry(
            letta_api_ext::RetryPolicy::standard()
                .max_attempts(100)
                .backoff(Duration::from_millis(1), Duration::from_millis(1)),
        )
    });
    letta.request(Method::GET, "/v1/x").await.unwrap();
    assert_eq!(service.requests().await.len(), 61);
}

#[wasm_bindgen_test]
async fn a_timer_may_be_dropped_at_any_moment() {
    let answers: Vec<_> = (0..200).map(|_| json!({"pieces": ["{}"]})).collect();
    let service = Service::answering("dropped_timers", answers).await;
    let letta = service.letta();
    for polls in 0..50 {
        let request = letta.request(Method::GET, "/v1/x");
        let mut call = Box::pin(request.send::<serde_json::Value>());
        for _ in 0..polls % 4 {
            assert!(call.as_mut().now_or_never().is_none());
        }
    }
    letta.request(Method::GET, "/v1/x").await.unwrap();
}

#[wasm_bindgen_test]
async fn a_deadline_beyond_what_one_timer_counts_is_no_early_end() {
    // A browser's timer counts 2^31 - 1 ms, which is less than 25 days. A longer one would end at once.
    for (name, days) in [
        ("days_24", 24),
        ("days_25", 25),
        ("days_60", 60),
        ("days_ever", 1_000_000),
    ] {
        let late = json!({"status": 503, "headers": {"retry-after-ms": "50"}});
        let service = Service::answering(name, [late, json!({"pieces": ["{}"]})]).await;
        let deadline = Duration::from_secs(days * 24 * 60 * 60);
        let request = service.letta().request(Method::GET, "/v1/x");
        request.with_deadline(deadline).await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn calls_side_by_side_have_timers_of_their_own() {
    let answers = (0..20).map(|number| match number % 2 {
        0 => json!({"pieces": ["{}"]}),
        _ => json!({"end": "silent"}),
    });
    let service = Service::answering("side_by_side", answers).await;
    let letta = service.impatient();
    let calls = (0..20).map(|_| {
        let request = letta.request(Method::GET, "/v1/x");
        request
            .with_deadline(Duration::from_secs(2))
            .send::<serde_json::Value>()
    });
    let answers = futures_util::future::join_all(calls).await;
    for error in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(error.is_timeout(), "{error}");
    }
    assert!(answers.iter().any(Result::is_err));
}
