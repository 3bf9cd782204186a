//! Faults of streams, as the generated client's reader sees them.

use std::time::Duration;

use letta_api::{EventStream, types};
use letta_api_emulator::{Act, Emulator, Fault, ManualClock, Rule, operations};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::raw::{Answer, client, request};

const MESSAGES: &str = "/v1/agents/agent-1/messages";

/// How a stream ended for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// No more events follow.
    Over,
    /// An error that says that the body broke off.
    Lost,
}

async fn emulator(faults: &[&str]) -> Emulator {
    let mut builder = Emulator::builder().agent("agent-1");
    for fault in faults {
        builder = builder.fault(fault.parse().unwrap());
    }
    builder.start().await.unwrap()
}

fn body(fields: Value) -> types::MessageRequest {
    serde_json::from_value(fields).unwrap()
}

/// Says something to the agent, and has its answer streamed.
async fn stream(emulator: &Emulator, fields: Value) -> EventStream<types::StreamEvent> {
    let answer = client(emulator)
        .send_message_stream(&types::AgentId::from("agent-1"), &body(fields))
        .await;
    answer.unwrap().into_inner()
}

/// The events up to the end, and the end. An error is the last.
async fn read(events: &mut EventStream<types::StreamEvent>) -> (Vec<Value>, End) {
    let mut read = Vec::new();
    loop {
        match events.next().await {
            None => return (read, End::Over),
            Some(Ok(event)) => read.push(serde_json::to_value(event).unwrap()),
            Some(Err(error)) => {
                let cause = error.lost_to().expect("it broke off");
                assert!(cause.lost_to().is_some(), "{error:?}");
                assert!(error.frame().is_none() && error.limit().is_none());
                assert!(events.next().await.is_none(), "nothing follows");
                return (read, End::Lost);
            }
        }
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["message_type"].as_str().unwrap())
        .collect()
}

fn seq_ids(events: &[Value]) -> Vec<Option<u64>> {
    events
        .iter()
        .map(|event| event["seq_id"].as_u64())
        .collect()
}

#[tokio::test]
async fn the_reader_sees_a_break_as_a_loss_and_an_end_without_its_events_as_an_end() {
    let (ping, said, stop, usage) = (
        "ping",
        "assistant_message",
        "stop_reason",
        "usage_statistics",
    );
    let whole: &[&str] = &[ping, said, stop, usage];
    let cases: &[(&[&str], &[&str], End)] = &[
        (&[], whole, End::Over),
        (&["break-stream"], &[ping, said], End::Lost),
        (&["break-stream=0"], &[], End::Lost),
        (&["break-stream=1"], &[ping], End::Lost),
        (&["break-stream=3"], &[ping, said, stop], End::Lost),
        // The reader is done at `[DONE]`.
        (&["break-stream=5"], whole, End::Over),
        (&["break-stream=0b"], &[], End::Lost),
        (&["break-stream=20b"], &[], End::Lost),
        (&["break-stream=mid-event-1"], &[], End::Lost),
        (&["break-stream=mid-event-3"], &[ping, said], End::Lost),
        (&["break-stream=mid-character"], &[ping], End::Lost),
        (&["end-stream=0"], &[], End::Over),
        (&["end-stream=2"], &[ping, said], End::Over),
        (&["shred-stream"], whole, End::Over),
        (
            &["shred-stream", "break-stream=mid-character"],
            &[ping],
            End::Lost,
        ),
        (
            &["repeat-event=2"],
            &[ping, said, said, stop, usage],
            End::Over,
        ),
        (&["skip-event=3"], &[ping, said, usage], End::Over),
        // Without `[DONE]`.
        (&["skip-event=5"], whole, End::Over),
    ];
    for (faults, expected, end) in cases {
        let emulator = emulator(faults).await;
        let mut events = stream(&emulator, json!({"input": "Grüße"})).await;
        let (events, ended) = read(&mut events).await;
        assert_eq!((&*kinds(&events), ended), (*expected, *end), "{faults:?}");
        // Whatever becomes of the answer, the turn was played.
        assert_eq!(kept(&emulator).await, ["system", "user", "assistant"]);
    }
}

/// The messages that the agent has once its turn is over.
async fn kept(emulator: &Emulator) -> Vec<String> {
    loop {
        let answer = Answer::of(request(emulator, Method::GET, MESSAGES)).await;
        let kinds: Vec<_> = answer
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|message| {
                let kind = message["message_type"].as_str().unwrap();
                kind.strip_suffix("_message").unwrap().to_owned()
            })
            .collect();
        if kinds.last().is_some_and(|last| last == "assistant") {
            return kinds;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_repeated_and_a_skipped_event_show_in_the_numbers_of_a_run_in_background() {
    let background = json!({"input": "one two three", "stream_tokens": true, "background": true});
    for (fault, expected) in [
        (None, &[1, 2, 3, 4, 5, 6][..]),
        (Some("repeat-event=3"), &[1, 2, 3, 3, 4, 5, 6]),
        (Some("skip-event=3"), &[1, 2, 4, 5, 6]),
    ] {
        let emulator = emulator(fault.as_slice()).await;
        let mut events = stream(&emulator, background.clone()).await;
        let (events, end) = read(&mut events).await;
        let shown: Vec<u64> = seq_ids(&events).into_iter().flatten().collect();
        assert_eq!((&*shown, end), (expected, End::Over), "{fault:?}");
    }
}

#[tokio::test]
async fn a_run_whose_stream_broke_is_resumed_where_it_broke_wherever_that_was() {
    let background = json!({"input": "one twö three", "stream_tokens": true, "background": true});
    let whole = {
        let emulator = emulator(&[]).await;
        let mut events = stream(&emulator, background.clone()).await;
        kinds(&read(&mut events).await.0).join(" ")
    };
    for fault in [
        "break-stream=1",
        "break-stream=2",
        "break-stream=6",
        "break-stream=7",
        "break-stream=mid-event-2",
        "break-stream=mid-event-7",
        "break-stream=1000b",
        "break-stream=mid-character",
        "end-stream=3",
    ] {
        let emulator = emulator(&[&format!("{fault},times=1")]).await;
        let mut events = stream(&emulator, background.clone()).await;
        let (mut events, _) = read(&mut events).await;
        let last = seq_ids(&events).into_iter().flatten().last();
        let run = types::RunId::from(events[0]["run_id"].as_str().unwrap());
        let resume = serde_json::from_value(json!({"starting_after": last})).unwrap();
        let client = client(&emulator);
        let rest = client.resume_run_stream(&run, &resume).await.unwrap();
        let (rest, end) = read(&mut rest.into_inner()).await;
        assert_eq!(end, End::Over, "{fault}");
        // Events that show no number come again.
        events.retain(|event| event["seq_id"].is_u64());
        events.extend(rest);
        assert_eq!(kinds(&events).join(" "), whole, "{fault}");
    }
}

#[tokio::test]
async fn a_stream_that_stalls_says_nothing_more_until_a_proxy_cuts_it() {
    let clock = ManualClock::new();
    let minute = Duration::from_secs(60);
    let emulator = Emulator::builder()
        .agent("agent-1")
        .clock(clock.clone())
        .fault(Fault::stall_stream(2))
        .fault(Fault::idle_limit(minute).on(operations::SEND_MESSAGE_STREAM))
        .start()
        .await
        .unwrap();
    let mut events = stream(&emulator, json!({"input": "Hello"})).await;
    for _ in 0..2 {
        events.next().await.unwrap().unwrap();
    }
    {
        let mut next = std::pin::pin!(read(&mut events));
        // Pings would be due.
        clock.advance(minute - Duration::from_nanos(1));
        for _ in 0..100 {
            assert!(futures_util::poll!(next.as_mut()).is_pending());
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_nanos(1));
        assert_eq!(next.await, (vec![], End::Lost));
    }
    assert_eq!(kept(&emulator).await.len(), 3);
}

/// The bytes of an answer, up to the end of the connection, which is a proper one.
async fn raw(emulator: &Emulator, path: &str, fields: &Value) -> TcpStream {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let body = fields.to_string();
    let key = Emulator::DEFAULT_API_KEY;
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    stream
}

#[tokio::test]
async fn an_answer_whose_head_takes_too_long_is_cut_and_the_turn_goes_on() {
    let (clock, minute) = (ManualClock::new(), Duration::from_secs(60));
    let emulator = Emulator::builder()
        .agent("agent-1")
        .clock(clock.clone())
        .fault(Fault::idle_limit(minute))
        .start()
        .await
        .unwrap();
    let rule = Rule::new([Act::pause(2 * minute), Act::text("Done.")]);
    emulator.agent("agent-1").script(rule.always()).unwrap();
    for (turns, path, fields) in [
        (1, MESSAGES.to_owned(), json!({"input": "Hello"})),
        (
            2,
            format!("{MESSAGES}/stream"),
            json!({"input": "Hello", "include_pings": false}),
        ),
    ] {
        let mut connection = raw(&emulator, &path, &fields).await;
        let mut cut = Vec::new();
        let mut read = std::pin::pin!(connection.read_to_end(&mut cut));
        // The clock is moved until the connection is closed: nobody knows when the request is there.
        while futures_util::poll!(read.as_mut()).is_pending() {
            clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(cut, b"", "{path}");
        clock.advance(2 * minute);
        while kept(&emulator).await.len() < 1 + 2 * turns {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

#[tokio::test]
async fn the_first_answer_to_a_message_is_lost_and_the_message_was_taken() {
    for path in [MESSAGES.to_owned(), format!("{MESSAGES}/stream")] {
        for fields in [
            json!({"input": "Hello"}),
            json!({"input": "Hello", "streaming": true, "stream_tokens": true, "background": true}),
        ] {
            let emulator = emulator(&["lose-answer,times=1"]).await;
            let mut connection = raw(&emulator, &path, &fields).await;
            let mut lost = Vec::new();
            connection.read_to_end(&mut lost).await.unwrap();
            assert_eq!(lost, b"", "not even a head");
            assert_eq!(kept(&emulator).await, ["system", "user", "assistant"]);

            // The next is answered.
            let mut connection = raw(&emulator, &path, &fields).await;
            let mut head = [0; 15];
            connection.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 200 OK");
        }
    }
}

#[tokio::test]
async fn a_fault_of_streams_is_used_up_by_streams_alone() {
    let emulator = emulator(&["break-stream=1,times=2"]).await;
    let json = request(&emulator, Method::POST, MESSAGES).json(&json!({"input": "Hello"}));
    assert_eq!(Answer::of(json).await.status, 200);
    assert_eq!(emulator.faults()[0].to_string(), "break-stream=1,times=2");
    // A stream that is refused is none.
    let refused = request(
        &emulator,
        Method::POST,
        "/v1/agents/agent-2/messages/stream",
    );
    let refused = Answer::of(refused.json(&json!({"input": "Hello"}))).await;
    assert_eq!(refused.status, 404);
    for (end, left) in [(End::Lost, 1), (End::Lost, 0), (End::Over, 0)] {
        let mut events = stream(&emulator, json!({"input": "Hello"})).await;
        assert_eq!(read(&mut events).await.1, end);
        assert_eq!(emulator.faults().len(), left);
    }
}

#[tokio::test]
async fn a_fault_of_streams_is_limited_to_operations_that_stream() {
    let on = Fault::break_stream_after(1).on(operations::STREAM_MESSAGE);
    let emulator = emulator(&[&on.to_string()]).await;
    let mut events = stream(&emulator, json!({"input": "Hello"})).await;
    assert_eq!(read(&mut events).await.1, End::Over);
    let path = format!("{MESSAGES}/stream");
    let mut connection = raw(&emulator, &path, &json!({"input": "Hello"})).await;
    let mut text = String::new();
    connection.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("\"ping\"") && !text.contains("assistant_message"));
    assert!(!text.ends_with("0\r\n\r\n"));

    for operation in [operations::SEND_MESSAGE, operations::LIST_AGENTS] {
        for fault in [
            Fault::break_stream(),
            Fault::end_stream(1),
            Fault::stall_stream(1),
            Fault::shred_stream(),
            Fault::repeat_event(1),
            Fault::skip_event(1),
        ] {
            let error = emulator.inject(fault.on(operation)).unwrap_err();
            assert!(error.to_string().contains("such as `stream_message`"));
        }
    }
    for fault in [
        Fault::repeat_event(0),
        Fault::skip_event(0),
        Fault::break_stream_within_event(0),
        Fault::idle_limit(Duration::ZERO),
    ] {
        assert!(emulator.inject(fault).is_err());
    }
}
