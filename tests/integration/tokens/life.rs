//! The whole life of a token, against the emulator.

use std::collections::BTreeSet;
use std::time::Duration;

use letta_api::types::{AccessPolicyEntry, ClientSideAccessTokenCreate};
use letta_api_emulator::{Emulator, Fault, ManualClock, TokenRules, operations};
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
    a_list_that_changes_while_it_is_read_gives_nothing_odd,
    all_tokens_of_an_agent_can_be_deleted_expired_ones_too,
    a_slash_at_the_end_of_an_origin_is_not_sent,
    an_entry_of_an_unknown_kind_is_refused_by_the_service,
    tokens_with_every_sign_of_base64_work_throughout,
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
        let mut seen = BTreeSet::new();
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

/// Positions shift when tokens come and go, so that a token may come twice, or not at all. What is there all the time comes
/// at least if the list is read again while it rests.
async fn a_list_that_changes_while_it_is_read_gives_nothing_odd(rules: TokenRules) {
    let emulator = start(rules).await;
    let tokens = client(&emulator).access_tokens();
    let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
    let create = async || {
        let request = tokens.create(&policy, "https://chat.example.com");
        request.await.unwrap()
    };
    let mut made = BTreeSet::new();
    for _ in 0..20 {
        made.insert(create().await.expose_secret().to_owned());
    }
    let mut items = tokens.list().limit(3).items();
    let mut read = 0;
    while let Some(token) = items.next().await {
        let token = token.unwrap();
        assert!(made.contains(token.expose_secret()));
        // Each that comes makes another or takes one away, for as long as the list was at first.
        if read < 20 {
            match read % 2 {
                0 => drop(made.insert(create().await.expose_secret().to_owned())),
                _ => drop(tokens.revoke(&token).await.unwrap()),
            }
        }
        read += 1;
    }
    assert!((10..=60).contains(&read), "{read}");
    let mut items = tokens.list().limit(3).items();
    let mut seen = BTreeSet::new();
    while let Some(token) = items.next().await {
        assert!(seen.insert(token.unwrap().expose_secret().to_owned()));
    }
    let there = emulator.tokens();
    let there: BTreeSet<_> = there
        .iter()
        .map(|token| token.secret().expose_secret().to_owned())
        .collect();
    assert_eq!(seen.len(), there.len());
    assert!(seen == there);
}

async fn all_tokens_of_an_agent_can_be_deleted_expired_ones_too(rules: TokenRules) {
    let clock = ManualClock::new();
    let builder = Emulator::builder().token_rules(rules).clock(clock.clone());
    let emulator = builder.start().await.unwrap();
    let tokens = client(&emulator).access_tokens();
    for round in 0..3 {
        for agent in ["agent-1", "agent-2"] {
            let policy = AccessPolicy::for_agent(agent, Preset::Chat).unwrap();
            let request = tokens.create(policy, "https://chat.example.com");
            request.await.unwrap();
        }
        if round < 2 {
            clock.advance(Duration::from_secs(200));
        }
    }
    assert_eq!(emulator.token_count().expired, 2);
    let mut items = tokens.list().agent("agent-1").limit(1).items();
    let mut all = Vec::new();
    while let Some(token) = items.next().await {
        all.push(token.unwrap());
    }
    assert_eq!(all.len(), 3);
    for token in &all {
        assert_eq!(tokens.revoke(token).await.unwrap(), Revocation::Deleted);
    }
    let left = tokens.list().agent("agent-1").await.unwrap();
    assert!(left.tokens().is_empty());
    assert_eq!(emulator.tokens().len(), 3);
}

async fn a_slash_at_the_end_of_an_origin_is_not_sent(rules: TokenRules) {
    let emulator = start(rules).await;
    let letta = client(&emulator);
    let policy = AccessPolicy::for_agent("agent-1", Preset::Chat).unwrap();
    for origin in ["https://chat.example.com/", "http://localhost:3000/"] {
        let token = letta.access_tokens().create(&policy, origin).await.unwrap();
        assert_eq!(token.hostname(), origin.trim_end_matches('/'));
        let minter = TokenMinter::new(&letta, origin).unwrap();
        assert_eq!(
            minter.token(&policy).await.unwrap().hostname(),
            token.hostname()
        );
    }
    // As the generated client sends it, which checks nothing.
    let entries = vec![AccessPolicyEntry::agent(
        "agent-1",
        vec![AccessRight::ReadMessages],
    )];
    let body = ClientSideAccessTokenCreate::new("https://chat.example.com/", entries);
    let error = letta.api().create_client_side_access_token(&body).await;
    assert_eq!(error.unwrap_err().status().unwrap().as_u16(), 400);
}

async fn an_entry_of_an_unknown_kind_is_refused_by_the_service(rules: TokenRules) {
    let emulator = start(rules).await;
    let written = r#"[{"type": "identity", "id": "identity-1", "access": ["read_agent"]}]"#;
    let policy: AccessPolicy = serde_json::from_str(written).unwrap();
    let tokens = client(&emulator).access_tokens();
    let error = tokens.create(policy, "https://chat.example.com").await;
    let error = error.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 400);
    assert!(error.message().unwrap().contains("identity"), "{error}");
    assert!(emulator.tokens().is_empty());
}

async fn tokens_with_every_sign_of_base64_work_throughout(rules: TokenRules) {
    // Whose tokens have a `+`, a `/` and a `=`.
    let builder = Emulator::builder()
        .token_rules(rules)
        .organization("ab~cd?");
    let emulator = builder.agent("agent-1").start().await.unwrap();
    let letta = client(&emulator);
    let tokens = letta.access_tokens();
    let policy = AccessPolicy::for_agent("agent-1", Preset::ReadOnly).unwrap();
    let minter = TokenMinter::new(&letta, "https://chat.example.com").unwrap();
    let made = [
        tokens
            .create(&policy, "https://chat.example.com")
            .await
            .unwrap(),
        minter.token(&policy).await.unwrap(),
    ];
    for token in &made {
        let secret = token.expose_secret();
        assert!(secret.starts_with("ck-let-YWJ+Y2Q/O") && secret.ends_with("=="));
        let issued = emulator.tokens();
        assert!(
            issued
                .iter()
                .any(|it| it.secret().expose_secret() == secret)
        );
        let page = serde_json::to_value(token.to_browser()).unwrap();
        assert_eq!(page["token"], secret);
        assert_eq!(as_page(&emulator, token, "/v1/agents/agent-1").await, 200);
    }
    let listed = tokens.list().await.unwrap();
    assert_eq!(listed.tokens().len(), 2);
    for listed in listed.tokens() {
        let same = made
            .iter()
            .any(|it| it.expose_secret() == listed.expose_secret());
        assert!(same, "{listed:?}");
    }
    // By the token, and by its text.
    assert_eq!(tokens.revoke(&made[0]).await.unwrap(), Revocation::Deleted);
    let other = made
        .iter()
        .find(|it| it.expose_secret() != made[0].expose_secret());
    let text = other.unwrap().expose_secret().to_owned();
    assert_eq!(tokens.revoke(text).await.unwrap(), Revocation::Deleted);
    assert!(emulator.tokens().is_empty());
    assert!(minter.shutdown(Duration::from_secs(5)).await.is_complete());
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
        .inject(Fault::rate_limit(0, minute).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN))
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
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        2
    );
}
