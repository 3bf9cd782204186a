//! What is sent, and when.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, mpsc};

use super::{Raw, counted, serve_events, until_it_rests};
use crate::clock::{ManualClock, SystemClock};
use crate::stream::event::StreamEvent;
use crate::stream::respond::{LONGEST_SILENCE, PING_INTERVAL};

#[tokio::test]
async fn each_event_is_a_chunk_as_the_service_writes_it_and_the_body_ends() {
    let server = serve_events(SystemClock, false, || {
        stream::iter([
            StreamEvent::new(r#"{"seq_id":1,"content":"ä"}"#, Some(1)),
            StreamEvent::new("{}", Some(2)).with_name("error"),
            StreamEvent::new("[DONE]", Some(3)),
        ])
    })
    .await;
    let mut raw = Raw::get(&server).await;
    let head = raw.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: text/event-stream; charset=utf-8\r\n"));
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"));
    for expected in [
        "data: {\"seq_id\":1,\"content\":\"ä\"}\n\n",
        "event: error\ndata: {}\n\n",
        "data: [DONE]\n\n",
        "",
    ] {
        assert_eq!(raw.chunk().await, expected);
    }
    // The connection is as good as before.
    raw.0
        .write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(raw.head().await.to_lowercase(), head);
}

#[tokio::test]
async fn a_series_of_nothing_is_a_body_of_nothing() {
    for pings in [false, true] {
        // It panics if it is asked again after its end.
        let events = || stream::unfold((), |()| async { None });
        let server = serve_events(SystemClock, pings, events).await;
        let mut raw = Raw::get(&server).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(raw.chunk().await, "");
    }
}

/// A series that a test says bit by bit.
#[derive(Clone)]
struct Said {
    listen: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<StreamEvent>>>,
    asked: Arc<Notify>,
}

impl Said {
    fn new() -> (mpsc::UnboundedSender<StreamEvent>, Self) {
        let (say, listen) = mpsc::unbounded_channel();
        let listen = Arc::new(tokio::sync::Mutex::new(listen));
        let asked = Arc::default();
        (say, Self { listen, asked })
    }

    fn events(&self) -> impl Stream<Item = StreamEvent> + use<> {
        self.asked.notify_one();
        stream::unfold(Arc::clone(&self.listen), async |listen| {
            let event = listen.lock().await.recv().await?;
            Some((event, listen))
        })
    }
}

#[tokio::test]
async fn the_head_leaves_with_the_first_event_and_not_before() {
    let clock = ManualClock::new();
    let (say, said) = Said::new();
    let events = said.clone();
    let server = serve_events(clock.clone(), false, move || events.events()).await;
    let mut raw = Raw::get(&server).await;
    said.asked.notified().await;
    assert!(raw.is_silent().await);
    clock.advance(100 * PING_INTERVAL);
    assert!(raw.is_silent().await);
    say.send(StreamEvent::new("{}", None)).unwrap();
    raw.head().await;
    assert_eq!(raw.chunk().await, "data: {}\n\n");
    assert!(raw.is_silent().await);
}

#[tokio::test]
async fn the_head_leaves_with_the_first_ping_if_there_are_pings() {
    let clock = ManualClock::new();
    let (_say, said) = Said::new();
    let events = said.clone();
    let server = serve_events(clock.clone(), true, move || events.events()).await;
    let mut raw = Raw::get(&server).await;
    said.asked.notified().await;
    clock.advance(PING_INTERVAL - Duration::from_nanos(1));
    assert!(raw.is_silent().await);
    clock.advance(Duration::from_nanos(1));
    raw.head().await;
    assert_eq!(raw.chunk().await, "data: {\"ping\":null}\n\n");
}

#[tokio::test]
async fn a_ping_comes_after_each_silence_by_the_emulators_clock_and_repeats_the_last_number_shown()
{
    let clock = ManualClock::new();
    let (say, said) = Said::new();
    let server = serve_events(clock.clone(), true, move || said.events()).await;
    let say = |data: &str, seq_id| say.send(StreamEvent::new(data, seq_id)).unwrap();
    let mut raw = Raw::get(&server).await;
    say("{\"seq_id\":null}", None);
    raw.head().await;
    raw.chunk().await;
    for (data, seq_id, shown) in [
        ("{\"seq_id\":null}", None, "null"),
        ("{\"seq_id\":1}", Some(1), "1"),
        ("{\"seq_id\":2}", Some(2), "2"),
        // An event that does not show its number.
        ("{\"stop_reason\":\"end_turn\"}", Some(3), "2"),
    ] {
        // Short of a ping, twice.
        clock.advance(PING_INTERVAL - Duration::from_millis(1));
        say(data, seq_id);
        assert_eq!(raw.chunk().await, format!("data: {data}\n\n"));
        clock.advance(PING_INTERVAL - Duration::from_millis(1));
        assert!(raw.is_silent().await);
        for _ in 0..3 {
            clock.advance(PING_INTERVAL);
            assert_eq!(raw.chunk().await, format!("data: {{\"ping\":{shown}}}\n\n"));
            assert!(raw.is_silent().await);
        }
    }
}

#[tokio::test]
async fn a_stream_that_has_pings_alone_for_half_an_hour_is_ended_as_if_it_were_whole() {
    let clock = ManualClock::new();
    let (say, said) = Said::new();
    let server = serve_events(clock.clone(), true, move || said.events()).await;
    let mut raw = Raw::get(&server).await;
    say.send(StreamEvent::new("{}", None)).unwrap();
    raw.head().await;
    assert_eq!(raw.chunk().await, "data: {}\n\n");
    let pings = LONGEST_SILENCE.as_secs() / PING_INTERVAL.as_secs() - 1;
    for turn in 0..2 {
        for _ in 0..pings {
            clock.advance(PING_INTERVAL);
            assert_eq!(raw.chunk().await, "data: {\"ping\":null}\n\n");
        }
        if turn == 0 {
            say.send(StreamEvent::new("{}", None)).unwrap();
            assert_eq!(raw.chunk().await, "data: {}\n\n");
        }
    }
    clock.advance(PING_INTERVAL);
    assert_eq!(raw.chunk().await, "");
}

#[tokio::test]
async fn a_reader_that_does_not_read_has_few_events_made_for_it() {
    let size = 10_000;
    let (pulled, events) = counted(1_000_000, size);
    let server = serve_events(SystemClock, true, events).await;
    let raw = Raw::get(&server).await;
    let before = until_it_rests(&pulled).await;
    // What the two sockets hold, which is for the system to say, and at most half a megabyte of the library's.
    assert!(before * size < 32 << 20, "{before} events");
    drop(raw);
}

#[tokio::test]
async fn a_series_is_dropped_as_soon_as_its_reader_leaves() {
    struct Tell(Option<tokio::sync::oneshot::Sender<()>>);
    impl Drop for Tell {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(());
        }
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    let tell = Arc::new(std::sync::Mutex::new(Some(Tell(Some(tell)))));
    let events = move || {
        let tell = tell.lock().unwrap().take();
        let first = stream::iter([StreamEvent::new("{}", None)]);
        first.chain(stream::once(async move {
            let _tell = tell;
            std::future::pending().await
        }))
    };
    let server = serve_events(SystemClock, true, events).await;
    let mut raw = Raw::get(&server).await;
    raw.head().await;
    drop(raw);
    told.await.unwrap();
}
