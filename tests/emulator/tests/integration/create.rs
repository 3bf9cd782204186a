use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letta_api::types::{AccessPolicyEntry, AccessRight, ClientSideAccessTokenCreate};
use letta_api_emulator::{Emulator, ManualClock};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::raw::{Answer, HOSTNAME, TOKENS, client, create, good_body, request};

/// 2026-03-01T12:00:00.250Z.
const NOON: Duration = Duration::from_millis(1_772_366_400_250);

async fn emulator_at_noon() -> Emulator {
    let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH + NOON);
    Emulator::builder().clock(clock).start().await.unwrap()
}

#[tokio::test]
async fn the_answer_has_what_is_documented_and_nothing_else() {
    let emulator = emulator_at_noon().await;
    let policy = json!([
        {"type": "agent", "id": "agent-1", "access": ["read_messages", "write_messages", "read_agent", "write_agent"]},
        {"type": "agent", "id": "agent-2", "access": ["read_messages"]},
    ]);
    let answer = create(
        &emulator,
        &json!({"hostname": HOSTNAME, "policy": policy, "expires_at": "2026-03-01T13:00:00Z"}),
    )
    .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "application/json");
    let token = answer.json()["token"].clone();
    assert_eq!(
        answer.json(),
        json!({
            "token": token,
            "hostname": HOSTNAME,
            "expiresAt": "2026-03-01T13:00:00.000Z",
            "policy": {"version": "1", "data": policy},
        })
    );
    let encoded = token.as_str().unwrap().strip_prefix("ck-let-").unwrap();
    let decoded = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    let (organization, uuid) = decoded.split_once(':').unwrap();
    assert_eq!(organization, Emulator::DEFAULT_ORGANIZATION);
    assert_eq!(uuid.parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
}

#[tokio::test]
async fn the_generated_client_makes_a_token_and_the_snapshot_has_it() {
    let emulator = emulator_at_noon().await;
    let body = ClientSideAccessTokenCreate::new(
        HOSTNAME,
        vec![AccessPolicyEntry::agent(
            "agent-1",
            AccessRight::KNOWN.to_vec(),
        )],
    );
    let token = client(&emulator)
        .create_client_side_access_token(&body)
        .await
        .unwrap()
        .into_inner();

    let [issued] = &emulator.tokens()[..] else {
        panic!("one token");
    };
    assert_eq!(*issued.secret(), token.token);
    assert_eq!(issued.hostname(), token.hostname);
    assert_eq!(*issued.policy(), token.policy);
    assert_eq!(issued.created_at(), SystemTime::UNIX_EPOCH + NOON);
    assert_eq!(
        issued.expires_at(),
        SystemTime::UNIX_EPOCH + NOON + Duration::from_secs(300)
    );
    assert!(issued.is_live());
}

#[tokio::test]
async fn a_token_expires_when_asked_or_after_five_minutes() {
    let emulator = emulator_at_noon().await;
    for (expires_at, expected) in [
        (None, "2026-03-01T12:05:00.250Z"),
        (Some("2026-03-01T12:00:00.251Z"), "2026-03-01T12:00:00.251Z"),
        (Some("2026-03-01T12:00:01Z"), "2026-03-01T12:00:01.000Z"),
        (
            Some("2026-03-01T14:00:00.123456+01:00"),
            "2026-03-01T13:00:00.123Z",
        ),
        (
            Some("2099-12-31T23:59:59-08:00"),
            "2100-01-01T07:59:59.000Z",
        ),
    ] {
        let mut body = good_body();
        if let Some(expires_at) = expires_at {
            body["expires_at"] = json!(expires_at);
        }
        let answer = create(&emulator, &body).await;
        assert_eq!(answer.status, 201, "{expires_at:?}: {}", answer.text);
        assert_eq!(answer.json()["expiresAt"], expected, "{expires_at:?}");
    }
}

#[tokio::test]
async fn a_field_that_breaks_a_rule_is_400_that_names_the_field() {
    let with = |pointer: &str, value: Value| {
        let mut body = good_body();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match body.pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            parent => parent[name] = value,
        }
        body
    };
    let without = |pointer: &str| {
        let mut body = good_body();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap();
        parent.as_object_mut().unwrap().remove(name).unwrap();
        body
    };
    let cases = [
        (json!([]), "the body must be a JSON object"),
        (json!(null), "the body must be a JSON object"),
        (json!("text"), "the body must be a JSON object"),
        (without("/hostname"), "hostname is required"),
        (with("/hostname", json!(null)), "hostname must be a string"),
        (with("/hostname", json!(1)), "hostname must be a string"),
        (with("/hostname", json!("")), "hostname must be a full URL"),
        (with("/hostname", json!("*")), "hostname must be a full URL"),
        (
            with("/hostname", json!("chat.example.com")),
            "hostname must be a full URL",
        ),
        (
            with("/hostname", json!("ftp://x")),
            "hostname must be a full URL",
        ),
        (
            with("/hostname", json!("https://x/")),
            "hostname must not end with a slash",
        ),
        (
            with("/hostname", json!("http://x:3000/app/")),
            "hostname must not end with a slash",
        ),
        (
            with("/hostname", json!(" https://x")),
            "hostname must be a full URL",
        ),
        (
            with("/hostname", json!("HTTPS://x")),
            "hostname must be a full URL",
        ),
        (
            with("/hostname", json!("https://")),
            "hostname must be a full URL",
        ),
        (
            with("/hostname", json!("https://a b")),
            "hostname must be a full URL",
        ),
        (without("/policy"), "policy is required"),
        (with("/policy", json!(null)), "policy must be an array"),
        (
            with("/policy", json!({"version": "1", "data": []})),
            "policy must be an array",
        ),
        (
            with("/policy", json!([])),
            "policy must hold at least one entry",
        ),
        (
            with("/policy/0", json!("agent-1")),
            "policy[0] must be an object",
        ),
        (without("/policy/0/type"), "policy[0].type is required"),
        (
            with("/policy/0/type", json!(null)),
            "policy[0].type must be a string",
        ),
        (
            with("/policy/0/type", json!("group")),
            "policy[0].type is `group`, which is not a known type",
        ),
        (
            with("/policy/0/type", json!("Agent")),
            "policy[0].type is `Agent`, which is not a known type",
        ),
        (without("/policy/0/id"), "policy[0].id is required"),
        (
            with("/policy/0/id", json!(7)),
            "policy[0].id must be a string",
        ),
        (
            with("/policy/0/id", json!("")),
            "policy[0].id must not be empty",
        ),
        (without("/policy/0/access"), "policy[0].access is required"),
        (
            with("/policy/0/access", json!("read_agent")),
            "policy[0].access must be an array",
        ),
        (
            with("/policy/0/access", json!([])),
            "policy[0].access must hold at least one right",
        ),
        (
            with("/policy/0/access/0", json!(null)),
            "policy[0].access[0] must be a string",
        ),
        (
            with("/policy/0/access", json!(["read_agent", "delete_agent"])),
            "policy[0].access[1] is `delete_agent`, which is not a known right; \
             the rights are read_messages, write_messages, read_agent, write_agent",
        ),
        (
            with("/policy/0/access/0", json!("")),
            "policy[0].access[0] is a value not shown here",
        ),
        (
            with("/expires_at", json!(null)),
            "expires_at must be a string",
        ),
        (
            with("/expires_at", json!(1_772_370_000)),
            "expires_at must be a string",
        ),
        (
            with("/expires_at", json!("")),
            "expires_at must be a date and time of RFC 3339",
        ),
        (
            with("/expires_at", json!("PT5M")),
            "expires_at must be a date and time of RFC 3339",
        ),
        (
            with("/expires_at", json!("2026-03-01T13:00:00")),
            "expires_at must be a date and time of RFC 3339",
        ),
        (
            with("/expires_at", json!("2026-03-01T11:59:59Z")),
            "expires_at must lie in the future",
        ),
        (
            with("/expires_at", json!("2026-03-01T12:00:00.250Z")),
            "expires_at must lie in the future",
        ),
        (
            with("/expires_at", json!("2026-03-01T12:30:00+01:00")),
            "expires_at must lie in the future",
        ),
    ];
    let emulator = emulator_at_noon().await;
    for (body, message) in cases {
        let answer = create(&emulator, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(
            answer.message().starts_with(message),
            "{body}: {}",
            answer.text
        );
    }
    let mut second = good_body();
    let entries = second["policy"].as_array_mut().unwrap();
    entries.push(json!({"type": "agent", "id": "agent-2", "access": [true]}));
    let answer = create(&emulator, &second).await;
    assert_eq!(answer.message(), "policy[1].access[0] must be a string");
    assert_eq!(emulator.tokens().len(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_json_is_400_that_says_where() {
    let emulator = Emulator::start().await.unwrap();
    let deep = "[".repeat(100_000);
    for body in [
        "",
        " ",
        "{",
        "{\"hostname\":}",
        "{}{}",
        "hostname=x",
        "\u{1}",
        &deep,
    ] {
        let request = request(&emulator, Method::POST, TOKENS)
            .header("content-type", "application/json")
            .body(body.to_owned());
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 400);
        assert!(
            answer
                .message()
                .starts_with("the body is not JSON, at line 1 column ")
        );
    }
    let request = request(&emulator, Method::POST, TOKENS)
        .header("content-type", "application/json")
        .body(&b"{\"hostname\": \"\xff\"}"[..]);
    assert_eq!(Answer::of(request).await.status, 400);
}

#[tokio::test]
async fn a_body_must_be_declared_as_json() {
    let emulator = Emulator::start().await.unwrap();
    for (content_type, status) in [
        (Some("application/json"), 201),
        (Some("Application/JSON; charset=utf-8"), 201),
        (None, 400),
        (Some(""), 400),
        (Some("text/plain"), 400),
        (Some("application/jsonp"), 400),
        (Some("application/x-www-form-urlencoded"), 400),
    ] {
        let mut request = request(&emulator, Method::POST, TOKENS).body(good_body().to_string());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, status, "{content_type:?}");
        if status == 400 {
            assert!(answer.message().contains("Content-Type"));
        }
    }
}

#[tokio::test]
async fn a_body_over_sixteen_mebibytes_is_413() {
    const LIMIT: usize = 16 * 1024 * 1024;
    let emulator = Emulator::start().await.unwrap();
    let body = good_body().to_string();
    for (length, status) in [(LIMIT, 201), (LIMIT + 1, 413)] {
        // JSON may end in any amount of white space.
        let request = request(&emulator, Method::POST, TOKENS)
            .header("content-type", "application/json")
            .body(body.clone() + &" ".repeat(length - body.len()));
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, status, "{length}");
        if status == 413 {
            assert!(answer.message().contains("16777216 bytes"));
        }
    }
}

#[tokio::test]
async fn a_client_that_sends_a_large_body_to_its_end_before_it_reads_gets_the_answer() {
    let emulator = Emulator::start().await.unwrap();
    let length = 24 * 1024 * 1024;
    for (key, status) in [(Emulator::DEFAULT_API_KEY, 413), ("sk-let-wrong", 401)] {
        let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
        let head = format!(
            "POST {TOKENS} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![b' '; length]).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn what_was_sent_is_kept_and_what_is_not_documented_is_not() {
    let emulator = Emulator::start().await.unwrap();
    let entry = json!({"type": "agent", "id": "any agent / at all", "access": ["write_agent", "read_agent", "write_agent"]});
    let mut with_more = entry.clone();
    with_more["note"] = json!("x");
    let body = json!({
        "hostname": "http://localhost:3000/path?query#fragment",
        "policy": [entry, with_more],
        "name": "x",
    });
    let answer = create(&emulator, &body).await.json();
    assert_eq!(answer["hostname"], body["hostname"]);
    assert_eq!(answer["policy"]["data"], json!([entry, entry]));
    assert_eq!(answer.as_object().unwrap().len(), 4);
}

#[tokio::test]
async fn the_same_request_again_makes_another_token() {
    let emulator = Emulator::start().await.unwrap();
    let first = create(&emulator, &good_body()).await.json();
    let second = create(&emulator, &good_body()).await.json();
    assert_ne!(first["token"], second["token"]);
    assert_eq!(emulator.token_count().live, 2);
}
