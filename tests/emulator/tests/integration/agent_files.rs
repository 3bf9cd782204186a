//! Agents that leave as a file, and come back as other agents.

// The service still has what is deprecated.
#![allow(deprecated)]

use std::collections::HashMap;

use letta_api::FilePart;
use letta_api::types::{
    AgentFile, AgentState, CreateAgent, CreateBlock, CreateMcpServer, CreateMcpServerConfig,
    CreateSseMcpServer, ExportAgentParams, ImportAgentBody, ImportAgentParams, ListToolsParams,
};
use letta_api_emulator::{Act, Emulator, Message, NewAgent, NewTool};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, request};
use crate::typed::{Service, nobody, refused, strings, value};

/// An agent that has something of everything.
async fn with_ada() -> Service {
    let builder = Emulator::builder().tool(NewTool::new("roll_dice").description("Rolls."));
    let service = Service::of(builder).await;
    let wanted = CreateAgent::new()
        .with_name("Ada")
        .with_description("Knows engines.")
        .with_system("Be kind.")
        .with_model("openai/gpt-4.1")
        .with_tags(strings(["one", "two"]))
        .with_metadata(json!({"a": 1}).as_object().unwrap().clone())
        .with_timezone("Europe/Berlin")
        .with_parallel_tool_calls(true)
        .with_memory_blocks(vec![
            CreateBlock::new("Name: Sam", "human").with_tags(strings(["t"])),
        ])
        .with_tools(strings(["roll_dice"]))
        .with_secrets(HashMap::from([(
            "KEY".to_owned(),
            "very-secret".to_owned(),
        )]));
    let ada = service.create(&wanted).await;
    let set = letta_api::types::UpdateToolApproval::new(true);
    let params = Default::default();
    let answer = service
        .client
        .update_tool_approval(&ada.id, "send_mail", &params, Some(&set));
    value(answer.await);
    service
}

async fn say(service: &Service, agent: &AgentState, text: &str) {
    let path = format!("/v1/agents/{}/messages", agent.id);
    let body = json!({"messages": [{"role": "user", "content": text}]});
    let answer = Answer::of(request(&service.emulator, Method::POST, &path).json(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

fn first(service: &Service) -> AgentState {
    service.emulator.agents()[0].state().clone()
}

async fn export(service: &Service, agent: &AgentState) -> AgentFile {
    value(
        service
            .client
            .export_agent(&agent.id, &ExportAgentParams::default())
            .await,
    )
}

fn upload(file: &impl serde::Serialize) -> ImportAgentBody {
    ImportAgentBody::new(FilePart::bytes("ada.af", serde_json::to_vec(file).unwrap()))
}

/// Imports, and gives the agent that came of it.
async fn import(service: &Service, body: ImportAgentBody) -> AgentState {
    let params = ImportAgentParams::default();
    let answer = value(service.client.import_agent(&params, body).await);
    assert_eq!(answer.agent_ids.len(), 1);
    service.state(&answer.agent_ids[0])
}

fn said(service: &Service, agent: &AgentState) -> Vec<(String, Value)> {
    let agent = service
        .emulator
        .agent(agent.id.as_str())
        .snapshot()
        .unwrap();
    let of = |message: &Message| {
        let shown = serde_json::to_value(message.message()).unwrap();
        let call = match &shown["tool_calls"] {
            Value::Null => shown["tool_return"].clone(),
            calls => calls.clone(),
        };
        (
            format!("{}: {}", message.kind().as_str(), message.text()),
            call,
        )
    };
    agent.messages().iter().map(of).collect()
}

#[tokio::test]
async fn an_agent_that_is_exported_and_imported_is_the_same_under_other_ids() {
    let service = with_ada().await;
    let ada = first(&service);
    let script = [
        Act::reasoning("A die."),
        Act::call("roll_dice", json!({"sides": 6})).returns("4"),
        Act::text("It is a 4."),
    ];
    service
        .emulator
        .agent(ada.id.as_str())
        .script(script)
        .unwrap();
    say(&service, &ada, "Roll.").await;
    let file = export(&service, &ada).await;
    assert_eq!(file.agents[0].secrets.as_ref().unwrap()["KEY"], "");
    assert!(
        !serde_json::to_string(&file)
            .unwrap()
            .contains("very-secret")
    );
    let copy = import(&service, upload(&file)).await;
    assert_ne!(copy.id, ada.id);
    assert_eq!(copy.name, "Ada_copy");
    let mut expected = ada.clone();
    // What is of the copy alone, and what a file does not have.
    expected.id = copy.id.clone();
    expected.name.clone_from(&copy.name);
    expected.created_at.clone_from(&copy.created_at);
    expected.updated_at.clone_from(&copy.updated_at);
    expected.message_ids.clone_from(&copy.message_ids);
    expected.secrets.clone_from(&copy.secrets);
    expected
        .tool_exec_environment_variables
        .clone_from(&copy.secrets);
    expected.blocks[0].id = copy.blocks[0].id.clone();
    expected.memory.blocks[0].id = copy.blocks[0].id.clone();
    expected
        .last_run_completion
        .clone_from(&copy.last_run_completion);
    expected.last_run_duration_ms = copy.last_run_duration_ms;
    expected.last_stop_reason.clone_from(&copy.last_stop_reason);
    expected.enable_sleeptime = Some(false);
    assert_eq!(copy, expected);
    assert_ne!(copy.blocks[0].id, ada.blocks[0].id);
    assert_eq!(copy.tools, ada.tools);
    assert_eq!(copy.secrets[0].value, "");

    let messages = said(&service, &ada);
    assert_eq!(said(&service, &copy), messages);
    assert!(messages.len() > 4, "{messages:?}");
    let ids = |agent: &AgentState| agent.message_ids.clone().unwrap();
    assert_eq!(ids(&copy).len(), ids(&service.state(&ada.id)).len());
    assert!(ids(&copy).iter().all(|id| !ids(&ada).contains(id)));

    // And once more, into another emulator, which has neither the tool nor the block.
    let other = Service::start().await;
    let there = import(&other, upload(&file)).await;
    assert_eq!(said(&other, &there), messages);
    assert_eq!(there.tools.len(), ada.tools.len());
    assert_eq!(there.blocks[0].value, "Name: Sam");
    say(&other, &there, "Hello.").await;
    let again = export(&other, &there).await;
    assert_eq!(
        again.agents[0].messages.len(),
        file.agents[0].messages.len() + 2
    );
}

#[tokio::test]
async fn an_import_does_what_its_fields_say() {
    let service = with_ada().await;
    let file = export(&service, &first(&service)).await;
    let upload = || upload(&file);
    let named = import(&service, upload().with_name("Grace")).await;
    assert_eq!(named.name, "Grace");
    let plain = import(&service, upload().with_append_copy_suffix(false)).await;
    assert_eq!(plain.name, "Ada");
    let old = import(&service, upload().with_override_name("Old")).await;
    assert_eq!(old.name, "Old");
    let other = upload()
        .with_model("openai/gpt-4o-mini")
        .with_embedding("openai/text-embedding-3-large")
        .with_secrets(r#"{"KEY": "new", "OTHER": "x"}"#);
    let other = import(&service, other).await;
    assert_eq!(other.model.as_deref(), Some("openai/gpt-4o-mini"));
    assert_eq!(other.embedding_config.unwrap().embedding_dim, 3_072);
    let secrets: Vec<_> = other
        .secrets
        .iter()
        .map(|it| (&*it.key, &*it.value))
        .collect();
    assert_eq!(secrets, [("KEY", "new")]);
    let by_header = ImportAgentParams::default()
        .with_x_override_embedding_model("openai/text-embedding-3-small");
    let made = value(service.client.import_agent(&by_header, upload()).await);
    let embedding = service.state(&made.agent_ids[0]).embedding_config.unwrap();
    assert_eq!(embedding.embedding_model, "text-embedding-3-small");
}

#[tokio::test]
async fn tools_that_are_there_are_replaced_unless_the_import_says_otherwise() {
    let service = with_ada().await;
    let file = export(&service, &first(&service)).await;
    let named = ListToolsParams::default().with_name("roll_dice");
    let tool = value(service.client.list_tools(&named).await).remove(0);
    let change = letta_api::types::UpdateTool::new().with_description("Changed.");
    value(service.client.update_tool(&tool.id, &change).await);
    let description = async || {
        let tool = value(service.client.list_tools(&named).await).remove(0);
        tool.description.unwrap()
    };
    import(&service, upload(&file).with_override_existing_tools(false)).await;
    assert_eq!(description().await, "Changed.");
    import(&service, upload(&file)).await;
    assert_eq!(description().await, "Rolls.");
    assert_eq!(
        value(service.client.list_tools(&named).await)[0].id,
        tool.id
    );
}

#[tokio::test]
async fn a_file_that_is_wrong_makes_nothing() {
    let service = with_ada().await;
    let good = json!(export(&service, &first(&service)).await);
    let without = |path: &str| {
        let mut file = good.clone();
        *file.pointer_mut(path).unwrap() = json!([]);
        file
    };
    for (file, detail) in [
        (json!({}), "'agents' field"),
        (json!([]), "'agents' field"),
        (json!({"agents": 1}), "'agents' field"),
        (
            json!({"agents": []}),
            "validation errors for AgentFileSchema",
        ),
        (without("/tools"), "names a tool"),
        (without("/blocks"), "names a block"),
        (without("/agents/0/messages"), "names a message"),
    ] {
        let params = ImportAgentParams::default();
        let refusal = refused(service.client.import_agent(&params, upload(&file)).await);
        assert_eq!(refusal.0, 400, "{refusal:?}");
        assert!(refusal.1.contains(detail), "{refusal:?}");
    }
    let good = || upload(&good);
    for (body, status, detail) in [
        (
            ImportAgentBody::new(FilePart::bytes("a.af", "{")),
            400,
            "Corrupted agent file format.",
        ),
        (good().with_secrets("no JSON"), 400, "secrets must be"),
        (good().with_secrets("[1]"), 400, "secrets must be"),
        (good().with_model("nobody/gpt"), 404, "Handle nobody/gpt"),
        (good().with_embedding("nobody/e"), 400, "Embedding model"),
    ] {
        let params = ImportAgentParams::default();
        let refusal = refused(service.client.import_agent(&params, body).await);
        assert_eq!(refusal.0, status, "{refusal:?}");
        assert!(refusal.1.contains(detail), "{refusal:?}");
    }
    assert_eq!(service.emulator.agents().len(), 1);
    assert_eq!(
        value(service.client.list_blocks(&Default::default()).await).len(),
        1
    );
    let nothing = request(&service.emulator, Method::POST, "/v1/agents/import");
    let nothing = nothing
        .header("content-type", "multipart/form-data; boundary=X")
        .body("--X--\r\n");
    assert_eq!(Answer::of(nothing).await.status, 422);
}

#[tokio::test]
async fn an_export_leaves_messages_out_if_it_is_told_to() {
    let service = with_ada().await;
    let ada = first(&service);
    say(&service, &ada, "Hello.").await;
    let scrub = ExportAgentParams::default().with_scrub_messages(true);
    let scrubbed = value(service.client.export_agent(&ada.id, &scrub).await);
    assert!(scrubbed.agents[0].messages.is_empty());
    let copy = import(&service, upload(&scrubbed)).await;
    assert_eq!(copy.message_ids.unwrap().len(), 1);
    let of_no_conversation =
        ExportAgentParams::default().with_conversation_id(nobody::<String>("conv"));
    let empty = value(
        service
            .client
            .export_agent(&ada.id, &of_no_conversation)
            .await,
    );
    assert!(empty.agents[0].messages.is_empty());
    let legacy = ExportAgentParams::default().with_use_legacy_format(true);
    let refusal = refused(service.client.export_agent(&ada.id, &legacy).await);
    assert_eq!(refusal, (400, "Legacy format is not supported".to_owned()));
    let gone: letta_api::types::AgentId = nobody("agent");
    let refusal = refused(
        service
            .client
            .export_agent(&gone, &Default::default())
            .await,
    );
    assert_eq!(refusal.0, 500);
    assert!(refusal.1.contains(gone.as_str()), "{refusal:?}");
}

#[tokio::test]
async fn a_server_of_tools_comes_along_without_its_secrets() {
    let start = || {
        Service::of(
            Emulator::builder()
                .mcp_tool("weather", "forecast")
                .agent(NewAgent::new("agent-1")),
        )
    };
    let service = start().await;
    let config =
        CreateSseMcpServer::new("https://weather.example.com/sse").with_auth_token("very-secret");
    let config = CreateMcpServerConfig::CreateSseMcpServer(Box::new(config));
    value(
        service
            .client
            .create_mcp_server(&CreateMcpServer::new("weather", config))
            .await,
    );
    let tool = ListToolsParams::default().with_name("forecast");
    let tool = value(service.client.list_tools(&tool).await).remove(0);
    value(
        service
            .client
            .attach_tool(&"agent-1".into(), &tool.id)
            .await,
    );
    let file = export(&service, &first(&service)).await;
    assert_eq!(file.mcp_servers[0].server_name, "weather");
    assert!(
        !serde_json::to_string(&file)
            .unwrap()
            .contains("very-secret")
    );

    let other = start().await;
    let there = import(&other, upload(&file)).await;
    let servers = value(other.client.list_mcp_servers().await);
    let server = serde_json::to_value(&servers[0]).unwrap();
    assert_eq!(server["server_url"], "https://weather.example.com/sse");
    let id = server["id"].as_str().unwrap().to_owned().into();
    let tools = value(other.client.list_mcp_server_tools(&id).await);
    assert_eq!(tools[0].id, there.tools[0].id);
    import(&other, upload(&file)).await;
    assert_eq!(value(other.client.list_mcp_servers().await).len(), 1);
}

/// What a server wrote: what a user says is packed into JSON, and what an agent says is a call of a tool.
#[tokio::test]
async fn messages_of_a_servers_file_are_read_as_the_server_lists_them() {
    let service = with_ada().await;
    let mut file = json!(export(&service, &first(&service)).await);
    let message = |number: usize, role: &str, text: &str, calls: Value| {
        json!({
            "id": format!("message-{number}"), "role": role, "agent_id": "agent-0",
            "content": [{"type": "text", "text": text}], "tool_calls": calls,
            "created_at": "2026-01-02T03:04:05.678901+00:00",
        })
    };
    let user = json!({"type": "user_message", "message": "hello", "time": "now"}).to_string();
    let call = json!([{"id": "call-1", "type": "function", "function": {
        "name": "send_message", "arguments": "{\"message\": \"hi there\"}"}}]);
    let ok = json!({"status": "OK", "message": "None", "time": "now"}).to_string();
    file["agents"][0]["messages"] = json!([
        message(0, "system", "Be kind.", Value::Null),
        message(1, "user", &user, Value::Null),
        message(2, "assistant", "", call),
        message(3, "tool", &ok, Value::Null),
    ]);
    file["agents"][0]["in_context_message_ids"] = json!(["message-0", "message-2", "message-3"]);
    let agent = import(&service, upload(&file)).await;
    let said: Vec<String> = said(&service, &agent)
        .into_iter()
        .map(|(text, _)| text)
        .collect();
    assert_eq!(
        said,
        [
            "system_message: Be kind.",
            "user_message: hello",
            "assistant_message: hi there"
        ]
    );
    assert_eq!(agent.message_ids.unwrap().len(), 3);
}

#[tokio::test]
async fn a_file_that_is_nested_deeper_than_a_body_may_be_is_refused_and_makes_nothing() {
    let service = with_ada().await;
    let ada = first(&service);
    let mut file = json!(export(&service, &ada).await);
    let agents = service.emulator.agents().len();
    file["agents"][0]["metadata"] = (0..110).fold(json!({}), |deep, _| json!({"a": deep}));
    let params = ImportAgentParams::default();
    let answer = service.client.import_agent(&params, upload(&file)).await;
    let (status, why) = refused(answer);
    assert_eq!(status, 400, "{why}");
    assert!(why.contains("100 levels"), "{why}");
    assert_eq!(service.emulator.agents().len(), agents);
}
