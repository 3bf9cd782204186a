//! Answers that come as server-sent events, through the raw client of a [`Letta`].

use letta_api::types::{CreateMessage, InputRole, MessageRequest, StreamEvent};
use letta_api_emulator::Emulator;
use letta_api_ext::Letta;

/// The service refuses to stream to a client that it takes for an old one.
#[tokio::test]
async fn each_of_the_two_methods_gets_what_it_asks_for() {
    let emulator = Emulator::builder().start().await.unwrap();
    let agent = emulator.create_agent("agent-1").unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let say = |text: &str| {
        MessageRequest::new().with_messages([CreateMessage::new(InputRole::User, text).into()])
    };

    // The flag is the method's, whatever the caller says.
    let body = say("Hello").with_streaming(true);
    let answer = letta.api().send_message(agent.id(), &body).await.unwrap();
    assert!(!answer.messages.is_empty());

    let body = say("Hello again").with_streaming(false);
    let answer = letta.api().send_message_stream(agent.id(), &body).await;
    let mut events = answer.unwrap().into_inner();
    let mut kinds = Vec::new();
    while let Some(event) = events.next().await {
        kinds.push(match event.unwrap() {
            StreamEvent::Ping(_) => "ping",
            StreamEvent::AssistantMessage(_) => "assistant",
            StreamEvent::StopReason(_) => "stop",
            StreamEvent::UsageStatistics(_) => "usage",
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(kinds, ["ping", "assistant", "stop", "usage"]);
}
