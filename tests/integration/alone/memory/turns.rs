//! What turns take of memory: long ones, a thousand at once, and such as a hostile service sends.
//!
//! Prints its figures: `cargo test -p letta-api-tests --test memory turns:: -- --nocapture`.

use letta_api_emulator::Emulator;
use letta_api_ext::Letta;
use letta_api_ext::turns::{Answer, Turn, TurnPath};
use letta_api_tests::event_server::{EventServer, Reply};
use letta_api_tests::{letta, resident_memory};
use serde_json::json;

const MIB: usize = 1024 * 1024;
const LONG: usize = 64 * 1024;

/// The events that end a turn well. Without the usage, a turn would ask for it, and the server would answer with all events again.
fn end() -> [String; 3] {
    let stop = json!({"message_type": "stop_reason", "stop_reason": "end_turn"});
    let usage = json!({"message_type": "usage_statistics", "total_tokens": 1});
    [stop.to_string(), usage.to_string(), "[DONE]".to_owned()]
}

fn text(id: &str, text: &str) -> String {
    json!({
        "message_type": "assistant_message", "id": id, "date": "2026-01-01T00:00:00Z", "run_id": "run-1",
        "content": text,
    })
    .to_string()
}

/// An event of this kind, with these members.
fn made(kind: &str, more: serde_json::Value) -> String {
    let mut event =
        json!({"message_type": kind, "date": "2026-01-01T00:00:00Z", "run_id": "run-1"});
    let more = more.as_object().unwrap().clone();
    event.as_object_mut().unwrap().extend(more);
    event.to_string()
}

/// A server whose turns have `count` events of `event`, and then end well.
async fn server(
    count: usize,
    event: impl Fn(usize) -> String + Send + Sync + Copy + 'static,
) -> EventServer {
    EventServer::start(move |_, _| Reply::events((0..count).map(event).chain(end()))).await
}

/// Gives an event its number, in place of `#`. The rest is made once: to write JSON takes longer than to send it.
fn numbered(event: String) -> impl Fn(usize) -> String + Send + Sync + Copy {
    let event: &'static str = event.leak();
    move |number| event.replace('#', &number.to_string())
}

fn turn(letta: &Letta) -> Turn {
    // Without numbers, the events of a run are those of a foreground stream.
    letta
        .agent("agent-1")
        .turn("Hello")
        .with_path(TurnPath::Plain)
        .tokens()
}

/// Reads a stream to its end. Gives how many events there were, how much memory they took at most beyond what was there before,
/// and the answer.
async fn read(turn: Turn) -> (usize, usize, Result<Answer, letta_api_ext::Error>) {
    let before = resident_memory().unwrap_or(0);
    let mut stream = turn.stream().await.unwrap();
    let (mut count, mut most) = (0, before);
    while let Some(event) = stream.next().await {
        count += usize::from(event.is_ok());
        if count % 128 == 0 {
            most = most.max(resident_memory().unwrap_or(0));
        }
    }
    most = most.max(resident_memory().unwrap_or(0));
    (count, most - before, stream.finish())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_hour_of_events_takes_flat_memory() {
    let _turn = crate::TURN.lock().await;
    const EVENTS: usize = 100_000;
    let server = server(EVENTS, |number| {
        text(&format!("message-{}", number / 50), "Some words of it. ")
    })
    .await;
    let letta = letta(server.url());
    // What a connection and a client take at first.
    drop(read(turn(&letta).with_answer_limit(0)).await);
    let (count, took, answer) = read(turn(&letta).with_answer_limit(0)).await;
    println!("{count} events, nothing kept: {took} bytes more");
    let answer = answer.unwrap();
    assert_eq!(count, EVENTS);
    assert!(answer.is_cut() && answer.messages().is_empty());
    assert!(took < 8 * MIB, "{took}");

    let (count, took, answer) = read(turn(&letta).with_answer_limit(MIB)).await;
    let answer = answer.unwrap();
    println!(
        "{count} events, 1 MiB kept: {took} bytes more, {} of text",
        answer.text().len()
    );
    assert_eq!(count, EVENTS);
    assert!(answer.is_cut() && !answer.messages().is_empty());
    assert!(answer.text().len() <= MIB);
    assert!(took < 16 * MIB, "{took}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_hostile_service_sends_stays_within_bounds() {
    let _turn = crate::TURN.lock().await;
    let long = "x".repeat(LONG);
    // Much more than is kept. `#` stands for the number of an event.
    let rows: [(&str, usize, String); 15] = [
        ("a text without end", 1_000, text("message-1", &long)),
        (
            "texts in ever new messages",
            1_000,
            text("message-#", &long),
        ),
        (
            "empty texts in ever new messages",
            10_000,
            text("message-#", ""),
        ),
        ("long IDs", 1_000, text(&format!("#-{long}"), "")),
        (
            "events of no known kind",
            1_000,
            made("news", json!({"id": "#", "it": long})),
        ),
        (
            "many small values",
            100,
            made("news", json!({"id": "#", "it": vec![0; LONG / 2]})),
        ),
        ("what is not JSON", 1_000, long.clone()),
        (
            "messages of the user",
            1_000,
            made("user_message", json!({"id": "#", "content": long})),
        ),
        (
            "signatures",
            1_000,
            made(
                "reasoning_message",
                json!({"id": "message-1", "reasoning": "", "signature": long}),
            ),
        ),
        (
            "members of no known name",
            1_000,
            made(
                "assistant_message",
                json!({"id": "#", "content": "x", "more": long}),
            ),
        ),
        (
            "returns of tools with all that was printed",
            1_000,
            made(
                "tool_return_message",
                json!({
                    "id": "#", "tool_return": "x", "status": "success", "tool_call_id": "call-1", "stdout": [long],
                }),
            ),
        ),
        (
            "calls with long arguments",
            1_000,
            made(
                "tool_call_message",
                json!({
                    "id": "#", "tool_call": {"tool_call_id": "#", "name": "look", "arguments": long},
                }),
            ),
        ),
        (
            "calls in pieces, in ever new messages",
            1_000,
            made(
                "tool_call_message",
                json!({
                    "id": "#", "tool_call": {"tool_call_id": "#", "name": null, "arguments": long},
                }),
            ),
        ),
        (
            "ever new runs",
            1_000,
            made(
                "assistant_message",
                json!({"id": "1", "run_id": format!("run-#-{long}"), "content": ""}),
            ),
        ),
        (
            "usage",
            1_000,
            made("usage_statistics", json!({"run_ids": [long]})),
        ),
    ];
    for (what, count, event) in rows {
        let server = server(count, numbered(event)).await;
        let letta = letta(server.url());
        for is_in_pieces in [true, false] {
            let turn = turn(&letta).with_answer_limit(4 * MIB);
            let turn = match is_in_pieces {
                true => turn,
                false => letta
                    .agent("agent-1")
                    .turn("Hello")
                    .with_path(TurnPath::Plain)
                    .with_answer_limit(4 * MIB),
            };
            let (told, took, answer) = read(turn).await;
            println!("{what} ({is_in_pieces}): {told} events, {took} bytes more");
            let answer = answer.unwrap_or_else(|error| panic!("{what}: {error}"));
            let length = answer
                .messages()
                .iter()
                .map(|it| serde_json::to_vec(it).unwrap().len());
            assert!(length.sum::<usize>() <= 5 * MIB, "{what}");
            assert!(took < 48 * MIB, "{what}: {took}");
        }
    }
    // What never ends cannot be cut: half of a call is another call.
    let rows: [(&str, String); 3] = [
        (
            "arguments without end",
            made(
                "tool_call_message",
                json!({
                    "id": "message-1", "tool_call": {"tool_call_id": "call-1", "name": null, "arguments": long},
                }),
            ),
        ),
        (
            "a name without end",
            made(
                "approval_request_message",
                json!({
                    "id": "message-1", "tool_call": {"tool_call_id": "call-1", "name": long, "arguments": null},
                }),
            ),
        ),
        (
            "calls without end",
            made(
                "tool_call_message",
                json!({
                    "id": "message-1", "tool_call": {"tool_call_id": "#", "name": null, "arguments": null},
                }),
            ),
        ),
    ];
    for (what, event) in rows {
        let server = server(200_000, numbered(event)).await;
        let letta = letta(server.url());
        let (told, took, answer) = read(turn(&letta)).await;
        println!("{what}: {told} events, {took} bytes more");
        let error = answer.unwrap_err();
        assert!(
            error.is_invalid_response() && error.may_have_happened(),
            "{what}: {error}"
        );
        assert!(took < 64 * MIB, "{what}: {took}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_turns_at_once_take_little_memory_and_all_end() {
    let _turn = crate::TURN.lock().await;
    const TURNS: usize = 1_000;
    let builder = (0..TURNS).fold(Emulator::builder(), |builder, number| {
        builder.agent(format!("agent-{number}"))
    });
    let emulator = builder.start().await.unwrap();
    let client = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    client.agent("agent-0").turn("Hello").send().await.unwrap();
    let future = client.agent("agent-0").turn("Hello").send();
    let size = size_of_val(&future);
    drop(future);
    println!("the future of `send()` has {size} bytes");
    assert!(size <= 4 * 1024, "{size}");

    let before = resident_memory().unwrap_or(0);
    let mut turns = Vec::new();
    for number in 0..TURNS {
        let agent = client.agent(format!("agent-{number}"));
        turns.push(agent.turn(format!("Say {number}")).tokens().stream());
    }
    let mut streams = Vec::new();
    for stream in futures_util::future::join_all(turns).await {
        streams.push(stream.unwrap());
    }
    // All are under way, and none was read.
    let took = resident_memory().unwrap_or(0).saturating_sub(before);
    println!(
        "{TURNS} turns under way: {} bytes each, the emulator's share included",
        took / TURNS
    );
    assert!(took / TURNS < 256 * 1024, "{took}");
    let ended = streams
        .into_iter()
        .enumerate()
        .map(async |(number, mut stream)| {
            while let Some(event) = stream.next().await {
                event.unwrap();
            }
            let answer = stream.finish().unwrap();
            assert!(
                answer.text().contains(&format!("Say {number}")),
                "{}",
                answer.text()
            );
        });
    futures_util::future::join_all(ended).await;
    assert_eq!(emulator.runs().len(), TURNS + 1);
}
