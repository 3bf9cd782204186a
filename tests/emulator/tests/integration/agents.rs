// The service still has what is deprecated.
#![allow(deprecated)]

use std::io::ErrorKind;
use std::time::Duration;

use letta_api::types::{
    AgentInclude, AgentSortField, AgentState, CreateAgent, CreateAgentParams, CreateBlock,
    GetAgentParams, Identity, IdentityType, ListAgentsParams, RecompileAgentParams, SortOrder,
    UpdateAgent,
};
use letta_api_emulator::{Emulator, ManualClock, MessageKind, NewAgent, NewTool};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, request};
use crate::typed::{Service, nobody, refused, strings, value};

async fn call(emulator: &Emulator, method: Method, path: &str, body: Value) -> Answer {
    Answer::of(request(emulator, method, path).json(&body)).await
}

fn labels(agent: &AgentState) -> Vec<&str> {
    let blocks = agent.blocks.iter();
    blocks.filter_map(|block| block.label.as_deref()).collect()
}

fn tools(agent: &AgentState) -> Vec<&str> {
    let tools = agent.tools.iter();
    tools.filter_map(|tool| tool.name.as_deref()).collect()
}

fn rules(agent: &AgentState) -> Vec<(String, String)> {
    let rules = serde_json::to_value(&agent.tool_rules).unwrap();
    let rules = rules.as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rules
        .map(|rule| (text(&rule["tool_name"]), text(&rule["type"])))
        .collect()
}

#[tokio::test]
async fn a_create_makes_all_that_it_names() {
    let identity = Identity::new(
        "identity-1",
        "sam@example.com",
        "Sam",
        IdentityType::User,
        Vec::new(),
        Vec::new(),
    );
    let builder = Emulator::builder()
        .identity(identity)
        .tool(NewTool::new("roll_dice"));
    let service = Service::of(builder).await;
    let shared = CreateBlock::new("Shared.", "team");
    let shared = value(service.client.create_block(&shared).await);
    let wanted = CreateAgent::new()
        .with_name("Ada")
        .with_description("Knows engines.")
        .with_system("Be kind.")
        .with_model("openai/gpt-4.1")
        .with_embedding("openai/text-embedding-3-large")
        .with_context_window_limit(5_000)
        .with_parallel_tool_calls(true)
        .with_timezone("Europe/Berlin")
        .with_tags(strings(["one", "two", "one"]))
        .with_metadata(json!({"a": 1}).as_object().unwrap().clone())
        .with_block_ids(vec![shared.id.clone(), nobody("block")])
        .with_memory_blocks(vec![
            CreateBlock::new("Name: Sam", "human"),
            CreateBlock::new("Not shared.", "team"),
        ])
        .with_tools(strings(["roll_dice"]))
        .with_identity_ids(vec!["identity-1".into()])
        .with_secrets(std::collections::HashMap::from([(
            "KEY".to_owned(),
            "value".to_owned(),
        )]));
    let made = service.create(&wanted).await;
    assert_eq!(made.id.as_str().len(), 42);
    assert_eq!(made.name, "Ada");
    assert_eq!(made.description.as_deref(), Some("Knows engines."));
    assert_eq!(made.system, "Be kind.");
    assert_eq!(made.model.as_deref(), Some("openai/gpt-4.1"));
    assert_eq!(made.llm_config.model, "gpt-4.1");
    assert_eq!(made.llm_config.context_window, 5_000);
    assert_eq!(made.llm_config.parallel_tool_calls, true.into());
    assert_eq!(made.max_files_open, Some(3));
    assert_eq!(made.embedding_config.as_ref().unwrap().embedding_dim, 3_072);
    assert_eq!(made.timezone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(made.tags, ["one", "two"]);
    assert_eq!(made.metadata.as_ref().unwrap()["a"], 1);
    // A block that does not exist is passed over, and so is a second one of a label.
    assert_eq!(labels(&made), ["team", "human"]);
    assert_eq!(made.blocks[0].value, "Shared.");
    assert!(made.blocks[1].description.is_some());
    assert_eq!(made.memory.blocks, made.blocks);
    assert_eq!(
        tools(&made),
        [
            "roll_dice",
            "memory_replace",
            "memory_insert",
            "conversation_search"
        ]
    );
    assert_eq!(made.identities[0].name, "Sam");
    assert_eq!(made.secrets[0].value, "value");
    assert_eq!(made.secrets, made.tool_exec_environment_variables);
    assert_eq!(made.message_ids.as_ref().unwrap().len(), 1);
    assert_eq!(service.state(&made.id), made);
    let agent = service.emulator.agent(made.id.as_str()).snapshot().unwrap();
    let first = agent.messages()[0].text();
    assert!(first.starts_with("Be kind.\n\n<memory_blocks>"), "{first}");
    assert!(
        first.contains("<human>") && first.contains("\nName: Sam\n"),
        "{first}"
    );
}

#[tokio::test]
async fn a_create_of_nothing_makes_an_agent_with_the_defaults() {
    let service = Service::start().await;
    let made = service.create(&CreateAgent::new()).await;
    assert!(!made.name.is_empty());
    assert_eq!(made.agent_type.as_str(), "letta_v1_agent");
    assert_eq!(made.model.as_deref(), Some("letta/letta-free"));
    assert_eq!(made.timezone.as_deref(), Some("UTC"));
    assert_eq!(made.embedding, None);
    assert_eq!(
        tools(&made),
        ["memory_replace", "memory_insert", "conversation_search"]
    );
    assert_eq!(rules(&made), []);
    let bare = CreateAgent::new().with_include_base_tools(false);
    assert_eq!(tools(&service.create(&bare).await), [""; 0]);
}

#[tokio::test]
async fn agents_of_other_types_have_other_tools_and_rules() {
    let service = Service::start().await;
    for (kind, names, first_rule) in [
        ("memgpt_v2_agent", 4, Some("continue_loop")),
        ("memgpt_agent", 6, Some("continue_loop")),
        ("sleeptime_agent", 4, Some("continue_loop")),
        ("react_agent", 0, None),
        ("workflow_agent", 0, None),
    ] {
        let wanted = CreateAgent::new().with_agent_type(kind);
        let made = service.create(&wanted).await;
        assert_eq!(made.tools.len(), names, "{kind}");
        let rules = rules(&made);
        assert_eq!(rules.first().map(|(_, rule)| &**rule), first_rule, "{kind}");
    }
    let many = CreateAgent::new()
        .with_include_base_tools(false)
        .with_include_multi_agent_tools(true);
    let many = service.create(&many).await;
    assert_eq!(many.tools.len(), 3);
    let exit = (
        "send_message_to_agent_async".to_owned(),
        "exit_loop".to_owned(),
    );
    assert_eq!(rules(&many), [exit]);
}

#[tokio::test]
async fn a_create_with_messages_has_them_in_its_thread() {
    let service = Service::start().await;
    let answer = call(
        &service.emulator,
        Method::POST,
        "/v1/agents/",
        json!({"system": "Be kind.", "initial_message_sequence": [
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": [{"type": "text", "text": "Hi."}]},
        ]}),
    )
    .await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let agent = service.emulator.agent(id).snapshot().unwrap();
    let messages: Vec<_> = agent
        .messages()
        .iter()
        .map(|message| (message.kind(), message.text()))
        .collect();
    assert_eq!(
        messages,
        [
            (MessageKind::System, "Be kind."),
            (MessageKind::User, "Hello."),
            (MessageKind::Assistant, "Hi."),
        ]
    );
}

#[tokio::test]
async fn a_create_that_names_what_there_is_not_is_refused_and_makes_nothing() {
    let service = Service::start().await;
    let new = CreateAgent::new;
    for (wanted, status, detail) in [
        (new().with_model("gpt-4.1"), 400, "provider/model-name"),
        (
            new().with_model("nobody/gpt"),
            404,
            "Handle nobody/gpt not found",
        ),
        (
            new().with_embedding("nobody/e"),
            400,
            "Embedding model nobody/e not found",
        ),
        (
            new().with_tools(strings(["fly"])),
            400,
            "not found by name: `fly`",
        ),
        (
            new().with_tool_ids(vec![nobody("tool")]),
            400,
            "not found by id: tool-0000",
        ),
        (
            new().with_identity_ids(vec![nobody("identity")]),
            409,
            "identity_ids",
        ),
        (
            new().with_folder_ids(vec![nobody("source")]),
            409,
            "folder_ids",
        ),
    ] {
        let wanted = wanted.with_memory_blocks(vec![CreateBlock::new("x", "human")]);
        let params = CreateAgentParams::default();
        let refusal = refused(service.client.create_agent(&params, &wanted).await);
        assert_eq!(refusal.0, status, "{refusal:?}");
        assert!(refusal.1.contains(detail), "{refusal:?}");
    }
    assert!(service.emulator.agents().is_empty());
    let blocks = service.client.list_blocks(&Default::default()).await;
    assert!(value(blocks).is_empty());
}

#[tokio::test]
async fn a_change_sets_what_it_names_and_keeps_the_rest() {
    let clock = ManualClock::new();
    let service = Service::of(Emulator::builder().clock(clock.clone())).await;
    let wanted = CreateAgent::new()
        .with_name("Ada")
        .with_description("Knows engines.")
        .with_tags(strings(["one"]))
        .with_memory_blocks(vec![CreateBlock::new("Name: Sam", "human")])
        .with_secrets(std::collections::HashMap::from([(
            "A".to_owned(),
            "1".to_owned(),
        )]));
    let made = service.create(&wanted).await;
    clock.advance(Duration::from_secs(1));
    let nothing = UpdateAgent::new()
        .with_description_null()
        .with_tags_null()
        .with_block_ids_null();
    let same = value(service.client.update_agent(&made.id, &nothing).await);
    assert_ne!(same.updated_at, made.updated_at);
    let mut expected = made.clone();
    expected.updated_at.clone_from(&same.updated_at);
    assert_eq!(same, expected);

    let other = value(
        service
            .client
            .create_block(&CreateBlock::new("Other.", "team"))
            .await,
    );
    let search = made.tools[2].id.clone();
    let change = UpdateAgent::new()
        .with_name("Grace")
        .with_tags(strings(["two", "three"]))
        .with_block_ids(vec![other.id.clone()])
        .with_tool_ids(vec![search])
        .with_model("openai/gpt-4o-mini")
        .with_max_tokens(100)
        .with_timezone("Europe/Berlin")
        .with_secrets(std::collections::HashMap::from([(
            "B".to_owned(),
            "2".to_owned(),
        )]));
    let changed = value(service.client.update_agent(&made.id, &change).await);
    assert_eq!(changed.name, "Grace");
    assert_eq!(changed.description.as_deref(), Some("Knows engines."));
    assert_eq!(changed.tags, ["two", "three"]);
    assert_eq!(labels(&changed), ["team"]);
    assert_eq!(tools(&changed), ["conversation_search"]);
    assert_eq!(changed.llm_config.model, "gpt-4o-mini");
    assert_eq!(changed.llm_config.max_tokens, 100.into());
    assert_eq!(changed.model.as_deref(), Some("openai/gpt-4o-mini"));
    assert_eq!(changed.secrets.len(), 1);
    assert_eq!(changed.secrets[0].key, "B");
    assert_eq!(changed.created_at, made.created_at);
    assert_eq!(service.state(&made.id), changed);
    let cleared = UpdateAgent::new()
        .with_tags(Vec::new())
        .with_tool_ids(Vec::new());
    let cleared = value(service.client.update_agent(&made.id, &cleared).await);
    assert!(cleared.tags.is_empty() && cleared.tools.is_empty());
    // The block that is not attached any more is still there.
    value(service.client.get_block(&made.blocks[0].id).await);
}

#[tokio::test]
async fn a_change_that_is_wrong_in_part_changes_nothing() {
    let service = Service::of(Emulator::builder().agent("agent-1")).await;
    let before = service.state(&"agent-1".into());
    let change = || UpdateAgent::new().with_name("Grace");
    let (two, three) = (CreateBlock::new("a", "team"), CreateBlock::new("b", "team"));
    let two = value(service.client.create_block(&two).await).id;
    let three = value(service.client.create_block(&three).await).id;
    for (change, status) in [
        (change().with_tool_ids(vec![nobody("tool")]), 409),
        (change().with_block_ids(vec![nobody("block")]), 500),
        (change().with_block_ids(vec![two, three]), 409),
        (change().with_identity_ids(vec![nobody("identity")]), 409),
        (change().with_model("nobody/gpt"), 404),
    ] {
        let refusal = refused(
            service
                .client
                .update_agent(&"agent-1".into(), &change)
                .await,
        );
        assert_eq!(refusal.0, status, "{refusal:?}");
    }
    assert_eq!(service.state(&"agent-1".into()), before);
    let nobody = refused(
        service
            .client
            .update_agent(&nobody("agent"), &change())
            .await,
    );
    assert_eq!(nobody.0, 404);
    assert!(nobody.1.contains("Agent"), "{nobody:?}");
}

#[tokio::test]
async fn members_that_are_not_to_be_changed_are_passed_over() {
    let service = Service::of(Emulator::builder().agent("agent-1")).await;
    let before = service.state(&"agent-1".into());
    let answer = call(
        &service.emulator,
        Method::PATCH,
        "/v1/agents/agent-1",
        json!({"id": "agent-2", "created_at": "x", "agent_type": "react_agent", "tools": [], "blocks": []}),
    )
    .await;
    assert_eq!(answer.status, 200);
    let after = service.state(&"agent-1".into());
    assert_eq!(
        (&after.id, &after.agent_type),
        (&before.id, &before.agent_type)
    );
    assert_eq!(after.created_at, before.created_at);
}

#[tokio::test]
async fn a_current_client_sees_what_it_asks_for_and_an_old_one_sees_all() {
    let ada = NewAgent::new("agent-1")
        .memory("human", "Sam")
        .tag("one")
        .tool("roll_dice");
    let service = Service::of(Emulator::builder().agent(ada)).await;
    let id = "agent-1".into();
    let bare = value(
        service
            .client
            .get_agent(&id, &GetAgentParams::default())
            .await,
    );
    assert!(bare.tools.is_empty() && bare.blocks.is_empty() && bare.tags.is_empty());
    assert!(bare.memory.blocks.is_empty());
    let include = GetAgentParams::default().with_include(vec![
        AgentInclude::Tools,
        AgentInclude::Tags,
        AgentInclude::Blocks,
    ]);
    let more = value(service.client.get_agent(&id, &include).await);
    assert_eq!(
        (tools(&more), labels(&more)),
        (vec!["roll_dice"], vec!["human"])
    );
    assert_eq!(more.tags, ["one"]);
    let params = ListAgentsParams::default().with_include(vec![AgentInclude::Tools]);
    let listed = value(service.client.list_agents(&params).await);
    assert_eq!(tools(&listed[0]), ["roll_dice"]);
    assert!(listed[0].tags.is_empty());
    for path in ["/v1/agents/agent-1", "/v1/agents/"] {
        let old = request(&service.emulator, Method::GET, path).header("user-agent", "old/0.9");
        let old = Answer::of(old).await.json();
        let agent = if old.is_array() { &old[0] } else { &old };
        assert_eq!(agent["tools"][0]["name"], "roll_dice", "{path}");
        assert_eq!(agent["blocks"][0]["value"], "Sam", "{path}");
        assert_eq!(agent["tags"], json!(["one"]), "{path}");
    }
    let some = request(
        &service.emulator,
        Method::GET,
        "/v1/agents/?include_relationships=tags",
    );
    let some = Answer::of(some.header("user-agent", "old/0.9"))
        .await
        .json();
    assert_eq!(
        (&some[0]["tags"], &some[0]["tools"]),
        (&json!(["one"]), &json!([]))
    );
}

#[tokio::test]
async fn agents_are_listed_newest_first_by_cursor() {
    let mut builder = Emulator::builder();
    for (id, name, tags) in [
        ("agent-1", "Ada", &["a", "b"][..]),
        ("agent-2", "Bob", &["b"]),
        ("agent-3", "ada-2", &[]),
    ] {
        let agent = NewAgent::new(id).name(name);
        builder = builder.agent(tags.iter().fold(agent, |agent, tag| agent.tag(*tag)));
    }
    let service = Service::of(builder).await;
    let new = ListAgentsParams::default;
    for (params, expected) in [
        (new(), &["agent-3", "agent-2", "agent-1"][..]),
        (new().with_limit(2), &["agent-3", "agent-2"]),
        (new().with_limit(0), &["agent-3", "agent-2", "agent-1"]),
        (new().with_after("agent-2"), &["agent-1"]),
        (new().with_before("agent-2"), &["agent-3"]),
        (
            new().with_after(nobody::<String>("agent")),
            &["agent-3", "agent-2", "agent-1"],
        ),
        (new().with_order(SortOrder::Asc).with_limit(1), &["agent-1"]),
        (new().with_name("Bob"), &["agent-2"]),
        (new().with_name("Bo"), &[]),
        (new().with_query_text("ADA"), &["agent-3", "agent-1"]),
        // The cursor need not be among those that are listed.
        (
            new().with_query_text("ada").with_after("agent-2"),
            &["agent-1"],
        ),
        (
            new().with_tags(strings(["a", "b"])),
            &["agent-2", "agent-1"],
        ),
        (
            new()
                .with_tags(strings(["a", "b"]))
                .with_match_all_tags(true),
            &["agent-1"],
        ),
        (new().with_project_id("p"), &[]),
        (new().with_identity_id("identity-1"), &[]),
        (new().with_identifier_keys(strings(["sam"])), &[]),
    ] {
        let listed = value(service.client.list_agents(&params).await);
        let ids: Vec<_> = listed.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, expected, "{params:?}");
    }
}

#[tokio::test]
async fn agents_are_listed_by_when_they_changed_and_ran() {
    let clock = ManualClock::new();
    let builder = Emulator::builder().clock(clock.clone());
    let service = Service::of(builder.agent("agent-1").agent("agent-2").agent("agent-3")).await;
    clock.advance(Duration::from_secs(1));
    let ran = UpdateAgent::new().with_last_run_completion("2026-01-01T00:00:00Z");
    value(service.client.update_agent(&"agent-2".into(), &ran).await);
    for (field, order, expected) in [
        (
            AgentSortField::UpdatedAt,
            SortOrder::Desc,
            ["agent-2", "agent-3", "agent-1"],
        ),
        (
            AgentSortField::UpdatedAt,
            SortOrder::Asc,
            ["agent-1", "agent-3", "agent-2"],
        ),
        (
            AgentSortField::LastRunCompletion,
            SortOrder::Desc,
            ["agent-2", "agent-3", "agent-1"],
        ),
        (
            AgentSortField::LastRunCompletion,
            SortOrder::Asc,
            ["agent-2", "agent-1", "agent-3"],
        ),
    ] {
        let params = ListAgentsParams::default()
            .with_order_by(field.clone())
            .with_order(order);
        let listed = value(service.client.list_agents(&params).await);
        let ids: Vec<_> = listed.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, expected, "{params:?}");
    }
}

#[tokio::test]
async fn deleting_an_agent_leaves_its_blocks_and_tools() {
    let ada = NewAgent::new("agent-1")
        .memory("human", "Sam")
        .tool("roll_dice");
    let service = Service::of(Emulator::builder().agent(ada)).await;
    let state = service.state(&"agent-1".into());
    value(service.client.delete_agent(&state.id).await);
    assert!(service.emulator.agents().is_empty());
    let gone = refused(
        service
            .client
            .get_agent(&state.id, &Default::default())
            .await,
    );
    assert_eq!(gone, (404, "Agent with ID agent-1 not found".to_owned()));
    assert_eq!(refused(service.client.delete_agent(&state.id).await).0, 404);
    let messages = service
        .client
        .list_messages(&state.id, &Default::default())
        .await;
    assert_eq!(refused(messages).0, 404);
    value(service.client.get_block(&state.blocks[0].id).await);
    value(service.client.get_tool(&state.tools[0].id).await);
    let agents = service
        .client
        .list_block_agents(&state.blocks[0].id, &Default::default())
        .await;
    assert!(value(agents).is_empty());
}

#[tokio::test]
async fn a_prompt_is_written_anew_on_demand_and_when_memory_changes() {
    let ada = NewAgent::new("agent-1")
        .system("One.")
        .memory("human", "Sam");
    let service = Service::of(Emulator::builder().agent(ada)).await;
    let id = "agent-1".into();
    let first = || {
        service
            .emulator
            .agent("agent-1")
            .snapshot()
            .unwrap()
            .messages()[0]
            .clone()
    };
    let before = first();
    let system = UpdateAgent::new().with_system("Two.");
    value(service.client.update_agent(&id, &system).await);
    assert!(first().text().starts_with("One."));
    let dry = RecompileAgentParams::default().with_dry_run(true);
    let told = value(service.client.recompile_agent(&id, &dry).await);
    assert!(told.starts_with("Two.") && first().text().starts_with("One."));
    // The answer is what it was.
    let told = value(
        service
            .client
            .recompile_agent(&id, &Default::default())
            .await,
    );
    assert!(told.starts_with("One.") && first().text().starts_with("Two."));
    let block = service.state(&id).blocks[0].id.clone();
    let change = letta_api::types::UpdateBlock::new().with_value("Kim");
    value(service.client.update_block(&block, &change).await);
    assert!(first().text().contains("\nKim\n"));
    assert_eq!(first().id(), before.id());
    let nobody = service
        .client
        .recompile_agent(&nobody("agent"), &Default::default())
        .await;
    assert_eq!(refused(nobody).0, 404);
}

#[tokio::test]
async fn an_agent_made_in_the_program_is_as_it_was_asked_for() {
    let emulator = Emulator::start().await.unwrap();
    let began = std::time::SystemTime::now() - Duration::from_secs(1);
    let agent = NewAgent::new("agent-1")
        .name("Ada")
        .description("Kind.")
        .system("Be kind.");
    let agent = emulator.create_agent(agent).unwrap();
    assert_eq!(
        (agent.id(), agent.name(), agent.description()),
        ("agent-1", "Ada", Some("Kind."))
    );
    assert_eq!(
        (agent.system(), agent.model()),
        ("Be kind.", "letta/letta-free")
    );
    assert!(agent.tags().is_empty());
    let first = &agent.messages()[0];
    assert!(first.date() > began && agent.created_at() > began);
    assert_eq!(
        (first.kind(), first.text()),
        (MessageKind::System, "Be kind.")
    );

    let generated = emulator
        .create_agent(NewAgent::with_generated_id())
        .unwrap();
    assert!(emulator.agent(generated.id()).snapshot().is_some());

    let agent = NewAgent::new("agent-2")
        .model("anthropic/claude-sonnet-4-5")
        .tag("one")
        .metadata("team", "billing")
        .memory("human", "Kim")
        .memory("human", "Sam")
        .tool("conversation_search")
        .tool(NewTool::new("roll_dice").description("Rolls."))
        .tool_requiring_approval("delete_file")
        .parallel_tool_calls(true);
    let agent = emulator.create_agent(agent).unwrap();
    let state = agent.state();
    assert_eq!(state.tags, ["one"]);
    assert_eq!(state.metadata.as_ref().unwrap()["team"], "billing");
    assert_eq!(state.llm_config.parallel_tool_calls, true.into());
    assert_eq!(agent.model(), "anthropic/claude-sonnet-4-5");
    assert_eq!(
        (labels(state), &*state.blocks[0].value),
        (vec!["human"], "Sam")
    );
    assert_eq!(
        tools(state),
        ["conversation_search", "roll_dice", "delete_file"]
    );
    assert_eq!(
        rules(state),
        [("delete_file".to_owned(), "requires_approval".to_owned())]
    );
}

#[tokio::test]
async fn an_agent_with_an_invalid_model_or_tool_is_refused_and_leaves_nothing() {
    let emulator = Emulator::start().await.unwrap();
    for (agent, message) in [
        (
            NewAgent::new("agent-1").model("gpt"),
            "the model of \"agent-1\"",
        ),
        (
            NewAgent::new("agent-1").tool("fly away"),
            "the tool \"fly away\"",
        ),
        (NewAgent::new("agent-1").tool(""), "the tool \"\""),
    ] {
        let error = emulator.create_agent(agent).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(message), "{error}");
    }
    assert!(emulator.agents().is_empty());
    let error = Emulator::builder().tool("a b").start().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn an_id_that_no_policy_could_name_or_that_is_taken_is_refused() {
    let emulator = Emulator::builder().agent("agent-1").start().await.unwrap();
    let nameless = NewAgent::new("agent-2").name(" ");
    let error = emulator.create_agent(nameless).unwrap_err();
    assert_eq!(error.to_string(), "the name of \"agent-2\" is empty");
    for id in ["", "agent-", "1", "agent-a/b", "agent-é", "agent-1"] {
        let error = emulator.create_agent(id).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&format!("{id:?}")), "{error}");
        if id != "agent-1" {
            let error = Emulator::builder().agent(id).start().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
    }
}

#[tokio::test]
async fn an_agent_may_have_any_id_that_a_policy_can_name_and_no_other() {
    let emulator = Emulator::start().await.unwrap();
    let ids = [
        "agent-1",
        "agent-1.2",
        "agent-.",
        "agent-..",
        "agent-A_b-c.d",
        "agent-6bb462c2-e885-434a-a0e3-d08ad8d9f595",
        "agent-",
        "agent",
        "Agent-1",
        "agent-ä",
        "agent-a b",
        "agent-a/b",
        "agent-a:b",
        "agent-%2e",
        " agent-1",
        "1",
        "",
    ];
    for id in ids {
        let can_be_named = letta_api_ext::AgentId::new(id).is_ok();
        let created = emulator.create_agent(id);
        assert_eq!(created.is_ok(), can_be_named, "{id:?}: {created:?}");
        if can_be_named {
            let path = format!("/v1/agents/{id}");
            let answer = Answer::of(request(&emulator, Method::GET, &path)).await;
            // A segment of dots alone would name another path; `agent-..` is not one.
            assert_eq!(answer.json()["id"], id);
        }
    }
}
