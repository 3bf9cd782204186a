use std::time::Duration;

use letta_api::Client;
use letta_api::types::{
    AgentId, Conversation, ConversationCompactionRequest, ConversationId, ConversationSortField,
    CreateConversation, ForkConversationParams, ListConversationMessagesParams,
    ListConversationsParams, Message, RecompileConversationParams, SortOrder, UpdateConversation,
};
use letta_api_emulator::{Emulator, ManualClock};
use reqwest::Method;
use serde_json::json;

use crate::raw::{Answer, client, request};
use crate::side_by_side::same;
use crate::typed::{NONE, status};

/// An agent with two blocks.
async fn agent(emulator: &Emulator) -> AgentId {
    let members = json!({
        "system": "Be kind.",
        "memory_blocks": [{"label": "human", "value": "Ada"}, {"label": "persona", "value": "Kind."}],
    });
    let request = request(emulator, Method::POST, "/v1/agents/").json(&members);
    let agent = Answer::of(request).await.json();
    AgentId::from(agent["id"].as_str().unwrap())
}

async fn create(client: &Client, agent: &AgentId, new: &CreateConversation) -> Conversation {
    let made = client.create_conversation(agent, Some(new)).await;
    made.unwrap().into_inner()
}

fn text(message: &Message) -> &str {
    match message {
        Message::SystemMessage(message) => &message.content,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_conversation_is_made_read_changed_and_deleted() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let client = client(&emulator);
    let agent = agent(&emulator).await;
    let new = CreateConversation::new()
        .with_summary("About tea")
        .with_model("openai/gpt-4.1")
        .with_isolated_block_labels(["human".to_owned()]);
    let made = create(&client, &agent, &new).await;
    assert!(made.id.as_str().starts_with("conv-"));
    assert_eq!(
        (made.summary.as_deref(), made.model.as_deref()),
        (Some("About tea"), Some("openai/gpt-4.1"))
    );
    assert!(made.in_context_message_ids.is_empty());
    let block = &made.isolated_block_ids[0];
    let read = client
        .get_conversation(&made.id)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.in_context_message_ids.len(), 1);

    clock.advance(Duration::from_secs(1));
    let change = UpdateConversation::new()
        .with_summary_null()
        .with_last_message_at("2026-01-01T00:00:00Z");
    let changed = client.update_conversation(&made.id, &change).await.unwrap();
    assert_eq!(changed.summary.as_deref(), Some("About tea"));
    assert_eq!(
        changed.last_message_at.as_deref(),
        Some("2026-01-01T00:00:00Z")
    );
    assert_ne!(changed.updated_at, made.updated_at);

    let params = ListConversationMessagesParams::default();
    let messages = client
        .list_conversation_messages(&made.id, &params)
        .await
        .unwrap();
    let prompt = text(&messages[0]);
    assert!(
        prompt.starts_with("Be kind.") && prompt.contains("<value>\nAda\n</value>\n</human>"),
        "{prompt}"
    );

    client.delete_conversation(&made.id).await.unwrap();
    assert_eq!(status(client.get_conversation(&made.id).await), 404);
    assert_eq!(status(client.delete_conversation(&made.id).await), 404);
    assert_eq!(
        status(client.update_conversation(&made.id, &change).await),
        404
    );
    assert!(
        client
            .list_conversation_messages(&made.id, &params)
            .await
            .unwrap()
            .is_empty()
    );
    let dump = emulator.dump().to_string();
    assert!(!dump.contains(block.as_str()));

    let unknown = CreateConversation::new().with_isolated_block_labels(["nothing".to_owned()]);
    assert_eq!(
        status(client.create_conversation(&agent, Some(&unknown)).await),
        400
    );
    let nobody = AgentId::from("agent-none");
    assert_eq!(status(client.create_conversation(&nobody, None).await), 404);
    let all = ListConversationsParams::default();
    assert!(client.list_conversations(&all).await.unwrap().is_empty());
}

#[tokio::test]
async fn conversations_are_listed_by_cursor_in_any_order_and_by_filters() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let (one, other) = (agent(&emulator).await, agent(&emulator).await);
    for (summary, agent, last) in [
        ("a", &one, Some("2026-01-03")),
        ("b", &other, None),
        ("c", &one, Some("2026-01-01")),
        ("d", &one, None),
        ("ef", &one, Some("2026-01-02")),
    ] {
        let made = create(
            &client,
            agent,
            &CreateConversation::new().with_summary(summary),
        )
        .await;
        if let Some(last) = last {
            let change = UpdateConversation::new().with_last_message_at(last);
            client.update_conversation(&made.id, &change).await.unwrap();
        }
    }
    let list = ListConversationsParams::default;
    let asc = || list().with_order(SortOrder::Asc);
    let by = |params: ListConversationsParams| {
        params.with_order_by(ConversationSortField::LastMessageAt)
    };
    for (params, expected) in [
        (list(), "efdcba"),
        (asc(), "abcdef"),
        (list().with_agent_id(one.clone()), "efdca"),
        (list().with_summary_search("f"), "ef"),
        (by(list()), "aefcdb"),
        (by(asc()), "cefabd"),
        (list().with_agent_id("agent-none"), ""),
        (
            list().with_order_by(ConversationSortField::LastRunCompletion),
            "efdcba",
        ),
    ] {
        for limit in [1, 2, 50] {
            let params = params.clone().with_limit(limit);
            let mut items = client.list_conversations_pages(&params).items();
            let mut found = String::new();
            while let Some(item) = items.next().await {
                found.push_str(item.unwrap().summary.as_deref().unwrap());
            }
            assert_eq!(found, expected, "{params:?}");
        }
    }
    let unknown = format!("conv-{NONE}");
    assert_eq!(
        status(
            client
                .list_conversations(&list().with_after(&*unknown))
                .await
        ),
        404
    );
    assert_eq!(
        status(
            client
                .list_conversations(&by(list().with_after(&*unknown)))
                .await
        ),
        404
    );
    let by_run = list()
        .with_after(&*unknown)
        .with_order_by(ConversationSortField::LastRunCompletion);
    assert_eq!(client.list_conversations(&by_run).await.unwrap().len(), 5);
}

#[tokio::test]
async fn a_fork_has_a_prompt_of_its_own_and_the_default_may_be_forked() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let agent = agent(&emulator).await;
    let new = CreateConversation::new()
        .with_summary("x")
        .with_model("openai/gpt-4.1");
    let made = create(&client, &agent, &new).await;
    let params = ForkConversationParams::default();
    let fork = client
        .fork_conversation(&made.id, &params)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (fork.summary.as_deref(), fork.model.as_deref()),
        (None, Some("openai/gpt-4.1"))
    );
    assert_eq!(fork.agent_id, agent);
    let context = async |id: &ConversationId| {
        client
            .get_conversation(id)
            .await
            .unwrap()
            .into_inner()
            .in_context_message_ids
    };
    assert_ne!(context(&fork.id).await, context(&made.id).await);

    let default = ConversationId::from("default");
    assert_eq!(
        status(client.fork_conversation(&default, &params).await),
        404
    );
    let of_agent = params.with_agent_id(agent.clone());
    let fork = client.fork_conversation(&default, &of_agent).await.unwrap();
    assert_eq!(fork.agent_id, agent);
    let by_agent = ConversationId::from(agent.as_str());
    client
        .fork_conversation(&by_agent, &ForkConversationParams::default())
        .await
        .unwrap();
    let nobody = ForkConversationParams::default().with_agent_id("agent-none");
    assert_eq!(
        status(client.fork_conversation(&default, &nobody).await),
        404
    );
    let unknown = ConversationId::from(format!("conv-{NONE}"));
    assert_eq!(
        status(client.fork_conversation(&unknown, &of_agent).await),
        404
    );
}

#[tokio::test]
async fn a_prompt_is_written_anew_unless_it_is_only_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let agent = agent(&emulator).await;
    let new = CreateConversation::new().with_isolated_block_labels(["human".to_owned()]);
    let made = create(&client, &agent, &new).await;
    let change = json!({"system": "Be brief."});
    let path = format!("/v1/agents/{agent}");
    let changed = request(&emulator, Method::PATCH, &path).json(&change);
    assert_eq!(Answer::of(changed).await.status, 200);

    let params = ListConversationMessagesParams::default();
    let first = async |id: &ConversationId, params: &ListConversationMessagesParams| {
        let messages = client
            .list_conversation_messages(id, params)
            .await
            .unwrap()
            .into_inner();
        text(&messages[0]).to_owned()
    };
    let recompile = RecompileConversationParams::default;
    let dry = recompile().with_dry_run(true);
    let prompt = client
        .recompile_conversation(&made.id, &dry, None)
        .await
        .unwrap()
        .into_inner();
    assert!(
        prompt.starts_with("Be brief.") && prompt.contains("Ada"),
        "{prompt}"
    );
    assert!(first(&made.id, &params).await.starts_with("Be kind."));
    let written = client
        .recompile_conversation(&made.id, &recompile(), None)
        .await
        .unwrap();
    assert_eq!(*written, prompt);
    assert_eq!(first(&made.id, &params).await, prompt);

    let default = ConversationId::from("default");
    assert_eq!(
        status(
            client
                .recompile_conversation(&default, &recompile(), None)
                .await
        ),
        404
    );
    let body = ConversationCompactionRequest::new().with_agent_id(agent.clone());
    let of_agent = client
        .recompile_conversation(&default, &recompile(), Some(&body))
        .await;
    assert!(of_agent.unwrap().starts_with("Be brief."));
    let params = params.with_agent_id(agent.clone());
    assert!(first(&default, &params).await.starts_with("Be brief."));
}

#[tokio::test]
async fn conversations_are_as_the_server_has_them() {
    same(async |server| {
        let agent = server
            .agent(json!({"memory_blocks": [{"label": "human", "value": "Ada"}]}))
            .await;
        let all = format!("/v1/conversations/?agent_id={agent}");
        let new = json!({"summary": "one", "isolated_block_labels": ["human"]});
        let made = server.call(Method::POST, &all, Some(new)).await;
        server.call(Method::POST, &all, None).await;
        server
            .call(
                Method::POST,
                &format!("/v1/conversations/?agent_id=agent-{NONE}"),
                None,
            )
            .await;
        let id = made["id"].as_str().unwrap();
        let path = format!("/v1/conversations/{id}");
        server.call(Method::GET, &path, None).await;
        server.call(Method::GET, &all, None).await;
        server
            .call(Method::GET, &format!("{all}&after={id}&order=asc"), None)
            .await;
        server
            .call(Method::GET, &format!("{all}&after=conv-{NONE}"), None)
            .await;
        server
            .call(Method::PATCH, &path, Some(json!({"summary": "two"})))
            .await;
        server
            .call(Method::GET, &format!("{all}&summary_search=two"), None)
            .await;
        for messages in [
            format!("{path}/messages"),
            format!("{path}/messages?after=message-{NONE}"),
            format!("{path}/messages?include_return_message_types=user_message"),
            format!("/v1/conversations/default/messages?agent_id={agent}"),
            format!("/v1/conversations/default/messages?agent_id={agent}&before=message-{NONE}"),
            format!("/v1/conversations/conv-{NONE}/messages"),
            format!("/v1/agents/{agent}/messages"),
            format!("/v1/agents/{agent}/messages?conversation_id=default"),
            format!("/v1/agents/{agent}/messages?conversation_id={id}"),
            format!("/v1/agents/{agent}/messages?group_id=group-{NONE}"),
        ] {
            server.call(Method::GET, &messages, None).await;
        }
        server
            .call(Method::POST, &format!("{path}/fork"), None)
            .await;
        server
            .call(
                Method::POST,
                &format!("/v1/conversations/default/fork?agent_id={agent}"),
                None,
            )
            .await;
        server
            .call(
                Method::GET,
                &format!("/v1/agents/{agent}/messages?conversation_id=default"),
                None,
            )
            .await;
        server
            .call(Method::POST, "/v1/conversations/default/fork", None)
            .await;
        server
            .call(
                Method::POST,
                &format!("{path}/recompile?dry_run=true"),
                None,
            )
            .await;
        server
            .call(Method::POST, &format!("{path}/compact"), None)
            .await;
        server
            .call(Method::POST, &format!("/v1/agents/{agent}/summarize"), None)
            .await;
        server.call(Method::DELETE, &path, None).await;
        server.call(Method::DELETE, &path, None).await;
        // Last, since the server makes a conversation all the same.
        server
            .call(
                Method::POST,
                &all,
                Some(json!({"isolated_block_labels": ["no"]})),
            )
            .await;
        let agent = server.request(Method::DELETE, &format!("/v1/agents/{agent}"));
        assert_eq!(Answer::of(agent).await.status, 200);
    })
    .await;
}
