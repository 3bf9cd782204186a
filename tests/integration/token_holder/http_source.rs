//! What `HttpTokenSource` asks an application's endpoint, and what it makes of each answer.

use std::time::Duration;

use letta_api_ext::policy::Preset;
use letta_api_ext::token_holder::{HttpTokenSource, TokenState};
use letta_api_ext::{AccessPolicy, AccessRight, Error, Letta, RetryPolicy, reqwest};
use letta_api_tests::fault_server::{Fault, FaultServer, refused_url};
use letta_api_tests::traces::Traces;
use letta_api_tests::{TOKEN, TOKEN_PART, answer, printed, split};

/// A secret in the URL of the endpoint.
const QUERY: &str = "s3cret-0f-the-query";

fn source(endpoint: &str) -> HttpTokenSource {
    HttpTokenSource::new(format!("{endpoint}/api/letta-token?code={QUERY}")).unwrap()
}

/// A client for this service that gets its tokens from this source.
fn holder(service: &str, source: HttpTokenSource) -> Letta {
    let builder = Letta::builder().base_url(service).token_source(source);
    builder.retry(RetryPolicy::never()).build().unwrap()
}

async fn renew(letta: &Letta) -> Result<(), Error> {
    letta.token_holder().unwrap().renew().await
}

/// What comes of an endpoint that does this.
async fn renewed(fault: Fault) -> (Letta, Result<(), Error>) {
    let endpoint = FaultServer::start([fault]).await;
    let letta = holder("http://127.0.0.1:1", source(&endpoint.url()));
    let result = renew(&letta).await;
    (letta, result)
}

fn json(body: impl AsRef<str>) -> Vec<u8> {
    answer("200 OK", "application/json", body.as_ref())
}

fn token(expires_in: &str) -> Vec<u8> {
    json(format!(
        r#"{{"token":"{TOKEN}","expiresAt":"2126-03-01T12:00:00Z","expiresIn":{expires_in}}}"#
    ))
}

/// An answer of the service, and to whom it was given.
async fn authorized(letta: &Letta, agent: &str) -> Result<(), Error> {
    letta.agent(agent).get().send().await.map(drop)
}

fn header<'a>(request: &'a str, name: &str) -> Vec<&'a str> {
    let lines = request.split("\r\n\r\n").next().unwrap().lines().skip(1);
    let pairs = lines.filter_map(|line| line.split_once(": "));
    let found = pairs.filter(|(given, _)| given.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value).collect()
}

#[tokio::test]
async fn the_endpoint_is_asked_by_post_with_the_origin_and_told_of_a_refusal() {
    let endpoint = FaultServer::start([Fault::Answer(token("299"))]).await;
    let refusal = answer(
        "401 Unauthorized",
        "application/json",
        r#"{"message":"Unauthorized"}"#,
    );
    let service = FaultServer::start([Fault::Answer(refusal)]).await;
    let source = source(&endpoint.url())
        .header("Authorization", "Bearer s3ss10n-of-mine")
        .unwrap();
    let letta = Letta::builder()
        .base_url(service.url())
        .origin("https://chat.example.com")
        .token_source(source)
        .build()
        .unwrap();
    let error = authorized(&letta, "agent-1").await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(letta.token_holder().unwrap().state(), TokenState::Refused);

    let requests = endpoint.requests();
    assert_eq!(requests.len(), 2, "{requests:#?}");
    for (request, refused) in requests.iter().zip([&[][..], &["1"]]) {
        let (line, _, body) = split(request);
        assert_eq!(line, format!("POST /api/letta-token?code={QUERY} HTTP/1.1"));
        assert_eq!(body, "");
        assert_eq!(header(request, "letta-token-refused"), refused);
        for (name, value) in [
            ("accept", "application/json"),
            ("authorization", "Bearer s3ss10n-of-mine"),
            ("cache-control", "no-store"),
            ("origin", "https://chat.example.com"),
        ] {
            assert_eq!(header(request, name), [value], "{name}");
        }
    }
    // The same token came again, so it was not tried again.
    let requests = service.requests();
    assert_eq!(requests.len(), 1, "{requests:#?}");
    assert_eq!(
        header(&requests[0], "authorization"),
        [format!("Bearer {TOKEN}")]
    );
    assert_eq!(header(&requests[0], "origin"), ["https://chat.example.com"]);
}

#[tokio::test]
async fn a_life_is_read_as_it_is_meant() {
    let (minute, year) = (
        Duration::from_secs(60),
        Duration::from_secs(365 * 24 * 60 * 60),
    );
    for (expires_in, least, most) in [
        (
            "299.5",
            Duration::from_secs(200),
            Duration::from_millis(299_500),
        ),
        ("1e300", year, Duration::MAX),
        ("18446744073709551616", year, Duration::MAX),
        // Not known.
        ("null", Duration::from_secs(30), minute),
        ("\"299\"", Duration::from_secs(30), minute),
        ("{}", Duration::from_secs(30), minute),
        // Less than a second.
        ("0", Duration::ZERO, Duration::from_secs(1)),
        ("-7", Duration::ZERO, Duration::from_secs(1)),
    ] {
        let (letta, result) = renewed(Fault::Answer(token(expires_in))).await;
        result.unwrap_or_else(|error| panic!("{expires_in}: {error}"));
        let left = letta
            .token_holder()
            .unwrap()
            .remaining()
            .unwrap_or_default();
        assert!(least <= left && left <= most, "{expires_in}: {left:?}");
    }
    // A member that is missing or not known is no error.
    for body in [
        format!(r#"{{"token":"{TOKEN}"}}"#),
        format!(r#"{{"kind":7,"token":" {TOKEN}\n","expiresIn":60}}"#),
    ] {
        let (letta, result) = renewed(Fault::Answer(json(body))).await;
        result.unwrap();
        assert_eq!(letta.token_holder().unwrap().state(), TokenState::Live);
    }
}

#[tokio::test]
async fn a_map_gives_each_agent_its_own_token() {
    let other = "ck-let-b3JnLTE=";
    let body = format!(
        r#"{{"tokens":{{"agent-1":{{"token":"{TOKEN}","expiresIn":299}},"agent-2":{{"token":"{other}","expiresIn":9}}}}}}"#
    );
    let endpoint = FaultServer::start([Fault::Answer(json(body))]).await;
    let service = FaultServer::start([Fault::Answer(json(r#"{"no":"agent"}"#))]).await;
    let letta = holder(&service.url(), source(&endpoint.url()));
    for (agent, token) in [("agent-1", TOKEN), ("agent-2", other)] {
        let _ = authorized(&letta, agent).await;
        let request = service.requests().pop().unwrap();
        assert_eq!(
            header(&request, "authorization"),
            [format!("Bearer {token}")]
        );
    }
    assert_eq!(endpoint.requests().len(), 1);
    // None is there for this one.
    let error = authorized(&letta, "agent-3").await.unwrap_err();
    assert!(
        error.is_without_token() && error.to_string().contains("agent-3"),
        "{error}"
    );
    assert_eq!(service.requests().len(), 2);
}

#[tokio::test]
async fn a_policy_of_the_source_refuses_what_it_does_not_open() {
    let endpoint = FaultServer::start([Fault::Answer(token("299"))]).await;
    let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
    let letta = holder(&refused_url(), source(&endpoint.url()).policy(policy));
    let error = authorized(&letta, "agent-1").await.unwrap_err();
    assert!(
        error.is_not_opened() && !error.may_have_happened(),
        "{error}"
    );
    assert_eq!(error.missing_right(), Some(AccessRight::ReadAgent));
    let error = letta.agents().list().send().await.unwrap_err();
    assert!(error.is_not_opened(), "{error}");
    assert_eq!(error.missing_right(), None);
}

#[tokio::test]
async fn an_answer_without_a_token_is_an_error_that_says_why() {
    let problem = r#"{"type":"about:blank","title":"Conflict","status":409,"detail":"This account is closed."}"#;
    let page = "<!doctype html><html><title>Sign in</title></html>";
    let long = format!(r#"{{"token":"{TOKEN}","more":"{}"}}"#, "x".repeat(70_000));
    let key = r#"{"token":"sk-let-hunter2hunter2"}"#;
    let cases = [
        (
            "409 Conflict",
            "application/problem+json",
            problem,
            "This account is closed.",
        ),
        ("409 Conflict", "text/plain", "Not today.", "Not today."),
        ("500 Internal Server Error", "text/html", page, "500"),
        ("404 Not Found", "text/html", page, "404"),
        ("200 OK", "text/html", page, "a web page"),
        ("200 OK", "application/json", "[]", "not JSON with"),
        ("200 OK", "application/json", "{", "not JSON with"),
        ("200 OK", "application/json", "", "not JSON with"),
        (
            "200 OK",
            "application/json",
            "{}",
            "neither `token` nor `tokens`",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"token":7}"#,
            "not JSON with",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"token":""}"#,
            "not visible ASCII",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"token":"hunter2 hunter2"}"#,
            "not visible ASCII",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"token":"hunter2hünter2"}"#,
            "not visible ASCII",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"token":"hunter2\r\nx: y"}"#,
            "not visible ASCII",
        ),
        (
            "200 OK",
            "application/json",
            key,
            "an API key in place of a token",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"tokens":{"hunter2":{"token":"ck-let-1"}}}"#,
            "an agent by an invalid ID",
        ),
        (
            "200 OK",
            "application/json",
            r#"{"tokens":{"agent-1":{"token":"hunter2 2"}}}"#,
            "not visible ASCII",
        ),
        ("200 OK", "application/json", &long, "65536 bytes"),
        ("204 No Content", "application/json", "", "not JSON with"),
    ];
    for (status, kind, body, says) in cases {
        let (letta, result) = renewed(Fault::Answer(answer(status, kind, body))).await;
        let error = result.unwrap_err();
        assert!(
            error.is_without_token() && !error.is_signed_out(),
            "{status} {body}: {error}"
        );
        assert!(!error.may_have_happened(), "{error}");
        let code: u16 = status[..3].parse().unwrap();
        assert_eq!(error.status().map(|it| it.as_u16()), Some(code), "{error}");
        let text = printed(&error);
        assert!(text.contains(says), "{status} {body:.80}: {text}");
        for secret in ["hunter2", TOKEN_PART, QUERY] {
            assert!(!text.contains(secret), "{text}");
        }
        assert_ne!(letta.token_holder().unwrap().state(), TokenState::Live);
    }
}

#[tokio::test]
async fn nobody_is_signed_in_after_a_401() {
    for body in ["", r#"{"detail":"You are not signed in."}"#, "<html>"] {
        let fault = Fault::Answer(answer("401 Unauthorized", "application/json", body));
        let (letta, result) = renewed(fault).await;
        let error = result.unwrap_err();
        assert!(error.is_signed_out() && error.is_without_token(), "{error}");
        assert!(
            !error.is_unauthorized(),
            "it is not the service that refused: {error}"
        );
        assert_eq!(letta.token_holder().unwrap().state(), TokenState::SignedOut);
    }
}

#[tokio::test]
async fn how_long_the_application_asks_to_wait_is_told() {
    let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 08:49:47 GMT";
    for (head, seconds) in [
        ("retry-after: 7", Some(7)),
        (date, Some(10)),
        ("retry-after: soon", None),
        ("retry-after: 0", None),
        ("x-other: 7", None),
    ] {
        for status in ["429 Too Many Requests", "503 Service Unavailable"] {
            let answer = format!(
                "HTTP/1.1 {status}\r\n{head}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            );
            let (_, result) = renewed(Fault::Answer(answer.into_bytes())).await;
            let error = result.unwrap_err();
            assert_eq!(
                error.is_rate_limited(),
                status.starts_with("429"),
                "{error}"
            );
            assert_eq!(
                error.retry_after(),
                seconds.map(Duration::from_secs),
                "{head}: {error}"
            );
        }
    }
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let elsewhere = FaultServer::start([Fault::Answer(token("299"))]).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let answer = format!(
            "HTTP/1.1 {status}\r\nlocation: {}/sign-in?{QUERY}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            elsewhere.url()
        );
        let (_, result) = renewed(Fault::Answer(answer.into_bytes())).await;
        let error = result.unwrap_err();
        let text = printed(&error);
        assert!(
            error.is_without_token() && text.contains("not redirected"),
            "{text}"
        );
        assert!(!text.contains(QUERY), "{text}");
    }
    assert_eq!(elsewhere.connections(), 0);

    // A client that follows it by itself is found out.
    let url = elsewhere.url();
    let answer = format!(
        "HTTP/1.1 307 Temporary\r\nlocation: {url}/other\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    let endpoint = FaultServer::start([Fault::Answer(answer.into_bytes())]).await;
    let letta = holder(
        &refused_url(),
        source(&endpoint.url()).http_client(reqwest::Client::new()),
    );
    let error = renew(&letta).await.unwrap_err();
    assert!(printed(&error).contains("not redirected"), "{error}");
    assert_eq!(elsewhere.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_that_breaks_is_told_from_an_answer() {
    let head =
        b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"token\":\"ck-let-hunter2".to_vec();
    let endless = Fault::Endless {
        head: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
        chunk: b"4\r\nabcd\r\n".to_vec(),
    };
    for fault in [
        Fault::ResetAfterRequest,
        Fault::CloseAfterRequest,
        Fault::AnswerThenReset(head),
        Fault::Answer(b"nonsense".to_vec()),
        endless,
    ] {
        let name = format!("{fault:.40?}");
        let (_, result) = renewed(fault).await;
        let error = result.unwrap_err();
        assert!(
            error.is_without_token() && !error.may_have_happened(),
            "{name}: {error}"
        );
        assert!(error.retry_after().is_none(), "{name}: {error}");
        assert!(!printed(&error).contains("hunter2"), "{name}: {error}");
    }
    let letta = holder(&refused_url(), source(&refused_url()));
    let error = renew(&letta).await.unwrap_err();
    let text = printed(&error);
    assert!(
        error.is_without_token() && text.contains("connection refused"),
        "{text}"
    );
    assert!(!text.contains(QUERY), "{text}");
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_a_time_out() {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{".to_vec();
    for fault in [
        Fault::AnswerThenHang(Vec::new()),
        Fault::AnswerThenHang(begun),
    ] {
        let endpoint = FaultServer::start([fault]).await;
        let source = source(&endpoint.url())
            .timeout(Duration::from_millis(50))
            .unwrap();
        let error = renew(&holder(&refused_url(), source)).await.unwrap_err();
        assert!(error.is_without_token() && error.is_timeout(), "{error}");
        assert!(printed(&error).contains("50ms"), "{error}");
        endpoint.closed_by_peer(1).await;
    }
}

#[tokio::test]
async fn what_an_endpoint_repeats_is_redacted() {
    let (traces, _guard) = Traces::here();
    let session = "s3ss10n-0f-somebody";
    let body = format!(r#"{{"detail":"No. {session} {QUERY} {TOKEN} sk-let-0f3c0f3c0f3c"}}"#);
    let fault = Fault::Answer(answer("403 Forbidden", "application/json", &body));
    let endpoint = FaultServer::start([fault, Fault::Answer(token("299"))]).await;
    let source = source(&endpoint.url())
        .header("cookie", format!("sid={session}"))
        .unwrap();
    let mut text = format!("{source:?}");
    let letta = holder(&refused_url(), source);
    let error = renew(&letta).await.unwrap_err();
    assert!(error.message().unwrap().starts_with("No. "), "{error}");
    text += &printed(&error);
    renew(&letta).await.unwrap();
    text += &format!("{letta:?} {:?}", letta.token_holder());
    text += &printed(&authorized(&letta, "agent-1").await.unwrap_err());
    text += &format!("{:?}", traces.take());
    assert!(
        text.contains("/api/letta-token"),
        "the URL's path may be shown: {text}"
    );
    for secret in [session, QUERY, TOKEN_PART, "0f3c0f3c"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

#[tokio::test]
async fn what_a_source_cannot_be_made_with_is_an_error_that_names_the_rule() {
    for (url, rule) in [
        ("", "must be the whole URL"),
        ("/api/letta-token", "only a page in a browser"),
        ("api", "must be the whole URL"),
        ("https://", "must be a URL"),
        (
            "ftp://chat.example.com/hunter2",
            "must have the scheme `https`",
        ),
        ("http://chat.example.com/hunter2", "must be https"),
        (
            "https://user:hunter2@chat.example.com/",
            "a user name or a password",
        ),
        (
            "https://chat.example.com/#hunter2",
            "must not hold a fragment",
        ),
        ("https://chat.example.com/\nhunter2", "a line break"),
    ] {
        let error = HttpTokenSource::new(url).unwrap_err();
        assert_eq!(error.field(), Some("url"), "{url}: {error}");
        let text = printed(&error);
        assert!(
            text.contains(rule) && !text.contains("hunter2"),
            "{url}: {text}"
        );
    }
    for url in [
        " https://chat.example.com/x?y=z\n",
        "http://localhost:3000/x",
        "http://[::1]/",
        "http://127.0.0.7/",
    ] {
        assert!(HttpTokenSource::new(url).is_ok(), "{url}");
    }
    let source = || HttpTokenSource::new("https://chat.example.com/x").unwrap();
    let error = source().timeout(Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "`timeout` must be positive; got 0s");
    for (name, value, says) in [
        ("Accept", "hunter2", "must not be `accept`"),
        ("Host", "hunter2", "the URL decides"),
        ("origin", "hunter2", "`LettaBuilder::origin`"),
        ("Letta-Token-Refused", "hunter2", "the holder decides"),
        ("Content-Type", "hunter2", "there is no body"),
        ("x y", "hunter2", "valid name"),
        ("x-session", "hunter2\n", "the value of `x-session`"),
    ] {
        let error = source().header(name, value).unwrap_err();
        assert_eq!(error.field(), Some("header"), "{name}: {error}");
        let text = printed(&error);
        assert!(
            text.contains(says) && !text.contains("hunter2"),
            "{name}: {text}"
        );
    }
}

#[test]
fn outside_of_a_runtime_it_is_an_error_and_no_panic() {
    let letta = holder("http://127.0.0.1:1", source("http://127.0.0.1:1"));
    let holder = letta.token_holder().unwrap().clone();
    let result = futures_util::FutureExt::now_or_never(holder.renew());
    let error = result.expect("it is told at once").unwrap_err();
    assert!(printed(&error).contains("tokio runtime"), "{error}");
}
