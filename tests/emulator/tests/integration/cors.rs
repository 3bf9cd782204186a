use letta_api_emulator::{Emulator, Fault};
use reqwest::Method;
use serde_json::json;

use crate::raw::{Answer, HOSTNAME, TOKENS, anonymous, create, delete, good_body, request};

const MESSAGES: &str = "/v1/agents/agent-1/messages";

/// What the official clients send of both generations, beside what browsers set themselves.
const REQUEST_HEADERS: [&str; 21] = [
    "accept",
    "authorization",
    "content-type",
    "user-agent",
    "x-fern-language",
    "x-fern-runtime",
    "x-fern-runtime-version",
    "x-fern-sdk-name",
    "x-fern-sdk-version",
    "x-project",
    "x-project-id",
    "x-stainless-arch",
    "x-stainless-async",
    "x-stainless-lang",
    "x-stainless-os",
    "x-stainless-package-version",
    "x-stainless-read-timeout",
    "x-stainless-retry-count",
    "x-stainless-runtime",
    "x-stainless-runtime-version",
    "x-stainless-timeout",
];

async fn preflight(emulator: &Emulator, path: &str, origin: &str) -> Answer {
    let request = anonymous(emulator, Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,content-type",
        );
    Answer::of(request).await
}

async fn token(emulator: &Emulator, origin: &str) -> String {
    let mut body = good_body();
    body["hostname"] = json!(origin);
    let answer = create(emulator, &body).await.json();
    answer["token"].as_str().unwrap().to_owned()
}

/// What says that a page may read the answer.
fn allowed(answer: &Answer) -> Option<&str> {
    answer
        .headers
        .contains_key("access-control-allow-origin")
        .then(|| answer.header("access-control-allow-origin"))
}

#[tokio::test]
async fn a_preflight_succeeds_from_where_a_token_was_made_for_and_nowhere_else() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    assert_eq!(preflight(&emulator, MESSAGES, HOSTNAME).await.status, 403);
    let token = token(&emulator, HOSTNAME).await;
    // Whether it lives or not: the page must be able to read that it does not.
    for _ in 0..2 {
        for path in [
            "/v1/agents/agent-1",
            MESSAGES,
            "/v1/agents/agent-2/messages/stream",
        ] {
            let answer = preflight(&emulator, path, HOSTNAME).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(allowed(&answer), Some(HOSTNAME));
            assert_eq!(
                answer.header("access-control-allow-methods"),
                "GET,POST,PATCH"
            );
            assert_eq!(answer.header("access-control-max-age"), "600");
            assert!(
                !answer
                    .headers
                    .contains_key("access-control-allow-credentials")
            );
            let headers = answer.header("access-control-allow-headers");
            let mut headers: Vec<_> = headers.split(',').collect();
            headers.sort_unstable();
            assert_eq!(headers, REQUEST_HEADERS);
        }
        delete(&emulator, &token).await;
    }
    for origin in [
        "https://evil.example",
        "http://chat.example.com",
        "null",
        "*",
        "",
    ] {
        let answer = preflight(&emulator, MESSAGES, origin).await;
        assert_eq!(answer.status, 403, "{origin}");
        assert_eq!(allowed(&answer), None);
        assert!(answer.message().contains("no client-side token was made"));
    }
}

#[tokio::test]
async fn no_page_may_ask_for_what_takes_the_api_key() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    token(&emulator, HOSTNAME).await;
    for path in [
        TOKENS,
        "/v1/client-side-access-tokens/ck-let-x",
        "/v1/agents/",
    ] {
        let answer = preflight(&emulator, path, HOSTNAME).await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(allowed(&answer), None);
    }
    // Nor read what the key opens.
    let with_key = request(&emulator, Method::GET, MESSAGES).header("origin", HOSTNAME);
    let answer = Answer::of(with_key).await;
    assert_eq!(answer.status, 200);
    assert_eq!(allowed(&answer), None);
}

#[tokio::test]
async fn a_page_may_read_the_answers_to_its_own_token_whatever_they_are() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let own = token(&emulator, HOSTNAME).await;
    let deleted = token(&emulator, HOSTNAME).await;
    delete(&emulator, &deleted).await;
    let of_other = token(&emulator, "https://other.example").await;
    let call = |method: Method, path: &str, token: &str| {
        let request = anonymous(&emulator, method, path)
            .bearer_auth(token)
            .header("origin", HOSTNAME)
            .json(&json!({"input": "Hello"}));
        Answer::of(request)
    };
    for (method, path, token, status, readable) in [
        (Method::GET, MESSAGES, &*own, 200, true),
        (Method::POST, MESSAGES, &own, 403, true),
        (Method::GET, "/v1/agents/agent-2/messages", &own, 403, true),
        (Method::DELETE, MESSAGES, &own, 403, true),
        (Method::GET, MESSAGES, &deleted, 401, true),
        (Method::GET, MESSAGES, "ck-let-unknown", 401, true),
        (Method::GET, MESSAGES, &of_other, 403, false),
    ] {
        let answer = call(method.clone(), path, token).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            allowed(&answer).is_some(),
            readable,
            "{method} {path} {status}"
        );
        assert_eq!(answer.header("vary"), "origin, authorization");
    }
    emulator
        .inject(Fault::status(429).retry_after(std::time::Duration::from_secs(7)))
        .unwrap();
    let answer = call(Method::GET, MESSAGES, &own).await;
    assert_eq!((answer.status, allowed(&answer)), (429, Some(HOSTNAME)));
    assert_eq!(answer.header("retry-after"), "7");
    let exposed = answer.header("access-control-expose-headers");
    assert_eq!(exposed, "date,retry-after,x-request-id");
}

#[tokio::test]
async fn a_page_that_no_token_was_made_for_may_read_nothing() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let token = token(&emulator, HOSTNAME).await;
    for credential in [&*token, "ck-let-unknown"] {
        let request = anonymous(&emulator, Method::GET, MESSAGES)
            .bearer_auth(credential)
            .header("origin", "https://evil.example");
        let answer = Answer::of(request).await;
        assert!(matches!(answer.status, 401 | 403));
        assert_eq!(allowed(&answer), None);
    }
}

#[tokio::test]
async fn an_options_that_is_no_preflight_gets_no_headers() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let token = token(&emulator, HOSTNAME).await;
    for (origin, method) in [
        (None, None),
        (None, Some("POST")),
        (Some(HOSTNAME), None),
        (Some("https://evil.example"), None),
    ] {
        let mut options = anonymous(&emulator, Method::OPTIONS, MESSAGES).bearer_auth(&token);
        if let Some(origin) = origin {
            options = options.header("origin", origin);
        }
        if let Some(method) = method {
            options = options.header("access-control-request-method", method);
        }
        let answer = Answer::of(options).await;
        assert_eq!(answer.status, 400, "{origin:?} {method:?}");
        assert_eq!(allowed(&answer), None);
        assert!(answer.message().contains("preflight"));
    }
}
