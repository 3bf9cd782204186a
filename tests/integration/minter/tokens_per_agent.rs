//! A token for each agent of a policy, from a minter against the emulator, in time that stands still. And what is said of a
//! token for several agents.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::{FutureExt as _, poll};
use letta_api_emulator::{Emulator, Fault, operations};
use letta_api_ext::{AccessPolicy, AgentTokens, Letta, Origin, TokenMinter};
use letta_api_tests::fault_server::{Fault as Answer, FaultServer};
use letta_api_tests::minting::{ORIGIN, Service, policy, same, seconds};
use letta_api_tests::traces::{Trace, Traces};
use letta_api_tests::{answer, token_json};
use tracing_core::Level;

const HOUR: Duration = Duration::from_secs(3600);

/// Two agents with different rights.
fn both() -> AccessPolicy {
    policy("agent-1:chat;agent-2:read_agent")
}

/// Chatting with this many agents.
fn chat_with(agents: usize) -> AccessPolicy {
    let agents = (0..agents).map(|n| format!("agent-{n:03}:chat"));
    policy(&agents.collect::<Vec<_>>().join(";"))
}

fn fail_creates(service: &Service, fault: Fault) {
    let fault = fault.on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(fault).unwrap();
}

fn secrets(tokens: &AgentTokens) -> HashSet<&str> {
    tokens.iter().map(|(_, it)| it.expose_secret()).collect()
}

#[tokio::test]
async fn each_agent_has_a_token_of_its_own_which_is_that_of_its_part() {
    let service = Service::start().await;
    let minter = service.minter();
    let tokens = minter.tokens_per_agent(&both()).await.unwrap();
    assert_eq!((tokens.len(), secrets(&tokens).len()), (2, 2));
    assert_eq!(service.creates(), 2);
    for ((agent, token), part) in tokens.iter().zip(both().per_agent()) {
        assert_eq!(part.sole_agent(), Some(agent));
        assert_eq!(token.policy(), &part);
        assert!(same(tokens.get(agent).unwrap(), token));
        // From the same cache.
        assert!(same(&minter.token(&part).await.unwrap(), token));
    }
    assert!(tokens.get("agent-3").is_none() && tokens.get("").is_none());
    let again = minter.tokens_per_agent(&both()).await.unwrap();
    assert_eq!(secrets(&again), secrets(&tokens));
    // One that is there is not minted again for a wider circle.
    let three = policy("agent-3:chat;agent-1:chat;agent-2:read_agent");
    let three = minter.tokens_per_agent(&three).await.unwrap();
    assert!(secrets(&three).is_superset(&secrets(&tokens)));
    assert_eq!(service.creates(), 3);
    let counters = minter.counters();
    assert_eq!((counters.creates, counters.hits, counters.waits), (3, 6, 0));
    // A policy of one agent is no different.
    let one = policy("agent-1:chat");
    let one = minter.tokens_per_agent(&one).await.unwrap();
    assert!(same(
        one.get("agent-1").unwrap(),
        tokens.get("agent-1").unwrap()
    ));
    assert_eq!(service.creates(), 3);
}

#[tokio::test]
async fn what_is_answered_is_a_map_that_shows_no_secret_until_it_is_serialised() {
    let service = Service::start().await;
    let minter = service.builder().lifetime(seconds(600)).build().unwrap();
    let first = policy("agent-2:read_agent");
    minter.token(&first).await.unwrap();
    service.time.advance(seconds(100)).await;
    let tokens = minter.tokens_per_agent(&both()).await.unwrap();
    // That of the one that expires first.
    let shortest = tokens.get("agent-2").unwrap().remaining();
    assert_eq!(tokens.remaining(), shortest);
    // The first expiry was reckoned by the machine's clock, which goes on while the emulator's stands still. The other token has
    // 600 seconds.
    assert!(
        shortest < seconds(550) && shortest > seconds(490),
        "{shortest:?}"
    );

    let browser = tokens.to_browser();
    let printed = format!("{tokens:?} {tokens:#?} {browser:?} {browser:#?}");
    assert!(printed.contains("agent-1") && printed.contains("[redacted]"));
    let json = serde_json::to_value(&browser).unwrap();
    let keys: Vec<_> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["agent-1", "agent-2"]);
    for (agent, token) in &tokens {
        assert!(!printed.contains(token.expose_secret()), "{printed}");
        let one = serde_json::to_value(token.to_browser()).unwrap();
        assert_eq!(json[agent.as_str()], one);
        assert_eq!(one["token"], token.expose_secret());
    }
    let agents: Vec<String> = tokens
        .clone()
        .into_iter()
        .map(|(agent, token)| {
            assert!(same(&token, tokens.get(&agent).unwrap()));
            agent.to_string()
        })
        .collect();
    assert_eq!(agents, ["agent-1", "agent-2"]);
}

#[tokio::test]
async fn hundreds_of_agents_are_minted_for_side_by_side_and_no_more_at_a_time_than_allowed() {
    let service = Service::start().await;
    let minter = service
        .builder()
        .max_concurrent_creates(20)
        .build()
        .unwrap();
    let policy = chat_with(500);
    fail_creates(&service, Fault::latency(seconds(1)));
    let mut request = Box::pin(minter.tokens_per_agent(&policy).into_future());
    for round in 1..=25 {
        assert!(poll!(&mut request).is_pending());
        service.time.until(|| service.creates() >= 20 * round).await;
        assert_eq!(service.creates(), 20 * round);
        service.time.advance(seconds(1)).await;
        // All of them are back before the next begin.
        service
            .time
            .until(|| service.emulator.token_count().live == 20 * round)
            .await;
        while minter.token_count() < 20 * round as u64 {
            assert!(round == 25 || poll!(&mut request).is_pending());
            tokio::task::yield_now().await;
        }
    }
    let tokens = request.await.unwrap();
    assert_eq!(secrets(&tokens).len(), 500);
    let agents = tokens.iter().map(|(agent, _)| agent);
    assert!(agents.eq(policy.agents()));
    for _ in 0..3 {
        let again = minter.tokens_per_agent(&policy).await.unwrap();
        assert_eq!(secrets(&again), secrets(&tokens));
    }
    assert_eq!((service.creates(), minter.counters().hits), (500, 1500));
    assert_eq!(minter.revoke(&policy).await.failures().len(), 0);
    assert_eq!(
        (service.emulator.token_count().live, minter.token_count()),
        (0, 0)
    );
}

#[tokio::test]
async fn each_token_is_renewed_by_itself_while_it_is_served() {
    let service = Service::start().await;
    let minter = service.minter();
    let first = minter.tokens_per_agent(&both()).await.unwrap();
    service.time.advance(seconds(200)).await;
    let policy = both();
    let request = || minter.tokens_per_agent(&policy).valid_for(seconds(60));
    let served = request().await.unwrap();
    assert_eq!(secrets(&served), secrets(&first));
    service.time.until(|| minter.token_count() == 4).await;
    let renewed = request().await.unwrap();
    assert!(secrets(&renewed).is_disjoint(&secrets(&first)));
    assert_eq!((minter.counters().renewals, service.creates()), (2, 4));
}

#[tokio::test]
async fn the_first_failure_is_told_at_once_and_what_has_not_begun_does_not_begin() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(1).build().unwrap();
    let policy = chat_with(5);
    let parts: Vec<_> = policy.per_agent().collect();
    for part in &parts[..2] {
        minter.token(part).await.unwrap();
    }
    fail_creates(&service, Fault::status(500).times(1));
    let error = minter.tokens_per_agent(&policy).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    assert_eq!((service.creates(), minter.token_count()), (3, 2));
    // That agent's token alone is held off.
    let error = minter.tokens_per_agent(&policy).await.unwrap_err();
    assert!(error.is_held_off());
    assert!(minter.token(&parts[2]).await.unwrap_err().is_held_off());
    minter.token(&parts[1]).await.unwrap();
    assert_eq!(service.creates(), 3);
    minter.token(&parts[4]).await.unwrap();
    service.time.advance(seconds(1)).await;
    // What is missing is minted, and nothing else.
    let tokens = minter.tokens_per_agent(&policy).await.unwrap();
    assert_eq!((tokens.len(), service.creates()), (5, 6));
}

#[tokio::test]
async fn what_has_begun_when_another_fails_goes_on_and_is_kept() {
    let service = Service::start().await;
    let minter = service.minter();
    fail_creates(&service, Fault::status(500).times(1));
    let policy = chat_with(6);
    let error = minter.tokens_per_agent(&policy).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 500);
    service.time.until(|| minter.token_count() == 5).await;
    assert_eq!(service.creates(), 6);
    service.time.advance(seconds(1)).await;
    minter.tokens_per_agent(&policy).await.unwrap();
    assert_eq!(service.creates(), 7);
}

#[tokio::test]
async fn a_service_that_limits_the_account_is_not_asked_for_each_agent() {
    let service = Service::start().await;
    let minter = service.minter();
    fail_creates(&service, Fault::rate_limit(0, seconds(60)));
    let policy = chat_with(500);
    for _ in 0..20 {
        let error = minter.tokens_per_agent(&policy).await.unwrap_err();
        assert!(error.is_rate_limited());
    }
    assert!(service.creates() <= 8, "{}", service.creates());
    let error = minter.tokens_per_agent(&policy).await.unwrap_err();
    assert!(error.is_held_off() && error.retry_after().is_some());
}

#[tokio::test]
async fn a_request_that_is_dropped_strands_nothing() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(2).build().unwrap();
    let policy = chat_with(5);
    fail_creates(&service, Fault::latency(seconds(3)));
    let mut request = Box::pin(minter.tokens_per_agent(&policy).into_future());
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() == 2).await;
    drop(request);
    service.time.advance(seconds(3)).await;
    service.time.until(|| minter.token_count() == 2).await;
    service.time.advance(seconds(10)).await;
    tokio::task::yield_now().await;
    assert_eq!(
        (service.creates(), service.emulator.token_count().live),
        (2, 2)
    );
    service.emulator.clear_faults();
    minter.tokens_per_agent(&policy).await.unwrap();
    assert_eq!(service.creates(), 5);

    // Another who asks for the same loses nothing by it.
    let next = self::policy("agent-7:chat;agent-8:chat");
    fail_creates(&service, Fault::latency(seconds(3)));
    let mut leader = Box::pin(minter.tokens_per_agent(&next).into_future());
    let mut other = Box::pin(minter.tokens_per_agent(&next).into_future());
    assert!(poll!(&mut leader).is_pending() && poll!(&mut other).is_pending());
    service.time.until(|| service.creates() == 7).await;
    drop(leader);
    service.time.advance(seconds(3)).await;
    other.await.unwrap();
    assert_eq!(service.creates(), 7);
}

#[tokio::test]
async fn subjects_and_origins_have_tokens_of_their_own() {
    let service = Service::start().await;
    let minter = service.minter();
    let elsewhere = Origin::new("https://other.example.com").unwrap();
    let policy = both();
    let request = || minter.tokens_per_agent(&policy);
    let all = [
        request().await.unwrap(),
        request().subject("ada").await.unwrap(),
        request().subject("bob").await.unwrap(),
        request().origin(&elsewhere).await.unwrap(),
    ];
    let secrets: HashSet<_> = all.iter().flat_map(self::secrets).collect();
    assert_eq!((secrets.len(), service.creates()), (8, 8));
    assert_eq!(all[3].get("agent-1").unwrap().origin(), Some(&elsewhere));
    assert_eq!(minter.revoke_subject("ada").await.deleted(), 2);
    assert_eq!(
        (service.emulator.token_count().live, minter.token_count()),
        (6, 6)
    );
    let printed = format!("{:?}", request().subject("s3cret"));
    assert!(!printed.contains("s3cret"), "{printed}");
}

#[tokio::test]
async fn revoking_a_policy_of_several_ends_the_tokens_for_each_of_its_agents() {
    let service = Service::start().await;
    let minter = service.minter();
    let wide = policy("agent-1:all_rights");
    minter.token(&wide).await.unwrap();
    let narrow = policy("agent-1:read_agent;agent-2:read_agent;agent-3:chat");
    // For one agent there is a wider token, which is served.
    let bound = policy("agent-1:all_rights;agent-2:all_rights;agent-3:all_rights");
    let tokens = minter.tokens_per_agent(&narrow).up_to(&bound);
    let tokens = tokens.subject("ada").await.unwrap();
    assert_eq!(
        tokens.get("agent-1").unwrap().policy().to_string(),
        "agent-1:read_agent"
    );
    let served = minter
        .tokens_per_agent(&narrow)
        .up_to(&bound)
        .await
        .unwrap();
    assert_eq!(served.get("agent-1").unwrap().policy(), &wide);
    // One token for all of them, as asked, and tokens that have nothing to do with it.
    minter.token(&narrow).await.unwrap();
    let others = [
        "agent-1:chat",
        "agent-4:read_agent",
        "agent-2:read_agent;agent-4:chat",
    ];
    for other in others {
        minter.token(&policy(other)).await.unwrap();
    }
    assert_eq!(service.emulator.token_count().live, 3 + 3 + 1 + 3);
    assert_eq!(minter.revoke(&narrow).await.deleted(), 7);
    assert_eq!(service.emulator.token_count().live, 3);
    for other in others {
        minter.token(&policy(other)).await.unwrap();
    }
    assert_eq!(service.creates(), 10);

    // A part ends what was minted for the whole.
    minter.tokens_per_agent(&narrow).await.unwrap();
    assert_eq!(minter.revoke(&policy("agent-3:chat")).await.deleted(), 1);
}

#[tokio::test]
async fn what_is_being_minted_is_revoked_with_the_policy_of_all() {
    let service = Service::start().await;
    let minter = service.minter();
    fail_creates(&service, Fault::late_answer(seconds(3)));
    let policy = both();
    let mut request = Box::pin(minter.tokens_per_agent(&policy).into_future());
    assert!(poll!(&mut request).is_pending());
    service
        .time
        .until(|| service.emulator.token_count().live == 2)
        .await;
    let mut revoking = Box::pin(minter.revoke(&policy));
    assert!(poll!(&mut revoking).is_pending());
    assert!(request.await.unwrap_err().is_revoked());
    service.time.advance(seconds(3)).await;
    assert_eq!(revoking.await.deleted(), 2);
    assert_eq!(
        (service.emulator.token_count().live, minter.token_count()),
        (0, 0)
    );
}

#[tokio::test]
async fn a_token_that_is_revoked_while_the_others_are_minted_is_not_handed_out() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = both();
    let first = policy.per_agent().next().unwrap();
    let old = minter.token(&first).await.unwrap();
    fail_creates(&service, Fault::latency(seconds(3)).times(1));
    let mut request = Box::pin(minter.tokens_per_agent(&policy).into_future());
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() == 2).await;
    assert_eq!(minter.revoke_agent("agent-1").await.deleted(), 1);
    service.time.advance(seconds(3)).await;
    let tokens = request.await.unwrap();
    assert!(!same(tokens.get("agent-1").unwrap(), &old));
    assert_eq!(
        (service.creates(), service.emulator.token_count().live),
        (3, 2)
    );
}

#[tokio::test]
async fn all_tokens_are_good_for_long_enough_when_the_last_is_there() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = both();
    let first = policy.per_agent().next().unwrap();
    let old = minter.token(&first).await.unwrap();
    let asked = old.remaining() - seconds(2);
    fail_creates(&service, Fault::latency(seconds(3)).times(1));
    let request = minter
        .tokens_per_agent(&policy)
        .valid_for(asked - seconds(10));
    service.time.advance(seconds(10)).await;
    let mut request = Box::pin(request.into_future());
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() == 2).await;
    service.time.advance(seconds(3)).await;
    let tokens = request.await.unwrap();
    assert!(!same(tokens.get("agent-1").unwrap(), &old));
    assert!(tokens.remaining() >= asked - seconds(10), "{tokens:?}");
    assert_eq!(service.creates(), 3);
}

#[tokio::test]
async fn all_must_be_there_by_the_deadline_and_what_is_there_is_kept() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(1).build().unwrap();
    let policy = chat_with(40);
    fail_creates(&service, Fault::latency(seconds(1)));
    let mut request = Box::pin(minter.tokens_per_agent(&policy).into_future());
    for minted in 1..=29 {
        assert!(poll!(&mut request).is_pending());
        service.time.until(|| service.creates() == minted).await;
        service.time.advance(seconds(1)).await;
        service
            .time
            .until(|| minter.token_count() == minted as u64)
            .await;
    }
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() == 30).await;
    service.time.advance(seconds(1)).await;
    let error = request.await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable() && !error.may_have_happened());
    assert!(error.to_string().contains("40 agents"), "{error}");
    let elapsed = service.time.elapsed();
    assert!((seconds(30)..seconds(32)).contains(&elapsed), "{elapsed:?}");
    // It is asked for again, and goes on where it was.
    service.emulator.clear_faults();
    service.time.until(|| minter.token_count() == 30).await;
    minter.tokens_per_agent(&policy).await.unwrap();
    assert_eq!(service.creates(), 40);
}

#[tokio::test]
async fn a_shutdown_ends_all_of_them_and_the_requests_for_them() {
    let service = Service::start().await;
    let minter = service.minter();
    minter.tokens_per_agent(&both()).await.unwrap();
    fail_creates(&service, Fault::latency(HOUR));
    let next = chat_with(5);
    let mut waiting = Box::pin(minter.tokens_per_agent(&next).into_future());
    assert!(poll!(&mut waiting).is_pending());
    let report = minter.shutdown(seconds(1));
    let mut report = Box::pin(report);
    assert!(poll!(&mut report).is_pending());
    assert!(waiting.await.unwrap_err().is_shut_down());
    service
        .time
        .until(|| service.emulator.token_count().live == 0)
        .await;
    service.time.advance(seconds(1)).await;
    assert_eq!(report.await.deleted(), 2);
    let error = minter.tokens_per_agent(&both()).await.unwrap_err();
    assert!(error.is_shut_down());
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_sent() {
    let service = Service::start().await;
    let minter = service.minter();
    let unknown: AccessPolicy = serde_json::from_str(r#"[{"type":"project","id":"p"}]"#).unwrap();
    let mixed = unknown.union(&both());
    for policy in [&unknown, &mixed] {
        let error = minter.tokens_per_agent(policy).await.unwrap_err();
        assert_eq!(error.field(), Some("policy"), "{error}");
        assert!(error.to_string().contains("rights on agents"), "{error}");
    }
    let (both, one) = (both(), policy("agent-1:all_rights"));
    let request = || minter.tokens_per_agent(&both);
    let error = request().valid_for(seconds(299)).await.unwrap_err();
    assert_eq!(error.field(), Some("valid_for"));
    let error = request().up_to(&one).await.unwrap_err();
    assert_eq!(error.field(), Some("up_to"));
    assert_eq!(service.creates(), 0);
}

#[test]
fn outside_a_runtime_it_is_an_error() {
    let letta = letta_api_tests::letta("http://127.0.0.1:9");
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    let policy = both();
    let request = minter.tokens_per_agent(&policy).send();
    let error = request.now_or_never().unwrap().unwrap_err();
    assert_eq!(error.field(), Some("runtime"));
}

/// By the published source of 2025, a token of two agents opens nothing. So it is not "more" than a token of one.
#[tokio::test]
async fn a_token_of_more_agents_is_not_served_for_fewer_whatever_the_bound() {
    let service = Service::start().await;
    let minter = service.minter();
    let bound = policy("agent-1:all_rights;agent-2:all_rights");
    let wide = minter.token(&bound).await.unwrap();
    let one = policy("agent-1:read_agent");
    let token = minter.token(&one).up_to(&bound).await.unwrap();
    assert_eq!(token.policy(), &one);
    // On the same agents it is.
    let both = policy("agent-1:read_agent;agent-2:read_agent");
    let token = minter.token(&both).up_to(&bound).await.unwrap();
    assert!(same(&token, &wide));
    let tokens = minter.tokens_per_agent(&both).up_to(&bound).await.unwrap();
    assert!(tokens.iter().all(|(_, it)| !same(it, &wide)));
    assert_eq!(service.creates(), 3);
}

/// What the crate itself warned of.
fn warnings(traces: &Traces) -> Vec<Trace> {
    let own = |it: &Trace| it.target.starts_with("letta_api_ext") && it.level == Level::WARN;
    traces.take().into_iter().filter(own).collect()
}

/// That it is one warning about a token of several entries.
fn assert_warned(warnings: &[Trace], entries: &str, unknown: &str) {
    let [warning] = warnings else {
        panic!("{warnings:?}");
    };
    assert_eq!(warning.get("letta.policy.entries"), Some(entries));
    assert_eq!(warning.get("letta.policy.unknown_entries"), Some(unknown));
    assert_eq!(warning.fields.len(), 3);
    let text = warning.to_string();
    assert!(
        text.contains("per_agent") && text.contains("may refuse"),
        "{text}"
    );
    for secret in ["agent-", "ck-let", "sk-let", "example.com"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_create_of_several_entries_is_sent_as_asked_and_warned_of_once() {
    let emulator = Emulator::start().await.unwrap();
    let letta = Letta::builder().api_key(emulator.api_key());
    let letta = letta.base_url(emulator.base_url()).build().unwrap();
    let tokens = letta.access_tokens();
    let create = |policy: &AccessPolicy| tokens.create(policy, ORIGIN);
    let (traces, _guard) = Traces::here();
    for one in [
        "agent-1:chat",
        "agent-1:all_rights",
        "agent-1:chat;agent-1:read_agent",
    ] {
        create(&policy(one)).await.unwrap();
        assert!(warnings(&traces).is_empty(), "{one}");
    }
    let token = create(&both()).await.unwrap();
    assert_eq!(token.policy(), &both());
    assert_warned(&warnings(&traces), "2", "0");

    // Once for a call, however often it is sent.
    let busy = "HTTP/1.1 503 X\r\nretry-after-ms: 2\r\ncontent-length: 0\r\n\r\n";
    let created = answer("201 Created", "application/json", &token_json());
    let server = FaultServer::start([Answer::Answer(busy.into()), Answer::Answer(created)]).await;
    let persistent = letta_api_tests::persistent(server.url()).access_tokens();
    let create = persistent.create(chat_with(30), ORIGIN);
    create.with_any_grant().await.unwrap();
    assert_eq!(server.requests().len(), 2);
    let (ours, others): (Vec<_>, Vec<_>) = warnings(&traces)
        .into_iter()
        .partition(|it| it.get("letta.policy.entries").is_some());
    assert_warned(&ours, "30", "0");
    assert_eq!(others.len(), 1, "the attempt that failed: {others:?}");

    // What is refused before it is sent is not warned of.
    let error = tokens.create(both(), "no origin").await.unwrap_err();
    assert!(error.is_invalid_input());
    assert!(warnings(&traces).is_empty());
}

#[tokio::test]
async fn an_entry_that_is_not_an_agents_is_warned_of_too() {
    let (traces, _guard) = Traces::here();
    for (others, entries, unknown) in [("", "1", "1"), ("agent-1:chat;", "2", "1")] {
        let server =
            letta_api_tests::Tap::start(answer("201 Created", "application/json", &token_json()))
                .await;
        let policy = policy(&format!("{others}?%7B%22type%22%3A%22identity%22%7D"));
        let tokens = server.letta().access_tokens();
        let create = tokens.create(&policy, ORIGIN).with_any_grant();
        create.await.unwrap();
        assert_warned(&warnings(&traces), entries, unknown);
        assert!(server.request().contains("identity"));
    }
}

#[tokio::test]
async fn a_minter_warns_of_several_agents_for_each_mint_and_not_for_each_hit() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = both();
    let (traces, _guard) = Traces::here();
    let token = minter.token(&policy).await.unwrap();
    assert_eq!(token.policy(), &policy);
    assert_warned(&warnings(&traces), "2", "0");
    for _ in 0..10 {
        minter.token(&policy).await.unwrap();
    }
    minter.tokens_per_agent(&policy).await.unwrap();
    assert!(warnings(&traces).is_empty());
    service.time.advance(seconds(250)).await;
    minter.token(&policy).await.unwrap();
    assert_warned(&warnings(&traces), "2", "0");
}
