//! The holder beneath a client, over a scripted source and a scripted service, in virtual time.

use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures_util::{FutureExt, StreamExt, future};
use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::*;
use crate::error::Result;
use crate::ids::{AgentId, Origin};
use crate::transport::credentials::{MakeKeeper, TokenKeeper};
use crate::{Error, Letta, LettaBuilder, RetryPolicy};

pub(super) const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What a source does when it is asked.
#[derive(Clone)]
enum Step {
    Give(SourcedTokens),
    Fail(TokenSourceError),
    /// Does this after this time.
    After(Duration, Box<Step>),
    Hang,
    Panic,
}

/// A token that lives for this many seconds.
fn give(token: &str, seconds: u64) -> Step {
    let token = SourcedToken::new(token).expires_in(Duration::from_secs(seconds));
    Step::Give(token.into())
}

fn per_agent(tokens: &[(&str, &str)]) -> Step {
    let tokens = tokens.iter().map(|(agent, token)| {
        let token = SourcedToken::new(*token).expires_in(100 * SECOND);
        (AgentId::new(*agent).unwrap(), token)
    });
    Step::Give(SourcedTokens::per_agent(tokens))
}

fn after(seconds: u64, step: Step) -> Step {
    Step::After(Duration::from_secs(seconds), Box::new(step))
}

fn fail(message: &str) -> Step {
    Step::Fail(TokenSourceError::new(message))
}

/// Plays a script. Its last step repeats.
struct Source {
    script: Mutex<VecDeque<Step>>,
    asked: Mutex<Vec<(Instant, TokenNeed)>>,
    under_way: AtomicUsize,
}

/// Counts a question until it is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Source {
    fn play(script: impl IntoIterator<Item = Step>) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script.into_iter().collect()),
            asked: Mutex::default(),
            under_way: AtomicUsize::new(0),
        })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn need(&self, index: usize) -> TokenNeed {
        self.asked.lock().unwrap()[index].1.clone()
    }

    fn is_asked(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) > 0
    }
}

impl TokenSource for Source {
    fn tokens(&self, need: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        Box::pin(async move {
            let others = self.under_way.fetch_add(1, Ordering::Relaxed);
            let _counted = Counted(&self.under_way);
            assert_eq!(others, 0, "it is asked once at a time");
            self.asked.lock().unwrap().push((Instant::now(), need));
            let mut step = {
                let mut script = self.script.lock().unwrap();
                match script.len() {
                    1 => script[0].clone(),
                    _ => script.pop_front().unwrap(),
                }
            };
            loop {
                match step {
                    Step::Give(tokens) => return Ok(tokens),
                    Step::Fail(error) => return Err(error),
                    Step::After(time, then) => {
                        sleep(time).await;
                        step = *then;
                    }
                    Step::Hang => return future::pending().await,
                    Step::Panic => panic!("a source that panics"),
                }
            }
        })
    }
}

/// Answers with a success, unless the token is refused.
#[derive(Default)]
struct Service {
    refused: Mutex<HashSet<String>>,
    /// The tokens and origins of all requests.
    sent: Mutex<Vec<(String, Option<String>)>>,
    /// What it answers to accepted requests. By default 200 and `null`.
    answer: Mutex<Option<(u16, String)>>,
    takes: Mutex<Duration>,
    /// Answers the next accepted request with this status.
    fails_once: Mutex<Option<u16>>,
}

impl Service {
    fn refuse(&self, token: &str) {
        self.refused.lock().unwrap().insert(token.to_owned());
    }

    fn sent(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(token, _)| token.clone()).collect()
    }
}

impl Transport for Service {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let header = |name| request.headers().get(name)?.to_str().ok();
            let token = header("authorization").unwrap_or_default();
            let token = token.trim_start_matches("Bearer ").to_owned();
            let origin = header("origin").map(str::to_owned);
            self.sent.lock().unwrap().push((token.clone(), origin));
            let takes = *self.takes.lock().unwrap();
            sleep(takes).await;
            let (status, body) = match self.refused.lock().unwrap().contains(&token) {
                true => (401, r#"{"message":"Unauthorized"}"#.to_owned()),
                false if self.fails_once.lock().unwrap().is_some() => (
                    self.fails_once.lock().unwrap().take().unwrap(),
                    String::new(),
                ),
                false => {
                    let answer = self.answer.lock().unwrap().clone();
                    answer.unwrap_or((200, "null".to_owned()))
                }
            };
            let status = StatusCode::from_u16(status).unwrap();
            Ok(Response::new(status, HeaderMap::new(), body))
        })
    }
}

/// Makes holders whose time of day stands still, so that virtual time alone counts.
pub(super) struct Steady(pub(super) Arc<dyn TokenSource>);

impl MakeKeeper for Steady {
    fn make(&self, origin: Option<Origin>) -> Arc<dyn TokenKeeper> {
        let source = self.0.clone();
        Arc::new(TokenHolder::by_clock(source, origin, || {
            SystemTime::UNIX_EPOCH
        }))
    }
}

fn client(source: &Arc<Source>) -> (Letta, Arc<Service>) {
    with_builder(source, |builder| builder)
}

fn with_builder(
    source: &Arc<Source>,
    change: impl FnOnce(LettaBuilder) -> LettaBuilder,
) -> (Letta, Arc<Service>) {
    let service = Arc::new(Service::default());
    let builder = Letta::builder().token_keeper(Arc::new(Steady(source.clone())));
    let letta = change(builder).build().unwrap();
    (letta.with_inner(service.clone()), service)
}

fn holder(letta: &Letta) -> TokenHolder {
    letta.token_holder().unwrap().clone()
}

async fn call(letta: &Letta) -> Result<Value> {
    call_of(letta, "agent-1").await
}

async fn call_of(letta: &Letta, agent: &str) -> Result<Value> {
    let path = "/v1/agents/{agent}/messages";
    let request = letta.request(Method::POST, path).path_param("agent", agent);
    request.json("Hello").send().await
}

/// Lets all tasks go on, without time.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn calls_that_need_a_token_together_fetch_one() {
    let source = Source::play([after(1, give("ck-let-1", 100))]);
    let (letta, service) = client(&source);
    let calls = (0..10).map(|index| {
        let letta = letta.clone();
        async move { call_of(&letta, &format!("agent-{}", index % 2)).await }
    });
    for done in future::join_all(calls).await {
        done.unwrap();
    }
    assert_eq!(source.asked(), 1);
    assert_eq!(service.sent(), ["ck-let-1"; 10]);
    assert_eq!(holder(&letta).state(), TokenState::Live);
    assert_eq!(holder(&letta).remaining(), Some(99 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_cancels_the_fetch_for_nobody() {
    let source = Source::play([after(5, give("ck-let-1", 100))]);
    let (letta, _) = client(&source);
    let other = letta.clone();
    let other = tokio::spawn(async move {
        sleep(SECOND).await;
        call(&other).await
    });
    let first = tokio::time::timeout(2 * SECOND, call(&letta)).await;
    assert!(first.is_err(), "it was dropped");
    other.await.unwrap().unwrap();
    assert_eq!(source.asked(), 1);

    // Nobody waits for it at all.
    let source = Source::play([after(5, give("ck-let-1", 100))]);
    let (letta, _) = client(&source);
    let dropped = tokio::time::timeout(SECOND, call(&letta)).await;
    assert!(dropped.is_err());
    sleep(10 * SECOND).await;
    assert_eq!(holder(&letta).state(), TokenState::Live);
    call(&letta).await.unwrap();
    assert_eq!(source.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_behind_a_call_in_the_last_fifth_of_its_life() {
    let renewed = after(5, give("ck-let-2", 100));
    let source = Source::play([give("ck-let-1", 100), renewed]);
    let (letta, service) = client(&source);
    call(&letta).await.unwrap();
    sleep(Duration::from_millis(79_900)).await;
    call(&letta).await.unwrap();
    settle().await;
    assert_eq!(source.asked(), 1, "it is not time yet");
    sleep(Duration::from_millis(5_200)).await;
    let began = Instant::now();
    call(&letta).await.unwrap();
    assert!(began.elapsed() < SECOND, "the call does not wait");
    settle().await;
    assert_eq!(source.asked(), 2);
    assert!(!source.need(1).is_refused());
    sleep(6 * SECOND).await;
    call(&letta).await.unwrap();
    assert_eq!(source.asked(), 2);
    assert_eq!(
        service.sent(),
        ["ck-let-1", "ck-let-1", "ck-let-1", "ck-let-2"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_short_life_is_renewed_when_a_call_needs_it() {
    let source = Source::play([
        give("ck-let-1", 4),
        give("ck-let-2", 0),
        give("ck-let-3", 0),
    ]);
    let (letta, service) = client(&source);
    call(&letta).await.unwrap();
    sleep(Duration::from_millis(3_900)).await;
    call(&letta).await.unwrap();
    assert_eq!(source.asked(), 1);
    assert_eq!(holder(&letta).state(), TokenState::Live);
    sleep(Duration::from_millis(100)).await;
    assert_eq!(holder(&letta).state(), TokenState::Ended);
    assert_eq!(holder(&letta).remaining(), None);
    // A life of no time is enough for the call that waited for it.
    call(&letta).await.unwrap();
    call(&letta).await.unwrap();
    assert_eq!(
        service.sent(),
        ["ck-let-1", "ck-let-1", "ck-let-2", "ck-let-3"]
    );
    assert_eq!(source.asked(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_takes_longer_than_its_tokens_live_is_asked_for_calls_alone() {
    let source = Source::play([after(6, give("ck-let-1", 5))]);
    let (letta, _) = client(&source);
    let kept = tokio::spawn(holder(&letta).keep_renewed());
    call(&letta).await.unwrap();
    sleep(10 * MINUTE).await;
    assert_eq!(source.asked(), 1);
    call(&letta).await.unwrap();
    assert_eq!(source.asked(), 2);
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn a_life_that_is_not_told_is_a_minute_from_when_the_source_was_asked() {
    let token = Step::Give(SourcedToken::new(" ck-let-1\n").into());
    let source = Source::play([after(10, token)]);
    let (letta, service) = client(&source);
    call(&letta).await.unwrap();
    assert_eq!(holder(&letta).remaining(), Some(50 * SECOND));
    assert_eq!(service.sent(), ["ck-let-1"], "white space is dropped");
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once_and_the_message_sent_again() {
    let source = Source::play([give("ck-let-1", 100), give("ck-let-2", 100)]);
    let (letta, service) = client(&source);
    service.refuse("ck-let-1");
    // The retry policy does not count it.
    call(&letta.with_retry(RetryPolicy::never())).await.unwrap();
    assert_eq!(service.sent(), ["ck-let-1", "ck-let-2"]);
    assert_eq!(source.asked(), 2);
    assert!(!source.need(0).is_refused() && source.need(1).is_refused());
    assert_eq!(source.need(1).agent().unwrap().as_str(), "agent-1");
    call(&letta).await.unwrap();
    assert_eq!(source.asked(), 2);
    assert_eq!(holder(&letta).state(), TokenState::Live);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_token_uses_up_no_attempt_of_the_retry_policy() {
    let source = Source::play([give("ck-let-1", 100), give("ck-let-2", 100)]);
    let (letta, service) = client(&source);
    service.refuse("ck-let-1");
    *service.fails_once.lock().unwrap() = Some(503);
    let letta = letta.with_retry(RetryPolicy::standard().max_attempts(2));
    let path = "/v1/agents/agent-1/messages";
    let answer = letta.request(Method::GET, path).send::<Value>().await;
    answer.unwrap();
    assert_eq!(service.sent(), ["ck-let-1", "ck-let-2", "ck-let-2"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_refusal_is_the_error_and_the_next_call_tries_once() {
    let tokens = (1..10).map(|index| give(&format!("ck-let-{index}"), 100));
    let source = Source::play(tokens);
    let (letta, service) = client(&source);
    (1..10).for_each(|index| service.refuse(&format!("ck-let-{index}")));
    let holder = holder(&letta);
    let kept = tokio::spawn(holder.keep_renewed());

    let error = call(&letta).await.unwrap_err();
    assert!(
        error.is_unauthorized() && !error.is_without_token(),
        "{error}"
    );
    assert_eq!(error.attempts(), 2);
    assert!(!error.may_have_happened());
    assert_eq!(holder.state(), TokenState::Refused);
    assert_eq!(service.sent(), ["ck-let-1", "ck-let-2"]);

    sleep(60 * MINUTE).await;
    assert_eq!(source.asked(), 2, "no timer goes on");

    let error = call(&letta).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(error.attempts(), 1);
    assert_eq!(service.sent().len(), 3);
    assert_eq!(source.asked(), 3);
    assert!(source.need(2).is_refused());
    assert_eq!(holder.state(), TokenState::Refused);
    assert!(!kept.is_finished());
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn the_very_same_token_is_not_sent_again() {
    let source = Source::play([give("ck-let-1", 100)]);
    let (letta, service) = client(&source);
    service.refuse("ck-let-1");
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(service.sent(), ["ck-let-1"]);
    assert_eq!(source.asked(), 2);
    assert_eq!(holder(&letta).state(), TokenState::Refused);
}

#[tokio::test(start_paused = true)]
async fn calls_whose_token_is_refused_together_replace_it_once() {
    let second = after(1, give("ck-let-2", 100));
    let source = Source::play([give("ck-let-1", 100), second]);
    let (letta, service) = client(&source);
    service.refuse("ck-let-1");
    *service.takes.lock().unwrap() = SECOND;
    let late = async {
        // Its token was replaced already when it is refused.
        sleep(SECOND / 2).await;
        call(&letta).await
    };
    let (one, other, late) = future::join3(call(&letta), call(&letta), late).await;
    for call in [one, other, late] {
        call.unwrap();
    }
    assert_eq!(source.asked(), 2);
    let sent = service.sent();
    assert_eq!(sent.iter().filter(|token| *token == "ck-let-1").count(), 3);
    assert_eq!(sent.iter().filter(|token| *token == "ck-let-2").count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_no_other_token_follows_is_what_the_source_says() {
    for (then, is_signed_out, state) in [
        (fail("no room"), false, TokenState::Refused),
        (
            Step::Fail(TokenSourceError::signed_out()),
            true,
            TokenState::SignedOut,
        ),
    ] {
        let source = Source::play([give("ck-let-1", 100), then]);
        let (letta, service) = client(&source);
        service.refuse("ck-let-1");
        let error = call(&letta).await.unwrap_err();
        assert!(
            error.is_without_token() && !error.may_have_happened(),
            "{error}"
        );
        assert_eq!(error.is_signed_out(), is_signed_out);
        assert_eq!(error.attempts(), 1);
        assert_eq!(holder(&letta).state(), state);
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_was_not_told_of_a_refusal_is_waited_for_and_then_repeated() {
    // The renewal gives the refused token again, from a cache.
    let again = after(5, give("ck-let-1", 100));
    let source = Source::play([give("ck-let-1", 100), again, give("ck-let-2", 100)]);
    let (letta, service) = client(&source);
    call(&letta).await.unwrap();
    sleep(90 * SECOND).await;
    service.refuse("ck-let-1");
    call(&letta).await.unwrap();
    assert_eq!(service.sent(), ["ck-let-1", "ck-let-1", "ck-let-2"]);
    assert_eq!(source.asked(), 3);
    assert!(!source.need(1).is_refused() && source.need(2).is_refused());
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_tried_again_as_long_as_the_token_lives() {
    let source = Source::play([give("ck-let-1", 100), fail("no room")]);
    let (letta, service) = client(&source);
    call(&letta).await.unwrap();
    let holder = holder(&letta);
    let kept = tokio::spawn(holder.keep_renewed());
    sleep(90 * SECOND).await;
    assert_eq!(holder.state(), TokenState::Retrying);
    call(&letta).await.unwrap();
    sleep(9 * SECOND).await;
    let tried = source.asked() - 1;
    // The pauses are up to 1, 2, 4, 8 … seconds, and then half of what is left.
    assert!((3..=20).contains(&tried), "{tried}");
    sleep(SECOND).await;
    assert_eq!(holder.state(), TokenState::Ended);
    let tried = source.asked();
    sleep(60 * MINUTE).await;
    assert_eq!(source.asked(), tried, "no timer goes on");
    let error = call(&letta).await.unwrap_err();
    assert_eq!(error.message(), Some("no room"));
    assert_eq!(source.asked(), tried + 1);
    assert_eq!(service.sent().len(), 2, "nothing was sent");
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_waits_as_long_as_the_application_asks() {
    let busy = TokenSourceError::new("busy").retry_after(15 * SECOND);
    let source = Source::play([
        give("ck-let-1", 300),
        Step::Fail(busy),
        give("ck-let-2", 300),
    ]);
    let (letta, _) = client(&source);
    call(&letta).await.unwrap();
    let holder = holder(&letta);
    let kept = tokio::spawn(holder.keep_renewed());
    sleep(300 * SECOND).await;
    let asked = source.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3);
    let pause = asked[2].0 - asked[1].0;
    assert!((15 * SECOND..16 * SECOND).contains(&pause), "{pause:?}");
    assert_eq!(holder.state(), TokenState::Live);
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn a_token_is_kept_renewed_without_calls_until_the_user_signs_out() {
    let tokens = (1..)
        .map(|index| give(&format!("ck-let-{index}"), 300))
        .take(13);
    let source = Source::play(tokens.chain([Step::Fail(TokenSourceError::signed_out())]));
    let (letta, _) = client(&source);
    let holder = holder(&letta);
    let kept = tokio::spawn(holder.keep_renewed());
    sleep(60 * MINUTE).await;
    assert_eq!(source.asked(), 0, "the first token is for the first call");
    holder.renew().await.unwrap();
    sleep(50 * MINUTE).await;
    assert_eq!(holder.state(), TokenState::Live);
    // One each 240 to 255 seconds.
    assert!((12..=13).contains(&source.asked()), "{}", source.asked());
    kept.await.unwrap();
    assert_eq!(holder.state(), TokenState::SignedOut);
    assert_eq!(source.asked(), 14);
}

#[tokio::test(start_paused = true)]
async fn who_is_signed_out_may_sign_in_again() {
    let signed_out = || Step::Fail(TokenSourceError::signed_out());
    let source = Source::play([
        signed_out(),
        give("ck-let-1", 10),
        signed_out(),
        give("ck-let-2", 10),
    ]);
    let (letta, service) = client(&source);
    let holder = holder(&letta);
    assert_eq!(holder.state(), TokenState::None);
    for _ in 0..2 {
        let error = call(&letta).await.unwrap_err();
        assert!(error.is_signed_out() && error.is_without_token(), "{error}");
        assert!(!error.is_unauthorized() && !error.is_retryable());
        assert_eq!(error.attempts(), 0);
        assert_eq!(holder.state(), TokenState::SignedOut);
        call(&letta).await.unwrap();
        assert_eq!(holder.state(), TokenState::Live);
        sleep(10 * SECOND).await;
    }
    assert_eq!(service.sent(), ["ck-let-1", "ck-let-2"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_forgotten_is_forgotten_for_good() {
    let source = Source::play([give("ck-let-1", 100), Step::Hang]);
    let (letta, service) = client(&source);
    let holder = holder(&letta);
    let kept = tokio::spawn(holder.keep_renewed());
    call(&letta).await.unwrap();
    let states = tokio::spawn(holder.changes().collect::<Vec<_>>());
    // One waits for a token while it is forgotten.
    sleep(100 * SECOND).await;
    let waiting = letta.clone();
    let waiting = tokio::spawn(async move { call(&waiting).await });
    sleep(SECOND).await;
    assert!(source.is_asked());
    let began = Instant::now();
    holder.forget();
    assert!(waiting.await.unwrap().unwrap_err().is_signed_out());
    kept.await.unwrap();
    settle().await;
    assert!(!source.is_asked(), "its future is dropped");
    assert!(call(&letta).await.unwrap_err().is_signed_out());
    assert!(holder.renew().await.unwrap_err().is_signed_out());
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(source.asked(), 2);
    assert_eq!(service.sent(), ["ck-let-1"]);
    assert_eq!(holder.remaining(), None);
    let states = states.await.unwrap();
    assert_eq!(
        states,
        [TokenState::Live, TokenState::None, TokenState::SignedOut]
    );
}

#[tokio::test(start_paused = true)]
async fn changes_are_told_as_they_come_and_the_end_too() {
    let source = Source::play([give("ck-let-1", 4), fail("no room"), give("ck-let-2", 100)]);
    let (letta, service) = client(&source);
    let mut changes = pin!(holder(&letta).changes());
    assert_eq!(changes.next().await, Some(TokenState::None));
    assert!(
        changes.next().now_or_never().is_none(),
        "no change, no state"
    );
    call(&letta).await.unwrap();
    assert_eq!(changes.next().await, Some(TokenState::Live));
    let began = Instant::now();
    assert_eq!(changes.next().await, Some(TokenState::Ended));
    assert!((4 * SECOND..5 * SECOND).contains(&began.elapsed()));
    call(&letta).await.unwrap_err();
    call(&letta).await.unwrap();
    assert_eq!(changes.next().await, Some(TokenState::Live));
    service.refuse("ck-let-2");
    call(&letta).await.unwrap_err();
    assert_eq!(changes.next().await, Some(TokenState::Refused));
}

#[tokio::test(start_paused = true)]
async fn a_doubted_token_is_replaced_before_the_next_call_if_there_is_another() {
    let source = Source::play([
        give("ck-let-1", 100),
        fail("no room"),
        give("ck-let-2", 100),
        give("ck-let-3", 0),
    ]);
    let (letta, _) = client(&source);
    let holder = holder(&letta);
    let first = holder.token(None).await.unwrap();
    holder.doubted(None, &first.token);
    // There is no other, so it is still good.
    let same = holder.token(None).await.unwrap();
    assert_eq!(same.token.secret.expose_secret(), "ck-let-1");
    assert!(source.need(1).is_refused());
    assert_eq!(holder.state(), TokenState::Retrying);
    holder.doubted(None, &first.token);
    let second = holder.token(None).await.unwrap();
    assert_eq!(second.token.secret.expose_secret(), "ck-let-2");
    assert!(source.need(2).is_refused());
    // A token that is no longer there is not doubted, and an answer ends all doubt.
    holder.doubted(None, &first.token);
    holder.doubted(None, &second.token);
    holder.accepted(None, &second.token);
    holder.token(None).await.unwrap();
    assert_eq!(source.asked(), 3);
    // One that lives for no time is used all the same.
    holder.doubted(None, &second.token);
    let third = holder.token(None).await.unwrap();
    assert_eq!(third.token.secret.expose_secret(), "ck-let-3");
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_that_cannot_be_sent_again_leaves_the_replacement_to_the_next() {
    let source = Source::play([give("ck-let-1", 100), give("ck-let-2", 100)]);
    let (letta, _) = client(&source);
    let holder = holder(&letta);
    let first = holder.token(None).await.unwrap();
    holder.give_up(None, &first.token, false);
    assert_eq!(holder.state(), TokenState::None);
    let second = holder.token(None).await.unwrap();
    assert_eq!(second.token.secret.expose_secret(), "ck-let-2");
    assert!(source.need(1).is_refused());
    // An old token says nothing about the new one. The new one is on trial.
    holder.give_up(None, &first.token, true);
    assert_eq!(holder.state(), TokenState::Live);
    holder.give_up(None, &second.token, false);
    assert_eq!(holder.state(), TokenState::Refused);
}

#[tokio::test(start_paused = true)]
async fn each_agent_has_its_own_token_if_the_source_gives_them() {
    let source = Source::play([
        per_agent(&[("agent-1", "ck-let-1"), ("agent-2", "ck-let-2")]),
        per_agent(&[("agent-3", "ck-let-3")]),
        per_agent(&[("agent-1", "ck-let-4"), ("agent-2", "\u{e9}")]),
        per_agent(&[]),
    ]);
    let (letta, service) = client(&source);
    call_of(&letta, "agent-1").await.unwrap();
    call_of(&letta, "agent-2").await.unwrap();
    assert_eq!(source.asked(), 1);
    call_of(&letta, "agent-3").await.unwrap();
    assert_eq!(source.need(1).agent().unwrap().as_str(), "agent-3");
    call_of(&letta, "agent-1").await.unwrap();
    assert_eq!(source.asked(), 2, "the others are kept");

    // A refusal concerns the agent's token alone. An invalid token of another agent is left out.
    service.refuse("ck-let-1");
    call_of(&letta, "agent-1").await.unwrap();
    call_of(&letta, "agent-2").await.unwrap();
    let sent = service.sent();
    assert_eq!(sent[sent.len() - 3..], ["ck-let-1", "ck-let-4", "ck-let-2"]);

    let error = call_of(&letta, "agent-4").await.unwrap_err();
    assert!(error.is_without_token(), "{error}");
    assert!(error.to_string().contains("agent-4"), "{error}");
    assert!(error.to_string().starts_with("request: "), "{error}");
    let error = letta
        .request(Method::GET, "/v1/agents/")
        .send::<Value>()
        .await;
    let error = error.unwrap_err();
    assert!(
        error.is_not_opened() && error.missing_right().is_none(),
        "{error}"
    );
    assert_eq!(source.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn tokens_of_agents_that_nobody_talks_to_are_not_renewed() {
    let source = Source::play([
        per_agent(&[("agent-1", "ck-let-1"), ("agent-2", "ck-let-2")]),
        per_agent(&[("agent-1", "ck-let-3")]),
        per_agent(&[("agent-1", "ck-let-4")]),
    ]);
    let (letta, _) = client(&source);
    call_of(&letta, "agent-1").await.unwrap();
    let kept = tokio::spawn(holder(&letta).keep_renewed());
    sleep(90 * SECOND).await;
    assert_eq!(source.asked(), 2);
    assert_eq!(source.need(1).agent().unwrap().as_str(), "agent-1");
    sleep(60 * MINUTE).await;
    assert_eq!(source.asked(), 2, "no call has used it since");
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn a_failure_for_one_agent_is_none_for_another() {
    let source = Source::play([
        after(1, fail("not this agent")),
        per_agent(&[("agent-2", "ck-let-2")]),
    ]);
    let (letta, _) = client(&source);
    let calls = future::join(call_of(&letta, "agent-1"), call_of(&letta, "agent-2"));
    let (one, other) = calls.await;
    assert_eq!(one.unwrap_err().message(), Some("not this agent"));
    other.unwrap();
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_waited_for_until_the_deadline_and_nothing_is_sent() {
    let source = Source::play([Step::Hang]);
    let (letta, service) = client(&source);
    let letta = letta.with_deadline(5 * SECOND);
    let began = Instant::now();
    let error = call(&letta).await.unwrap_err();
    assert_eq!(began.elapsed(), 5 * SECOND);
    assert!(error.is_without_token() && error.is_timeout(), "{error}");
    assert!(error.is_retryable() && !error.may_have_happened());
    assert!(error.to_string().contains("deadline of 5s"), "{error}");
    assert_eq!(service.sent().len(), 0);
    // The source has a limit of its own.
    let error = holder(&letta).renew().await.unwrap_err();
    assert!((60 * SECOND..61 * SECOND).contains(&began.elapsed()));
    assert!(
        error.is_timeout() && error.to_string().contains("60s"),
        "{error}"
    );
    assert!(!source.is_asked());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_is_asked_three_times_and_then_the_call_fails() {
    let source = Source::play([Step::Panic]);
    let (letta, _) = client(&source);
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_without_token(), "{error}");
    assert!(error.to_string().contains("panicked"), "{error}");
    assert_eq!(source.asked(), 3);
    assert_eq!(holder(&letta).state(), TokenState::Ended);

    // A renewal that panics is a failed one.
    let source = Source::play([give("ck-let-1", 100), Step::Panic]);
    let (letta, _) = client(&source);
    call(&letta).await.unwrap();
    let kept = tokio::spawn(holder(&letta).keep_renewed());
    sleep(95 * SECOND).await;
    assert!((2..=20).contains(&source.asked()), "{}", source.asked());
    call(&letta).await.unwrap();
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn what_the_application_says_is_in_the_error() {
    let busy = TokenSourceError::new("too many pages\nck-let-hunter2hunter2")
        .status(StatusCode::TOO_MANY_REQUESTS)
        .retry_after(7 * SECOND);
    let lost = TokenSourceError::unreachable("no connection");
    let ours = TokenSourceError::from(Error::invalid_input("agent", "must be known", None));
    let source = Source::play([
        Step::Fail(busy),
        Step::Fail(lost),
        Step::Fail(ours),
        give("ck-let-hunter2, and more", 100),
        fail("last"),
    ]);
    let (letta, service) = client(&source);
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_without_token() && error.is_rate_limited() && error.is_retryable());
    assert_eq!(error.status(), Some(StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(error.retry_after(), Some(7 * SECOND));
    assert!(error.message().unwrap().starts_with("too many pages"));
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    let error = call(&letta).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_connect(), "{error}");
    let error = call(&letta).await.unwrap_err();
    assert!(
        error.to_string().contains("`agent` must be known"),
        "{error}"
    );
    assert!(std::error::Error::source(&error).is_some());
    let error = call(&letta).await.unwrap_err();
    assert!(
        error.to_string().contains("the token cannot be used"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    assert_eq!(service.sent().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn no_message_has_a_token_that_the_call_has_used() {
    let source = Source::play([
        give("hunter2-one", 100),
        give("hunter2-two", 100),
        fail("x hunter2-two y"),
    ]);
    let (letta, service) = client(&source);
    service.refuse("hunter2-one");
    let body = r#"{"message":"no hunter2-one, no hunter2-two"}"#;
    *service.answer.lock().unwrap() = Some((422, body.to_owned()));
    let error = call(&letta).await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(error.attempts(), 2);
    let holder = holder(&letta);
    let failed = holder.renew().await.unwrap_err();
    let texts = format!("{error} {error:?} {failed} {failed:?} {holder:?} {letta:?}");
    assert!(texts.contains("no ") && texts.contains("x "), "{texts}");
    assert!(!texts.contains("hunter2"), "{texts}");
    let token = SourcedToken::new("hunter2");
    let texts = format!("{token:?} {:?}", SourcedTokens::from(token.clone()));
    assert!(!texts.contains("hunter2"), "{texts}");
}

#[tokio::test]
async fn the_origin_is_sent_and_told_to_the_source() {
    let source = Source::play([give("ck-let-1", 100)]);
    let (letta, service) = with_builder(&source, |builder| {
        builder.origin("https://Chat.example.com/")
    });
    call(&letta).await.unwrap();
    let sent = service.sent.lock().unwrap()[0].1.clone();
    assert_eq!(sent.as_deref(), Some("https://chat.example.com"));
    assert_eq!(
        source.need(0).origin().unwrap().as_str(),
        "https://chat.example.com"
    );

    let error = Letta::builder().api_key("sk-let-1").origin("chat").build();
    assert_eq!(error.unwrap_err().field(), Some("origin"));
    let builder = Letta::builder()
        .api_key("sk-let-1")
        .header("Origin", "https://a.b");
    let error = builder.build().unwrap_err();
    assert!(error.to_string().contains("`origin`"), "{error}");
}

#[tokio::test]
async fn the_last_of_a_key_and_a_source_counts() {
    let token = || SourcedToken::new("ck-let-1");
    let with_key = Letta::builder().token_source(token()).api_key("sk-let-1");
    let with_key = with_key.build().unwrap();
    assert!(!with_key.holds_a_token());
    let with_source = Letta::builder().api_key("sk-let-1").token_source(token());
    let letta = with_source.build().unwrap();
    assert!(letta.holds_a_token() && letta.token_holder().is_some());
    assert_eq!(letta.api().base_url().as_str(), "https://api.letta.com");
    let without = Letta::builder().token_source(token()).without_api_key();
    assert!(without.build().unwrap().token_holder().is_none());
    let token = Letta::new("ck-let-1").unwrap();
    assert!(token.holds_a_token() && token.token_holder().is_none());
    #[cfg(feature = "turns")]
    {
        let asks = [&with_key, &letta, &token].map(|client| client.run_calls().is_some());
        assert_eq!(asks, [true, false, false]);
    }
    // Each client that is built has a holder of its own, and its clones share it.
    let builder = Letta::builder().token_source(SourcedToken::new("ck-let-1"));
    let (one, other) = (builder.clone().build().unwrap(), builder.build().unwrap());
    let clone = one.with_deadline(SECOND);
    one.token_holder().unwrap().forget();
    assert_eq!(clone.token_holder().unwrap().state(), TokenState::SignedOut);
    assert_eq!(other.token_holder().unwrap().state(), TokenState::None);
}

#[test]
fn outside_of_a_runtime_nothing_is_asked() {
    let source = Source::play([give("ck-let-1", 100)]);
    let (letta, _) = client(&source);
    let error = future::FutureExt::now_or_never(holder(&letta).renew()).unwrap();
    assert_eq!(error.unwrap_err().field(), Some("runtime"));
    let error = call(&letta).now_or_never().unwrap().unwrap_err();
    assert_eq!(error.field(), Some("runtime"));
    assert_eq!(source.asked(), 0);
}

#[test]
fn a_fetch_whose_runtime_is_shut_down_is_begun_again_in_another() {
    let source = Source::play([Step::Hang, give("ck-let-1", 100)]);
    let (letta, _) = client(&source);
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let first = runtime();
    let called = first.block_on(async { tokio::time::timeout(SECOND, call(&letta)).await });
    assert!(called.is_err());
    drop(first);
    runtime().block_on(call(&letta)).unwrap();
    assert_eq!(source.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_the_source_leaves_out_is_a_failed_renewal() {
    let source = Source::play([
        per_agent(&[("agent-1", "ck-let-1")]),
        after(1, per_agent(&[("agent-2", "ck-let-2")])),
    ]);
    let (letta, _) = client(&source);
    let holder = holder(&letta);
    call(&letta).await.unwrap();
    let kept = tokio::spawn(holder.keep_renewed());
    sleep(90 * SECOND).await;
    assert!(holder.renew().await.unwrap_err().is_without_token());
    sleep(60 * MINUTE).await;
    assert!(source.asked() < 15, "asked {} times", source.asked());
    assert_eq!(holder.state(), TokenState::Ended);
    assert!(call(&letta).await.unwrap_err().is_without_token());
    kept.abort();
}

#[tokio::test(start_paused = true)]
async fn the_source_is_told_of_each_agent_whose_token_is_refused() {
    let source = Source::play([
        per_agent(&[("agent-1", "ck-let-1"), ("agent-2", "ck-let-2")]),
        // Nobody told it of the second one, so its cache gives that again.
        after(
            1,
            per_agent(&[("agent-1", "ck-let-3"), ("agent-2", "ck-let-2")]),
        ),
        per_agent(&[("agent-1", "ck-let-3"), ("agent-2", "ck-let-4")]),
    ]);
    let (letta, service) = client(&source);
    holder(&letta).renew().await.unwrap();
    service.refuse("ck-let-1");
    service.refuse("ck-let-2");
    let calls = future::join(call_of(&letta, "agent-1"), call_of(&letta, "agent-2"));
    let (one, other) = calls.await;
    for call in [one, other] {
        call.unwrap();
    }
    assert_eq!(source.asked(), 3);
    assert_eq!(source.need(2).agent().unwrap().as_str(), "agent-2");
    assert!(source.need(2).is_refused());
}

#[tokio::test(start_paused = true)]
async fn a_doubt_is_not_a_refusal() {
    let source = Source::play([give("ck-let-1", 100), fail("no network")]);
    let (letta, _) = client(&source);
    let holder = holder(&letta);
    let token = holder.token(None).await.unwrap().token;
    holder.doubted(None, &token);
    holder.token(None).await.unwrap();
    assert!(source.need(1).is_refused());
    sleep(100 * SECOND).await;
    holder.token(None).await.map(drop).unwrap_err();
    assert!(source.need(2).is_refused(), "it is in doubt to its end");
    assert_eq!(holder.state(), TokenState::Ended);

    // An answer ends the doubt.
    let source = Source::play([give("ck-let-1", 100), fail("no network")]);
    let (letta, _) = client(&source);
    let holder = self::holder(&letta);
    let token = holder.token(None).await.unwrap().token;
    holder.doubted(None, &token);
    holder.token(None).await.unwrap();
    holder.accepted(None, &token);
    holder.renew().await.unwrap_err();
    assert!(!source.need(2).is_refused());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_asks_also_if_there_is_no_token_of_any_agent() {
    let source = Source::play([
        per_agent(&[("agent-1", "ck-let-1")]),
        Step::Fail(TokenSourceError::signed_out()),
        per_agent(&[("agent-1", "ck-let-2")]),
        fail("no room"),
        per_agent(&[("agent-1", "ck-let-3")]),
    ]);
    let (letta, _) = client(&source);
    let holder = holder(&letta);
    call(&letta).await.unwrap();
    sleep(SECOND).await;
    assert!(holder.renew().await.unwrap_err().is_signed_out());
    assert_eq!(holder.state(), TokenState::SignedOut);
    holder.renew().await.unwrap();
    assert_eq!(holder.state(), TokenState::Live);
    sleep(100 * SECOND).await;
    call(&letta).await.unwrap_err();
    assert_eq!(holder.state(), TokenState::Ended);
    holder.renew().await.unwrap();
    assert_eq!(holder.state(), TokenState::Live);
    holder.forget();
    assert!(holder.renew().await.unwrap_err().is_signed_out());
    assert_eq!(source.asked(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_came_is_not_used_by_who_wakes_after_the_holder_forgot() {
    let source = Source::play([after(1, give("ck-let-1", 100))]);
    let (letta, service) = client(&source);
    let mut waiting = Box::pin(call(&letta));
    assert!(waiting.as_mut().now_or_never().is_none());
    sleep(2 * SECOND).await;
    assert_eq!(holder(&letta).state(), TokenState::Live);
    holder(&letta).forget();
    assert!(waiting.await.unwrap_err().is_signed_out());
    assert_eq!(service.sent().len(), 0);

    // The source is not asked either, if its turn had not come.
    let source = Source::play([give("ck-let-1", 100)]);
    let (letta, _) = client(&source);
    let mut waiting = Box::pin(call(&letta));
    assert!(waiting.as_mut().now_or_never().is_none());
    holder(&letta).forget();
    assert!(waiting.await.unwrap_err().is_signed_out());
    settle().await;
    assert_eq!(source.asked(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_application_says_of_a_refused_token_does_not_repeat_it() {
    let with_cause = Error::invalid_input("agent", "x hunter2-one y", None);
    for failure in [
        fail("x hunter2-one y"),
        Step::Fail(TokenSourceError::from(with_cause)),
    ] {
        let source = Source::play([give("hunter2-one", 100), failure]);
        let (letta, service) = client(&source);
        service.refuse("hunter2-one");
        let error = call(&letta).await.unwrap_err();
        assert!(error.is_without_token(), "{error}");
        let cause = std::error::Error::source(&error);
        let texts = format!("{error} {error:?} {cause:?}");
        assert!(texts.contains("x "), "{texts}");
        assert!(!texts.contains("hunter2"), "{texts}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_served_is_off_trial_even_if_the_call_failed() {
    let tokens = (1..10).map(|index| give(&format!("ck-let-{index}"), 100));
    let source = Source::play(tokens);
    let (letta, service) = client(&source);
    service.refuse("ck-let-1");
    *service.answer.lock().unwrap() = Some((404, r#"{"message":"no such agent"}"#.to_owned()));
    assert!(call(&letta).await.unwrap_err().is_not_found());
    service.refuse("ck-let-2");
    assert!(call(&letta).await.unwrap_err().is_not_found());
    assert_eq!(
        service.sent(),
        ["ck-let-1", "ck-let-2", "ck-let-2", "ck-let-3"]
    );
}

#[test]
fn a_fetch_whose_runtime_stands_still_is_given_up() {
    let asked = AtomicUsize::new(0);
    // The first question has no answer.
    let source = move |_: TokenNeed| {
        let is_first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            match is_first {
                true => future::pending().await,
                false => Ok(SourcedToken::new("ck-let-1").expires_in(100 * SECOND)),
            }
        }
    };
    let letta = Letta::builder().token_keeper(Arc::new(Steady(Arc::new(source))));
    let letta = letta.deadline(2 * MINUTE).build().unwrap();
    let letta = letta.with_inner(Arc::new(Service::default()));
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().unwrap()
    };
    let first = runtime();
    let called = first.block_on(async { tokio::time::timeout(SECOND, call(&letta)).await });
    assert!(called.is_err());
    // Nobody runs the first one any more.
    let second = runtime();
    second.block_on(call(&letta)).unwrap();
    drop(first);
    assert_eq!(holder(&letta).state(), TokenState::Live);
}

#[tokio::test(start_paused = true)]
async fn an_application_that_asks_to_wait_is_not_asked_for_another_agent() {
    let busy = TokenSourceError::new("busy").retry_after(10 * SECOND);
    let source = Source::play([
        per_agent(&[("agent-1", "ck-let-1"), ("agent-2", "ck-let-2")]),
        Step::Fail(busy),
    ]);
    let (letta, _) = client(&source);
    call_of(&letta, "agent-1").await.unwrap();
    call_of(&letta, "agent-2").await.unwrap();
    let kept = tokio::spawn(holder(&letta).keep_renewed());
    sleep(100 * SECOND).await;
    kept.abort();
    let asked = source.asked.lock().unwrap();
    assert!(asked.len() > 2, "{} times", asked.len());
    for (one, next) in asked.iter().zip(&asked[1..]) {
        assert!(next.0 - one.0 >= Duration::from_millis(9_999));
    }
}
