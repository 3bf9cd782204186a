//! No secret is printed: everything public that can be printed is, and searched.
//!
//! A program of its own, because it records what all threads log and trace.

use std::sync::Mutex;
use std::time::Duration;

use letta_api::{ApiKey, Bearer, Client, Secret, types};
use letta_api_ext::{AccessTokens, Error, Letta, RetryPolicy};
use letta_api_tests::fault_server::refused_url;
use letta_api_tests::traces::Traces;
use letta_api_tests::{
    API_KEY, TOKEN, TOKEN_DECODED, TOKEN_PART, TOKEN_UUID, Tap, answer, policy, printed, token_json,
};

const INSTANT: Duration = Duration::from_micros(1);

/// A key and a token that do not look like those of the service, so that nothing but knowing them takes
/// them out. The token is another in a URL.
const PLAIN_KEY: &str = "plain=k3yk3yk3y/4711";
const PLAIN_TOKEN: &str = "plain/t0kent0ken+4712=";

/// A key that is base64 of a text with `hunter2` in it.
const BASE64_KEY: &str = "sk-let-azN5azN5azN5Omh1bnRlcjJzZWNyZXQ=";

/// Every line that any library logs, at every level.
struct Log(Mutex<Vec<String>>);

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {}", record.target(), record.args());
        self.0.lock().unwrap().push(line);
    }

    fn flush(&self) {}
}

static LOG: Log = Log(Mutex::new(Vec::new()));

/// What was printed, to be searched.
#[derive(Default)]
struct Printed(Vec<String>);

impl Printed {
    fn debug(&mut self, value: &dyn std::fmt::Debug) {
        self.0.push(format!("{value:?}"));
        self.0.push(format!("{value:#?}"));
    }

    fn error(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.0.push(printed(error));
    }

    /// As [`error`](Self::error), and what an error of the SDK has to say besides.
    fn failure(&mut self, error: &Error) {
        self.error(error);
        self.debug(&error.message());
        self.debug(&error.request_id());
    }

    /// Fails if any text holds a secret, in any form that a URL, JSON or base64 gives it.
    fn assert_clean(&self) {
        assert!(!self.0.is_empty());
        // The parts have none of the signs that encodings change. All is compared in lower case.
        let secrets = [
            API_KEY,
            TOKEN,
            TOKEN_PART,
            TOKEN_DECODED,
            TOKEN_UUID,
            &TOKEN_UUID.replace('-', ""),
            &TOKEN_UUID[..8],
            &TOKEN_UUID[24..],
            PLAIN_KEY,
            PLAIN_TOKEN,
            "k3yk3yk3y",
            "t0kent0ken",
            BASE64_KEY,
            &BASE64_KEY[7..20],
            "hunter2",
        ];
        let secrets = secrets.map(str::to_lowercase);
        for text in &self.0 {
            let lower = text.to_lowercase();
            for secret in &secrets {
                assert!(!lower.contains(secret), "{secret} is in {text}");
            }
        }
    }
}

/// Answers that echo what they were sent, as some servers do.
fn echoes(key: &str, token: &str) -> Vec<Vec<u8>> {
    let token_json = || token_json().replace(TOKEN, token);
    let in_url = token
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    let message =
        format!("no token {token} at /v1/client-side-access-tokens/{in_url} for Bearer {key}");
    let mut answers = Vec::new();
    for status in [
        "400 Bad Request",
        "401 Unauthorized",
        "404 Not Found",
        "500 Oh",
        "302 Found",
        "200 OK",
        "201 Created",
        "204 No Content",
    ] {
        for body in [
            format!(r#"{{"message":"{message}"}}"#),
            format!(r#"{{"detail":"{message}"}}"#),
            format!(r#"{{"detail":{{"message":"{message}"}}}}"#),
            message.clone(),
            format!(r#""{message}""#),
            token_json(),
            token_json()[..200].to_owned(),
            format!(r#"{{"tokens":[{}],"hasNextPage":false}}"#, token_json()),
            format!(r#"{{"tokens":[{}],"hasNextPage":"{token}"}}"#, token_json()),
        ] {
            for content_type in ["application/json", "text/plain", "text/html"] {
                answers.push(answer(status, content_type, &body));
            }
        }
        answers.push(
            format!("HTTP/1.1 {status}\r\nx-request-id: {token}\r\nlocation: https://{key}@x/{token}\r\nset-cookie: {key}\r\ncontent-length: 0\r\n\r\n").into_bytes(),
        );
        answers.push(
            format!(
                "HTTP/1.1 {status}\r\ncontent-length: 900\r\n\r\n{}",
                token_json()
            )
            .into_bytes(),
        );
    }
    answers.push(Vec::new());
    answers.push(format!("HTTP/1.1 2{token}").into_bytes());
    answers
}

/// What can be made of [`TOKEN`] and of [`BASE64_KEY`].
fn disguises() -> Vec<String> {
    let mut disguises = vec![
        TOKEN.to_owned(),
        TOKEN.trim_end_matches('=').to_owned(),
        TOKEN[7..].to_owned(),
        TOKEN.to_uppercase(),
        TOKEN_DECODED.to_owned(),
        TOKEN_UUID.to_owned(),
        TOKEN_UUID.to_uppercase(),
        TOKEN_UUID.replace('-', ""),
        BASE64_KEY.to_owned(),
        "k3yk3yk3y:hunter2secret".to_owned(),
    ];
    for index in 0..disguises.len() {
        let text = &disguises[index];
        let each = |encode: fn(char) -> String| text.chars().map(encode).collect::<String>();
        let percent = |only: &str| {
            let encode = |it: char| match only.contains(it) || only.is_empty() {
                true => format!("%{:02X}", u32::from(it)),
                false => it.to_string(),
            };
            text.chars().map(encode).collect::<String>()
        };
        let more = [
            percent("=:/+"),
            percent("=:/+").to_lowercase(),
            percent("=:/+").replace('%', "%25"),
            percent(""),
            percent("").replace('%', "%25"),
            each(|it| format!("&#{};", u32::from(it))),
            each(|it| format!("&#x{:x};", u32::from(it))),
            each(|it| format!("\\\\u{:04x}", u32::from(it))),
        ];
        disguises.extend(more);
    }
    disguises
}

#[tokio::test]
async fn a_token_or_a_key_in_another_encoding_is_not_printed() {
    let (traces, _guard) = Traces::here();
    let mut printed = Printed::default();
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    for disguise in disguises() {
        for (status, head, body) in [
            (
                "404 Not Found",
                "",
                format!(r#"{{"message":"no token {disguise} here"}}"#),
            ),
            (
                "400 Bad Request",
                "",
                format!(r#"{{"errors":[{{"field":"{disguise}","message":"{disguise}"}}]}}"#),
            ),
            ("200 OK", "", format!(r#"{{"token":"{disguise}"}}"#)),
            ("302 Found", "location: https://x.y/#\r\n", String::new()),
            ("500 Oh", "x-request-id: #\r\n", String::new()),
        ] {
            let head = head.replace('#', &disguise);
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{head}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            let tap = Tap::start(answer.into_bytes()).await;
            let letta = Letta::builder()
                .api_key(BASE64_KEY)
                .base_url(tap.url())
                .http_client(http.clone())
                .retry(RetryPolicy::never())
                .build()
                .unwrap();
            revoke(&letta.access_tokens(), TOKEN, &mut printed).await;
        }
    }
    printed
        .0
        .extend(traces.take().iter().map(ToString::to_string));
    printed.assert_clean();

    // The rest of the message stays, and so does the name of the organization.
    let organization = TOKEN_DECODED.split_once(':').unwrap().0;
    let said = format!("{organization} has no token {TOKEN_DECODED}");
    let body = format!(r#"{{"message":"{said}"}}"#);
    let tap = Tap::start(answer("401 Unauthorized", "application/json", &body)).await;
    let error = tap.letta().access_tokens().revoke(TOKEN).await.unwrap_err();
    let readable = format!("{organization} has no token [redacted]");
    assert_eq!(error.message(), Some(&*readable));
}

#[tokio::test]
async fn nothing_that_can_be_printed_shows_a_secret() {
    log::set_logger(&LOG).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let traces = Traces::everywhere();
    let mut printed = Printed::default();
    let mut failures = 0;
    // One for all: making one reads the machine's certificates.
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();

    let pairs = [
        (API_KEY, TOKEN),
        (PLAIN_KEY, TOKEN),
        (PLAIN_KEY, PLAIN_TOKEN),
    ];
    let cases = pairs.into_iter().flat_map(|(key, token)| {
        echoes(key, token)
            .into_iter()
            .map(move |bytes| (key, token, bytes))
    });
    for (key, token, bytes) in cases {
        let tap = Tap::start(bytes).await;
        let letta = Letta::builder()
            .api_key(key)
            .base_url(tap.url())
            .http_client(http.clone())
            .retry(RetryPolicy::standard().backoff(INSTANT, INSTANT))
            .build()
            .unwrap();
        printed.debug(&letta);
        let tokens = letta.access_tokens();
        printed.debug(&tokens);
        // A create is told of no token, and knows one in a message by its looks alone.
        if token == TOKEN {
            failures += mint_and_list(&tokens, &mut printed).await;
        }
        revoke(&tokens, token, &mut printed).await;
        raw(&tap, http.clone(), (key, token), &mut printed).await;
    }
    assert!(failures > 100, "{failures}");

    // The same where there is no server at all.
    let error = letta_api_tests::letta(refused_url())
        .access_tokens()
        .revoke(TOKEN)
        .await
        .unwrap_err();
    printed.error(&error);

    printed.0.extend(LOG.0.lock().unwrap().drain(..));
    let traced = traces.take();
    for target in ["letta_api_ext", "hyper_util::"] {
        let count = traced
            .iter()
            .filter(|it| it.target.starts_with(target))
            .count();
        assert!(count > 1000, "{target} traced {count} times");
    }
    printed.0.extend(traced.iter().map(ToString::to_string));
    printed.assert_clean();
}

/// Gives the number of creates that failed.
async fn mint_and_list(tokens: &AccessTokens, printed: &mut Printed) -> usize {
    let mut failures = 0;
    let create = tokens.create(policy(), "https://app.example.com");
    printed.debug(&create);
    match create.await {
        Ok(token) => {
            assert_eq!(token.expose_secret(), TOKEN);
            printed.debug(&token);
            printed.debug(&token.to_browser());
            printed.debug(&Secret::from(&token));
            printed.debug(&tokens.revoke(&token));
        }
        Err(error) => {
            failures += 1;
            printed.failure(&error);
        }
    }
    let list = tokens.list();
    printed.debug(&list);
    printed.debug(&list.clone().pages());
    printed.debug(&list.clone().items());
    match list.await {
        Ok(page) => printed.debug(&page),
        Err(error) => printed.failure(&error),
    }
    failures
}

async fn revoke(tokens: &AccessTokens, token: &str, printed: &mut Printed) {
    let revoke = tokens.revoke(token);
    printed.debug(&revoke);
    match revoke.await {
        Ok(outcome) => printed.debug(&outcome),
        Err(error) => printed.failure(&error),
    }
}

/// The same through the generated client.
async fn raw(tap: &Tap, http: reqwest::Client, (key, token): (&str, &str), printed: &mut Printed) {
    let key = ApiKey::new(key).unwrap();
    let bearer = Bearer::new(&key);
    printed.debug(&key);
    printed.debug(&bearer);
    printed.debug(&key.to_authorization());
    let client = Client::new(tap.url().parse().unwrap(), http).with_transport(bearer);
    printed.debug(&client);

    let entry = types::AccessPolicyEntry::agent("agent-1", vec![types::AccessRight::ReadAgent]);
    let body = types::ClientSideAccessTokenCreate::new("https://app.example.com", vec![entry]);
    match client.create_client_side_access_token(&body).await {
        Ok(token) => {
            printed.debug(&token);
            printed.debug(&token.into_inner());
        }
        Err(error) => raw_error(error, printed),
    }
    match client
        .list_client_side_access_tokens(&Default::default())
        .await
    {
        Ok(page) => {
            printed.debug(&page);
            printed.debug(&page.into_inner());
        }
        Err(error) => raw_error(error, printed),
    }
    match client
        .delete_client_side_access_token(&Secret::new(token))
        .await
    {
        Ok(done) => printed.debug(&done),
        Err(error) => raw_error(error, printed),
    }
}

fn raw_error(error: letta_api::Error<letta_api::ServiceError>, printed: &mut Printed) {
    printed.error(&error);
    printed.debug(&error.status());
    match error {
        letta_api::Error::ErrorResponse(answer) => {
            printed.debug(&answer);
            printed.debug(&answer.into_inner());
        }
        letta_api::Error::InvalidPayload(payload) => {
            printed.debug(&payload);
            printed.0.push(payload.to_string());
            printed.debug(&payload.problem());
        }
        letta_api::Error::Transport(error) => printed.error(&error),
        _ => {}
    }
}

#[test]
fn what_holds_a_secret_before_anything_is_sent_does_not_print_it() {
    let mut printed = Printed::default();
    printed.debug(
        &Letta::builder()
            .api_key(API_KEY)
            .base_url("https://user:hunter2@x"),
    );
    printed.debug(&Secret::new(TOKEN));
    printed.debug(&ApiKey::new(API_KEY).unwrap());
    for error in [
        Letta::new(format!("{API_KEY}\n{API_KEY}")).unwrap_err(),
        Letta::new(format!("{API_KEY}ü")).unwrap_err(),
        Letta::builder()
            .api_key(API_KEY)
            .base_url("https://user:hunter2@x")
            .build()
            .unwrap_err(),
        Letta::builder()
            .api_key("k")
            .project(format!("{API_KEY} x"))
            .build()
            .unwrap_err(),
    ] {
        printed.error(&error);
    }
    // A panic prints what `unwrap` is given.
    let panic = std::panic::catch_unwind(|| Letta::new(format!("{API_KEY}\u{0}")).unwrap());
    let panic = panic.unwrap_err();
    printed
        .0
        .push(panic.downcast_ref::<String>().unwrap().clone());
    printed.assert_clean();
}

#[tokio::test]
async fn a_token_that_repeats_its_secret_in_other_fields_does_not_print_it() {
    let json = token_json()
        .replace("https://app.example.com", &format!("https://x/{TOKEN}"))
        .replace("2126-03-01T12:00:00.000Z", TOKEN)
        .replace("read_messages", TOKEN)
        .replace(TOKEN, PLAIN_TOKEN);
    let tap = Tap::start(answer("201 Created", "application/json", &json)).await;
    let token = tap
        .letta()
        .access_tokens()
        .create(policy(), "https://app.example.com")
        .with_any_grant()
        .await;
    let token = token.unwrap();
    assert_eq!(token.expose_secret(), PLAIN_TOKEN);
    let mut printed = Printed::default();
    printed.debug(&token);
    printed.debug(&token.to_browser());
    printed.assert_clean();
}

/// What is said in a turn. No other text has it.
const SAID: &str = "I whisper this xyzzy4713";

/// The value of a header of the caller's.
const OWN: &str = "own-v4lue-v4lue-4714";

/// What a service may repeat of a call, wherever it can.
fn turn_replies() -> Vec<Vec<serde_json::Value>> {
    use serde_json::json;

    let echo = format!("no: Bearer {API_KEY}, {OWN}");
    let text = json!({
        "message_type": "assistant_message", "id": "message-1", "date": "2026-01-01T00:00:00Z", "run_id": "run-1",
        "content": SAID,
    });
    let failure = |run: &str| {
        json!({
            "message_type": "error_message", "run_id": run, "error_type": echo, "message": echo, "detail": echo,
        })
    };
    let call = |arguments: &str| {
        json!({
            "message_type": "approval_request_message", "id": "message-2", "date": "2026-01-01T00:00:00Z",
            "run_id": "run-1", "tool_call": {"tool_call_id": "call-1", "name": "look", "arguments": arguments},
        })
    };
    let stop = |reason: &str| json!({"message_type": "stop_reason", "stop_reason": reason});
    vec![
        vec![],
        vec![text.clone()],
        vec![text.clone(), failure("run-1")],
        vec![failure(API_KEY)],
        vec![failure(OWN)],
        vec![
            text.clone(),
            stop("error"),
            failure("run-1"),
            json!("[DONE]"),
        ],
        vec![text.clone(), stop("llm_api_error")],
        vec![text.clone(), stop(API_KEY)],
        vec![text.clone(), stop("requires_approval")],
        vec![call(SAID), stop("requires_approval")],
        vec![json!({"message_type": "assistant_message", "run_id": API_KEY, "content": SAID})],
        vec![json!({"message_type": "ping", "run_id": format!("run-{API_KEY}")})],
        vec![json!({"error": echo, "message_type": "error_message"})],
        vec![json!(echo)],
        vec![text, json!("[DONE]")],
    ]
}

#[tokio::test]
async fn nothing_that_a_turn_prints_shows_a_secret_or_what_was_said() {
    use letta_api_ext::turns::{Event, TurnPath};
    use letta_api_tests::event_server::{EventServer, Reply};
    use serde_json::json;

    let (traces, _guard) = Traces::here();
    let mut printed = Printed::default();
    let mut failures = 0;
    let http = reqwest::Client::new();
    let echo = format!("no: Bearer {API_KEY}, {OWN}");
    let run = |status: &str, reason: &str| {
        json!({
            "id": "run-1", "agent_id": "agent-1", "status": status, "stop_reason": reason,
            "created_at": "2026-01-01T00:00:00Z",
            "metadata": {"error": {"error_type": echo, "message": echo, "detail": echo}},
        })
        .to_string()
    };
    // What is asked besides is refused, lost, or says that the run has failed.
    let refused = json!({"detail": echo, "run_id": API_KEY}).to_string();
    let others = [
        ("404 Not Found", refused.clone()),
        ("409 Conflict", refused.clone()),
        ("200 OK", run("failed", "error")),
        ("200 OK", run("completed", "end_turn")),
        ("200 OK", echo.clone()),
    ];
    type Answer = Box<dyn Fn(&str) -> Reply + Send + Sync>;
    let mut servers: Vec<Answer> = Vec::new();
    for events in turn_replies() {
        let events: Vec<String> = (events.iter())
            .map(|event| {
                event
                    .as_str()
                    .map_or_else(|| event.to_string(), str::to_owned)
            })
            .collect();
        for (status, body) in others.clone() {
            let events = events.clone();
            servers.push(Box::new(move |line| {
                match line.contains("/messages ") && line.starts_with("POST") {
                    true => Reply::events(events.clone()),
                    false => Reply::Json(status, body.clone()),
                }
            }));
        }
    }
    for status in [
        "400 X", "401 X", "402 X", "404 X", "409 X", "422 X", "429 X", "503 X", "200 OK",
    ] {
        let refused = refused.clone();
        servers.push(Box::new(move |_| Reply::Json(status, refused.clone())));
    }
    servers.push(Box::new(|_| Reply::Nothing));
    // At the same time: some turns take as long as their deadline.
    let all = servers.into_iter().map(async |reply| {
        let (mut printed, mut failures) = (Printed::default(), 0);
        let server = EventServer::start(move |line, _| reply(line)).await;
        let letta = Letta::builder()
            .api_key(API_KEY)
            .base_url(server.url())
            .http_client(http.clone())
            .retry(RetryPolicy::standard().backoff(INSTANT, INSTANT))
            .build()
            .unwrap();
        for path in [TurnPath::Resumable, TurnPath::Plain] {
            let turn = letta.agent("agent-1").turn(SAID).with_path(path);
            let turn = turn
                .with_header("x-own", OWN)
                .with_silence_limit(Duration::from_secs(1))
                .with_deadline(Duration::from_secs(2))
                .override_system(SAID);
            printed.debug(&turn);
            let error = match turn.stream().await {
                Ok(mut stream) => {
                    printed.debug(&stream);
                    let mut failed = None;
                    while let Some(event) = stream.next().await {
                        match event {
                            // What the agent says is there to be shown.
                            Ok(Event::Text(_) | Event::ToolCall(_) | Event::Other(_)) => {}
                            Ok(event) => printed.debug(&event),
                            Err(error) => failed = Some(error),
                        }
                    }
                    printed.debug(&stream);
                    stream.finish().err().or(failed)
                }
                Err(error) => Some(error),
            };
            if let Some(error) = error {
                failures += 1;
                printed.failure(&error);
                printed.debug(&error.code());
                printed.debug(&error.detail());
                printed.debug(&error.run_id());
            }
        }
        (printed, failures)
    });
    for (one, failed) in futures_util::future::join_all(all).await {
        printed.0.extend(one.0);
        failures += failed;
    }
    assert!(failures > 100, "{failures}");
    let traced = traces.take();
    let turns = traced
        .iter()
        .filter(|it| it.target == "letta_api_ext::turns");
    assert!(turns.count() > 500);
    printed.0.extend(traced.iter().map(ToString::to_string));
    printed.assert_clean();
    for text in &printed.0 {
        for secret in ["xyzzy4713", "v4lue"] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}
