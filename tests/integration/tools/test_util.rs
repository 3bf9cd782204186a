//! What applications test with is like what the client makes.

use std::time::Duration;

use letta_api_ext::test_util::{ErrorBuilder, TokenBuilder};
use letta_api_ext::{AccessPolicy, Error, Letta, RetryPolicy, TokenMinter};
use letta_api_tests::fault_server::{Fault, FaultServer};
use letta_api_tests::virtual_time::VirtualTime;
use letta_api_tests::{
    API_KEY, Tap, answer, configured, letta, persistent, policy, printed, token_json,
};

const ORIGIN: &str = "https://app.example.com";

/// All that an application can ask an error.
fn asked(error: &Error) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&str, String)> = [
        ("is_invalid_input", error.is_invalid_input()),
        ("is_unauthorized", error.is_unauthorized()),
        ("is_forbidden", error.is_forbidden()),
        ("is_not_found", error.is_not_found()),
        ("is_rate_limited", error.is_rate_limited()),
        ("is_server_error", error.is_server_error()),
        ("is_connect", error.is_connect()),
        ("is_timeout", error.is_timeout()),
        ("is_revoked", error.is_revoked()),
        ("is_shut_down", error.is_shut_down()),
        ("is_short_lived", error.is_short_lived()),
        ("is_deadline_exceeded", error.is_deadline_exceeded()),
        ("is_redirect", error.is_redirect()),
        ("is_grant_mismatch", error.is_grant_mismatch()),
        ("is_held_off", error.is_held_off()),
        ("is_invalid_response", error.is_invalid_response()),
        ("is_retryable", error.is_retryable()),
        ("may_have_happened", error.may_have_happened()),
    ]
    .map(|(name, is)| (name, is.to_string()))
    .into();
    all.push(("status", format!("{:?}", error.status())));
    all.push(("message", format!("{:?}", error.message())));
    all.push(("field", format!("{:?}", error.field())));
    all.push(("operation", format!("{:?}", error.operation())));
    all.push(("request_id", format!("{:?}", error.request_id())));
    all.push(("retry_after", format!("{:?}", error.retry_after())));
    all.push(("attempts", error.attempts().to_string()));
    let source = std::error::Error::source(error);
    all.push(("has_source", source.is_some().to_string()));
    all
}

async fn create(letta: &Letta) -> Error {
    let tokens = letta.access_tokens();
    tokens.create(policy(), ORIGIN).await.unwrap_err()
}

#[tokio::test]
async fn an_error_of_a_status_is_like_a_real_one() {
    for status in [
        400, 401, 402, 403, 404, 408, 409, 422, 429, 500, 501, 503, 504,
    ] {
        for wait in [None, Some(2)] {
            let mut answered = String::from_utf8(answer(
                &format!("{status} Odd"),
                "application/json",
                r#"{"message":"No."}"#,
            ))
            .unwrap();
            let mut built = ErrorBuilder::status(status)
                .message("No.")
                .request_id("req-7");
            if let Some(seconds) = wait {
                let header = format!("\r\nretry-after: {seconds}\r\nx-request-id");
                answered = answered.replacen("\r\nx-request-id", &header, 1);
                built = built.retry_after(Duration::from_secs(seconds));
            }
            let tap = Tap::start(answered.into_bytes()).await;
            let (real, built) = (create(&tap.letta()).await, built.build());
            assert_eq!(asked(&built), asked(&real), "{status}");
            assert_eq!(built.to_string(), real.to_string());
            assert_eq!(format!("{built:?}"), format!("{real:?}"));
        }
    }
}

#[tokio::test]
async fn an_error_after_several_attempts_is_like_a_real_one() {
    let refused = answer("503 Odd", "application/json", r#"{"message":"No."}"#);
    let refused = String::from_utf8(refused).unwrap();
    let refused = refused.replacen("\r\nx-request-id: req-7", "\r\nretry-after-ms: 1", 1);
    let server = FaultServer::start([Fault::Answer(refused.into_bytes())]).await;
    let real = create(&persistent(server.url())).await;
    let built = ErrorBuilder::status(503)
        .message("No.")
        .retry_after(Duration::from_millis(1))
        .attempts(3)
        .build();
    assert_eq!(asked(&built), asked(&real));
    assert_eq!(built.to_string(), real.to_string());
}

#[tokio::test]
async fn errors_without_a_status_of_error_are_like_real_ones() {
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        letta(format!("http://{}", listener.local_addr().unwrap()))
    };
    let built = ErrorBuilder::connect().build();
    assert_eq!(asked(&built), asked(&create(&refused).await));
    assert!(printed(&built).contains("refused"), "{built:?}");

    let server = FaultServer::start([Fault::CloseAfterRequest]).await;
    let real = create(&server.letta()).await;
    let built = ErrorBuilder::interrupted().build();
    assert_eq!(asked(&built), asked(&real));
    let real = real
        .to_string()
        .replace(&server.addr().to_string(), "api.letta.com:443");
    assert_eq!(built.to_string(), real);

    let tap = Tap::start(answer("200 OK", "text/html", "<p>Hello")).await;
    let real = create(&tap.letta()).await;
    let built = ErrorBuilder::invalid_response("no JSON").request_id("req-7");
    assert_eq!(asked(&built.build()), asked(&real));

    let redirect = "HTTP/1.1 307 Odd\r\nlocation: https://example.com/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let tap = Tap::start(redirect.into()).await;
    let real = create(&tap.letta()).await;
    assert_eq!(asked(&ErrorBuilder::redirect().build()), asked(&real));

    let tokens = letta(tap.url()).access_tokens();
    let real = tokens.create(policy(), ORIGIN).expires_in(Duration::ZERO);
    let real = real.await.unwrap_err();
    let built = ErrorBuilder::invalid_input("expires_in", "must be at least a millisecond");
    assert_eq!(asked(&built.build()), asked(&real));
}

#[tokio::test]
async fn an_error_about_another_grant_is_like_a_real_one() {
    let wider = token_json().replace("read_messages", "read_agent");
    let other = Fault::Answer(answer("201 Odd", "application/json", &wider));
    let deleted = Fault::Answer(b"HTTP/1.1 204 Odd\r\nconnection: close\r\n\r\n".into());
    for (then, is_deleted) in [(deleted, true), (Fault::CloseAfterRequest, false)] {
        let server = FaultServer::start([other.clone(), then]).await;
        let real = create(&persistent(server.url())).await;
        assert!(real.is_grant_mismatch(), "{real}");
        let built = ErrorBuilder::grant_mismatch(is_deleted).request_id("req-7");
        assert_eq!(asked(&built.build()), asked(&real));
    }
}

#[tokio::test]
async fn an_error_that_is_held_off_is_like_a_real_one() {
    let _time = VirtualTime::stop();
    let refused = answer("401 Odd", "application/json", r#"{"message":"No."}"#);
    let tap = Tap::start(refused).await;
    let minter = TokenMinter::new(&tap.letta(), ORIGIN).unwrap();
    minter.token(&policy()).await.unwrap_err();
    let real = minter.token(&policy()).await.unwrap_err();
    assert!(real.is_held_off(), "{real}");
    let built = ErrorBuilder::status(401)
        .message("No.")
        .request_id("req-7")
        .held_off(real.retry_after().unwrap())
        .build();
    assert_eq!(asked(&built), asked(&real));
    assert_eq!(built.to_string(), real.to_string());
}

#[tokio::test]
async fn errors_of_time_are_like_real_ones() {
    let time = VirtualTime::stop();
    let seconds = Duration::from_secs;
    for (built, attempt_timeout, limit) in [
        (ErrorBuilder::attempt_timeout(), seconds(10), seconds(10)),
        (ErrorBuilder::deadline_exceeded(), seconds(60), seconds(30)),
    ] {
        let server = FaultServer::start([Fault::AnswerThenHang(Vec::new())]).await;
        let letta = configured(server.url(), |builder| {
            builder
                .retry(RetryPolicy::never())
                .attempt_timeout(attempt_timeout)
        });
        let call = tokio::spawn(letta.access_tokens().create(policy(), ORIGIN).send());
        time.until(|| server.requests().len() == 1).await;
        time.advance(limit).await;
        let real = call.await.unwrap().unwrap_err();
        let built = built.build();
        assert_eq!(asked(&built), asked(&real));
        assert_eq!(built.to_string(), real.to_string());
    }
}

#[tokio::test]
async fn errors_of_a_minter_are_like_real_ones() {
    let client = Letta::new(API_KEY).unwrap();
    let minter = TokenMinter::new(&client, ORIGIN).unwrap();
    assert!(minter.shutdown(Duration::from_secs(1)).await.is_complete());
    let real = minter.token(&policy()).await.unwrap_err();
    let built = ErrorBuilder::shut_down().build();
    assert_eq!(asked(&built), asked(&real));
    assert_eq!(built.to_string(), real.to_string());

    assert!(ErrorBuilder::revoked().build().is_revoked());
    let second = Duration::from_secs(1);
    let built = ErrorBuilder::short_lived(9 * second, second).build();
    assert!(
        built.is_short_lived() && built.to_string().contains("9s"),
        "{built}"
    );
}

#[test]
fn a_status_that_is_no_error_makes_no_error() {
    for status in [0, 200, 307, 399, 600, u16::MAX] {
        let built = std::panic::catch_unwind(|| ErrorBuilder::status(status));
        assert!(built.is_err(), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_like_a_real_one_and_ends_as_it_should() {
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let token = |lifetime| {
        let builder = TokenBuilder::new(&policy, ORIGIN);
        builder
            .expires_in(Duration::from_secs(lifetime))
            .build()
            .unwrap()
    };
    let one = token(60);
    assert_eq!(one.policy(), &policy);
    assert_eq!(one.origin().unwrap().as_str(), ORIGIN);
    assert_eq!(one.hostname(), ORIGIN);
    assert_eq!(one.policy_version(), "1");
    assert_eq!(one.remaining(), Duration::from_secs(60));
    let shown = serde_json::to_value(one.to_browser()).unwrap();
    assert_eq!(shown["token"], one.expose_secret());
    assert_eq!(shown["expiresIn"], 60);
    assert!(one.expires_at().is_some());
    assert!(!format!("{one:?}").contains(one.expose_secret()));
    // As of two real ones.
    assert_ne!(one.expose_secret(), token(60).expose_secret());

    tokio::time::advance(Duration::from_secs(59)).await;
    assert!(!one.is_expired());
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(one.is_expired());
    assert!(token(0).is_expired());

    let built = TokenBuilder::new(&policy, ORIGIN)
        .secret("ck-let-0f3c")
        .build();
    assert_eq!(built.unwrap().expose_secret(), "ck-let-0f3c");
    let error = TokenBuilder::new(&policy, "chat").build().unwrap_err();
    assert_eq!(error.field(), Some("origin"));
    let forever = TokenBuilder::new(&policy, ORIGIN).expires_in(Duration::MAX);
    assert_eq!(forever.build().unwrap_err().field(), Some("expires_in"));
}
