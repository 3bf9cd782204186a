//! Requests that wait, and answers to them.

use letta_api_emulator::{Act, Rule};
use letta_api_ext::turns::{Decision, Outcome};
use serde_json::json;

use super::talking::start;

#[tokio::test]
async fn a_request_is_answered_as_a_whole() {
    let (emulator, letta) = start().await;
    let delete = Act::call("delete_file", json!({"path": "a.txt"}))
        .with_id("call_1")
        .needs_approval()
        .returns("Deleted.");
    let acts = [delete, Act::text("The file is gone.")];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let answer = agent.turn("Clean up").send().await.unwrap();
    assert!(answer.needs_approval());
    let Outcome::NeedsApproval(pending) = answer.outcome() else {
        panic!()
    };
    let names: Vec<&str> = pending.calls().map(|call| call.name()).collect();
    assert_eq!(names, ["delete_file"]);
    // Another process finds it.
    let found = agent.pending_approval().await.unwrap().unwrap();
    assert_eq!(found.request_id(), pending.request_id());
    drop(pending);
    let answer = found.decide(|_| Decision::approve()).send().await.unwrap();
    assert_eq!(answer.text(), "The file is gone.");
    assert!(agent.pending_approval().await.unwrap().is_none());
}
