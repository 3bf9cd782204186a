//! The span of a turn, and what is in it.

use std::time::Duration;

use letta_api::operations;
use letta_api_emulator::{Act, Fault, ModelFailure, Rule};
use letta_api_ext::turns::TurnPath;
use letta_api_tests::traces::{Trace, Traces};

use super::keys::slow;
use super::talking::start;

const TARGET: &str = "letta_api_ext::turns";
const SEND: letta_api::Operation = operations::SEND_CONVERSATION_MESSAGE_STREAM;

/// The one span of a turn, with all that it was given.
fn span(traces: &[Trace]) -> Vec<(&'static str, String)> {
    let of_turn = |trace: &&Trace| trace.span == Some("letta.turn");
    let all: Vec<&Trace> = traces.iter().filter(of_turn).collect();
    assert!(all.iter().all(|trace| trace.target == TARGET));
    let begun = all.iter().filter(|it| it.get("letta.turn.with").is_some());
    assert_eq!(begun.count(), 1, "one span for each turn");
    let fields: Vec<_> = all.iter().flat_map(|it| it.fields.clone()).collect();
    let mut names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let before = names.len();
    names.dedup();
    assert_eq!(names.len(), before, "a field was given twice: {fields:?}");
    fields
}

fn get<'a>(fields: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
    let found = fields.iter().find(|(field, _)| *field == name);
    found.map(|(_, value)| value.as_str())
}

#[tokio::test]
async fn a_turn_is_one_span_that_says_how_it_went() {
    let (emulator, letta) = start().await;
    let (traces, _guard) = Traces::here();
    let turn = letta.agent("agent-1").turn("Something secret");
    let answer = turn.send().await.unwrap();
    let traces = traces.take();
    let fields = span(&traces);
    assert_eq!(get(&fields, "letta.turn.with"), Some("agent-1"));
    assert_eq!(get(&fields, "letta.turn.path"), Some("resumable"));
    assert_eq!(get(&fields, "letta.turn.stop_reason"), Some("end_turn"));
    let run = answer.run_id().unwrap().as_str();
    assert_eq!(get(&fields, "letta.run.id"), Some(run));
    for (name, value) in [
        ("sends", "1"),
        ("breaks", "0"),
        ("resumes", "0"),
        ("rounds", "0"),
    ] {
        assert_eq!(get(&fields, &format!("letta.turn.{name}")), Some(value));
    }
    for name in ["first_token_ms", "duration_ms"] {
        let time = get(&fields, &format!("letta.turn.{name}")).unwrap();
        assert!(time.parse::<f64>().unwrap() >= 0.0);
    }
    assert_eq!(get(&fields, "error.type"), None);
    // Its calls are within it: they begin after it, by the same client.
    let position = |name: &str| traces.iter().position(|it| it.span == Some(name));
    let of_turn = position("letta.turn").unwrap();
    let first_call = traces.iter().position(|it| {
        it.target.starts_with("letta_api_ext") && it.span.is_some_and(|it| it != "letta.turn")
    });
    assert!(first_call.is_some_and(|first| first > of_turn));
    for trace in &traces {
        let text = trace.to_string();
        let is_ours = trace.target.starts_with("letta");
        assert!(!is_ours || !text.contains("Something secret"), "{text}");
        assert!(!is_ours || !text.contains("You said"), "{text}");
    }
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn breaks_resumes_and_sends_are_counted() {
    let (emulator, letta) = start().await;
    for (operation, fault) in [
        (SEND, Fault::break_stream_after(1)),
        (operations::RESUME_RUN_STREAM, Fault::break_stream_after(1)),
    ] {
        emulator.inject(fault.on(operation).times(1)).unwrap();
    }
    let (traces, _guard) = Traces::here();
    let answer = letta.agent("agent-1").turn("Hello").tokens().send().await;
    let fields = span(&traces.take());
    assert_eq!(answer.unwrap().resumes(), 2);
    assert_eq!(get(&fields, "letta.turn.breaks"), Some("2"));
    assert_eq!(get(&fields, "letta.turn.resumes"), Some("2"));
    // What did not arrive is sent again.
    let fault = Fault::disconnect().on(SEND).times(1);
    emulator.inject(fault).unwrap();
    let (traces, _guard) = Traces::here();
    letta.agent("agent-1").turn("Hello").send().await.unwrap();
    let fields = span(&traces.take());
    assert_eq!(get(&fields, "letta.turn.sends"), Some("2"));
    assert_eq!(get(&fields, "letta.turn.breaks"), Some("1"));
}

#[tokio::test]
async fn a_turn_that_fails_says_the_kind_of_its_error_and_its_run() {
    let (emulator, letta) = start().await;
    let fails = Rule::new(Act::model_fails(ModelFailure::RateLimit));
    emulator.agent("agent-1").script(fails).unwrap();
    let (traces, _guard) = Traces::here();
    let error = letta.agent("agent-1").turn("Hello").send().await;
    let fields = span(&traces.take());
    let run = error.unwrap_err().run_id().unwrap().to_owned();
    assert_eq!(get(&fields, "letta.run.id"), Some(&*run));
    assert!(get(&fields, "error.type").is_some());
    assert_eq!(get(&fields, "otel.status_code"), Some("ERROR"));
    assert_eq!(get(&fields, "letta.turn.stop_reason"), None);

    // Interrupted on the plain path, and its run cannot be asked.
    let gone = Fault::status(404).on(operations::GET_RUN);
    emulator.inject(gone).unwrap();
    let breaks = Fault::break_stream_after(2).times(1);
    emulator
        .inject(breaks.on(operations::SEND_MESSAGE_STREAM))
        .unwrap();
    let (traces, _guard) = Traces::here();
    let turn = letta.agent("agent-1").turn("Hello");
    let error = turn.with_path(TurnPath::Plain).send().await.unwrap_err();
    let fields = span(&traces.take());
    assert_eq!(get(&fields, "error.type"), Some("interrupted"));
    assert_eq!(get(&fields, "letta.turn.path"), Some("plain"));
    assert_eq!(get(&fields, "letta.run.id"), error.run_id());
    assert!(error.run_id().is_some());
}

#[tokio::test]
async fn a_turn_that_is_dropped_says_so_with_its_path_and_run() {
    let (emulator, _clock, letta) = slow().await;
    let (traces, _guard) = Traces::here();
    let turn = letta.agent("agent-1").turn("Be slow");
    let mut turn = turn.stream().await.unwrap();
    let soon = Duration::from_millis(50);
    assert!(tokio::time::timeout(soon, turn.next()).await.is_err());
    drop(turn);
    let fields = span(&traces.take());
    assert_eq!(get(&fields, "error.type"), Some("cancelled"));
    assert_eq!(get(&fields, "letta.turn.path"), Some("resumable"));
    assert_eq!(get(&fields, "letta.turn.sends"), Some("1"));
    let run = emulator.runs().pop().unwrap().id;
    assert_eq!(get(&fields, "letta.run.id"), Some(run.as_str()));
}

#[tokio::test]
async fn input_that_is_refused_is_a_span_without_calls() {
    let (emulator, letta) = start().await;
    let (traces, _guard) = Traces::here();
    assert!(
        letta
            .agent("agent-1")
            .turn("Hi")
            .otid("")
            .send()
            .await
            .is_err()
    );
    let traces = traces.take();
    let fields = span(&traces);
    assert!(get(&fields, "error.type").is_some());
    assert_eq!(get(&fields, "letta.turn.sends"), Some("0"));
    assert_eq!(get(&fields, "letta.turn.path"), None);
    assert!(emulator.runs().is_empty());
}
