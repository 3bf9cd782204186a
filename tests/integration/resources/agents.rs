//! Agents and what belongs to them, against the emulator and against what a network may do.

use letta_api_emulator::{Emulator, Fault, NewAgent, operations};
use letta_api_ext::letta_api::types::{
    AgentInclude, CreateArchive, CreateBlock, CreateFolder, Identity, IdentityType,
    ListAgentFoldersParams, ListArchivesParams, SortOrder,
};
use letta_api_ext::{Deletion, Error, Letta};
use letta_api_tests::emulated::{start, start_with};
use letta_api_tests::{Tap, answer, configured, split};
use serde_json::json;

/// The field of an error about invalid input.
fn field(error: &Error) -> &'static str {
    assert!(error.is_invalid_input(), "{error}");
    error.field().unwrap()
}

#[tokio::test]
async fn an_agent_lives_from_create_to_delete() {
    let (_emulator, letta) = start().await;
    let made = letta
        .agents()
        .create()
        .name("Ada")
        .memory("human", "Name: Sam")
        .memory("persona", "I am Ada.")
        .tags(["support", "tea"])
        .description("Talks of tea.")
        .metadata([("team", json!({"id": 7}))])
        .send()
        .await
        .unwrap();
    let blocks: Vec<_> = made
        .blocks
        .iter()
        .map(|it| (it.label.as_deref(), &*it.value))
        .collect();
    let human = (Some("human"), "Name: Sam");
    assert!(blocks.contains(&human), "{blocks:?}");
    assert!(
        blocks.contains(&(Some("persona"), "I am Ada.")),
        "{blocks:?}"
    );

    let agent = letta.agent(&made.id);
    let all = [AgentInclude::Blocks, AgentInclude::Tags];
    let got = agent.get().include(all.clone()).await.unwrap();
    assert_eq!((&got.id, &*got.name), (&made.id, "Ada"));
    assert_eq!(got.tags, ["support", "tea"]);
    assert_eq!(got.blocks.len(), 2);
    // What is not named is left out.
    assert!(agent.get().await.unwrap().blocks.is_empty());

    // Only what was set is sent, and the rest keeps its value.
    let changed = agent.update().name("Ada II").await.unwrap();
    assert_eq!(changed.name, "Ada II");
    let mut expected = got.clone();
    let after = agent.get().include(all.clone()).await.unwrap();
    expected.name = "Ada II".to_owned();
    expected.updated_at.clone_from(&after.updated_at);
    expected
        .last_updated_by_id
        .clone_from(&after.last_updated_by_id);
    assert_eq!(after, expected);
    // A list replaces the one that was there.
    agent.update().tags(["coffee"]).await.unwrap();
    let after = agent.get().include(all).await.unwrap();
    assert_eq!(
        (&*after.name, after.tags),
        ("Ada II", vec!["coffee".to_owned()])
    );
    assert_eq!(after.description.as_deref(), Some("Talks of tea."));

    assert_eq!(agent.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(agent.delete().await.unwrap(), Deletion::NotFound);
    for error in [
        agent.get().await.unwrap_err(),
        agent.update().name("x").await.unwrap_err(),
        agent.messages().await.unwrap_err(),
        agent.recompile().await.unwrap_err(),
        agent.reset_messages().await.unwrap_err(),
        agent.blocks().await.unwrap_err(),
        agent.block("human").get().await.unwrap_err(),
        agent.tools().await.unwrap_err(),
        agent.attach_block("block-1").await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn agents_are_listed_by_tag_by_name_and_by_text() {
    let (_emulator, letta) = start().await;
    for (name, tags) in [
        ("Ada", &["support", "tea"][..]),
        ("Bob", &["support"]),
        ("Cleo", &["tea"]),
        ("Ada Two", &[]),
    ] {
        letta
            .agents()
            .create()
            .name(name)
            .tags(tags.to_vec())
            .await
            .unwrap();
    }
    let list = || letta.agents().list().order(SortOrder::Asc).limit(2);
    let names = async |mut items: letta_api_ext::Items<_>| {
        let mut names = Vec::new();
        while let Some(agent) = items.next().await {
            let agent: letta_api_ext::letta_api::types::AgentState = agent.unwrap();
            names.push(agent.name);
        }
        names
    };
    assert_eq!(
        names(list().items()).await,
        ["Ada", "Bob", "Cleo", "Ada Two"]
    );
    assert_eq!(names(list().tag("support").items()).await, ["Ada", "Bob"]);
    let any = list().tag("support").tag("tea");
    assert_eq!(names(any.clone().items()).await, ["Ada", "Bob", "Cleo"]);
    assert_eq!(names(any.match_all_tags(true).items()).await, ["Ada"]);
    assert_eq!(names(list().name("Ada").items()).await, ["Ada"]);
    assert_eq!(
        names(list().query_text("Ada").items()).await,
        ["Ada", "Ada Two"]
    );

    let mut lengths = Vec::new();
    let mut pages = list().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [2, 2, 0]);
}

#[tokio::test]
async fn an_agents_block_is_read_and_changed_by_its_label() {
    let (_emulator, letta) = start().await;
    let made = letta
        .agents()
        .create()
        .memory("human", "Sam")
        .memory("rules", "None.")
        .await
        .unwrap();
    let agent = letta.agent(&made.id);
    let human = agent.block("human");
    assert_eq!(human.label(), "human");
    let before = human.get().await.unwrap();
    assert_eq!(before.value, "Sam");
    let changed = human.update().description("Who it is.").await.unwrap();
    assert_eq!(
        (&*changed.value, changed.description.as_deref()),
        ("Sam", Some("Who it is."))
    );
    // The block is one and the same.
    assert_eq!(letta.block(&before.id).get().await.unwrap(), changed);

    let mut items = agent.blocks().limit(1).items();
    let mut labels = Vec::new();
    while let Some(block) = items.next().await {
        labels.push(block.unwrap().label.unwrap());
    }
    labels.sort();
    assert_eq!(labels, ["human", "rules"]);
    let error = agent.block("nobody").get().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn tools_folders_archives_and_identities_are_attached_and_detached() {
    let sam = Identity::new(
        "identity-1",
        "sam@example.com",
        "Sam",
        IdentityType::User,
        Vec::new(),
        Vec::new(),
    );
    let builder = Emulator::builder()
        .agent("agent-1")
        .tool("weather")
        .identity(sam);
    let (_emulator, letta) = start_with(builder).await;
    let agent = letta.agent("agent-1");
    let params = Default::default();
    let tools = letta.api().list_tools(&params).await.unwrap();
    let tool = tools
        .iter()
        .find(|it| it.name.as_deref() == Some("weather"))
        .unwrap();
    let has_tool = async || {
        let tools = agent.tools().limit(100).await.unwrap();
        tools.iter().any(|it| it.id == tool.id)
    };
    assert!(!has_tool().await);
    agent.attach_tool(&tool.id).await.unwrap();
    assert!(has_tool().await);
    let mut items = agent.tools().items();
    let mut count = 0;
    while let Some(tool) = items.next().await {
        tool.unwrap();
        count += 1;
    }
    assert_eq!(count, agent.tools().limit(100).await.unwrap().len());
    agent.require_approval("weather", true).await.unwrap();
    let rules = agent.get().await.unwrap().tool_rules.unwrap();
    assert!(format!("{rules:?}").contains("weather"), "{rules:?}");
    agent.require_approval("weather", false).await.unwrap();
    let rules = agent.get().await.unwrap().tool_rules.unwrap_or_default();
    assert!(!format!("{rules:?}").contains("weather"), "{rules:?}");
    let result = agent
        .run_tool("weather")
        .args([("city", "Oslo")])
        .await
        .unwrap();
    assert_eq!(result.status.to_string(), "success");
    agent.detach_tool(&tool.id).await.unwrap();
    assert!(!has_tool().await);

    let folder = CreateFolder::new("Recipes").with_embedding("openai/text-embedding-3-small");
    let folder = letta.api().create_folder(&folder).await.unwrap();
    let has_folder = async || {
        let params = ListAgentFoldersParams::default();
        let folders = letta
            .api()
            .list_agent_folders(agent.id(), &params)
            .await
            .unwrap();
        folders.iter().any(|it| it.id == folder.id)
    };
    agent.attach_folder(&folder.id).await.unwrap();
    assert!(has_folder().await);
    agent.detach_folder(&folder.id).await.unwrap();
    assert!(!has_folder().await);

    let archive = letta
        .api()
        .create_archive(&CreateArchive::new("Facts"))
        .await
        .unwrap();
    let has_archive = async || {
        let mut params = ListArchivesParams::default();
        params.agent_id = Some("agent-1".into());
        let archives = letta.api().list_archives(&params).await.unwrap();
        archives.iter().any(|it| it.id == archive.id)
    };
    agent.attach_archive(&archive.id).await.unwrap();
    assert!(has_archive().await);
    agent.detach_archive(&archive.id).await.unwrap();
    assert!(!has_archive().await);

    let has_identity = async || {
        let agent = agent
            .get()
            .include([AgentInclude::Identities])
            .await
            .unwrap();
        agent.identities.iter().any(|it| it.name == "Sam")
    };
    agent.attach_identity("identity-1").await.unwrap();
    assert!(has_identity().await);
    agent.detach_identity("identity-1").await.unwrap();
    assert!(!has_identity().await);
}

#[tokio::test]
async fn the_prompt_is_compiled_anew() {
    let (_emulator, letta) = start().await;
    let made = letta
        .agents()
        .create()
        .memory("human", "Name: Sam")
        .await
        .unwrap();
    let agent = letta.agent(&made.id);
    agent
        .block("human")
        .update()
        .value("Name: Robin")
        .await
        .unwrap();
    let would_be = agent.recompile().dry_run(true).await.unwrap();
    assert!(would_be.contains("Name: Robin"), "{would_be}");
    agent.recompile().await.unwrap();
    let now = agent.recompile().await.unwrap();
    assert!(now.contains("Name: Robin"), "{now}");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = tap.letta();
    let agent = letta.agent("agent-1");
    assert_eq!(field(&agent.update().await.unwrap_err()), "update");
    assert_eq!(
        field(&agent.block("human").update().await.unwrap_err()),
        "update"
    );
    assert_eq!(
        field(&agent.block("").get().await.unwrap_err()),
        "block_label"
    );
    assert_eq!(
        field(&agent.block("..").update().value("x").await.unwrap_err()),
        "block_label"
    );
    assert_eq!(field(&agent.run_tool("").await.unwrap_err()), "tool_name");
    assert_eq!(
        field(&agent.require_approval(".", true).await.unwrap_err()),
        "tool_name"
    );
    assert_eq!(field(&agent.attach_tool("").await.unwrap_err()), "tool_id");
    assert_eq!(
        field(&agent.detach_folder("").await.unwrap_err()),
        "folder_id"
    );
    assert_eq!(
        field(&agent.attach_archive("..").await.unwrap_err()),
        "archive_id"
    );
    assert_eq!(
        field(&agent.detach_identity("").await.unwrap_err()),
        "identity_id"
    );
    let agent = letta.agent("..");
    for error in [
        agent.get().await.unwrap_err(),
        agent.update().name("x").await.unwrap_err(),
        agent.delete().await.unwrap_err(),
        agent.recompile().await.unwrap_err(),
        agent.messages().await.unwrap_err(),
        agent.messages().items().next().await.unwrap().unwrap_err(),
        agent.reset_messages().await.unwrap_err(),
        agent.compact().await.unwrap_err(),
        agent.cancel().await.unwrap_err(),
        agent.blocks().await.unwrap_err(),
        agent.tools().pages().next().await.unwrap().unwrap_err(),
        agent.attach_block("block-1").await.unwrap_err(),
    ] {
        assert_eq!(field(&error), "agent_id");
    }
    for error in [
        letta.agents().list().limit(0).await.unwrap_err(),
        letta
            .agents()
            .list()
            .limit(-3)
            .items()
            .next()
            .await
            .unwrap()
            .unwrap_err(),
        letta
            .agent("agent-1")
            .tools()
            .limit(0)
            .pages()
            .next()
            .await
            .unwrap()
            .unwrap_err(),
    ] {
        assert_eq!(field(&error), "limit");
    }
    let list = letta.agents().list().before("agent-1");
    let error = list.pages().next().await.unwrap().unwrap_err();
    assert_eq!(field(&error), "before");
    assert_eq!(tap.requests(), Vec::<String>::new());
}

/// A body is what was set: no default of this SDK is sent.
#[tokio::test]
async fn a_request_has_what_was_set_and_nothing_else() {
    let tap = Tap::start(answer("400 Bad Request", "application/json", "{}")).await;
    let letta = tap.letta();
    letta.agents().create().await.unwrap_err();
    let create = letta
        .agents()
        .create()
        .memory("human", "Sam")
        .model("openai/gpt-4.1");
    let create = create
        .memory_blocks(Vec::<CreateBlock>::new())
        .memory("rules", "None.")
        .secrets([("KEY", "value")]);
    // Secrets are sent, and not shown.
    assert!(!format!("{create:?}").contains("value\""), "{create:?}");
    create.await.unwrap_err();
    letta
        .agent("agent-1")
        .update()
        .timezone("Europe/Oslo")
        .await
        .unwrap_err();
    let sent = tap.requests();
    assert_eq!(split(&sent[0]).2, "{}");
    assert_eq!(
        split(&sent[1]).2,
        r#"{"memory_blocks":[{"value":"None.","label":"rules"}],"model":"openai/gpt-4.1","secrets":{"KEY":"value"}}"#
    );
    assert_eq!(split(&sent[2]).2, r#"{"timezone":"Europe/Oslo"}"#);
}

#[tokio::test]
async fn an_agent_is_created_in_the_clients_project() {
    let tap = Tap::start(answer("400 Bad Request", "application/json", "{}")).await;
    let letta = configured(tap.url(), |builder| builder.project("mine"));
    letta.agents().create().await.unwrap_err();
    let request = tap.request();
    let headers = split(&request).1;
    let projects = headers.iter().filter(|(name, _)| name == "x-project");
    let projects: Vec<_> = projects.map(|(_, value)| value).collect();
    assert_eq!(projects, ["mine"]);
}

#[tokio::test]
async fn a_lost_create_is_not_repeated_and_a_lost_delete_is() {
    let (emulator, letta) = start().await;
    let lose = |operation| {
        emulator
            .inject(Fault::lose_answer().on(operation).times(1))
            .unwrap()
    };
    lose(operations::CREATE_AGENT);
    let error = letta.agents().create().name("Ada").await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    let agents = letta.agents().list().name("Ada").await.unwrap();
    assert_eq!(agents.len(), 1);

    let agent = letta.agent(&agents[0].id);
    lose(operations::UPDATE_AGENT);
    assert_eq!(agent.update().name("Bea").await.unwrap().name, "Bea");
    assert_eq!(emulator.request_count(operations::UPDATE_AGENT), 2);
    lose(operations::DELETE_AGENT);
    // The second attempt is answered 404: the first one has deleted it.
    assert_eq!(agent.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(emulator.request_count(operations::DELETE_AGENT), 2);
}

#[tokio::test]
async fn a_thousand_agents_are_walked_through_page_by_page() {
    let mut builder = Emulator::builder();
    for number in 0..1_000 {
        builder = builder.agent(NewAgent::new(format!("agent-{number}")));
    }
    let (emulator, letta) = start_with(builder).await;
    let mut items = letta.agents().list().limit(100).items();
    let mut ids = std::collections::HashSet::new();
    while let Some(agent) = items.next().await {
        assert!(ids.insert(agent.unwrap().id.to_string()));
    }
    assert_eq!(ids.len(), 1_000);
    assert_eq!(emulator.request_count(operations::LIST_AGENTS), 11);
}

/// What is spawned must be `Send`.
#[tokio::test]
async fn requests_can_be_spawned() {
    let (_emulator, letta) = start().await;
    let creating = tokio::spawn(letta.agents().create().name("Ada").send());
    let made = creating.await.unwrap().unwrap();
    let task = async move |letta: Letta| {
        let mut items = letta.agents().list().items();
        items.next().await.unwrap().unwrap().id
    };
    assert_eq!(tokio::spawn(task(letta)).await.unwrap(), made.id);
}
