use std::time::Duration;

use letta_api::Client;
use letta_api::types::{
    AgentId, Archive, ArchiveId, CreateAgentPassage, CreateArchive, CreateArchivePassage,
    CreateArchivePassages, ListAgentPassagesParams, ListArchivesParams, Passage, PassageId,
    SearchAgentPassagesParams, SearchPassagesRequest, SortOrder, TagMatchMode, UpdateArchive,
};
use letta_api_emulator::{Emulator, ManualClock};
use reqwest::Method;
use serde_json::json;

use crate::raw::client;
use crate::side_by_side::same;
use crate::typed::status;

async fn start(clock: &ManualClock) -> Emulator {
    let builder = Emulator::builder().clock(clock.clone()).agent("agent-1");
    builder.start().await.unwrap()
}

async fn archive(client: &Client, name: &str) -> Archive {
    let archive = client.create_archive(&CreateArchive::new(name)).await;
    archive.unwrap().into_inner()
}

fn texts(passages: &[Passage]) -> Vec<&str> {
    passages.iter().map(|it| it.text.as_str()).collect()
}

#[tokio::test]
async fn an_archive_is_made_read_changed_and_deleted_with_its_passages() {
    let clock = ManualClock::new();
    let emulator = start(&clock).await;
    let client = client(&emulator);
    let new = CreateArchive::new("notes")
        .with_description("What I know.")
        .with_embedding("openai/text-embedding-3-small");
    let made = client.create_archive(&new).await.unwrap().into_inner();
    assert_eq!(
        (&*made.name, made.description.as_deref()),
        ("notes", Some("What I know."))
    );
    let embedding = made.embedding_config.as_ref().unwrap();
    assert_eq!(embedding.embedding_model, "text-embedding-3-small");
    assert_eq!(made.organization_id, Emulator::DEFAULT_ORGANIZATION);
    let read = client.get_archive(&made.id).await.unwrap().into_inner();
    assert_eq!(json!(read), json!(made));

    clock.advance(Duration::from_secs(1));
    let change = UpdateArchive::new()
        .with_name("facts")
        .with_description_null();
    let changed = client
        .update_archive(&made.id, &change)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (&*changed.name, changed.description.as_deref()),
        ("facts", Some("What I know."))
    );
    assert_eq!(changed.created_at, made.created_at);
    assert_ne!(changed.updated_at, made.updated_at);

    let passage = CreateArchivePassage::new("one");
    client
        .create_archive_passage(&made.id, &passage)
        .await
        .unwrap();
    client.delete_archive(&made.id).await.unwrap();
    assert_eq!(status(client.get_archive(&made.id).await), 404);
    assert_eq!(status(client.delete_archive(&made.id).await), 404);
    assert_eq!(status(client.update_archive(&made.id, &change).await), 404);
    assert_eq!(
        status(client.create_archive_passage(&made.id, &passage).await),
        404
    );
    let found = client
        .search_passages(&SearchPassagesRequest::new())
        .await
        .unwrap();
    assert!(found.is_empty());
}

#[tokio::test]
async fn archives_are_listed_by_cursor_in_both_orders_and_by_filters() {
    let emulator = start(&ManualClock::new()).await;
    let client = client(&emulator);
    for name in ["a", "b", "c", "d", "e"] {
        archive(&client, name).await;
    }
    for (order, expected) in [(SortOrder::Desc, "edcba"), (SortOrder::Asc, "abcde")] {
        let params = ListArchivesParams::default()
            .with_limit(2)
            .with_order(order);
        let mut items = client.list_archives_pages(&params).items();
        let mut names = String::new();
        while let Some(archive) = items.next().await {
            names.push_str(&archive.unwrap().name);
        }
        assert_eq!(names, expected);
    }
    let params = ListArchivesParams::default().with_name("c");
    let named = client.list_archives(&params).await.unwrap();
    assert_eq!((named.len(), &*named[0].name), (1, "c"));
    let after = ListArchivesParams::default()
        .with_name("a")
        .with_after(named[0].id.as_str());
    assert_eq!(client.list_archives(&after).await.unwrap().len(), 1);
    let unknown = ListArchivesParams::default().with_after("archive-none");
    assert_eq!(status(client.list_archives(&unknown).await), 404);

    let agent = AgentId::from("agent-1");
    let of_agent = ListArchivesParams::default().with_agent_id(agent.clone());
    assert!(client.list_archives(&of_agent).await.unwrap().is_empty());
    client
        .create_agent_passage(&agent, &CreateAgentPassage::new("x"))
        .await
        .unwrap();
    assert_eq!(client.list_archives(&of_agent).await.unwrap().len(), 1);
    let of_nobody = ListArchivesParams::default().with_agent_id("agent-none");
    assert_eq!(status(client.list_archives(&of_nobody).await), 404);
}

#[tokio::test]
async fn passages_are_made_one_by_one_or_together_and_deleted() {
    let clock = ManualClock::new();
    let emulator = start(&clock).await;
    let client = client(&emulator);
    let (one, other) = (
        archive(&client, "one").await,
        archive(&client, "other").await,
    );
    let metadata = json!({"page": 7}).as_object().unwrap().clone();
    let new = CreateArchivePassage::new("red fish")
        .with_tags(["b", "a", "b"].map(str::to_owned))
        .with_metadata(metadata.clone())
        .with_created_at("2026-01-01T02:00:00+02:00");
    let made = client
        .create_archive_passage(&one.id, &new)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(made.tags.as_deref().unwrap(), ["b", "a"]);
    assert_eq!(made.metadata, Some(metadata));
    assert_eq!(made.created_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(made.archive_id.as_ref(), Some(&one.id));
    assert!(!made.is_deleted);

    let many = ["two", "three"].map(CreateArchivePassage::new);
    let many = CreateArchivePassages::new(many.to_vec());
    let made_many = client
        .create_archive_passages(&one.id, &many)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(texts(&made_many), ["two", "three"]);
    let wrong = vec![
        CreateArchivePassage::new("four"),
        CreateArchivePassage::new("five").with_created_at("now"),
    ];
    let wrong = CreateArchivePassages::new(wrong);
    assert_eq!(
        status(client.create_archive_passages(&one.id, &wrong).await),
        400
    );
    let unknown = ArchiveId::from("archive-00000000-0000-4000-8000-000000000000");
    assert_eq!(
        status(client.create_archive_passages(&unknown, &many).await),
        404
    );
    let none = CreateArchivePassages::new(Vec::new());
    assert!(
        client
            .create_archive_passages(&unknown, &none)
            .await
            .unwrap()
            .is_empty()
    );

    assert_eq!(
        status(client.delete_archive_passage(&other.id, &made.id).await),
        400
    );
    client
        .delete_archive_passage(&one.id, &made.id)
        .await
        .unwrap();
    assert_eq!(
        status(client.delete_archive_passage(&one.id, &made.id).await),
        404
    );
    let all = SearchPassagesRequest::new().with_archive_id(one.id.clone());
    let left = client.search_passages(&all).await.unwrap();
    let left: Vec<&str> = left.iter().map(|it| it.passage.text.as_str()).collect();
    assert_eq!(left, ["two", "three"]);
}

#[tokio::test]
async fn passages_are_found_by_their_words_tags_and_dates() {
    let clock = ManualClock::new();
    let emulator = start(&clock).await;
    let client = client(&emulator);
    let fish = archive(&client, "fish").await;
    for (text, tags, created) in [
        ("red fish", &["red"][..], "2026-01-01"),
        ("blue fish", &["blue", "old"], "2026-01-02"),
        ("a red, RED fish!", &["red", "old"], "2026-01-03"),
        ("bird", &[], "2026-01-04"),
    ] {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let new = CreateArchivePassage::new(text)
            .with_created_at(created)
            .with_tags(tags);
        client.create_archive_passage(&fish.id, &new).await.unwrap();
    }
    let tags = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
    let ask = SearchPassagesRequest::new;
    for (request, expected) in [
        (
            ask().with_query("red fish"),
            &["a red, RED fish!", "red fish", "blue fish"][..],
        ),
        (
            ask().with_query("red fish").with_limit(1),
            &["a red, RED fish!"],
        ),
        (ask().with_query("cat"), &[]),
        (
            ask(),
            &["red fish", "blue fish", "a red, RED fish!", "bird"],
        ),
        (ask().with_limit(2), &["red fish", "blue fish"]),
        (
            ask().with_tags(tags(&["red", "old"])),
            &["red fish", "blue fish", "a red, RED fish!"],
        ),
        (
            ask()
                .with_tags(tags(&["red", "old"]))
                .with_tag_match_mode(TagMatchMode::All),
            &["a red, RED fish!"],
        ),
        (
            ask().with_query("fish").with_start_date("2026-01-02"),
            &["a red, RED fish!", "blue fish"],
        ),
        (
            ask()
                .with_query("fish")
                .with_end_date("2026-01-02T00:00:00Z"),
            &["blue fish", "red fish"],
        ),
        (
            ask().with_archive_id(fish.id.clone()).with_query("bird"),
            &["bird"],
        ),
    ] {
        let found = client.search_passages(&request).await.unwrap();
        let found: Vec<&str> = found.iter().map(|it| it.passage.text.as_str()).collect();
        assert_eq!(found, expected, "{request:?}");
    }
    let found = client
        .search_passages(&ask().with_query("red cat"))
        .await
        .unwrap();
    assert!((found[0].score - 0.5).abs() < f64::EPSILON);
    for (request, expected) in [
        (ask().with_query("x").with_archive_id("archive-none"), 404),
        (ask().with_query("x").with_agent_id("agent-none"), 404),
        (ask().with_limit(0), 422),
        (ask().with_limit(101), 422),
        (ask().with_start_date("soon"), 422),
    ] {
        assert_eq!(
            status(client.search_passages(&request).await),
            expected,
            "{request:?}"
        );
    }
}

#[tokio::test]
async fn an_agent_gets_an_archive_with_its_first_passage() {
    let clock = ManualClock::new();
    let emulator = start(&clock).await;
    let client = client(&emulator);
    let agent = AgentId::from("agent-1");
    let wrong = CreateAgentPassage::new("x").with_created_at("now");
    assert_eq!(
        status(client.create_agent_passage(&agent, &wrong).await),
        422
    );
    let all = ListArchivesParams::default();
    assert!(client.list_archives(&all).await.unwrap().is_empty());

    for text in ["Ada likes tea", "Ada likes coffee"] {
        clock.advance(Duration::from_secs(60));
        let new = CreateAgentPassage::new(text).with_tags(["drink".to_owned()]);
        let made = client.create_agent_passage(&agent, &new).await.unwrap();
        assert_eq!(texts(&made), [text]);
    }
    let archives = client.list_archives(&all).await.unwrap();
    assert_eq!(
        (archives.len(), &*archives[0].name),
        (1, "agent-1's Archive")
    );
    // It was said long before.
    let new = CreateAgentPassage::new("Ada was born").with_created_at("1815-12-10");
    client.create_agent_passage(&agent, &new).await.unwrap();

    let list = ListAgentPassagesParams::default;
    let listed = client
        .list_agent_passages(&agent, &list())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        texts(&listed),
        ["Ada was born", "Ada likes tea", "Ada likes coffee"]
    );
    let tea = listed[1].id.as_str();
    for (params, expected) in [
        (
            list().with_ascending(false),
            &["Ada likes coffee", "Ada likes tea", "Ada was born"][..],
        ),
        (
            list().with_ascending(false).with_limit(1),
            &["Ada likes coffee"],
        ),
        (list().with_limit(1), &["Ada was born"]),
        (list().with_search("LIKES T"), &["Ada likes tea"]),
        (list().with_after(tea), &["Ada likes coffee"]),
        (list().with_before(tea), &["Ada was born"]),
        (
            list().with_ascending(false).with_before(tea),
            &["Ada was born"],
        ),
        (list().with_after("passage-none"), &[]),
    ] {
        let listed = client.list_agent_passages(&agent, &params).await.unwrap();
        assert_eq!(texts(&listed), expected, "{params:?}");
    }
    for ascending in [true, false] {
        let params = list().with_limit(1).with_ascending(ascending);
        let mut items = client.list_agent_passages_pages(&agent, &params).items();
        let mut texts = Vec::new();
        while let Some(passage) = items.next().await {
            texts.push(passage.unwrap().text);
        }
        let mut expected: Vec<_> = listed.iter().map(|it| it.text.clone()).collect();
        if !ascending {
            expected.reverse();
        }
        assert_eq!(texts, expected);
    }
    let nobody = AgentId::from("agent-none");
    assert!(
        client
            .list_agent_passages(&nobody, &list())
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        status(client.create_agent_passage(&nobody, &new).await),
        404
    );
}

#[tokio::test]
async fn an_agent_searches_its_own_passages_and_deletes_any() {
    let clock = ManualClock::new();
    let emulator = start(&clock).await;
    let client = client(&emulator);
    let agent = AgentId::from("agent-1");
    for number in 1..=6 {
        clock.advance(Duration::from_secs(1));
        let new =
            CreateAgentPassage::new(format!("tea {number}")).with_tags([format!("t{number}")]);
        client.create_agent_passage(&agent, &new).await.unwrap();
    }
    let other = archive(&client, "other").await;
    let stray = CreateArchivePassage::new("tea of another");
    let stray = client
        .create_archive_passage(&other.id, &stray)
        .await
        .unwrap()
        .into_inner();

    let search = SearchAgentPassagesParams::default;
    for (query, params, expected) in [
        (
            "tea",
            search(),
            &["tea 6", "tea 5", "tea 4", "tea 3", "tea 2"][..],
        ),
        ("tea 2", search().with_top_k(2), &["tea 2", "tea 6"]),
        ("tea", search().with_tags(["t1".to_owned()]), &["tea 1"]),
        ("coffee", search(), &[]),
        (" ", search(), &[]),
        ("tea", search().with_end_datetime("2000-01-01"), &[]),
    ] {
        let found = client
            .search_agent_passages(&agent, query, &params)
            .await
            .unwrap();
        let texts: Vec<&str> = found.results.iter().map(|it| it.content.as_str()).collect();
        assert_eq!(texts, expected, "{query} {params:?}");
        assert_eq!(found.count, expected.len() as i64);
    }
    let found = client
        .search_agent_passages(&agent, "6", &search())
        .await
        .unwrap();
    assert!(found.results[0].timestamp.ends_with("+00:00"));
    assert_eq!(found.results[0].tags, ["t6"]);
    let nobody = AgentId::from("agent-none");
    assert_eq!(
        status(
            client
                .search_agent_passages(&nobody, "tea", &search())
                .await
        ),
        404
    );

    client
        .delete_agent_passage(&agent, &stray.id)
        .await
        .unwrap();
    assert_eq!(
        status(client.delete_agent_passage(&agent, &stray.id).await),
        404
    );
    let tea = PassageId::from(found.results[0].id.as_str());
    client.delete_agent_passage(&agent, &tea).await.unwrap();
    let left = client
        .list_agent_passages(&agent, &ListAgentPassagesParams::default())
        .await;
    assert_eq!(left.unwrap().len(), 5);
}

#[tokio::test]
async fn archives_and_passages_are_as_the_server_has_them() {
    same(async |server| {
        let none = "00000000-0000-4000-8000-000000000000";
        let new = json!({"name": "side by side", "description": "d"});
        let archive = server.call(Method::POST, "/v1/archives/", Some(new)).await;
        let path = format!("/v1/archives/{}", archive["id"].as_str().unwrap());
        server.call(Method::GET, &path, None).await;
        server.call(Method::PATCH, &path, Some(json!({"name": "side"}))).await;
        let list = "/v1/archives/?name=side";
        server.call(Method::GET, list, None).await;
        let unknown = format!("{list}&after=archive-{none}");
        server.call(Method::GET, &unknown, None).await;
        let passages = format!("{path}/passages");
        for body in [
            json!({"text": "one", "tags": ["a", "a"], "metadata": {"k": 1}, "created_at": "2026-01-01"}),
            json!({"text": "one", "created_at": "now"}),
            json!({"text": ""}),
        ] {
            server.call(Method::POST, &passages, Some(body)).await;
        }
        let empty = Some(json!({"passages": []}));
        server.call(Method::POST, &format!("{passages}/batch"), empty).await;
        for body in [
            json!({"archive_id": archive["id"], "query": "one"}),
            json!({"archive_id": archive["id"], "tags": ["b"]}),
            json!({"limit": 0}),
            json!({"agent_id": format!("agent-{none}"), "query": "one"}),
        ] {
            server.call(Method::POST, "/v1/passages/search", Some(body)).await;
        }
        server.call(Method::DELETE, &format!("{passages}/passage-{none}"), None).await;
        server.call(Method::DELETE, &path, None).await;
        server.call(Method::DELETE, &path, None).await;
    })
    .await;
}

#[tokio::test]
async fn the_passages_of_an_agent_are_as_the_server_has_them() {
    same(async |server| {
        let agent = format!("/v1/agents/{}", server.agent(json!({})).await);
        let path = format!("{agent}/archival-memory");
        server.call(Method::GET, &path, None).await;
        let passage = server
            .call(Method::POST, &path, Some(json!({"text": "tea"})))
            .await;
        let of_archive = format!(
            "/v1/archives/{}",
            passage[0]["archive_id"].as_str().unwrap()
        );
        let passage = format!("{path}/{}", passage[0]["id"].as_str().unwrap());
        server.call(Method::GET, &path, None).await;
        server
            .call(Method::GET, &format!("{path}/search?query=tea"), None)
            .await;
        server
            .call(Method::GET, &format!("{path}/search?query=%20"), None)
            .await;
        server.call(Method::DELETE, &passage, None).await;
        server.call(Method::DELETE, &passage, None).await;
        server.call(Method::GET, &of_archive, None).await;
        server.call(Method::DELETE, &agent, None).await;
        server.call(Method::GET, &of_archive, None).await;
        server.call(Method::DELETE, &of_archive, None).await;
    })
    .await;
}
