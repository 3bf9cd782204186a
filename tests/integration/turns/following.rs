//! A run that another program began, followed by its ID.

use letta_api::operations;
use letta_api::types::{RunId, StopReasonType};
use letta_api_emulator::{Act, Emulator, Rule};
use letta_api_ext::turns::{Event, Outcome, TurnPath};
use serde_json::json;

use super::keys::slow;
use super::talking::{letta, start};

/// The texts of a run's events, and how many there are.
async fn follow(emulator: &Emulator, run: &RunId) -> (String, usize) {
    let agent = letta(emulator).agent("agent-1");
    let mut turn = agent.follow_run(run).stream().await.unwrap();
    let (mut text, mut count) = (String::new(), 0);
    while let Some(event) = turn.next().await {
        if let Event::Text(piece) = event.unwrap() {
            text.push_str(piece.text());
        }
        count += 1;
    }
    let answer = turn.finish().unwrap();
    assert_eq!(answer.text(), text);
    assert_eq!(answer.run_id(), Some(run));
    (text, count)
}

#[tokio::test]
async fn a_run_that_is_over_is_followed_from_its_start() {
    let (emulator, letta) = start().await;
    let agent = letta.agent("agent-1");
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        for tokens in [true, false] {
            let turn = agent.turn("One two three").with_path(path);
            let turn = if tokens { turn.tokens() } else { turn };
            let said = turn.send().await.unwrap();
            let (text, count) = follow(&emulator, said.run_id().unwrap()).await;
            assert_eq!(text, said.text(), "{path:?} {tokens}");
            // The service keeps the pieces of runs in background alone.
            let is_in_pieces = tokens && path == TurnPath::Resumable;
            assert_eq!(count > 1, is_in_pieces, "{path:?} {tokens}: {count}");
        }
    }
    assert_eq!(emulator.runs().len(), 4, "following says nothing");
}

#[tokio::test]
async fn a_run_under_way_is_followed_to_its_end_and_does_not_wait_for_its_own_turn() {
    let (emulator, clock, letta) = slow().await;
    let turn = letta.agent("agent-1").turn("Be slow").tokens();
    let turn = turn.stream().await.unwrap();
    let run = RunId::from(emulator.runs()[0].id.as_str());
    // The same client: its turn has the thread's place in the queue.
    let mut followed = letta
        .agent("agent-1")
        .follow_run(&run)
        .stream()
        .await
        .unwrap();
    clock.advance(std::time::Duration::from_secs(3600));
    let mut text = String::new();
    while let Some(event) = followed.next().await {
        text.push_str(&match event.unwrap() {
            Event::Text(piece) => piece.into_text(),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(text, "At last.");
    drop(turn);
}

#[tokio::test]
async fn a_run_that_waits_for_an_answer_is_answered_by_whoever_followed_it() {
    let (emulator, letta) = start().await;
    let delete = Act::call("delete_file", json!({"path": "a.txt"}))
        .needs_approval()
        .returns("Deleted.");
    let rule = Rule::new([delete, Act::text("It is gone.")]);
    emulator.agent("agent-1").script(rule).unwrap();
    let agent = letta.agent("agent-1");
    let asked = agent.turn("Tidy up").send().await.unwrap();
    let followed = agent.follow_run(asked.run_id().unwrap());
    let Outcome::NeedsApproval(pending) = followed.send().await.unwrap().outcome() else {
        panic!("nothing waits");
    };
    let answer = pending.approve_all().send().await.unwrap();
    assert_eq!(answer.text(), "It is gone.");
    assert_eq!(*answer.stop_reason(), StopReasonType::EndTurn);
}

#[tokio::test]
async fn a_run_that_is_not_known_is_not_found() {
    let (emulator, letta) = start().await;
    let run = "run-00000000-0000-4000-8000-000000000000";
    let error = letta.agent("agent-1").follow_run(run).send().await;
    let error = error.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(!error.may_have_happened() && !error.is_interrupted());
    assert_eq!(emulator.request_count(operations::RESUME_RUN_STREAM), 0);
}
