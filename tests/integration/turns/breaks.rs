//! Connections that break, at any place and in any way.

use std::time::Duration;

use letta_api::operations;
use letta_api_emulator::{Act, Emulator, Fault, ModelFailure, NewAgent, Rule};
use letta_api_ext::Letta;
use letta_api_ext::turns::{Answer, Event, Turn, TurnPath};
use serde_json::json;

use super::talking::{letta, start};

const SEND: letta_api::Operation = operations::SEND_CONVERSATION_MESSAGE_STREAM;
const SAID: &str = "Grüße: one two 🦀 three four.";

/// An agent that thinks, calls a tool, and says something that is not ASCII.
async fn talkative() -> (Emulator, Letta) {
    let (emulator, letta) = start().await;
    let acts = [
        Act::reasoning("They want to count."),
        Act::call("count", json!({"to": 4, "why": "weil"})).returns("4"),
        Act::reasoning("Ten."),
        Act::text(SAID),
    ];
    emulator
        .agent("agent-1")
        .script(Rule::new(acts).always())
        .unwrap();
    (emulator, letta)
}

/// What was told, with the pieces of each message joined, and the end.
async fn read(turn: Turn) -> (Vec<String>, Result<Answer, letta_api_ext::Error>) {
    let mut told: Vec<(String, String)> = Vec::new();
    let mut stream = match turn.stream().await {
        Ok(stream) => stream,
        Err(error) => return (Vec::new(), Err(error)),
    };
    while let Some(event) = stream.next().await {
        let Ok(event) = event else { break };
        let (id, text) = match event {
            Event::Text(piece) => (format!("text {}", piece.message_id()), piece.into_text()),
            Event::Reasoning(piece) => {
                let id = format!("reasoning {}", piece.message_id());
                (id, piece.into_text())
            }
            Event::ToolCall(call) => {
                assert!(call.arguments_as::<serde_json::Value>().is_ok());
                let id = format!("call {}", call.id());
                (id, format!("{}{}", call.name(), call.arguments()))
            }
            Event::ToolReturn(done) => {
                (format!("return {}", done.call_id()), done.text().to_owned())
            }
            other => panic!("{other:?}"),
        };
        match told.last_mut() {
            Some(last) if last.0 == id && !id.starts_with("call") => last.1 += &text,
            _ => told.push((id, text)),
        }
    }
    let texts = told.into_iter().map(|(_, text)| text).collect();
    (texts, stream.finish())
}

/// What is told without a fault.
fn all() -> [&'static str; 5] {
    [
        "They want to count.",
        r#"count{"to":4,"why":"weil"}"#,
        "4",
        "Ten.",
        SAID,
    ]
}

/// How many events a turn has.
const EVENTS: u64 = 24;

/// The turn is told whole, once and in order, whatever the fault does to its first stream.
async fn heals(fault: Fault) -> u32 {
    let mut resumes = 0;
    for tokens in [true, false] {
        let (emulator, letta) = talkative().await;
        emulator.inject(fault.clone().on(SEND).times(1)).unwrap();
        let turn = letta.agent("agent-1").turn("Count");
        let turn = turn.with_silence_limit(Duration::from_secs(1));
        let turn = if tokens { turn.tokens() } else { turn };
        let (told, answer) = read(turn).await;
        let answer = answer.unwrap_or_else(|error| panic!("{fault}: {error}"));
        let told: Vec<String> = told.iter().map(|it| it.replace(' ', "")).collect();
        let all = all().map(|it| it.replace(' ', ""));
        assert_eq!(told, all, "{fault}, tokens: {tokens}");
        assert_eq!(answer.text(), SAID, "{fault}");
        assert_eq!(answer.messages().len(), 5, "{fault}");
        assert_eq!(answer.path(), TurnPath::Resumable);
        assert!(answer.usage().is_some(), "{fault}");
        assert_eq!(emulator.runs().len(), 1, "{fault}");
        assert_eq!(emulator.request_count(SEND), 1, "{fault}");
        resumes += answer.resumes();
    }
    resumes
}

#[tokio::test]
async fn a_stream_that_breaks_after_any_event_goes_on_where_it_broke() {
    let mut resumes = 0;
    for after in 0..EVENTS {
        resumes += heals(Fault::break_stream_after(after)).await;
    }
    assert!(resumes >= 24, "{resumes}");
}

#[tokio::test]
async fn a_stream_that_breaks_within_any_event_goes_on_where_it_broke() {
    for event in 1..EVENTS {
        heals(Fault::break_stream_within_event(event)).await;
    }
}

#[tokio::test]
async fn a_stream_that_breaks_within_a_character_goes_on_where_it_broke() {
    assert_eq!(heals(Fault::break_stream_within_character()).await, 2);
}

#[tokio::test]
async fn a_stream_that_breaks_after_any_byte_goes_on_where_it_broke() {
    for bytes in (0..6_000).step_by(211) {
        heals(Fault::break_stream_after_bytes(bytes)).await;
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_as_if_it_were_whole_goes_on_where_it_ended() {
    for after in 0..EVENTS {
        heals(Fault::end_stream(after)).await;
    }
}

#[tokio::test]
async fn an_event_that_comes_twice_is_told_once() {
    for event in 1..EVENTS {
        heals(Fault::repeat_event(event)).await;
    }
}

#[tokio::test]
async fn an_event_that_is_left_out_is_fetched() {
    for tokens in [true, false] {
        let mut missing = 0;
        for event in 1..EVENTS {
            let (emulator, letta) = talkative().await;
            let fault = Fault::skip_event(event).on(SEND).times(1);
            emulator.inject(fault).unwrap();
            let turn = letta.agent("agent-1").turn("Count");
            let turn = if tokens { turn.tokens() } else { turn };
            let (told, answer) = read(turn).await;
            assert!(answer.is_ok());
            let (told, all) = (
                told.concat().replace(' ', ""),
                all().concat().replace(' ', ""),
            );
            assert!(all.starts_with(&told), "{event}: {told}");
            missing += usize::from(told != all);
        }
        // The reason to stop has no number that is seen, so what is missing right before it cannot be noticed.
        assert_eq!(missing, 1, "tokens: {tokens}");
    }
}

#[tokio::test]
async fn a_stream_in_pieces_of_one_byte_is_read_as_any_other() {
    assert_eq!(heals(Fault::shred_stream()).await, 0);
}

#[tokio::test]
async fn a_stream_that_stalls_is_resumed_after_the_limit_of_silence() {
    for after in [0, 1, 5] {
        assert!(heals(Fault::stall_stream(after)).await >= 1, "{after}");
    }
}

#[tokio::test]
async fn a_proxy_that_closes_idle_connections_does_not_end_a_turn() {
    let (emulator, letta) = start().await;
    let acts = [
        Act::text("One."),
        Act::pause(Duration::from_millis(900)),
        Act::text("Two."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let limit = Fault::idle_limit(Duration::from_millis(250));
    emulator.inject(limit.clone().on(SEND)).unwrap();
    emulator
        .inject(limit.on(operations::RESUME_RUN_STREAM))
        .unwrap();
    let answer = letta.agent("agent-1").turn("Count").tokens().send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.text().replace('\n', ""), "One.Two.");
    assert!(answer.resumes() >= 1);
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn streams_that_break_again_and_again_are_resumed_as_often_as_they_get_further() {
    let (emulator, letta) = talkative().await;
    for operation in [SEND, operations::RESUME_RUN_STREAM] {
        let fault = Fault::break_stream_after(3).on(operation);
        emulator.inject(fault).unwrap();
    }
    let (told, answer) = read(letta.agent("agent-1").turn("Count").tokens()).await;
    assert_eq!(
        told.concat().replace(' ', ""),
        all().concat().replace(' ', "")
    );
    assert!(answer.unwrap().resumes() > 3);
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_found_again() {
    for fault in [
        Fault::lose_answer(),
        Fault::disconnect(),
        Fault::status(502),
        Fault::status(500),
        Fault::status(503),
        Fault::status(429).retry_after(Duration::from_millis(1)),
    ] {
        let (emulator, letta) = start().await;
        emulator.inject(fault.on(SEND).times(1)).unwrap();
        let answer = letta.agent("agent-1").turn("Hello").send().await.unwrap();
        assert_eq!(answer.text(), "You said: Hello");
        assert_eq!(emulator.runs().len(), 1);
    }
}

#[tokio::test]
async fn answers_that_are_lost_again_and_again_are_found_and_none_is_said_twice() {
    // The search and the resumed streams are lost, too.
    let (emulator, letta) = start().await;
    for (operation, times) in [
        (SEND, 1),
        (operations::RESUME_CONVERSATION_STREAM, 3),
        (operations::RESUME_RUN_STREAM, 2),
        (operations::GET_RUN, 1),
    ] {
        let fault = Fault::lose_answer().on(operation).times(times);
        emulator.inject(fault).unwrap();
    }
    let answer = letta.agent("agent-1").turn("Hello").send().await.unwrap();
    assert_eq!(answer.text(), "You said: Hello");
    assert_eq!(emulator.runs().len(), 1);
    assert_eq!(emulator.request_count(SEND), 1);
}

#[tokio::test]
async fn on_the_plain_path_a_lost_answer_is_an_error_and_a_break_is_followed_by_the_run() {
    let (emulator, letta) = talkative().await;
    let path = operations::SEND_MESSAGE_STREAM;
    let agent = letta.agent("agent-1");
    for fault in [
        Fault::lose_answer(),
        Fault::break_stream_after(0),
        Fault::break_stream_within_event(1),
    ] {
        let runs = emulator.runs().len();
        emulator.inject(fault.on(path).times(1)).unwrap();
        let turn = agent.turn("Hello").with_path(TurnPath::Plain);
        let error = turn.send().await.unwrap_err();
        assert!(
            error.is_interrupted() && error.may_have_happened(),
            "{error}"
        );
        // The key is the only thing by which it can be named.
        assert!(error.to_string().contains("otid"), "{error}");
        assert_eq!(emulator.runs().len(), runs + 1, "it was said once");
    }
    for tokens in [true, false] {
        for after in 1..EVENTS {
            let runs = emulator.runs().len();
            let fault = Fault::break_stream_after(after);
            emulator.inject(fault.on(path).times(1)).unwrap();
            let turn = agent.turn("Hello").with_path(TurnPath::Plain);
            let turn = if tokens { turn.tokens() } else { turn };
            let (told, answer) = read(turn).await;
            emulator.clear_faults();
            let told: Vec<String> = told.iter().map(|it| it.replace(' ', "")).collect();
            let all = all().map(|it| it.replace(' ', ""));
            assert_eq!(told, all, "after {after}, tokens: {tokens}");
            assert_eq!(answer.unwrap().path(), TurnPath::Plain);
            assert_eq!(emulator.runs().len(), runs + 1);
        }
    }
}

#[tokio::test]
async fn a_run_that_failed_fails_in_the_same_way_wherever_its_stream_broke() {
    for tokens in [true, false] {
        for after in 0..8 {
            let (emulator, letta) = start().await;
            let acts = [
                Act::call("look", json!({})).returns("Nothing."),
                Act::text("I was about to say"),
                Act::model_fails(ModelFailure::Connection),
            ];
            emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
            let fault = Fault::break_stream_after(after).on(SEND).times(1);
            emulator.inject(fault).unwrap();
            let turn = letta.agent("agent-1").turn("Hello");
            let turn = if tokens { turn.tokens() } else { turn };
            let error = turn.send().await.unwrap_err();
            assert_eq!(
                error.code(),
                Some("internal_error"),
                "after {after}: {error:?}"
            );
            assert!(error.detail().unwrap().contains("INTERNAL_SERVER_ERROR"));
            assert!(!error.is_interrupted(), "after {after}: {error}");
            assert_eq!(emulator.runs().len(), 1);
            let run = emulator.runs().pop().unwrap().id;
            assert_eq!(error.run_id(), Some(run.as_str()), "after {after}");
        }
    }
}

#[tokio::test]
async fn parallel_calls_in_tokens_are_whole_wherever_the_stream_broke() {
    for after in 0..14 {
        let agent = NewAgent::new("agent-1").parallel_tool_calls(true);
        let emulator = Emulator::builder().agent(agent).start().await.unwrap();
        let letta = letta(&emulator);
        let call = |name: &str, id: &str| {
            let arguments = json!({"path": format!("a long path of {id}")});
            Act::call(name, arguments).with_id(id).needs_approval()
        };
        let calls = Act::calls([call("one", "call_1"), call("two", "call_2")]);
        let acts = [calls, Act::text("Done.")];
        emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
        let fault = Fault::break_stream_after(after).on(SEND).times(1);
        emulator.inject(fault).unwrap();
        let (told, answer) = read(letta.agent("agent-1").turn("Hi").tokens()).await;
        assert_eq!(
            told,
            [
                r#"one{"path":"a long path of call_1"}"#,
                r#"two{"path":"a long path of call_2"}"#
            ],
            "{after}"
        );
        assert!(answer.unwrap().needs_approval());
    }
}
