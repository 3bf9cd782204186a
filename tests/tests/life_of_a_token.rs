//! The whole life of a token, against the emulator.

use std::time::Duration;

use letta_api_emulator::{Emulator, Fault, ManualClock, Operation, TokenRules};
use letta_api_ext::policy::Preset;
use letta_api_ext::{
    AccessPolicy, AccessRight, AccessToken, Letta, RetryPolicy, Revocation, TokenMinter,
};

letta_api_tests::with_both_token_rules!(
    a_token_is_minted_listed_and_deleted,
    a_token_lives_five_minutes_unless_told_otherwise,
    every_token_comes_once_however_long_the_pages,
    what_the_service_refuses_comes_with_its_reason,
    projects_are_kept_apart,
    a_token_opens_what_its_policy_says_until_it_is_deleted,
    a_token_of_two_agents_opens_nothing,
    the_emulators_faults_are_what_applications_will_see,
    tokens_in_a_list_are_told_apart_without_being_shown,
    time_moves_on_for_the_service_the_client_and_a_minter_alike,
);

async fn start(rules: TokenRules) -> Emulator {
    let builder = Emulator::builder().token_rules(rules);
    builder.start().await.unwrap()
}

fn client(emulator: &Emulator) -> Letta {
    Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap()
}

async fn a_token_is_minted_listed_and_deleted(rules: TokenRules) {
    let emulator = start(rules).await;
    let tokens = client(&emulator).access_tokens();
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .read_messages()
        .write_messages()
        .build()
        .unwrap();

    let token = tokens
        .create(&policy, "https://chat.example.com")
        .expires_in(Duration::from_secs(15 * 60))
        .send()
        .await
        .unwrap();
    assert!(token.expose_secret().starts_with("ck-let-"));
    assert_eq!(token.policy(), &policy);
    assert_eq!(token.origin().unwrap().as_str(), "https://chat.example.com");
    assert!(
        (880..=900).contains(&token.remaining().as_secs()),
        "{:?}",
        token.remaining()
    );

    let listed = tokens.list().agent("agent-1").await.unwrap().into_tokens();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].expose_secret(), token.expose_secret());
    assert_eq!(listed[0].policy(), &policy);
    assert_eq!(listed[0].expires_at(), token.expires_at());
    assert!(
        tokens
            .list()
            .agent("agent-3")
            .await
            .unwrap()
            .tokens()
            .is_empty()
    );

    // A second time the service answers the same.
    for _ in 0..2 {
        assert_eq!(tokens.revoke(&token).await.unwrap(), Revocation::Deleted);
    }
    assert!(tokens.list().await.unwrap().tokens().is_empty());
}

async fn a_token_lives_five_minutes_unless_told_otherwise(rules: TokenRules) {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .token_rules(rules)
        .clock(clock.clone())
        .start()
        .await
        .unwrap();
    let tokens = client(&emulator).access_tokens();
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let token = tokens
        .create(policy, "http://localhost:3000")
        .await
        .unwrap();
    let left = token.remaining().as_secs();
    assert!((290..=300).contains(&left), "{left}");

    clock.advance(Duration::from_secs(299));
    assert_eq!(emulator.token_count().live, 1);
    clock.advance(Duration::from_secs(2));
    assert_eq!(emulator.token_count().live, 0);
    // It is listed until it is deleted.
    assert_eq!(tokens.list().await.unwrap().tokens().len(), 1);
    assert_eq!(tokens.revoke(&token).await.unwrap(), Revocation::Deleted);
    assert!(tokens.list().await.unwrap().tokens().is_empty());
}

async fn every_token_comes_once_however_long_the_pages(rules: TokenRules) {
    let emulator = start(rules).await;
    let tokens = client(&emulator).access_tokens();
    for number in 0..23 {
        let agent = format!("agent-{}", number % 2);
        let policy = AccessPolicy::from_grants([(agent, [AccessRight::ReadMessages])]).unwrap();
        tokens
            .create(policy, "https://chat.example.com")
            .await
            .unwrap();
    }
    for limit in [1, 5, 23, 100] {
        let mut items = tokens.list().limit(limit).items();
        let mut seen = std::collections::BTreeSet::new();
        while let Some(token) = items.next().await {
            assert!(
                seen.insert(token.unwrap().expose_secret().to_owned()),
                "{limit}"
            );
        }
        assert_eq!(seen.len(), 23, "{limit}");
    }
    let page = tokens.list().await.unwrap();
    assert_eq!((page.tokens().len(), page.has_next_page()), (10, true));
    let mut odd = 0;
    let mut pages = tokens.list().agent("agent-1").limit(4).pages();
    while let Some(page) = pages.next().await {
        odd += page.unwrap().into_iter().count();
    }
    assert_eq!(odd, 11);
}

async fn what_the_service_refuses_comes_with_its_reason(rules: TokenRules) {
    let emulator = start(rules).await;
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .right(AccessRight::from("dream"))
        .build()
        .unwrap();
    let error = client(&emulator)
        .access_tokens()
        .create(&policy, "https://chat.example.com")
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(error.message().unwrap().contains("dream"), "{error}");
    assert!(error.request_id().is_some());

    let stranger = Letta::builder()
        .api_key("sk-let-wrong-key")
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let error = stranger.access_tokens().list().await.unwrap_err();
    assert!(error.is_unauthorized());
    assert!(!format!("{error:?}").contains("wrong-key"), "{error:?}");
}

async fn projects_are_kept_apart(rules: TokenRules) {
    let emulator = start(rules).await;
    let of = |project: &str| {
        Letta::builder()
            .api_key(emulator.api_key())
            .base_url(emulator.base_url())
            .project(project)
            .build()
            .unwrap()
            .access_tokens()
    };
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let token = of("one")
        .create(policy, "https://chat.example.com")
        .await
        .unwrap();
    assert_eq!(of("one").list().await.unwrap().tokens().len(), 1);
    assert!(of("two").list().await.unwrap().tokens().is_empty());
    // The answer is the same, and the token stays.
    assert_eq!(of("two").revoke(&token).await.unwrap(), Revocation::Deleted);
    assert_eq!(of("one").list().await.unwrap().tokens().len(), 1);
    assert_eq!(of("one").revoke(&token).await.unwrap(), Revocation::Deleted);
}

/// What a page of `https://chat.example.com` gets for a request with the token.
async fn as_page(emulator: &Emulator, token: &AccessToken, path: &str) -> u16 {
    let request = reqwest::Client::new()
        .get(format!("{}{path}", emulator.base_url()))
        .bearer_auth(token.expose_secret())
        .header("origin", "https://chat.example.com");
    request.send().await.unwrap().status().as_u16()
}

async fn a_token_opens_what_its_policy_says_until_it_is_deleted(rules: TokenRules) {
    let builder = Emulator::builder().token_rules(rules);
    let builder = builder.agent("agent-1").agent("agent-2");
    let emulator = builder.start().await.unwrap();
    let tokens = client(&emulator).access_tokens();
    let policy = AccessPolicy::for_agent("agent-1", Preset::ReadOnly).unwrap();
    let create = || tokens.create(&policy, "https://chat.example.com");
    let (used, unused) = (create().await.unwrap(), create().await.unwrap());
    // A refusal that the policy gives the reason for.
    let refused = match rules == TokenRules::strict() {
        true => 403,
        false => 401,
    };
    for agent in ["agent-1", "agent-2"] {
        for (right, path) in [
            (
                AccessRight::ReadMessages,
                format!("/v1/agents/{agent}/messages"),
            ),
            (AccessRight::ReadAgent, format!("/v1/agents/{agent}")),
        ] {
            let allows = policy.allows(agent, &right);
            let expected = if allows { 200 } else { refused };
            assert_eq!(as_page(&emulator, &used, &path).await, expected, "{path}");
        }
    }
    tokens.revoke(&used).await.unwrap();
    tokens.revoke(&unused).await.unwrap();
    let path = "/v1/agents/agent-1/messages";
    let outlives = rules == TokenRules::published_2025();
    let expected = if outlives { 200 } else { 401 };
    assert_eq!(as_page(&emulator, &used, path).await, expected);
    assert_eq!(as_page(&emulator, &unused, path).await, 401);
}

/// What the service makes of a policy of several agents: every entry must allow a call, and each is for its own agent.
async fn a_token_of_two_agents_opens_nothing(rules: TokenRules) {
    let builder = Emulator::builder().token_rules(rules);
    let builder = builder.agent("agent-1").agent("agent-2");
    let emulator = builder.start().await.unwrap();
    let both = ["agent-1", "agent-2"].map(|agent| (agent, [AccessRight::ReadAgent]));
    let policy = AccessPolicy::from_grants(both).unwrap();
    let tokens = client(&emulator).access_tokens();
    let token = tokens.create(&policy, "https://chat.example.com").await;
    let token = token.unwrap();
    for agent in ["agent-1", "agent-2"] {
        let status = as_page(&emulator, &token, &format!("/v1/agents/{agent}")).await;
        assert!(matches!(status, 401 | 403), "{agent}: {status}");
    }
}

async fn the_emulators_faults_are_what_applications_will_see(rules: TokenRules) {
    let emulator = start(rules).await;
    let tokens = client(&emulator)
        .with_retry(RetryPolicy::never())
        .access_tokens();
    let create = || tokens.create(letta_api_tests::policy(), "https://chat.example.com");

    let minute = Duration::from_secs(60);
    emulator
        .inject(Fault::rate_limit(0, minute).on(Operation::CreateToken))
        .unwrap();
    let error = create().await.unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(minute));
    assert!(!error.may_have_happened());

    emulator.clear_faults();
    emulator.inject(Fault::lose_answer().times(1)).unwrap();
    let error = create().await.unwrap_err();
    assert!(error.may_have_happened());
    assert_eq!(emulator.token_count().live, 1);

    emulator.inject(Fault::disconnect().times(1)).unwrap();
    assert!(create().await.unwrap_err().may_have_happened());
    assert_eq!(emulator.token_count().live, 1);
    assert!(create().await.is_ok());
}

async fn tokens_in_a_list_are_told_apart_without_being_shown(rules: TokenRules) {
    let emulator = start(rules).await;
    let tokens = client(&emulator).access_tokens();
    let policy = AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .unwrap();
    let mut minted = Vec::new();
    for _ in 0..3 {
        let token = tokens.create(&policy, "https://chat.example.com").await;
        minted.push(token.unwrap());
    }
    // Another client, as that of an admin in another process is.
    let listed = client(&emulator).access_tokens().list().await.unwrap();
    assert_eq!(listed.tokens().len(), 3);
    for minted in &minted {
        let same = |listed: &&AccessToken| listed.expose_secret() == minted.expose_secret();
        let listed = listed.tokens().iter().find(same).unwrap();
        let fingerprint = minted.fingerprint();
        assert_eq!(listed.fingerprint(), fingerprint);
        assert_eq!(minted.clone().fingerprint(), fingerprint);
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 12);
        assert!(
            text.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        );
        for printed in [
            format!("{listed:?}"),
            format!("{listed:#?}"),
            format!("{:?}", minted.to_browser()),
        ] {
            assert!(printed.contains(&text), "{printed}");
            assert!(!printed.contains(minted.expose_secret()), "{printed}");
        }
        assert!(!minted.expose_secret().contains(&text));
    }
    let fingerprints = minted.iter().map(AccessToken::fingerprint);
    let fingerprints: std::collections::BTreeSet<_> = fingerprints.collect();
    assert_eq!(fingerprints.len(), 3);
}

/// The recipe of the emulator's documentation.
async fn advance(clock: &ManualClock, by: Duration) {
    clock.advance(by);
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

async fn time_moves_on_for_the_service_the_client_and_a_minter_alike(rules: TokenRules) {
    let clock = ManualClock::new();
    let emulator = Emulator::builder()
        .token_rules(rules)
        .clock(clock.clone())
        .start()
        .await;
    let emulator = emulator.unwrap();
    let minter = TokenMinter::new(&client(&emulator), "https://chat.example.com").unwrap();
    let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
    let first = minter.token(&policy).await.unwrap();
    let minute = Duration::from_secs(60);

    // Nobody asks for it meanwhile, so it is not renewed.
    advance(&clock, 2 * minute).await;
    assert!(!first.is_expired());
    assert!(first.remaining() <= 3 * minute);
    assert_eq!(emulator.token_count().live, 1);

    advance(&clock, 3 * minute).await;
    assert!(first.is_expired());
    assert_eq!(emulator.token_count().live, 0);
    let second = minter.token(&policy).await.unwrap();
    assert_ne!(second.fingerprint(), first.fingerprint());
    assert!(!second.is_expired());
    assert_eq!(emulator.request_count(Operation::CreateToken), 2);
}
