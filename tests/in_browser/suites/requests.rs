//! What a page sends.

use letta_api_in_browser_tests::{API_KEY, Service};
use reqwest::Method;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_request_has_its_method_path_query_key_and_body() {
    let answers = [(); 4].map(|()| json!({"pieces": ["{}"]}));
    let service = Service::answering("a_request_has", answers).await;
    let letta = service.letta();
    for method in [Method::GET, Method::DELETE, Method::PATCH, Method::POST] {
        let mut request = letta
            .request(method.clone(), "/v1/agents/{agent_id}")
            .path_param("agent_id", "agent/1")
            .query(&[("a b", "ä&")]);
        if [Method::PATCH, Method::POST].contains(&method) {
            request = request.json(&json!({"name": "Zoë"}));
        }
        let answer = request.await.unwrap();
        assert_eq!(answer, json!({}));
    }
    let requests = service.requests().await;
    let methods: Vec<&str> = requests.iter().map(|it| &*it.method).collect();
    assert_eq!(methods, ["GET", "DELETE", "PATCH", "POST"]);
    for request in &requests {
        assert_eq!(request.target, "/v1/agents/agent%2F1?a+b=%C3%A4%26");
        let key = format!("Bearer {API_KEY}");
        assert_eq!(request.headers["authorization"], key);
        let has_body = ["PATCH", "POST"].contains(&&*request.method);
        let body = if has_body { r#"{"name":"Zoë"}"# } else { "" };
        assert_eq!(request.body, body);
        let media_type = request.headers.get("content-type");
        let is_json = media_type.is_some_and(|it| it == "application/json");
        assert_eq!(is_json, has_body);
    }
}

#[wasm_bindgen_test]
async fn a_service_is_asked_for_few_headers_before_a_request() {
    let answers = [(); 2].map(|()| json!({"pieces": ["{}"]}));
    let service = Service::answering("few_headers", answers).await;
    let letta = service.letta();
    letta.request(Method::GET, "/v1/x").await.unwrap();
    let post = letta.request(Method::POST, "/v1/x").json(&json!({}));
    post.await.unwrap();
    for (request, asked) in service.requests().await.iter().zip([
        "authorization",
        "authorization,content-type,x-stainless-package-version",
    ]) {
        // The service of these tests notes what it was asked before.
        assert_eq!(request.headers["x-asked-for"], asked);
        // Browsers set these alone.
        assert!(request.headers["user-agent"].starts_with("Mozilla/"));
        assert!(request.headers["origin"].starts_with("http://127.0.0.1:"));
    }
}

#[wasm_bindgen_test]
async fn headers_of_the_application_are_sent() {
    let service = Service::answering("own_headers", [json!({"pieces": ["{}"]})]).await;
    let letta = service.configured(|builder| builder.header("X-Gateway", "g-4711").project("p-1"));
    letta.request(Method::GET, "/v1/x").await.unwrap();
    let requests = service.requests().await;
    assert_eq!(requests[0].headers["x-gateway"], "g-4711");
    assert_eq!(requests[0].headers["x-project"], "p-1");
}

#[wasm_bindgen_test]
async fn the_raw_client_sends_requests_too() {
    let health = r#"{"version":"0.16.8","status":"ok"}"#;
    let service = Service::answering("raw_client", [json!({"pieces": [health]})]).await;
    let url = service.url().parse().unwrap();
    let client = letta_api::Client::new(url, reqwest::Client::new());
    let answer = client.check_health().await.unwrap();
    assert_eq!(answer.into_inner().version, "0.16.8");
    let requests = service.requests().await;
    assert_eq!(requests[0].target, "/v1/health/");
    assert!(!requests[0].headers.contains_key("authorization"));
}
