//! Every kind of answer: what the caller gets, scripted with httptest.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use httptest::matchers::{all_of, contains, not, request, url_decoded};
use httptest::responders::{cycle, status_code};
use httptest::{Expectation, Server};
use letta_api_ext::{Error, RetryPolicy, Revocation, TokenMinter};
use letta_api_tests::fault_server::{Fault, FaultServer, refused_url};
use letta_api_tests::{
    API_KEY, TOKEN, Tap, answer, configured, letta, policy, printed, token_json,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PATH: &str = "/v1/client-side-access-tokens";

/// What a create, a list and a revoke come to when the service answers so.
async fn all_three(status: u16, content_type: &str, body: &str) -> Vec<Error> {
    let server = Server::run();
    server.expect(
        Expectation::matching(request::path(httptest::matchers::matches(PATH)))
            .times(3)
            .respond_with(cycle![
                status_code(status)
                    .insert_header("content-type", content_type)
                    .insert_header("x-request-id", "req-7")
                    .body(body.to_owned())
            ]),
    );
    let tokens = letta(server.url_str("")).access_tokens();
    vec![
        tokens
            .create(policy(), "https://app.example.com")
            .await
            .unwrap_err(),
        tokens.list().await.unwrap_err(),
        tokens.revoke(TOKEN).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn an_error_status_is_an_error_of_that_status_whatever_the_body() {
    let html = "<html><body>Bad gateway</body></html>";
    for (status, content_type, body, message) in [
        (
            400,
            "application/json",
            r#"{"message":"hostname is bad"}"#,
            Some("hostname is bad"),
        ),
        (
            400,
            "application/json",
            r#"{"detail":"hostname is bad"}"#,
            Some("hostname is bad"),
        ),
        (400, "text/html", html, None),
        (400, "application/json", "", None),
        (400, "application/json", "{\"mess", None),
        (
            401,
            "application/json",
            r#"{"message":"Unauthorized"}"#,
            Some("Unauthorized"),
        ),
        (401, "text/plain", "", None),
        (402, "application/json", r#"{"message":"Pay"}"#, Some("Pay")),
        (403, "text/plain", "not\nyours", Some("not yours")),
        (404, "application/json", "", None),
        (
            404,
            "application/json",
            r#"{"detail":"Not Found"}"#,
            Some("Not Found"),
        ),
        (404, "text/html", html, None),
        (
            409,
            "application/json",
            r#"{"detail":{"code":"C","message":"Conflict"}}"#,
            Some("Conflict"),
        ),
        (418, "application/json", "[]", None),
        (
            422,
            "application/json",
            r#"{"trace_id":"","detail":"[..]"}"#,
            Some("[..]"),
        ),
        (
            429,
            "application/json",
            r#"{"error":{"type":"t","message":"Slow","detail":"d"}}"#,
            Some("Slow"),
        ),
        (
            400,
            "application/json",
            r#"{"message":"Bad","errors":{"hostname":["is bad"]}}"#,
            Some("Bad (hostname: is bad)"),
        ),
        (
            400,
            "application/json",
            r#"{"message":["hostname is bad","policy is bad"]}"#,
            Some("hostname is bad; policy is bad"),
        ),
        (
            422,
            "application/json",
            r#"{"detail":[{"loc":["body","policy",0,"id"],"msg":"Field required"}]}"#,
            Some("body.policy.0.id: Field required"),
        ),
        (
            422,
            "application/problem+json",
            r#"{"title":"Invalid","errors":[{"detail":"is bad","pointer":"/hostname"}]}"#,
            Some("Invalid (/hostname: is bad)"),
        ),
        (
            500,
            "text/plain",
            "Internal Server Error",
            Some("Internal Server Error"),
        ),
        (500, "application/json", "", None),
        (502, "text/html", html, None),
        (503, "application/json", "null", None),
        (504, "application/octet-stream", "\u{1}\u{2}", None),
    ] {
        for error in all_three(status, content_type, body).await {
            let case = format!("{status} {body:?}: {error}");
            assert_eq!(error.status().unwrap().as_u16(), status, "{case}");
            assert_eq!(error.message(), message, "{case}");
            assert_eq!(error.request_id(), Some("req-7"), "{case}");
            assert!(
                error
                    .operation()
                    .unwrap()
                    .contains("client_side_access_token"),
                "{case}"
            );
            assert!(
                !error.is_invalid_input() && !error.is_invalid_response(),
                "{case}"
            );
            assert_eq!(error.is_unauthorized(), status == 401, "{case}");
            assert_eq!(error.is_forbidden(), status == 403, "{case}");
            assert_eq!(error.is_not_found(), status == 404, "{case}");
            assert_eq!(error.is_rate_limited(), status == 429, "{case}");
            assert_eq!(error.is_server_error(), status >= 500, "{case}");
            assert_eq!(error.may_have_happened(), status >= 500, "{case}");
            assert_eq!(
                error.is_retryable(),
                matches!(status, 429 | 500..),
                "{case}"
            );
            assert!(!error.to_string().contains("<html>"), "{case}");
        }
    }
}

#[tokio::test]
async fn an_invalid_success_is_an_error_and_its_body_is_not_shown() {
    for body in [
        "",
        "[]",
        "null",
        "<html>hunter2</html>",
        r#""hunter2""#,
        r#"{"hunter2":1}"#,
        r#"{"token":"hunter2","hostname":"https://app.example.com""#,
        r#"{"token":["hunter2"],"hostname":"https://app.example.com","expiresAt":"x"}"#,
        r#"{"tokens":["hunter2"],"hasNextPage":false}"#,
        r#"{"tokens":"hunter2","hasNextPage":false}"#,
        r#"{"tokens":[{"token":"hunter2"}]}"#,
        r#"{"tokens":[],"hasNextPage":"hunter2"}"#,
        r#"{"token":"","hostname":"","expiresAt":"","policy":{"version":"1","data":[]}}"#,
    ] {
        for (status, reason) in [
            (200, "200 OK"),
            (201, "201 Created"),
            (206, "206 Partial Content"),
        ] {
            let tap = Tap::start(answer(reason, "application/json", body)).await;
            let tokens = tap.letta().access_tokens();
            for error in [
                tokens
                    .create(policy(), "https://app.example.com")
                    .await
                    .unwrap_err(),
                tokens.list().await.unwrap_err(),
            ] {
                let case = format!("{reason} {body}: {error:?}");
                assert!(error.is_invalid_response(), "{case}");
                assert_eq!(error.status().unwrap().as_u16(), status, "{case}");
                assert_eq!(error.request_id(), Some("req-7"), "{case}");
                assert!(error.may_have_happened() && !error.is_retryable(), "{case}");
                assert!(!format!("{error} {error:?}").contains("hunter2"), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_in_place_of_the_token_is_not_handed_over() {
    for key in [API_KEY, "sk-let-0ther", "SK-LET-0ther", " sk-let-0ther"] {
        let json = token_json().replace(TOKEN, key);
        let tap = Tap::start(answer("201 Created", "application/json", &json)).await;
        let create = tap.letta().access_tokens().create(policy(), "https://a.b");
        let error = create.await.unwrap_err();
        assert!(error.is_invalid_response() && error.may_have_happened());
        let text = printed(&error);
        assert!(text.contains("an API key instead of the token"), "{text}");
        assert!(!text.contains(key) && !text.contains("0ther"), "{text}");
    }
}

#[tokio::test]
async fn an_invalid_answer_says_what_is_wrong_with_it() {
    for (body, says) in [
        (
            r#"{"hostname":"h","expiresAt":"x"}"#,
            "field `token` is missing",
        ),
        (
            r#"{"token":1}"#,
            "another type than documented, at line 1 column",
        ),
        (r#"{"token":"x","#, "ends early"),
        ("<html>", "not JSON"),
    ] {
        let tap = Tap::start(answer("201 Created", "application/json", body)).await;
        let create = tap
            .letta()
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let message = create.await.unwrap_err().to_string();
        assert!(message.contains(says), "{message}");
        assert!(
            message.contains("201 Created") && message.contains("req-7"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_token_that_comes_with_odd_fields_is_not_lost() {
    let long = "9".repeat(10_000);
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    let policy_json = r#"{"version":"1","data":[{"type":"agent","id":"agent-1","access":["read_messages","write_messages"]}]}"#;
    let own = "https://app.example.com";
    for odd in [
        r#"{"token":"ck-let-1"}"#,
        r#"{"token":"ck-let-1","hostname":7,"expiresAt":1772366400,"policy":{"version":2}}"#,
        &format!(
            r#"{{"token":"ck-let-1","hostname":"{own}","expiresAt":"x","policy":{policy_json},"policy":{policy_json}}}"#
        ),
        &format!(
            r#"{{"token":"ck-let-1","hostname":"{own}","expiresAt":"x","policy":[],"n":1e999999}}"#
        ),
        r#"{"token":"ck-let-1","expiresAt":-1e999999,"policy":{"version":1e999999,"data":[]}}"#,
        &format!(
            r#"{{"token":"ck-let-1","expiresAt":"+999999999-01-01T00:00:00Z","policy":{policy_json}}}"#
        ),
        &format!(r#"{{"token":"ck-let-1","hostname":"{own}","expiresAt":"{long}"}}"#),
        &format!(r#"{{"token":"ck-let-1","hostname":"{own}","expiresAt":{long}}}"#),
        &format!(r#"{{"token":"ck-let-1","x":{deep},"expiresAt":{deep},"policy":{deep}}}"#),
        r#"{"token":"ck-let-1","token":"ck-let-1"}"#,
        r#"{"token":"ck-let-1","hostname":'h'}"#,
        "{\"token\":\"ck-let-1\",\"hostname\":\"a\tb\"}",
    ] {
        for status in ["201 Created", "202 Accepted"] {
            let tap = Tap::start(answer(status, "application/json", odd)).await;
            let create = tap
                .letta()
                .access_tokens()
                .create(policy(), "https://app.example.com");
            let token = create.await.unwrap();
            assert_eq!(token.expose_secret(), "ck-let-1");
            assert!(token.is_expired() && token.expires_at().is_none());
            let page = serde_json::to_value(token.to_browser()).unwrap();
            assert_eq!(page["expiresIn"], 0);
            let _ = (token.policy(), token.origin(), format!("{token:?}"));
        }
        let page = format!(
            r#"{{"tokens":[{odd},{}],"hasNextPage":false}}"#,
            token_json()
        );
        let tap = Tap::start(answer("200 OK", "application/json", &page)).await;
        let page = tap.letta().access_tokens().list().await.unwrap();
        let secrets: Vec<_> = page.tokens().iter().map(|it| it.expose_secret()).collect();
        assert_eq!(secrets, ["ck-let-1", TOKEN]);
    }
    // After the object, and within it what is no UTF-8.
    for odd in [
        &b"{\"token\":\"ck-let-1\"} trailing"[..],
        b"{\"token\":\"ck-let-1\"}{\"token\":\"ck-let-2\"}",
        b"{\"hostname\":\"\xff\",\"token\":\"ck-let-1\",\"\xfe\":\xfd}",
    ] {
        let head = format!("HTTP/1.1 201 X\r\ncontent-length: {}\r\n\r\n", odd.len());
        let tap = Tap::start([head.as_bytes(), odd].concat()).await;
        let create = tap.letta().access_tokens().create(policy(), "https://a.b");
        assert_eq!(create.await.unwrap().expose_secret(), "ck-let-1");
    }
}

#[tokio::test]
async fn a_token_that_comes_with_a_status_that_is_not_documented_is_not_lost() {
    for status in ["200 OK", "201 Created", "202 Accepted"] {
        let tap = Tap::start(answer(status, "application/json", &token_json())).await;
        let create = tap
            .letta()
            .access_tokens()
            .create(policy(), "https://app.example.com");
        assert_eq!(create.await.unwrap().expose_secret(), TOKEN, "{status}");
    }
}

#[tokio::test]
async fn a_token_is_not_lost_to_a_text_that_nobody_reads_and_that_is_no_utf8() {
    for status in ["200 OK", "201 Created", "202 Accepted"] {
        // Within the policy, where what saves odd answers would read it.
        let json = token_json().replace(r#""version":"1""#, r#""version":"1","note":"~""#);
        assert!(json.contains('~'));
        let spoil = |byte| if byte == b'~' { 0xff } else { byte };
        let bytes = answer(status, "application/json", &json)
            .into_iter()
            .map(spoil);
        let tap = Tap::start(bytes.collect::<Vec<_>>()).await;
        let create = tap
            .letta()
            .access_tokens()
            .create(policy(), "https://app.example.com");
        assert_eq!(create.await.unwrap().expose_secret(), TOKEN, "{status}");
    }
}

#[tokio::test]
async fn a_revoke_that_is_answered_with_anything_but_a_204_is_an_error() {
    for status in [
        "200 OK",
        "201 Created",
        "202 Accepted",
        "203 Non-Authoritative Information",
        "205 Reset Content",
        "206 Partial Content",
        "207 Multi-Status",
        "226 IM Used",
        "299 Fine",
    ] {
        for (content_type, body) in [
            ("text/plain", ""),
            ("application/json", ""),
            ("application/json", "{}"),
            ("application/json", "null"),
            ("application/json", "[]"),
            ("application/json", r#"{"success":true}"#),
            ("application/json", r#"{"error":"not revoked"}"#),
            ("text/html", "<html>Sign in to Wi-Fi</html>"),
        ] {
            let body = if status.starts_with("205") { "" } else { body };
            let tap = Tap::start(answer(status, content_type, body)).await;
            let error = tap.letta().access_tokens().revoke(TOKEN).await.unwrap_err();
            let case = format!("{status} {body}: {error}");
            assert!(error.is_invalid_response(), "{case}");
            assert!(error.may_have_happened() && !error.is_retryable(), "{case}");
            assert!(status.starts_with(error.status().unwrap().as_str()));
            assert_eq!(error.request_id(), Some("req-7"), "{case}");
            assert!(error.to_string().contains("may still be live"), "{case}");
        }
    }
    // Nor does an answer without a word about its length count.
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 202 X\r\n\r\n"] {
        let tap = Tap::start(head.into()).await;
        let error = tap.letta().access_tokens().revoke(TOKEN).await.unwrap_err();
        assert!(error.is_invalid_response(), "{error}");
        // The generated client believes no more than that.
        let (letta, token) = (tap.letta(), TOKEN.into());
        let raw = letta.api().delete_client_side_access_token(&token).await;
        assert!(raw.is_err());
    }
}

#[tokio::test]
async fn a_minter_reports_an_empty_200_as_a_revocation_that_failed() {
    let server = FaultServer::start_with(|_, request| {
        Fault::Answer(match request.starts_with("POST") {
            true => answer("201 Created", "application/json", &token_json()),
            false => answer("200 OK", "text/plain", ""),
        })
    })
    .await;
    let minter = TokenMinter::new(&server.letta(), "https://app.example.com").unwrap();
    let token = minter.token(&policy()).await.unwrap();
    let report = minter.revoke(&policy()).await;
    assert_eq!((report.deleted(), report.not_found()), (0, 0));
    assert!(!report.is_complete());
    let [failure] = report.failures() else {
        panic!("{report:?}");
    };
    assert_eq!(failure.token().expose_secret(), token.expose_secret());
    assert!(failure.error().is_invalid_response() && failure.error().may_have_happened());
}

#[tokio::test]
async fn a_204_with_a_json_content_type_and_a_false_length_is_a_success() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-type: application/json\r\n\r\n",
        "HTTP/1.1 204 No Content\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\n",
    ] {
        let tap = Tap::start(head.into()).await;
        let outcome = tap.letta().access_tokens().revoke(TOKEN).await.unwrap();
        assert_eq!(outcome, Revocation::Deleted, "{head}");
    }
}

#[tokio::test]
async fn only_the_services_own_404_says_that_there_is_no_such_token() {
    for (status, body, is_own) in [
        ("404 Not Found", r#"{"message":"Token not found"}"#, true),
        ("410 Gone", r#"{"message":"Token expired"}"#, true),
        ("404 Not Found", "", false),
        ("404 Not Found", r#"{"detail":"Not Found"}"#, false),
        (
            "404 Not Found",
            r#"{"message":"Route DELETE:/x not found","error":"Not Found","statusCode":404}"#,
            false,
        ),
        ("404 Not Found", r#"{"message":7}"#, false),
        ("404 Not Found", "<html>", false),
        ("400 Bad Request", r#"{"message":"Token not found"}"#, false),
    ] {
        let tap = Tap::start(answer(status, "application/json", body)).await;
        let outcome = tap.letta().access_tokens().revoke(TOKEN).await;
        match outcome {
            Ok(outcome) => {
                assert_eq!(outcome, Revocation::NotFound);
                assert!(is_own, "{status} {body}");
            }
            Err(error) => {
                assert!(!is_own, "{status} {body}: {error}");
                assert_eq!(error.request_id(), Some("req-7"));
            }
        }
    }
}

#[tokio::test]
async fn a_long_message_is_cut_and_one_that_is_far_too_long_is_left_out() {
    for status in ["400 Bad Request", "500 Internal Server Error"] {
        for (length, kept) in [(60_000, Some(1_000)), (100_000, None)] {
            let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(length));
            let tap = Tap::start(answer(status, "application/json", &long)).await;
            let error = tap.letta().access_tokens().list().await.unwrap_err();
            assert_eq!(error.message().map(str::len), kept, "{status}");
            assert!(status.starts_with(error.status().unwrap().as_str()));
        }
    }
}

#[tokio::test]
async fn an_error_says_how_long_to_wait() {
    for (header, wait) in [
        ("retry-after: 65", Some(Duration::from_secs(65))),
        ("retry-after-ms: 1500", Some(Duration::from_millis(1500))),
        ("retry-after: 0", None),
        ("retry-after: Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("retry-after: rubbish", None),
        ("x-nothing: 1", None),
    ] {
        let head =
            format!("HTTP/1.1 429 Too Many Requests\r\n{header}\r\ncontent-length: 0\r\n\r\n");
        let tap = Tap::start(head.into_bytes()).await;
        let error = tap.letta().access_tokens().list().await.unwrap_err();
        assert!(error.is_rate_limited() && error.is_retryable());
        assert_eq!(error.retry_after(), wait, "{header}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::run();
    elsewhere.expect(
        Expectation::matching(request::method(httptest::matchers::any()))
            .times(0)
            .respond_with(status_code(200)),
    );
    for status in [301, 302, 303, 307, 308] {
        let server = Server::run();
        server.expect(
            Expectation::matching(request::path(PATH)).respond_with(
                status_code(status).insert_header("location", elsewhere.url_str("/v1")),
            ),
        );
        let create = letta(server.url_str(""))
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let error = create.await.unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
}

#[tokio::test]
async fn no_connection_a_lost_answer_and_one_cut_short_are_told_apart() {
    let error = letta(refused_url())
        .access_tokens()
        .create(policy(), "https://app.example.com")
        .await
        .unwrap_err();
    assert!(
        error.is_connect() && error.is_retryable() && !error.may_have_happened(),
        "{error:?}"
    );
    assert!(
        format!("{error:?}").contains("Connection refused"),
        "{error:?}"
    );

    for (cut, status) in [
        ("", None),
        ("HTTP/1.1 201 Cre", None),
        ("rubbish\r\n\r\n", None),
        (
            "HTTP/1.1 201 Created\r\nx-request-id: req-7\r\ncontent-length: 900\r\n\r\n{\"token\":\"ck-let-1",
            Some(201),
        ),
        (
            "HTTP/1.1 200 OK\r\nx-request-id: req-7\r\ncontent-length: 900\r\n\r\n{\"token\":\"ck-let-1",
            Some(200),
        ),
    ] {
        let tap = Tap::start(cut.into()).await;
        let create = tap
            .letta()
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let error = create.await.unwrap_err();
        assert!(
            !error.is_connect() && !error.is_timeout() && !error.is_invalid_response(),
            "{cut}: {error:?}"
        );
        assert!(
            error.is_retryable() && error.may_have_happened(),
            "{cut}: {error:?}"
        );
        assert_eq!(
            error.status().map(|status| status.as_u16()),
            status,
            "{cut}"
        );
        assert_eq!(error.request_id(), status.map(|_| "req-7"), "{cut}");
        assert!(
            !format!("{error} {error:?}").contains("ck-let-1"),
            "{error:?}"
        );
    }
}

/// A resolver that knows no host, wherever the test runs.
struct Nowhere;

impl reqwest::dns::Resolve for Nowhere {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let error = std::io::Error::other("hunter2");
        Box::pin(async { Err(error.into()) })
    }
}

/// What is said by the SDK and by the generated client, to a caller of this base URL.
async fn said(url: &str, http: reqwest::ClientBuilder) -> [(bool, String); 2] {
    let http = http.build().unwrap();
    let letta = configured(url, |builder| {
        builder
            .retry(RetryPolicy::never())
            .http_client(http.clone())
    });
    let error = letta.access_tokens().list().await.unwrap_err();
    let raw = letta_api::Client::new(url.parse().unwrap(), http);
    let raw = raw
        .list_client_side_access_tokens(&Default::default())
        .await
        .unwrap_err();
    // The rest of a URL may hold a secret.
    let text = printed(&error) + &printed(&raw);
    assert!(!text.contains("/v1/") && !text.contains("st3m"), "{text}");
    let is_connect = matches!(&raw, letta_api::Error::Transport(error) if error.is_unprocessed());
    [
        (error.is_connect(), error.to_string()),
        (is_connect, raw.to_string()),
    ]
}

/// A server that says this to whoever connects, whatever that says, and closes.
async fn blunt(says: &'static [u8]) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // All that is there, or what is left of it would make a reset of the close.
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(says).await;
        }
    });
    port
}

#[tokio::test]
async fn an_error_without_an_answer_names_host_and_port_and_the_cause() {
    let client = || reqwest::Client::builder().no_proxy();
    let refused = refused_url();
    let port = refused.rsplit(':').next().unwrap();
    let http = blunt(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
    let silent = blunt(b"").await;
    let tls = blunt(&[21, 3, 1, 0, 2, 2, 70]).await;
    for (url, is_connect, to, says) in [
        (
            format!("http://127.0.0.1:{port}/st3m"),
            true,
            format!("cannot connect to 127.0.0.1:{port}: "),
            "connection refused",
        ),
        (
            format!("https://localhost:{port}"),
            true,
            format!("cannot connect to localhost:{port}: "),
            "no such host",
        ),
        (
            "https://api.leta.example/st3m".to_owned(),
            true,
            "cannot connect to api.leta.example:443: ".to_owned(),
            "no such host",
        ),
        (
            format!("https://127.0.0.1:{http}/st3m"),
            true,
            format!("cannot connect to 127.0.0.1:{http}: "),
            "does the server speak http there?",
        ),
        (
            format!("https://127.0.0.1:{silent}"),
            true,
            format!("cannot connect to 127.0.0.1:{silent}: "),
            "the TLS handshake failed",
        ),
        (
            format!("http://127.0.0.1:{tls}/st3m"),
            false,
            format!("127.0.0.1:{tls}: "),
            "does the server speak https there?",
        ),
        (
            format!("http://127.0.0.1:{silent}"),
            false,
            format!("127.0.0.1:{silent}: "),
            "closed",
        ),
    ] {
        let nowhere = std::sync::Arc::new(Nowhere);
        for (connects, text) in said(&url, client().dns_resolver(nowhere)).await {
            assert_eq!(connects, is_connect, "{text}");
            assert!(text.contains(&to) && text.contains(says), "{url}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
    let list = letta(&refused).access_tokens().list();
    assert_eq!(
        list.await.unwrap_err().to_string(),
        format!(
            "list_client_side_access_tokens: cannot connect to 127.0.0.1:{port}: connection refused"
        )
    );
}

#[tokio::test]
async fn a_failing_proxy_is_told_from_the_service() {
    let dead = refused_url();
    for (proxy, says) in [
        (dead, "the proxy cannot be reached: connection refused"),
        (
            format!(
                "http://127.0.0.1:{}",
                blunt(b"HTTP/1.1 407 X\r\n\r\n").await
            ),
            "the proxy asks for a user name and a password (407)",
        ),
        (
            format!(
                "http://127.0.0.1:{}",
                blunt(b"HTTP/1.1 403 X\r\n\r\n").await
            ),
            "the proxy refused to connect to it",
        ),
        (
            format!("http://127.0.0.1:{}", blunt(b"").await),
            "the proxy closed the connection",
        ),
        (
            format!(
                "http://127.0.0.1:{}",
                blunt(b"HTTP/1.1 200 X\r\n\r\nno TLS").await
            ),
            "the TLS handshake failed",
        ),
    ] {
        let mut proxy: reqwest::Url = proxy.parse().unwrap();
        proxy.set_username("user").unwrap();
        proxy.set_password(Some("hunter2")).unwrap();
        let http = reqwest::Client::builder().proxy(reqwest::Proxy::all(proxy).unwrap());
        for (is_connect, text) in said("https://api.letta.example", http).await {
            assert!(is_connect, "{text}");
            let to = "cannot connect to api.letta.example:443: ";
            assert!(text.contains(to) && text.contains(says), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_page_of_html_is_called_one_and_asks_after_the_base_url() {
    for (status, content_type, body) in [
        ("200 OK", "text/html", "<p>Sign in, hunter2</p>"),
        (
            "200 OK",
            "application/json",
            "<!DOCTYPE html><title>hunter2</title>",
        ),
        ("201 Created", "", "\n<HTML>hunter2</HTML>"),
        ("202 Accepted", "text/html; charset=utf-8", "hunter2"),
    ] {
        let tap = Tap::start(answer(status, content_type, body)).await;
        let tokens = tap.letta().access_tokens();
        for error in [
            tokens.create(policy(), "https://a.b").await.unwrap_err(),
            tokens.list().await.unwrap_err(),
            tokens.revoke(TOKEN).await.unwrap_err(),
        ] {
            assert!(error.is_invalid_response(), "{error}");
            let text = printed(&error);
            assert!(text.contains("a page of HTML"), "{text}");
            assert!(text.contains("check the base URL"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        let letta = tap.letta();
        let raw = letta
            .api()
            .list_client_side_access_tokens(&Default::default())
            .await;
        let error = raw.unwrap_err();
        if status == "200 OK" {
            assert!(error.to_string().contains("a page of HTML"), "{error}");
        }
    }
    for status in ["404 Not Found", "502 Bad Gateway"] {
        for error in all_three(status[..3].parse().unwrap(), "text/html", "<p>hunter2</p>").await {
            assert_eq!(error.message(), None);
            let text = printed(&error);
            assert!(text.contains(status), "{text}");
            assert!(text.contains("with a page of HTML"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

#[tokio::test]
async fn an_error_answer_that_is_cut_short_keeps_its_status() {
    for (status, retryable) in [(400, false), (401, false), (404, false), (500, true)] {
        let head = format!(
            "HTTP/1.1 {status} X\r\nx-request-id: req-7\r\ncontent-length: 900\r\n\r\n{{\"mess"
        );
        let tap = Tap::start(head.into_bytes()).await;
        let tokens = tap.letta().access_tokens();
        for error in [
            tokens
                .create(policy(), "https://app.example.com")
                .await
                .unwrap_err(),
            tokens.list().await.unwrap_err(),
            tokens.revoke(TOKEN).await.unwrap_err(),
        ] {
            assert_eq!(error.status().unwrap().as_u16(), status, "{error:?}");
            assert_eq!(error.request_id(), Some("req-7"), "{error:?}");
            assert_eq!(error.is_retryable(), retryable, "{error:?}");
            assert_eq!(error.may_have_happened(), status == 500, "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_time_out_is_told_apart_wherever_it_strikes() {
    let http = reqwest::Client::builder()
        // For the head of an answer to come in time, also on a busy machine.
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap();
    for (said, status) in [
        (&b""[..], None),
        (
            &b"HTTP/1.1 201 Created\r\ncontent-length: 900\r\n\r\n{\"to"[..],
            Some(201),
        ),
        (
            &b"HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"to"[..],
            Some(200),
        ),
    ] {
        let server = FaultServer::start([Fault::AnswerThenHang(said.into())]).await;
        // The client's own time-out counts.
        let letta = letta_api_ext::Letta::builder()
            .api_key("key")
            .base_url(server.url())
            .http_client(http.clone())
            .build()
            .unwrap();
        let create = letta
            .access_tokens()
            .create(policy(), "https://app.example.com");
        // The SDK's own would say how long it is.
        let error = create.await.unwrap_err();
        assert!(error.to_string().contains(" in time"), "{error}");
        assert!(error.is_timeout() && error.is_retryable(), "{error:?}");
        assert!(error.may_have_happened());
        assert_eq!(error.status().map(|status| status.as_u16()), status);
    }
}

#[tokio::test]
async fn whether_a_failed_call_may_have_happened_follows_from_its_status() {
    for (status, header, may) in [
        ("307 Temporary Redirect", "location: /", true),
        ("400 Bad Request", "x-a: b", false),
        ("408 Request Timeout", "x-a: b", true),
        ("429 Too Many Requests", "x-a: b", false),
        ("500 Internal Server Error", "x-a: b", true),
        ("503 Service Unavailable", "x-a: b", true),
        ("503 Service Unavailable", "retry-after: 3", false),
    ] {
        let head = format!("HTTP/1.1 {status}\r\n{header}\r\ncontent-length: 0\r\n\r\n");
        let tap = Tap::start(head.into_bytes()).await;
        let create = tap
            .letta()
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let error = create.await.unwrap_err();
        assert_eq!(error.may_have_happened(), may, "{status} {header}");
    }
}

#[tokio::test]
async fn a_request_that_the_http_client_would_not_send_is_bad_input() {
    let http = reqwest::Client::builder().https_only(true).build().unwrap();
    let letta = letta_api_ext::Letta::builder()
        .api_key("key")
        .base_url("http://127.0.0.1:1")
        .http_client(http)
        .build()
        .unwrap();
    let error = letta.access_tokens().list().await.unwrap_err();
    assert_eq!(error.field(), Some("request"), "{error:?}");
    assert!(!error.is_retryable() && !error.may_have_happened());
}

/// A page of `count` tokens.
fn page(count: usize, has_next_page: bool) -> String {
    // Each page begins with a token of its own.
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let token = token_json().replace(TOKEN, &format!("ck-let-{number}"));
    let tokens = vec![token; count].join(",");
    format!(r#"{{"tokens":[{tokens}],"hasNextPage":{has_next_page}}}"#)
}

#[tokio::test]
async fn all_pages_are_fetched_from_where_the_last_one_ended() {
    let server = Server::run();
    // The service may give fewer than asked for.
    for (query, count, more) in [
        ("agentId=agent-1&limit=3", 3, true),
        ("agentId=agent-1&limit=3&offset=3", 2, true),
        ("agentId=agent-1&limit=3&offset=5", 1, false),
    ] {
        server.expect(
            Expectation::matching(all_of![
                request::method_path("GET", PATH),
                request::query(query)
            ])
            .times(2)
            .respond_with(cycle![status_code(200).body(page(count, more))]),
        );
    }
    let list = letta(server.url_str(""))
        .access_tokens()
        .list()
        .agent("agent-1")
        .limit(3);

    let mut pages = list.clone().pages();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().tokens().len());
    }
    assert_eq!(sizes, [3, 2, 1]);

    use futures_util::TryStreamExt;
    let tokens: Vec<_> = list.items().try_collect().await.unwrap();
    assert_eq!(tokens.len(), 6);
}

#[tokio::test]
async fn a_page_is_fetched_when_it_is_asked_for() {
    let server = Server::run();
    server.expect(
        Expectation::matching(all_of![
            request::method_path("GET", PATH),
            not(request::query(url_decoded(contains(("offset", "2"))))),
        ])
        .times(1)
        .respond_with(status_code(200).body(page(2, true))),
    );
    let mut items = letta(server.url_str("")).access_tokens().list().items();
    assert!(items.next().await.unwrap().is_ok());
    assert!(items.next().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_stream_ends_after_an_error_and_never_goes_round_in_circles() {
    let empty = answer("200 OK", "application/json", &page(0, true));
    let tap = Tap::start(empty).await;
    let mut items = tap.letta().access_tokens().list().items();
    let error = items.next().await.unwrap().unwrap_err();
    assert!(
        error.is_invalid_response() && error.to_string().contains("empty"),
        "{error}"
    );
    assert_eq!(error.request_id(), Some("req-7"));
    assert!(items.next().await.is_none());
    assert_eq!(tap.requests().len(), 1);

    // A server that does not heed the offset. A page may come twice, where tokens are minted meanwhile.
    let tap = Tap::start(answer(
        "203 Non-Authoritative",
        "application/json",
        &page(2, true),
    ))
    .await;
    let mut pages = tap.letta().access_tokens().list().pages();
    for _ in 0..2 {
        assert_eq!(pages.next().await.unwrap().unwrap().tokens().len(), 2);
    }
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("three times"), "{error}");
    assert_eq!(error.status().unwrap().as_u16(), 203);
    assert_eq!(error.request_id(), Some("req-7"));
    assert!(pages.next().await.is_none());

    // What can be counted is given before the error.
    let list = tap.letta().access_tokens().list().offset(u32::MAX - 1);
    let mut pages = list.pages();
    assert_eq!(pages.next().await.unwrap().unwrap().tokens().len(), 2);
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(error.to_string().contains("counted"), "{error}");

    let tap = Tap::start(answer("500 Oh", "text/plain", "")).await;
    let mut pages = tap.letta().access_tokens().list().pages();
    assert!(pages.next().await.unwrap().unwrap_err().is_server_error());
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn a_token_that_is_given_to_a_page_is_its_secret_and_its_expiry() {
    let tap = Tap::start(answer("201 Created", "application/json", &token_json())).await;
    let token = tap
        .letta()
        .access_tokens()
        .create(policy(), "https://app.example.com")
        .await
        .unwrap();
    let left = token.remaining().as_secs();
    let page = serde_json::to_string(&token.to_browser()).unwrap();
    let expected = |left| {
        format!(r#"{{"token":"{TOKEN}","expiresAt":"2126-03-01T12:00:00Z","expiresIn":{left}}}"#)
    };
    // The second may have passed since.
    assert!(
        page == expected(left) || page == expected(left - 1),
        "{page}"
    );
    assert_eq!(token.hostname(), "https://app.example.com");
    assert_eq!(token.origin().unwrap().as_str(), "https://app.example.com");
    assert_eq!(token.policy(), &policy());
    assert_eq!(token.policy_version(), "1");
    let expiry = token.expires_at().unwrap();
    let minute = Duration::from_secs(60);
    assert_eq!(token.remaining_at(expiry - minute), minute);
    assert_eq!(token.remaining_at(expiry + minute), Duration::ZERO);
    assert!(!token.is_expired());
}
