//! Calls over a scripted network, in virtual time: how many attempts, how long they take, and the result.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{ResponseBuilderExt, StatusCode};
use tokio::time::Instant;

use crate::transport::metrics::{AttemptReport, CallReport, Metrics};
use crate::{
    AccessPolicy, CreateAccessToken, Error, Letta, ListAccessTokens, RetryBudget, RetryPolicy,
    Revocation, RevokeAccessToken,
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

const PAGE: &str = r#"{"tokens":[],"hasNextPage":false}"#;
const TOKEN: &str = r#"{"token":"ck-let-1","hostname":"https://a.b","expiresAt":"2126-03-01T12:00:00Z","policy":{"version":"1","data":[{"type":"agent","id":"agent-1","access":["read_messages","write_messages"]}]}}"#;

/// The network's reaction to a request.
#[derive(Clone, Debug)]
enum Step {
    Answer(u16, Vec<(&'static str, String)>, &'static str),
    Break,
    Hang,
    /// Answers with this, after this time.
    After(Duration, u16),
    /// Answers with a success after this time. Its body does not end.
    HangWithin(Duration),
}

use Step::{After, Answer, Break, Hang, HangWithin};

fn status(status: u16) -> Step {
    Answer(status, Vec::new(), "")
}

fn header(code: u16, name: &'static str, value: impl Into<String>) -> Step {
    Answer(code, vec![(name, value.into())], "")
}

/// Plays a script. Its last step repeats.
#[derive(Default)]
struct Network {
    script: Mutex<VecDeque<Step>>,
    sent_at: Mutex<Vec<Instant>>,
    keys: Mutex<Vec<HeaderValue>>,
}

impl Network {
    fn play(script: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script.into_iter().collect()),
            ..Self::default()
        })
    }

    fn letta(self: &Arc<Self>) -> Letta {
        Letta::new("key").unwrap().with_inner(self.clone())
    }

    fn requests(&self) -> usize {
        self.sent_at.lock().unwrap().len()
    }

    /// Lets the clock jump after the first request, so that timers in between fire late.
    fn oversleep(self: &Arc<Self>, by: Duration) {
        let network = self.clone();
        tokio::spawn(async move {
            while network.requests() == 0 {
                tokio::task::yield_now().await;
            }
            tokio::time::advance(by).await;
        });
    }

    /// The times from request to request.
    fn waits(&self) -> Vec<Duration> {
        let sent_at = self.sent_at.lock().unwrap();
        sent_at.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    fn next(&self) -> Step {
        self.sent_at.lock().unwrap().push(Instant::now());
        let mut script = self.script.lock().unwrap();
        match script.len() {
            1 => script[0].clone(),
            _ => script.pop_front().expect("a script has a step"),
        }
    }
}

impl Transport for Network {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            self.keys
                .lock()
                .unwrap()
                .push(request.headers()["authorization"].clone());
            let (code, headers, body) = match self.next() {
                Answer(code, headers, body) => (code, headers, body),
                Break => return Err(TransportError::new(std::io::Error::other("broken"))),
                Hang => std::future::pending().await,
                After(delay, code) => {
                    tokio::time::sleep(delay).await;
                    (code, Vec::new(), "")
                }
                HangWithin(delay) => {
                    tokio::time::sleep(delay).await;
                    let body = reqwest::Body::wrap_stream(futures_util::stream::pending::<
                        Result<bytes::Bytes, std::io::Error>,
                    >());
                    let response = axum::http::Response::builder()
                        .url(request.url().clone())
                        .body(body)
                        .unwrap();
                    return Ok(reqwest::Response::from(response).into());
                }
            };
            let headers: HeaderMap = headers
                .into_iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            Ok(Response::new(
                StatusCode::from_u16(code).unwrap(),
                headers,
                body,
            ))
        })
    }
}

fn create(letta: &Letta) -> CreateAccessToken {
    let policy = AccessPolicy::builder().agent("agent-1").chat().build();
    letta.access_tokens().create(policy.unwrap(), "https://a.b")
}

fn list(letta: &Letta) -> ListAccessTokens {
    letta.access_tokens().list()
}

fn revoke(letta: &Letta) -> RevokeAccessToken {
    letta.access_tokens().revoke("ck-let-1")
}

#[tokio::test(start_paused = true)]
async fn failures_without_effect_are_always_repeated_and_others_if_that_is_safe() {
    for (step, creates, lists) in [
        // Refused before anything was done.
        (status(429), 3, 3),
        (header(503, "retry-after", "1"), 3, 3),
        (header(429, "retry-after", "0"), 3, 3),
        // May have been done.
        (Break, 1, 3),
        (Hang, 1, 3),
        (status(408), 1, 3),
        (status(500), 1, 3),
        (status(502), 1, 3),
        (status(503), 1, 3),
        (header(503, "retry-after", "0"), 1, 3),
        (status(504), 1, 3),
        // A repetition would have the same result.
        (status(400), 1, 1),
        (status(401), 1, 1),
        (status(404), 1, 1),
        (status(409), 1, 1),
        (status(501), 1, 1),
        (Answer(200, Vec::new(), "<html>"), 1, 1),
        (header(302, "location", "https://evil.example"), 1, 1),
        // The service's header decides.
        (header(429, "x-should-retry", "false"), 1, 1),
        (header(500, "x-should-retry", "false"), 1, 1),
        (header(409, "x-should-retry", "true"), 3, 3),
        (header(500, "x-should-retry", "true"), 1, 3),
        (header(501, "x-should-retry", "true"), 1, 3),
        (header(400, "x-should-retry", "maybe"), 1, 1),
    ] {
        let network = Network::play([step.clone()]);
        let error = create(&network.letta()).await.unwrap_err();
        assert_eq!(network.requests(), creates, "create, {step:?}");
        assert_eq!(error.attempts() as usize, creates, "{step:?}: {error}");

        for is_list in [true, false] {
            let network = Network::play([step.clone()]);
            let error = match is_list {
                true => list(&network.letta()).await.unwrap_err(),
                false => revoke(&network.letta()).await.unwrap_err(),
            };
            assert_eq!(network.requests(), lists, "{step:?}: {error}");
            assert_eq!(error.attempts() as usize, lists, "{step:?}: {error}");
            assert_eq!(
                error.to_string().contains("tried 3 times"),
                lists == 3,
                "{error}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_that_ends_is_ridden_out() {
    let network = Network::play([status(503), Break, Answer(200, Vec::new(), PAGE)]);
    assert!(list(&network.letta()).await.unwrap().tokens().is_empty());
    assert_eq!(network.requests(), 3);

    let network = Network::play([
        status(429),
        header(503, "retry-after", "3"),
        Answer(201, Vec::new(), TOKEN),
    ]);
    let token = create(&network.letta()).await.unwrap();
    assert_eq!(token.expose_secret(), "ck-let-1");
    assert_eq!(network.requests(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_sent_with_each_attempt_as_a_sensitive_header() {
    let network = Network::play([status(503)]);
    list(&network.letta()).await.unwrap_err();
    let keys = network.keys.lock().unwrap();
    assert_eq!(*keys, ["Bearer key"; 3]);
    assert!(keys.iter().all(HeaderValue::is_sensitive));
}

#[tokio::test(start_paused = true)]
async fn the_policy_is_the_clients_or_the_calls() {
    let attempts =
        |policy: Option<RetryPolicy>, step: Step, of: fn(&Letta) -> CreateAccessToken| {
            let network = Network::play([step]);
            let mut call = of(&network.letta());
            if let Some(policy) = policy {
                call = call.with_retry(policy);
            }
            async move {
                call.await.unwrap_err();
                network.requests()
            }
        };
    let standard = RetryPolicy::standard;
    assert_eq!(attempts(None, status(429), create).await, 3);
    assert_eq!(
        attempts(Some(RetryPolicy::never()), status(429), create).await,
        1
    );
    assert_eq!(
        attempts(Some(standard().max_attempts(5)), status(429), create).await,
        5
    );
    assert_eq!(attempts(Some(standard()), Break, create).await, 1);
    assert_eq!(
        attempts(Some(standard().repeat_unsafe()), Break, create).await,
        3
    );
    assert_eq!(
        attempts(Some(standard().repeat_unsafe()), status(400), create).await,
        1
    );

    let network = Network::play([status(500)]);
    let letta = network.letta().with_retry(RetryPolicy::never());
    list(&letta).await.unwrap_err();
    assert_eq!(network.requests(), 1);
    list(&letta).with_retry(standard()).await.unwrap_err();
    assert_eq!(network.requests(), 4);
    // The generated client follows the policy too, and its error's cause is one of ours.
    let network = Network::play([Hang]);
    let letta = network.letta().with_deadline(SECOND);
    let params = Default::default();
    let raw = letta.api().list_client_side_access_tokens(&params);
    let letta_api::Error::Transport(error) = raw.await.unwrap_err() else {
        panic!("a deadline is no answer");
    };
    assert!(
        error
            .downcast_ref::<Error>()
            .unwrap()
            .is_deadline_exceeded()
    );
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_what_the_service_asks_for_and_some_jitter() {
    let date = |seconds| {
        let then = std::time::SystemTime::now() + Duration::from_secs(seconds);
        let then = jiff::Timestamp::try_from(then).unwrap();
        jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&then)
            .unwrap()
    };
    for (name, value, at_least, at_most) in [
        ("retry-after", "2", 2.0, 2.25),
        ("retry-after-ms", "1500", 1.5, 1.75),
        // A date has whole seconds, so up to one second is lost.
        ("retry-after", "in 5 s", 4.0, 5.25),
        // These headers say nothing, so only the jitter is left.
        ("retry-after", "0", 0.0, 0.25),
        ("retry-after", "in 0 s", 0.0, 0.25),
        ("retry-after", "soon", 0.0, 0.25),
        ("retry-after-ms", "-5", 0.0, 0.25),
    ] {
        // Dates are by the real clock, which goes on meanwhile.
        let began = std::time::Instant::now();
        let (value, is_date) = match value.strip_prefix("in ") {
            Some(wait) => (date(wait.trim_end_matches(" s").parse().unwrap()), true),
            None => (value.to_owned(), false),
        };
        let network = Network::play([header(429, name, value.clone()), status(400)]);
        list(&network.letta()).await.unwrap_err();
        let meanwhile = if is_date {
            began.elapsed().as_secs_f64()
        } else {
            0.0
        };
        let waits = network.waits();
        assert_eq!(waits.len(), 1, "{value}");
        let wait = waits[0].as_secs_f64();
        // A timer rounds up to the next millisecond.
        assert!(
            (at_least - meanwhile..=at_most + 0.002).contains(&wait),
            "{value}: {wait}, after {meanwhile}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_backoff_grows_and_two_clients_do_not_wait_alike() {
    let mut longest = [Duration::ZERO; 5];
    let mut distinct = std::collections::HashSet::new();
    for _ in 0..100 {
        let network = Network::play([status(503)]);
        let policy = RetryPolicy::standard()
            .max_attempts(6)
            .backoff(SECOND, 4 * SECOND);
        list(&network.letta())
            .with_retry(policy)
            .with_deadline(MINUTE)
            .await
            .unwrap_err();
        for (longest, wait) in longest.iter_mut().zip(network.waits()) {
            *longest = wait.max(*longest);
            distinct.insert(wait);
        }
    }
    // A hundred even draws all stay below half of their bound once in 2^100 times.
    for (longest, bound) in longest.iter().zip([1, 2, 4, 4, 4]) {
        assert!(*longest > SECOND * bound / 2, "{longest:?}");
        assert!(*longest <= SECOND * bound + SECOND / 500, "{longest:?}");
    }
    assert!(distinct.len() > 100, "{}", distinct.len());
}

#[tokio::test(start_paused = true)]
async fn a_wait_past_the_deadline_is_an_error_at_once_that_carries_it() {
    for (name, value, wait) in [
        ("retry-after", "65", 65 * SECOND),
        ("retry-after", "30", 30 * SECOND),
        ("retry-after-ms", "30001", Duration::from_millis(30_001)),
        (
            "retry-after",
            "18446744073709551615",
            Duration::from_secs(u64::MAX),
        ),
        ("retry-after", "18446744073709551616", Duration::MAX),
        ("retry-after-ms", "1e999999", Duration::MAX),
    ] {
        let began = Instant::now();
        let network = Network::play([header(429, name, value)]);
        let error = create(&network.letta()).await.unwrap_err();
        assert_eq!(began.elapsed(), Duration::ZERO);
        assert_eq!(network.requests(), 1);
        assert!(error.is_rate_limited() && error.is_retryable(), "{error}");
        assert_eq!(error.retry_after(), Some(wait));
        let says = format!("it asks to wait {wait:?}, past the call's deadline");
        assert!(error.to_string().ends_with(&says), "{error}");
    }
    // A wait that fits is kept, and jitter is shortened to the deadline.
    let network = Network::play([header(429, "retry-after", "29"), status(400)]);
    let policy = RetryPolicy::standard().backoff(MINUTE * 10, MINUTE * 10);
    let error = create(&network.letta())
        .with_retry(policy.clone())
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 400);
    // Neither is a back-off without a named wait begun.
    let network = Network::play([status(429)]);
    let began = Instant::now();
    let policy = RetryPolicy::standard().backoff(MINUTE * 1000, MINUTE * 1000);
    let error = create(&network.letta())
        .with_retry(policy)
        .await
        .unwrap_err();
    assert!(began.elapsed() < 30 * SECOND);
    assert!(error.is_rate_limited() && error.retry_after().is_none());
    assert!(error.to_string().contains("leaves no time"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_past_the_deadline_however_late_the_executor_wakes() {
    let network = Network::play([
        header(429, "retry-after-ms", "100"),
        Answer(201, Vec::new(), TOKEN),
    ]);
    network.oversleep(Duration::from_millis(200));
    let instant = Duration::from_millis(1);
    let error = create(&network.letta())
        .with_deadline(150 * instant)
        .with_retry(RetryPolicy::standard().backoff(instant, instant))
        .await
        .unwrap_err();
    assert!(
        error.is_rate_limited() && !error.may_have_happened(),
        "{error}"
    );
    assert_eq!(network.requests(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_redirected_answer_is_still_marked_at_the_deadline() {
    let gone = vec![
        ("x-should-retry", "true".to_owned()),
        ("retry-after-ms", "100".to_owned()),
    ];
    let network = Network::play([
        header(307, "location", "/elsewhere"),
        Answer(404, gone, r#"{"message":"not found"}"#),
    ]);
    network.oversleep(Duration::from_millis(200));
    let instant = Duration::from_millis(1);
    let error = revoke(&network.letta())
        .with_deadline(150 * instant)
        .with_retry(RetryPolicy::standard().backoff(instant, instant))
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_create_is_not_sent_again_in_the_last_moments() {
    let busy = || header(429, "retry-after-ms", "29600");
    for (is_create, requests) in [(true, 1), (false, 2)] {
        let network = Network::play([busy(), status(400)]);
        let letta = network.letta();
        let error = match is_create {
            true => create(&letta).await.unwrap_err(),
            false => list(&letta).await.unwrap_err(),
        };
        assert_eq!(network.requests(), requests, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_keeps_one_failure_before_it_and_no_more() {
    let network = Network::play([Hang]);
    let policy = RetryPolicy::standard().max_attempts(1000);
    let call = list(&network.letta())
        .with_attempt_timeout(SECOND)
        .with_retry(policy);
    let error = call.with_deadline(100 * SECOND).await.unwrap_err();
    assert!(error.attempts() > 10);
    let mut depth = 0;
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        depth += 1;
        cause = error.source();
    }
    assert!(depth <= 1, "{depth}");
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_passed_is_said_once() {
    let network = Network::play([Hang]);
    let error = list(&network.letta())
        .with_deadline(SECOND)
        .await
        .unwrap_err();
    let says = "the service did not answer within the call's deadline of 1s";
    assert!(error.to_string().ends_with(says), "{error}");
}

#[tokio::test(start_paused = true)]
async fn jitter_is_added_to_the_service_s_wait_if_there_is_time() {
    let mut waits = std::collections::HashSet::new();
    for _ in 0..20 {
        let network = Network::play([header(429, "retry-after", "20"), status(400)]);
        let policy = RetryPolicy::standard().backoff(60 * SECOND, 60 * SECOND);
        let error = list(&network.letta()).with_retry(policy).await.unwrap_err();
        assert_eq!(error.status().unwrap(), 400);
        waits.extend(network.waits());
    }
    assert!(waits.len() > 10, "{waits:?}");
    assert!(
        waits
            .iter()
            .all(|wait| (20 * SECOND..30 * SECOND).contains(wait))
    );
}

#[tokio::test(start_paused = true)]
async fn metrics_that_panic_do_not_end_the_process() {
    #[derive(Default)]
    struct Poisoned(Mutex<()>);

    impl Metrics for Poisoned {
        fn attempt(&self, _: &AttemptReport) {
            let _guard = self.0.lock().unwrap();
            panic!("as told");
        }

        fn call(&self, _: &CallReport) {
            let _guard = self.0.lock().unwrap();
        }
    }

    let network = Network::play([status(400)]);
    let builder = Letta::builder()
        .api_key("key")
        .metrics(Arc::new(Poisoned::default()));
    let letta = builder.build().unwrap().with_inner(network.clone());
    let task = tokio::spawn(async move { list(&letta).send().await });
    assert!(task.await.unwrap_err().is_panic());
}

#[tokio::test(start_paused = true)]
async fn a_hang_ends_at_the_attempts_time_out_or_the_deadline() {
    // A create may have happened, so its first attempt is its last.
    let began = Instant::now();
    let network = Network::play([Hang]);
    let error = create(&network.letta()).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 10);
    assert!(
        error.is_timeout() && !error.is_deadline_exceeded(),
        "{error}"
    );
    assert!(error.may_have_happened());
    assert!(
        error
            .to_string()
            .contains("within the 10s that an attempt may take"),
        "{error}"
    );

    let began = Instant::now();
    let network = Network::play([Hang]);
    let error = list(&network.letta()).await.unwrap_err();
    assert!(
        error.is_timeout() && error.is_deadline_exceeded(),
        "{error}"
    );
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(error.attempts(), 3);
    let says = "did not answer within the call's deadline of 30s; tried 3 times";
    assert!(error.to_string().ends_with(says), "{error}");
    let cause = std::error::Error::source(&error).unwrap();
    assert!(
        cause.downcast_ref::<Error>().unwrap().is_timeout(),
        "{cause}"
    );

    // For one call.
    let began = Instant::now();
    let network = Network::play([Hang]);
    let call = list(&network.letta())
        .with_attempt_timeout(SECOND)
        .with_deadline(90 * SECOND);
    let error = call.await.unwrap_err();
    assert!(
        error.is_timeout() && !error.is_deadline_exceeded(),
        "{error}"
    );
    assert_eq!(error.attempts(), 3);
    assert!((3..5).contains(&began.elapsed().as_secs()));
    // No deadline.
    let network = Network::play([After(MINUTE * 60 * 24 * 365, 400)]);
    let call = list(&network.letta())
        .with_deadline(Duration::MAX)
        .with_attempt_timeout(Duration::MAX);
    assert_eq!(call.await.unwrap_err().status().unwrap(), 400);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_limit_is_refused_before_anything_is_sent() {
    let network = Network::play([Hang]);
    for (call, field) in [
        (
            list(&network.letta()).with_deadline(Duration::ZERO),
            "deadline",
        ),
        (
            list(&network.letta()).with_attempt_timeout(Duration::ZERO),
            "attempt_timeout",
        ),
        (
            list(&network.letta()).with_retry(RetryPolicy::standard().max_attempts(0)),
            "retry",
        ),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
        assert_eq!(error.attempts(), 0);
    }
    assert_eq!(network.requests(), 0);
    let builder = Letta::builder().api_key("key").deadline(Duration::ZERO);
    assert_eq!(builder.build().unwrap_err().field(), Some("deadline"));
}

#[tokio::test(start_paused = true)]
async fn a_revoke_that_was_retried_and_finds_the_token_gone_succeeded() {
    let gone = || Answer(404, Vec::new(), r#"{"message":"no such token"}"#);
    for lost in [Break, Hang, status(500), status(502)] {
        let network = Network::play([lost.clone(), gone()]);
        let outcome = revoke(&network.letta()).await.unwrap();
        assert_eq!(outcome, Revocation::Deleted, "{lost:?}");
        assert_eq!(network.requests(), 2);
    }
    // A refused call deleted nothing.
    let network = Network::play([status(429), gone()]);
    assert_eq!(
        revoke(&network.letta()).await.unwrap(),
        Revocation::NotFound
    );
    // Neither does a retry turn a proxy's page into a success.
    let network = Network::play([Break, Answer(404, Vec::new(), "<html>")]);
    let error = revoke(&network.letta()).await.unwrap_err();
    assert!(error.is_not_found() && error.may_have_happened(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_does_not_undo_an_attempt_before_it() {
    let network = Network::play([Break, status(400)]);
    let policy = RetryPolicy::standard().repeat_unsafe();
    let error = create(&network.letta())
        .with_retry(policy)
        .await
        .unwrap_err();
    assert_eq!(error.status().unwrap(), 400);
    assert!(error.may_have_happened());
    let network = Network::play([status(429), status(400)]);
    let error = create(&network.letta()).await.unwrap_err();
    assert!(!error.may_have_happened());
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_ends_retries_for_all_calls_of_a_client() {
    let network = Network::play([status(503)]);
    let builder = Letta::builder().api_key("key");
    let letta = builder
        .retry_budget(RetryBudget::new(0, 0.5))
        .build()
        .unwrap();
    let letta = letta.with_inner(network.clone());
    for _ in 0..100 {
        list(&letta.with_deadline(MINUTE)).await.unwrap_err();
    }
    let retries = network.requests() - 100;
    assert!((45..=50).contains(&retries), "{retries}");

    let builder = Letta::builder().api_key("key");
    let letta = builder
        .retry_budget(RetryBudget::new(0, 0.0))
        .build()
        .unwrap();
    let error = list(&letta.with_inner(network)).await.unwrap_err();
    assert_eq!(error.attempts(), 1);
    assert!(
        error
            .to_string()
            .ends_with("because the retry budget is spent"),
        "{error}"
    );
}

#[derive(Default)]
struct Recorded {
    attempts: Mutex<Vec<AttemptReport>>,
    calls: Mutex<Vec<CallReport>>,
}

impl Metrics for Recorded {
    fn attempt(&self, attempt: &AttemptReport) {
        self.attempts.lock().unwrap().push(attempt.clone());
    }

    fn call(&self, call: &CallReport) {
        self.calls.lock().unwrap().push(call.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn metrics_receive_every_attempt_and_every_call() {
    let recorded = Arc::new(Recorded::default());
    let client = |network: &Arc<Network>| {
        let builder = Letta::builder().api_key("key").metrics(recorded.clone());
        builder.build().unwrap().with_inner(network.clone())
    };
    let network = Network::play([
        header(429, "retry-after", "2"),
        Break,
        Answer(200, Vec::new(), PAGE),
    ]);
    list(&client(&network)).await.unwrap();
    let network = Network::play([status(400)]);
    create(&client(&network)).await.unwrap_err();
    let network = Network::play([Hang]);
    let cancelled = tokio::time::timeout(4 * SECOND, create(&client(&network)).send());
    assert!(cancelled.await.is_err());
    let zero = create(&client(&network)).with_deadline(Duration::ZERO);
    zero.await.unwrap_err();

    let attempts = recorded.attempts.lock().unwrap();
    let seen: Vec<_> = attempts
        .iter()
        .map(|it| {
            (
                it.operation.method,
                it.number,
                it.error_type.as_deref(),
                it.wait.is_some(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("GET", 1, Some("429"), true),
            ("GET", 2, Some("interrupted"), true),
            ("GET", 3, None, false),
            ("POST", 1, Some("400"), false),
        ]
    );
    assert!(attempts[0].wait.unwrap() >= 2 * SECOND);
    assert_eq!(attempts[0].status.unwrap(), 429);
    let calls = recorded.calls.lock().unwrap();
    let seen: Vec<_> = calls
        .iter()
        .map(|it| {
            let status = it.status.map(|status| status.as_u16());
            (
                it.operation.method,
                it.attempts,
                status,
                it.error_type.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("GET", 3, Some(200), None),
            ("POST", 1, Some(400), Some("400")),
            ("POST", 1, None, Some("cancelled")),
            ("POST", 0, None, Some("invalid_input")),
        ]
    );
    assert!(calls[0].duration >= 2 * SECOND);
    assert_eq!(calls[2].duration.as_secs(), 4);
}

/// Sends requests through the client of [`Network::letta`] that no operation makes today.
async fn send(
    letta: &Letta,
    request: reqwest::Request,
    change: impl FnOnce(&mut Operation),
) -> Result<Response, Error> {
    let mut operation = letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS;
    change(&mut operation);
    let operation = Box::leak(Box::new(operation));
    let sent = letta
        .transport()
        .execute(letta.api().http(), request, operation);
    sent.await
        .map_err(|error| error.downcast().expect("it is ours"))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_cannot_be_sent_twice_is_sent_once() {
    for step in [status(503), header(307, "location", "/elsewhere")] {
        let network = Network::play([step]);
        let letta = network.letta();
        let body = futures_util::stream::iter([Ok::<_, std::io::Error>("once")]);
        let request = letta.api().http().post("http://127.0.0.1:1/v1/x");
        let request = request
            .body(reqwest::Body::wrap_stream(body))
            .build()
            .unwrap();
        let response = send(&letta, request, |_| {}).await.unwrap();
        assert!(!response.status().is_success());
        assert_eq!(network.requests(), 1);
    }
}

#[tokio::test]
async fn the_limits_of_an_answer_that_is_streamed_are_those_of_its_beginning() {
    use futures_util::TryStreamExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The head has half of the time.
    let pause = Duration::from_secs(2);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await.unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\n\r\ndata: 1\n\n")
            .await
            .unwrap();
        tokio::time::sleep(pause).await;
        stream.write_all(b"data: [DONE]\n\n").await.unwrap();
    });
    let builder = Letta::builder().api_key("key").base_url(&url);
    let letta = builder
        .deadline(pause / 2)
        .response_body_limit(4)
        .build()
        .unwrap();
    let request = letta
        .api()
        .http()
        .get(format!("{url}/v1/x"))
        .build()
        .unwrap();
    let response = send(&letta, request, |operation| operation.streams = true).await;
    let body: Vec<bytes::Bytes> = response.unwrap().into_stream().try_collect().await.unwrap();
    assert_eq!(body.concat(), b"data: 1\n\ndata: [DONE]\n\n");
}

fn limits(status: u16, body: &'static str) -> Step {
    Answer(status, Vec::new(), body)
}

#[tokio::test(start_paused = true)]
async fn a_reason_for_which_waiting_does_not_help_ends_every_call() {
    for body in [
        r#"{"error":"No","reasons":["agents-limit-exceeded"]}"#,
        r#"{"error":"No","reasons":["free-usage-exceeded"]}"#,
        r#"{"error":"No","reasons":["premium-usage-exceeded"]}"#,
        r#"{"error":"No","reasons":["standard-usage-exceeded"]}"#,
        r#"{"error":"No","reasons":["basic-usage-exceeded"]}"#,
        r#"{"error":"No","reasons":["not-enough-credits"]}"#,
        r#"{"error":"No","reasons":["byok-not-available-on-free-tier"]}"#,
        r#"{"error":"No","reasons":["model-unknown"]}"#,
        // The quota is renewed, and nobody says when.
        r#"{"error":"No","reasons":["exceeded-quota"]}"#,
    ] {
        for status in [402, 429] {
            for headers in [
                Vec::new(),
                vec![("retry-after", "1".to_owned())],
                vec![("x-should-retry", "true".to_owned())],
            ] {
                if body.contains("exceeded-quota") && !headers.is_empty() {
                    continue;
                }
                let step = Answer(status, headers, body);
                let network = Network::play([step.clone()]);
                let error = create(&network.letta()).await.unwrap_err();
                assert_eq!(network.requests(), 1, "create, {step:?}");
                assert!(
                    !error.is_retryable() && !error.is_rate_limited(),
                    "{step:?}"
                );
                let network = Network::play([step.clone()]);
                list(&network.letta()).await.unwrap_err();
                assert_eq!(network.requests(), 1, "list, {step:?}");
            }
        }
    }
    // Another reason says nothing of waiting.
    for (status, requests) in [(402, 1), (429, 3)] {
        let network = Network::play([limits(status, r#"{"error":"No","reasons":["new"]}"#)]);
        create(&network.letta()).await.unwrap_err();
        assert_eq!(network.requests(), requests);
    }
}

#[tokio::test(start_paused = true)]
async fn a_quota_is_waited_for_as_long_as_the_body_says_if_there_is_time() {
    for status in [402, 429] {
        let body = r#"{"error":"No","reasons":["exceeded-quota"],"timeToQuotaResetMs":7000}"#;
        let network = Network::play([limits(status, body), Answer(201, Vec::new(), TOKEN)]);
        create(&network.letta()).await.unwrap();
        assert!(network.waits()[0] >= 7 * SECOND, "{:?}", network.waits());
        // Past the deadline.
        let body = r#"{"error":"No","reasons":["exceeded-quota"],"timeToQuotaResetMs":3600000}"#;
        let step = Answer(status, vec![("retry-after", "1".to_owned())], body);
        let network = Network::play([step]);
        let began = Instant::now();
        let error = create(&network.letta()).await.unwrap_err();
        assert_eq!((network.requests(), began.elapsed()), (1, Duration::ZERO));
        assert_eq!(error.retry_after(), Some(60 * MINUTE));
        assert!(error.is_quota_exceeded() && error.is_retryable());
        let says = "it asks to wait 3600s, past the call's deadline";
        assert!(error.to_string().ends_with(says), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_the_edge_passes() {
    let html = || vec![("content-type", "text/html".to_owned())];
    for (status, requests) in [(519, 1), (520, 3), (523, 3), (526, 3), (527, 1)] {
        let network = Network::play([Answer(status, html(), "<!DOCTYPE html><html></html>")]);
        let error = list(&network.letta()).await.unwrap_err();
        assert_eq!(network.requests(), requests, "{status}");
        assert_eq!(error.is_retryable(), requests == 3, "{status}");
        assert!(
            error.message().is_none() && error.may_have_happened(),
            "{error}"
        );
        // It may have reached the service.
        let network = Network::play([Answer(status, html(), "<html></html>")]);
        create(&network.letta()).await.unwrap_err();
        assert_eq!(network.requests(), 1, "{status}");
    }
}

/// An operation that answers when an agent is done.
static SEND: Operation = Operation::new("send_message", "POST", "/v1/agents/{id}/messages");

async fn say(letta: &Letta) -> Result<StatusCode, Error> {
    let request = letta.api().http().post("http://127.0.0.1:1/v1/x");
    let request = request.body("{}").build().unwrap();
    let response = letta.api().execute(request, &SEND).await?;
    Ok(response.status())
}

#[tokio::test(start_paused = true)]
async fn an_agent_has_as_much_time_as_it_needs_unless_a_limit_is_set() {
    let hour = 60 * MINUTE;
    let network = Network::play([After(hour, 200)]);
    assert_eq!(say(&network.letta()).await.unwrap(), 200);
    assert_eq!(network.requests(), 1);
    // An error after a while is read as any other.
    let network = Network::play([After(hour, 400)]);
    let status = say(&network.letta()).await.unwrap();
    assert_eq!((status.as_u16(), network.requests()), (400, 1));

    for (letta, limit, is_deadline) in [
        (
            Network::play([Hang]).letta().with_deadline(MINUTE),
            MINUTE,
            true,
        ),
        (
            Network::play([Hang]).letta().with_attempt_timeout(MINUTE),
            MINUTE,
            false,
        ),
        (
            Network::play([Hang])
                .letta()
                .with_attempt_timeout(MINUTE)
                .with_deadline(SECOND),
            SECOND,
            true,
        ),
    ] {
        let began = Instant::now();
        let error = say(&letta).await.unwrap_err();
        assert_eq!(began.elapsed().as_secs(), limit.as_secs(), "{error}");
        assert!(error.is_timeout() && error.may_have_happened(), "{error}");
        assert_eq!(error.is_deadline_exceeded(), is_deadline, "{error}");
        assert_eq!(error.attempts(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn once_an_agent_has_answered_the_body_has_the_time_of_an_attempt() {
    let hour = 60 * MINUTE;
    let network = Network::play([HangWithin(hour)]);
    let began = Instant::now();
    let error = say(&network.letta()).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 3_610, "{error:?}");
    assert!(error.is_timeout() && !error.is_deadline_exceeded() && error.may_have_happened());
    assert_eq!(error.status(), Some(StatusCode::OK));
    assert_eq!(network.requests(), 1);
    let network = Network::play([HangWithin(hour)]);
    let began = Instant::now();
    let letta = network.letta().with_deadline(hour + SECOND);
    let error = say(&letta).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 3_601);
    assert!(error.is_deadline_exceeded(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_deadline_does_not_wait_for_days() {
    for (asked, requests) in [("20", 3), ("31", 1), ("999999", 1)] {
        let network = Network::play([header(429, "retry-after", asked)]);
        let status = say(&network.letta()).await.unwrap();
        assert_eq!(
            (status.as_u16(), network.requests()),
            (429, requests),
            "{asked}"
        );
    }
    let network = Network::play([limits(
        429,
        r#"{"reasons":["exceeded-quota"],"timeToQuotaResetMs":3600000}"#,
    )]);
    let began = Instant::now();
    say(&network.letta()).await.unwrap();
    assert_eq!((network.requests(), began.elapsed()), (1, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_turn_whose_model_had_too_many_calls_is_not_begun_again() {
    let body = r#"{"error":{"type":"llm_rate_limit","message":"Slow down"}}"#;
    for headers in [Vec::new(), vec![("retry-after", "1".to_owned())]] {
        let network = Network::play([Answer(429, headers, body)]);
        say(&network.letta()).await.unwrap();
        assert_eq!(network.requests(), 1);
    }
    // What is safe to repeat is.
    let network = Network::play([Answer(429, Vec::new(), body)]);
    list(&network.letta()).await.unwrap_err();
    assert_eq!(network.requests(), 3);
}

/// An allocator has memory of this size at hand, in glibc and in others. For more, it searches.
const AT_HAND: usize = 1024;

#[test]
fn what_a_call_keeps_fits_in_what_an_allocator_has_at_hand() {
    let letta = Network::play([status(200)]).letta();
    let http = reqwest::Client::new();
    let request = http.get("https://api.letta.com/v1/x").build().unwrap();
    let operation = &letta_api::operations::LIST_CLIENT_SIDE_ACCESS_TOKENS;
    let future = letta.transport().execute(&http, request, operation);
    for size in [size_of_val(&*future), size_of::<super::Running<'_>>()] {
        assert!(size <= AT_HAND, "it has {size} bytes");
    }
}
