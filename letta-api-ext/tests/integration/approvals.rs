//! The example `approvals` runs with no account: all calls of a request are answered, and none is left.

use crate::example::{assert_fails_readably, assert_says, example, printed};

#[test]
fn each_call_gets_its_decision_and_a_request_that_was_left_is_found() {
    let printed = printed(example("approvals").output().unwrap());
    assert_says(
        &printed,
        &[
            "You       Delete a.txt, b.txt and c.txt.",
            "Agent     wants to",
            "delete_example_file({\"path\":\"a.txt\"})",
            "delete_example_file({\"path\":\"b.txt\"})",
            "delete_example_file({\"path\":\"c.txt\"})",
            "{\"path\":\"a.txt\"} is approved",
            "{\"path\":\"b.txt\"} is denied",
            "{\"path\":\"c.txt\"} is done here",
            "Returned  a.txt is deleted.",
            "Agent     a.txt is gone, c.txt is in the trash, and b.txt is still there.",
            "You       Delete d.txt.",
            "The program ends before anybody has decided: requires_approval",
            "Nothing was said: the agent waits for an answer first.",
            "delete_example_file({\"path\":\"d.txt\"})",
            "Agent     I am well.",
            "0 wait now.",
        ],
    );
}

#[test]
fn it_fails_readably_without_a_service() {
    assert_fails_readably("approvals", "create_tool");
}
