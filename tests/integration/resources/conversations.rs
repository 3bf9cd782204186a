//! Conversations, against the emulator and against what a network may do.

use std::time::Duration;

use letta_api_emulator::{Act, Emulator, Reply};
use letta_api_ext::letta_api::types::{
    ConversationMessageRequest, Message, MessageRequest, SortOrder,
};
use letta_api_ext::{CancelOutcome, Cancellation, Deletion, Letta};
use letta_api_tests::emulated::start_with;
use letta_api_tests::{Tap, answer};

async fn say(letta: &Letta, conversation: &str, text: &str) {
    let body = ConversationMessageRequest::new().with_input(text.to_owned());
    let api = letta.api();
    api.send_conversation_message(&conversation.into(), &body)
        .await
        .unwrap();
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

#[tokio::test]
async fn a_conversation_lives_from_create_to_delete() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let made = letta
        .conversations()
        .create("agent-1")
        .summary("Tea")
        .await
        .unwrap();
    assert_eq!(
        (made.agent_id.as_str(), made.summary.as_deref()),
        ("agent-1", Some("Tea"))
    );
    let conversation = letta.conversation(&made.id);
    assert_eq!(conversation.get().await.unwrap().id, made.id);

    // Only what was set is sent, and the rest keeps its value.
    let changed = conversation
        .update()
        .last_message_at("2026-03-01T12:00:00Z")
        .await
        .unwrap();
    assert_eq!(changed.summary.as_deref(), Some("Tea"));
    let changed = conversation.update().summary("Coffee").await.unwrap();
    assert_eq!(changed.summary.as_deref(), Some("Coffee"));
    assert!(
        changed
            .last_message_at
            .unwrap()
            .starts_with("2026-03-01T12:00:00")
    );

    assert_eq!(conversation.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(conversation.delete().await.unwrap(), Deletion::NotFound);
    for error in [
        conversation.get().await.unwrap_err(),
        conversation.update().summary("x").await.unwrap_err(),
        conversation.fork().await.unwrap_err(),
        conversation.cancel().await.unwrap_err(),
        letta.conversations().create("agent-2").await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn conversations_are_listed_page_by_page() {
    let builder = Emulator::builder().agent("agent-1").agent("agent-2");
    let (_emulator, letta) = start_with(builder).await;
    for number in 0..5 {
        let conversations = letta.conversations();
        conversations
            .create("agent-1")
            .summary(format!("talk {number}"))
            .await
            .unwrap();
    }
    letta
        .conversations()
        .create("agent-2")
        .summary("other")
        .await
        .unwrap();
    let list = letta
        .conversations()
        .list()
        .agent_id("agent-1")
        .order(SortOrder::Asc);
    let mut items = list.clone().limit(2).items();
    let mut summaries = Vec::new();
    while let Some(conversation) = items.next().await {
        summaries.push(conversation.unwrap().summary.unwrap());
    }
    assert_eq!(
        summaries,
        ["talk 0", "talk 1", "talk 2", "talk 3", "talk 4"]
    );
    let found = list.summary_search("3").await.unwrap();
    assert_eq!(found.len(), 1);
    // An unknown cursor is a 404 here.
    let error = letta
        .conversations()
        .list()
        .after("conv-none")
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn messages_are_listed_in_both_orders_each_once() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let made = letta.conversations().create("agent-1").await.unwrap();
    let id = made.id.as_str();
    for number in 0..4 {
        say(&letta, id, &format!("say {number}")).await;
    }
    let conversation = letta.conversation(id);
    let all = |order| {
        let list = conversation.messages().limit(3).order(order);
        async move {
            let mut items = list.items();
            let mut all = Vec::new();
            while let Some(message) = items.next().await {
                all.push(message.unwrap());
            }
            all
        }
    };
    let oldest_first = all(SortOrder::Asc).await;
    assert_eq!(said(&oldest_first), ["say 0", "say 1", "say 2", "say 3"]);
    let mut newest_first = all(SortOrder::Desc).await;
    assert_eq!(said(&newest_first), ["say 3", "say 2", "say 1", "say 0"]);
    newest_first.reverse();
    assert_eq!(newest_first.len(), oldest_first.len());

    let fork = conversation.fork().await.unwrap();
    assert_ne!(fork.id, made.id);
    assert_eq!(fork.agent_id, made.agent_id);
    say(&letta, fork.id.as_str(), "only in the fork").await;
    let of_fork = letta.conversation(&fork.id).get().await.unwrap();
    let of_first = conversation.get().await.unwrap();
    assert!(of_fork.in_context_message_ids.len() > of_first.in_context_message_ids.len());
    assert!(!said(&all(SortOrder::Asc).await).contains(&"only in the fork".to_owned()));
}

/// With the agent's ID, the conversation `default` is the agent's own thread.
#[tokio::test]
async fn the_agents_own_thread_is_the_conversation_default() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let body = MessageRequest::new().with_input("Hello.".to_owned());
    letta
        .api()
        .send_message(&"agent-1".into(), &body)
        .await
        .unwrap();
    let own = letta.conversation("default");
    let messages = own.messages().agent_id("agent-1").await.unwrap();
    assert_eq!(said(&messages), ["Hello."]);
    let cancellation = own.cancel().agent_id("agent-1").await.unwrap();
    assert_eq!(cancellation, Cancellation::NothingActive);
    let prompt = own
        .recompile()
        .agent_id("agent-1")
        .dry_run(true)
        .await
        .unwrap();
    assert!(!prompt.is_empty());
    let fork = own.fork().agent_id("agent-1").await.unwrap();
    assert_eq!(fork.agent_id.as_str(), "agent-1");
    assert_ne!(fork.id.as_str(), "default");
}

#[tokio::test]
async fn a_context_is_compacted_and_compiled_anew() {
    let (_emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    let made = letta.conversations().create("agent-1").await.unwrap();
    for number in 0..6 {
        say(&letta, made.id.as_str(), &format!("say {number}")).await;
    }
    let conversation = letta.conversation(&made.id);
    let compaction = conversation.compact().await.unwrap();
    assert!(
        compaction.num_messages_after < compaction.num_messages_before,
        "{compaction:?}"
    );
    assert!(!compaction.summary.is_empty());
    let prompt = conversation.recompile().dry_run(true).await.unwrap();
    assert!(!prompt.is_empty());
}

#[tokio::test]
async fn a_cancel_says_what_the_service_says_of_each_run() {
    let (emulator, letta) = start_with(Emulator::builder().agent("agent-1")).await;
    // A turn that goes on for an hour unless it is cancelled.
    let pause = Act::pause(Duration::from_secs(3_600));
    let reply = Reply::from([pause, Act::text("At last.")]);
    emulator.agent("agent-1").script([reply]).unwrap();
    let made = letta.conversations().create("agent-1").await.unwrap();
    let conversation = letta.conversation(&made.id);
    let nothing = conversation.cancel().await.unwrap();
    assert_eq!(nothing, Cancellation::NothingActive);
    assert!(nothing.runs().is_empty());

    let body = ConversationMessageRequest::new()
        .with_input("Wait.".to_owned())
        .with_background(true);
    let api = letta.api();
    let answer = api
        .send_conversation_message_stream(&made.id, &body)
        .await
        .unwrap();
    let mut events = answer.into_inner();
    events.next().await.unwrap().unwrap();
    let cancellation = conversation.cancel().await.unwrap();
    let runs = cancellation.runs();
    assert_eq!(runs.len(), 1, "{cancellation:?}");
    assert_eq!(runs[0].outcome(), &CancelOutcome::Cancelled);
    let run = letta.run(runs[0].id()).get().await.unwrap();
    assert_eq!(run.agent_id.as_str(), "agent-1");
    while let Some(event) = events.next().await {
        event.unwrap();
    }
    assert_eq!(
        conversation.cancel().await.unwrap(),
        Cancellation::NothingActive
    );
}

#[tokio::test]
async fn what_a_cancel_is_answered_is_neither_made_better_nor_lost() {
    let said = r#"{"run-1":"cancelled","run-2":"failed","run-3":"later","run-4":{"a":1}}"#;
    let tap = Tap::start(answer("200 OK", "application/json", said)).await;
    let cancellation = tap.letta().conversation("conv-1").cancel().await.unwrap();
    let outcomes: Vec<_> = cancellation
        .runs()
        .iter()
        .map(|run| (run.id().as_str(), run.outcome().clone()))
        .collect();
    let other = |text: &str| CancelOutcome::Other(text.to_owned());
    assert_eq!(
        outcomes,
        [
            ("run-1", CancelOutcome::Cancelled),
            ("run-2", CancelOutcome::Failed),
            ("run-3", other("later")),
            ("run-4", other(r#"{"a":1}"#)),
        ]
    );
    // A 409 about something else is an error.
    let busy = r#"{"detail":"CONFLICT: another request is being processed"}"#;
    let tap = Tap::start(answer("409 Conflict", "application/json", busy)).await;
    let error = tap
        .letta()
        .conversation("conv-1")
        .cancel()
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 409);
    let none = r#"{"detail":"CONFLICT: No active runs to cancel for conversation conv-1"}"#;
    let tap = Tap::start(answer("409 Conflict", "application/json", none)).await;
    let cancellation = tap.letta().conversation("conv-1").cancel().await.unwrap();
    assert_eq!(cancellation, Cancellation::NothingActive);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = tap.letta();
    let error = letta.conversation("conv-1").update().await.unwrap_err();
    assert_eq!(error.field(), Some("update"));
    let conversation = letta.conversation("");
    for error in [
        conversation.get().await.unwrap_err(),
        conversation.update().summary("x").await.unwrap_err(),
        conversation.delete().await.unwrap_err(),
        conversation.fork().await.unwrap_err(),
        conversation.cancel().await.unwrap_err(),
        conversation.compact().await.unwrap_err(),
        conversation.recompile().await.unwrap_err(),
        conversation.messages().await.unwrap_err(),
        conversation
            .messages()
            .pages()
            .next()
            .await
            .unwrap()
            .unwrap_err(),
    ] {
        assert!(error.is_invalid_input(), "{error}");
        assert_eq!(error.field(), Some("conversation_id"));
    }
    let error = letta.conversations().list().limit(0).await.unwrap_err();
    assert_eq!(error.field(), Some("limit"));
    assert_eq!(tap.requests(), Vec::<String>::new());
}
