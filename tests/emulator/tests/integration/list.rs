use std::time::Duration;

use letta_api::Secret;
use letta_api::types::ListClientSideAccessTokensParams;
use letta_api_emulator::{Emulator, ManualClock};
use serde_json::json;

use crate::raw::{client, create, delete, good_body, list, token_for};

fn page_of(
    agent: Option<&str>,
    limit: Option<u32>,
    offset: Option<u32>,
) -> ListClientSideAccessTokensParams {
    let mut params = ListClientSideAccessTokensParams::default();
    params.agent_id = agent.map(Into::into);
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

/// The secrets of a page, and whether more come.
async fn page(
    emulator: &Emulator,
    request: &ListClientSideAccessTokensParams,
) -> (Vec<Secret>, bool) {
    let page = client(emulator)
        .list_client_side_access_tokens(request)
        .await
        .unwrap()
        .into_inner();
    let tokens = page.tokens.into_iter().map(|token| token.token);
    (tokens.collect(), page.has_next_page)
}

fn sorted(tokens: &[Secret]) -> Vec<&str> {
    let mut tokens: Vec<_> = tokens.iter().map(Secret::expose_secret).collect();
    tokens.sort_unstable();
    tokens
}

#[tokio::test]
async fn a_page_is_cut_exactly_and_says_whether_more_comes() {
    let (emulator, tokens) = emulator_with(&["agent-1"; 12]).await;
    let (all, _) = page(&emulator, &page_of(None, Some(12), None)).await;
    assert_eq!(sorted(&all), sorted(&tokens));
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
        let (listed, more) = page(&emulator, &page_of(None, limit, offset)).await;
        assert!(
            listed == all[expected],
            "offset {offset:?}, limit {limit:?}"
        );
        assert_eq!(more, has_next_page, "offset {offset:?}, limit {limit:?}");
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
    for (agent, expected) in [
        ("agent-1", &[0, 2, 4][..]),
        ("agent-2", &[1, 5]),
        ("agent-3", &[5]),
        ("agent-", &[]),
        ("AGENT-1", &[]),
    ] {
        let expected: Vec<_> = expected
            .iter()
            .map(|&index: &usize| tokens[index].clone())
            .collect();
        let (all, more) = page(&emulator, &page_of(Some(agent), None, None)).await;
        assert_eq!((sorted(&all), more), (sorted(&expected), false), "{agent}");
        for offset in 0..all.len() {
            let request = page_of(Some(agent), Some(1), u32::try_from(offset).ok());
            let (listed, more) = page(&emulator, &request).await;
            assert!(listed == all[offset..=offset] && more == (offset + 1 < all.len()));
        }
    }
}

/// A new token may come anywhere, so that what stood at a position stands at the next one.
#[tokio::test]
async fn a_list_has_no_order_of_age_and_positions_shift() {
    let mut is_oldest_first = 0;
    let mut is_newest_first = 0;
    let mut shifted = 0;
    for seed in 0..20 {
        let emulator = Emulator::builder().seed(seed).start().await.unwrap();
        let mut made = Vec::new();
        let mut before = Vec::new();
        for _ in 0..6 {
            before = page(&emulator, &page_of(None, None, None)).await.0;
            create(&emulator, &good_body()).await;
            made.push(emulator.tokens().pop().unwrap().secret().clone());
        }
        let (listed, _) = page(&emulator, &page_of(None, None, None)).await;
        assert_eq!(sorted(&listed), sorted(&made));
        // The rest stays as it was, so that whoever lists the same again sees the same.
        let rest: Vec<_> = listed
            .iter()
            .filter(|it| **it != made[5])
            .cloned()
            .collect();
        assert!(rest == before);
        shifted += usize::from(listed[5] != made[5]);
        is_oldest_first += usize::from(listed == made);
        made.reverse();
        is_newest_first += usize::from(listed == made);
    }
    assert!(is_oldest_first < 5 && is_newest_first < 5 && shifted > 5);
}

#[tokio::test]
async fn an_expired_token_is_listed_until_it_is_deleted() {
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
        assert_eq!(page["hasNextPage"], true);
        let page = list(&emulator, "").await.json();
        assert_eq!(page["tokens"].as_array().unwrap().len(), 2);
        let count = emulator.token_count();
        assert_eq!((count.live, count.expired), (live, expired));
        let states: Vec<_> = emulator
            .tokens()
            .iter()
            .map(|token| token.is_live())
            .collect();
        assert_eq!(states, [expired == 0, true]);
    }
    let expired = emulator.tokens()[0].secret().expose_secret().to_owned();
    delete(&emulator, &expired).await;
    let page = list(&emulator, "").await.json();
    assert_eq!(page["tokens"].as_array().unwrap().len(), 1);
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
