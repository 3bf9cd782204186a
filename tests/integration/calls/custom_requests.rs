//! `letta.request`: what the description does not have is called like what it has.

use std::collections::BTreeMap;
use std::time::Duration;

use letta_api_ext::RetryPolicy;
use letta_api_ext::reqwest::Method;
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::{
    API_KEY, TOKEN, TOKEN_PART, Tap, answer, configured, persistent, printed, split,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn json_answer(status: &str, body: &str) -> Vec<u8> {
    answer(status, "application/json", body)
}

#[tokio::test]
async fn a_request_has_all_that_other_calls_have() {
    let tap = Tap::start(json_answer("200 OK", r#"{"a":[1]}"#)).await;
    let letta = configured(format!("{}/proxy/v1/", tap.url()), |it| it.project("mine"));
    let value: Value = letta
        .request(Method::POST, "/v1/things/{thing}/parts/{part}/")
        .path_param("part", "ä b/c")
        .path_param("thing", "t-1")
        .query(&[("q", "x&y"), ("q", "z")])
        .query(&BTreeMap::from([("limit", 5)]))
        .json(&json!({ "name": "Ada" }))
        .send()
        .await
        .unwrap();
    assert_eq!(value, json!({ "a": [1] }));

    let request = tap.request();
    let (line, headers, body) = split(&request);
    let path = "/proxy/v1/things/t-1/parts/%C3%A4%20b%2Fc/?q=x%26y&q=z&limit=5";
    assert_eq!(line, format!("POST {path} HTTP/1.1"));
    assert_eq!(body, r#"{"name":"Ada"}"#);
    let headers: BTreeMap<_, _> = headers.into_iter().collect();
    assert_eq!(headers["authorization"], format!("Bearer {API_KEY}"));
    assert_eq!(headers["x-project"], "mine");
    assert_eq!(headers["content-type"], "application/json");
    assert_eq!(headers["accept"], "application/json, */*");
    let mut names: Vec<_> = headers.keys().map(String::as_str).collect();
    names.retain(|name| !["user-agent", "x-stainless-package-version"].contains(name));
    assert_eq!(
        names,
        [
            "accept",
            "authorization",
            "content-length",
            "content-type",
            "host",
            "x-project"
        ]
    );
}

#[tokio::test]
async fn an_answer_is_decoded_and_may_be_empty() {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Thing {
        id: String,
    }

    async fn get<T: serde::de::DeserializeOwned>(
        status: &str,
        body: &str,
    ) -> Result<T, letta_api_ext::Error> {
        let tap = Tap::start(json_answer(status, body)).await;
        tap.letta().request(Method::GET, "/v1/x").send().await
    }

    let thing: Thing = get("200 OK", r#"{"id":"1","more":true}"#).await.unwrap();
    assert_eq!(thing.id, "1");
    let thing: Thing = get("202 Accepted", r#"{"id":"1"}"#).await.unwrap();
    assert_eq!(thing.id, "1");
    get::<()>("204 No Content", "").await.unwrap();
    get::<()>("200 OK", "null").await.unwrap();
    assert_eq!(get::<Option<Thing>>("200 OK", "").await.unwrap(), None);
    assert_eq!(get::<Value>("200 OK", "").await.unwrap(), Value::Null);

    for (body, says) in [
        ("{}", "field `id` is missing"),
        ("", "it is empty"),
        ("<html>", "HTML"),
        (r#"{"id":"1""#, "ends early"),
    ] {
        let error = get::<Thing>("200 OK", body).await.unwrap_err();
        assert!(
            error.is_invalid_response() && error.may_have_happened(),
            "{error}"
        );
        assert_eq!(error.operation(), Some("request"));
        assert_eq!(error.request_id(), Some("req-7"));
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_body_comes_whole_or_as_it_arrives() {
    let tap = Tap::start(answer("200 OK", "text/event-stream", "data: 1\n\n")).await;
    let request = tap.letta().request(Method::GET, "/v1/x");
    assert_eq!(request.clone().bytes().await.unwrap(), "data: 1\n\n");
    let mut stream = request.stream().await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), "data: 1\n\n");
    assert!(stream.next().await.is_none());
    let accepts: Vec<String> = tap
        .requests()
        .iter()
        .map(|request| {
            let headers = split(request).1;
            headers
                .into_iter()
                .find(|(name, _)| name == "accept")
                .unwrap()
                .1
        })
        .collect();
    assert_eq!(accepts, ["application/json, */*", "text/event-stream, */*"]);

    let tap = Tap::start(json_answer(
        "409 Conflict",
        r#"{"detail":"CONFLICT: busy"}"#,
    ))
    .await;
    let request = tap.letta().request(Method::POST, "/v1/x");
    let request = request.body("text/plain", "hello");
    for error in [
        request.clone().bytes().await.unwrap_err(),
        request.clone().stream().await.unwrap_err(),
        request.await.unwrap_err(),
    ] {
        assert_eq!(error.status().unwrap(), 409);
        assert_eq!(error.message(), Some("CONFLICT: busy"));
    }
    let request = &tap.requests()[0];
    assert!(request.ends_with("\r\n\r\nhello"), "{request}");
    assert!(
        request.contains("content-type: text/plain\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_by_the_callers_word() {
    for (method, word, requests) in [
        (Method::GET, None, 2),
        (Method::HEAD, None, 2),
        (Method::OPTIONS, None, 2),
        (Method::POST, None, 1),
        (Method::PUT, None, 1),
        (Method::PATCH, None, 1),
        (Method::DELETE, None, 1),
        (Method::GET, Some(false), 1),
        (Method::POST, Some(true), 2),
    ] {
        let server = FaultServer::start([
            Fault::ResetAfterRequest,
            Fault::Answer(answer("200 OK", "application/json", "")),
        ])
        .await;
        let letta = persistent(server.url());
        let mut request = letta.request(method.clone(), "/v1/x");
        if let Some(word) = word {
            request = request.safe_to_repeat(word);
        }
        let outcome = request.send::<()>().await;
        assert_eq!(server.requests().len(), requests, "{method} {word:?}");
        match outcome {
            Ok(()) => assert_eq!(requests, 2),
            Err(error) => assert!(error.may_have_happened() && requests == 1, "{error}"),
        }
    }
}

#[tokio::test]
async fn options_of_a_call_are_those_of_other_calls() {
    let server = FaultServer::start([Fault::HangOnAccept]).await;
    let request = persistent(server.url()).request(Method::GET, "/v1/x");
    let short = Duration::from_millis(50);
    let error = request.clone().with_deadline(short).await.unwrap_err();
    assert!(error.is_deadline_exceeded(), "{error}");
    let error = request
        .clone()
        .with_attempt_timeout(short)
        .with_retry(RetryPolicy::never())
        .await
        .unwrap_err();
    assert!(error.is_timeout() && error.attempts() == 1, "{error}");
    let error = request.with_deadline(Duration::ZERO).await.unwrap_err();
    assert_eq!(error.field(), Some("deadline"));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before() {
    #[derive(Serialize)]
    struct Nested {
        list: Vec<Vec<u8>>,
    }

    let tap = Tap::start(json_answer("200 OK", "null")).await;
    let letta = tap.letta();
    let get = |path: &str| letta.request(Method::GET, path);
    let not_json = BTreeMap::from([(vec![1], 2)]);
    for (request, field) in [
        (get("v1/x"), "path"),
        (get("/v1/x?y=1"), "path"),
        (get("/v1/{id}"), "path"),
        (get(&format!("/v1/{TOKEN}")), "path"),
        (get(&format!("/v1/{API_KEY}")), "path"),
        (get("/v1/{id}").path_param("id", ""), "id"),
        (get("/v1/{id}").path_param("id", ".."), "id"),
        (get("/v1/x").query(&Nested { list: Vec::new() }), "query"),
        (get("/v1/x").json(&not_json), "body"),
        (get("/v1/x").body("text\n", "x"), "content_type"),
        (
            get("/v1/x").with_header("authorization", "Basic x"),
            "header",
        ),
        (letta.request(Method::TRACE, "/v1/x"), "method"),
    ] {
        let printed_request = format!("{request:?}");
        let error = request.await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert_eq!(error.field(), Some(field), "{error}");
        let text = printed_request + &printed(&error);
        assert!(
            !text.contains(TOKEN_PART) && !text.contains("k3yk3y"),
            "{text}"
        );
    }
    assert_eq!(tap.requests().len(), 0);
}

#[tokio::test]
async fn a_value_in_the_path_is_a_secret() {
    let echo = format!(r#"{{"message":"no thing hunter2-hunter2 and no {TOKEN}"}}"#);
    for status in ["404 Not Found", "500 Oh", "200 OK"] {
        let tap = Tap::start(json_answer(status, &echo)).await;
        let error = tap
            .letta()
            .request(Method::DELETE, "/v1/things/{thing}")
            .path_param("thing", "hunter2-hunter2")
            .send::<Vec<u8>>()
            .await
            .unwrap_err();
        let text = printed(&error);
        assert!(
            !text.contains("hunter2") && !text.contains(TOKEN_PART),
            "{text}"
        );
        assert!(text.contains("request"), "{text}");
    }
}

#[tokio::test]
async fn what_is_not_looked_at_needs_no_type() {
    let tap = Tap::start(answer("204 No Content", "text/plain", "")).await;
    let letta = tap.letta();
    letta.request(Method::DELETE, "/v1/x").await.unwrap();
    assert!(
        letta
            .request(Method::GET, "/v1/x")
            .bytes()
            .await
            .unwrap()
            .is_empty()
    );
    letta.request(Method::GET, "/v1/x").stream().await.unwrap();
}

#[tokio::test]
async fn a_path_never_leaves_the_base_url() {
    let tap = Tap::start(json_answer("200 OK", "null")).await;
    for stem in ["", "/proxy"] {
        let letta = configured(format!("{}{stem}", tap.url()), |it| it);
        for (path, sent) in [
            ("//evil.example/x", "//evil.example/x"),
            ("/v1/@evil.example", "/v1/@evil.example"),
            ("/v1/x;y=1", "/v1/x;y=1"),
            ("/v1/x:80/", "/v1/x:80/"),
            ("/v1/ключ", "/v1/%D0%BA%D0%BB%D1%8E%D1%87"),
            ("/", "/"),
        ] {
            letta.request(Method::GET, path).await.unwrap();
            let requests = tap.requests();
            let line = requests.last().unwrap().lines().next().unwrap();
            assert_eq!(line, format!("GET {stem}{sent} HTTP/1.1"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_has_the_clients_limit_unless_it_is_a_stream() {
    let long = format!("\"{}\"", "x".repeat(1_000));
    let tap = Tap::start(json_answer("200 OK", &long)).await;
    let letta = configured(tap.url(), |it| it.response_body_limit(1_000));
    let request = || letta.request(Method::GET, "/v1/x");
    for error in [
        request().bytes().await.unwrap_err(),
        request().send::<String>().await.unwrap_err(),
    ] {
        assert!(error.is_invalid_response(), "{error}");
        assert!(
            error.to_string().contains("longer than 1000 bytes"),
            "{error}"
        );
    }
    let mut stream = request().stream().await.unwrap();
    let mut length = 0;
    while let Some(piece) = stream.next().await {
        length += piece.unwrap().len();
    }
    assert_eq!(length, long.len());
    // As long as the limit is not too long.
    let letta = configured(tap.url(), |it| it.response_body_limit(long.len()));
    let request = letta.request(Method::GET, "/v1/x");
    assert_eq!(request.bytes().await.unwrap().len(), long.len());
}
