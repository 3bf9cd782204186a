//! `letta runs`, `run`, `messages` and `conversations`.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use letta_api::types::CreateConversation;
use letta_api_ext::Letta;

use super::script::world;
use crate::expected::expect;
use crate::support::program::{KEY, World, code_of, interrupt};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_and_done_can_be_seen() {
    let world = world().await;
    let letta = Letta::builder().api_key(KEY);
    let letta = letta.base_url(world.emulator.base_url()).build().unwrap();
    world.run(&["send", "Ada", "How is the weather?"]).await;
    world.run(&["send", "Ada", "fail"]).await;
    world.run(&["send", "Ada", "delete it"]).await;
    let runs = world.emulator.runs();
    let [weather, failed, asked] = &runs[..] else {
        panic!("{runs:?}")
    };
    let (agent, new) = ("agent-1".into(), CreateConversation::new());
    let made = letta.api().create_conversation(&agent, Some(&new));
    let conversation = made.await.unwrap().into_inner().id;
    let conversation = conversation.as_str();
    world
        .run(&["send", "Ada", "hello", "--conversation", conversation])
        .await;
    for (name, args) in [
        ("runs.txt", &["runs"] as &[&str]),
        (
            "runs_of.txt",
            &["runs", "--agent", "Ada", "--limit", "1", "--active"],
        ),
        ("run.txt", &["run", "get", weather.id.as_str()]),
        ("run_tail.txt", &["run", "tail", weather.id.as_str()]),
        (
            "run_tail_json.txt",
            &["run", "tail", weather.id.as_str(), "--json"],
        ),
        ("run_tail_failed.txt", &["run", "tail", failed.id.as_str()]),
        ("run_tail_asked.txt", &["run", "tail", asked.id.as_str()]),
        (
            "run_tail_unknown.txt",
            &["run", "tail", "run-00000000-0000-4000-8000-000000000000"],
        ),
        ("messages.txt", &["messages", "Ada"]),
        ("messages_last.txt", &["messages", "Ada", "--limit", "2"]),
        (
            "messages_of.txt",
            &["messages", "Ada", "--conversation", conversation],
        ),
        ("conversations.txt", &["conversations", "Ada"]),
    ] {
        let ran = world.run(args).await;
        expect(name, &ran.shown());
    }
}

/// A test waits this long for what must come. It ends as soon as it is there.
const LIMIT: Duration = Duration::from_secs(120);

/// Starts a command, and waits until it has printed a line that ends so.
async fn start_until(world: &World, args: &[&str], end: &'static str) -> Child {
    let mut command = world.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let found = tokio::task::spawn_blocking(move || {
        let mut lines = out.lines().map(Result::unwrap);
        let is_there = lines.any(|line| line.ends_with(end));
        // Read on, so that the program can go on.
        std::thread::spawn(move || lines.for_each(drop));
        is_there
    });
    let found = tokio::time::timeout(LIMIT, found).await;
    if !matches!(found, Ok(Ok(true))) {
        child.kill().unwrap();
        panic!("`{end}` did not come");
    }
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_watching_a_run_does_not_stop_the_run() {
    let world = world().await;
    let letta = Letta::builder().api_key(KEY);
    let letta = letta.base_url(world.emulator.base_url()).build().unwrap();
    let story = letta
        .agent("agent-1")
        .turn("tell me a story")
        .tokens()
        .stream()
        .await;
    let run = world.emulator.runs()[0].id.clone();
    let args = ["run", "tail", run.as_str(), "--json"];
    let watching = start_until(&world, &args, "time.\"}").await;
    interrupt(&watching);
    assert_eq!(code_of(watching).await, 130);
    assert_eq!(
        world.run(&["runs", "--active"]).await.out.lines().count(),
        2
    );
    drop(story);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_messages_are_printed_as_they_come() {
    let world = world().await;
    world.run(&["send", "Ada", "hello"]).await;
    let args = ["messages", "Ada", "--follow", "--limit", "1"];
    let following = start_until(&world, &args, "agent: How are you?");
    let following = following.await;
    interrupt(&following);
    assert_eq!(code_of(following).await, 130);
    let mut command = world.command(&args);
    command.stdout(Stdio::piped());
    let mut following = command.spawn().unwrap();
    let out = BufReader::new(following.stdout.take().unwrap());
    let mut lines = out.lines().map(Result::unwrap);
    assert!(lines.next().unwrap().ends_with("agent: How are you?"));
    world.run(&["send", "Ada", "Are you there?"]).await;
    let new: Vec<String> = lines.by_ref().take(2).collect();
    assert!(new[0].ends_with("you: Are you there?"), "{new:?}");
    assert!(
        new[1].ends_with("agent: You said: Are you there?"),
        "{new:?}"
    );
    interrupt(&following);
    assert_eq!(code_of(following).await, 130);
}
