use letta_api::types::{
    BlockId, CreateBlock, Identity, IdentityType, ListBlockAgentsParams, ListBlocksParams,
    SortOrder, UpdateBlock,
};
use letta_api_emulator::{Emulator, NewAgent};

use crate::typed::{Service, nobody, refused, strings, value};

#[tokio::test]
async fn a_block_is_made_read_changed_and_deleted() {
    let service = Service::start().await;
    let wanted = CreateBlock::new("Name: Sam", "human").with_tags(strings(["one"]));
    let made = value(service.client.create_block(&wanted).await);
    assert_eq!(made.id.as_str().len(), 42);
    assert_eq!(
        (&*made.value, made.label.as_deref()),
        ("Name: Sam", Some("human"))
    );
    assert_eq!(made.limit, 100_000);
    assert_eq!(made.tags.as_deref(), Some(&strings(["one"])[..]));
    // A usual label has a description.
    assert!(made.description.is_some());
    assert_eq!(value(service.client.get_block(&made.id).await), made);

    let change = UpdateBlock::new()
        .with_value("Name: Kim")
        .with_description_null()
        .with_tags(strings(["two"]));
    let changed = value(service.client.update_block(&made.id, &change).await);
    assert_eq!(changed.value, "Name: Kim");
    assert_eq!(changed.description, made.description);
    assert_eq!(changed.tags.as_deref(), Some(&strings(["two"])[..]));
    let same = service
        .client
        .update_block(&made.id, &UpdateBlock::new())
        .await;
    assert_eq!(value(same), changed);
    assert_eq!(value(service.client.get_block(&made.id).await), changed);

    value(service.client.delete_block(&made.id).await);
    let gone = refused(service.client.get_block(&made.id).await);
    assert_eq!(
        gone,
        (404, format!("Block with id '{}' not found", made.id))
    );
}

#[tokio::test]
async fn a_block_that_does_not_exist_is_a_404() {
    let service = Service::start().await;
    let id: BlockId = nobody("block");
    assert_eq!(refused(service.client.get_block(&id).await).0, 404);
    let change = service.client.update_block(&id, &UpdateBlock::new()).await;
    assert_eq!(refused(change).0, 404);
    assert_eq!(refused(service.client.delete_block(&id).await).0, 404);
    // But its agents are none.
    let agents = service
        .client
        .list_block_agents(&id, &ListBlockAgentsParams::default())
        .await;
    assert!(value(agents).is_empty());
}

#[tokio::test]
async fn a_change_shows_in_all_agents_that_share_the_block() {
    let service = Service::of(
        Emulator::builder()
            .agent("agent-1")
            .agent("agent-2")
            .agent("agent-3"),
    )
    .await;
    let block = value(
        service
            .client
            .create_block(&CreateBlock::new("One.", "team"))
            .await,
    );
    for id in ["agent-1", "agent-2"] {
        value(service.client.attach_block(&id.into(), &block.id).await);
    }
    let change = UpdateBlock::new().with_value("Two.");
    value(
        service
            .client
            .update_agent_block(&"agent-1".into(), "team", &change)
            .await,
    );
    for id in ["agent-1", "agent-2"] {
        assert_eq!(service.state(&id.into()).blocks[0].value, "Two.");
        let agent = service.emulator.agent(id).snapshot().unwrap();
        assert!(agent.messages()[0].text().contains("\nTwo.\n"));
    }
    let new = ListBlockAgentsParams::default;
    for (params, expected) in [
        (new(), &["agent-2", "agent-1"][..]),
        (new().with_order(SortOrder::Asc), &["agent-1", "agent-2"]),
        (new().with_limit(1), &["agent-2"]),
        (new().with_after("agent-2"), &["agent-1"]),
    ] {
        let agents = value(service.client.list_block_agents(&block.id, &params).await);
        let ids: Vec<_> = agents.iter().map(|agent| agent.id.as_str()).collect();
        assert_eq!(ids, expected, "{params:?}");
    }
    value(service.client.delete_block(&block.id).await);
    assert!(service.state(&"agent-1".into()).blocks.is_empty());
}

#[tokio::test]
async fn blocks_are_listed_by_what_they_hold_and_who_has_them() {
    let sam = Identity::new(
        "identity-1",
        "sam",
        "Sam",
        IdentityType::User,
        Vec::new(),
        vec!["block-none".into()],
    );
    let builder = Emulator::builder()
        .identity(sam)
        .agent(NewAgent::new("agent-1").memory("human", "Sam is here."))
        .agent("agent-2");
    let service = Service::of(builder).await;
    for (label, text, description, tags) in [
        ("team", "Blue.", Some("The colour"), &["a", "b"][..]),
        ("note", "Blue, too.", None, &["b"]),
    ] {
        let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let mut block = CreateBlock::new(text, label).with_tags(tags);
        if let Some(description) = description {
            block = block.with_description(description);
        }
        let block = value(service.client.create_block(&block).await);
        value(
            service
                .client
                .attach_block(&"agent-2".into(), &block.id)
                .await,
        );
        if label == "team" {
            value(
                service
                    .client
                    .attach_block(&"agent-1".into(), &block.id)
                    .await,
            );
        }
    }
    let free = CreateBlock::new("Free.", "note")
        .with_is_template(true)
        .with_template_name("form");
    value(service.client.create_block(&free).await);
    let new = ListBlocksParams::default;
    for (params, expected) in [
        (new(), &["Free.", "Blue, too.", "Blue.", "Sam is here."][..]),
        (
            new().with_order(SortOrder::Asc).with_limit(2),
            &["Sam is here.", "Blue."],
        ),
        (
            new().with_limit(0),
            &["Free.", "Blue, too.", "Blue.", "Sam is here."],
        ),
        (
            new().with_after(nobody::<String>("block")).with_limit(1),
            &["Free."],
        ),
        (new().with_label("note"), &["Free.", "Blue, too."]),
        (new().with_label("not"), &[]),
        (new().with_name("form"), &["Free."]),
        (new().with_templates_only(true), &["Free."]),
        (new().with_label_search("EA"), &["Blue."]),
        (new().with_value_search("blue"), &["Blue, too.", "Blue."]),
        (new().with_description_search("colour"), &["Blue."]),
        (
            new().with_tags(strings(["a", "b"])),
            &["Blue, too.", "Blue."],
        ),
        (
            new()
                .with_tags(strings(["a", "b"]))
                .with_match_all_tags(true),
            &["Blue."],
        ),
        (new().with_project_id("p"), &[]),
        (new().with_identity_id("identity-1"), &[]),
        (new().with_identifier_keys(strings(["sam"])), &[]),
        (new().with_connected_to_agents_count_gt(1), &["Blue."]),
        (new().with_connected_to_agents_count_lt(1), &["Free."]),
        (
            new().with_connected_to_agents_count_eq(vec![0, 2]),
            &["Free.", "Blue."],
        ),
    ] {
        let listed = value(service.client.list_blocks(&params).await);
        let values: Vec<_> = listed.iter().map(|block| &*block.value).collect();
        assert_eq!(values, expected, "{params:?}");
    }
    let listed = value(service.client.list_blocks(&new()).await);
    let after = new().with_after(listed[1].id.clone());
    let listed = value(service.client.list_blocks(&after).await);
    assert_eq!(listed[0].value, "Blue.");
}
