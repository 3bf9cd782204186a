//! The messages of an agent and of all agents, against the emulator and against what a network may do.

use letta_api_emulator::{Emulator, operations};
use letta_api_ext::letta_api::types::{Message, MessageRequest, MessageType, SortOrder};
use letta_api_ext::{Cancellation, Items, Letta};
use letta_api_tests::emulated::start_with;
use letta_api_tests::{Tap, answer, split};

async fn say(letta: &Letta, agent: &str, text: &str) {
    let body = MessageRequest::new().with_input(text.to_owned());
    letta
        .api()
        .send_message(&agent.into(), &body)
        .await
        .unwrap();
}

async fn all(mut items: Items<Message>) -> Vec<Message> {
    let mut all = Vec::new();
    while let Some(message) = items.next().await {
        all.push(message.unwrap());
    }
    all
}

/// What users said in these messages.
fn said(messages: &[Message]) -> Vec<String> {
    let texts = messages.iter().filter_map(|message| match message {
        Message::UserMessage(message) => serde_json::to_value(&message.content).ok(),
        _ => None,
    });
    texts
        .map(|text| text.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// A page of the newest messages has the oldest first, so it moves on from its first item.
#[tokio::test]
async fn an_agents_messages_come_in_the_order_that_was_asked_for() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    for number in 0..5 {
        say(&letta, "agent-1", &format!("say {number}")).await;
    }
    let list = || letta.agent("agent-1").messages().limit(3);
    let oldest_first = all(list().order(SortOrder::Asc).items()).await;
    assert_eq!(
        said(&oldest_first),
        ["say 0", "say 1", "say 2", "say 3", "say 4"]
    );
    let newest_first = all(list().items()).await;
    assert_eq!(
        said(&newest_first),
        ["say 4", "say 3", "say 2", "say 1", "say 0"]
    );
    assert_eq!(newest_first.len(), oldest_first.len());
    // A page is as the service gives it.
    let page = list().limit(100).await.unwrap();
    assert_eq!(said(&page), ["say 0", "say 1", "say 2", "say 3", "say 4"]);
    // Only some types.
    let list = list().include_return_message_types([MessageType::UserMessage]);
    assert_eq!(all(list.items()).await.len(), 5);
}

#[tokio::test]
async fn a_cursor_that_the_list_does_not_move_by_is_refused() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let list = tap.letta().agent("agent-1").messages();
    for (list, wrong) in [
        (list.clone().after("message-1"), "after"),
        (list.order(SortOrder::Asc).before("message-1"), "before"),
    ] {
        let error = list.items().next().await.unwrap().unwrap_err();
        assert_eq!(error.field(), Some(wrong), "{error}");
    }
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn messages_of_all_agents_are_listed_and_one_is_got() {
    let builder = Emulator::builder().agent("agent-1").agent("agent-2");
    let (_emulator, letta) = start_with(builder).await;
    say(&letta, "agent-1", "one").await;
    say(&letta, "agent-2", "two").await;
    let list = letta.messages().list().limit(2).order(SortOrder::Asc);
    let messages = all(list.items()).await;
    assert_eq!(said(&messages), ["one", "two"]);

    let page = letta.agent("agent-1").messages().await.unwrap();
    let Some(Message::UserMessage(user)) =
        page.iter().find(|it| matches!(it, Message::UserMessage(_)))
    else {
        panic!("{page:?}");
    };
    let got = letta.messages().get(&user.id).await.unwrap();
    assert_eq!(said(&got), ["one"]);
    let error = letta.messages().get("").await.unwrap_err();
    assert_eq!(error.field(), Some("message_id"));
}

#[tokio::test]
async fn a_search_sends_what_was_set_and_gives_what_was_found() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let found = tap
        .letta()
        .messages()
        .search("tea")
        .agent_id("agent-1")
        .limit(3)
        .await
        .unwrap();
    assert!(found.is_empty());
    let request = tap.request();
    let (line, _, body) = split(&request);
    assert!(line.starts_with("POST /v1/messages/search "), "{line}");
    assert_eq!(body, r#"{"query":"tea","agent_id":"agent-1","limit":3}"#);
}

#[tokio::test]
async fn a_context_is_compacted_and_emptied() {
    let (emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let agent = letta.agent("agent-1");
    for number in 0..6 {
        say(&letta, "agent-1", &format!("say {number}")).await;
    }
    let compaction = agent.compact().await.unwrap();
    assert!(
        compaction.num_messages_after < compaction.num_messages_before,
        "{compaction:?}"
    );
    let before = agent.get().await.unwrap().message_ids.unwrap().len();
    agent.reset_messages().await.unwrap();
    let after = agent.get().await.unwrap().message_ids.unwrap().len();
    assert!(after < before, "{after} of {before}");
    assert_eq!(emulator.request_count(operations::RESET_MESSAGES), 1);
}

#[tokio::test]
async fn a_cancel_is_said_of_a_run_that_has_ended_too() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let agent = letta.agent("agent-1");
    assert_eq!(agent.cancel().await.unwrap(), Cancellation::NothingActive);
    say(&letta, "agent-1", "Hello").await;
    let cancellation = agent.cancel().await.unwrap();
    let id = cancellation.runs()[0].id();
    let run = letta.run(id).get().await.unwrap();
    assert_eq!(run.status.unwrap().to_string(), "completed");
    // What is named is asked for.
    let cancellation = agent
        .cancel()
        .run_ids([id.as_str(), "run-none"])
        .await
        .unwrap();
    assert_eq!(cancellation.runs().len(), 2, "{cancellation:?}");
}
