//! Tools that the service runs, against the emulator and against what a network may do.

use letta_api_emulator::{Fault, operations};
use letta_api_ext::Deletion;
use letta_api_ext::letta_api::types::SortOrder;
use letta_api_tests::emulated::start;
use letta_api_tests::{Tap, answer, persistent, split};

/// The code of a tool with this name.
fn source(name: &str, text: &str) -> String {
    format!(
        "def {name}(sides: int) -> str:\n    \"\"\"{text}\n\n    Args:\n        sides: How many sides there are.\n    \"\"\"\n    return str(sides)\n"
    )
}

#[tokio::test]
async fn a_tool_lives_from_create_to_delete() {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let made = letta
        .server_tools()
        .create(source("roll", "Roll a die."))
        .tags(["games"])
        .return_char_limit(100)
        .default_requires_approval(true)
        .send()
        .await
        .unwrap();
    assert_eq!(made.name.as_deref(), Some("roll"));
    assert_eq!(made.description.as_deref(), Some("Roll a die."));
    let schema = made.json_schema.as_ref().unwrap();
    assert_eq!(
        schema["parameters"]["properties"]["sides"]["type"],
        "integer"
    );
    let tool = letta.server_tool(&made.id);
    assert_eq!(tool.get().await.unwrap(), made);

    // Only what was set is sent, and the rest keeps its value.
    let changed = tool.update().return_char_limit(200).await.unwrap();
    let mut expected = made.clone();
    expected.return_char_limit = 200;
    assert_eq!(changed, expected);
    assert_eq!(tool.get().await.unwrap(), expected);

    // An agent that has it can run it.
    let agent = letta.agent("agent-1");
    agent.attach_tool(&made.id).await.unwrap();
    let result = agent.run_tool("roll").args([("sides", 6)]).await.unwrap();
    assert_eq!(result.status.as_str(), "success");

    assert_eq!(tool.delete().await.unwrap(), Deletion::Deleted);
    // The service answers 400 for that.
    assert_eq!(tool.delete().await.unwrap(), Deletion::NotFound);
    let error = tool.get().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let error = tool.update().tags(["x"]).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let error = agent.run_tool("roll").await.unwrap_err();
    assert!(error.status().is_some(), "{error}");
}

#[tokio::test]
async fn an_upsert_makes_a_tool_and_then_changes_it() {
    let (emulator, letta) = start().await;
    let tools = letta.server_tools();
    let made = tools.upsert(source("roll", "One.")).await.unwrap();
    let changed = tools.upsert(source("roll", "Two.")).await.unwrap();
    assert_eq!(changed.id, made.id);
    assert_eq!(changed.description.as_deref(), Some("Two."));
    // It is repeated if the answer is lost.
    let fault = Fault::lose_answer().on(operations::UPSERT_TOOL).times(1);
    emulator.inject(fault).unwrap();
    let again = tools.upsert(source("roll", "Three.")).await.unwrap();
    assert_eq!(again.id, made.id);
    assert_eq!(emulator.request_count(operations::UPSERT_TOOL), 4);
    // A create is not.
    let fault = Fault::lose_answer().on(operations::CREATE_TOOL).times(1);
    emulator.inject(fault).unwrap();
    let error = tools.create(source("toss", "Toss.")).await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(emulator.request_count(operations::CREATE_TOOL), 1);
}

#[tokio::test]
async fn tools_are_listed_by_page_and_by_item_each_once() {
    let (_emulator, letta) = start().await;
    let tools = letta.server_tools();
    let mut ids = Vec::new();
    for index in 0..7 {
        let source = source(&format!("tool_{index}"), "Does it.");
        ids.push(tools.create(source).await.unwrap().id);
    }
    let list = tools
        .list()
        .tool_types(["custom"])
        .limit(3)
        .order(SortOrder::Asc);
    let first = list.clone().await.unwrap();
    let first: Vec<_> = first.iter().map(|tool| &tool.id).collect();
    assert_eq!(first, [&ids[0], &ids[1], &ids[2]]);
    let mut lengths = Vec::new();
    let mut pages = list.clone().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [3, 3, 1, 0]);
    let mut items = list.items();
    let mut found = Vec::new();
    while let Some(tool) = items.next().await {
        found.push(tool.unwrap().id);
    }
    assert_eq!(found, ids);

    let named = tools.list().name("tool_3").await.unwrap();
    assert_eq!((named.len(), &named[0].id), (1, &ids[3]));
    let part = tools.list().search("TOOL_").limit(10).await.unwrap();
    assert_eq!(part.len(), 7);
    let error = tools.list().tool_types(["odd"]).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
}

#[tokio::test]
async fn tools_are_found_by_their_words() {
    let (_emulator, letta) = start().await;
    let tools = letta.server_tools();
    let roll = tools.create(source("roll", "Roll a die.")).tags(["games"]);
    let roll = roll.await.unwrap();
    tools.create(source("toss", "Toss a coin.")).await.unwrap();
    let found = tools.search("roll die").limit(5).await.unwrap();
    assert_eq!(found[0].tool.id, roll.id);
    assert!(found[0].combined_score > 0.0);
    let tagged = tools.search("a").tags(["games"]).await.unwrap();
    assert_eq!((tagged.len(), &tagged[0].tool.id), (1, &roll.id));
}

#[tokio::test]
async fn code_without_a_schema_is_refused_and_makes_nothing() {
    let (_emulator, letta) = start().await;
    let tools = letta.server_tools();
    let error = tools
        .create("def roll(sides):\n    return 4\n")
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(error.to_string().contains("missing docstring"), "{error}");
    assert_eq!(tools.list().tool_types(["custom"]).await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = tap.letta();
    let field = |error: letta_api_ext::Error| {
        assert!(error.is_invalid_input(), "{error}");
        error.field().unwrap()
    };
    let update = letta.server_tool("tool-1").update();
    assert_eq!(field(update.await.unwrap_err()), "update");
    for id in ["", ".", ".."] {
        let tool = letta.server_tool(id);
        assert_eq!(field(tool.get().await.unwrap_err()), "tool_id");
        assert_eq!(field(tool.delete().await.unwrap_err()), "tool_id");
        let update = tool.update().tags(["x"]);
        assert_eq!(field(update.await.unwrap_err()), "tool_id");
    }
    for limit in [0, -1] {
        let list = letta.server_tools().list().limit(limit);
        assert_eq!(field(list.await.unwrap_err()), "limit");
        let search = letta.server_tools().search("x").limit(limit);
        assert_eq!(field(search.await.unwrap_err()), "limit");
    }
    let list = letta.server_tools().list().before("tool-1");
    let page = list.pages().next().await.unwrap();
    assert_eq!(field(page.unwrap_err()), "before");
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_has_what_was_set_and_nothing_else() {
    let tap = Tap::start(answer("200 OK", "application/json", r#"{"id":"tool-1"}"#)).await;
    let letta = tap.letta();
    letta.server_tools().create("code").await.unwrap();
    letta.server_tools().upsert("code").await.unwrap();
    let update = letta.server_tool("tool-1").update();
    update
        .json_schema([("name", "roll")])
        .with_body(|body| body.with_tags_null())
        .await
        .unwrap();
    let sent = tap.requests();
    assert_eq!(split(&sent[0]).2, r#"{"source_code":"code"}"#);
    assert!(sent[1].starts_with("PUT /v1/tools/ "), "{}", sent[1]);
    assert_eq!(
        split(&sent[2]).2,
        r#"{"tags":null,"json_schema":{"name":"roll"}}"#
    );
}

#[tokio::test]
async fn only_the_services_own_word_says_that_a_tool_is_missing() {
    let (emulator, letta) = start().await;
    let made = letta.server_tools().create(source("roll", "Roll."));
    let made = made.await.unwrap();
    let fault = Fault::lose_answer().on(operations::DELETE_TOOL).times(1);
    emulator.inject(fault).unwrap();
    let deletion = letta.server_tool(&made.id).delete().await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    assert_eq!(emulator.request_count(operations::DELETE_TOOL), 2);
    for (status, body) in [
        ("400 Bad Request", r#"{"detail":"Tool tool-1 is in use."}"#),
        ("400 Bad Request", r#"{"detail":"Not Found"}"#),
        ("404 Not Found", r#"{"detail":"Not Found"}"#),
        (
            "403 Forbidden",
            r#"{"detail":"Tool with id tool-1 not found."}"#,
        ),
    ] {
        let tap = Tap::start(answer(status, "application/json", body)).await;
        let delete = persistent(tap.url()).server_tool("tool-1").delete();
        let error = delete.await.unwrap_err();
        let code = error.status().unwrap();
        assert!(status.starts_with(code.as_str()), "{status}: {error}");
    }
}
