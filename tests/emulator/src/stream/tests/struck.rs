//! What is sent of a stream that faults strike: each byte, and how it ends.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::stream;
use h2::Reason;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::{Raw, counted, options, pings_of_last, serve, until_it_rests};
use crate::clock::{Clock, ManualClock, SystemClock};
use crate::faults::fault::{Fault, FaultKind};
use crate::faults::stream_fault::StreamFault;
use crate::http::server::Server;
use crate::stream::event::StreamEvent;
use crate::stream::respond::{PING_INTERVAL, respond};
use crate::stream::struck::strike;

const PING: &str = "data: {\"message_type\":\"ping\"}\n\n";
const SAID: &str = "data: {\"content\":\"aä€\"}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// How a body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Whole,
    Broken,
    /// It is open, and nothing comes.
    Silent,
}

/// Faults, in their text form. All have an effect if a request is struck.
fn faults(texts: &[&str]) -> Vec<StreamFault> {
    let fault = |text: &&str| match text.parse::<Fault>().unwrap().kind {
        FaultKind::Stream(fault) => fault,
        other => panic!("{other:?}"),
    };
    texts.iter().map(fault).collect()
}

async fn serve_struck(
    clock: impl Clock + Clone,
    events: &'static [&'static str],
    texts: &[&str],
    idle_limit: Option<Duration>,
) -> Server {
    let faults = faults(texts);
    serve(Router::new().route(
        "/",
        get(async move || {
            let events = events.iter().map(|event| StreamEvent::new(*event, None));
            let response = respond(stream::iter(events), options(clock.clone(), None)).await;
            strike(response, &faults, idle_limit, Arc::new(clock))
        }),
    ))
    .await
}

/// The data of the three events above.
const SERIES: &[&str] = &[
    r#"{"message_type":"ping"}"#,
    r#"{"content":"aä€"}"#,
    "[DONE]",
];

impl Raw {
    /// The chunks up to the end, and how it ends.
    async fn chunks(&mut self) -> (Vec<Vec<u8>>, End) {
        let mut chunks = Vec::new();
        loop {
            if self.is_silent().await {
                return (chunks, End::Silent);
            }
            let mut size = Vec::new();
            while !size.ends_with(b"\r\n") {
                // The end of the connection is a proper one: a reset would fail.
                let mut byte = [0];
                if self.0.read(&mut byte).await.unwrap() == 0 {
                    assert_eq!(size, b"", "the framing is cut");
                    return (chunks, End::Broken);
                }
                size.extend(byte);
            }
            let size = std::str::from_utf8(&size).unwrap().trim();
            let size = usize::from_str_radix(size, 16).unwrap();
            let mut chunk = vec![0; size + 2];
            self.0.read_exact(&mut chunk).await.unwrap();
            chunk.truncate(size);
            if size == 0 {
                return (chunks, End::Whole);
            }
            chunks.push(chunk);
        }
    }
}

/// A stream over HTTP/2.
struct Http2 {
    body: h2::RecvStream,
    connection: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    async fn get(server: &Server) -> Self {
        let stream = TcpStream::connect(server.addr()).await.unwrap();
        Self::over(stream, 1 << 30).await
    }

    /// `window` is how much may be under way that was not read.
    async fn over(stream: TcpStream, window: u32) -> Self {
        let mut client = h2::client::Builder::new();
        client.initial_window_size(window);
        client.initial_connection_window_size(window);
        let (client, connection) = client.handshake::<_, &[u8]>(stream).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = axum::http::Request::get("http://localhost/")
            .body(())
            .unwrap();
        let mut client = client.ready().await.unwrap();
        let (response, _) = client.send_request(request, true).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), 200);
        let body = response.into_body();
        Self { body, connection }
    }

    /// The frames up to the end, and how it ends.
    async fn chunks(&mut self) -> (Vec<Vec<u8>>, End) {
        let mut chunks = Vec::new();
        loop {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let next = futures_util::poll!(Box::pin(self.body.data()));
            match next {
                std::task::Poll::Pending => return (chunks, End::Silent),
                std::task::Poll::Ready(None) => return (chunks, End::Whole),
                std::task::Poll::Ready(Some(Ok(chunk))) if chunk.is_empty() => {}
                std::task::Poll::Ready(Some(Ok(chunk))) => {
                    let _ = self.body.flow_control().release_capacity(chunk.len());
                    chunks.push(chunk.to_vec());
                }
                std::task::Poll::Ready(Some(Err(error))) => {
                    assert!(error.is_reset(), "{error:?}");
                    assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
                    return (chunks, End::Broken);
                }
            }
        }
    }
}

/// Faults, the chunks that are read, and the end.
type Case<'a> = (&'a [&'a str], &'a [&'a [u8]], End);

#[tokio::test]
async fn each_fault_cuts_a_stream_to_the_byte_and_ends_it_as_it_says() {
    let (ping, said) = (PING.len(), SAID.len());
    let bytes = |bytes: usize| format!("break-stream={bytes}b");
    let before_said = bytes(ping);
    let in_said = bytes(ping + 5);
    let [all, more] = [0, 1].map(|more| bytes(ping + said + DONE.len() + more));
    let in_a_character = 1 + SAID.find('ä').unwrap();
    let half = &SAID.as_bytes()[..said / 2];
    let (p, s, d) = (PING.as_bytes(), SAID.as_bytes(), DONE.as_bytes());
    let cases: &[Case<'_>] = &[
        (&[], &[p, s, d], End::Whole),
        (&["break-stream"], &[p, s], End::Broken),
        (&["break-stream=0"], &[], End::Broken),
        (&["break-stream=1"], &[p], End::Broken),
        (&["break-stream=2"], &[p, s], End::Broken),
        (&["break-stream=3"], &[p, s, d], End::Broken),
        (&["break-stream=4"], &[p, s, d], End::Whole),
        (&["break-stream=0b"], &[], End::Broken),
        (&["break-stream=1b"], &[&p[..1]], End::Broken),
        (&[&before_said], &[p], End::Broken),
        (&[&in_said], &[p, &s[..5]], End::Broken),
        (&[&all], &[p, s, d], End::Broken),
        (&[&more], &[p, s, d], End::Whole),
        (
            &["break-stream=mid-event-1"],
            &[&p[..ping / 2]],
            End::Broken,
        ),
        (&["break-stream=mid-event-2"], &[p, half], End::Broken),
        (&["break-stream=mid-event-4"], &[p, s, d], End::Whole),
        (
            &["break-stream=mid-character"],
            &[p, &s[..in_a_character]],
            End::Broken,
        ),
        (&["end-stream=0"], &[], End::Whole),
        (&["end-stream=2"], &[p, s], End::Whole),
        (&["stall-stream=0"], &[], End::Silent),
        (&["stall-stream=2"], &[p, s], End::Silent),
        (&["stall-stream=3"], &[p, s, d], End::Silent),
        (&["repeat-event=2"], &[p, s, s, d], End::Whole),
        (
            &["repeat-event=2", "repeat-event=2", "repeat-event=4"],
            &[p, s, s, s, d],
            End::Whole,
        ),
        (&["skip-event=1"], &[s, d], End::Whole),
        (&["skip-event=1", "skip-event=3"], &[s], End::Whole),
        // The first place counts, and of two that are equal, the first fault.
        (&["break-stream=2", "stall-stream=1"], &[p], End::Silent),
        (&["break-stream=2", "end-stream=2"], &[p, s], End::Broken),
        (&["end-stream=2", "break-stream=2"], &[p, s], End::Whole),
        (&["break-stream=0", "end-stream=0"], &[], End::Broken),
        (
            &["stall-stream=2", "break-stream=mid-event-2"],
            &[p, half],
            End::Broken,
        ),
        // Places count what is sent.
        (&["skip-event=1", "break-stream=1"], &[s], End::Broken),
        (&["repeat-event=1", "break-stream=1"], &[p], End::Broken),
        (&["repeat-event=1", "break-stream=2"], &[p, p], End::Broken),
        (&["repeat-event=1", "skip-event=1"], &[s, d], End::Whole),
        (
            &["skip-event=2", "break-stream=mid-character"],
            &[p, d],
            End::Whole,
        ),
    ];
    for (texts, chunks, end) in cases {
        let server = serve_struck(SystemClock, SERIES, texts, None).await;
        let mut raw = Raw::get(&server).await;
        let head = raw.head().await;
        assert!(head.contains("chunked"), "{head}");
        let read = raw.chunks().await;
        let expected: Vec<_> = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        assert_eq!(read, (expected.clone(), *end), "{texts:?} over HTTP/1.1");

        let mut http_2 = Http2::get(&server).await;
        let read = http_2.chunks().await;
        assert_eq!(read, (expected, *end), "{texts:?} over HTTP/2");
        // The stream is over, and not the connection.
        assert!(!http_2.connection.is_finished());
    }
}

#[tokio::test]
async fn a_stream_is_shredded_up_to_where_it_ends() {
    let whole = [PING, SAID, DONE].concat().into_bytes();
    let in_a_character = 1 + PING.len() + SAID.find('ä').unwrap();
    for (texts, length, end) in [
        (&["shred-stream"][..], whole.len(), End::Whole),
        (&["break-stream=7b", "shred-stream"], 7, End::Broken),
        (
            &["shred-stream", "shred-stream", "break-stream=mid-character"],
            in_a_character,
            End::Broken,
        ),
        (&["shred-stream", "stall-stream=1"], PING.len(), End::Silent),
        (&["shred-stream", "end-stream=0"], 0, End::Whole),
    ] {
        let server = serve_struck(SystemClock, SERIES, texts, None).await;
        let expected: Vec<_> = whole[..length].iter().map(|byte| vec![*byte]).collect();
        let mut raw = Raw::get(&server).await;
        raw.head().await;
        assert_eq!(raw.chunks().await, (expected.clone(), end), "{texts:?}");
        let read = Http2::get(&server).await.chunks().await;
        assert_eq!(read, (expected, end), "{texts:?} over HTTP/2");
    }
}

/// An event of about a kilobyte.
static KILOBYTE: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", "x".repeat(1000)));

/// 8 MB of events, more than two sockets hold.
static LONG: LazyLock<Vec<&str>> = LazyLock::new(|| vec![&**KILOBYTE; 8_000]);

#[tokio::test]
async fn a_long_stream_is_shredded_in_part() {
    let server = serve_struck(SystemClock, &LONG[..100], &["shred-stream"], None).await;
    let mut raw = Raw::get(&server).await;
    raw.head().await;
    let (mut shredded, mut whole) = (0, Vec::new());
    loop {
        match raw.chunk().await.len() {
            0 => break,
            1 => shredded += 1,
            length => whole.push(length),
        }
    }
    assert_eq!(shredded, 64 * 1024);
    let event = StreamEvent::new(&**KILOBYTE, None).to_bytes().len();
    // The first of them is what is left of an event.
    assert_eq!(whole[0], event - shredded % event);
    assert!(whole[1..].iter().all(|length| *length == event));
    assert_eq!(whole.len(), 100 - shredded / event);
}

/// A connection that is soon full.
async fn connect_narrowly(server: &Server) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(256 * 1024).unwrap();
    socket.connect(server.addr()).await.unwrap()
}

/// The HTTP library drops what it has not written yet when a body fails.
#[tokio::test]
async fn all_that_comes_before_a_break_arrives_however_slowly_it_is_read() {
    let event = StreamEvent::new(&**KILOBYTE, None).to_bytes();
    for break_after in [0, 1, 7_999, 8_000] {
        let fault = format!("break-stream={break_after}");
        let server = serve_struck(SystemClock, &LONG, &[&fault], None).await;

        let stream = connect_narrowly(&server).await;
        let mut raw = Raw::over(stream).await;
        raw.head().await;
        // By now, the connection is full.
        assert!(!raw.is_silent().await || break_after == 0);
        let mut read = Vec::new();
        raw.0.read_to_end(&mut read).await.unwrap();
        let mut chunk = format!("{:X}\r\n", event.len()).into_bytes();
        chunk.extend_from_slice(&event);
        chunk.extend_from_slice(b"\r\n");
        assert!(
            read == chunk.repeat(break_after),
            "{break_after}: {}",
            read.len()
        );

        let stream = connect_narrowly(&server).await;
        let mut http_2 = Http2::over(stream, 65_535).await;
        let mut length = 0;
        let error = loop {
            match http_2.body.data().await.unwrap() {
                Ok(data) => {
                    http_2
                        .body
                        .flow_control()
                        .release_capacity(data.len())
                        .unwrap();
                    length += data.len();
                }
                Err(error) => break error,
            }
        };
        assert!(error.is_reset(), "{error:?}");
        assert_eq!(length, break_after * event.len());
    }
}

/// Over HTTP/2, each stream and the connection are tasks of their own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_break_is_exact_whichever_task_comes_first() {
    let server = serve_struck(SystemClock, SERIES, &["break-stream=2"], None).await;
    let server = Arc::new(server);
    let readers = (0..8).map(|_| {
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            for _ in 0..50 {
                let mut http_2 = Http2::get(&server).await;
                let mut read = Vec::new();
                while let Some(Ok(data)) = http_2.body.data().await {
                    read.extend_from_slice(&data);
                }
                assert_eq!(read, [PING, SAID].concat().as_bytes());

                let mut raw = Raw::get(&server).await;
                raw.head().await;
                for expected in [PING, SAID] {
                    assert_eq!(raw.chunk().await, expected);
                }
                assert_eq!(raw.0.read(&mut [0]).await.unwrap(), 0);
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
}

#[tokio::test]
async fn a_connection_that_is_idle_for_too_long_by_the_emulators_clock_is_closed() {
    let limit = Duration::from_secs(30);
    let clock = ManualClock::new();
    let faults = &["stall-stream=1", "shred-stream"];
    let server = serve_struck(clock.clone(), SERIES, faults, Some(limit)).await;
    let mut raw = Raw::get(&server).await;
    raw.head().await;
    let mut http_2 = Http2::get(&server).await;
    assert_eq!(raw.chunks().await.1, End::Silent);
    assert_eq!(http_2.chunks().await.1, End::Silent);
    clock.advance(limit - Duration::from_nanos(1));
    assert_eq!(raw.chunks().await, (vec![], End::Silent));
    assert_eq!(http_2.chunks().await, (vec![], End::Silent));
    clock.advance(Duration::from_nanos(1));
    assert_eq!(raw.chunks().await, (vec![], End::Broken));
    assert_eq!(http_2.chunks().await, (vec![], End::Broken));
}

#[tokio::test]
async fn a_connection_over_which_pings_are_sent_is_not_idle() {
    let clock = ManualClock::new();
    let of_server = clock.clone();
    let server = serve(Router::new().route(
        "/",
        get(async move || {
            let options = options(of_server.clone(), Some(pings_of_last()));
            let response = respond(stream::pending(), options).await;
            strike(
                response,
                &[],
                Some(PING_INTERVAL + PING_INTERVAL / 2),
                Arc::new(of_server),
            )
        }),
    ))
    .await;
    let mut raw = Raw::get(&server).await;
    let mut is_open = false;
    for _ in 0..20 {
        assert!(raw.is_silent().await);
        clock.advance(PING_INTERVAL);
        if !std::mem::replace(&mut is_open, true) {
            raw.head().await;
        }
        assert_eq!(raw.chunk().await, "data: {\"ping\":null}\n\n");
    }
}

#[tokio::test]
async fn a_shredded_stream_has_few_events_made_for_a_reader_that_does_not_read() {
    let (pulled, events) = counted(1_000_000, 10_000);
    let server = serve(Router::new().route(
        "/",
        get(async move || {
            let response = respond(events(), options(SystemClock, None)).await;
            let faults = faults(&["shred-stream", "repeat-event=2", "break-stream=999999"]);
            strike(response, &faults, None, Arc::new(SystemClock))
        }),
    ))
    .await;
    let stream = connect_narrowly(&server).await;
    let raw = Raw::over(stream).await;
    let pulled = until_it_rests(&pulled).await;
    assert!(pulled * 10_000 < 32 << 20, "{pulled} events");
    drop(raw);
}
