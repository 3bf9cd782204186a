//! Calls without an answer. A browser tells a page nothing of why.

use std::time::Duration;

use letta_api_ext::{Error, Letta, RetryPolicy};
use letta_api_in_browser_tests::{API_KEY, Servers, Service, origin, printed};
use reqwest::Method;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

/// What JavaScript throws has a stack, with the addresses of scripts, and may have the URL of the request.
pub(crate) fn assert_prints_nothing_of_the_page(error: &(dyn std::error::Error + 'static)) {
    let text = printed(error);
    for part in [
        "JsValue",
        "TypeError",
        "DOMException",
        "Failed to fetch",
        ".js",
        "wasm",
        "http://",
        "https://",
        "/v1/",
        API_KEY,
    ] {
        assert!(!text.contains(part), "{part} is in {text}");
    }
    assert!(!text.contains(&origin()));
}

async fn ask(letta: &Letta, method: Method) -> Error {
    let request = letta.request(method.clone(), "/v1/secret-1");
    let request = match method {
        Method::POST => request.json(&json!({"a": 1})),
        _ => request,
    };
    request.await.unwrap_err()
}

fn assert_unexplained(error: &Error, host: &str) {
    assert!(error.is_interrupted() && !error.is_connect() && !error.is_timeout());
    assert!(error.may_have_happened() && error.is_retryable());
    assert_eq!(error.status(), None);
    let text = error.to_string();
    let beginning = format!("no answer from {host}: a browser does not tell a page why.");
    assert!(text.contains(&beginning), "{text}");
    let places = ["network is down", "(CORS)", "content security policy"].map(|it| text.find(it));
    assert!(places[0].is_some() && places.is_sorted(), "{text}");
    assert_prints_nothing_of_the_page(error);
}

#[wasm_bindgen_test]
async fn a_dead_host_a_refused_origin_and_a_broken_connection_are_told_alike() {
    let servers = Servers::find().await;
    let nobody = Letta::builder()
        .api_key(API_KEY)
        .base_url(&*servers.nobody)
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let hidden = json!({"may_read": false});
    let closed = json!({"may_ask": false, "may_read": false});
    let broken = json!({"end": "broken", "headers": {"content-length": "9"}});
    let service = Service::answering("hidden", vec![hidden; 2]).await;
    let other = Service::answering("refused_origin", vec![closed; 2]).await;
    for method in [Method::GET, Method::POST] {
        let host = servers.nobody.strip_prefix("http://").unwrap();
        assert_unexplained(&ask(&nobody, method.clone()).await, host);
        let host = servers.service.strip_prefix("http://").unwrap();
        assert_unexplained(&ask(&service.impatient(), method.clone()).await, host);
        assert_unexplained(&ask(&other.impatient(), method).await, host);
    }
    assert_eq!(service.requests().await.len(), 2);
    assert!(other.requests().await.is_empty());
    let service = Service::answering("broken_body", [broken]).await;
    let error = ask(&service.impatient(), Method::GET).await;
    assert!(
        error.is_interrupted() && error.may_have_happened(),
        "{error}"
    );
    assert_prints_nothing_of_the_page(&error);
}

#[wasm_bindgen_test]
async fn what_may_have_happened_is_not_sent_again() {
    let silent = || json!({"end": "broken", "pieces": ["{"]});
    let service = Service::answering("read_again", [silent(), json!({"pieces": ["{}"]})]).await;
    let letta = service.letta();
    let read = letta.request(Method::GET, "/v1/x").await.unwrap();
    assert_eq!(read, json!({}));
    assert_eq!(service.requests().await.len(), 2);

    let service = Service::answering("send_once", [silent(), json!({"pieces": ["{}"]})]).await;
    let send = service
        .letta()
        .request(Method::POST, "/v1/x")
        .json(&json!({}));
    let error = send.await.unwrap_err();
    assert!(error.may_have_happened());
    assert_eq!(service.requests().await.len(), 1);
}

#[wasm_bindgen_test]
async fn a_read_that_a_page_may_not_see_is_tried_as_often_as_the_policy_says() {
    let servers = Servers::find().await;
    let letta = Letta::builder()
        .api_key(API_KEY)
        .base_url(&*servers.nobody)
        .retry(RetryPolicy::standard().backoff(Duration::from_millis(1), Duration::from_millis(1)))
        .build()
        .unwrap();
    let error = letta.agent("agent-1").get().await.unwrap_err();
    assert_eq!(error.attempts(), 3);
}

#[wasm_bindgen_test]
async fn the_raw_clients_errors_print_nothing_of_the_page() {
    let servers = Servers::find().await;
    let url = servers.nobody.parse().unwrap();
    let client = letta_api::Client::new(url, reqwest::Client::new());
    let error = client.check_health().await.unwrap_err();
    assert_prints_nothing_of_the_page(&error);
    let letta_api::Error::Transport(error) = error else {
        panic!("{error}");
    };
    assert_eq!(error.peer(), servers.nobody.strip_prefix("http://"));
    assert!(error.reason().unwrap().contains("a browser does not tell"));
    assert!(!error.is_unprocessed());

    let broken = json!({"end": "broken", "pieces": ["{\"version\":"]});
    let service = Service::answering("raw_broken", [broken]).await;
    let url = service.url().parse().unwrap();
    let client = letta_api::Client::new(url, reqwest::Client::new());
    let error = client.check_health().await.unwrap_err();
    assert_prints_nothing_of_the_page(&error);
}

#[wasm_bindgen_test]
async fn what_a_browser_refuses_to_send_is_invalid_input() {
    let service = Service::answering("not_sent", []).await;
    let url = format!("{}/v1/secret-1", service.url()).parse().unwrap();
    let request = reqwest::Request::new(Method::TRACE, url);
    let letta = service.letta();
    let sent = letta
        .api()
        .execute(request, &letta_api::operations::CHECK_HEALTH);
    let error = Error::from(sent.await.unwrap_err());
    assert!(
        error.is_invalid_input() && !error.may_have_happened(),
        "{error}"
    );
    assert!(
        error.to_string().contains("its method must not be CONNECT"),
        "{error}"
    );
    assert_prints_nothing_of_the_page(&error);
    assert!(service.requests().await.is_empty());
}
