//! The example `resume_after_a_crash` runs with no account: a program is gone in the middle of a turn, and another one goes on.

use crate::example::{assert_fails_readably, assert_says, example, printed};

const ANSWER: &str =
    "  A crab went to the sea. It went sideways, as crabs do, and was late. The sea had waited.\n";

#[test]
fn another_program_hears_the_whole_answer_and_the_agent_the_question_once() {
    let printed = printed(example("resume_after_a_crash").output().unwrap());
    assert_says(
        &printed,
        &[
            "A program asks: How does the story go?",
            "  A crab went",
            "It is gone: ",
            "Another program has the key that it left",
            ANSWER,
            "The agent does not hear that again",
            ANSWER,
            "the user asks once",
        ],
    );
    // The first one was gone before the end.
    assert_eq!(
        printed.matches("The sea had waited.").count(),
        2,
        "{printed}"
    );
}

#[test]
fn it_fails_readably_without_a_service() {
    assert_fails_readably("resume_after_a_crash", "create_agent");
}
