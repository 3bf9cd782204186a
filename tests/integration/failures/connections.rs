//! Everything that can go wrong between a call and its answer, over raw sockets: what the caller gets, how
//! many requests the server sees, that it ends in time, and that nothing secret is printed.

use std::time::{Duration, Instant};

use letta_api_ext::{Error, Letta, RetryPolicy, Revocation};
use letta_api_tests::fault_server::{Fault, FaultServer, gzip_bomb, refused_url};
use letta_api_tests::{
    API_KEY, TOKEN, TOKEN_PART, answer, configured, persistent, policy, printed, split, token_json,
};

const ATTEMPT: Duration = Duration::from_millis(150);

/// A client that has little time for an attempt.
fn hasty(url: impl Into<String>) -> Letta {
    configured(url, |builder| builder.attempt_timeout(ATTEMPT))
}

/// A client that reads no more than 32 KiB.
fn narrow(url: impl Into<String>) -> Letta {
    configured(url, |builder| builder.response_body_limit(32 * 1024))
}

/// What came of a call, in a word, and how often it was sent.
type Outcome = (&'static str, usize);

fn word(error: &Error) -> &'static str {
    let said = (error.message(), error.request_id());
    let text = format!("{} {said:?}", printed(error));
    for secret in [API_KEY, TOKEN, TOKEN_PART, "k3yk3yk3y"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    if error.is_connect() {
        "connect"
    } else if error.is_timeout() {
        "timeout"
    } else if error.is_redirect() {
        "redirect"
    } else if error.is_invalid_response() {
        "invalid"
    } else {
        match error.status().map(|status| status.as_u16()) {
            Some(400..) => "status",
            _ => "interrupted",
        }
    }
}

/// Creates, lists and revokes, each with a server of its own, with time enough.
async fn outcomes(script: &[Fault]) -> [Outcome; 3] {
    outcomes_of(script, persistent).await
}

/// As [`outcomes`], by this client for a URL.
async fn outcomes_of(script: &[Fault], client: fn(String) -> Letta) -> [Outcome; 3] {
    let mut outcomes = [("ok", 0); 3];
    for (index, outcome) in outcomes.iter_mut().enumerate() {
        let server = FaultServer::start(script.to_vec()).await;
        let tokens = client(server.url()).access_tokens();
        let error = match index {
            0 => tokens
                .create(policy(), "https://app.example.com")
                .await
                .err(),
            1 => tokens.list().await.err(),
            _ => tokens.revoke(TOKEN).await.err(),
        };
        if let Some(error) = &error {
            outcome.0 = word(error);
            assert_eq!(error.attempts() as usize, server.connections(), "{error}");
        }
        outcome.1 = server.connections();
    }
    outcomes
}

/// A head that promises `length` bytes, and a beginning of what it promises.
fn partial(status: u16, length: usize) -> Vec<u8> {
    let body = &token_json()[..130];
    assert!(body.contains(TOKEN_PART));
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn json(status: &str, body: &str) -> Fault {
    Fault::Answer(answer(status, "application/json", body))
}

fn bytes(answer: impl Into<Vec<u8>>) -> Fault {
    Fault::Answer(answer.into())
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error_and_is_made_anew_where_that_is_safe() {
    for fault in [
        Fault::ResetOnAccept,
        Fault::ResetAfterRequest,
        Fault::CloseAfterRequest,
        Fault::AnswerThenReset(b"HTTP/1.1 2".into()),
        bytes("HTTP/1.1 201 Created\r\ncontent-le"),
        bytes("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n"),
        // No HTTP at all.
        bytes("rubbish\r\n\r\n"),
        bytes([0x16, 3, 1, 0, 0xa5, 1, 0, 0, 0xa1, 3, 3, 0xff]),
        bytes("HTTP/0.9 200 OK\r\n\r\n"),
        bytes("HTTP/1.1 99999 X\r\n\r\n"),
        bytes("HTTP/1.1 200 OK\r\ncontent-length: some\r\n\r\n"),
        bytes("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}"),
        bytes("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"),
        bytes("HTTP/2.0 200 OK\r\n\r\n"),
    ] {
        let outcomes = outcomes(std::slice::from_ref(&fault)).await;
        let expected = [("interrupted", 1), ("interrupted", 3), ("interrupted", 3)];
        assert_eq!(outcomes, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again_where_that_is_safe() {
    let chunked = |body: &str| {
        format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n{body}").into_bytes()
    };
    for fault in [
        bytes(partial(200, 900)),
        Fault::AnswerThenReset(partial(200, 900)),
        bytes(partial(201, 900)),
        bytes(chunked("5\r\n{\"tok")),
        bytes(chunked("5\r\n{\"tok\r\nzz\r\n")),
        bytes(chunked("")),
    ] {
        let outcomes = outcomes(std::slice::from_ref(&fault)).await;
        assert_eq!(
            outcomes[..2],
            [("interrupted", 1), ("interrupted", 3)],
            "{fault:?}"
        );
    }
    // The status is all that a 204 has to say.
    let outcomes = outcomes(&[bytes(partial(204, 900))]).await;
    assert_eq!(outcomes[2], ("ok", 1));
    // Nor does an error answer need its body.
    let outcomes = self::outcomes(&[bytes(partial(500, 900))]).await;
    assert_eq!(outcomes, [("status", 1), ("status", 3), ("status", 3)]);
    let outcomes = outcomes_of(&[Fault::AnswerThenHang(partial(500, 900))], hasty).await;
    assert_eq!(outcomes, [("status", 1), ("status", 3), ("status", 3)]);
}

#[tokio::test]
async fn nobody_listening_is_no_connection_however_often() {
    let tokens = persistent(refused_url()).access_tokens();
    for error in [
        tokens
            .create(policy(), "https://app.example.com")
            .await
            .unwrap_err(),
        tokens.list().await.unwrap_err(),
        tokens.revoke(TOKEN).await.unwrap_err(),
    ] {
        assert_eq!((word(&error), error.attempts()), ("connect", 3), "{error}");
        assert!(!error.may_have_happened());
    }
}

#[tokio::test]
async fn a_hang_at_any_stage_ends_with_the_attempt() {
    let late = answer("200 OK", "application/json", &token_json());
    for fault in [
        Fault::HangOnAccept,
        Fault::AnswerThenHang(Vec::new()),
        Fault::AnswerThenHang(b"HTTP/1.1 20".into()),
        Fault::AnswerThenHang(b"HTTP/1.1 100 Continue\r\n\r\n".into()),
        Fault::AnswerThenHang(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n".into()),
        Fault::AnswerThenHang(partial(200, 900)),
        // Byte by byte it would take 13 seconds.
        Fault::Slowly {
            answer: late,
            piece: 1,
            pause: Duration::from_millis(40),
        },
    ] {
        let outcomes = outcomes_of(std::slice::from_ref(&fault), hasty).await;
        let expected = [("timeout", 1), ("timeout", 3), ("timeout", 3)];
        assert_eq!(outcomes, expected, "{fault:?}");
    }
}

#[tokio::test]
async fn a_hang_at_any_stage_ends_with_the_deadline() {
    let deadline = Duration::from_millis(200);
    for fault in [
        Fault::HangOnAccept,
        Fault::AnswerThenHang(Vec::new()),
        Fault::AnswerThenHang(b"HTTP/1.1 200 OK\r\nx-a".into()),
        Fault::AnswerThenHang(partial(200, 900)),
    ] {
        let server = FaultServer::start([fault.clone()]).await;
        let began = Instant::now();
        let list = persistent(server.url()).access_tokens().list();
        let error = list.with_deadline(deadline).await.unwrap_err();
        assert!(error.is_deadline_exceeded(), "{fault:?}: {error}");
        assert!(began.elapsed() >= deadline, "{fault:?}");
        assert_eq!(error.attempts(), 1);
        // It is not left behind.
        server.closed_by_peer(1).await;
    }
}

#[tokio::test]
async fn a_slow_answer_that_comes_in_time_is_an_answer() {
    let server = FaultServer::start([Fault::Slowly {
        answer: answer("201 Created", "application/json", &token_json()),
        piece: 40,
        pause: Duration::from_millis(1),
    }])
    .await;
    let create = persistent(server.url())
        .access_tokens()
        .create(policy(), "https://app.example.com");
    assert_eq!(create.await.unwrap().expose_secret(), TOKEN);
}

#[tokio::test]
async fn dropping_the_future_cancels_the_call() {
    let server = FaultServer::start([Fault::AnswerThenHang(Vec::new())]).await;
    let create = persistent(server.url())
        .access_tokens()
        .create(policy(), "https://app.example.com");
    drop_once_sent(create.send(), &server).await;
    server.closed_by_peer(1).await;
    assert_eq!(server.requests().len(), 1);

    // Between two attempts there is nothing to close, and nothing more is sent.
    let wait = Duration::from_secs(1);
    let busy = "HTTP/1.1 503 X\r\nretry-after-ms: 1000\r\ncontent-length: 0\r\n\r\n";
    let server = FaultServer::start([bytes(busy)]).await;
    let create = persistent(server.url())
        .access_tokens()
        .create(policy(), "https://app.example.com");
    drop_once_sent(create.send(), &server).await;
    tokio::time::sleep(wait + ATTEMPT).await;
    assert_eq!(server.requests().len(), 1);
}

/// Drives a call until the server has its request, and drops it.
async fn drop_once_sent<T>(call: impl Future<Output = T>, server: &FaultServer) {
    let mut call = std::pin::pin!(call);
    while server.requests().is_empty() {
        let pause = Duration::from_millis(1);
        let result = tokio::time::timeout(pause, call.as_mut()).await;
        assert!(result.is_err(), "the call ended by itself");
    }
}

#[tokio::test]
async fn what_comes_before_the_answer_is_passed_over() {
    for early in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n",
    ] {
        let mut bytes = early.as_bytes().to_vec();
        bytes.extend(answer("201 Created", "application/json", &token_json()));
        let server = FaultServer::start([Fault::Answer(bytes)]).await;
        let create = persistent(server.url())
            .access_tokens()
            .create(policy(), "https://app.example.com");
        assert_eq!(create.await.unwrap().expose_secret(), TOKEN);
    }
}

#[tokio::test]
async fn an_invalid_body_is_an_error_at_once() {
    let html = format!("<html>{TOKEN}</html>");
    let deep = "[".repeat(50_000);
    for body in [
        "",
        "[]",
        "null",
        "{}",
        &html,
        &token_json()[..130],
        &token_json().replace(TOKEN, "\u{0}")[..],
        &deep,
        r#"{"token":"#,
    ] {
        for status in ["200 OK", "201 Created", "202 Accepted"] {
            let outcomes = outcomes(&[json(status, body)]).await;
            assert_eq!(
                outcomes[..2],
                [("invalid", 1), ("invalid", 1)],
                "{status} {body:.80}"
            );
            assert_eq!(outcomes[2], ("invalid", 1), "{status} {body:.80}");
        }
    }
    // Cut short by a length that is too small, and no UTF-8.
    let short = answer("200 OK", "application/json", &token_json());
    let short = String::from_utf8(short).unwrap();
    let length = token_json().len();
    let short = short.replace(&format!("length: {length}"), "length: 70");
    let mut invalid = answer("200 OK", "application/json", r#"{"token":"??"}"#);
    let mark = invalid.len() - 3;
    invalid[mark] = 0xff;
    for fault in [bytes(short), bytes(invalid)] {
        let outcomes = outcomes(&[fault]).await;
        assert_eq!(outcomes, [("invalid", 1); 3]);
    }
}

async fn endless(head: &str, chunk: &[u8]) -> FaultServer {
    let (head, chunk) = (head.into(), chunk.into());
    FaultServer::start([Fault::Endless { head, chunk }]).await
}

#[tokio::test]
async fn a_body_past_the_limit_is_an_error_and_is_not_read_on() {
    let line = "x".repeat(1024).into_bytes();
    let chunk = [b"400\r\n".to_vec(), line.clone(), b"\r\n".to_vec()].concat();
    for (head, chunk) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            &line,
        ),
        ("HTTP/1.1 200 OK\r\n\r\n", &line),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            &chunk,
        ),
    ] {
        let server = endless(head, chunk).await;
        let error = narrow(server.url())
            .access_tokens()
            .list()
            .await
            .unwrap_err();
        assert_eq!(word(&error), "invalid", "{error}");
        assert!(
            error.to_string().contains("longer than 32768 bytes"),
            "{error}"
        );
        assert_eq!(server.requests().len(), 1);
        server.closed_by_peer(1).await;
        let written = server.bytes_written();
        assert!(written < 32 * 1024 * 1024, "{written}");
    }
    // One that says how long it will be is not waited for.
    let long = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n";
    let server = FaultServer::start([Fault::AnswerThenHang(long.into())]).await;
    let error = narrow(server.url()).access_tokens().list().await;
    assert_eq!(word(&error.unwrap_err()), "invalid");
    // An error answer loses its message alone.
    let head = "HTTP/1.1 400 X\r\ncontent-type: text/plain\r\n\r\n";
    let server = endless(head, &line).await;
    let error = narrow(server.url())
        .access_tokens()
        .list()
        .await
        .unwrap_err();
    assert_eq!(
        (error.status().unwrap().as_u16(), error.message()),
        (400, None)
    );
    // Headers without end are no answer.
    let padding = b"x-padding: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";
    let server = endless("HTTP/1.1 200 OK\r\n", padding).await;
    let create = narrow(server.url())
        .access_tokens()
        .create(policy(), "https://app.example.com");
    assert_eq!(word(&create.await.unwrap_err()), "interrupted");
    assert!(server.bytes_written() < 32 * 1024 * 1024);
}

#[tokio::test]
async fn a_gzip_bomb_is_not_decompressed() {
    let bomb = gzip_bomb(256);
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bomb.len()
    );
    let answer = [head.into_bytes(), bomb].concat();
    // The SDK's own client does not decompress, and the bytes are no JSON.
    let outcomes = outcomes(&[Fault::Answer(answer)]).await;
    assert_eq!(outcomes, [("invalid", 1); 3]);
}

#[tokio::test]
async fn a_deadline_holds_while_pieces_come_without_end() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n";
    // A stream that has begun, and blocks of nothing.
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(1_000);
    let gzip_head = [
        format!("{chunked}content-encoding: gzip\r\n\r\na\r\n").as_bytes(),
        &gzip,
        b"\r\n",
    ]
    .concat();
    let gzip_chunk = [b"1388\r\n", &nothing[..], b"\r\n"].concat();
    for (head, chunk) in [
        (
            format!("{chunked}\r\n").into_bytes(),
            b"1\r\nx\r\n".repeat(1_000),
        ),
        (gzip_head, gzip_chunk),
        (b"HTTP/1.1 200 OK\r\n\r\n".into(), b"x".to_vec()),
    ] {
        let server = FaultServer::start([Fault::Endless { head, chunk }]).await;
        let http = reqwest::Client::builder().gzip(true).build().unwrap();
        let letta = configured(server.url(), |builder| {
            builder.http_client(http).response_body_limit(usize::MAX)
        });
        let list = letta.access_tokens().list();
        let error = list.with_deadline(2 * ATTEMPT).await.unwrap_err();
        assert!(error.is_deadline_exceeded(), "{error}");
        server.closed_by_peer(1).await;
    }
}

fn redirect(status: u16, location: &str) -> Fault {
    let head = format!("HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    Fault::AnswerKeepAlive(head.into_bytes())
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_with_method_body_and_key() {
    for status in [307, 308] {
        let server = FaultServer::start([
            redirect(status, "/elsewhere/"),
            json("201 Created", &token_json()),
        ])
        .await;
        let create = persistent(server.url())
            .access_tokens()
            .create(policy(), "https://app.example.com");
        assert_eq!(create.await.unwrap().expose_secret(), TOKEN);
        let requests = server.requests();
        let [
            (first, headers, body),
            (line, followed_headers, followed_body),
        ] = [split(&requests[0]), split(&requests[1])];
        assert!(first.starts_with("POST /v1/client-side-access-tokens "));
        assert_eq!(line, "POST /elsewhere/ HTTP/1.1");
        assert_eq!((headers, body), (followed_headers, followed_body));
    }
    // A slash at the end makes no other path.
    for status in [301, 302, 307, 308] {
        let location = format!("/v1/client-side-access-tokens/{TOKEN}/?y#z");
        let script = [redirect(status, &location), bytes("HTTP/1.1 204 X\r\n\r\n")];
        let server = FaultServer::start(script).await;
        let revoke = persistent(server.url()).access_tokens().revoke(TOKEN);
        assert_eq!(revoke.await.unwrap(), Revocation::Deleted);
        let first = format!("DELETE {} HTTP/1.1", location.trim_end_matches("#z"));
        assert!(server.requests()[1].starts_with(&first));
    }
}

#[tokio::test]
async fn an_answer_after_a_redirect_to_another_path_says_nothing_about_the_token() {
    let gone = json("404 Not Found", r#"{"message":"Not Found"}"#);
    for (answer, says) in [
        (bytes("HTTP/1.1 204 X\r\n\r\n"), "invalid"),
        (
            bytes("HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n"),
            "invalid",
        ),
        (gone, "status"),
    ] {
        let server = FaultServer::start([redirect(308, "/login"), answer]).await;
        let revoke = persistent(server.url()).access_tokens().revoke(TOKEN);
        assert_eq!(word(&revoke.await.unwrap_err()), says);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_redirect_to_where_no_request_can_be_sent_is_refused() {
    for location in ["/x".repeat(40_000), "blob:{origin}/x".to_owned()] {
        let server = FaultServer::start_with(move |_, request| {
            let (_, headers, _) = split(request);
            let host = &headers.iter().find(|(name, _)| name == "host").unwrap().1;
            redirect(
                307,
                &location.replace("{origin}", &format!("http://{host}")),
            )
        })
        .await;
        let create = persistent(server.url())
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let error = create.await.unwrap_err();
        assert_eq!(
            (word(&error), server.requests().len()),
            ("redirect", 1),
            "{error}"
        );
        assert!(error.may_have_happened());
    }
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_refused_and_both_are_named() {
    let elsewhere = FaultServer::start([bytes("HTTP/1.1 204 X\r\n\r\n")]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://user:{API_KEY}@{}/{TOKEN}?x", elsewhere.addr());
        let server = FaultServer::start([redirect(status, &location)]).await;
        let tokens = persistent(server.url()).access_tokens();
        for error in [
            tokens
                .create(policy(), "https://app.example.com")
                .await
                .unwrap_err(),
            tokens.list().await.unwrap_err(),
            tokens.revoke(TOKEN).await.unwrap_err(),
        ] {
            assert_eq!(word(&error), "redirect", "{error}");
            assert_eq!((error.attempts(), error.is_retryable()), (1, false));
            assert_eq!(error.status().unwrap().as_u16(), status);
            let both = format!("redirects from {} to {}", server.url(), elsewhere.url());
            assert!(error.to_string().contains(&both), "{error}");
        }
    }
    // A host's name can be a secret too.
    let server = FaultServer::start([redirect(307, &format!("https://{TOKEN}.example"))]).await;
    let list = persistent(server.url()).access_tokens().list();
    assert_eq!(word(&list.await.unwrap_err()), "redirect");
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_redirect_that_would_make_a_post_a_get_is_refused() {
    for status in [301, 302, 303] {
        let server = FaultServer::start([redirect(status, "/v1/agents")]).await;
        let create = persistent(server.url())
            .access_tokens()
            .create(policy(), "https://app.example.com");
        let error = create.await.unwrap_err();
        assert!(
            error.to_string().contains("turn the request into a GET"),
            "{error}"
        );
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn redirects_without_end_are_not_followed_for_ever() {
    let server = FaultServer::start([redirect(307, "/v1/again")]).await;
    let error = persistent(server.url())
        .access_tokens()
        .list()
        .await
        .unwrap_err();
    assert_eq!(word(&error), "redirect");
    assert!(error.to_string().contains("too many redirects"), "{error}");
    // The request itself, and five redirects.
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn an_own_client_that_follows_redirects_to_other_origins_is_detected() {
    let elsewhere = FaultServer::start([json("201 Created", &token_json())]).await;
    let server = FaultServer::start([redirect(307, &elsewhere.url())]).await;
    let letta = configured(server.url(), |builder| {
        builder.http_client(reqwest::Client::new())
    });
    let create = letta
        .access_tokens()
        .create(policy(), "https://app.example.com");
    let error = create.await.unwrap_err();
    assert_eq!(word(&error), "redirect");
    assert!(
        error.to_string().contains("redirect::Policy::none()"),
        "{error}"
    );
    assert_eq!(elsewhere.requests().len(), 1);

    // Within the origin, nobody knows with what method it got there.
    for status in [303, 307] {
        let script = [
            redirect(status, "/login"),
            bytes("HTTP/1.1 200 X\r\ncontent-length: 0\r\n\r\n"),
        ];
        let server = FaultServer::start(script).await;
        let letta = configured(server.url(), |builder| {
            builder.http_client(reqwest::Client::new())
        });
        let error = letta.access_tokens().revoke(TOKEN).await.unwrap_err();
        assert_eq!(word(&error), "redirect", "{status}");
    }

    // One that goes round in circles is stopped by itself, and says no more than that.
    let server = FaultServer::start([redirect(307, "/again")]).await;
    let letta = configured(server.url(), |builder| {
        builder.http_client(reqwest::Client::new())
    });
    let error = letta.access_tokens().list().await.unwrap_err();
    assert_eq!(
        (word(&error), error.attempts()),
        ("redirect", 1),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_storm_that_ends_is_ridden_out() {
    let busy = bytes("HTTP/1.1 429 X\r\nretry-after-ms: 20\r\ncontent-length: 0\r\n\r\n");
    let down = bytes("HTTP/1.1 503 X\r\nretry-after-ms: 20\r\ncontent-length: 0\r\n\r\n");
    let storm = [busy, down, json("201 Created", &token_json())];
    let server = FaultServer::start(storm).await;
    let began = Instant::now();
    let create = persistent(server.url())
        .access_tokens()
        .create(policy(), "https://app.example.com");
    assert_eq!(create.await.unwrap().expose_secret(), TOKEN);
    assert!(began.elapsed() >= Duration::from_millis(40));
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| *request == requests[0]));

    // And one that does not end is not waited for.
    let asleep = "HTTP/1.1 503 X\r\nretry-after: 3600\r\ncontent-length: 0\r\n\r\n";
    let server = FaultServer::start([bytes(asleep)]).await;
    let create = persistent(server.url())
        .access_tokens()
        .create(policy(), "https://app.example.com");
    let error = create.await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
    assert_eq!((error.attempts(), error.may_have_happened()), (1, false));
}

#[tokio::test]
async fn a_revoke_whose_answer_was_lost_finds_the_token_gone_and_succeeded() {
    let gone = json("404 Not Found", r#"{"message":"no such token"}"#);
    for (lost, attempt) in [
        (Fault::ResetAfterRequest, Duration::from_secs(60)),
        // The second attempt has as long, so not too little.
        (Fault::AnswerThenHang(Vec::new()), Duration::from_secs(2)),
    ] {
        let server = FaultServer::start([lost, gone.clone()]).await;
        let revoke = persistent(server.url()).access_tokens().revoke(TOKEN);
        let revoked = revoke.with_attempt_timeout(attempt).await;
        assert_eq!(revoked.unwrap(), Revocation::Deleted);
        assert_eq!(server.requests().len(), 2);
    }
    let server = FaultServer::start([gone]).await;
    let revoke = persistent(server.url()).access_tokens().revoke(TOKEN);
    assert_eq!(revoke.await.unwrap(), Revocation::NotFound);
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_repeated_only_where_the_caller_says_so() {
    let script = [Fault::CloseAfterRequest, json("201 Created", &token_json())];
    let server = FaultServer::start(script.clone()).await;
    let tokens = persistent(server.url()).access_tokens();
    let error = tokens
        .create(policy(), "https://app.example.com")
        .await
        .unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(server.requests().len(), 1);

    let server = FaultServer::start(script).await;
    let tokens = persistent(server.url()).access_tokens();
    let create = tokens.create(policy(), "https://app.example.com");
    let create = create.with_retry(RetryPolicy::standard().repeat_unsafe());
    assert_eq!(create.await.unwrap().expose_secret(), TOKEN);
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_made_anew() {
    let body = token_json();
    let head = format!(
        "HTTP/1.1 201 X\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    // It does not say that it will close.
    let server = FaultServer::start([bytes(head)]).await;
    let tokens = persistent(server.url()).access_tokens();
    for _ in 0..5 {
        tokens
            .create(policy(), "https://app.example.com")
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert_eq!((server.requests().len(), server.connections()), (5, 5));
}

#[tokio::test]
async fn a_connection_is_used_again_after_errors_that_leave_it_whole() {
    let busy = "HTTP/1.1 429 X\r\ncontent-length: 4\r\n\r\nbusy";
    let page = r#"{"tokens":[],"hasNextPage":false}"#;
    let page = format!(
        "HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    );
    let script = [busy, &page, &page].map(|it| Fault::AnswerKeepAlive(it.into()));
    let server = FaultServer::start(script).await;
    let letta = persistent(server.url());
    for _ in 0..2 {
        letta.access_tokens().list().await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_connection_that_is_not_made_in_time_is_no_connection() {
    // A listener that nobody accepts from takes few connections, and the next ones are not made.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let addr = listener.local_addr().unwrap();
    let mut taken = Vec::new();
    let patience = Duration::from_millis(300);
    while let Ok(stream) =
        tokio::time::timeout(patience, tokio::net::TcpStream::connect(addr)).await
    {
        taken.push(stream.unwrap());
    }
    let letta = configured(format!("http://{addr}"), |builder| {
        builder.attempt_timeout(Duration::from_millis(400))
    });
    let create = letta
        .access_tokens()
        .create(policy(), "https://app.example.com");
    let error = create.await.unwrap_err();
    assert_eq!(
        (word(&error), error.attempts()),
        ("connect", 3),
        "{error:?}"
    );
    assert!(!error.may_have_happened());
    let says = format!("cannot connect to {addr}: timed out");
    assert!(error.to_string().contains(&says), "{error}");
}
