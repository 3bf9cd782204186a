//! IDs in calls of the raw client: of any form in an answer, and from one call into the next.

use letta_api::types::{self, AgentId, BlockId, Conversation, ConversationId, Run, RunId};
use letta_api::{Client, Error};
use letta_api_emulator::Emulator;
use letta_api_ext::{AccessPolicy, Letta, policy::Preset};
use letta_api_tests::{Tap, answer};
use serde_json::json;

async fn answering(json: serde_json::Value) -> (Tap, Client) {
    let json = json.to_string();
    let tap = Tap::start(answer("200 OK", "application/json", &json)).await;
    let http = reqwest::Client::builder().no_gzip().build().unwrap();
    let client = Client::new(tap.url().parse().unwrap(), http);
    (tap, client)
}

/// Forms that the published document does not have.
const FORMS: [&str; 4] = [
    "run_01hx3v9",
    "6bb462c2-e885-434a-a0e3-d08ad8d9f595",
    "agent-local-1",
    "",
];

#[tokio::test]
async fn an_answer_with_an_id_of_a_form_that_is_new_is_read() {
    for form in FORMS {
        let sent = json!([{"id": form, "agent_id": form, "conversation_id": form}]);
        let (_tap, client) = answering(sent).await;
        let runs = client.list_runs(&Default::default()).await.unwrap();
        // None is an `Option` that every answer has.
        let Run {
            id,
            agent_id,
            conversation_id,
            ..
        } = &runs[0];
        let (id, agent_id): (&RunId, &AgentId) = (id, agent_id);
        assert_eq!((id.as_str(), agent_id.as_str()), (form, form));
        assert_eq!(conversation_id, &Some(ConversationId::from(form)));
    }
}

#[tokio::test]
async fn lists_of_ids_are_read_and_sent() {
    let sent = json!({"id": "conv-1", "agent_id": "agent-1", "in_context_message_ids": ["m"], "isolated_block_ids": ["b", ""]});
    let (tap, client) = answering(json!([sent])).await;
    let params = types::ListConversationsParams::default().with_agent_id("agent-1");
    let conversations = client.list_conversations(&params).await.unwrap();
    let Conversation {
        isolated_block_ids, ..
    } = &conversations[0];
    let blocks: &[BlockId] = isolated_block_ids;
    assert_eq!(blocks, ["b", ""]);
    assert!(
        tap.request()
            .starts_with("GET /v1/conversations/?agent_id=agent-1 ")
    );

    let (tap, client) = answering(json!({})).await;
    let body = types::CancelRunsRequest::new().with_run_ids([RunId::from("run-1"), "run-2".into()]);
    client
        .cancel_runs(&"agent-1".into(), Some(&body))
        .await
        .unwrap();
    let request = tap.request();
    assert!(request.starts_with("POST /v1/agents/agent-1/messages/cancel "));
    assert!(
        request.ends_with(r#"{"run_ids":["run-1","run-2"]}"#),
        "{request}"
    );
}

#[tokio::test]
async fn the_id_of_an_answer_goes_into_the_path_of_the_next_call() {
    let (tap, client) = answering(json!({"id": "a/b?c", "agent_id": "agent-1"})).await;
    let run = client.get_run(&"run-1".into()).await.unwrap();
    client.get_run(&run.id).await.unwrap();
    let lines: Vec<String> = tap
        .requests()
        .iter()
        .map(|request| request.lines().next().unwrap().to_owned())
        .collect();
    assert_eq!(
        lines,
        [
            "GET /v1/runs/run-1 HTTP/1.1",
            "GET /v1/runs/a%2Fb%3Fc HTTP/1.1"
        ]
    );
}

/// The path names the conversation, and an agent's own thread has no ID: the word or the agent's ID takes its place.
#[tokio::test]
async fn a_conversation_is_also_named_by_a_word_or_by_its_agent() {
    let agent = AgentId::from("agent-1");
    let (tap, client) = answering(json!([])).await;
    for id in [ConversationId::from("default"), agent.as_str().into()] {
        let params = types::ListConversationMessagesParams::default().with_agent_id(&agent);
        client
            .list_conversation_messages(&id, &params)
            .await
            .unwrap();
    }
    let requests = tap.requests();
    for (request, name) in requests.iter().zip(["default", "agent-1"]) {
        let line = format!("GET /v1/conversations/{name}/messages?agent_id=agent-1 HTTP/1.1");
        assert!(request.starts_with(&line), "{request}");
    }
}

#[tokio::test]
async fn an_id_that_would_name_another_resource_is_refused_before_it_is_sent() {
    let (tap, client) = answering(json!({})).await;
    for id in ["", ".", "..", "../agents", "a/./b"] {
        let refused = client.delete_block(&id.into()).await.unwrap_err();
        let Error::InvalidRequest(refused) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(refused.field(), Some("block_id"), "{id}");
    }
    assert_eq!(tap.requests(), [""; 0]);
}

#[tokio::test]
async fn an_agent_goes_from_an_answer_into_a_policy_and_from_there_into_a_call() {
    let emulator = Emulator::builder().start().await.unwrap();
    let agent = emulator.create_agent("agent-1").unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();

    let id: AgentId = serde_json::from_value(json!(agent.id())).unwrap();
    let policy = AccessPolicy::for_agent(&id, Preset::Chat).unwrap();
    assert_eq!(
        AccessPolicy::builder()
            .agent(id.clone())
            .chat()
            .build()
            .unwrap(),
        policy
    );
    let tokens = letta.access_tokens();
    tokens
        .create(&policy, "https://chat.example.com")
        .send()
        .await
        .unwrap();

    let ours = policy.sole_agent().unwrap();
    let params = types::ListClientSideAccessTokensParams::default().with_agent_id(ours);
    let page = letta
        .api()
        .list_client_side_access_tokens(&params)
        .await
        .unwrap();
    let types::AccessPolicyEntry::Agent { id: listed, .. } = &page.tokens[0].policy.data[0] else {
        panic!("{page:?}");
    };
    assert_eq!(listed, &id);
    let listed = tokens.list().agent(listed).send().await.unwrap();
    assert_eq!(listed.tokens().len(), 1);

    let say = types::CreateMessage::new(types::InputRole::User, "Hello");
    let body = types::MessageRequest::new().with_messages([say.into()]);
    letta.api().send_message(&ours.into(), &body).await.unwrap();

    // An ID of a form that is not known is checked there, and names what is wrong.
    let error = AccessPolicy::for_agent(AgentId::from("1"), Preset::Chat).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`agent` must begin with `agent-`; got `1`"
    );
}
