//! Archives and passages, against the emulator and against what a network may do.

use letta_api_emulator::{Fault, operations};
use letta_api_ext::archives::NewPassage;
use letta_api_ext::letta_api::types::{CreateArchivePassage, SortOrder, TagMatchMode};
use letta_api_ext::{Deletion, Letta};
use letta_api_tests::emulated::start;
use letta_api_tests::{Tap, answer, split};

/// The field of an error that says that nothing was sent.
fn field(error: letta_api_ext::Error) -> &'static str {
    assert!(error.is_invalid_input(), "{error}");
    error.field().unwrap()
}

#[tokio::test]
async fn an_archive_lives_from_create_to_delete() {
    let (_emulator, letta) = start().await;
    let made = letta
        .archives()
        .create("Recipes")
        .description("Of soups.")
        .embedding("openai/text-embedding-3-small")
        .send()
        .await
        .unwrap();
    assert_eq!(made.name, "Recipes");
    let archive = letta.archive(&made.id);
    assert_eq!(archive.get().await.unwrap(), made);

    // Only what was set is sent, and the rest keeps its value.
    let changed = archive.update().name("Soups").await.unwrap();
    assert_eq!(changed.name, "Soups");
    assert_eq!(changed.description.as_deref(), Some("Of soups."));
    assert_eq!(archive.get().await.unwrap(), changed);

    assert_eq!(archive.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(archive.delete().await.unwrap(), Deletion::NotFound);
    for error in [
        archive.get().await.unwrap_err(),
        archive.update().name("x").await.unwrap_err(),
        archive.add_passage("x").await.unwrap_err(),
        archive.add_passages(["x"]).await.unwrap_err(),
        archive.search_passages("x").await.unwrap_err(),
        // The archive is missing, and so it is not known whether the passage was there.
        archive.delete_passage("passage-1").await.unwrap_err(),
    ] {
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn archives_are_listed_by_page_and_by_item_each_once() {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let mut ids = Vec::new();
    for index in 0..7 {
        let made = letta.archives().create(format!("archive {index}")).await;
        ids.push(made.unwrap().id);
    }
    let list = letta.archives().list().limit(3).order(SortOrder::Asc);
    let first = list.clone().await.unwrap();
    let names: Vec<_> = first.iter().map(|archive| &*archive.name).collect();
    assert_eq!(names, ["archive 0", "archive 1", "archive 2"]);

    let mut lengths = Vec::new();
    let mut pages = list.clone().pages();
    while let Some(page) = pages.next().await {
        lengths.push(page.unwrap().len());
    }
    assert_eq!(lengths, [3, 3, 1, 0]);
    let mut items = list.items();
    let mut found = Vec::new();
    while let Some(archive) = items.next().await {
        found.push(archive.unwrap().id);
    }
    assert_eq!(found, ids);

    // Those of one agent.
    letta
        .agent("agent-1")
        .attach_archive(&ids[4])
        .await
        .unwrap();
    let of_agent = letta.archives().list().agent_id("agent-1").await.unwrap();
    let of_agent: Vec<_> = of_agent.iter().map(|archive| &archive.id).collect();
    assert_eq!(of_agent, [&ids[4]]);
    let named = letta.archives().list().name("archive 2").await.unwrap();
    assert_eq!((named.len(), &named[0].id), (1, &ids[2]));
}

/// The texts that a search of all archives, of one or of an agent's finds.
async fn found(search: letta_api_ext::archives::SearchPassages) -> Vec<String> {
    let found = search.await.unwrap().into_iter();
    found.map(|it| it.passage.text).collect()
}

#[tokio::test]
async fn passages_are_added_found_and_deleted() {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let made = letta.archives().create("Recipes").await.unwrap();
    let archive = letta.archive(&made.id);
    let other = letta.archives().create("Other").await.unwrap();
    let other = letta.archive(&other.id);
    other.add_passage("Salt is a mineral.").await.unwrap();

    let soup = archive
        .add_passage("Soup needs salt.")
        .tags(["soup", "warm"])
        .metadata([("page", 12)])
        .created_at("2026-03-01T12:00:00Z")
        .send()
        .await
        .unwrap();
    assert_eq!(soup.archive_id.as_ref(), Some(archive.id()));
    assert_eq!(soup.metadata.as_ref().unwrap()["page"], 12);
    let many = archive
        .add_passages([
            NewPassage::from("Bread needs salt and time."),
            NewPassage::new("Tea needs water.").tags(["warm"]),
            CreateArchivePassage::new("Ice needs cold.").into(),
        ])
        .await
        .unwrap();
    let texts: Vec<_> = many.iter().map(|passage| &*passage.text).collect();
    assert_eq!(
        texts,
        [
            "Bread needs salt and time.",
            "Tea needs water.",
            "Ice needs cold."
        ]
    );
    assert_eq!(many[1].tags.as_deref(), Some(&["warm".to_owned()][..]));
    assert_eq!(
        archive.add_passages(Vec::<String>::new()).await.unwrap(),
        []
    );

    let here = found(archive.search_passages("soup salt")).await;
    assert_eq!(here, ["Soup needs salt.", "Bread needs salt and time."]);
    assert_eq!(
        found(archive.search_passages("salt").limit(1)).await.len(),
        1
    );
    let everywhere = found(letta.archives().search_passages("salt")).await;
    assert_eq!(everywhere.len(), 3);
    let tagged = archive.search_passages("").tags(["soup", "warm"]);
    assert_eq!(found(tagged.clone()).await.len(), 2);
    let all = found(tagged.tag_match_mode(TagMatchMode::All)).await;
    assert_eq!(all, ["Soup needs salt."]);
    let early = archive.search_passages("").end_date("2026-03-01T13:00:00Z");
    assert_eq!(found(early).await, ["Soup needs salt."]);

    // An agent searches in the archives that it has.
    let of_agent = letta.archives().search_passages("salt").agent_id("agent-1");
    assert!(found(of_agent.clone()).await.is_empty());
    letta
        .agent("agent-1")
        .attach_archive(other.id())
        .await
        .unwrap();
    assert_eq!(found(of_agent).await, ["Salt is a mineral."]);

    // A passage of another archive is not deleted, and that is said.
    let error = other.delete_passage(&soup.id).await.unwrap_err();
    assert!(!error.is_not_found(), "{error}");
    let deletion = archive.delete_passage(&soup.id).await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    let deletion = archive.delete_passage(&soup.id).await.unwrap();
    assert_eq!(deletion, Deletion::NotFound);
    assert!(found(archive.search_passages("soup")).await.is_empty());
}

#[tokio::test]
async fn an_agents_passages_are_added_listed_found_and_deleted() {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let passages = letta.agent("agent-1").passages();
    assert_eq!(passages.list().await.unwrap(), []);
    let mut ids = Vec::new();
    for (index, tag) in ["a", "b", "a", "b", "a"].into_iter().enumerate() {
        let text = format!("Number {index} of the list");
        let added = passages.add(text).tags([tag]).await.unwrap();
        assert_eq!(added.len(), 1);
        ids.push(added[0].id.clone());
    }
    // The first one made the agent's archive, and the others are in it.
    let archives = letta.archives().list().agent_id("agent-1").await.unwrap();
    assert_eq!(archives.len(), 1);

    // By page and by item, in both orders, each once.
    for is_ascending in [true, false] {
        let list = passages.list().limit(2).ascending(is_ascending);
        let mut items = list.items();
        let mut found = Vec::new();
        while let Some(passage) = items.next().await {
            found.push(passage.unwrap().id);
        }
        let mut expected = ids.clone();
        if !is_ascending {
            expected.reverse();
        }
        assert_eq!(found, expected, "ascending: {is_ascending}");
    }
    let some = passages.list().search("NUMBER 3").await.unwrap();
    assert_eq!((some.len(), &some[0].id), (1, &ids[3]));

    let found = passages.search("number 4").top_k(1).await.unwrap();
    assert_eq!((found.results.len(), &found.results[0].id), (1, &ids[4]));
    let tagged = passages.search("number").tags(["b"]).await.unwrap();
    assert_eq!(tagged.results.len(), 2);
    let late = passages
        .search("number")
        .start_datetime("2126-01-01T00:00:00Z");
    assert_eq!(late.await.unwrap().results.len(), 0);

    let deletion = passages.delete(&ids[0]).await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    let deletion = passages.delete(&ids[0]).await.unwrap();
    assert_eq!(deletion, Deletion::NotFound);
    assert_eq!(passages.list().await.unwrap().len(), 4);
    let error = letta
        .agent("agent-2")
        .passages()
        .add("x")
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_before_anything_is_sent() {
    let tap = Tap::start(answer("200 OK", "application/json", "[]")).await;
    let letta = tap.letta();
    let update = letta.archive("archive-1").update();
    assert_eq!(field(update.await.unwrap_err()), "update");
    for id in ["", ".", ".."] {
        let archive = letta.archive(id);
        assert_eq!(field(archive.get().await.unwrap_err()), "archive_id");
        assert_eq!(field(archive.delete().await.unwrap_err()), "archive_id");
        let update = archive.update().name("x");
        assert_eq!(field(update.await.unwrap_err()), "archive_id");
        let add = archive.add_passage("x");
        assert_eq!(field(add.await.unwrap_err()), "archive_id");
        let add = archive.add_passages(["x"]);
        assert_eq!(field(add.await.unwrap_err()), "archive_id");
        let delete = archive.delete_passage("passage-1");
        assert_eq!(field(delete.await.unwrap_err()), "archive_id");
        let delete = letta.archive("archive-1").delete_passage(id);
        assert_eq!(field(delete.await.unwrap_err()), "passage_id");

        let passages = letta.agent(id).passages();
        assert_eq!(field(passages.add("x").await.unwrap_err()), "agent_id");
        assert_eq!(field(passages.list().await.unwrap_err()), "agent_id");
        assert_eq!(field(passages.search("x").await.unwrap_err()), "agent_id");
        let delete = letta.agent("agent-1").passages().delete(id);
        assert_eq!(field(delete.await.unwrap_err()), "memory_id");
    }
    for limit in [0, -1] {
        let list = letta.archives().list().limit(limit);
        assert_eq!(field(list.await.unwrap_err()), "limit");
        let passages = letta.agent("agent-1").passages();
        let item = passages.list().limit(limit).items().next().await;
        assert_eq!(field(item.unwrap().unwrap_err()), "limit");
        let search = letta.archives().search_passages("x").limit(limit);
        assert_eq!(field(search.await.unwrap_err()), "limit");
        let search = passages.search("x").top_k(limit);
        assert_eq!(field(search.await.unwrap_err()), "top_k");
    }
    // The service would pass over the archive.
    let search = letta.archive("archive-1").search_passages("x");
    let error = search.agent_id("agent-1").await.unwrap_err();
    assert_eq!(field(error), "agent_id");
    assert_eq!(tap.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_request_has_what_was_set_and_nothing_else() {
    let archive = r#"{"id":"archive-1","name":"x","created_at":"2026-03-01T12:00:00Z","organization_id":"org-1"}"#;
    let tap = Tap::start(answer("200 OK", "application/json", archive)).await;
    let letta: Letta = tap.letta();
    letta.archives().create("x").await.unwrap();
    let update = letta.archive("archive-1").update();
    update
        .with_body(|body| body.with_description_null())
        .await
        .unwrap();
    let sent = tap.requests();
    assert_eq!(split(&sent[0]).2, r#"{"name":"x"}"#);
    assert_eq!(split(&sent[1]).2, r#"{"description":null}"#);
}

#[tokio::test]
async fn a_delete_whose_answer_is_lost_is_repeated_and_done() {
    let (emulator, letta) = start().await;
    emulator.create_agent("agent-1").unwrap();
    let made = letta.archives().create("x").await.unwrap();
    let archive = letta.archive(&made.id);
    let passages = archive.add_passages(["one", "two"]).await.unwrap();

    let fault = |operation| Fault::lose_answer().on(operation).times(1);
    emulator
        .inject(fault(operations::DELETE_ARCHIVE_PASSAGE))
        .unwrap();
    let deletion = archive.delete_passage(&passages[0].id).await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    emulator
        .inject(fault(operations::DELETE_AGENT_PASSAGE))
        .unwrap();
    let of_agent = letta.agent("agent-1").passages();
    let deletion = of_agent.delete(&passages[1].id).await.unwrap();
    assert_eq!(deletion, Deletion::Deleted);
    emulator.inject(fault(operations::DELETE_ARCHIVE)).unwrap();
    assert_eq!(archive.delete().await.unwrap(), Deletion::Deleted);
    assert_eq!(emulator.request_count(operations::DELETE_ARCHIVE), 2);
}

/// A passage that was added twice would be found twice.
#[tokio::test]
async fn an_add_whose_answer_is_lost_is_not_repeated() {
    let (emulator, letta) = start().await;
    let made = letta.archives().create("x").await.unwrap();
    let archive = letta.archive(&made.id);
    let fault = Fault::lose_answer().on(operations::CREATE_ARCHIVE_PASSAGE);
    emulator.inject(fault.times(1)).unwrap();
    let error = archive.add_passage("one").await.unwrap_err();
    assert!(error.may_have_happened(), "{error}");
    assert_eq!(found(archive.search_passages("one")).await, ["one"]);
}
