//! The recording of a conversation, as a moving picture: `recording/chat.svg`, which READMEs show.
//!
//! It is made of what the program has written to a terminal, letter for letter. How long each part is seen is made up, so that the
//! picture is the same wherever it is made. `UPDATE_EXPECT=1 cargo test -p letta-cli recording` makes it anew.

mod svg;

use std::path::Path;

use super::script::world;
use crate::expected::difference;
use crate::support::terminal::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_shows_what_the_program_does() {
    let world = world().await;
    let mut terminal = Terminal::open(&["chat", "--demo"], &world.variables());
    let written = tokio::task::spawn_blocking(move || {
        terminal.answer("> ", "How is the weather?");
        terminal.answer("> ", "delete my notes");
        terminal.answer("Allow it? y, n, or why not: ", "I need them");
        terminal.answer("> ", "Then tell me a story");
        terminal.wait_for("It thought for a long time.");
        terminal.press(CTRL_C);
        terminal.wait_for("[stopped");
        terminal.wait_for_prompt("> ");
        terminal.press(CTRL_D);
        let (code, _, bytes) = terminal.end();
        assert_eq!(code, 0);
        bytes
    });
    let written = String::from_utf8(written.await.unwrap()).unwrap();
    let picture = svg::picture("letta chat --demo", &written);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recording/chat.svg");
    if difference(&path, &picture).is_some() {
        panic!(
            "`{}` is not what the program does now. Make it anew: UPDATE_EXPECT=1 cargo test -p letta-cli recording",
            path.display()
        );
    }
}
