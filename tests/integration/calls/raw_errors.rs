//! What is known of a call travels with its answer and its error, also through the raw client.

use std::time::Duration;

use letta_api::types::{
    self, AccessPolicyEntry, AccessRight, ClientSideAccessTokenCreate,
    ListClientSideAccessTokensParams,
};
use letta_api::{Operation, ResponseValue};
use letta_api_ext::reqwest::{Method, Request};
use letta_api_ext::{CallFacts, Error, Letta, RetryBudget};
use letta_api_tests::fault_server::{Fault, FaultServer, refused_url};
use letta_api_tests::{TOKEN, Tap, answer, configured, persistent, policy, printed, token_json};

const PAGE: &str = r#"{"tokens":[],"hasNextPage":false}"#;

fn json_answer(status: &str, body: &str) -> Fault {
    Fault::Answer(answer(status, "application/json", body))
}

/// What can be asked of an error.
fn asked(error: &Error) -> String {
    // Each server is at a port of its own.
    let text = error.to_string();
    let text = text.split_once(": ").map_or(&*text, |(_, rest)| rest);
    let digits_less: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    format!(
        "{digits_less} {:?}",
        (
            error.status(),
            error.message(),
            error.request_id(),
            error.attempts(),
            error.retry_after(),
            error.is_retryable(),
            error.may_have_happened(),
            error.is_invalid_response(),
            error.is_timeout(),
            error.is_connect(),
        )
    )
}

async fn list(letta: &Letta) -> Result<(), Error> {
    let params = ListClientSideAccessTokensParams::default();
    letta.api().list_client_side_access_tokens(&params).await?;
    Ok(())
}

async fn create(letta: &Letta) -> Result<(), Error> {
    let entry = AccessPolicyEntry::agent("agent-1", vec![AccessRight::ReadMessages]);
    let body = ClientSideAccessTokenCreate::new("https://app.example.com", vec![entry]);
    letta.api().create_client_side_access_token(&body).await?;
    Ok(())
}

#[tokio::test]
async fn an_error_of_the_raw_client_converts_without_loss() {
    let scripts: [&dyn Fn() -> Vec<Fault>; 10] = [
        &|| vec![json_answer("400 Bad Request", r#"{"message":"no"}"#)],
        &|| vec![json_answer("404 Not Found", r#"{"detail":"none"}"#)],
        &|| {
            vec![json_answer(
                "422 Unprocessable",
                r#"{"trace_id":"1","detail":"bad"}"#,
            )]
        },
        &|| {
            vec![Fault::Answer(answer(
                "502 Bad Gateway",
                "text/html",
                "<html>oh</html>",
            ))]
        },
        &|| {
            vec![
                json_answer("503 Busy", ""),
                json_answer("400 Bad Request", r#"{"message":"no"}"#),
            ]
        },
        &|| vec![json_answer("200 OK", "{")],
        &|| vec![json_answer("201 Created", "[]")],
        &|| vec![Fault::ResetAfterRequest],
        &|| {
            vec![Fault::AnswerThenReset(
                b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec(),
            )]
        },
        &|| vec![Fault::HangOnAccept],
    ];
    for (index, script) in scripts.into_iter().enumerate() {
        let mut outcomes = Vec::new();
        for is_raw in [true, false] {
            let server = FaultServer::start(script()).await;
            let letta = persistent(server.url()).with_attempt_timeout(Duration::from_millis(200));
            let error = match is_raw {
                true => list(&letta).await.unwrap_err(),
                false => letta.access_tokens().list().await.unwrap_err(),
            };
            assert_eq!(error.operation(), Some("list_client_side_access_tokens"));
            outcomes.push(asked(&error));
        }
        assert_eq!(outcomes[0], outcomes[1], "script {index}");
    }
    let letta = persistent(refused_url());
    let error = list(&letta).await.unwrap_err();
    assert!(error.is_connect() && error.attempts() == 3, "{error}");
}

#[tokio::test]
async fn a_create_that_may_have_happened_says_so_through_the_raw_client() {
    // The first answer is one after which a create is repeated, the second is lost.
    let busy = "HTTP/1.1 503 Busy\r\nretry-after-ms: 1\r\ncontent-length: 0\r\n\r\n";
    let server = FaultServer::start([Fault::Answer(busy.into()), Fault::ResetAfterRequest]).await;
    let error = create(&persistent(server.url())).await.unwrap_err();
    assert!(
        error.may_have_happened() && error.attempts() == 2,
        "{error}"
    );
    // An answer that cannot be read holds a token, and is not shown.
    let odd = token_json().replace("\"hostname\":", "\"hostname\":7,\"x\":");
    let server = FaultServer::start([json_answer("201 Created", &odd)]).await;
    let error = create(&persistent(server.url())).await.unwrap_err();
    assert!(
        error.is_invalid_response() && error.may_have_happened(),
        "{error}"
    );
    assert!(!printed(&error).contains(TOKEN), "{error}");
}

#[tokio::test]
async fn facts_come_with_an_answer_of_the_raw_client() {
    let server = FaultServer::start([
        Fault::ResetAfterRequest,
        json_answer("503 Busy", ""),
        json_answer("200 OK", PAGE),
    ])
    .await;
    let letta = persistent(server.url());
    let params = ListClientSideAccessTokensParams::default();
    let page = letta
        .api()
        .list_client_side_access_tokens(&params)
        .await
        .unwrap();
    let facts = CallFacts::of(&page).unwrap();
    assert_eq!(facts.attempts(), 3);
    assert!(facts.earlier_may_have_happened());
    assert!(!facts.is_redirected());
    assert_eq!(facts.operation().id, "list_client_side_access_tokens");
    assert!(facts.elapsed() < Duration::from_secs(60));
    let text = format!("{facts:?}");
    assert!(
        text.contains("attempts: 3") && !text.contains("127.0.0.1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_redirect_to_another_path_is_told() {
    let redirect = "HTTP/1.1 307 Elsewhere\r\nlocation: /v2/tokens\r\ncontent-length: 0\r\n\r\n";
    let server =
        FaultServer::start([Fault::Answer(redirect.into()), json_answer("200 OK", PAGE)]).await;
    let letta = persistent(server.url());
    let params = ListClientSideAccessTokensParams::default();
    let page = letta
        .api()
        .list_client_side_access_tokens(&params)
        .await
        .unwrap();
    assert!(CallFacts::of(&page).unwrap().is_redirected());
}

#[tokio::test]
async fn an_error_of_another_transport_says_what_its_answer_does() {
    for (body, message) in [
        (r#"{"message":"no"}"#, Some("no")),
        // The key is not known here; what looks like one is cut out all the same.
        (
            r#"{"message":"no sk-let-k3yk3yk3y0123456789 here"}"#,
            Some("no sk-let-[redacted] here"),
        ),
        ("", None),
    ] {
        let server = FaultServer::start([json_answer("400 Bad Request", body)]).await;
        let http = letta_api_ext::reqwest::Client::new();
        let client = letta_api::Client::new(server.url().parse().unwrap(), http);
        let params = ListClientSideAccessTokensParams::default();
        let error = client
            .list_client_side_access_tokens(&params)
            .await
            .unwrap_err();
        let error = Error::from(error);
        assert_eq!(error.status().unwrap(), 400, "{error}");
        assert_eq!(error.message(), message);
        assert_eq!((error.operation(), error.attempts()), (None, 0));
    }
}

#[tokio::test]
async fn a_request_that_letta_api_refuses_names_the_field() {
    let letta = persistent("http://127.0.0.1:9");
    for token in ["", "..", "a/../b"] {
        let secret = letta_api::Secret::from(token);
        let error = letta
            .api()
            .delete_client_side_access_token(&secret)
            .await
            .unwrap_err();
        let error = Error::from(error);
        assert!(error.is_invalid_input(), "{error}");
        assert_eq!(error.field(), Some("token"), "{error}");
        assert_eq!(error.attempts(), 0);
    }
}

#[tokio::test]
async fn a_request_by_hand_fails_with_the_same_type_at_each_step() {
    static GET_IDS: Operation =
        Operation::new("get_ids", "GET", "/v1/ids").with_safe_to_repeat(true);

    async fn by_hand(api: &letta_api::Client) -> Result<Vec<u8>, Error> {
        let url = format!("{}/v1/ids", api.base_url()).parse().unwrap();
        let mut response = api
            .execute(Request::new(Method::GET, url), &GET_IDS)
            .await?;
        response.buffer().await?;
        let ids: ResponseValue<Vec<u8>> = ResponseValue::decode_json(response)?;
        Ok(ids.into_inner())
    }

    let letta = persistent(refused_url());
    let error = by_hand(letta.api()).await.unwrap_err();
    assert!(error.is_connect() && error.attempts() > 1, "{error}");
    assert_eq!(error.operation(), Some("get_ids"));

    let server = FaultServer::start([json_answer("200 OK", r#"{"hunter2":"#)]).await;
    let letta = persistent(server.url());
    let error = by_hand(letta.api()).await.unwrap_err();
    assert!(error.is_invalid_response() && error.may_have_happened());
    assert_eq!(error.operation(), Some("get_ids"));
    assert_eq!((error.attempts(), error.request_id()), (1, Some("req-7")));
    assert!(!printed(&error).contains("hunter2"));

    // With a transport that leaves the body to be read.
    let http = letta_api_ext::reqwest::Client::new();
    let api = letta_api::Client::new(server.url().parse().unwrap(), http);
    let error = by_hand(&api.with_body_limit(3)).await.unwrap_err();
    assert!(
        error.is_invalid_response() && !error.is_retryable(),
        "{error}"
    );
    assert!(error.to_string().contains("longer than 3 bytes"), "{error}");
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_an_error_of_the_same_type() {
    async fn read(letta: &Letta) -> Result<usize, Error> {
        let request = letta.request(Method::GET, "/v1/events");
        let mut events = request.stream().await?;
        let mut length = 0;
        while let Some(piece) = events.next().await {
            length += piece?.len();
        }
        Ok(length)
    }

    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhunter2";
    let whole = [head, &b"-then-13-more"[..]].concat();
    let server = FaultServer::start([Fault::Answer(whole), Fault::Answer(head.to_vec())]).await;
    let letta = persistent(server.url());
    assert_eq!(read(&letta).await.unwrap(), 20);
    let error = read(&letta).await.unwrap_err();
    assert!(error.is_retryable() && error.may_have_happened(), "{error}");
    assert!(!error.is_timeout() && !error.is_invalid_response());
    let text = printed(&error);
    assert!(text.contains("broke within the answer's body"), "{text}");
    assert!(
        !text.contains("hunter2") && !text.contains("127.0.0.1"),
        "{text}"
    );
}

/// An answer of this status, with these header lines.
fn status(code: u16, more: &str) -> Fault {
    let body = match code {
        101 | 304 => "",
        _ => r#"{"message":"no"}"#,
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {code} Odd\r\nx-request-id: req-7\r\nconnection: close\r\n{more}");
    Fault::Answer(format!("{head}content-length: {length}\r\n\r\n{body}").into())
}

#[tokio::test]
async fn each_status_is_the_same_error_in_whatever_way_it_is_called() {
    const PAST: &str =
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:27 GMT\r\n";
    const SOON: &str =
        "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n";
    let headers = [
        "",
        PAST,
        SOON,
        "retry-after: 0\r\n",
        "retry-after: 3600\r\n",
        "retry-after-ms: 1e30\r\n",
        "x-should-retry: false\r\n",
        "location: https://elsewhere.example/x\r\n",
        "location: /v1/client-side-access-tokens\r\n",
    ];
    let codes = [
        101, 300, 301, 303, 304, 307, 308, 400, 401, 402, 403, 404, 407, 408, 409, 413, 422, 425,
        429, 451, 499, 500, 501, 502, 503, 504, 507, 529, 599, 600, 999,
    ];
    let cases = codes
        .into_iter()
        .flat_map(|code| headers.map(|header| (code, header)));
    for (code, header) in cases {
        let server = FaultServer::start([status(code, header)]).await;
        let letta = configured(server.url(), |it| it.retry_budget(RetryBudget::unlimited()));
        let own = letta.access_tokens().list().await.unwrap_err();
        let raw = list(&letta).await.unwrap_err();
        let path = "/v1/client-side-access-tokens";
        let by_hand = letta.request(Method::GET, path);
        let by_hand = by_hand.await.unwrap_err();
        assert_eq!(asked(&raw), asked(&own), "list: {code} {header}");
        assert_eq!(asked(&by_hand), asked(&own), "list: {code} {header}");

        let own = letta
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let own = own.await.unwrap_err();
        let raw = create(&letta).await.unwrap_err();
        let by_hand = letta.request(Method::POST, path);
        let by_hand = by_hand.await.unwrap_err();
        assert_eq!(asked(&raw), asked(&own), "create: {code} {header}");
        assert_eq!(asked(&by_hand), asked(&own), "create: {code} {header}");
    }
}

/// A service may repeat the request in its refusal: a real one does, in what is invalid of it.
#[tokio::test]
async fn a_secret_of_a_body_that_the_service_repeats_is_not_printed() {
    let secrets = ["sk-hunter2-env", "hunter2 in a list", "Bearer hunter2"];
    let said = format!(
        "'input': {{'secrets': {{'KEY': '{}'}}, 'auth_token': '{}', 'x': '{}'}}",
        secrets[0], secrets[2], secrets[1]
    );
    let body = serde_json::json!({"trace_id": "t-1", "detail": said}).to_string();
    let tap = Tap::start(answer("422 Unprocessable", "application/json", &body)).await;
    let letta = tap.letta();
    let values = [
        ("KEY".to_owned(), secrets[0].to_owned()),
        ("LIST".to_owned(), secrets[1].to_owned()),
    ];
    let wanted = types::CreateAgent::new().with_name("Ada").with_secrets(
        values
            .into_iter()
            .collect::<std::collections::HashMap<_, _>>(),
    );
    let refused = letta.api().create_agent(&Default::default(), &wanted).await;
    let error = Error::from(refused.unwrap_err());
    assert_eq!(error.status().unwrap(), 422);
    assert!(error.message().unwrap().contains("'input'"), "{error}");
    for secret in &secrets[..2] {
        assert!(!printed(&error).contains(secret), "{error}");
    }

    let server = types::CreateStreamableHttpMcpServer::new("https://mcp.example.com")
        .with_auth_token(secrets[2]);
    let refused = letta
        .api()
        .create_mcp_server(&types::CreateMcpServer::new("m", server))
        .await;
    let error = Error::from(refused.unwrap_err());
    assert!(!printed(&error).contains(secrets[2]), "{error}");

    // A request by hand is treated alike.
    let body = serde_json::json!({"auth_token": secrets[2]});
    let refused = letta
        .request(Method::POST, "/v1/new-thing")
        .json(&body)
        .bytes()
        .await;
    let error = refused.unwrap_err();
    assert!(!printed(&error).contains(secrets[2]), "{error}");
}
