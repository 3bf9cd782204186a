//! Keys by which the service knows a message again, and turns that are under way at the same time.

use std::time::Duration;

use letta_api::operations;
use letta_api::types::CreateConversation;
use letta_api_emulator::{Act, Emulator, ManualClock, Rule};
use letta_api_ext::Letta;
use letta_api_ext::turns::TurnPath;

use super::talking::{letta, start};

const HOUR: Duration = Duration::from_secs(3600);
const SEND: letta_api::Operation = operations::SEND_CONVERSATION_MESSAGE_STREAM;

/// An agent that says nothing until an hour of the clock has passed.
pub(super) async fn slow() -> (Emulator, ManualClock, Letta) {
    let clock = ManualClock::new();
    let builder = Emulator::builder().clock(clock.clone()).agent("agent-1");
    let emulator = builder.start().await.unwrap();
    let acts = [Act::pause(HOUR), Act::text("At last.")];
    let rule = Rule::new(acts).when("slow").always();
    emulator.agent("agent-1").script(rule).unwrap();
    let letta = letta(&emulator);
    (emulator, clock, letta)
}

/// Lets all that can happen now happen.
pub(super) async fn settle() {
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Lets an hour pass for the agent, again and again, until the future is there.
async fn passing<T>(clock: &ManualClock, future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    loop {
        clock.advance(HOUR);
        let soon = Duration::from_millis(20);
        if let Ok(done) = tokio::time::timeout(soon, future.as_mut()).await {
            return done;
        }
    }
}

#[tokio::test]
async fn somebody_elses_turn_is_busy_and_names_the_run() {
    let (emulator, clock, first) = slow().await;
    let second = letta(&emulator);
    let mut turn = first
        .agent("agent-1")
        .turn("Be slow")
        .stream()
        .await
        .unwrap();
    let run = emulator.runs().pop().unwrap().id;
    for path in [TurnPath::Auto, TurnPath::Resumable] {
        let turn = second.agent("agent-1").turn("Hello").with_path(path);
        let error = turn.send().await.unwrap_err();
        assert!(error.is_busy() && !error.is_pending_approval(), "{error}");
        assert_eq!(error.run_id(), Some(run.as_str()));
        assert!(!error.may_have_happened());
    }
    assert_eq!(emulator.runs().len(), 1);
    passing(&clock, async { while turn.next().await.is_some() {} }).await;
    assert_eq!(turn.finish().unwrap().text(), "At last.");
    assert!(second.agent("agent-1").turn("Hello").send().await.is_ok());
}

#[tokio::test]
async fn who_chose_to_wait_for_a_busy_agent_has_its_turn_then() {
    let (emulator, clock, first) = slow().await;
    let second = letta(&emulator);
    let turn = first
        .agent("agent-1")
        .turn("Be slow")
        .stream()
        .await
        .unwrap();
    // Nobody reads the first one: a run goes on by itself.
    let waiting = second.agent("agent-1").turn("Hello").with_busy_wait(HOUR);
    let waiting = tokio::spawn(waiting.send());
    while emulator.request_count(SEND) < 2 {
        settle().await;
    }
    assert_eq!(emulator.runs().len(), 1, "it was refused");
    let answer = passing(&clock, waiting).await.unwrap().unwrap();
    assert_eq!(answer.text(), "You said: Hello");
    assert_eq!(emulator.runs().len(), 2);
    drop(turn);
}

#[tokio::test]
async fn who_waits_too_long_for_a_busy_agent_is_told_that_it_is_busy() {
    let (emulator, _clock, first) = slow().await;
    let turn = first
        .agent("agent-1")
        .turn("Be slow")
        .stream()
        .await
        .unwrap();
    let waiting = letta(&emulator).agent("agent-1").turn("Hello");
    let waiting = waiting.with_busy_wait(Duration::from_millis(700));
    let error = waiting.send().await.unwrap_err();
    assert!(error.is_busy() && !error.may_have_happened(), "{error}");
    drop(turn);
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn turns_by_clones_of_a_client_come_one_after_the_other_in_their_order() {
    for path in [TurnPath::Resumable, TurnPath::Plain] {
        let (emulator, clock, letta) = slow().await;
        let first = letta.agent("agent-1").turn("Be slow").with_path(path);
        let mut first = first.stream().await.unwrap();
        let mut tasks = Vec::new();
        for number in 0..5 {
            let clone = letta.clone();
            tasks.push(tokio::spawn(async move {
                let turn = clone.agent("agent-1").turn(format!("Say {number}"));
                turn.with_path(path).send().await
            }));
            settle().await;
        }
        // Not even sent. Another agent's turn does not wait.
        assert_eq!(emulator.runs().len(), 1);
        emulator.create_agent("agent-2").unwrap();
        assert!(letta.agent("agent-2").turn("Hi").send().await.is_ok());
        passing(&clock, async { while first.next().await.is_some() {} }).await;
        for (number, task) in tasks.into_iter().enumerate() {
            let answer = task.await.unwrap().unwrap();
            assert_eq!(answer.text(), format!("You said: Say {number}"));
        }
        let agent = emulator.agent("agent-1").snapshot().unwrap();
        let said: Vec<&str> = (agent.messages().iter().map(|it| it.text()))
            .filter(|text| text.starts_with("Say "))
            .collect();
        assert_eq!(said, ["Say 0", "Say 1", "Say 2", "Say 3", "Say 4"]);
    }
}

#[tokio::test]
async fn turns_that_do_not_wait_run_at_the_same_time_on_the_plain_path_and_are_busy_on_the_other() {
    let (emulator, clock, letta) = slow().await;
    let turn = |path| {
        let turn = letta.agent("agent-1").turn("Be slow").with_path(path);
        turn.with_parallel_turns()
    };
    let one = turn(TurnPath::Plain).stream().await.unwrap();
    let two = turn(TurnPath::Plain).stream().await.unwrap();
    assert_eq!(emulator.runs().len(), 2);
    for mut turn in [one, two] {
        passing(&clock, async { while turn.next().await.is_some() {} }).await;
        assert_eq!(turn.finish().unwrap().text(), "At last.");
    }
    let one = turn(TurnPath::Resumable).stream().await.unwrap();
    let error = turn(TurnPath::Resumable).stream().await.unwrap_err();
    assert!(error.is_busy(), "{error}");
    drop(one);
}

#[tokio::test]
async fn who_gives_up_waiting_for_a_turn_leaves_the_queue() {
    let (emulator, clock, letta) = slow().await;
    let agent = letta.agent("agent-1");
    let mut first = agent.turn("Be slow").stream().await.unwrap();
    let soon = Duration::from_millis(30);
    assert!(
        tokio::time::timeout(soon, agent.turn("Never").send())
            .await
            .is_err()
    );
    passing(&clock, async { while first.next().await.is_some() {} }).await;
    assert!(agent.turn("Hello").send().await.is_ok());
    assert_eq!(emulator.runs().len(), 2);
    assert!(!emulator.dump().to_string().contains("Never"));
}

#[tokio::test]
async fn the_same_key_again_gives_the_first_run_whatever_is_said() {
    let (emulator, letta) = start().await;
    let agent = letta.agent("agent-1");
    let first = agent
        .turn("Order it")
        .otid("order-4711")
        .send()
        .await
        .unwrap();
    for text in ["Order it", "Order something else"] {
        // Another client, such as that of a program that was started again.
        let other = super::talking::letta(&emulator);
        let turn = other.agent("agent-1").turn(text).otid("order-4711");
        let again = turn.send().await.unwrap();
        assert_eq!(again.run_id(), first.run_id());
        assert_eq!(again.text(), "You said: Order it");
    }
    assert_eq!(emulator.runs().len(), 1);
    assert!(!emulator.dump().to_string().contains("something else"));
    // Several messages are one key.
    let two = || agent.turn("One").and_say("Two").otid("both");
    let first = two().send().await.unwrap();
    assert_eq!(two().send().await.unwrap().run_id(), first.run_id());
    assert_eq!(emulator.runs().len(), 2);
}

#[tokio::test]
async fn a_turn_with_a_key_of_its_own_never_takes_the_plain_path() {
    let (emulator, letta) = start().await;
    let turn = || letta.agent("agent-1").turn("Hi").otid("key");
    let turn = || turn().with_path(TurnPath::Plain);
    let first = turn().send().await.unwrap();
    assert_eq!(first.path(), TurnPath::Resumable);
    assert_eq!(turn().send().await.unwrap().run_id(), first.run_id());
    assert_eq!(emulator.runs().len(), 1);
    // Where the other one is closed, it is an error, and nothing is said.
    let builder = Emulator::builder().background_runs(false).agent("agent-1");
    let emulator = builder.start().await.unwrap();
    let turn = super::talking::letta(&emulator).agent("agent-1").turn("Hi");
    let error = turn.otid("key").send().await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503, "{error}");
    assert!(emulator.runs().is_empty());
}

#[tokio::test]
async fn another_client_resumes_a_turn_by_its_key_while_it_runs_and_after() {
    let (emulator, clock, first) = slow().await;
    let second = letta(&emulator);
    let turn = first.agent("agent-1").turn("Be slow").otid("order-4711");
    let turn = turn.stream().await.unwrap();
    // The first program is gone.
    drop(turn);
    let resumed = second.agent("agent-1").resume_turn("order-4711");
    let answer = passing(&clock, resumed.send()).await.unwrap();
    assert_eq!(answer.text(), "At last.");
    let again = second.agent("agent-1").resume_turn("order-4711").send();
    assert_eq!(again.await.unwrap().run_id(), answer.run_id());
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn a_key_of_a_conversation_is_known_again_there() {
    let (emulator, letta) = start().await;
    let (params, id) = (CreateConversation::new(), "agent-1".into());
    let made = letta.api().create_conversation(&id, Some(&params)).await;
    let conversation = letta.conversation(&made.unwrap().id);
    let first = conversation.turn("Hi").otid("key").send().await.unwrap();
    let again = conversation.turn("Hi").otid("key").send().await.unwrap();
    let resumed = conversation.resume_turn("key").send().await.unwrap();
    assert_eq!(first.run_id(), again.run_id());
    assert_eq!(first.run_id(), resumed.run_id());
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn a_key_that_nobody_knows_is_an_error_that_says_so() {
    let (emulator, letta) = start().await;
    let turn = letta.agent("agent-1").resume_turn("order-4712");
    let error = turn.send().await.unwrap_err();
    assert!(error.to_string().contains("otid"), "{error}");
    assert!(!error.may_have_happened() && !error.is_busy() && !error.is_interrupted());
    assert!(emulator.runs().is_empty());
    // A key of the agent's plain path is not known there either.
    assert_eq!(emulator.request_count(SEND), 0);
}

#[tokio::test]
async fn parts_of_a_turn_have_keys_that_no_other_turn_has() {
    let (emulator, letta) = start().await;
    let agent = letta.agent("agent-1");
    for _ in 0..20 {
        agent.turn("Same").and_say("Same").send().await.unwrap();
    }
    assert_eq!(emulator.runs().len(), 20);
}
