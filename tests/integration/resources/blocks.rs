//! Blocks, against the emulator and against what a network may do.

use letta_api_emulator::{Fault, operations};
use letta_api_ext::Deletion;
use letta_api_ext::letta_api::types::SortOrder;
use letta_api_tests::emulated::start;
use letta_api_tests::fault_server::{self, FaultServer};
use letta_api_tests::{Tap, answer, persistent, split};

#[tokio::test]
async fn a_block_lives_from_create_to_delete() {
    let (_emulator, letta) = start().await;
    let made = letta
        .blocks()
        .create("human", "Name: Sam")
        .description("Who it talks to.")
        .limit(500)
        .read_only(true)
        .tags(["people", "sam"])
        .metadata([("team", "support")])
        .send()
        .await
        .unwrap();
    assert_eq!(made.label.as_deref(), Some("human"));
    let block = letta.block(&made.id);
    let got = block.get().await.unwrap();
    assert_eq!(got, made);

    // Only what was set is sent, and the rest keeps its value.
    let changed = block.update().value("Name: Sam. Likes tea.").await.unwrap();
    assert_eq!(changed.value, "Name: Sam. Likes tea.");
    let mut expected = made.clone();
    expected.value.clone_from(&changed.value);
    assert_eq!(block.get().await.unwrap(), expected);

    assert_eq!(block.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(block.delete().await.unwrap(), Deletion::NotFound);
    let error = block.get().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    let error = block.update().value("x").await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn blocks_are_listed_by_page_and_by_item_each_once() {
    let (_emulator, letta) = start().await;
    for index in 0..7 {
        let text = format!("text {index}");
        let label = if index % 2 == 0 { "even" } else { "odd" };
        letta.blocks().create(label, text).await.unwrap();
    }
    let list = letta.blocks().list().limit(3).order(SortOrder::Asc);
    let first = list.clone().await.unwrap();
    let values: Vec<_> = first.iter().map(|block| &*block.value).collect();
    assert_eq!(values, ["text 0", "text 1", "text 2"]);

    let mut lengths = Vec::new();
    let mut pages = list.clone().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [3, 3, 1, 0]);

    let mut items = list.clone().label("even").items();
    let mut values = Vec::new();
    while let Some(block) = items.next().await {
        values.push(block.unwrap().value);
    }
    assert_eq!(values, ["text 0", "text 2", "text 4", "text 6"]);

    // The list goes on after an item that the caller names.
    let mut items = list.after(first[2].id.as_str()).items();
    assert_eq!(items.next().await.unwrap().unwrap().value, "text 3");
}

#[tokio::test]
async fn a_block_is_attached_to_an_agent_and_detached() {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let made = letta.blocks().create("rules", "Be short.").await.unwrap();
    let block = letta.block(&made.id);
    assert!(block.agents().await.unwrap().is_empty());

    let agent = letta.agent("agent-1");
    let state = agent.attach_block(&made.id).await.unwrap();
    assert!(state.blocks.iter().any(|block| block.id == made.id));
    let agents = block.agents().await.unwrap();
    assert_eq!(agents.len(), 1);
    assert_eq!(agents[0].id, *agent.id());
    let mut items = block.agents().limit(1).items();
    assert_eq!(items.next().await.unwrap().unwrap().id, *agent.id());
    assert!(items.next().await.is_none());

    let state = agent.detach_block(&made.id).await.unwrap();
    assert!(!state.blocks.iter().any(|block| block.id == made.id));
    assert!(block.agents().await.unwrap().is_empty());
    assert_eq!(block.get().await.unwrap(), made);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = tap.letta();
    let field = |error: letta_api_ext::Error| {
        assert!(error.is_invalid_input(), "{error}");
        error.field().unwrap()
    };
    let update = letta.block("block-1").update();
    assert_eq!(field(update.await.unwrap_err()), "update");
    for id in ["", ".", ".."] {
        let block = letta.block(id);
        assert_eq!(field(block.get().await.unwrap_err()), "block_id");
        assert_eq!(field(block.delete().await.unwrap_err()), "block_id");
        assert_eq!(field(block.agents().await.unwrap_err()), "block_id");
        let update = block.update().value("x");
        assert_eq!(field(update.await.unwrap_err()), "block_id");
        let attach = letta.agent("agent-1").attach_block(id);
        assert_eq!(field(attach.await.unwrap_err()), "block_id");
        let detach = letta.agent(id).detach_block("block-1");
        assert_eq!(field(detach.await.unwrap_err()), "agent_id");
    }
    for limit in [0, -1] {
        let list = letta.blocks().list().limit(limit);
        assert_eq!(field(list.clone().await.unwrap_err()), "limit");
        let page = list.clone().pages().next().await.unwrap();
        assert_eq!(field(page.unwrap_err()), "limit");
        let item = list.items().next().await.unwrap();
        assert_eq!(field(item.unwrap_err()), "limit");
    }
    let list = letta.blocks().list().before("block-1");
    let page = list.pages().next().await.unwrap();
    assert_eq!(field(page.unwrap_err()), "before");
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_has_what_was_set_and_nothing_else() {
    let block = r#"{"id":"block-1","value":"x"}"#;
    let tap = Tap::start(answer("200 OK", "application/json", block)).await;
    let letta = tap.letta();
    letta.blocks().create("human", "x").await.unwrap();
    let update = letta.block("block-1").update();
    update
        .tags(["a"])
        .with_body(|body| body.with_description_null())
        .await
        .unwrap();
    let sent = tap.requests();
    assert_eq!(split(&sent[0]).2, r#"{"value":"x","label":"human"}"#);
    assert_eq!(split(&sent[1]).2, r#"{"description":null,"tags":["a"]}"#);
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_repeated_and_done() {
    let (emulator, letta) = start().await;
    let made = letta.blocks().create("human", "x").await.unwrap();
    let fault = Fault::lose_answer().on(operations::DELETE_BLOCK).times(1);
    emulator.inject(fault).unwrap();
    // The second attempt is answered 404: the first one has deleted it.
    let deletion = letta.block(&made.id).delete().await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    assert_eq!(emulator.request_count(operations::DELETE_BLOCK), 2);
}

/// The service answers 404 for a block that the agent does not have.
#[tokio::test]
async fn a_detach_whose_answer_is_lost_is_repeated_and_done() {
    let (emulator, letta) = start().await;
    let made = letta
        .agents()
        .create()
        .memory("human", "Sam")
        .await
        .unwrap();
    let agent = letta.agent(&made.id);
    let block = agent.block("human").get().await.unwrap();
    let fault = Fault::lose_answer().on(operations::DETACH_BLOCK).times(1);
    emulator.inject(fault).unwrap();
    let state = agent.detach_block(&block.id).await.unwrap();
    assert_eq!((&state.id, state.blocks.len()), (&made.id, 0));
    assert_eq!(emulator.request_count(operations::DETACH_BLOCK), 2);
    // Without a lost answer, it is an error.
    let error = agent.detach_block(&block.id).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(!error.may_have_happened(), "{error}");
    // An agent that is gone has not lost a block, and is no success.
    agent.attach_block(&block.id).await.unwrap();
    agent.delete().await.unwrap();
    let fault = Fault::lose_answer().on(operations::DETACH_BLOCK).times(1);
    emulator.inject(fault).unwrap();
    let error = agent.detach_block(&block.id).await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn a_404_of_another_server_does_not_look_like_a_success() {
    for (body, kind) in [
        (r#"{"detail":"Not Found"}"#, "application/json"),
        (r#"{"message":"no Route matched"}"#, "application/json"),
        ("<html>not found</html>", "text/html"),
        ("", "text/plain"),
    ] {
        let tap = Tap::start(answer("404 Not Found", kind, body)).await;
        let error = tap.letta().block("block-1").delete().await.unwrap_err();
        assert!(error.is_not_found(), "{body}: {error}");
    }
    // Neither does a page of HTML, or a success that is not documented.
    for status in ["200 OK", "202 Accepted"] {
        let page = answer(status, "text/html", "<html>sign in</html>");
        let tap = Tap::start(page).await;
        let error = tap.letta().block("block-1").delete().await.unwrap_err();
        assert!(error.is_invalid_response(), "{status}: {error}");
    }
    let tap = Tap::start(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n".to_vec()).await;
    let deletion = tap.letta().block("block-1").delete().await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
}

#[tokio::test]
async fn an_answer_after_a_redirect_elsewhere_says_nothing_of_a_delete() {
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: /v1/other\r\ncontent-length: 0\r\n\r\n";
    let missing = r#"{"detail":"Block with ID block-1 not found"}"#;
    for (status, body) in [("200 OK", "null"), ("404 Not Found", missing)] {
        let server = FaultServer::start([
            fault_server::Fault::Answer(redirect.into()),
            fault_server::Fault::Answer(answer(status, "application/json", body)),
        ])
        .await;
        let letta = persistent(server.url());
        letta.block("block-1").delete().await.unwrap_err();
        assert!(server.requests()[1].starts_with("DELETE /v1/other "));
    }
}

#[tokio::test]
async fn a_list_that_does_not_move_on_ends_with_an_error() {
    let page = r#"[{"id":"block-1","value":"x"},{"id":"block-2","value":"y"}]"#;
    let tap = Tap::start(answer("200 OK", "application/json", page)).await;
    let mut items = tap.letta().blocks().list().items();
    assert_eq!(items.next().await.unwrap().unwrap().value, "x");
    assert_eq!(items.next().await.unwrap().unwrap().value, "y");
    let error = items.next().await.unwrap().unwrap_err();
    assert!(error.is_invalid_response(), "{error}");
    assert_eq!(error.operation(), Some("list_blocks"));
    assert!(items.next().await.is_none());
    assert_eq!(tap.requests().len(), 2);
}
