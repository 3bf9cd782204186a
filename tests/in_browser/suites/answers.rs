//! What a page is answered.

use letta_api_in_browser_tests::{API_KEY, Service, printed};
use reqwest::Method;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn an_answer_in_pieces_is_put_together() {
    let pieces: Vec<String> = (0..200).map(|number| format!("{number},")).collect();
    let whole = format!("[{}0]", pieces.concat());
    let all: Vec<&str> = ["["]
        .into_iter()
        .chain(pieces.iter().map(String::as_str))
        .chain(["0]"])
        .collect();
    let service = Service::answering("in_pieces", [json!({"pieces": all})]).await;
    let request = service.letta().request(Method::GET, "/v1/x");
    let body = request.bytes().await.unwrap();
    assert_eq!(body, whole);
}

#[wasm_bindgen_test]
async fn an_error_answer_is_told_with_what_the_service_said_of_it() {
    let said = format!(r#"{{"message":"No agent. Key {API_KEY}."}}"#);
    let answer = json!({"status": 404, "pieces": [said], "headers": {"x-request-id": "req-7"}});
    let service = Service::answering("not_found", [answer]).await;
    let error = service.letta().agent("agent-1").get().await.unwrap_err();
    assert!(error.is_not_found() && !error.may_have_happened());
    assert_eq!(error.message(), Some("No agent. Key [redacted]."));
    assert_eq!(error.request_id(), Some("req-7"));
    assert!(!printed(&error).contains(API_KEY));
}

#[wasm_bindgen_test]
async fn bodies_have_a_limit_whatever_the_service_says_of_their_length() {
    let text = format!("\"{}\"", "x".repeat(998));
    let length = json!({"content-length": "1000"});
    for (name, headers) in [("limit", json!({})), ("limit_said", length)] {
        // A browser may ask again by itself, on another connection.
        let answer = json!({"pieces": [text], "headers": headers});
        let service = Service::answering(name, vec![answer; 9]).await;
        let short = service.configured(|builder| builder.response_body_limit(999));
        let error = short.request(Method::GET, "/v1/x").await.unwrap_err();
        assert!(error.is_invalid_response(), "{error}");
        assert!(error.to_string().contains("longer than 999 bytes"));
        assert_eq!(error.attempts(), 1);
        let enough = service.configured(|builder| builder.response_body_limit(1000));
        enough.request(Method::GET, "/v1/x").await.unwrap();
    }
}

#[wasm_bindgen_test]
async fn an_answer_that_is_not_json_is_told() {
    let html =
        json!({"pieces": ["<html>Sign in</html>"], "headers": {"content-type": "text/html"}});
    let service = Service::answering("not_json", [html]).await;
    let error = service.letta().agent("agent-1").get().await.unwrap_err();
    assert!(error.is_invalid_response(), "{error}");
    assert!(!error.to_string().contains("Sign in"));
}
