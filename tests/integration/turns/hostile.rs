//! A service that is hostile, or of a version that nobody knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use letta_api::types::StopReasonType;
use letta_api_ext::Letta;
use letta_api_ext::turns::{Event, TurnPath};
use letta_api_tests::event_server::{EventServer, Reply};
use letta_api_tests::persistent;
use serde_json::{Value, json};

/// Says something of run-1.
fn event(kind: &str, seq: Option<u64>, more: Value) -> String {
    let mut event =
        json!({"message_type": kind, "date": "2026-01-01T00:00:00Z", "run_id": "run-1"});
    let members = event.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    if let Some(seq) = seq {
        members.insert("seq_id".to_owned(), seq.into());
    }
    event.to_string()
}

fn text(seq: u64, id: &str, text: &str) -> String {
    let more = json!({"id": id, "content": text});
    event("assistant_message", Some(seq), more)
}

fn piece_of_call(seq: u64, call: Value) -> String {
    let more = json!({"id": "message-1", "tool_call": call});
    event("tool_call_message", Some(seq), more)
}

fn end() -> [String; 2] {
    let stop = json!({"message_type": "stop_reason", "stop_reason": "end_turn"});
    [stop.to_string(), "[DONE]".to_owned()]
}

/// A service that answers what is said with these events.
async fn saying(events: impl IntoIterator<Item = String>) -> (EventServer, Letta) {
    let events: Vec<String> = events.into_iter().collect();
    let server = EventServer::start(move |_, _| Reply::events(events.clone())).await;
    let letta = persistent(server.url());
    (server, letta)
}

#[tokio::test]
async fn an_unknown_event_between_two_pieces_of_a_call_does_not_end_the_call() {
    let whole = json!({"city": "Oslo", "days": 3}).to_string();
    let (one, two) = whole.split_at(9);
    let events = [
        piece_of_call(
            1,
            json!({"tool_call_id": "call-1", "name": "weather", "arguments": one}),
        ),
        event("progress", Some(2), json!({"done": 0.5})),
        piece_of_call(
            3,
            json!({"tool_call_id": "call-1", "name": null, "arguments": two}),
        ),
        event("progress", Some(4), json!({"done": 1.0})),
    ];
    let (_server, letta) = saying(events.into_iter().chain(end())).await;
    let mut turn = letta
        .agent("agent-1")
        .turn("Hi")
        .tokens()
        .stream()
        .await
        .unwrap();
    let (mut calls, mut others) = (Vec::new(), Vec::new());
    while let Some(event) = turn.next().await {
        match event.unwrap() {
            Event::ToolCall(call) => {
                calls.push(call);
                // A call is told as soon as it is known to be complete.
                assert_eq!(others.len(), 1);
            }
            Event::Other(value) => others.push(value["done"].clone()),
            other => panic!("{other:?}"),
        }
    }
    let [call] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!((call.name(), call.arguments()), ("weather", &*whole));
    assert_eq!(others, [json!(0.5), json!(1.0)]);
    assert_eq!(turn.finish().unwrap().messages().len(), 3);
}

#[tokio::test]
async fn events_that_follow_the_reason_to_stop_have_an_end() {
    let count = Arc::new(AtomicUsize::new(0));
    let server = EventServer::start({
        let count = count.clone();
        move |_, _| {
            let count = count.clone();
            let [stop, _] = end();
            let endless = std::iter::from_fn(move || {
                count.fetch_add(1, Ordering::Relaxed);
                Some(event("news", None, json!({"text": "x".repeat(20_000)})))
            });
            Reply::events(std::iter::once(stop).chain(endless))
        }
    })
    .await;
    let answer = persistent(server.url())
        .agent("agent-1")
        .turn("Hi")
        .send()
        .await;
    assert_eq!(*answer.unwrap().stop_reason(), StopReasonType::EndTurn);
    assert!(count.load(Ordering::Relaxed) > 100);
}

#[tokio::test]
async fn what_was_told_already_comes_again_for_ever_and_the_turn_still_ends() {
    // A run that is over, whose stream says the same over and over.
    let server = EventServer::start(|line, _| {
        let path = line.split(' ').nth(1).unwrap();
        match path.split('?').next().unwrap() {
            "/v1/runs/run-1" => Reply::Json("200 OK", run("completed")),
            "/v1/runs/run-1/messages" => Reply::Json("200 OK", "[]".to_owned()),
            "/v1/runs/run-1/usage" => Reply::Json("200 OK", "{}".to_owned()),
            _ => Reply::events(std::iter::from_fn(|| {
                std::thread::sleep(Duration::from_millis(1));
                Some(text(1, "message-1", &"again ".repeat(3_000)))
            })),
        }
    })
    .await;
    let turn = persistent(server.url()).agent("agent-1").turn("Hi");
    let answer = turn
        .with_silence_limit(Duration::from_secs(1))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text(), "again ".repeat(3_000));
    assert_eq!(answer.messages().len(), 1);
}

/// A run as the service shows it.
pub(super) fn run(status: &str) -> String {
    json!({"id": "run-1", "agent_id": "agent-1", "status": status, "created_at": "2026-01-01T00:00:00Z"}).to_string()
}

#[tokio::test]
async fn of_a_run_of_thousands_of_messages_none_is_told_twice() {
    // It breaks, and its events are gone. What it left is read from its start.
    const TOLD: usize = 3_000;
    const ALL: usize = 3_100;
    let stored = |from: usize| {
        let messages: Vec<Value> = (from..ALL.min(from + 100))
            .map(|number| json!({"message_type": "assistant_message", "id": format!("message-{number}"), "date": "2026-01-01T00:00:00Z", "content": format!("{number}.")}))
            .collect();
        Value::from(messages).to_string()
    };
    let server = EventServer::start(move |line, _| {
        let path = line.split(' ').nth(1).unwrap();
        match path.split('?').next().unwrap() {
            "/v1/runs/run-1" => Reply::Json("200 OK", run("completed")),
            "/v1/runs/run-1/usage" => Reply::Json("200 OK", "{}".to_owned()),
            "/v1/runs/run-1/messages" => {
                let after = path.split_once("after=message-").map(|(_, after)| after);
                let after: Option<usize> =
                    after.map(|after| after.split('&').next().unwrap().parse().unwrap());
                Reply::Json("200 OK", stored(after.map_or(0, |after| after + 1)))
            }
            "/v1/runs/run-1/stream" => {
                Reply::Json("400 Bad Request", json!({"detail": "gone"}).to_string())
            }
            _ => Reply::events((0..TOLD).map(|number| {
                text(
                    number as u64 + 1,
                    &format!("message-{number}"),
                    &format!("{number}."),
                )
            })),
        }
    })
    .await;
    let mut turn = persistent(server.url())
        .agent("agent-1")
        .turn("Hi")
        .stream()
        .await
        .unwrap();
    let mut told = Vec::new();
    while let Some(event) = turn.next().await {
        let Event::Text(piece) = event.unwrap() else {
            panic!()
        };
        told.push(piece.into_text());
    }
    let all: Vec<String> = (0..ALL).map(|number| format!("{number}.")).collect();
    assert!(told == all, "{} were told", told.len());
    assert_eq!(turn.finish().unwrap().messages().len(), ALL);
}

#[tokio::test]
async fn an_event_of_no_known_kind_and_a_reason_of_no_known_name_pass_through() {
    let stop = json!({"message_type": "stop_reason", "stop_reason": "tired"}).to_string();
    let events = [
        text(1, "message-1", "Hello."),
        event("news", Some(2), json!({"id": "message-2", "text": "!"})),
        "not JSON".to_owned(),
        stop,
        "[DONE]".to_owned(),
    ];
    let (_server, letta) = saying(events).await;
    let mut turn = letta.agent("agent-1").turn("Hi").stream().await.unwrap();
    let mut others = Vec::new();
    while let Some(event) = turn.next().await {
        if let Event::Other(value) = event.unwrap() {
            others.push(value);
        }
    }
    assert_eq!(others[0]["text"], "!");
    assert_eq!(others[1], "not JSON");
    let answer = turn.finish().unwrap();
    assert_eq!(answer.stop_reason().as_str(), "tired");
    assert_eq!(answer.messages().len(), 2);
}

#[tokio::test]
async fn an_event_that_is_too_long_is_an_error_and_nothing_is_said_twice() {
    let requests = Arc::new(AtomicUsize::new(0));
    let server = EventServer::start({
        let requests = requests.clone();
        move |_, _| {
            requests.fetch_add(1, Ordering::Relaxed);
            let long = text(1, "message-1", &"x".repeat(9 * 1024 * 1024));
            Reply::events([long].into_iter().chain(end()))
        }
    })
    .await;
    let error = persistent(server.url())
        .agent("agent-1")
        .turn("Hi")
        .send()
        .await
        .unwrap_err();
    assert!(
        error.is_invalid_response() && error.may_have_happened(),
        "{error}"
    );
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn answers_that_are_no_streams_are_errors_that_say_so() {
    for (status, body, may_have_happened) in [
        ("200 OK", "", true),
        ("200 OK", "{}", true),
        ("200 OK", "<html>", true),
        ("201 Created", "{}", true),
        ("204 No Content", "", true),
        ("400 Bad Request", r#"{"detail":"no"}"#, false),
        ("422 Unprocessable Entity", r#"{"detail":"no"}"#, false),
        (
            "402 Payment Required",
            r#"{"error":"no","reasons":["not-enough-credits"]}"#,
            false,
        ),
    ] {
        let body = body.to_owned();
        let server = EventServer::start(move |_, _| Reply::Json(status, body.clone())).await;
        let turn = persistent(server.url()).agent("agent-1").turn("Hi");
        let turn = turn.with_silence_limit(Duration::from_secs(1));
        let error = turn.with_path(TurnPath::Plain).send().await.unwrap_err();
        assert_eq!(
            error.may_have_happened(),
            may_have_happened,
            "{status}: {error}"
        );
    }
}
