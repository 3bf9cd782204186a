use letta_api_emulator::Emulator;
use reqwest::Method;

use crate::raw::{self, Answer, HOSTNAME, TOKENS, anonymous, good_body};

/// The operations, malformed in every way that comes after the key.
fn malformed() -> [(Method, String); 3] {
    [
        (Method::POST, format!("{TOKENS}?limit=x")),
        (Method::GET, format!("{TOKENS}?limit=x")),
        (Method::DELETE, format!("{TOKENS}/%FF")),
    ]
}

#[tokio::test]
async fn without_the_right_key_every_operation_is_401_whatever_else_is_wrong() {
    let emulator = Emulator::builder().project("web").start().await.unwrap();
    let cases: &[&[&[u8]]] = &[
        &[],
        &[b""],
        &[b"Bearer"],
        &[b"Bearer "],
        &[b"Bearer sk-let-wrong"],
        &[b"Bearer sk-let-emulator1"],
        &[b"Bearer SK-LET-EMULATOR"],
        &[b"Bearer sk-let-emulator sk-let-emulator"],
        &[b"sk-let-emulator"],
        &[b"Basic sk-let-emulator"],
        &[b"Bearer\tsk-let-emulator"],
        &[b"Bearer \xff\xfe"],
        &[b"Bearer sk-let-emulator", b"Bearer sk-let-emulator"],
        &[b"Bearer undefined"],
    ];
    for headers in cases {
        for (method, path) in malformed() {
            let mut request = anonymous(&emulator, method.clone(), &path)
                .header("x-project", "unknown")
                .header("x-project-id", "unknown")
                .body("{");
            for value in *headers {
                request = request.header("authorization", *value);
            }
            let answer = Answer::of(request).await;
            assert_eq!(answer.status, 401, "{method} with {headers:?}");
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            assert!(!answer.message().is_empty());
        }
    }
    assert_eq!(emulator.tokens().len(), 0);
}

#[tokio::test]
async fn the_scheme_is_read_in_any_case_with_any_number_of_spaces() {
    let emulator = Emulator::start().await.unwrap();
    for value in [
        "Bearer sk-let-emulator",
        "bearer sk-let-emulator",
        "BEARER sk-let-emulator",
        "Bearer   sk-let-emulator",
    ] {
        let request = anonymous(&emulator, Method::GET, TOKENS).header("authorization", value);
        assert_eq!(Answer::of(request).await.status, 200, "{value}");
    }
}

#[tokio::test]
async fn the_key_is_the_one_that_the_emulator_was_given_without_the_white_space_round_it() {
    let emulator = Emulator::builder()
        .api_key("sk-let-mine\n")
        .start()
        .await
        .unwrap();
    assert_eq!(emulator.api_key().secret().expose_secret(), "sk-let-mine");
    for (key, status) in [("sk-let-mine", 200), (Emulator::DEFAULT_API_KEY, 401)] {
        let request = anonymous(&emulator, Method::GET, TOKENS).bearer_auth(key);
        assert_eq!(Answer::of(request).await.status, status);
    }
}

#[tokio::test]
async fn a_client_side_token_opens_none_of_the_operations_that_take_the_key() {
    let emulator = Emulator::start().await.unwrap();
    raw::create(&emulator, &good_body()).await;
    let token = emulator.tokens()[0].secret().expose_secret().to_owned();
    for (method, path) in [
        (Method::POST, TOKENS.to_owned()),
        (Method::GET, TOKENS.to_owned()),
        (Method::DELETE, format!("{TOKENS}/{token}")),
        (Method::POST, "/v1/agents/".to_owned()),
        (Method::GET, "/v1/agents/".to_owned()),
        (Method::GET, "/_emulator/state".to_owned()),
    ] {
        let request = anonymous(&emulator, method, &path)
            .bearer_auth(&token)
            .header("origin", HOSTNAME)
            .json(&good_body());
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.message().contains("it takes the API key"));
    }
    assert_eq!(emulator.token_count().live, 1);
    assert!(emulator.agents().is_empty());
}
