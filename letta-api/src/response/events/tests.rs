use std::collections::VecDeque;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A body that comes in these pieces, and breaks off after them if it says so.
fn pieces(pieces: impl IntoIterator<Item = Bytes>) -> ByteStream {
    let pieces: VecDeque<Bytes> = pieces.into_iter().collect();
    ByteStream::of_pieces(pieces.into_iter().map(Ok))
}

/// Frames as tuples: the event, the data, the ID, and the time to wait in milliseconds.
type Told = Vec<Result<(String, String, String, Option<u128>), Option<usize>>>;

async fn told(mut frames: Frames) -> Told {
    let mut told = Vec::new();
    while let Some(frame) = frames.next().await {
        told.push(match frame {
            Ok(frame) => Ok((
                frame.event().to_owned(),
                frame.data().to_owned(),
                frame.last_event_id().to_owned(),
                frame.retry().map(|it| it.as_millis()),
            )),
            Err(error) => Err(error.limit()),
        });
    }
    told
}

fn now<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// The body in pieces.
fn cut(body: &[u8], cuts: &[usize]) -> Vec<Bytes> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (body.len() + 1)).collect();
    cuts.sort_unstable();
    let mut parts = Vec::new();
    let mut from = 0;
    for cut in cuts.into_iter().chain([body.len()]) {
        parts.push(Bytes::copy_from_slice(&body[from..cut]));
        from = cut;
    }
    parts
}

fn frames_of(body: &[u8], limit: usize, cuts: &[usize]) -> Told {
    let body = pieces(cut(body, cuts));
    let stream = EventStream::<Value>::new(body).with_event_limit(limit);
    now(told(stream.frames()))
}

fn data(text: &str) -> (String, String, String, Option<u128>) {
    ("message".to_owned(), text.to_owned(), String::new(), None)
}

#[test]
fn fields_are_read_as_the_standard_says() {
    for (body, expected) in [
        ("", vec![]),
        ("data: a\n\n", vec![data("a")]),
        (
            "data:a\r\n\r\ndata:b\r\rdata: c\n\n",
            vec![data("a"), data("b"), data("c")],
        ),
        (
            "\u{feff}data: a\n\n\u{feff}data: b\n\ndata: c\n\n",
            vec![data("a"), data("c")],
        ),
        ("data: a\ndata\ndata:  b\n\n", vec![data("a\n\n b")]),
        ("data\n\n", vec![data("")]),
        (
            ": hi\n:\ndata: a\n: in it\ndata: b\n\n: x\n\n",
            vec![data("a\nb")],
        ),
        ("\n\n\r\n\r\rdata: a\n\n\n\n", vec![data("a")]),
        ("data: cut off", vec![]),
        ("data: cut off\n", vec![]),
        ("Data: a\ndat: b\n data: c\ndata : d\n\n", vec![]),
        (
            "event: error\ndata: a\n\ndata: b\nevent:\n\n",
            vec![("error".into(), "a".into(), String::new(), None), data("b")],
        ),
        (
            "id: 1\n\nevent: x\n\ndata: a\n\nid: 2\ndata: b\nretry: 10\n\nid: 3\0\nretry: -1\ndata: c\n\nid\ndata: d\n\n",
            vec![
                ("message".into(), "a".into(), "1".into(), None),
                ("message".into(), "b".into(), "2".into(), Some(10)),
                ("message".into(), "c".into(), "2".into(), None),
                data("d"),
            ],
        ),
    ] {
        let expected: Told = expected.into_iter().map(Ok).collect();
        assert_eq!(frames_of(body.as_bytes(), 1_000, &[]), expected, "{body:?}");
    }
    // Not UTF-8, also at the start, where a byte order mark may be.
    for (body, expected) in [
        (
            &b"data: a\xffb\n\ndata: c\n\n"[..],
            vec![data("a\u{fffd}b"), data("c")],
        ),
        (b"\xef\xbbdata: a\n\ndata: b\n\n", vec![data("b")]),
        (b"\xef\xbb\n\ndata: b\n\n", vec![data("b")]),
    ] {
        let expected: Told = expected.into_iter().map(Ok).collect();
        assert_eq!(frames_of(body, 1_000, &[]), expected, "{body:?}");
    }
}

proptest! {
    #[test]
    fn however_the_bytes_are_cut_the_events_are_the_same(
        parts in prop::collection::vec(prop::sample::select(vec![
            &b"data"[..], b":", b" ", b"\n", b"\r", b"\r\n", b"\n\n", b"a", b"id", b"event",
            b"retry: 7", b"\xef", b"\xbb", b"\xbf", b"\xef\xbb\xbf", b"\xff", b"\0", b"data: xyz\n\n", b": c\n",
        ]), 0..40),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
        limit in 0_usize..40,
    ) {
        let body = parts.concat();
        let whole = frames_of(&body, limit, &[]);
        prop_assert_eq!(&frames_of(&body, limit, &cuts), &whole);
        let bytes: Vec<usize> = (0..body.len()).collect();
        prop_assert_eq!(&frames_of(&body, limit, &bytes), &whole);
        for frame in whole.iter().flatten() {
            prop_assert!(frame.1.len() <= limit * 3, "a byte may become U+FFFD, which has three");
        }
    }

    /// Without a limit, UTF-8 that is broken, or events without data, the library reads the same of the whole.
    #[test]
    fn the_library_alone_reads_the_same_events(
        parts in prop::collection::vec(prop::sample::select(vec![
            "data", ":", " ", "\n", "\r", "\r\n", "a", "event", "retry: 7", "data: xyz\n\n", ": c\n", "\u{feff}", "id", "\0",
            "retry", "3", "99999999999999999999", "größe", "data: ", "data: x\n", "id: 4\n", "event: e\n", "retry:\n",
        ]), 0..40),
    ) {
        use sse_stream::SseByteStream;

        let body = parts.concat();
        let ours = frames_of(body.as_bytes(), 1_000_000, &[]);
        let mut stream = SseByteStream::new(pieces([Bytes::from(body)]));
        let mut theirs = Told::new();
        let mut id = String::new();
        while let Some(event) = now(std::future::poll_fn(|context| Pin::new(&mut stream).poll_next(context))) {
            let event = event.unwrap();
            id = event.id.unwrap_or(id);
            let Some(data) = event.data else { continue };
            let name = event.event.filter(|name| !name.is_empty()).unwrap_or("message".to_owned());
            theirs.push(Ok((name, data, id.clone(), event.retry.map(u128::from))));
        }
        prop_assert_eq!(ours, theirs);
    }
}

/// A part of a stream, and what is read of it.
#[derive(Clone, Debug)]
enum Part {
    Event(Value),
    /// Lines of data that are no JSON.
    NoJson(String),
    /// Longer than the limit by so much.
    TooLong(usize),
    /// What is no event.
    Nothing(&'static str),
}

const PART_LIMIT: usize = 200;

impl Part {
    fn any() -> impl Strategy<Value = Self> {
        let value = prop_oneof![
            any::<i64>().prop_map(Value::from),
            "[ -~é\u{1F600}]{0,20}".prop_map(|text| json!({ "content": text, "rest": [null] })),
        ];
        prop_oneof![
            4 => value.prop_map(Self::Event),
            1 => "[a-z{\\[]{1,20}x".prop_map(Self::NoJson),
            1 => (1..500_usize).prop_map(Self::TooLong),
            1 => prop::sample::select(vec![": hello\n\n", ":\n", "\n\n", "data:\n\n", "event: ping\n\n", "retry: 3\n\n"])
                .prop_map(Self::Nothing),
        ]
    }

    /// As it is sent. Every line end is fine.
    fn sent(&self, end: &str) -> String {
        match self {
            // A line of data for each line of the JSON, which is the same JSON then.
            Self::Event(value) => {
                let text = serde_json::to_string_pretty(value).unwrap();
                let lines = text.lines().map(|line| format!("data: {line}{end}"));
                lines.collect::<String>() + end
            }
            Self::NoJson(text) => format!("data: {text}{end}{end}"),
            Self::TooLong(more) => format!("data: {}{end}{end}", "7".repeat(PART_LIMIT - 6 + more)),
            Self::Nothing(text) => text.replace('\n', end),
        }
    }
}

proptest! {
    /// Each event is read, whatever comes before it, and however the bytes are cut.
    #[test]
    fn each_event_is_read_once_and_in_order_whatever_is_between_them(
        parts in prop::collection::vec(Part::any(), 0..20),
        end in prop::sample::select(vec!["\n", "\r", "\r\n"]),
        cuts in prop::collection::vec(any::<usize>(), 0..20),
    ) {
        let body: String = parts.iter().map(|part| part.sent(end)).collect();
        let body = cut(body.as_bytes(), &cuts);
        let events = EventStream::<Value>::new(pieces(body)).with_event_limit(PART_LIMIT);
        let mut events = std::pin::pin!(events);
        let mut read = Vec::new();
        while let Some(event) = now(events.next()) {
            prop_assert!(events.frames.held() <= PART_LIMIT + 1);
            read.push(event);
        }
        let mut read = read.into_iter();
        for part in &parts {
            match part {
                Part::Event(value) => prop_assert_eq!(&read.next().unwrap().unwrap(), value),
                Part::NoJson(text) => {
                    let error = read.next().unwrap().unwrap_err();
                    prop_assert_eq!(error.frame().unwrap().data(), text);
                }
                Part::TooLong(_) => {
                    let error = read.next().unwrap().unwrap_err();
                    prop_assert_eq!(error.limit(), Some(PART_LIMIT));
                }
                Part::Nothing(_) => {}
            }
        }
        prop_assert!(read.next().is_none());
    }
}

#[tokio::test]
async fn an_event_that_is_no_event_is_an_error_and_the_next_one_follows() {
    let body = "data: {\"n\":1}\n\ndata: {\"ck-let-0f3c\n\nevent: error\ndata: [7]\n\ndata: {\"n\":2}\n\ndata: [DONE]\n\ndata: {\"n\":3}\n\n";
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Event {
        n: u8,
    }
    let mut events = EventStream::<Event>::new(pieces([Bytes::from(body)])).with_end("[DONE]");
    assert_eq!(events.next().await.unwrap().unwrap(), Event { n: 1 });
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.frame().unwrap().data(), "{\"ck-let-0f3c");
    let printed = format!("{error} {error:?} {:?} {events:?}", error.frame());
    assert!(!printed.contains("0f3c"), "{printed}");
    assert!(error.limit().is_none() && error.lost_to().is_none());
    // serde reads a list as a struct, if it has as many members.
    let list = events.next().await.unwrap();
    assert_eq!(list.unwrap(), Event { n: 7 });
    assert_eq!(events.next().await.unwrap().unwrap(), Event { n: 2 });
    assert!(events.next().await.is_none());
    assert!(
        events.next().await.is_none(),
        "what follows the end is not read"
    );
}

#[tokio::test]
async fn an_event_of_nothing_is_passed_over_and_the_end_may_have_spaces() {
    let body = "data:\n\ndata: 1\n\ndata:   \n\nevent: ping\ndata\n\ndata: 2\n\ndata:  [DONE] \n\ndata: 3\n\n";
    let mut events = EventStream::<u8>::new(Bytes::from(body).into()).with_end("[DONE]");
    let mut read = Vec::new();
    while let Some(event) = events.next().await {
        read.push(event.unwrap());
    }
    assert_eq!(read, [1, 2]);
}

#[tokio::test]
async fn without_a_word_for_the_end_the_body_is_the_end() {
    let body = "data: 1\n\ndata: [DONE]\n\ndata: 2\n\n";
    let mut events = EventStream::<Value>::new(pieces([Bytes::from(body)]));
    assert_eq!(events.next().await.unwrap().unwrap(), json!(1));
    assert!(events.next().await.unwrap().is_err());
    assert_eq!(events.next().await.unwrap().unwrap(), json!(2));
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_body_that_breaks_is_an_error_and_the_end() {
    let lost = || reqwest::Client::new().get("no url").build().unwrap_err();
    let broken = [
        Ok(Bytes::from("data: 1\n\ndata: 2")),
        Err(lost()),
        Ok(Bytes::from("\n\ndata: 3\n\n")),
    ];
    let mut events = EventStream::<Value>::new(ByteStream::of_pieces(broken.into_iter()));
    assert_eq!(events.next().await.unwrap().unwrap(), json!(1));
    let error = events.next().await.unwrap().unwrap_err();
    assert!(error.lost_to().is_some() && error.frame().is_none());
    assert!(events.next().await.is_none());
}

/// What a body of a gigabyte comes to: how many events, how many errors, and the most bytes that were held.
async fn read_all(piece: &'static [u8], times: usize, limit: usize) -> (usize, usize, usize) {
    let endless = std::iter::repeat_n(Bytes::from_static(piece), times).map(Ok);
    let body = ByteStream::of_pieces(endless);
    let mut frames = EventStream::<Value>::new(body)
        .with_event_limit(limit)
        .frames();
    let (mut events, mut errors, mut held) = (0, 0, 0);
    loop {
        let next = std::future::poll_fn(|context| {
            let next = Pin::new(&mut frames).poll_next(context);
            held = held.max(frames.held());
            next
        });
        match next.await {
            Some(Ok(_)) => events += 1,
            Some(Err(error)) => {
                assert_eq!(error.limit(), Some(limit));
                errors += 1;
            }
            None => return (events, errors, held),
        }
    }
}

#[tokio::test]
async fn a_hostile_body_is_bounded_in_memory_and_comes_to_its_end() {
    static LONG: [u8; 64 * 1024] = [b'x'; 64 * 1024];
    static COMMENT: [u8; 64 * 1024] = {
        let mut line = [b'x'; 64 * 1024];
        line[0] = b':';
        line[line.len() - 1] = b'\n';
        line
    };
    static LINE_ENDS: [u8; 64 * 1024] = [b'\n'; 64 * 1024];
    static FIELDS: &[u8] = b"data: x\n";
    const LIMIT: usize = 1024 * 1024;
    const GIGABYTE: usize = 16 * 1024;
    for (what, piece, times, expected) in [
        ("no line end", &LONG[..], GIGABYTE, (0, 1)),
        ("comments", &COMMENT, GIGABYTE, (0, 0)),
        ("empty events", &LINE_ENDS, 16, (0, 0)),
        ("one event of many lines", FIELDS, 1_000_000, (0, 1)),
        ("many small events", b"data\n\n", 100_000, (100_000, 0)),
    ] {
        let (events, errors, held) = read_all(piece, times, LIMIT).await;
        assert_eq!((events, errors), expected, "{what}");
        assert!(held <= LIMIT + 1, "{what}: {held}");
    }
}

#[test]
fn an_event_that_begins_like_a_byte_order_mark_is_bounded_too() {
    for (limit, expected) in [(1, vec![Err(Some(1))]), (2, vec![])] {
        assert_eq!(frames_of(b"\xef\xbb\n\n", limit, &[1]), expected);
    }
}

#[test]
fn an_event_is_as_long_as_the_limit_and_no_longer() {
    let event = "data: 12345\n";
    for (limit, reads) in [(event.len() - 1, true), (event.len() - 2, false)] {
        let body = format!(": {}\n{event}\ndata: 1\n\n", "x".repeat(100));
        let told = frames_of(body.as_bytes(), limit, &[]);
        let first = match reads {
            true => Ok(data("12345")),
            false => Err(Some(limit)),
        };
        assert_eq!(told, [first, Ok(data("1"))]);
    }
}

#[tokio::test]
async fn other_tasks_get_their_turn_while_nothing_comes() {
    let comments = std::iter::repeat_n(Bytes::from_static(b": x\n"), 10_000).map(Ok);
    let mut frames = EventStream::<Value>::new(ByteStream::of_pieces(comments)).frames();
    let mut turns = 0;
    let next = std::future::poll_fn(|context| {
        turns += 1;
        Pin::new(&mut frames).poll_next(context)
    });
    assert!(next.await.is_none());
    assert!(turns > 100, "{turns}");
}
