//! Calls that are sent again.

use std::time::Duration;

use letta_api_in_browser_tests::Service;
use reqwest::Method;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_call_waits_as_long_as_the_service_asks() {
    let answers = [
        json!({"status": 429, "headers": {"retry-after": "1"}}),
        json!({"status": 503}),
        json!({"pieces": ["{}"]}),
    ];
    let service = Service::answering("waits", answers).await;
    let begun = now();
    let request = service.letta().request(Method::GET, "/v1/x");
    request.await.unwrap();
    assert!(now() - begun >= Duration::from_secs(1));
    assert_eq!(service.requests().await.len(), 3);
}

#[wasm_bindgen_test]
async fn a_refused_create_is_sent_again_with_its_body() {
    let answers = [
        json!({"status": 429, "headers": {"retry-after-ms": "1"}}),
        json!({"pieces": ["{}"]}),
    ];
    let service = Service::answering("sent_again", answers).await;
    let body = json!({"name": "Ada"});
    let request = service.letta().request(Method::POST, "/v1/agents/");
    request.json(&body).await.unwrap();
    let requests = service.requests().await;
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(request.body, body.to_string());
    }
}

#[wasm_bindgen_test]
async fn a_wait_that_the_deadline_does_not_allow_ends_the_call_at_once() {
    let answers = [json!({"status": 429, "headers": {"retry-after": "3600"}})];
    let service = Service::answering("long_wait", answers).await;
    let error = service.letta().agent("agent-1").get().await.unwrap_err();
    assert!(error.is_rate_limited(), "{error}");
    let hour = Duration::from_secs(3600);
    assert_eq!(error.retry_after(), Some(hour));
}

/// The time since the page was loaded.
fn now() -> Duration {
    let performance = web_sys::window().unwrap().performance().unwrap();
    Duration::from_secs_f64(performance.now() / 1_000.0)
}
