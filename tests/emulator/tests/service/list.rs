use std::time::Duration;

use letta_api::Secret;
use letta_api::types::ListClientSideAccessTokensParams;
use letta_api_emulator::{Emulator, ManualClock};
use serde_json::json;

use crate::raw::{client, create, good_body, list, token_for};

fn page_of(
    agent: Option<&str>,
    limit: Option<u32>,
    offset: Option<u32>,
) -> ListClientSideAccessTokensParams {
    let mut params = ListClientSideAccessTokensParams::default();
    params.agent_id = agent.map(str::to_owned);
    params.limit = limit;
    params.offset = offset;
    params
}

async fn emulator_with(agents: &[&str]) -> (Emulator, Vec<Secret>) {
    let emulator = Emulator::start().await.unwrap();
    let client = client(&emulator);
    let mut tokens = Vec::new();
    for agent in agents {
        let token = client
            .create_client_side_access_token(&token_for(agent))
            .await
            .unwrap();
        tokens.push(token.token.clone());
    }
    (emulator, tokens)
}

#[tokio::test]
async fn a_page_is_cut_exactly_oldest_first_and_says_whether_more_comes() {
    let (emulator, tokens) = emulator_with(&["agent-1"; 12]).await;
    let client = client(&emulator);
    for (offset, limit, expected, has_next_page) in [
        (None, None, 0..10, true),
        (Some(2), None, 2..12, false),
        (Some(1), None, 1..11, true),
        (None, Some(12), 0..12, false),
        (None, Some(11), 0..11, true),
        (None, Some(u32::MAX), 0..12, false),
        (Some(11), Some(1), 11..12, false),
        (Some(10), Some(1), 10..11, true),
        (Some(12), Some(1), 12..12, false),
        (Some(u32::MAX), Some(u32::MAX), 12..12, false),
    ] {
        let page = client
            .list_client_side_access_tokens(&page_of(None, limit, offset))
            .await
            .unwrap()
            .into_inner();
        let listed: Vec<_> = page.tokens.into_iter().map(|token| token.token).collect();
        assert!(
            listed == tokens[expected],
            "offset {offset:?}, limit {limit:?}"
        );
        assert_eq!(
            page.has_next_page, has_next_page,
            "offset {offset:?}, limit {limit:?}"
        );
    }
    let beyond_every_number = format!("?offset={0}&limit={0}", u64::MAX);
    assert_eq!(
        list(&emulator, &beyond_every_number).await.json(),
        json!({"tokens": [], "hasNextPage": false})
    );
}

#[tokio::test]
async fn a_listed_token_is_as_create_answered_it() {
    let emulator = Emulator::start().await.unwrap();
    let created = create(&emulator, &good_body()).await.json();
    let answer = list(&emulator, "").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.json(),
        json!({"tokens": [created], "hasNextPage": false})
    );
}

#[tokio::test]
async fn the_filter_keeps_the_tokens_that_name_the_agent_and_pages_are_cut_from_those() {
    let (emulator, tokens) =
        emulator_with(&["agent-1", "agent-2", "agent-1", "agent-10", "agent-1"]).await;
    let both = json!({
        "hostname": "https://chat.example.com",
        "policy": [
            {"type": "agent", "id": "agent-3", "access": ["read_agent"]},
            {"type": "agent", "id": "agent-2", "access": ["read_agent"]},
        ],
    });
    create(&emulator, &both).await;
    let tokens = {
        let last = emulator.tokens().pop().unwrap().secret().clone();
        [tokens, vec![last]].concat()
    };
    let client = client(&emulator);
    for (agent, limit, offset, expected, has_next_page) in [
        ("agent-1", None, None, &[0, 2, 4][..], false),
        ("agent-1", Some(2), None, &[0, 2], true),
        ("agent-1", Some(2), Some(2), &[4], false),
        ("agent-2", None, None, &[1, 5], false),
        ("agent-3", None, None, &[5], false),
        ("agent-", None, None, &[], false),
        ("AGENT-1", None, None, &[], false),
    ] {
        let page = client
            .list_client_side_access_tokens(&page_of(Some(agent), limit, offset))
            .await
            .unwrap();
        let listed: Vec<_> = page.tokens.iter().map(|token| &token.token).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|&index: &usize| &tokens[index])
            .collect();
        assert!(
            listed == expected,
            "{agent}, limit {limit:?}, offset {offset:?}"
        );
        assert_eq!(
            page.has_next_page, has_next_page,
            "{agent}, {limit:?}, {offset:?}"
        );
    }
}

#[tokio::test]
async fn a_token_is_listed_up_to_the_instant_of_its_expiry() {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    create(&emulator, &good_body()).await;
    let expires_at = emulator.tokens()[0].expires_at();
    let mut other = good_body();
    other["expires_at"] = json!("2999-01-01T00:00:00Z");
    create(&emulator, &other).await;

    for (now, live, expired) in [
        (expires_at - Duration::from_millis(1), 2, 0),
        (expires_at, 1, 1),
        (expires_at + Duration::from_millis(1), 1, 1),
    ] {
        clock.set(now);
        let page = list(&emulator, "?limit=1").await.json();
        assert_eq!(page["hasNextPage"], live > 1);
        let page = list(&emulator, "").await.json();
        assert_eq!(page["tokens"].as_array().unwrap().len(), live);
        let count = emulator.token_count();
        assert_eq!((count.live, count.expired), (live, expired));
        let states: Vec<_> = emulator
            .tokens()
            .iter()
            .map(|token| token.is_live())
            .collect();
        assert_eq!(states, [expired == 0, true]);
    }
}

#[tokio::test]
async fn a_query_that_breaks_a_rule_is_400_that_names_the_parameter() {
    let emulator = Emulator::start().await.unwrap();
    for (query, name) in [
        ("?limit=x", "limit"),
        ("?limit=", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=1.5", "limit"),
        ("?limit=10.0", "limit"),
        ("?limit=%2B1", "limit"),
        ("?limit=0", "limit"),
        ("?limit=18446744073709551616", "limit"),
        ("?limit=1&limit=2", "limit"),
        ("?offset=x&limit=1", "offset"),
        ("?offset=-1", "offset"),
        ("?offset=0.5", "offset"),
        ("?offset=1&offset=1", "offset"),
        ("?agentId=", "agentId"),
        ("?agentId=a&agentId=b", "agentId"),
    ] {
        let answer = list(&emulator, query).await;
        assert_eq!(answer.status, 400, "{query}");
        assert!(
            answer.message().starts_with(name),
            "{query}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn parameters_that_are_not_documented_are_passed_over() {
    let (emulator, _) = emulator_with(&["agent-1"]).await;
    for query in ["?", "?page=2", "?Limit=x&agent_id=agent-9", "?&&="] {
        let answer = list(&emulator, query).await;
        assert_eq!(
            answer.json()["tokens"].as_array().unwrap().len(),
            1,
            "{query}"
        );
    }
}
