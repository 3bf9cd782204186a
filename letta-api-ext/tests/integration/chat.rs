//! The example `chat` runs with no account, from a pipe, and stops an answer when it is told to.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use crate::example::{assert_fails_readably, assert_says, example, printed};

/// What comes of these lines.
fn told(command: &mut Command, lines: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(lines.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn lines_from_a_pipe_are_said_and_approvals_asked_for() {
    let lines = "How is the weather?\nPlease delete my notes\ny\nPlease delete my notes\nno\nHi\n";
    let printed = printed(told(&mut example("chat"), lines));
    let question = "May it call delete_file({\"path\":\"notes.txt\"})? (y/n) ";
    assert_says(
        &printed,
        &[
            "the emulator, at http://127.0.0.1:",
            "> How is the weather?\n",
            "They want the weather. I have to look it up.",
            "[lookup_weather({\"city\":\"Oslo\"})]",
            "[returned: Rain, 4 degrees.]",
            "It rains in Oslo. Take a coat.\n",
            "> Please delete my notes\n",
            question,
            "y\n",
            "[returned: Deleted.]",
            "That is settled, then.\n",
            "> Please delete my notes\n",
            question,
            "no\n",
            "That is settled, then.\n",
            "> Hi\n",
            "You could ask about the weather",
            "Good bye.\n",
        ],
    );
    let deleted = printed.matches("[returned: Deleted.]").count();
    assert_eq!(deleted, 1, "what was denied is not done:\n{printed}");
    assert!(!printed.contains('\x1b'), "no colors in a pipe:\n{printed}");
}

#[test]
fn one_thing_is_said_if_it_is_an_argument() {
    let mut chat = example("chat");
    chat.args(["How", "is", "the", "weather?"]);
    let printed = printed(told(&mut chat, ""));
    assert_says(
        &printed,
        &["[returned: Rain, 4 degrees.]", "Take a coat.\n"],
    );
    assert!(!printed.contains("Good bye"), "{printed}");
}

#[test]
fn a_question_that_nobody_answers_is_denied() {
    let mut chat = example("chat");
    chat.arg("Delete my notes.");
    let printed = printed(told(&mut chat, ""));
    assert_says(&printed, &["(y/n) ", "That is settled, then.\n"]);
    assert!(!printed.contains("Deleted."), "{printed}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_the_answer_and_at_the_prompt_the_program() {
    use std::io::Read as _;

    let mut child = example("chat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    let pid = child.id().to_string();
    let interrupt = || {
        // By the shell: not every machine has a program `kill`.
        let mut shell = Command::new("sh");
        let killed = shell.args(["-c", "kill -s INT \"$0\"", &pid]).status();
        assert!(killed.unwrap().success());
    };
    let mut seen = String::new();
    let mut until = |text: &str| {
        let mut byte = [0];
        while !seen.ends_with(text) {
            match stdout.read(&mut byte) {
                Ok(1) => seen.push(char::from(byte[0])),
                _ => panic!("{text:?} did not come:\n{seen}"),
            }
        }
    };
    stdin.write_all(b"Tell me a story\n").unwrap();
    // Then it thinks for longer than anybody waits.
    until("It thought for a long time.");
    interrupt();
    until("[stopped]\n");
    until("\n> ");
    stdin.write_all(b"How is the weather?\n").unwrap();
    until("Take a coat.");
    until("\n> ");
    interrupt();
    until("Good bye.\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn it_fails_readably_without_a_service() {
    assert_fails_readably("chat", "create_agent");
}
