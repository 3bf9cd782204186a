//! The token minter against the emulator, in time that stands still.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::future::join_all;
use futures_util::poll;
use letta_api_emulator::{Clock, Emulator, Fault, operations};
use letta_api_ext::{
    AccessToken, AgentId, Letta, Origin, Revocation, TokenMinter, TokenMinterBuilder,
};
use letta_api_tests::fault_server::{Fault as Answer, FaultServer};
use letta_api_tests::minting::{ORIGIN, Service, chat, policy, same, seconds};
use letta_api_tests::traces::Traces;
use letta_api_tests::virtual_time::{TokioClock, VirtualTime};
use letta_api_tests::{TOKEN, answer, letta};

const HOUR: Duration = Duration::from_secs(3600);

/// A token for chatting with `agent-1`.
fn token_json() -> String {
    letta_api_tests::token_json().replace("https://app.example.com", ORIGIN)
}

#[tokio::test]
async fn a_token_is_minted_once_and_served_until_too_little_is_left() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    assert_eq!(first.policy(), &policy);
    assert_eq!(first.hostname(), ORIGIN);
    assert!(first.remaining() >= seconds(298), "{first:?}");
    for _ in 0..10 {
        assert!(same(&minter.token(&policy).await.unwrap(), &first));
    }
    assert_eq!(service.creates(), 1);
    service.time.advance(seconds(250)).await;
    let second = minter.token(&policy).await.unwrap();
    assert!(!same(&second, &first) && second.remaining() >= seconds(298));
    let counters = minter.counters();
    assert_eq!((counters.hits, counters.creates), (10, 2));
    assert_eq!(
        (counters.waits, counters.renewals, counters.failures),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn a_request_that_needs_a_longer_life_gets_a_token_that_has_it() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(60)).await;
    let short = minter.token(&policy).valid_for(seconds(200)).await.unwrap();
    assert!(same(&short, &first));
    let long = minter.token(&policy).valid_for(seconds(250)).await.unwrap();
    assert!(!same(&long, &first) && long.remaining() >= seconds(250));
    assert!(
        same(&minter.token(&policy).await.unwrap(), &long),
        "and all who come after"
    );
    // What it took the place of was handed out, and is deleted with it.
    assert_eq!(minter.token_count(), 2);
    assert_eq!(minter.revoke(&policy).await.deleted(), 2);
    assert_eq!(service.emulator.tokens().len(), 0);
}

#[tokio::test]
async fn a_token_is_for_one_policy_one_origin_and_one_subject() {
    let service = Service::start().await;
    let minter = service.minter();
    let elsewhere = Origin::new("https://other.example.com").unwrap();
    let (read, chat) = (policy("agent-1:read_messages"), chat("agent-1"));
    let tokens = [
        minter.token(&chat).await.unwrap(),
        minter.token(&read).await.unwrap(),
        minter.token(&chat).origin(&elsewhere).await.unwrap(),
        minter.token(&chat).subject("ada").await.unwrap(),
        minter.token(&chat).subject("bob").await.unwrap(),
        minter.token(&chat).subject("").await.unwrap(),
    ];
    let secrets: HashSet<_> = tokens.iter().map(AccessToken::expose_secret).collect();
    assert_eq!(secrets.len(), tokens.len());
    assert_eq!(tokens[2].origin(), Some(&elsewhere));
    let own = minter.origin().clone();
    let again = minter.token(&chat).origin(&own).await.unwrap();
    assert!(same(&again, &tokens[0]), "the minter's own origin by name");
    assert!(same(
        &minter.token(&chat).subject("ada").await.unwrap(),
        &tokens[3]
    ));
    assert_eq!(service.creates(), tokens.len());
}

#[tokio::test]
async fn more_rights_than_asked_for_are_served_only_within_the_bound_and_the_fewest_first() {
    let service = Service::start().await;
    let minter = service.minter();
    let read = policy("agent-1:read_messages");
    let chat = chat("agent-1");
    let all = policy("agent-1:read_messages,write_messages,read_agent,write_agent");
    let both = policy("agent-1:read_messages;agent-2:read_messages");
    for wider in [&all, &chat, &both] {
        minter.token(wider).await.unwrap();
    }

    let served = minter.token(&read).up_to(&all).await.unwrap();
    assert_eq!(served.policy(), &chat);
    // Another subject's, and another origin's, are not.
    let hers = minter
        .token(&read)
        .up_to(&all)
        .subject("ada")
        .await
        .unwrap();
    assert_eq!(hers.policy(), &read);
    let elsewhere = Origin::new("https://other.example.com").unwrap();
    let there = minter
        .token(&read)
        .up_to(&all)
        .origin(&elsewhere)
        .await
        .unwrap();
    assert_eq!(there.policy(), &read);
    // By default, and where nothing is within the bound, what is minted has the rights that were asked for.
    let bound = policy("agent-1:read_messages,read_agent");
    let narrow = minter.token(&read).up_to(&bound).await.unwrap();
    assert_eq!(narrow.policy(), &read);
    let served = minter.token(&read).up_to(&all).await.unwrap();
    assert!(same(&served, &narrow), "what fits exactly comes first");

    let error = minter.token(&all).up_to(&read).await.unwrap_err();
    assert_eq!(error.field(), Some("up_to"));
    assert!(
        error.to_string().contains("agent-1:read_messages"),
        "{error}"
    );
}

#[tokio::test]
async fn revoking_a_policy_deletes_the_wider_token_that_was_served_for_it() {
    let service = Service::start().await;
    let minter = service.minter();
    let (read, chat) = (policy("agent-1:read_messages"), chat("agent-1"));
    let wide = minter.token(&chat).await.unwrap();
    assert_eq!(minter.revoke(&read).await.deleted(), 0);
    assert!(service.has(&wide));
    let served = minter.token(&read).up_to(&chat).await.unwrap();
    assert!(same(&served, &wide));
    // Also after it was renewed.
    service.time.advance(seconds(60)).await;
    minter.token(&chat).valid_for(seconds(250)).await.unwrap();
    assert_eq!(minter.revoke(&read).await.deleted(), 2);
    assert_eq!(service.emulator.tokens().len(), 0);
}

#[tokio::test]
async fn tasks_that_ask_at_once_cause_one_create() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let requests = (0..1000).map(|_| async { minter.token(&policy).await.unwrap() });
    let tokens = join_all(requests).await;
    assert!(tokens.iter().all(|token| same(token, &tokens[0])));
    assert_eq!(service.creates(), 1);
    let counters = minter.counters();
    assert_eq!(
        (counters.creates, counters.waits, counters.hits),
        (1, 999, 0)
    );
}

#[tokio::test]
async fn a_failure_is_told_to_all_who_waited_and_is_not_kept_for_long() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    service
        .emulator
        .inject(Fault::status(503).times(1))
        .unwrap();
    let requests = (0..100).map(|_| async { minter.token(&policy).await.unwrap_err() });
    for error in join_all(requests).await {
        assert_eq!(error.status().unwrap().as_u16(), 503);
    }
    assert_eq!(service.creates(), 1);
    assert!(minter.token(&policy).await.unwrap_err().is_held_off());
    service.time.advance(seconds(1)).await;
    minter.token(&policy).await.unwrap();
    assert_eq!(service.creates(), 2);
    assert_eq!(minter.counters().failures, 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_counted_as_a_token_that_nobody_knows() {
    let service = Service::start().await;
    let minter = service.minter();
    service
        .emulator
        .inject(Fault::lose_answer().times(1))
        .unwrap();
    let error = minter.token(&chat("agent-1")).await.unwrap_err();
    assert!(error.may_have_happened());
    assert_eq!(minter.counters().unknown_outcomes, 1);
    assert_eq!(service.emulator.tokens().len(), 1);
}

#[tokio::test]
async fn a_leader_that_is_cancelled_strands_nobody() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();

    let mut leader = Box::pin(minter.token(&policy).into_future());
    let mut other = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut leader).is_pending() && poll!(&mut other).is_pending());
    service.time.until(|| service.creates() == 1).await;
    drop(leader);
    service.time.advance(seconds(3)).await;
    let token = other.await.unwrap();
    assert!(same(&minter.token(&policy).await.unwrap(), &token));

    // Where all are, what has begun goes on, and is there for the next.
    let next = chat("agent-2");
    let mut only = Box::pin(minter.token(&next).into_future());
    assert!(poll!(&mut only).is_pending());
    service.time.until(|| service.creates() == 2).await;
    drop(only);
    service.time.advance(seconds(3)).await;
    service.time.until(|| minter.token_count() == 2).await;
    minter.token(&next).await.unwrap();
    assert_eq!(service.creates(), 2);
}

#[tokio::test]
async fn what_has_not_begun_and_nobody_waits_for_never_begins() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(1).build().unwrap();
    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let policies: Vec<_> = (0..100).map(|n| chat(&format!("agent-{n}"))).collect();
    let mut requests: Vec<_> = policies
        .iter()
        .map(|policy| Box::pin(minter.token(policy).into_future()))
        .collect();
    for request in &mut requests {
        assert!(poll!(request).is_pending());
    }
    service.time.until(|| service.creates() == 1).await;
    let last = requests.pop().unwrap();
    drop(requests);
    service.time.advance(seconds(3)).await;
    service.time.until(|| service.creates() == 2).await;
    service.time.advance(seconds(3)).await;
    assert_eq!(last.await.unwrap().policy(), &policies[99]);
    assert_eq!(service.creates(), 2);
}

#[tokio::test]
async fn no_more_creates_are_under_way_than_allowed_and_no_request_waits_for_ever() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(4).build().unwrap();
    let hangs = Fault::latency(HOUR).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(hangs).unwrap();
    let policies: Vec<_> = (0..20).map(|n| chat(&format!("agent-{n}"))).collect();
    let requests = join_all(
        policies
            .iter()
            .map(|policy| minter.token(policy).into_future()),
    );
    let mut requests = Box::pin(requests);
    assert!(poll!(&mut requests).is_pending());
    service.time.until(|| service.creates() == 4).await;
    // Attempts may take 10 seconds, and calls 30.
    service.time.advance(seconds(11)).await;
    service.time.until(|| service.creates() == 8).await;
    service.time.advance(seconds(20)).await;
    let errors: Vec<_> = requests.await.into_iter().map(Result::unwrap_err).collect();
    assert!(
        errors
            .iter()
            .all(|error| error.is_timeout() && error.is_retryable())
    );
    let unsent = errors
        .iter()
        .filter(|error| !error.may_have_happened())
        .count();
    assert_eq!(unsent, 12, "{errors:?}");
    let busy = errors
        .iter()
        .find(|error| !error.may_have_happened())
        .unwrap();
    assert!(busy.to_string().contains("4 creates"), "{busy}");
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_in_the_background_while_it_is_served() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(148)).await;
    assert!(same(&minter.token(&policy).await.unwrap(), &first));
    tokio::task::yield_now().await;
    assert_eq!(minter.counters().renewals, 0, "not in the first half");

    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    service.time.advance(seconds(52)).await;
    // At the latest when a third is left. Those who ask for less than that are served still.
    for _ in 0..10 {
        let token = minter.token(&policy).valid_for(seconds(90)).await.unwrap();
        assert!(same(&token, &first), "and never a wait");
    }
    service.time.until(|| service.creates() == 2).await;
    let token = minter.token(&policy).valid_for(seconds(90)).await.unwrap();
    assert!(same(&token, &first));
    service.time.advance(seconds(3)).await;
    service.time.until(|| minter.token_count() == 2).await;
    let renewed = minter.token(&policy).await.unwrap();
    assert!(!same(&renewed, &first));
    assert!(service.has(&first), "it may be in use");
    assert_eq!(service.creates(), 2);
    let counters = minter.counters();
    assert_eq!(
        (counters.creates, counters.renewals, counters.waits),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn renewals_are_spread_at_random() {
    let service = Service::start().await;
    let minter = service
        .builder()
        .max_concurrent_creates(60)
        .build()
        .unwrap();
    let policies: Vec<_> = (0..60).map(|n| chat(&format!("agent-{n}"))).collect();
    for policy in &policies {
        minter.token(policy).await.unwrap();
    }
    service.time.advance(seconds(149)).await;
    let mut renewals = Vec::new();
    for _ in 0..5 {
        service.time.advance(seconds(10)).await;
        for policy in &policies {
            minter.token(policy).await.unwrap();
        }
        // Renewals are begun by tasks of their own.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let sent = || 60 + minter.counters().renewals as usize;
        service.time.until(|| service.creates() == sent()).await;
        renewals.push(minter.counters().renewals);
    }
    // About 12 more each time.
    assert!(renewals.is_sorted(), "{renewals:?}");
    assert!((1..=35).contains(&renewals[0]), "{renewals:?}");
    assert!(renewals[4] >= 55, "{renewals:?}");
    assert_eq!(minter.counters().creates, 60);
}

#[tokio::test]
async fn a_renewal_that_fails_leaves_the_token_and_is_not_tried_at_once() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(198)).await;
    let down = Fault::status(503)
        .retry_after(seconds(40))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(down).unwrap();
    for second in 0..99 {
        let error = match minter.token(&policy).valid_for(seconds(1)).await {
            Ok(token) => {
                assert!(same(&token, &first));
                None
            }
            Err(error) => Some(error),
        };
        assert!(error.is_none(), "{second}: {error:?}");
        tokio::task::yield_now().await;
        let tried = minter.counters().failures;
        service
            .time
            .until(|| service.creates() as u64 == 1 + minter.counters().renewals)
            .await;
        assert!(tried <= 1 + second / 40, "{tried} after {second} s");
        service.time.advance(seconds(1)).await;
    }
    assert!(minter.counters().failures >= 2);
    service.emulator.clear_faults();
    service.time.advance(seconds(40)).await;
    let next = minter.token(&policy).await.unwrap();
    assert!(!same(&next, &first));
}

#[test]
fn a_wrong_clock_on_this_machine_changes_nothing() {
    for lifetime in [300, 900, 20].map(seconds) {
        for is_ahead in [true, false] {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(tokens_live_as_long_as_they_should(lifetime, is_ahead));
        }
    }
}

async fn tokens_live_as_long_as_they_should(lifetime: Duration, is_service_ahead: bool) {
    let time = VirtualTime::stop();
    let clock = match is_service_ahead {
        true => time.clock(HOUR),
        false => time.clock_behind(HOUR),
    };
    let service = Service::start_with(time, Emulator::builder().clock(clock)).await;
    let minter = service.builder().lifetime(lifetime).build().unwrap();
    let policy = chat("agent-1");
    let token = minter.token(&policy).await.unwrap();
    let left = token.remaining();
    assert!(
        (lifetime - seconds(3)..=lifetime).contains(&left),
        "{left:?} of {lifetime:?}, ahead: {is_service_ahead}"
    );
    let page = serde_json::to_value(token.to_browser()).unwrap();
    assert_eq!(page["expiresIn"], left.as_secs());
    // One that lived too long was deleted.
    service
        .time
        .until(|| service.emulator.tokens().len() == 1)
        .await;
    assert!(service.has(&token));

    // What is known of the clock is used from then on.
    let before = service.creates();
    minter.token(&chat("agent-2")).await.unwrap();
    assert_eq!(service.creates(), before + 1);

    // It is served as long as it is good, and not a second longer.
    service
        .time
        .advance(left - seconds(1) - Duration::from_millis(1))
        .await;
    let served = minter.token(&policy).valid_for(seconds(1)).await.unwrap();
    assert!(same(&served, &token));
    let next = minter.token(&policy).valid_for(seconds(2)).await.unwrap();
    assert!(!same(&next, &token) && service.has(&token));
}

#[tokio::test]
async fn a_clock_that_is_right_costs_no_second_create() {
    let service = Service::start().await;
    let minter = service.builder().lifetime(seconds(900)).build().unwrap();
    let latency = Fault::latency(seconds(8)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let policy = chat("agent-1");
    let mut request = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() == 1).await;
    service.time.advance(seconds(8)).await;
    let token = request.await.unwrap();
    // The service may have looked at its clock when the request was sent.
    assert!(token.remaining() >= seconds(880), "{:?}", token.remaining());
    assert_eq!((service.creates(), service.revokes()), (1, 0));
}

#[tokio::test]
async fn a_service_without_a_clock_of_its_own_is_believed_what_it_says() {
    // No `Date`, and the token lives for a century.
    let body = token_json();
    let server = FaultServer::start([Answer::Answer(answer(
        "201 Created",
        "application/json",
        &body,
    ))])
    .await;
    let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
    let policy = chat("agent-1");
    let token = minter.token(&policy).valid_for(seconds(290)).await.unwrap();
    assert_eq!(token.expose_secret(), TOKEN);
    assert!(
        token.remaining() <= seconds(300),
        "what was asked for at most"
    );
    assert!(same(&minter.token(&policy).await.unwrap(), &token));
}

#[tokio::test]
async fn a_service_whose_tokens_live_less_long_is_not_asked_in_vain_again_and_again() {
    let date = jiff::Timestamp::now();
    let expiry = (date + jiff::SignedDuration::from_secs(60)).to_string();
    let body = token_json().replace("2126-03-01T12:00:00.000Z", &expiry);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&date)
        .unwrap();
    let head = String::from_utf8(answer("201 Created", "application/json", &body)).unwrap();
    let head = head.replacen("\r\n", &format!("\r\ndate: {date}\r\n"), 1);
    let server = FaultServer::start([Answer::Answer(head.into_bytes())]).await;
    let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
    let policy = chat("agent-1");
    for _ in 0..3 {
        let error = minter.token(&policy).await.unwrap_err();
        assert!(error.is_short_lived() && !error.is_retryable(), "{error}");
        assert!(error.to_string().contains("100s"), "{error}");
    }
    assert_eq!(minter.counters().creates, 1);
    let token = minter.token(&policy).valid_for(seconds(30)).await.unwrap();
    assert!(token.remaining() <= seconds(60));
    assert_eq!(minter.counters().creates, 1);
}

#[tokio::test]
async fn what_is_revoked_is_forgotten_first_and_the_next_is_fresh() {
    let service = Service::start().await;
    let minter = service.minter();
    let (mine, other) = (chat("agent-1"), chat("agent-2"));
    let token = minter.token(&mine).await.unwrap();
    let bystander = minter.token(&other).await.unwrap();

    // The service does not answer, and whoever asked is gone.
    let late = Fault::latency(seconds(5)).on(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(late).unwrap();
    let mut revoking = Box::pin(minter.revoke(&mine));
    assert!(poll!(&mut revoking).is_pending());
    drop(revoking);
    let fresh = minter.token(&mine).await.unwrap();
    assert!(!same(&fresh, &token));
    service.time.until(|| service.revokes() == 1).await;
    service.time.advance(seconds(5)).await;
    service.time.until(|| !service.has(&token)).await;
    assert!(service.has(&fresh) && service.has(&bystander));

    service.emulator.clear_faults();
    let report = minter.revoke(&mine).await;
    assert_eq!((report.deleted(), report.not_found()), (1, 0));
    assert!(report.is_complete());
    let report = minter.revoke(&mine).await;
    assert_eq!((report.deleted(), report.not_found()), (0, 0));
    assert_eq!(minter.counters().revocations, 2);
}

#[tokio::test]
async fn a_token_in_flight_is_deleted_when_it_lands() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let mut waiting = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 1).await;
    let mut revoking = Box::pin(minter.revoke(&policy));
    assert!(poll!(&mut revoking).is_pending());
    let error = waiting.await.unwrap_err();
    assert!(error.is_revoked() && !error.is_retryable() && !error.may_have_happened());

    // Whoever asks now does not get that one.
    let mut next = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut next).is_pending());
    service.time.until(|| service.creates() == 2).await;
    service.time.advance(seconds(3)).await;
    assert_eq!(revoking.await.deleted(), 1);
    let token = next.await.unwrap();
    assert!(service.has(&token));
    assert_eq!(service.emulator.tokens().len(), 1);
}

#[tokio::test]
async fn what_waits_for_its_turn_when_it_is_revoked_is_never_minted() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(1).build().unwrap();
    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let (first, second) = (chat("agent-1"), chat("agent-2"));
    let mut first = Box::pin(minter.token(&first).into_future());
    assert!(poll!(&mut first).is_pending());
    service.time.until(|| service.creates() == 1).await;
    let mut waiting = Box::pin(minter.token(&second).into_future());
    assert!(poll!(&mut waiting).is_pending());
    let report = minter.revoke(&second).await;
    assert_eq!(report.deleted(), 0);
    assert!(report.is_complete());
    assert!(waiting.await.unwrap_err().is_revoked());
    service.time.advance(seconds(3)).await;
    first.await.unwrap();
    assert_eq!(service.creates(), 1);
}

#[tokio::test]
async fn tokens_are_revoked_by_agent_and_by_subject() {
    let service = Service::start().await;
    let minter = service.minter();
    let both = policy("agent-1:read_agent;agent-2:read_agent");
    let first = minter.token(&both).await.unwrap();
    let second = minter.token(&chat("agent-1")).subject("ada").await.unwrap();
    let third = minter.token(&chat("agent-2")).subject("ada").await.unwrap();
    let fourth = minter.token(&chat("agent-2")).subject("bob").await.unwrap();

    let agent = AgentId::new("agent-1").unwrap();
    assert_eq!(minter.revoke_agent(&agent).await.deleted(), 2);
    assert!(!service.has(&first) && !service.has(&second));
    assert_eq!(minter.revoke_subject("ada").await.deleted(), 1);
    assert!(!service.has(&third) && service.has(&fourth));
    assert_eq!(minter.revoke_subject("nobody").await.deleted(), 0);
}

#[tokio::test]
async fn a_revocation_that_fails_is_reported_with_the_token() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let token = minter.token(&policy).await.unwrap();
    service
        .emulator
        .inject(Fault::status(500).times(1))
        .unwrap();
    let report = minter.revoke(&policy).await;
    assert!(!report.is_complete());
    let [failure] = report.failures() else {
        panic!("{report:?}");
    };
    assert!(same(failure.token(), &token));
    assert!(failure.error().is_server_error());
    let again = service.letta.access_tokens().revoke(failure.token());
    assert_eq!(again.await.unwrap(), Revocation::Deleted);
    assert_eq!(minter.counters().failed_revocations, 1);
}

#[tokio::test]
async fn a_shutdown_revokes_all_and_mints_no_more() {
    let service = Service::start().await;
    let minter = service.minter();
    let policies: Vec<_> = (0..50).map(|n| chat(&format!("agent-{n}"))).collect();
    for policy in &policies {
        minter.token(policy).await.unwrap();
    }
    service.time.advance(seconds(60)).await;
    minter
        .token(&policies[0])
        .valid_for(seconds(250))
        .await
        .unwrap();

    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let late = chat("agent-late");
    let mut waiting = Box::pin(minter.token(&late).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 52).await;

    let mut shutdown = Box::pin(minter.shutdown(seconds(10)));
    assert!(poll!(&mut shutdown).is_pending());
    assert!(waiting.await.unwrap_err().is_shut_down());
    let error = minter.token(&policies[1]).await.unwrap_err();
    assert!(error.is_shut_down() && !error.is_retryable(), "{error}");
    service
        .time
        .until(|| service.emulator.tokens().is_empty())
        .await;
    service.time.advance(seconds(3)).await;
    let report = shutdown.await;
    assert_eq!(report.deleted(), 52);
    assert!(report.is_complete(), "{report:?}");
    assert_eq!(
        (service.emulator.tokens().len(), minter.token_count()),
        (0, 0)
    );
    assert!(
        minter.shutdown(seconds(1)).await.is_complete(),
        "a second time too"
    );
}

#[tokio::test]
async fn a_shutdown_ends_at_its_deadline_and_says_what_it_could_not_delete() {
    let service = Service::start().await;
    let minter = service.minter();
    let policies: Vec<_> = (0..20).map(|n| chat(&format!("agent-{n}"))).collect();
    for policy in &policies {
        minter.token(policy).await.unwrap();
    }
    service.emulator.inject(Fault::latency(HOUR)).unwrap();
    let late = chat("agent-late");
    let mut waiting = Box::pin(minter.token(&late).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 21).await;

    let mut shutdown = Box::pin(minter.shutdown(seconds(2)));
    assert!(poll!(&mut shutdown).is_pending());
    service.time.until(|| service.revokes() == 8).await;
    service.time.advance(seconds(2)).await;
    let report = shutdown.await;
    assert!(service.time.elapsed() < seconds(3));
    assert_eq!(report.failures().len(), 20, "{report:?}");
    assert!(
        report
            .failures()
            .iter()
            .all(|failure| failure.error().is_timeout())
    );
    assert_eq!(report.unfinished(), 1);
    assert!(!report.is_complete());
    assert!(waiting.await.unwrap_err().is_shut_down());
}

#[tokio::test]
async fn the_cache_is_bounded_and_what_was_not_used_for_longest_goes_first() {
    let service = Service::start().await;
    let minter = service.builder().capacity(10).build().unwrap();
    let policies: Vec<_> = (0..15).map(|n| chat(&format!("agent-{n:02}"))).collect();
    let mut tokens = Vec::new();
    for policy in &policies[..10] {
        tokens.push(minter.token(policy).await.unwrap());
    }
    assert!(same(&minter.token(&policies[0]).await.unwrap(), &tokens[0]));
    for policy in &policies[10..] {
        minter.token(policy).await.unwrap();
        service.time.until(|| minter.token_count() <= 10).await;
    }
    assert_eq!(minter.counters().evictions, 5);
    assert!(same(&minter.token(&policies[0]).await.unwrap(), &tokens[0]));
    for n in 6..10 {
        assert!(
            same(&minter.token(&policies[n]).await.unwrap(), &tokens[n]),
            "{n}"
        );
    }
    assert_eq!(service.creates(), 15);

    // What was forgotten works on, and a report says that something may have been missed.
    assert!(service.has(&tokens[1]));
    let report = minter.revoke(&policies[1]).await;
    assert!(report.may_have_missed() && !report.is_complete());
    assert!(!minter.token(&policies[1]).await.unwrap().is_expired());
    service.time.advance(seconds(301)).await;
    assert!(!minter.revoke(&policies[2]).await.may_have_missed());
}

#[tokio::test]
async fn tokens_that_have_died_do_not_stay() {
    let service = Service::start().await;
    let minter = service.minter();
    for n in 0..20 {
        minter.token(&chat(&format!("agent-{n}"))).await.unwrap();
    }
    service.time.advance(seconds(301)).await;
    minter.token(&chat("agent-0")).await.unwrap();
    service.time.until(|| minter.token_count() == 1).await;
    assert_eq!(minter.counters().evictions, 0);
}

#[tokio::test]
async fn bad_input_is_refused_before_anything_is_sent() {
    let service = Service::start().await;
    let refused = |builder: TokenMinterBuilder| builder.build().unwrap_err();
    for (error, field, says) in [
        (
            TokenMinter::new(&service.letta, "chat.example.com").unwrap_err(),
            "origin",
            "scheme",
        ),
        (
            refused(service.builder().lifetime(seconds(9))),
            "lifetime",
            "10s",
        ),
        (
            refused(service.builder().valid_for(seconds(296))),
            "valid_for",
            "300s",
        ),
        (
            refused(service.builder().renew_ahead(seconds(99))),
            "renew_ahead",
            "100s",
        ),
        (
            refused(service.builder().renew_ahead(seconds(300))),
            "renew_ahead",
            "300s",
        ),
        (
            refused(service.builder().capacity(0)),
            "capacity",
            "at least 1",
        ),
        (
            refused(service.builder().max_concurrent_creates(0)),
            "max_concurrent_creates",
            "at least 1",
        ),
        (
            service
                .minter()
                .token(&chat("agent-1"))
                .valid_for(seconds(296))
                .await
                .unwrap_err(),
            "valid_for",
            "300s",
        ),
    ] {
        assert_eq!(error.field(), Some(field), "{error}");
        assert!(error.to_string().contains(says), "{error}");
    }
    assert_eq!(service.creates(), 0);
    for lifetime in [10, 300, 86_400] {
        service
            .builder()
            .lifetime(seconds(lifetime))
            .build()
            .unwrap();
    }
    service.builder().valid_for(seconds(295)).build().unwrap();
}

#[tokio::test]
async fn a_token_that_was_long_on_its_way_is_not_held_against_the_service() {
    let service = Service::start().await;
    let minter = service.builder().lifetime(seconds(20)).build().unwrap();
    let policy = chat("agent-1");
    let slow = Fault::latency(seconds(9))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN)
        .times(1);
    service.emulator.inject(slow).unwrap();
    let mut request = Box::pin(minter.token(&policy).valid_for(seconds(15)).into_future());
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() == 1).await;
    service.time.advance(seconds(9)).await;
    let error = request.await.unwrap_err();
    assert!(
        error.is_timeout() && error.is_retryable() && !error.is_short_lived(),
        "{error}"
    );
    let token = minter.token(&policy).valid_for(seconds(15)).await.unwrap();
    assert!(token.remaining() >= seconds(15));
    assert_eq!(service.creates(), 2);
}

#[tokio::test]
async fn a_mint_whose_runtime_ends_strands_nobody() {
    let emulator = Emulator::start().await.unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    let policy = chat("agent-1");
    let hangs = Fault::latency(HOUR)
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN)
        .times(1);
    emulator.inject(hangs).unwrap();

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (other, same_policy) = (minter.clone(), policy.clone());
    runtime.spawn(async move { other.token(&same_policy).await });
    while emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN) < 1 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut request = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut request).is_pending());
    runtime.shutdown_background();
    let token = request.await.unwrap();
    assert!(!token.is_expired());
    assert_eq!(
        emulator.request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN),
        2
    );
}

#[test]
fn a_mint_whose_runtime_ends_before_it_begins_strands_nobody() {
    let mut runtimes = [(); 2].map(|()| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        Some(builder.enable_all().build().unwrap())
    });
    let main = runtimes[0].take().unwrap();
    let emulator = main.block_on(Emulator::start()).unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    let policy = chat("agent-1");

    // Its task is made, and the runtime never comes to it.
    let other = runtimes[1].take().unwrap();
    let mut leader = Box::pin(minter.token(&policy).into_future());
    {
        let _entered = other.enter();
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(leader.as_mut().poll(&mut context).is_pending());
    }
    drop(other);
    main.block_on(async {
        for request in [leader, Box::pin(minter.token(&policy).into_future())] {
            let token = tokio::time::timeout(seconds(5), request).await;
            assert!(!token.expect("nobody is stranded").unwrap().is_expired());
        }
    });
}

#[test]
fn what_is_revoked_outside_a_runtime_is_not_forgotten() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let service = runtime.block_on(Service::start());
    let minter = service.minter();
    let policy = chat("agent-1");
    runtime
        .block_on(minter.token(&policy).into_future())
        .unwrap();
    let revoking = std::panic::AssertUnwindSafe(|| {
        let mut revoking = Box::pin(minter.revoke(&policy));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let _ = revoking.as_mut().poll(&mut context);
    });
    assert!(std::panic::catch_unwind(revoking).is_err(), "it says so");
    let report = runtime.block_on(minter.revoke(&policy));
    assert_eq!(report.deleted(), 1);
}

#[test]
fn a_shutdown_that_its_runtime_does_not_carry_out_is_not_reported_as_done() {
    let mut main = tokio::runtime::Builder::new_current_thread();
    let main = main.enable_all().build().unwrap();
    let emulator = main.block_on(Emulator::start()).unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    let policy = chat("agent-1");
    main.block_on(minter.token(&policy).into_future()).unwrap();
    let mut other = tokio::runtime::Builder::new_multi_thread();
    let other = other.worker_threads(1).enable_all().build().unwrap();
    let handle = other.handle().clone();
    other.shutdown_background();
    let report = handle.block_on(minter.shutdown(seconds(5)));
    assert_eq!(emulator.token_count().live, 1);
    assert!(!report.is_complete(), "{report:?}");
}

#[test]
fn a_shutdown_waits_for_a_revocation_whose_task_has_not_begun() {
    // What is spawned last is run first.
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let mut main = tokio::runtime::Builder::new_current_thread();
    let main = main.enable_all().build().unwrap();
    let emulator = main.block_on(Emulator::start()).unwrap();
    let letta = Letta::builder()
        .api_key(emulator.api_key())
        .base_url(emulator.base_url())
        .build()
        .unwrap();
    let minter = TokenMinter::new(&letta, ORIGIN).unwrap();
    let policy = chat("agent-1");
    main.block_on(minter.token(&policy).into_future()).unwrap();

    let shared = minter.clone();
    let revoking_and_closing = runtime.spawn(async move {
        let mut revoking = Box::pin(shared.revoke(&policy));
        assert!(poll!(&mut revoking).is_pending());
        drop(revoking);
        shared.shutdown(Duration::ZERO).await
    });
    let report = main.block_on(revoking_and_closing).unwrap();
    let is_done = minter.counters().revocations == 1;
    assert!(is_done || !report.is_complete(), "{report:?}");
}

#[tokio::test]
async fn a_token_whose_renewal_was_left_to_a_create_that_failed_is_renewed_later() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(205)).await;
    let slow = Fault::latency(seconds(2)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    let down = Fault::status(503).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(slow).unwrap();
    service.emulator.inject(down).unwrap();
    let mut longer = Box::pin(minter.token(&policy).valid_for(seconds(200)).into_future());
    assert!(poll!(&mut longer).is_pending());
    service.time.until(|| service.creates() == 2).await;
    // It is due, and another is minting it.
    let short = minter.token(&policy).valid_for(seconds(1));
    assert!(same(&short.await.unwrap(), &first));
    service.time.advance(seconds(2)).await;
    longer.await.unwrap_err();

    service.emulator.clear_faults();
    service.time.advance(seconds(40)).await;
    let short = minter.token(&policy).valid_for(seconds(1));
    assert!(same(&short.await.unwrap(), &first));
    service.time.until(|| service.creates() == 3).await;
    assert_eq!(minter.counters().renewals, 1);
}

#[tokio::test]
async fn a_service_that_asks_to_wait_for_ever_does_no_harm() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(205)).await;
    let slow = Fault::latency(seconds(2)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    let busy = Fault::status(429)
        .retry_after(seconds(u64::MAX))
        .on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(slow).unwrap();
    service.emulator.inject(busy).unwrap();
    let short = minter.token(&policy).valid_for(seconds(1));
    assert!(same(&short.await.unwrap(), &first));
    service.time.until(|| service.creates() == 2).await;
    // Who needs a longer life waits for the same renewal.
    let mut longer = Box::pin(minter.token(&policy).valid_for(seconds(200)).into_future());
    assert!(poll!(&mut longer).is_pending());
    service.time.advance(seconds(2)).await;
    let error = longer.await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 429, "{error}");
    assert_eq!(service.creates(), 2);
}

#[tokio::test]
async fn each_live_token_that_is_forgotten_is_counted() {
    let service = Service::start().await;
    let minter = service.builder().capacity(3).build().unwrap();
    minter.token(&chat("agent-1")).await.unwrap();
    service.time.advance(seconds(60)).await;
    let longer = chat("agent-1");
    minter.token(&longer).valid_for(seconds(250)).await.unwrap();
    assert_eq!(minter.token_count(), 2);
    for agent in ["agent-2", "agent-3"] {
        minter.token(&chat(agent)).await.unwrap();
    }
    assert_eq!(minter.token_count(), 2);
    assert_eq!(service.emulator.tokens().len(), 4);
    assert_eq!(minter.counters().evictions, 2);
}

#[tokio::test]
async fn a_date_that_is_far_off_does_not_have_a_dead_token_served() {
    let time = VirtualTime::stop();
    let expiry = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(300)).to_string();
    let body = token_json().replace("2126-03-01T12:00:00.000Z", &expiry);
    let head = String::from_utf8(answer("201 Created", "application/json", &body)).unwrap();
    let date = "\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    let head = head.replacen("\r\n", date, 1);
    let server = FaultServer::start([Answer::Answer(head.into_bytes())]).await;
    let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
    let policy = chat("agent-1");
    minter.token(&policy).await.unwrap();
    minter.token(&policy).await.unwrap();
    assert_eq!(minter.counters().creates, 1);
    time.advance(seconds(301)).await;
    minter.token(&policy).await.unwrap();
    assert_eq!(minter.counters().creates, 2);
}

#[tokio::test]
async fn a_lifetime_beyond_reason_is_refused() {
    let service = Service::start().await;
    for lifetime in [Duration::MAX, seconds(8000 * 366 * 24 * 3600)] {
        let error = service.builder().lifetime(lifetime).build().unwrap_err();
        assert_eq!(error.field(), Some("lifetime"), "{error}");
    }
    // The longest that is not.
    let longest = seconds(100 * 365 * 24 * 3600);
    let minter = service.builder().lifetime(longest).build().unwrap();
    let policy = chat("agent-1");
    let token = minter.token(&policy).await.unwrap();
    assert!(same(&minter.token(&policy).await.unwrap(), &token));
    assert_eq!(minter.shutdown(Duration::MAX).await.deleted(), 1);
}

/// A service's clock that can be set.
#[derive(Clone)]
struct Adjustable(TokioClock, Arc<AtomicU64>);

impl Clock for Adjustable {
    fn now(&self) -> SystemTime {
        self.0.now() + seconds(self.1.load(Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_clock_that_is_set_while_the_minter_runs_costs_no_more_than_a_create() {
    let time = VirtualTime::stop();
    let clock = Adjustable(time.clock(Duration::ZERO), Arc::default());
    let builder = Emulator::builder().clock(clock.clone());
    let service = Service::start_with(time, builder).await;
    let minter = service.builder().lifetime(seconds(600)).build().unwrap();
    minter.token(&chat("agent-1")).await.unwrap();
    // As after a machine was suspended: by less than a token lives, and by more.
    for (ahead, creates) in [(300, 3), (2100, 5)] {
        clock.1.store(ahead, Ordering::Relaxed);
        let policy = chat(&format!("agent-{ahead}"));
        let token = minter.token(&policy).valid_for(seconds(500)).await.unwrap();
        let left = token.remaining();
        assert!(
            (seconds(597)..=seconds(600)).contains(&left),
            "{ahead}: {left:?}"
        );
        assert_eq!(minter.counters().creates, creates);
    }
}

#[tokio::test]
async fn what_lands_after_the_deadline_of_a_shutdown_is_deleted() {
    let service = Service::start().await;
    let minter = service.minter();
    let latency = Fault::latency(seconds(5)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let policy = chat("agent-1");
    let mut waiting = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 1).await;
    let mut shutdown = Box::pin(minter.shutdown(seconds(2)));
    assert!(poll!(&mut shutdown).is_pending());
    tokio::task::yield_now().await;
    service.time.advance(seconds(2)).await;
    let report = shutdown.await;
    assert_eq!((report.deleted(), report.unfinished()), (0, 1));
    service.time.advance(seconds(3)).await;
    service.time.until(|| service.revokes() == 1).await;
    service
        .time
        .until(|| service.emulator.tokens().is_empty())
        .await;
    service
        .time
        .until(|| minter.counters().revocations == 1)
        .await;
}

#[tokio::test]
async fn a_shutdown_waits_for_revocations_that_nobody_waits_for() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    minter.token(&policy).await.unwrap();
    let latency = Fault::latency(seconds(3)).on(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let mut revoking = Box::pin(minter.revoke(&policy));
    assert!(poll!(&mut revoking).is_pending());
    drop(revoking);
    service.time.until(|| service.revokes() == 1).await;
    let mut shutdown = Box::pin(minter.shutdown(seconds(10)));
    for _ in 0..100 {
        assert!(poll!(&mut shutdown).is_pending());
        tokio::task::yield_now().await;
    }
    service.time.advance(seconds(3)).await;
    assert!(shutdown.await.is_complete());
    assert_eq!(service.emulator.tokens().len(), 0);
}

#[tokio::test]
async fn no_more_tokens_are_revoked_at_a_time_than_allowed() {
    let service = Service::start().await;
    let minter = service.builder().max_concurrent_creates(4).build().unwrap();
    for n in 0..20 {
        minter.token(&chat(&format!("agent-{n}"))).await.unwrap();
    }
    let latency = Fault::latency(seconds(3)).on(operations::DELETE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let mut shutdown = Box::pin(minter.shutdown(seconds(60)));
    for turn in 1..=5 {
        assert!(poll!(&mut shutdown).is_pending());
        service.time.until(|| service.revokes() >= 4 * turn).await;
        for _ in 0..100 {
            std::thread::sleep(Duration::from_micros(50));
            tokio::task::yield_now().await;
        }
        assert_eq!(service.revokes(), 4 * turn);
        service.time.advance(seconds(3)).await;
    }
    assert_eq!(shutdown.await.deleted(), 20);
}

#[tokio::test]
async fn a_token_that_may_have_been_made_when_it_was_revoked_is_reported() {
    let service = Service::start().await;
    let minter = service.minter();
    for fault in [Fault::latency(seconds(3)), Fault::lose_answer()] {
        let fault = fault.on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
        service.emulator.inject(fault).unwrap();
    }
    let policy = chat("agent-1");
    let mut waiting = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 1).await;
    let mut revoking = Box::pin(minter.revoke(&policy));
    assert!(poll!(&mut revoking).is_pending());
    assert!(waiting.await.unwrap_err().is_revoked());
    service.time.advance(seconds(3)).await;
    let report = revoking.await;
    assert_eq!((report.deleted(), report.unknown_outcomes()), (0, 1));
    assert!(!report.is_complete());
}

#[tokio::test]
async fn a_renewal_that_fails_without_a_word_is_tried_again_but_not_every_second() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    minter.token(&policy).await.unwrap();
    service.time.advance(seconds(205)).await;
    let down = Fault::status(503).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(down).unwrap();
    for _ in 0..60 {
        let request = minter.token(&policy).valid_for(seconds(1));
        request.await.unwrap();
        tokio::task::yield_now().await;
        service
            .time
            .until(|| minter.counters().failures == minter.counters().renewals)
            .await;
        service.time.advance(seconds(1)).await;
    }
    // With 94 s left a pause is 12 to 23 s, and with 34 s left 4 to 8 s.
    let tried = minter.counters().renewals;
    assert!((4..=10).contains(&tried), "{tried}");
}

#[tokio::test]
async fn a_token_of_a_shorter_life_than_asked_for_is_renewed_in_proportion() {
    let time = VirtualTime::stop();
    let date = jiff::Timestamp::now();
    let expiry = (date + jiff::SignedDuration::from_secs(60)).to_string();
    let body = token_json().replace("2126-03-01T12:00:00.000Z", &expiry);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&date)
        .unwrap();
    let head = String::from_utf8(answer("201 Created", "application/json", &body)).unwrap();
    let head = head.replacen("\r\n", &format!("\r\ndate: {date}\r\n"), 1);
    let server = FaultServer::start([Answer::Answer(head.into_bytes())]).await;
    let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
    let policy = chat("agent-1");
    let ask = || minter.token(&policy).valid_for(seconds(5)).into_future();
    ask().await.unwrap();
    // Half of its life is over at 29 s or later, and a third is left at 40 s or sooner.
    for (wait, renewals) in [(28, 0), (14, 1)] {
        time.advance(seconds(wait)).await;
        ask().await.unwrap();
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        assert_eq!(minter.counters().renewals, renewals);
    }
}

#[tokio::test]
async fn one_who_asks_for_no_life_at_all_gets_no_dead_token() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(300)).await;
    assert!(first.is_expired());
    let next = minter.token(&policy).valid_for(Duration::ZERO).await;
    assert!(!next.unwrap().is_expired());
}

#[tokio::test]
async fn a_service_that_sets_another_expiry_is_asked_once_and_again_when_the_token_has_died() {
    let time = VirtualTime::stop();
    let date = jiff::Timestamp::now();
    let expiry = (date + jiff::SignedDuration::from_secs(60)).to_string();
    let body = token_json().replace("2126-03-01T12:00:00.000Z", &expiry);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&date)
        .unwrap();
    let head = String::from_utf8(answer("201 Created", "application/json", &body)).unwrap();
    let head = head.replacen("\r\n", &format!("\r\ndate: {date}\r\n"), 1);
    let server = FaultServer::start([Answer::Answer(head.into_bytes())]).await;
    let minter = TokenMinter::builder(&letta(server.url()), ORIGIN)
        .lifetime(seconds(900))
        .build()
        .unwrap();
    let policy = chat("agent-1");
    for _ in 0..2 {
        let error = minter.token(&policy).await.unwrap_err();
        assert!(error.is_short_lived(), "{error}");
    }
    assert_eq!(minter.counters().creates, 1);
    // It may do better now.
    time.advance(seconds(61)).await;
    minter.token(&policy).await.unwrap_err();
    assert_eq!(minter.counters().creates, 2);
}

#[tokio::test]
async fn what_a_minter_does_is_counted_and_traced_without_a_secret() {
    let (traces, _guard) = Traces::here();
    let service = Service::start().await;
    let minter = service.builder().capacity(2).build().unwrap();
    let subject = "s3ss10n-0f-ada";
    let policies = ["agent-1", "agent-2", "agent-3"].map(chat);
    let mut tokens = Vec::new();
    for policy in &policies {
        let request = minter.token(policy).subject(subject);
        let shown = format!("{request:?} {:?}", request.clone().into_future());
        assert!(!shown.contains(subject), "{shown}");
        tokens.push(request.await.unwrap());
    }
    minter.token(&policies[2]).subject(subject).await.unwrap();
    service.time.advance(seconds(205)).await;
    let request = minter.token(&policies[2]).subject(subject);
    request.valid_for(seconds(90)).await.unwrap();
    service
        .time
        .until(|| minter.counters().renewals == 1 && service.creates() == 4)
        .await;
    service
        .time
        .until(|| minter.counters().evictions == 2)
        .await;
    service
        .emulator
        .inject(Fault::status(500).times(2))
        .unwrap();
    minter.token(&policies[0]).await.unwrap_err();
    let held_off = minter.token(&policies[0]).await.unwrap_err();
    assert!(held_off.is_held_off());
    service.time.advance(seconds(1)).await;
    let failed = minter.revoke(&policies[2]).await;
    let pair = join_all([(); 2].map(|()| minter.token(&policies[0]).into_future())).await;
    tokens.extend(pair.into_iter().map(Result::unwrap));
    tokens.extend(
        failed
            .failures()
            .iter()
            .map(|failure| failure.token().clone()),
    );
    let report = minter.shutdown(seconds(9)).await;

    let counters = minter.counters();
    let minter_shown = format!("{minter:?}");
    drop(minter);
    let recorded = traces.take();
    for (metric, count) in [
        ("hits", counters.hits),
        ("waits", counters.waits),
        ("creates", counters.creates),
        ("renewals", counters.renewals),
        ("failures", counters.failures),
        ("unknown_outcomes", counters.unknown_outcomes),
        ("held_off", counters.held_off),
        ("evictions", counters.evictions),
        ("revocations", counters.revocations),
        ("failed_revocations", counters.failed_revocations),
    ] {
        let name = format!("monotonic_counter.letta_minter_{metric}");
        let told = recorded.iter().filter(|trace| {
            trace
                .fields
                .iter()
                .any(|(field, value)| *field == name && value == "1")
        });
        assert!(count > 0, "no {metric}: {counters:?}");
        assert_eq!(told.count() as u64, count, "{metric}: {counters:?}");
    }
    let shown =
        format!("{recorded:?} {minter_shown} {failed:?} {report:?} {tokens:?} {counters:?}");
    for token in &tokens {
        assert!(!shown.contains(token.expose_secret()));
    }
    assert!(!shown.contains("ck-let-") && !shown.contains(subject));
    assert!(!shown.contains(service.emulator.api_key().secret().expose_secret()));
}

#[tokio::test]
async fn a_report_says_how_long_a_page_may_go_on_with_what_was_deleted() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let report = minter.revoke(&policy).await;
    assert!(report.is_complete() && report.longest_remaining().is_zero());

    minter.token(&policy).await.unwrap();
    service.time.advance(seconds(60)).await;
    let token = minter.token(&policy).valid_for(seconds(250)).await.unwrap();
    service.time.advance(seconds(100)).await;
    let report = minter.revoke(&policy).await;
    assert_eq!((report.deleted(), report.not_found()), (2, 0));
    assert!(report.is_complete());
    // That of the one that lives longest, and never too little: what is left of a token may be more than is sure.
    let left = report.longest_remaining();
    assert!((seconds(199)..=seconds(201)).contains(&left), "{left:?}");
    assert!(left > token.remaining(), "{left:?} {token:?}");
    // It passes.
    service.time.advance(seconds(150)).await;
    assert_eq!(
        left - report.longest_remaining(),
        Duration::from_millis(150_001)
    );
    service.time.advance(seconds(52)).await;
    assert!(report.longest_remaining().is_zero() && report.is_complete());
}

#[tokio::test]
async fn a_token_that_was_given_to_nobody_does_not_lengthen_a_report() {
    let service = Service::start().await;
    let minter = service.minter();
    let latency = Fault::latency(seconds(3)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let policy = chat("agent-1");
    let mut waiting = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 1).await;
    let mut revoking = Box::pin(minter.revoke(&policy));
    assert!(poll!(&mut revoking).is_pending());
    assert!(waiting.await.unwrap_err().is_revoked());
    service.time.advance(seconds(3)).await;
    let report = revoking.await;
    assert_eq!(report.deleted(), 1);
    assert!(report.longest_remaining().is_zero());
}

#[tokio::test]
async fn what_could_not_be_deleted_or_was_not_found_counts_for_how_long_a_page_may_go_on() {
    let time = VirtualTime::stop();
    let expiry = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(300)).to_string();
    let body = token_json().replace("2126-03-01T12:00:00.000Z", &expiry);
    let none = r#"{"message":"Token not found"}"#;
    for (status, not_found, failures) in [
        ("404 Not Found", 1, 0),
        ("410 Gone", 1, 0),
        ("500 Internal Server Error", 0, 1),
    ] {
        let server = FaultServer::start([
            Answer::Answer(answer("201 Created", "application/json", &body)),
            Answer::Answer(answer(status, "application/json", none)),
        ])
        .await;
        let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
        let policy = chat("agent-1");
        minter.token(&policy).await.unwrap();
        time.advance(seconds(10)).await;
        let report = minter.revoke(&policy).await;
        assert_eq!(report.deleted(), 0, "{status}");
        assert_eq!(
            (report.not_found(), report.failures().len()),
            (not_found, failures)
        );
        // The service does not know it, which says nothing of who has used it.
        let left = report.longest_remaining();
        assert!(left > seconds(200) && left < seconds(302), "{left:?}");
        assert_eq!(report.is_complete(), failures == 0);
        assert_eq!(minter.counters().revocations, not_found as u64);
    }
}

/// A service's clock that showed a whole second when it was made.
struct FromAWholeSecond(TokioClock, Duration);

impl Clock for FromAWholeSecond {
    fn now(&self) -> SystemTime {
        self.0.now() - self.1
    }
}

#[tokio::test]
async fn a_token_in_its_last_second_is_deleted_too() {
    let time = VirtualTime::stop();
    let clock = time.clock(Duration::ZERO);
    let since = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let fraction = Duration::from_nanos(since.subsec_nanos().into());
    let clock = FromAWholeSecond(clock, fraction);
    let service = Service::start_with(time, Emulator::builder().clock(clock)).await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let token = minter.token(&policy).await.unwrap();
    service.time.advance(token.remaining()).await;
    // It is not served any more, and the service may still accept it.
    assert!(token.is_expired() && service.has(&token));
    let report = minter.revoke(&policy).await;
    assert_eq!(report.deleted(), 1);
    assert!(report.longest_remaining() <= seconds(1));
    assert!(!service.has(&token));
}

/// What a minter of short lives does when pages are loaded every second, and what it costs.
#[tokio::test]
async fn short_lives_are_long_enough_and_cost_what_the_docs_say() {
    let service = Service::start().await;
    for (lifetime, open_page, most) in [(300, 15, 24), (120, 38, 60), (60, 75, 120), (30, 150, 240)]
    {
        let lifetime = seconds(lifetime);
        let minter = service.builder().lifetime(lifetime).build().unwrap();
        let busy = chat("agent-busy");
        let mut page = None::<AccessToken>;
        let (mut renew_at, mut creates) = (Duration::ZERO, 0);
        let start = service.time.elapsed();
        while service.time.elapsed() - start < HOUR {
            let now = service.time.elapsed() - start;
            let counters = minter.counters();
            let token = minter.token(&busy).await.unwrap();
            assert!(token.remaining() >= lifetime / 3, "{token:?}");
            assert!(token.remaining() <= lifetime);
            let renewing = minter.counters().renewals;
            if renewing == counters.renewals {
                tokio::task::yield_now().await;
            }
            // A renewal that has begun lands before time goes on, which here stands still for it.
            if minter.counters().renewals > counters.renewals {
                let is_another = async || !same(&minter.token(&busy).await.unwrap(), &token);
                while !is_another().await {
                    tokio::task::yield_now().await;
                }
            }
            // A page that stays open, as the token endpoint's docs have it: it asks when a fifth is left.
            if page.is_none() || now >= renew_at {
                let policy = chat("agent-page");
                let before = minter.counters();
                let token = minter.token(&policy).await.unwrap();
                assert!(page.as_ref().is_none_or(|old| !old.is_expired()));
                let after = minter.counters();
                creates += after.creates + after.renewals - before.creates - before.renewals;
                let life = Duration::from_secs(token.remaining().as_secs());
                renew_at = now + life - life / 5;
                page = Some(token);
            }
            service.time.advance(seconds(1)).await;
        }
        let counters = minter.counters();
        assert_eq!((counters.failures, counters.unknown_outcomes), (0, 0));
        let busy = counters.creates + counters.renewals - creates;
        // Times are whole seconds here, and of each life a second or two are lost.
        let slack = |number: u64| number + number / 8 + 2;
        assert!(
            (most * 2 / 3..=slack(most)).contains(&busy),
            "{lifetime:?}: {busy}"
        );
        assert!(
            (open_page * 7 / 8..=slack(open_page)).contains(&creates),
            "{lifetime:?}: {creates}"
        );
        let report = minter.shutdown(seconds(10)).await;
        assert!(report.is_complete() && report.longest_remaining() <= lifetime + seconds(1));
    }
}

#[tokio::test]
async fn the_shortest_life_is_of_use_and_a_slow_service_is_told_of() {
    let service = Service::start().await;
    let minter = service.builder().lifetime(seconds(10)).build().unwrap();
    let policy = chat("agent-1");
    let token = minter.token(&policy).await.unwrap();
    // The first expiry is reckoned by the machine's clock, which goes on while the service's stands still.
    assert!(token.remaining() >= seconds(8), "{token:?}");
    let creates = service.creates();
    // What takes as long as the token lives is of no use, and is told so.
    let latency = Fault::latency(seconds(8)).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(latency).unwrap();
    let policy = chat("agent-2");
    let mut request = Box::pin(minter.token(&policy).into_future());
    assert!(poll!(&mut request).is_pending());
    service.time.until(|| service.creates() > creates).await;
    service.time.advance(seconds(8)).await;
    let error = request.await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_short_life_gets_over_an_outage_that_is_shorter() {
    let service = Service::start().await;
    let minter = service.builder().lifetime(seconds(30)).build().unwrap();
    let policy = chat("agent-1");
    minter.token(&policy).await.unwrap();
    service.time.advance(seconds(21)).await;
    let down = Fault::status(503).on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
    service.emulator.inject(down).unwrap();
    let error = minter.token(&policy).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 503);
    // The page uses the third that is left, and the wait after a first failure is a second.
    service.emulator.clear_faults();
    service.time.advance(seconds(1)).await;
    assert!(minter.token(&policy).await.unwrap().remaining() > seconds(27));
}
