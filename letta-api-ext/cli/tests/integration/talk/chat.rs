//! `letta chat` in a terminal.

use letta_api::operations;
use letta_api_emulator::Fault;
use letta_api_ext::Letta;

use super::script::world;
use crate::expected::{expect, plain};
use crate::support::program::{KEY, World};
use crate::support::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const QUESTION: &str = "Allow it? y, n, or why not: ";

fn open(world: &World, args: &[&str]) -> Terminal {
    Terminal::open(args, &world.variables())
}

fn chat(world: &World) -> Terminal {
    open(world, &["chat", "Ada"])
}

/// Does this while the service in this process serves the program.
async fn at_terminal<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(act).await.unwrap()
}

fn letta(world: &World) -> Letta {
    let builder = Letta::builder().api_key(KEY);
    builder.base_url(world.emulator.base_url()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_with_tools_approvals_and_an_interrupt() {
    let world = world().await;
    let mut terminal = chat(&world);
    let (code, screen) = at_terminal(move || {
        terminal.answer("> ", "How is the weather?");
        terminal.answer("> ", "delete it");
        terminal.answer(QUESTION, "y");
        terminal.answer("> ", "delete it");
        terminal.answer(QUESTION, "It is still needed.");
        terminal.answer("> ", "tell me a story");
        terminal.wait_for("Once upon a time.");
        terminal.press(CTRL_C);
        terminal.answer("> ", "/hepl");
        terminal.answer("> ", "Are you there?");
        terminal.answer("> ", "/quit");
        let (code, screen, _) = terminal.end();
        (code, screen)
    })
    .await;
    expect("chat.screen", &screen);
    assert_eq!(code, 0);
    // The service has stopped it, and not only the program.
    let stories = world.emulator.runs().into_iter();
    let cancelled = stories.filter(|run| format!("{run:?}").to_lowercase().contains("cancelled"));
    assert_eq!(cancelled.count(), 1, "{:?}", world.emulator.runs());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_kept_for_its_owner_alone_unless_it_must_not_be() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = world().await;
    let path = world.home.path().join("state").join("chat_history");
    let mut terminal = open(&world, &["chat", "Ada", "--no-history"]);
    at_terminal(move || {
        terminal.answer("> ", "not kept");
        terminal.answer("> ", "/quit");
        terminal.end()
    })
    .await;
    assert!(!path.exists());
    let mut terminal = chat(&world);
    at_terminal(move || {
        // A line that goes on.
        terminal.answer("> ", "one \\");
        terminal.press("two\r");
        terminal.answer("> ", "delete it");
        terminal.answer(QUESTION, "n");
        terminal.answer("> ", "/quit");
        terminal.end()
    })
    .await;
    let kept = std::fs::read_to_string(&path).unwrap();
    // A decision is no message.
    assert_eq!(kept, "\"one \\\\\\ntwo\"\n\"delete it\"\n\"/quit\"\n");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut terminal = chat(&world);
    at_terminal(move || {
        terminal.wait_for_prompt("> ");
        // Up, twice.
        terminal.press("\x1b[A\x1b[A");
        terminal.wait_for("> delete it");
        terminal.press(CTRL_C);
        terminal.end()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_at_the_prompt_ends_the_program_and_so_does_ctrl_d() {
    let world = world().await;
    for key in [CTRL_C, CTRL_D] {
        let mut terminal = chat(&world);
        let (code, ..) = at_terminal(move || {
            terminal.wait_for_prompt("> ");
            terminal.press(key);
            terminal.end()
        })
        .await;
        assert_eq!(code, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_cannot_be_stopped_is_left_by_a_second_ctrl_c() {
    let world = world().await;
    let refused = Fault::status(403).on(operations::CANCEL_RUNS);
    world.emulator.inject(refused).unwrap();
    let mut terminal = chat(&world);
    let (code, screen, _) = at_terminal(move || {
        terminal.answer("> ", "tell me a story");
        terminal.wait_for("Once upon a time.");
        terminal.press(CTRL_C);
        terminal.wait_for("[not stopped:");
        terminal.press(CTRL_C);
        terminal.end()
    })
    .await;
    assert_eq!(code, 130, "{screen}");
    assert!(
        screen.contains("The turn may go on at the server."),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_left_is_asked_again_at_the_next_start() {
    let world = world().await;
    let mut terminal = chat(&world);
    let (code, screen, _) = at_terminal(move || {
        terminal.answer("> ", "delete it");
        terminal.wait_for_prompt(QUESTION);
        terminal.press(CTRL_C);
        terminal.end()
    })
    .await;
    assert_eq!(code, 6, "{screen}");
    expect("left.screen", &screen);
    let mut terminal = open(&world, &["chat", "Ada", "--last", "2"]);
    let (code, screen, _) = at_terminal(move || {
        terminal.answer(QUESTION, "y");
        terminal.wait_for_prompt("> ");
        terminal.press(CTRL_D);
        terminal.end()
    })
    .await;
    assert_eq!(code, 0, "{screen}");
    expect("found.screen", &screen);
    let pending = letta(&world).agent("agent-1").pending_approval().await;
    assert!(pending.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_end_a_turn_and_not_the_conversation() {
    let world = world().await;
    let mut terminal = chat(&world);
    let (code, screen, _) = at_terminal(move || {
        terminal.answer("> ", "fail");
        terminal.answer("> ", "Are you there?");
        terminal.answer("> ", "/last 2");
        terminal.answer("> ", "/help");
        terminal.answer("> ", "/quit");
        terminal.end()
    })
    .await;
    assert_eq!(code, 0);
    expect("failures.screen", &plain(&screen));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_agent_is_explained() {
    let world = world().await;
    let letta = letta(&world);
    let story = letta
        .agent("agent-1")
        .turn("tell me a story")
        .stream()
        .await;
    let mut terminal = chat(&world);
    let (_, screen, _) = at_terminal(move || {
        terminal.answer("> ", "hello");
        terminal.answer("> ", "/quit");
        terminal.end()
    })
    .await;
    drop(story);
    expect("busy.screen", &plain(&screen));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_agent_says_is_never_obeyed_by_the_terminal() {
    let world = world().await;
    let mut terminal = chat(&world);
    let (_, screen, bytes) = at_terminal(move || {
        terminal.answer("> ", "attack");
        terminal.answer(QUESTION, "n");
        terminal.answer("> ", "/last 9");
        terminal.answer("> ", "/quit");
        terminal.end()
    })
    .await;
    expect("attack.screen", &screen);
    let text = String::from_utf8(bytes).unwrap();
    for sequence in [
        "\u{1b}]",
        "\u{7}",
        "\u{1b}[2J",
        "\u{9b}",
        "\u{1b}[8m",
        "\u{1b}[2K",
        "\u{202e}",
    ] {
        assert!(!text.contains(sequence), "{sequence:?} is in {text:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_tools_are_given_is_cut_to_a_line_unless_all_is_asked_for() {
    let world = world().await;
    let mut terminal = chat(&world);
    let (_, screen, _) = at_terminal(move || {
        terminal.answer("> ", "search");
        terminal.answer("> ", "/verbose");
        terminal.answer("> ", "search");
        terminal.answer("> ", "/quit");
        terminal.end()
    })
    .await;
    expect("verbose.screen", &screen);
}
