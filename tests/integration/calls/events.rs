//! Answers that come as server-sent events, through the raw client of a [`Letta`].

use letta_api::types::{CreateMessage, InputRole, MessageRequest, StreamEvent};
use letta_api_emulator::Emulator;
use letta_api_ext::{Error, Letta};
use letta_api_tests::Tap;

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
    let answer = letta
        .api()
        .send_message(&agent.id().into(), &body)
        .await
        .unwrap();
    assert!(!answer.messages.is_empty());

    let body = say("Hello again").with_streaming(false);
    let answer = letta
        .api()
        .send_message_stream(&agent.id().into(), &body)
        .await;
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

#[tokio::test]
async fn a_stream_that_breaks_off_is_an_error_like_any_other() {
    let ping = r#"{"message_type":"ping","id":"message-1","date":"2026-05-04T09:31:10Z"}"#;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 999\r\n\r\n";
    let tap = Tap::start(format!("{head}data: {ping}\n\n").into_bytes()).await;
    let body = MessageRequest::new().with_input("Hello".to_owned());
    let letta = tap.letta();
    let id = "agent-1".into();
    let answer = letta.api().send_message_stream(&id, &body).await;
    let mut events = answer.unwrap().into_inner();
    let first = events.next().await.unwrap().unwrap();
    assert!(matches!(first, StreamEvent::Ping(_)));
    let error = Error::from(events.next().await.unwrap().unwrap_err());
    assert!(error.may_have_happened() && error.is_retryable());
    assert!(!error.is_invalid_response());
    assert!(events.next().await.is_none());
}
