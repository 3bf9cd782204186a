//! A turn on a connection that works: what is said, and what comes back.

use letta_api::operations;
use letta_api::types::{Message, StopReasonType};
use letta_api_emulator::{Act, Emulator, Rule};
use letta_api_ext::Letta;
use letta_api_ext::turns::{Event, TurnPath, UserMessage};
use serde_json::json;

pub(super) async fn start() -> (Emulator, Letta) {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let letta = letta(&emulator);
    (emulator, letta)
}

pub(super) fn letta(emulator: &Emulator) -> Letta {
    Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap()
}

fn kind(message: &Message) -> &'static str {
    match message {
        Message::AssistantMessage(_) => "assistant",
        Message::ReasoningMessage(_) => "reasoning",
        Message::ToolCallMessage(_) => "tool_call",
        Message::ToolReturnMessage(_) => "tool_return",
        Message::ApprovalRequestMessage(_) => "approval_request",
        _ => "other",
    }
}

#[tokio::test]
async fn a_turn_gives_what_the_agent_said_and_did() {
    let (emulator, letta) = start().await;
    let acts = [
        Act::reasoning("They want the weather."),
        Act::call("weather", json!({"city": "Oslo"})).returns("Rain."),
        Act::text("Take a coat."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();

    let answer = letta
        .agent("agent-1")
        .turn("Do I need a coat?")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.text(), "Take a coat.");
    let kinds: Vec<&str> = answer.messages().iter().map(kind).collect();
    assert_eq!(
        kinds,
        ["reasoning", "tool_call", "tool_return", "assistant"]
    );
    assert_eq!(*answer.stop_reason(), StopReasonType::EndTurn);
    assert_eq!(answer.path(), TurnPath::Resumable);
    assert_eq!(answer.resumes(), 0);
    assert!(answer.usage().unwrap().step_count >= 1);
    let run = emulator.runs().pop().unwrap();
    assert_eq!(answer.run_id().unwrap().as_str(), run.id.as_str());
    assert!(!answer.is_cut() && !answer.needs_approval() && !answer.is_cancelled());
}

#[tokio::test]
async fn tokens_come_in_pieces_and_are_joined_in_the_answer() {
    let (emulator, letta) = start().await;
    let acts = [
        Act::reasoning("They want a long text."),
        Act::call("weather", json!({"city": "Oslo", "days": 3})).returns("Rain."),
        Act::text("It will rain for three days in Oslo, so take a coat."),
    ];
    emulator.agent("agent-1").script(Rule::new(acts)).unwrap();
    let agent = letta.agent("agent-1");
    let mut turn = agent.turn("Weather?").tokens().stream().await.unwrap();
    let (mut pieces, mut thoughts, mut calls, mut returns) =
        (Vec::new(), String::new(), Vec::new(), 0);
    while let Some(event) = turn.next().await {
        match event.unwrap() {
            Event::Text(piece) => pieces.push(piece.into_text()),
            Event::Reasoning(piece) => thoughts += piece.text(),
            Event::ToolCall(call) => calls.push(call),
            Event::ToolReturn(done) => {
                assert!(done.is_success());
                assert_eq!(done.text(), "Rain.");
                returns += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    let answer = turn.finish().unwrap();
    assert!(pieces.len() > 3, "{pieces:?}");
    assert_eq!(pieces.concat(), answer.text());
    assert_eq!(
        answer.text(),
        "It will rain for three days in Oslo, so take a coat."
    );
    assert_eq!(thoughts, "They want a long text.");
    let [call] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!(call.name(), "weather");
    assert!(!call.waits_for_answer());
    let arguments: serde_json::Value = call.arguments_as().unwrap();
    assert_eq!(arguments, json!({"city": "Oslo", "days": 3}));
    assert_eq!(returns, 1);
    let kinds: Vec<&str> = answer.messages().iter().map(kind).collect();
    assert_eq!(
        kinds,
        ["reasoning", "tool_call", "tool_return", "assistant"]
    );
}

#[tokio::test]
async fn a_conversation_has_turns_of_its_own() {
    let (emulator, letta) = start().await;
    let params = letta_api::types::CreateConversation::new();
    let agent = "agent-1".into();
    let made = letta
        .api()
        .create_conversation(&agent, Some(&params))
        .await
        .unwrap();
    let answer = letta
        .conversation(&made.id)
        .turn("Hello")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.path(), TurnPath::Resumable);
    assert!(!answer.text().is_empty());
    let said = letta.agent("agent-1").turn("Hello").send().await.unwrap();
    assert!(!said.text().is_empty());
    assert_eq!(
        emulator.request_count(operations::SEND_CONVERSATION_MESSAGE_STREAM),
        2
    );
}

#[tokio::test]
async fn several_messages_and_images_can_be_said_at_once() {
    let (emulator, letta) = start().await;
    let input = vec![
        UserMessage::new("Look:")
            .image("image/png", b"\x89PNG")
            .image_url("https://example.com/a.png"),
        UserMessage::new("And this."),
    ];
    letta
        .agent("agent-1")
        .turn(input)
        .and_say("That is all.")
        .send()
        .await
        .unwrap();
    let params = letta_api::types::ListMessagesParams::default();
    let listed = letta
        .api()
        .list_messages(&"agent-1".into(), &params)
        .await
        .unwrap();
    let listed = serde_json::to_string(&listed.into_inner()).unwrap();
    for said in [
        "Look:",
        "iVBORw==",
        "https://example.com/a.png",
        "And this.",
        "That is all.",
    ] {
        assert!(listed.contains(said), "{said}: {listed}");
    }
    assert_eq!(emulator.runs().len(), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_before_anything_is_sent() {
    let (emulator, letta) = start().await;
    let agent = letta.agent("agent-1");
    for (turn, field) in [
        (agent.turn(Vec::<UserMessage>::new()), "turn"),
        (agent.turn("Hi").otid(""), "otid"),
        (
            agent.turn("Hi").with_deadline(std::time::Duration::ZERO),
            "deadline",
        ),
        (
            agent
                .turn("Hi")
                .with_silence_limit(std::time::Duration::from_millis(5)),
            "silence_limit",
        ),
    ] {
        let error = turn.send().await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
        assert!(!error.may_have_happened());
    }
    let error = letta.agent("").turn("Hi").send().await.unwrap_err();
    assert!(
        error.is_invalid_input() || error.status().is_some(),
        "{error}"
    );
    assert!(emulator.runs().is_empty());
}
