//! How the minter holds off when the service fails, in time that stands still: however many ask, few creates are sent.

use std::ops::Range;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::poll;
use letta_api_emulator::{Emulator, Fault, operations};
use letta_api_ext::{AccessPolicy, Error, Letta, RetryPolicy, TokenMinter, TokenMinterBuilder};
use letta_api_tests::fault_server::{Fault as Answer, FaultServer};
use letta_api_tests::traces::Traces;
use letta_api_tests::virtual_time::VirtualTime;
use letta_api_tests::{answer, letta};
use tracing_core::Level;

const ORIGIN: &str = "https://chat.example.com";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn chat(agent: &str) -> AccessPolicy {
    AccessPolicy::builder().agent(agent).chat().build().unwrap()
}

/// An emulator, and the time that it goes by.
struct Service {
    time: VirtualTime,
    emulator: Emulator,
}

impl Service {
    async fn start() -> Self {
        let time = VirtualTime::stop();
        let clock = time.clock(Duration::ZERO);
        let emulator = Emulator::builder().clock(clock).start().await.unwrap();
        Self { time, emulator }
    }

    fn builder(&self, retry: RetryPolicy) -> TokenMinterBuilder {
        let letta = Letta::builder()
            .api_key(self.emulator.api_key())
            .base_url(self.emulator.base_url())
            .retry(retry)
            .build()
            .unwrap();
        TokenMinter::builder(&letta, ORIGIN)
    }

    /// One whose client sends each call once.
    fn minter(&self) -> TokenMinter {
        self.builder(RetryPolicy::never()).build().unwrap()
    }

    fn inject(&self, fault: Fault) {
        let fault = fault.on(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN);
        self.emulator.inject(fault).unwrap();
    }

    fn creates(&self) -> usize {
        self.emulator
            .request_count(operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN)
    }
}

/// Time stands still once for each runtime.
fn on_a_runtime_of_its_own(test: impl Future<Output = ()>) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(test);
}

/// What a page load of each of so many subjects comes to.
async fn load_pages(minter: &TokenMinter, subjects: usize) -> Vec<Result<(), Error>> {
    load_pages_of(minter, 0..subjects).await
}

/// What a page load of each of these subjects comes to.
async fn load_pages_of(minter: &TokenMinter, subjects: Range<usize>) -> Vec<Result<(), Error>> {
    let policy = chat("agent-1");
    let loads = subjects.map(|n| {
        let policy = &policy;
        async move {
            let subject = format!("session-{n}");
            minter.token(policy).subject(&subject).await.map(drop)
        }
    });
    join_all(loads).await
}

#[test]
fn a_wait_that_the_service_names_is_kept_whoever_asks() {
    for status in [429, 503] {
        for retry in [RetryPolicy::never(), RetryPolicy::standard()] {
            for subjects in [1, 500] {
                on_a_runtime_of_its_own(a_wait_is_kept(status, retry.clone(), subjects));
            }
        }
    }
}

async fn a_wait_is_kept(status: u16, retry: RetryPolicy, subjects: usize) {
    let service = Service::start().await;
    let minter = service.builder(retry).build().unwrap();
    service.inject(Fault::status(status).retry_after(seconds(30)));
    let mut told = Vec::new();
    for _ in 0..200 / subjects.min(40) {
        let errors = load_pages(&minter, subjects).await;
        told.extend(errors.into_iter().map(Result::unwrap_err));
        service.time.advance(millis(100)).await;
    }
    let creates = service.creates();
    assert!((1..=8).contains(&creates), "{creates} for {subjects}");
    assert_eq!(minter.counters().creates, creates as u64);

    let mut left = seconds(30);
    let mut held_off = 0;
    for error in &told {
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!(error.is_rate_limited(), status == 429);
        assert!(
            !error.may_have_happened() && error.is_retryable(),
            "{error}"
        );
        let wait = error.retry_after().unwrap();
        assert!(wait <= left && wait > seconds(9), "{wait:?} of {left:?}");
        left = wait;
        held_off += u64::from(error.is_held_off());
        assert_eq!(error.attempts() == 0, error.is_held_off());
    }
    assert!(held_off >= told.len() as u64 - 8, "{held_off}");
    assert_eq!(minter.counters().held_off, held_off);
    let last = told.last().unwrap().to_string();
    assert!(last.contains(&status.to_string()) && last.contains("held off"));

    // Then one create for each goes on.
    service.emulator.clear_faults();
    service.time.advance(left).await;
    let served = load_pages(&minter, subjects).await;
    assert!(served.iter().all(Result::is_ok));
    assert_eq!(service.creates(), creates + subjects);
}

#[tokio::test]
async fn those_who_wait_for_their_turn_are_told_when_the_service_names_a_wait() {
    let service = Service::start().await;
    let minter = service.builder(RetryPolicy::never());
    let minter = minter.max_concurrent_creates(1).build().unwrap();
    service.inject(Fault::latency(seconds(3)));
    service.inject(Fault::status(429).retry_after(seconds(30)));
    let mut loads = Box::pin(load_pages(&minter, 100));
    assert!(poll!(&mut loads).is_pending());
    service.time.until(|| service.creates() == 1).await;
    service.time.advance(seconds(3)).await;
    let errors: Vec<_> = loads.await.into_iter().map(Result::unwrap_err).collect();
    assert!(errors.iter().all(Error::is_rate_limited));
    assert_eq!(
        errors.iter().filter(|error| error.is_held_off()).count(),
        99
    );
    assert!(service.time.elapsed() < seconds(4), "at once");
    assert_eq!((service.creates(), minter.counters().failures), (1, 1));
}

#[tokio::test]
async fn a_wait_within_the_deadline_is_waited_for_by_one_create_and_told_to_all_others() {
    let service = Service::start().await;
    let minter = service.builder(RetryPolicy::standard());
    let minter = minter.max_concurrent_creates(1).build().unwrap();
    service.inject(Fault::status(429).retry_after(seconds(10)).times(1));
    let (mine, other) = (chat("agent-1"), chat("agent-2"));
    let mut waiting = Box::pin(minter.token(&mine).into_future());
    assert!(poll!(&mut waiting).is_pending());
    service.time.until(|| service.creates() == 1).await;
    // There is one turn, and the answer is under way still.
    let error = minter.token(&other).await.unwrap_err();
    assert!(error.is_held_off() && error.is_rate_limited(), "{error}");
    assert!(error.retry_after().unwrap() <= seconds(10));
    // Who asks for the same joins the create that waits.
    let mut joined = Box::pin(minter.token(&mine).into_future());
    assert!(poll!(&mut joined).is_pending());
    service.time.advance(seconds(9)).await;
    minter.token(&other).await.unwrap_err();
    assert_eq!(service.creates(), 1);
    service.time.advance(seconds(2)).await;
    waiting.await.unwrap();
    joined.await.unwrap();
    assert_eq!(service.creates(), 2);
    minter.token(&other).await.unwrap();
}

#[test]
fn an_outage_is_no_stampede() {
    for (fault, status) in [
        (Fault::status(503), Some(503)),
        (Fault::status(500), Some(500)),
        (Fault::status(401), Some(401)),
        (Fault::status(402), Some(402)),
        (Fault::disconnect(), None),
        (Fault::lose_answer(), None),
    ] {
        on_a_runtime_of_its_own(few_creates_reach_a_service_that_fails(fault, status));
    }
}

async fn few_creates_reach_a_service_that_fails(fault: Fault, status: Option<u16>) {
    let service = Service::start().await;
    let minter = service.minter();
    service.inject(fault.clone());
    // Ten a second, for a minute.
    let mut told = Vec::new();
    for _ in 0..600 {
        told.extend(
            load_pages(&minter, 2)
                .await
                .into_iter()
                .map(Result::unwrap_err),
        );
        service.time.advance(millis(100)).await;
    }
    // Waits of at least 0.5, 1, 2, 4, 8, 15 and 15 seconds, and at most twice that.
    let creates = service.creates();
    assert!(
        (2 * 5..=2 * 8).contains(&creates),
        "{creates} for {fault:?}"
    );
    for error in &told {
        let answered = error.status().map(|status| status.as_u16());
        assert_eq!(answered, status, "{error}");
        if error.is_held_off() {
            assert!(!error.may_have_happened() && error.attempts() == 0);
            assert!(error.retry_after().unwrap() <= seconds(30));
        }
    }
    // A page load of another is not held off by it.
    for other in load_pages_of(&minter, 2..10).await {
        assert!(!other.unwrap_err().is_held_off());
    }

    service.emulator.clear_faults();
    service.time.advance(seconds(30)).await;
    let before = service.creates();
    assert!(load_pages(&minter, 2).await.iter().all(Result::is_ok));
    assert_eq!(service.creates(), before + 2);
    assert_eq!(
        minter.counters().held_off,
        told.iter().filter(|it| it.is_held_off()).count() as u64
    );
}

#[tokio::test]
async fn a_service_that_is_not_there_is_tried_a_few_times_a_minute() {
    let time = VirtualTime::stop();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let minter = TokenMinter::new(&letta(format!("http://{address}")), ORIGIN).unwrap();
    for _ in 0..600 {
        for result in load_pages(&minter, 1).await {
            assert!(result.unwrap_err().is_connect());
        }
        time.advance(millis(100)).await;
    }
    let creates = minter.counters().creates;
    assert!((5..=8).contains(&creates), "{creates}");
}

#[test]
fn an_odd_answer_and_a_token_that_is_dead_when_it_comes_are_held_too() {
    let dead = letta_api_tests::token_json()
        .replace("https://app.example.com", ORIGIN)
        .replace("2126-", "2001-");
    for (status, body, is_short) in [
        ("201 Created", "<html>", false),
        ("201 Created", dead.as_str(), true),
        ("302 Found", "", false),
    ] {
        on_a_runtime_of_its_own(it_is_held(status, body, is_short));
    }
}

async fn it_is_held(status: &str, body: &str, is_short: bool) {
    let time = VirtualTime::stop();
    let head = String::from_utf8(answer(status, "application/json", body)).unwrap();
    let date = "\r\ndate: Sun, 01 Mar 2026 12:00:00 GMT\r\n";
    let head = head.replacen("\r\n", date, 1);
    let server = FaultServer::start([Answer::Answer(head.into_bytes())]).await;
    let minter = TokenMinter::new(&letta(server.url()), ORIGIN).unwrap();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap_err();
    assert!(!first.is_held_off());
    assert_eq!(first.is_short_lived(), is_short, "{first}");
    for _ in 0..50 {
        let error = minter.token(&policy).await.unwrap_err();
        assert!(error.is_held_off(), "{error}");
        assert_eq!(error.is_short_lived(), is_short, "{error}");
    }
    assert_eq!(minter.counters().creates, 1, "{body}");
    time.advance(seconds(1)).await;
    assert!(!minter.token(&policy).await.unwrap_err().is_held_off());
    assert_eq!(minter.counters().creates, 2, "{body}");
}

#[tokio::test]
async fn what_is_in_the_cache_is_served_and_revoked_while_the_service_is_not_asked_for_tokens() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    let first = minter.token(&policy).await.unwrap();
    service.time.advance(seconds(190)).await;
    service.inject(Fault::status(429).retry_after(seconds(60)));
    minter.token(&chat("agent-2")).await.unwrap_err();
    assert_eq!(service.creates(), 2);
    // It is due to be renewed from now on at the latest, and is not, though it is asked for.
    service.time.advance(seconds(11)).await;
    for _ in 0..40 {
        let token = minter.token(&policy).valid_for(seconds(1)).await.unwrap();
        assert_eq!(token.expose_secret(), first.expose_secret());
        tokio::task::yield_now().await;
        service.time.advance(seconds(1)).await;
    }
    // One who needs more than it has left is told.
    let error = minter.token(&policy).await.unwrap_err();
    assert!(error.is_held_off() && error.is_rate_limited(), "{error}");
    assert_eq!((service.creates(), minter.counters().renewals), (2, 0));
    // And when the wait is over, it is renewed.
    service.emulator.clear_faults();
    service.time.advance(seconds(11)).await;
    minter.token(&policy).valid_for(seconds(1)).await.unwrap();
    service.time.until(|| service.creates() == 3).await;
    service.time.until(|| minter.token_count() == 2).await;
    assert_eq!(minter.counters().renewals, 1);

    service.inject(Fault::status(429).retry_after(seconds(60)));
    minter.token(&chat("agent-3")).await.unwrap_err();
    assert_eq!(minter.revoke(&policy).await.deleted(), 2);
    assert!(minter.token(&policy).await.unwrap_err().is_held_off());
}

#[tokio::test]
async fn a_wait_beyond_reason_ends_after_an_hour() {
    let service = Service::start().await;
    let minter = service.minter();
    let policy = chat("agent-1");
    service.inject(Fault::status(429).retry_after(seconds(1_000_000_000)));
    let first = minter.token(&policy).await.unwrap_err();
    assert_eq!(first.retry_after(), Some(seconds(1_000_000_000)));
    let held = minter.token(&policy).await.unwrap_err();
    assert!(held.retry_after().unwrap() <= seconds(3600));
    service.time.advance(seconds(3590)).await;
    assert!(minter.token(&policy).await.unwrap_err().is_held_off());
    service.time.advance(seconds(10)).await;
    assert!(!minter.token(&policy).await.unwrap_err().is_held_off());
    assert_eq!(service.creates(), 2);
}

#[tokio::test]
async fn a_wait_that_the_service_does_not_name_grows() {
    let service = Service::start().await;
    let minter = service.minter();
    service.inject(Fault::status(429));
    for _ in 0..600 {
        for error in load_pages(&minter, 3).await {
            assert!(error.unwrap_err().is_rate_limited());
        }
        service.time.advance(millis(1_000)).await;
    }
    // Ten minutes: 1, 2, 4, 8, 16, 32 and then 60 seconds, of which up to a half is cut, three at a time.
    let creates = service.creates();
    assert!((3 * 10..=3 * 26).contains(&creates), "{creates}");
}

#[tokio::test]
async fn a_hold_is_traced_when_it_begins_and_when_it_is_over_and_not_for_each_who_asks() {
    let (traces, _guard) = Traces::here();
    let service = Service::start().await;
    let minter = service.minter();
    service.inject(Fault::status(429).retry_after(seconds(30)).times(1));
    let policy = chat("agent-1");
    minter.token(&policy).await.unwrap_err();
    for _ in 0..100 {
        assert!(minter.token(&policy).await.unwrap_err().is_held_off());
    }
    service.time.advance(seconds(30)).await;
    minter.token(&policy).await.unwrap();
    assert_eq!(minter.counters().held_off, 100);
    assert_eq!(minter.counters().failures, 1);

    let own: Vec<_> = traces
        .take()
        .into_iter()
        .filter(|trace| trace.target == "letta_api_ext::minter")
        .collect();
    let is_of_hold = |name: &&str| {
        [
            "letta.minter.wait_ms",
            "monotonic_counter.letta_minter_held_off",
        ]
        .contains(name)
    };
    let holds = own
        .iter()
        .filter(|trace| trace.fields.iter().any(|(name, _)| is_of_hold(name)));
    let [begins, ends] = holds.collect::<Vec<_>>()[..] else {
        panic!("{own:?}");
    };
    let field = |trace: &letta_api_tests::traces::Trace, name| {
        let mut fields = trace.fields.iter();
        fields
            .find(|(field, _)| *field == name)
            .map(|(_, value)| value.clone())
    };
    assert_eq!(begins.level, Level::WARN);
    assert_eq!(
        field(begins, "letta.minter.wait_ms").as_deref(),
        Some("30000")
    );
    assert_eq!(ends.level, Level::DEBUG);
    let told = field(ends, "monotonic_counter.letta_minter_held_off");
    assert_eq!(told.as_deref(), Some("100"));
    assert!(own.len() < 12, "{own:?}");
}
