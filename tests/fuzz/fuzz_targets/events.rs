//! Streams of server-sent events, cut into pieces: no panic, the same events whatever the pieces, no more memory than the limit, and the
//! next event is read whatever came before it. An event is read to the same type from its text and from a `serde_json::Value`.

#![no_main]

use letta_api::types::StreamEvent;
use letta_api::{ByteStream, EventHead, EventStream, Response};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// The longest limit to an event, in bytes.
const LONGEST: usize = 4096;

/// What is read last, after anything.
const LAST: &str = r#"{"message_type":"ping","id":"ping-1","date":"2026-11-23T16:39:40+00:00"}"#;

// A line of the limit in digits, a line of the lengths of pieces, each a byte, and the body.
fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let (Some(limit), Some(lengths), Some(body)) = (lines.next(), lines.next(), lines.next())
    else {
        return;
    };
    let limit = std::str::from_utf8(limit).ok();
    let Some(limit) = limit.and_then(|text| text.parse().ok()) else {
        return;
    };
    if limit > LONGEST {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime starts").block_on(async {
        let whole = frames(body, &[], limit).await;
        assert_eq!(frames(body, lengths, limit).await, whole);
        // Each piece costs time. In a short body, every place is one to cut at.
        if body.len() <= 256 {
            assert_eq!(frames(body, &[1], limit).await, whole);
        }
        for data in whole
            .iter()
            .filter_map(|frame| frame.as_ref().ok())
            .map(|it| &it.1)
        {
            typed(data);
        }
        assert_eq!(
            events(body, lengths, limit).await,
            events(body, &[], limit).await
        );
        goes_on(body, lengths).await;
        exactly(&String::from_utf8_lossy(body), lengths).await;
    });
});

/// A body in pieces of these lengths, which are repeated to its end. In one piece, if none has a length.
fn stream(body: &[u8], lengths: &[u8]) -> ByteStream {
    let whole = body.len().max(1);
    let mut lengths = match lengths.iter().any(|length| *length > 0) {
        true => lengths.iter().map(|it| usize::from(*it)).collect(),
        false => vec![whole],
    }
    .into_iter()
    .cycle();
    let mut rest = body;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let length = lengths.next().unwrap_or(whole);
        let (piece, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        pieces.push(Ok::<_, std::io::Error>(piece.to_vec()));
    }
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    Response::from(reqwest::Response::from(http::Response::new(body))).into_stream()
}

/// Kind, data, last ID and wait of each frame, or the limit that it breaks.
type Told = Vec<Result<(String, String, String, Option<u128>), usize>>;

async fn frames(body: &[u8], lengths: &[u8], limit: usize) -> Told {
    let events = EventStream::<Value>::new(stream(body, lengths)).with_event_limit(limit);
    let mut frames = events.frames();
    let mut told = Told::new();
    while let Some(frame) = frames.next().await {
        assert!(
            frames.held() <= limit + 1,
            "{} bytes are held",
            frames.held()
        );
        told.push(match frame {
            Ok(frame) => {
                // A byte may become U+FFFD, which has three.
                assert!(frame.data().len() <= 3 * limit);
                let wait = frame.retry().map(|it| it.as_millis());
                let texts = (frame.event(), frame.data(), frame.last_event_id());
                Ok((
                    texts.0.to_owned(),
                    texts.1.to_owned(),
                    texts.2.to_owned(),
                    wait,
                ))
            }
            Err(error) => Err(error.limit().expect("the body does not break off")),
        });
    }
    told
}

/// What the typed events are, as `Debug` shows them.
async fn events(body: &[u8], lengths: &[u8], limit: usize) -> Vec<String> {
    let events = EventStream::<StreamEvent>::new(stream(body, lengths));
    let mut events = events.with_event_limit(limit).with_end("[DONE]");
    let mut shown = Vec::new();
    while let Some(event) = events.next().await {
        shown.push(format!("{event:?}"));
    }
    shown
}

/// An event is read from its text as from a value, is the same when it is written and read again, and has the head that it has.
fn typed(data: &str) {
    let event = serde_json::from_str::<StreamEvent>(data).ok();
    let value = serde_json::from_str::<Value>(data).ok();
    let of_value = value.clone().and_then(|it| serde_json::from_value(it).ok());
    assert_eq!(event, of_value, "{data}");
    if let (Some(event), Some(value)) = (&event, &value) {
        let written = serde_json::to_value(event).expect("an event becomes JSON");
        assert_eq!(
            serde_json::from_value::<StreamEvent>(written.clone())
                .ok()
                .as_ref(),
            Some(event)
        );
        if !event.is_known() {
            assert_eq!(&written, value);
        }
    }
    let Some(value @ Value::Object(_)) = value else {
        return;
    };
    let head = EventHead::read(data).expect("it is an object");
    assert_eq!(head.message_type(), value["message_type"].as_str());
    assert_eq!(head.id(), value["id"].as_str());
    assert_eq!(head.run_id(), value["run_id"].as_str());
    assert_eq!(head.seq_id(), value["seq_id"].as_i64());
}

/// After anything, too long or not decodable, the next event is read.
async fn goes_on(body: &[u8], lengths: &[u8]) {
    let body = [body, b"\n\n\ndata: ", LAST.as_bytes(), b"\n\n"].concat();
    let events = EventStream::<StreamEvent>::new(stream(&body, lengths));
    let mut events = events.with_event_limit(LAST.len() + "data: ".len());
    let mut last = None;
    while let Some(event) = events.next().await {
        last = Some(event);
    }
    let last = last.expect("there is one").expect("it is read");
    assert!(matches!(last, StreamEvent::Ping(_)), "{last:?}");
}

/// Of events one after the other, exactly those are read.
async fn exactly(text: &str, lengths: &[u8]) {
    let sent: Vec<Value> = text
        .lines()
        .map(|line| json!({ "content": line }))
        .collect();
    let body: String = sent
        .iter()
        .map(|event| format!("data: {event}\n\n"))
        .collect();
    let mut events = EventStream::<Value>::new(stream(body.as_bytes(), lengths));
    for event in sent {
        let read = events.next().await.expect("there is one more");
        assert_eq!(read.expect("it is read"), event);
    }
    assert!(events.next().await.is_none());
}
