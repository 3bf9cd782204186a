//! Streams of events as a server sends them, one of each kind: how a turn ends, in steps and in tokens, in background, resumed.
//!
//! They are written for this test after what a server 0.16.8 sends: the same members in the same order, with other IDs and texts. Each is
//! read to typed events, with nothing unknown and nothing dropped, whatever pieces its bytes come in.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use letta_api::types::{AssistantContent, StreamEvent};
use letta_api::{EventError, EventHead, EventStream, Response};
use letta_api_operations_tests::{Description, Kept, Way, reader};
use serde_json::{Value, json};

use crate::server::run;

/// The streams, and what is read of each, an event a word.
const STREAMS: &[(&str, &str)] = &[
    (
        "normal",
        "ping assistant(Hello from here.) stop(end_turn) usage",
    ),
    (
        "steps",
        "ping call(tool_call_message) return reasoning(Nothing there.) assistant(I know of no tea.) stop(end_turn) usage",
    ),
    (
        "tokens",
        "ping reasoning(So ) reasoning(then) reasoning( …) call(tool_call_message) call(tool_call_message) \
         call(tool_call_message) call(tool_call_message) return assistant(Grü) assistant(ße) assistant( \u{2014} \"all\"\n) \
         assistant(done) stop(end_turn) usage",
    ),
    (
        "parallel-tool-calls-in-tokens",
        "ping call(approval_request_message) call(approval_request_message) call(approval_request_message) \
         call(approval_request_message) call(approval_request_message) call(approval_request_message) \
         stop(requires_approval) usage",
    ),
    (
        "parallel-tool-calls-in-background",
        "ping#1 call(approval_request_message)#2 stop(requires_approval) usage",
    ),
    (
        "background",
        "ping#1 ping#1 assistant(Hello )#2 assistant(from )#3 ping assistant(here.)#4 stop(end_turn) usage",
    ),
    (
        "failed-before-tokens",
        "ping stop(llm_api_error) error(llm_rate_limit)",
    ),
    (
        "failed-before-tokens-in-background",
        "ping#1 stop(llm_api_error) error(llm_rate_limit)#3",
    ),
    (
        "broken-midway",
        "ping assistant(w0 ) assistant(w1 ) stop(error) stop(llm_api_error) error(internal_error)",
    ),
    (
        "broken-midway-in-background",
        "ping#1 assistant(w0 )#2 assistant(w1 )#3 stop(error) stop(llm_api_error) error(internal_error)#6",
    ),
    (
        "cancelled",
        "ping assistant(w0 ) assistant(w1 ) stop(cancelled)",
    ),
    (
        "cancelled-in-background",
        "ping#1 assistant(w0 )#2 assistant(w1 )#3 stop(cancelled)",
    ),
    ("refused-answer", "ping stop(error) error(internal_error)"),
    (
        "resumed-near-the-end",
        "assistant(w28 )#30 assistant(w29)#31 stop(end_turn) usage",
    ),
    ("resumed-cancelled", "assistant(w3 )#5 stop(cancelled)"),
    ("resumed-past-the-end", "ping ping"),
    // Its last event is cut off.
    ("connection-lost", "ping assistant(w0 )"),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/streams")
}

fn stream(name: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.sse"));
    std::fs::read(&path).unwrap_or_else(|it| panic!("{}: {it}", path.display()))
}

/// An event in a word, with its number.
fn word(event: &StreamEvent) -> String {
    let (word, number) = match event {
        StreamEvent::Ping(it) => ("ping".to_owned(), it.seq_id),
        StreamEvent::AssistantMessage(it) => match &it.content {
            AssistantContent::Text(text) => (format!("assistant({text})"), it.seq_id),
            other => panic!("the content is no text: {other:?}"),
        },
        StreamEvent::ReasoningMessage(it) => (format!("reasoning({})", it.reasoning), it.seq_id),
        StreamEvent::ToolCallMessage(it) => (format!("call({})", it.message_type), it.seq_id),
        StreamEvent::ApprovalRequestMessage(it) => {
            (format!("call({})", it.message_type), it.seq_id)
        }
        StreamEvent::ToolReturnMessage(it) => ("return".to_owned(), it.seq_id),
        StreamEvent::StopReason(it) => (format!("stop({})", it.stop_reason.as_str()), None),
        StreamEvent::UsageStatistics(_) => ("usage".to_owned(), None),
        StreamEvent::ErrorMessage(it) => (format!("error({})", it.error_type), it.seq_id),
        other => panic!("no such event in these streams: {other:?}"),
    };
    match number {
        Some(number) => format!("{word}#{number}"),
        None => word,
    }
}

/// Reads a body that comes in pieces of this length.
fn read(body: &[u8], length: usize) -> Vec<Result<StreamEvent, EventError>> {
    let pieces: Vec<_> = body
        .chunks(length)
        .map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)))
        .collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let response = Response::from(reqwest::Response::from(http::Response::new(body)));
    let mut events = EventStream::new(response.into_stream()).with_end("[DONE]");
    run(async move {
        let mut read = Vec::new();
        while let Some(event) = events.next().await {
            read.push(event);
        }
        read
    })
}

#[test]
fn each_kind_of_stream_is_read_to_typed_events_whatever_its_pieces() {
    for (name, expected) in STREAMS {
        let body = stream(name);
        for length in [1, 7, 4096, body.len()] {
            let events = read(&body, length);
            let words: Vec<String> = events.iter().map(|it| word(it.as_ref().unwrap())).collect();
            assert_eq!(words.join(" "), *expected, "{name} in pieces of {length}");
        }
    }
}

#[test]
fn no_stream_is_left_out() {
    let files = std::fs::read_dir(folder()).unwrap();
    let mut files: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut named: Vec<String> = STREAMS
        .iter()
        .map(|(name, _)| format!("{name}.sse"))
        .collect();
    files.sort();
    named.sort();
    assert_eq!(files, named);
}

/// The data of each event, without the end.
fn data(name: &str) -> Vec<(String, String)> {
    run(async {
        let body = Bytes::from(stream(name));
        let mut frames = EventStream::<Value>::new(body.into()).frames();
        let mut found = Vec::new();
        while let Some(frame) = frames.next().await {
            let frame = frame.unwrap();
            found.push((frame.event().to_owned(), frame.data().to_owned()));
        }
        found.retain(|(_, data)| data != "[DONE]");
        found
    })
}

#[test]
fn nothing_of_an_event_is_dropped_and_its_head_is_that_of_the_whole() {
    let description = Description::read();
    let mut kept = Kept::default();
    for (name, _) in STREAMS {
        for (event, data) in data(name) {
            let whole: Value = serde_json::from_str(&data).unwrap();
            let problems =
                kept.problems(&description, reader::<StreamEvent>, &whole, Way::Received);
            assert!(problems.is_empty(), "{name}: {data}: {problems:#?}");
            // From the text as from a value.
            let typed: StreamEvent = serde_json::from_str(&data).unwrap();
            assert_eq!(typed, serde_json::from_value(whole.clone()).unwrap());

            let head = EventHead::read(&data).unwrap();
            assert_eq!(head.message_type(), whole["message_type"].as_str());
            assert_eq!(head.id(), whole["id"].as_str());
            assert_eq!(head.run_id(), whole["run_id"].as_str());
            assert_eq!(head.seq_id(), whole["seq_id"].as_i64());
            let is_error = head.message_type() == Some("error_message");
            assert_eq!(event == "error", is_error, "{data}");
        }
    }
}

/// The tag may come anywhere, the last of two counts, and an event that is not as described is kept as it came.
#[test]
fn an_event_is_told_by_its_tag_wherever_that_is_and_kept_if_it_does_not_fit() {
    let envelope = r#""id":"message-1","date":"2026-11-23T16:39:40+00:00""#;
    for known in [
        format!(r#"{{"message_type":"assistant_message",{envelope},"content":"Hi"}}"#),
        format!(r#"{{{envelope},"content":"Hi","message_type":"assistant_message"}}"#),
        format!(r#"{{{envelope},"content":"Hi","message\u005ftype":"assistant_messag\u0065"}}"#),
        format!(
            r#"{{{envelope},"message_type":"ping","content":"Ho","content":"Hi","message_type":"assistant_message"}}"#
        ),
        format!(r#"{{{envelope},"content":1,"message_type":"assistant_message","content":"Hi"}}"#),
    ] {
        let event: StreamEvent = serde_json::from_str(&known).unwrap();
        assert_eq!(word(&event), "assistant(Hi)", "{known}");
        let StreamEvent::AssistantMessage(message) = &event else {
            panic!("it is a message");
        };
        assert!(message.unknown.is_empty(), "{known}");
    }
    for unknown in [
        json!({ "message_type": "dream_message", "id": "message-1", "content": ["x", 1.5] }),
        json!({ "message_type": "assistant_message", "id": 7, "date": "x", "content": "Hi" }),
        json!({ "message_type": ["assistant_message"], "id": "message-1" }),
        json!({ "id": "message-1", "date": "x", "content": "Hi" }),
        json!(["assistant_message"]),
        json!("ping"),
        json!(18_446_744_073_709_551_615_u64),
        json!(null),
    ] {
        let event: StreamEvent = serde_json::from_str(&unknown.to_string()).unwrap();
        assert_eq!(event, StreamEvent::Unknown(unknown.clone()));
        assert_eq!(serde_json::to_value(&event).unwrap(), unknown);
    }
    // A member that is new is kept beside the others.
    let more = format!(
        r#"{{{envelope},"message_type":"assistant_message","mood":{{"a":[1]}},"content":"Hi"}}"#
    );
    let StreamEvent::AssistantMessage(message) = serde_json::from_str(&more).unwrap() else {
        panic!("it is a message");
    };
    assert_eq!(
        Value::from(message.unknown),
        json!({ "mood": { "a": [1] } })
    );
}
