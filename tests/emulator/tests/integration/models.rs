use letta_api::types::{CreateBlock, ListModelsParams, ListTagsParams, SortOrder};
use letta_api_emulator::{Emulator, NewAgent};

use crate::typed::{Service, strings, value};

#[tokio::test]
async fn models_are_listed_and_each_can_be_an_agents() {
    let service = Service::start().await;
    let models = value(
        service
            .client
            .list_models(&ListModelsParams::default())
            .await,
    );
    let handles: Vec<_> = models
        .iter()
        .filter_map(|it| it.handle.as_deref())
        .collect();
    assert!(handles.contains(&"letta/letta-free") && handles.contains(&"openai/gpt-4.1"));
    for handle in handles {
        let wanted = letta_api::types::CreateAgent::new().with_model(handle);
        assert_eq!(service.create(&wanted).await.model.as_deref(), Some(handle));
    }
    let anthropic = ListModelsParams::default().with_provider_name("anthropic");
    let anthropic = value(service.client.list_models(&anthropic).await);
    assert!(
        anthropic
            .iter()
            .all(|it| it.provider_type.as_str() == "anthropic")
    );
    assert_eq!(anthropic.len(), 1);
    let nobody = ListModelsParams::default().with_provider_name("nobody");
    assert!(value(service.client.list_models(&nobody).await).is_empty());
    let embedding = value(service.client.list_embedding_models().await);
    let large = embedding
        .iter()
        .find(|it| it.name == "text-embedding-3-large");
    assert_eq!(large.unwrap().embedding_dim, 3_072);
}

#[tokio::test]
async fn tags_are_those_of_agents_and_blocks_by_the_alphabet() {
    let builder = Emulator::builder()
        .agent(NewAgent::new("agent-1").tag("blue").tag("red"))
        .agent(NewAgent::new("agent-2").tag("red"));
    let service = Service::of(builder).await;
    let block = CreateBlock::new("x", "team").with_tags(strings(["amber", "blue"]));
    value(service.client.create_block(&block).await);
    let new = ListTagsParams::default;
    for (params, expected) in [
        (new(), &["amber", "blue", "red"][..]),
        (new().with_order(SortOrder::Desc), &["red", "blue", "amber"]),
        (new().with_limit(1), &["amber"]),
        (new().with_limit(0), &["amber", "blue", "red"]),
        (new().with_after("amber"), &["blue", "red"]),
        (new().with_after("b"), &["blue", "red"]),
        (new().with_before("red"), &["amber", "blue"]),
        (
            new().with_order(SortOrder::Desc).with_after("blue"),
            &["amber"],
        ),
        (
            new().with_order(SortOrder::Desc).with_before("blue"),
            &["red"],
        ),
        (new().with_name("BE"), &["amber"]),
        (
            new().with_name("e").with_after("amber").with_limit(1),
            &["blue"],
        ),
    ] {
        let tags = value(service.client.list_tags(&params).await);
        assert_eq!(tags, expected, "{params:?}");
    }
}
