//! The example `tools` runs with no account, and shows each call and what it returned.

use crate::example::{assert_fails_readably, assert_says, example, printed};

#[test]
fn the_agent_calls_functions_of_the_program_and_does_better_after_one_has_failed() {
    let printed = printed(example("tools").output().unwrap());
    assert_says(
        &printed,
        &[
            "the emulator, at http://127.0.0.1:",
            "You       How warm is it in Oslo",
            "weather({\"city\":\"Olso\"})",
            "failed: there is no city \"Olso\"; there are Oslo and Rome",
            "weather({\"city\":\"Oslo\"})",
            "returned {\"celsius\":4.5,\"sky\":\"rain\"}",
            "weather({\"city\":\"Rome\"})",
            "returned {\"celsius\":21.0,\"sky\":\"clear\"}",
            "calculate({",
            "returned 16.5",
            "Agent     It is 4.5 degrees in Oslo, 16.5 colder than in Rome.",
            "Rounds    4 with tools, in one turn",
        ],
    );
}

#[test]
fn it_fails_readably_without_a_service() {
    assert_fails_readably("tools", "create_agent");
}
