//! Time-outs, deadlines, and the timers behind them.

use std::time::Duration;

use futures_util::FutureExt;
use letta_api_ext::RetryPolicy;
use letta_api_in_browser_tests::Service;
use reqwest::Method;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn an_attempt_that_takes_too_long_is_given_up_and_another_follows() {
    // On a busy machine, others take too long, too.
    let mut answers = vec![json!({"pieces": ["{}"]}); 50];
    answers.insert(0, json!({"end": "silent"}));
    let service = Service::answering("too_long", answers).await;
    let wait = Duration::from_millis(1);
    let often = RetryPolicy::standard().max_attempts(50).backoff(wait, wait);
    let request = service.letta().request(Method::GET, "/v1/x");
    let answer = request
        .with_retry(often)
        .with_attempt_timeout(Duration::from_millis(500))
        .with_deadline(Duration::from_secs(60))
        .await;
    answer.unwrap();
    let requests = service.requests().await;
    assert!(requests.len() > 1 && requests[0].is_given_up);
}

/// Calls the service until it has seen one. On a busy machine, time may run out before that.
async fn run_out_of_time(service: &Service, limit: Duration) {
    while service.requests().await.is_empty() {
        let request = service.impatient().request(Method::POST, "/v1/x");
        let call = request.json(&json!({})).with_deadline(limit);
        let error = call.await.unwrap_err();
        assert!(
            error.is_timeout() && error.is_deadline_exceeded(),
            "{error}"
        );
        assert!(error.may_have_happened());
    }
    service.until_given_up().await;
}

#[wasm_bindgen_test]
async fn a_deadline_ends_a_call_and_its_request() {
    let service = Service::answering("deadline", vec![json!({"end": "silent"}); 50]).await;
    run_out_of_time(&service, Duration::from_millis(200)).await;
}

#[wasm_bindgen_test]
async fn a_body_that_does_not_end_is_given_up() {
    let open = json!({"pieces": ["{"], "end": "open"});
    let service = Service::answering("no_end", vec![open; 50]).await;
    run_out_of_time(&service, Duration::from_millis(500)).await;
}

#[wasm_bindgen_test]
async fn a_call_leaves_no_timer_behind() {
    let answers = [
        json!({"status": 503, "headers": {"retry-after-ms": "1"}}),
        json!({"pieces": ["{}"]}),
        json!({"end": "silent"}),
    ];
    let service = Service::answering("no_timer_left", answers).await;
    let timers = Timers::count();
    let letta = service.letta();
    letta.request(Method::GET, "/v1/x").await.unwrap();
    assert_eq!(timers.open(), 0);
    let request = letta.request(Method::GET, "/v1/x");
    let mut call = Box::pin(request.send::<serde_json::Value>());
    assert!(call.as_mut().now_or_never().is_none());
    assert_ne!(timers.open(), 0);
    drop(call);
    assert_eq!(timers.open(), 0);
}

/// Counts the page's timers.
struct Timers(js_sys::Set);

impl Timers {
    fn count() -> Self {
        let open = js_sys::eval(
            "const open = new Set(), set = setTimeout, clear = clearTimeout;
            open.begun = 0;
            globalThis.setTimeout = (work, wait) => {
                const id = set(() => { open.delete(id); work(); }, wait);
                open.add(id);
                open.begun += 1;
                return id;
            };
            globalThis.clearTimeout = (id) => { open.delete(id); clear(id); };
            open",
        );
        Self(open.unwrap().into())
    }

    /// How many are neither over nor ended.
    fn open(&self) -> u32 {
        self.0.size()
    }

    /// How many there were.
    fn begun(&self) -> f64 {
        let begun = js_sys::Reflect::get(&self.0, &"begun".into());
        begun.unwrap().as_f64().unwrap()
    }
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
            RetryPolicy::standard()
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
    let timers = Timers::count();
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
    // Nor is it a timer that is set again and again.
    assert!(timers.begun() < 50.0, "{}", timers.begun());
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
