//! `letta chat` without a terminal.

use super::script::world;
use crate::expected::expect;

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_said_and_answers_are_all_that_is_on_the_standard_output() {
    let world = world().await;
    let ran = world
        .run_with(
            &["chat", "Ada"],
            "hello\n\nHow is the weather?\n//quit\n/quit\nnot said\n",
        )
        .await;
    expect("pipe.txt", &ran.shown());
    assert_eq!(world.emulator.runs().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_can_approve_through_a_pipe_so_the_next_line_is_no_decision() {
    let world = world().await;
    let ran = world.run_with(&["chat", "Ada"], "delete it\ny\n").await;
    expect("pipe_approval.txt", &ran.shown());
    assert_eq!(ran.code, 6);
    // Nor is it one at the next start.
    let again = world.run_with(&["chat", "Ada"], "y\n").await;
    assert_eq!((again.code, again.out.as_str()), (6, ""));
    assert_eq!(world.emulator.runs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failure_ends_a_script() {
    let world = world().await;
    let ran = world.run_with(&["chat", "Ada"], "fail\nhello\n").await;
    expect("pipe_failure.txt", &ran.shown());
    assert_eq!(world.emulator.runs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demonstration_needs_neither_account_nor_service() {
    let world = world().await;
    let mut command = world.command(&["chat", "--demo"]);
    command
        .env_remove("LETTA_API_KEY")
        .env_remove("LETTA_BASE_URL");
    let ran = crate::support::program::run(command, "How is the weather?\n").await;
    expect("demo.txt", &ran.shown());
    assert!(world.emulator.runs().is_empty());
    assert!(!world.home.path().join("state").exists());
}
