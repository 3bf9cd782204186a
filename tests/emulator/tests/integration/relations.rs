//! What is attached to agents.

// The service still has what is deprecated.
#![allow(deprecated)]

use letta_api::types::{
    AgentState, CreateBlock, Identity, IdentityType, ListAgentBlocksParams, ListAgentToolsParams,
    SortOrder, ToolReturnStatus, UpdateBlock, UpdateToolApproval,
};
use letta_api_emulator::{Emulator, NewAgent, NewTool};
use reqwest::Method;
use serde_json::{Value, json};

use crate::raw::{Answer, request};
use crate::typed::{Service, nobody, refused, value};

fn rules(agent: &AgentState) -> Value {
    serde_json::to_value(&agent.tool_rules).unwrap()
}

fn approval_of(tool: &str) -> Value {
    json!({"tool_name": tool, "type": "requires_approval", "prompt_template": null})
}

#[tokio::test]
async fn tools_are_attached_listed_and_detached() {
    let builder = Emulator::builder()
        .tool("one")
        .tool("two")
        .agent(NewAgent::new("agent-1").tool("two"));
    let service = Service::of(builder).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let all = value(client.list_tools(&Default::default()).await);
    let id = |name: &str| {
        let mut tools = all.iter();
        let tool = tools.find(|tool| tool.name.as_deref() == Some(name));
        tool.unwrap().id.clone()
    };
    // Twice is no error.
    for _ in 0..2 {
        let answer = client.attach_tool(&agent, &id("one")).await;
        value(answer);
    }
    let new = ListAgentToolsParams::default;
    for (params, expected) in [
        // By when the tools were made, not by when they were attached.
        (new(), &["two", "one"][..]),
        (new().with_order(SortOrder::Asc), &["one", "two"]),
        (new().with_limit(1), &["two"]),
        (new().with_limit(0), &["two", "one"]),
        // Cursors go by the IDs, whatever the order.
        (new().with_after("tool-"), &["two", "one"]),
        (new().with_after("tool-x"), &[]),
        (new().with_before("tool-"), &[]),
        (new().with_before("tool-x").with_limit(1), &["two"]),
    ] {
        let tools = value(client.list_agent_tools(&agent, &params).await);
        let names: Vec<_> = tools.iter().filter_map(|it| it.name.as_deref()).collect();
        assert_eq!(names, expected, "{params:?}");
    }
    let old = "/v1/agents/agent-1/tools/detach/";
    let old = request(
        &service.emulator,
        Method::PATCH,
        &format!("{old}{}", id("two")),
    );
    let old = Answer::of(old.header("user-agent", "old/0.9")).await.json();
    assert_eq!(old["tools"].as_array().unwrap().len(), 1);
    assert_eq!(old["tools"][0]["name"], "one");
    // What is not attached, or not there, is no error either.
    value(client.detach_tool(&agent, &nobody("tool")).await);
    let gone = refused(client.attach_tool(&agent, &nobody("tool")).await);
    assert_eq!(gone.0, 404);
    assert!(gone.1.starts_with("Tool"), "{gone:?}");
    let gone = refused(client.attach_tool(&nobody("agent"), &id("one")).await);
    assert_eq!(gone.0, 404);
    assert!(gone.1.starts_with("Agent"), "{gone:?}");
    let gone = client.list_agent_tools(&nobody("agent"), &new()).await;
    assert_eq!(refused(gone).0, 404);
    let gone = client.detach_tool(&nobody("agent"), &id("one")).await;
    assert_eq!(refused(gone).0, 404);
}

#[tokio::test]
async fn a_tool_waits_for_an_approval_if_a_rule_says_so() {
    let builder = Emulator::builder().agent(NewAgent::new("agent-1").tool("one"));
    let service = Service::of(builder).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let set = async |tool: &str, required| {
        let body = UpdateToolApproval::new(required);
        let params = Default::default();
        let answer = client
            .update_tool_approval(&agent, tool, &params, Some(&body))
            .await;
        value(answer);
        rules(&service.state(&agent))
    };
    assert_eq!(set("one", true).await, json!([approval_of("one")]));
    assert_eq!(set("one", true).await, json!([approval_of("one")]));
    // Whether or not the agent has the tool.
    assert_eq!(
        set("two", true).await,
        json!([approval_of("one"), approval_of("two")])
    );
    assert_eq!(set("one", false).await, json!([approval_of("two")]));
    assert_eq!(set("one", false).await, json!([approval_of("two")]));
    let path = "/v1/agents/agent-1/tools/approval/one";
    let by_query = format!("{path}?requires_approval=true");
    let answer = Answer::of(request(&service.emulator, Method::PATCH, &by_query)).await;
    assert_eq!((answer.status, &*answer.text), (200, "null"));
    assert_eq!(rules(&service.state(&agent)).as_array().unwrap().len(), 2);
    let neither = Answer::of(request(&service.emulator, Method::PATCH, path)).await;
    assert_eq!(neither.status, 422);
    let body = UpdateToolApproval::new(true);
    let params = Default::default();
    let gone = client
        .update_tool_approval(&nobody("agent"), "one", &params, Some(&body))
        .await;
    assert_eq!(refused(gone).0, 404);
}

#[tokio::test]
async fn a_tool_that_requires_approval_brings_the_rule_along() {
    let service = Service::of(Emulator::builder().tool("one").agent("agent-1")).await;
    let tool = value(service.client.list_tools(&Default::default()).await).remove(0);
    let change = letta_api::types::UpdateTool::new().with_default_requires_approval(true);
    value(service.client.update_tool(&tool.id, &change).await);
    value(
        service
            .client
            .attach_tool(&"agent-1".into(), &tool.id)
            .await,
    );
    assert_eq!(
        rules(&service.state(&"agent-1".into())),
        json!([approval_of("one")])
    );
    let wanted = letta_api::types::CreateAgent::new().with_tool_ids(vec![tool.id.clone()]);
    assert_eq!(
        rules(&service.create(&wanted).await),
        json!([approval_of("one")])
    );
    value(
        service
            .client
            .detach_tool(&"agent-1".into(), &tool.id)
            .await,
    );
    assert_eq!(
        rules(&service.state(&"agent-1".into())),
        json!([approval_of("one")])
    );
}

#[tokio::test]
async fn a_tool_that_is_run_gives_what_it_was_told_to() {
    let schema = json!({"type": "object", "properties": {"sides": {"type": "integer"}}, "required": ["sides"]});
    let agent = NewAgent::new("agent-1")
        .tool(NewTool::new("roll_dice").parameters(schema).returns(4))
        .tool("echo");
    let service = Service::of(Emulator::builder().agent(agent)).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let with = |arguments: Value| {
        let arguments = arguments.as_object().unwrap().clone();
        letta_api::types::RunToolRequest::new().with_args(arguments)
    };
    let body = with(json!({"sides": 6}));
    let result = value(
        client
            .run_agent_tool(&agent, "roll_dice", Some(&body))
            .await,
    );
    assert_eq!(result.status, ToolReturnStatus::Success);
    assert_eq!(result.func_return, Some(json!(4)));
    let result = value(client.run_agent_tool(&agent, "roll_dice", None).await);
    assert_eq!(result.status, ToolReturnStatus::Error);
    assert_eq!(result.func_return, None);
    assert!(result.stderr.unwrap()[0].contains("'sides'"));
    let body = with(json!({"a": 1}));
    let result = value(client.run_agent_tool(&agent, "echo", Some(&body)).await);
    assert_eq!(
        result.func_return,
        Some(json!("echo was called with {\"a\":1}"))
    );
    let gone = refused(client.run_agent_tool(&agent, "fly", None).await);
    let detail = "Tool 'fly' not found or not attached to agent 'agent-1'";
    assert_eq!(gone, (404, detail.to_owned()));
    let gone = refused(client.run_agent_tool(&nobody("agent"), "echo", None).await);
    assert_eq!(gone.0, 404);
}

#[tokio::test]
async fn blocks_are_attached_once_of_each_label() {
    let builder = Emulator::builder().agent(NewAgent::new("agent-1").memory("human", "Sam"));
    let service = Service::of(builder).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let team = value(
        client
            .create_block(&CreateBlock::new("Blue.", "team"))
            .await,
    );
    let other = value(client.create_block(&CreateBlock::new("Red.", "team")).await);
    for _ in 0..2 {
        let state = value(client.attach_block(&agent, &team.id).await);
        assert_eq!(state.blocks.len(), 2);
    }
    let refusal = refused(client.attach_block(&agent, &other.id).await);
    assert_eq!(refusal.0, 409);
    assert!(refusal.1.starts_with("A unique constraint"), "{refusal:?}");
    assert_eq!(
        refused(client.attach_block(&agent, &nobody("block")).await).0,
        404
    );
    assert_eq!(
        refused(client.attach_block(&nobody("agent"), &team.id).await).0,
        404
    );

    let new = ListAgentBlocksParams::default;
    let mut ids: Vec<String> = service
        .state(&agent)
        .blocks
        .iter()
        .map(|block| block.id.to_string())
        .collect();
    // By their IDs.
    ids.sort();
    let (low, high) = (&*ids[0], &*ids[1]);
    for (params, expected) in [
        (new(), &[high, low][..]),
        (new().with_order(SortOrder::Asc), &[low, high]),
        (new().with_order(SortOrder::Asc).with_limit(1), &[low]),
        (new().with_after(high), &[low]),
        (new().with_before(high), &[]),
        (new().with_order(SortOrder::Asc).with_after(low), &[high]),
    ] {
        let blocks = value(client.list_agent_blocks(&agent, &params).await);
        let ids: Vec<_> = blocks.iter().map(|it| it.id.as_str()).collect();
        assert_eq!(ids, expected, "{params:?}");
    }
    let gone = client.list_agent_blocks(&nobody("agent"), &new()).await;
    assert_eq!(refused(gone).0, 404);

    assert_eq!(value(client.get_agent_block(&agent, "team").await), team);
    let change = UpdateBlock::new().with_value("Green.").with_label("group");
    let changed = value(client.update_agent_block(&agent, "team", &change).await);
    assert_eq!(
        (&*changed.value, changed.label.as_deref()),
        ("Green.", Some("group"))
    );
    let refusal = refused(client.get_agent_block(&agent, "team").await);
    let detail = "No block with label 'team' found for agent 'agent-1'";
    assert_eq!(refusal, (404, detail.to_owned()));
    let gone = client.update_agent_block(&agent, "team", &change).await;
    assert_eq!(refused(gone).0, 404);

    let state = value(client.detach_block(&agent, &team.id).await);
    assert_eq!(state.blocks.len(), 1);
    let refusal = refused(client.detach_block(&agent, &team.id).await);
    assert_eq!(refusal.0, 404);
    assert!(
        refusal.1.starts_with("No block with id 'block-"),
        "{refusal:?}"
    );
    value(client.get_block(&team.id).await);
}

#[tokio::test]
async fn identities_are_attached_and_filter_lists() {
    let identity = |id: &str, key: &str| {
        Identity::new(id, key, "Sam", IdentityType::User, Vec::new(), Vec::new())
    };
    let builder = Emulator::builder()
        .identity(identity("identity-1", "sam"))
        .identity(identity("identity-2", "kim"))
        .agent("agent-1")
        .agent("agent-2");
    let service = Service::of(builder).await;
    let (client, agent) = (&service.client, "agent-1".into());
    for _ in 0..2 {
        value(client.attach_identity(&agent, &"identity-1".into()).await);
    }
    assert_eq!(service.state(&agent).identities.len(), 1);
    let new = letta_api::types::ListAgentsParams::default;
    for params in [
        new().with_identity_id("identity-1"),
        new().with_identifier_keys(vec!["kim".to_owned(), "sam".to_owned()]),
    ] {
        let listed = value(client.list_agents(&params).await);
        let ids: Vec<_> = listed.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, ["agent-1"], "{params:?}");
    }
    for _ in 0..2 {
        value(client.detach_identity(&agent, &"identity-1".into()).await);
    }
    assert!(service.state(&agent).identities.is_empty());
    for (agent, identity) in [("agent-1", "identity-9"), ("agent-9", "identity-1")] {
        let (agent, identity) = (agent.into(), identity.into());
        assert_eq!(
            refused(client.attach_identity(&agent, &identity).await).0,
            404
        );
        assert_eq!(
            refused(client.detach_identity(&agent, &identity).await).0,
            404
        );
    }
    let twice = Emulator::builder()
        .identity(identity("identity-1", "a"))
        .identity(identity("identity-1", "b"));
    let error = twice.start().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "two identities have the ID \"identity-1\""
    );
}

#[tokio::test]
async fn an_agent_has_one_archive() {
    let service = Service::of(Emulator::builder().agent("agent-1")).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let new = |name: &str| letta_api::types::CreateArchive::new(name);
    let one = value(client.create_archive(&new("one")).await).id;
    let two = value(client.create_archive(&new("two")).await).id;
    let attach = async |archive| client.attach_archive(&agent, archive).await;
    let detach = async |archive| client.detach_archive(&agent, archive).await;
    for _ in 0..2 {
        value(attach(&one).await);
    }
    assert_eq!(refused(attach(&two).await).0, 409);
    // What is not attached is no error.
    value(detach(&two).await);
    assert_eq!(refused(attach(&two).await).0, 409);
    value(detach(&one).await);
    value(attach(&two).await);
    assert_eq!(refused(attach(&nobody("archive")).await).0, 404);
    assert_eq!(refused(detach(&nobody("archive")).await).0, 404);
    let gone = nobody("agent");
    assert_eq!(refused(client.attach_archive(&gone, &one).await).0, 404);
    assert_eq!(refused(client.detach_archive(&gone, &one).await).0, 404);
}

#[tokio::test]
async fn tools_that_read_files_come_with_the_first_folder_and_go_with_the_last() {
    let agent = NewAgent::new("agent-1").tool("echo");
    let service = Service::of(Emulator::builder().agent(agent)).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let new = |name: &str| {
        letta_api::types::CreateFolder::new(name).with_embedding("openai/text-embedding-3-small")
    };
    let one = value(client.create_folder(&new("one")).await).id;
    let two = value(client.create_folder(&new("two")).await).id;
    let names = || {
        let tools = service.state(&agent).tools;
        let mut names: Vec<String> = tools.into_iter().filter_map(|it| it.name).collect();
        names.sort();
        names
    };
    let all = ["echo", "grep_files", "open_files", "semantic_search_files"];
    for folder in [&one, &one, &two] {
        value(client.attach_folder(&agent, folder).await);
        assert_eq!(names(), all);
    }
    let listed = value(client.list_agent_folders(&agent, &Default::default()).await);
    let listed: Vec<_> = listed.iter().map(|folder| &*folder.name).collect();
    assert_eq!(listed, ["two", "one"]);
    value(client.detach_folder(&agent, &two).await);
    assert_eq!(names(), all);
    value(client.detach_folder(&agent, &one).await);
    assert_eq!(names(), ["echo"]);
    // What is not attached, or not there, is no error; but what is not there cannot be attached.
    value(client.detach_folder(&agent, &nobody("source")).await);
    assert_eq!(
        refused(client.attach_folder(&agent, &nobody("source")).await).0,
        404
    );
    let gone = nobody("agent");
    assert_eq!(refused(client.attach_folder(&gone, &one).await).0, 404);
    assert_eq!(refused(client.detach_folder(&gone, &one).await).0, 404);
    let listed = client.list_agent_folders(&gone, &Default::default()).await;
    assert_eq!(refused(listed).0, 404);
}

/// An agent keeps the files of its folders when it leaves as a file and comes back.
#[tokio::test]
async fn folders_come_along_with_an_agent_file() {
    let service = Service::of(Emulator::builder().agent("agent-1")).await;
    let (client, agent) = (&service.client, "agent-1".into());
    let new = letta_api::types::CreateFolder::new("notes")
        .with_embedding("openai/text-embedding-3-small");
    let folder = value(client.create_folder(&new).await).id;
    value(client.attach_folder(&agent, &folder).await);
    let file = value(client.export_agent(&agent, &Default::default()).await);
    assert_eq!(file.sources[0].name, "notes");
    let part = letta_api::FilePart::bytes("a.af", serde_json::to_vec(&file).unwrap());
    let body = letta_api::types::ImportAgentBody::new(part);
    let made = value(client.import_agent(&Default::default(), body).await);
    let copy = service.state(&made.agent_ids[0]);
    // Another folder, since there is one of the name.
    assert_ne!(copy.sources[0].id, folder);
    assert!(
        copy.sources[0].name.starts_with("notes_"),
        "{}",
        copy.sources[0].name
    );
    assert_eq!(copy.tools.len(), 3);
}
