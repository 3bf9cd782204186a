//! `letta send`.

use std::process::{Child, Stdio};
use std::time::Duration;

use letta_api::operations;
use letta_api_emulator::Fault;

use super::script::world;
use crate::expected::expect;
use crate::support::program::{Ran, World, code_of, interrupt, run};

const SEND: letta_api::Operation = operations::SEND_CONVERSATION_MESSAGE_STREAM;

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_is_printed_in_the_form_that_was_asked_for() {
    let world = world().await;
    for (name, args) in [
        (
            "send.txt",
            &["send", "Ada", "How", "is the weather?"] as &[&str],
        ),
        (
            "send_verbose.txt",
            &["send", "Ada", "How is the weather?", "--verbose"],
        ),
        (
            "send_json_lines.txt",
            &["send", "Ada", "How is the weather?", "--json"],
        ),
        ("send_json.txt", &["send", "Ada", "hello", "-o", "json"]),
        (
            "send_both.txt",
            &["send", "Ada", "hello", "-o", "json", "--json"],
        ),
        ("send_fails.txt", &["send", "Ada", "fail", "--json"]),
        ("send_asks.txt", &["send", "Ada", "delete it"]),
        ("send_waits.txt", &["send", "Ada", "hello"]),
        (
            "send_denies.txt",
            &["send", "Ada", "--deny-all=Keep it.", "--json"],
        ),
        (
            "send_approves.txt",
            &["send", "Ada", "delete it", "--approve-all"],
        ),
        ("send_nothing_waits.txt", &["send", "Ada", "--approve-all"]),
    ] {
        let ran = world.run(args).await;
        expect(name, &ran.shown());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_comes_from_the_command_line_or_from_the_standard_input() {
    let world = world().await;
    for (args, input, said) in [
        (&["send", "Ada"] as &[&str], "from\nstdin\n", "from\nstdin"),
        (&["send", "Ada", "-"], "it", "it"),
        (
            &["send", "Ada", "Review", "this:", "-"],
            "a diff\n",
            "Review this: a diff",
        ),
        (&["send", "Ada", "--", "-x"], "not read", "-x"),
    ] {
        let ran = world.run_with(args, input).await;
        assert_eq!(ran.out, format!("You said: {said}\n"), "{args:?} {ran:?}");
        assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    }
    let ran = world.run_with(&["send", "Ada"], " \n").await;
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pieces_come_one_by_one_if_tokens_are_asked_for() {
    let world = world().await;
    let lines = |ran: &Ran| ran.out.matches("\"type\":\"text\"").count();
    let whole = world.run(&["send", "Ada", "one two three", "--json"]).await;
    let pieces = world
        .run(&["send", "Ada", "one two three", "--json", "--tokens"])
        .await;
    assert_eq!(lines(&whole), 1, "{whole:?}");
    assert!(lines(&pieces) > 1, "{pieces:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_a_key_is_said_once() {
    let world = world().await;
    let args = ["send", "Ada", "Pay the bill.", "--otid", "order-4711"];
    for _ in 0..2 {
        let ran = world.run(&args).await;
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (0, "You said: Pay the bill.\n")
        );
    }
    let ran = world
        .run(&["send", "Ada", "--resume", "--otid", "order-4711"])
        .await;
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "You said: Pay the bill.\n")
    );
    assert_eq!(world.emulator.runs().len(), 1);
    let ran = world
        .run(&["send", "Ada", "--resume", "--otid", "order-1"])
        .await;
    assert_ne!(ran.code, 0);
    assert_eq!(world.emulator.runs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_failure_has_its_exit_code() {
    let world = world().await;
    let code = |ran: Ran| {
        assert!(ran.err.contains("error: "), "{ran:?}");
        assert!(ran.err.contains("help: "), "it says what to do: {ran:?}");
        ran.code
    };
    assert_eq!(code(world.run(&["send", "Bob", "Hi"]).await), 4);
    assert_eq!(code(world.run(&["send", "agent-2", "Hi"]).await), 4);
    let mut wrong = world.command(&["send", "Ada", "Hi"]);
    wrong.env("LETTA_API_KEY", "sk-let-wrong-4711-must-not");
    assert_eq!(code(run(wrong, "").await), 3);
    let mut gone = world.command(&["send", "agent-1", "Hi"]);
    gone.env("LETTA_BASE_URL", "http://127.0.0.1:9");
    assert_eq!(code(run(gone, "").await), 5);
    let wait = Duration::from_secs(3600);
    let limited = Fault::status(429).retry_after(wait).on(SEND).times(1);
    world.emulator.inject(limited).unwrap();
    assert_eq!(code(world.run(&["send", "Ada", "Hi"]).await), 7);
    let story = start(&world, &["send", "Ada", "tell me a story"]).await;
    assert_eq!(code(world.run(&["send", "Ada", "Hi"]).await), 6);
    interrupt(&story);
    assert_eq!(code_of(story).await, 130);
    assert_eq!(world.run(&["send", "Ada", "Hi"]).await.code, 0);
}

/// Starts a command, and waits until a run is under way.
async fn start(world: &World, args: &[&str]) -> Child {
    let before = world.emulator.runs().len();
    let mut command = world.command(args);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = command.spawn().unwrap();
    while world.emulator.runs().len() == before {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_agent_is_waited_for_if_that_is_asked_for() {
    let world = world().await;
    let story = start(&world, &["send", "Ada", "tell me a story"]).await;
    let mut waits = world.command(&["send", "Ada", "hello", "--wait", "10m"]);
    waits.stdout(Stdio::piped());
    let waits = waits.spawn().unwrap();
    interrupt(&story);
    assert_eq!(code_of(story).await, 130);
    let ended = tokio::task::spawn_blocking(move || waits.wait_with_output().unwrap());
    let ended = ended.await.unwrap();
    assert!(ended.status.success());
    assert_eq!(
        String::from_utf8(ended.stdout).unwrap(),
        "Hello.\nHow are you?\n"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_away_is_no_failure() {
    let world = world().await;
    for args in [
        &["send", "Ada", "hello"] as &[&str],
        &["send", "Ada", "hello", "--json"],
        &["messages", "Ada"],
    ] {
        let mut command = world.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        let ended = ended.await.unwrap();
        let err = String::from_utf8_lossy(&ended.stderr);
        assert_eq!((ended.status.code(), &*err), (Some(0), ""), "{args:?}");
    }
}
