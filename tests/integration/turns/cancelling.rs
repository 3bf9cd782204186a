//! Turns that somebody stops, drops or waits for no longer.

use std::time::Duration;

use letta_api::operations;
use letta_api::types::{CreateConversation, RunStatus, StopReasonType};
use letta_api_emulator::{Act, Emulator, Fault, ManualClock, Rule};
use letta_api_ext::Letta;
use letta_api_ext::turns::{Event, TurnPath, TurnStream};

use super::keys::{settle, slow};
use super::talking::letta;

const HOUR: Duration = Duration::from_secs(3600);

/// An agent that says something, and more an hour later.
async fn talkative() -> (Emulator, ManualClock, Letta) {
    let clock = ManualClock::new();
    let builder = Emulator::builder().clock(clock.clone()).agent("agent-1");
    let emulator = builder.start().await.unwrap();
    let acts = [
        Act::text("One two three."),
        Act::pause(HOUR),
        Act::text("Four."),
    ];
    let rule = Rule::new(acts).when("talk").always();
    emulator.agent("agent-1").script(rule).unwrap();
    let letta = letta(&emulator);
    (emulator, clock, letta)
}

/// Reads until something was said.
async fn first_text(turn: &mut TurnStream) {
    while let Some(event) = turn.next().await {
        if let Event::Text(_) = event.unwrap() {
            return;
        }
    }
    panic!("nothing was said");
}

#[tokio::test]
async fn a_turn_that_is_cancelled_ends_with_that_reason_on_every_path() {
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        for by_agent in [false, true] {
            let (emulator, clock, letta) = talkative().await;
            let agent = letta.agent("agent-1");
            let turn = agent.turn("Please talk").tokens().with_path(path);
            let mut turn = turn.stream().await.unwrap();
            first_text(&mut turn).await;
            let run = emulator.runs().pop().unwrap().id;
            assert_eq!(turn.run_id().as_ref(), Some(&run));
            match by_agent {
                true => drop(agent.cancel().send().await.unwrap()),
                false => drop(turn.cancel().await.unwrap()),
            }
            clock.advance(HOUR);
            while let Some(event) = turn.next().await {
                event.unwrap();
            }
            let answer = turn.finish().unwrap();
            assert!(answer.is_cancelled(), "{path:?}");
            assert_eq!(*answer.stop_reason(), StopReasonType::Cancelled);
            assert!(!answer.text().contains("Four"));
            let run = emulator.run_over(run.as_str()).await.unwrap();
            assert_eq!(run.status, Some(RunStatus::Cancelled));
            // The next one is taken at once.
            assert!(agent.turn("Hello").send().await.is_ok());
        }
    }
}

#[tokio::test]
async fn a_cancelled_turn_that_breaks_at_any_event_has_the_same_end() {
    for after in 0..6 {
        let (emulator, clock, letta) = talkative().await;
        let fault = Fault::break_stream_after(after).times(1);
        let path = operations::SEND_CONVERSATION_MESSAGE_STREAM;
        emulator.inject(fault.on(path)).unwrap();
        let turn = letta.agent("agent-1").turn("Please talk").tokens();
        let mut turn = turn.stream().await.unwrap();
        first_text(&mut turn).await;
        turn.cancel().await.unwrap();
        clock.advance(HOUR);
        while let Some(event) = turn.next().await {
            event.unwrap();
        }
        assert!(turn.finish().unwrap().is_cancelled(), "{after}");
    }
}

#[tokio::test]
async fn a_conversations_turn_is_cancelled_by_its_stream() {
    let (emulator, clock, letta) = talkative().await;
    let (params, id) = (CreateConversation::new(), "agent-1".into());
    let made = letta.api().create_conversation(&id, Some(&params)).await;
    let conversation = letta.conversation(&made.unwrap().id);
    let mut turn = conversation
        .turn("Please talk")
        .tokens()
        .stream()
        .await
        .unwrap();
    first_text(&mut turn).await;
    turn.cancel().await.unwrap();
    clock.advance(HOUR);
    while let Some(event) = turn.next().await {
        event.unwrap();
    }
    assert!(turn.finish().unwrap().is_cancelled());
    let run = emulator.runs().pop().unwrap();
    assert_eq!(run.status, Some(RunStatus::Cancelled));
}

#[tokio::test]
async fn a_stream_that_is_dropped_cancels_its_run_if_it_was_told_to() {
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        for cancels in [true, false] {
            let (emulator, clock, letta) = talkative().await;
            let turn = letta.agent("agent-1").turn("Please talk").tokens();
            let turn = turn.with_path(path);
            let turn = match cancels {
                true => turn.with_cancel_on_drop(),
                false => turn,
            };
            let mut turn = turn.stream().await.unwrap();
            first_text(&mut turn).await;
            let run = turn.run_id().unwrap();
            drop(turn);
            if cancels {
                while emulator.request_count(operations::CANCEL_RUNS) == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                settle().await;
            }
            clock.advance(HOUR);
            let run = emulator.run_over(run.as_str()).await.unwrap();
            let expected = match cancels {
                true => RunStatus::Cancelled,
                false => RunStatus::Completed,
            };
            assert_eq!(run.status, Some(expected), "{path:?}");
            assert_eq!(
                emulator.request_count(operations::CANCEL_RUNS),
                usize::from(cancels)
            );
        }
    }
}

/// The service would take any run of the agent.
#[tokio::test]
async fn a_turn_that_is_dropped_before_it_was_taken_cancels_nobody_elses_run() {
    let (emulator, clock, letta) = talkative().await;
    let mut theirs = letta
        .agent("agent-1")
        .turn("Please talk")
        .tokens()
        .stream()
        .await
        .unwrap();
    first_text(&mut theirs).await;
    // One waits in the queue of this client, and one of another client until the agent is free.
    let waiting = letta.agent("agent-1").turn("Hi").with_cancel_on_drop();
    let other = super::talking::letta(&emulator);
    let busy = other
        .agent("agent-1")
        .turn("Hi")
        .with_cancel_on_drop()
        .with_busy_wait(HOUR);
    for turn in [waiting, busy] {
        let limit = Duration::from_millis(300);
        assert!(tokio::time::timeout(limit, turn.stream()).await.is_err());
    }
    settle().await;
    assert_eq!(emulator.request_count(operations::CANCEL_RUNS), 0);
    clock.advance(HOUR);
    while theirs.next().await.is_some() {}
    assert_eq!(theirs.finish().unwrap().text(), "One two three.\nFour.");
}

#[tokio::test]
async fn a_stream_that_was_read_to_its_end_cancels_nothing() {
    let (emulator, _, letta) = slow().await;
    let turn = letta.agent("agent-1").turn("Hi").with_cancel_on_drop();
    let mut turn = turn.stream().await.unwrap();
    while turn.next().await.is_some() {}
    drop(turn);
    settle().await;
    assert_eq!(emulator.request_count(operations::CANCEL_RUNS), 0);
}

#[test]
fn a_stream_that_is_dropped_without_a_runtime_does_not_panic() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (turn, _emulator) = runtime.block_on(async {
        let (emulator, _, letta) = talkative().await;
        let turn = letta.agent("agent-1").turn("Please talk");
        let turn = turn.with_cancel_on_drop().stream().await.unwrap();
        (turn, emulator)
    });
    drop(turn);
}

#[tokio::test]
async fn a_deadline_leaves_the_run_going_and_says_what_may_have_happened() {
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        let (emulator, clock, letta) = slow().await;
        let agent = letta.agent("agent-1");
        let turn = agent.turn("Be slow").with_path(path);
        let turn = turn.with_deadline(Duration::from_millis(300));
        let error = turn.send().await.unwrap_err();
        assert!(error.is_timeout() && error.may_have_happened(), "{error}");
        let run = emulator.runs().pop().unwrap().id;
        assert_eq!(error.run_id(), Some(run.as_str()), "{path:?}");
        clock.advance(HOUR);
        let run = emulator.run_over(run.as_str()).await.unwrap();
        assert_eq!(run.status, Some(RunStatus::Completed));
        // Its place in the queue is free.
        assert!(agent.turn("Hello").send().await.is_ok());
    }
}

#[tokio::test]
async fn a_deadline_that_passes_in_the_queue_says_nothing_at_all() {
    let (emulator, _, letta) = slow().await;
    let agent = letta.agent("agent-1");
    let first = agent.turn("Be slow").stream().await.unwrap();
    let turn = agent.turn("Never").with_deadline(Duration::from_millis(50));
    let error = turn.send().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(emulator.runs().len(), 1);
    drop(first);
}

#[tokio::test]
async fn a_send_that_is_dropped_leaves_the_run_going() {
    let (emulator, clock, letta) = slow().await;
    let sent = letta.agent("agent-1").turn("Be slow").send();
    let soon = Duration::from_millis(300);
    assert!(tokio::time::timeout(soon, sent).await.is_err());
    let run = emulator.runs().pop().unwrap().id;
    clock.advance(HOUR);
    let run = emulator.run_over(run.as_str()).await.unwrap();
    assert_eq!(run.status, Some(RunStatus::Completed));
    assert_eq!(emulator.request_count(operations::CANCEL_RUNS), 0);
}

#[tokio::test]
async fn a_stream_that_is_finished_too_early_says_so() {
    let (_emulator, _, letta) = slow().await;
    let turn = letta
        .agent("agent-1")
        .turn("Be slow")
        .stream()
        .await
        .unwrap();
    let error = turn.finish().unwrap_err();
    assert_eq!(error.field(), Some("turn"), "{error}");
}
