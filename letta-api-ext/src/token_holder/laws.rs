//! The laws of a holder, over stories of calls, failures and refusals in any order, in virtual time.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use futures_util::future;
use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use proptest::prelude::*;
use reqwest::header::{AUTHORIZATION, HeaderMap};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::tests::Steady;
use super::*;
use crate::error::Result;
use crate::ids::AgentId;
use crate::{Letta, RetryPolicy};

/// The number of stories. `PROPTEST_CASES` sets another one.
fn cases() -> u32 {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default().cases,
        None => 300,
    }
}

/// A step of a story.
#[derive(Clone, Debug)]
enum Event {
    /// Nothing happens for so many milliseconds.
    Pass(u64),
    /// So many calls at once, each with an agent. Those of odd agents are dropped after so many milliseconds.
    Calls(Vec<u8>, u64),
    Renew,
    /// The service refuses all tokens so far, and so many of those to come.
    Refuse(u8),
    /// The last call got no answer.
    Doubt,
    Forget,
    /// From now on, the source does this.
    Source(Mood),
}

#[derive(Clone, Debug)]
struct Mood {
    /// How long it takes, in milliseconds.
    takes: u64,
    gives: Gives,
}

#[derive(Clone, Debug)]
enum Gives {
    /// A new token for all, which lives for so many milliseconds.
    Token(u64),
    /// A new token for the agent that is needed, and for another one.
    PerAgent(u64),
    /// A new token for another agent than the one that is needed.
    LeavesOut(u64),
    /// The last token once more.
    Same(u64),
    Fails(Option<u64>),
    SignedOut,
    Panics,
}

fn life() -> impl Strategy<Value = u64> {
    prop_oneof![
        1 => Just(0),
        1 => 1..5_000u64,
        4 => 5_000..600_000u64,
        1 => 600_000..4_000_000u64,
    ]
}

fn mood() -> impl Strategy<Value = Mood> {
    let gives = prop_oneof![
        6 => life().prop_map(Gives::Token),
        3 => life().prop_map(Gives::PerAgent),
        1 => life().prop_map(Gives::LeavesOut),
        1 => life().prop_map(Gives::Same),
        3 => proptest::option::of(0..40_000u64).prop_map(Gives::Fails),
        1 => Just(Gives::SignedOut),
        1 => Just(Gives::Panics),
    ];
    let takes = prop_oneof![4 => Just(0), 3 => 1..3_000u64, 1 => 3_000..90_000u64];
    (takes, gives).prop_map(|(takes, gives)| Mood { takes, gives })
}

fn event() -> impl Strategy<Value = Event> {
    let agents = proptest::collection::vec(0..4u8, 1..4);
    prop_oneof![
        6 => prop_oneof![1..3_000u64, 3_000..400_000u64].prop_map(Event::Pass),
        8 => (agents, 0..5_000u64).prop_map(|(agents, patience)| Event::Calls(agents, patience)),
        1 => Just(Event::Renew),
        2 => (0..3u8).prop_map(Event::Refuse),
        1 => Just(Event::Doubt),
        5 => mood().prop_map(Event::Source),
    ]
}

fn story() -> impl Strategy<Value = Vec<Event>> {
    let events = proptest::collection::vec(event(), 1..25);
    // Few stories end with a sign-out, since nothing happens after it.
    (
        events,
        proptest::option::weighted(0.1, any::<proptest::sample::Index>()),
    )
        .prop_map(|(mut events, forgets)| {
            if let Some(index) = forgets {
                events.insert(index.index(events.len()), Event::Forget);
            }
            events
        })
}

/// The service and the source, and what they have seen.
struct World {
    seen: Mutex<Seen>,
}

struct Seen {
    mood: Mood,
    count: usize,
    tokens: HashMap<String, Token>,
    last: Option<String>,
    is_asked: bool,
    /// When the source was asked last for each agent, or for none.
    asked_at: HashMap<Option<AgentId>, Instant>,
    /// Whether a caller waits for something.
    is_called: bool,
    asked: usize,
    forgotten: bool,
    refuses_next: u8,
    refusals: usize,
    broken: Vec<String>,
}

struct Token {
    asked: Instant,
    given: Instant,
    life: Duration,
    is_refused: bool,
}

impl World {
    fn new() -> Arc<Self> {
        let gives = Gives::Token(300_000);
        Arc::new(Self {
            seen: Mutex::new(Seen {
                mood: Mood { takes: 0, gives },
                count: 0,
                tokens: HashMap::new(),
                last: None,
                is_asked: false,
                asked_at: HashMap::new(),
                is_called: false,
                asked: 0,
                forgotten: false,
                refuses_next: 0,
                refusals: 0,
                broken: Vec::new(),
            }),
        })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(|it| it.into_inner())
    }

    /// How often the source was asked, and a token refused.
    fn counts(&self) -> (usize, usize) {
        let seen = self.seen();
        (seen.asked, seen.refusals)
    }

    fn is_forgotten(&self) -> bool {
        self.seen().forgotten
    }

    fn letta(self: &Arc<Self>) -> Letta {
        // Making a client reads the certificates of this machine.
        static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(reqwest::Client::new);
        let builder = Letta::builder().token_keeper(Arc::new(Steady(self.clone())));
        let builder = builder
            .http_client(CLIENT.clone())
            .retry(RetryPolicy::never());
        let letta = builder.build().unwrap();
        letta.with_inner(self.clone())
    }
}

impl Seen {
    fn broke(&mut self, law: impl Into<String>) {
        self.broken.push(law.into());
    }

    /// A new token, or the last one again.
    fn mint(&mut self, asked: Instant, life: u64, again: bool) -> SourcedToken {
        let name = match (&self.last, again) {
            (Some(last), true) => last.clone(),
            _ => {
                self.count += 1;
                format!("ck-let-hunter2hunter2{:04}", self.count)
            }
        };
        let life = Duration::from_millis(life);
        let is_refused = match again {
            true => self.tokens.get(&name).is_some_and(|token| token.is_refused),
            false => self.refuses_next > 0,
        };
        if !again {
            self.refuses_next = self.refuses_next.saturating_sub(1);
        }
        let token = Token {
            asked,
            given: Instant::now(),
            life,
            is_refused,
        };
        self.tokens.insert(name.clone(), token);
        self.last = Some(name.clone());
        SourcedToken::new(name).expires_in(life)
    }
}

/// Notes that the source is not asked any more.
struct Asked<'a>(&'a World);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.seen().is_asked = false;
    }
}

impl TokenSource for World {
    fn tokens(&self, need: TokenNeed) -> BoxFuture<'_, Result<SourcedTokens, TokenSourceError>> {
        Box::pin(async move {
            let asked = Instant::now();
            let mood = {
                let mut seen = self.seen();
                if std::mem::replace(&mut seen.is_asked, true) {
                    seen.broke("it is asked once at a time");
                }
                if seen.forgotten {
                    seen.broke("after it was told to forget, it asks nobody");
                }
                let since = seen
                    .asked_at
                    .insert(need.agent().cloned(), asked)
                    .map(|before| asked - before);
                // A timer may be early by what it cannot measure.
                if !seen.is_called && since.is_some_and(|since| since < Duration::from_millis(249))
                {
                    seen.broke(format!("it does not ask again and again: {since:?}"));
                }
                seen.asked += 1;
                seen.mood.clone()
            };
            let _asked = Asked(self);
            sleep(Duration::from_millis(mood.takes)).await;
            let mut seen = self.seen();
            match mood.gives {
                Gives::Token(life) => Ok(seen.mint(asked, life, false).into()),
                Gives::Same(life) => Ok(seen.mint(asked, life, true).into()),
                Gives::PerAgent(life) => {
                    let other = AgentId::new("agent-0").unwrap();
                    let agents = need.agent().cloned().into_iter().chain([other]);
                    let tokens: Vec<_> = agents
                        .map(|agent| (agent, seen.mint(asked, life, false)))
                        .collect();
                    Ok(SourcedTokens::per_agent(tokens))
                }
                Gives::LeavesOut(life) => {
                    let other = AgentId::new("agent-9").unwrap();
                    let token = seen.mint(asked, life, false);
                    Ok(SourcedTokens::per_agent([(other, token)]))
                }
                Gives::Fails(wait) => {
                    let last = seen.last.clone().unwrap_or_default();
                    let error = TokenSourceError::new(format!("no other than {last} today"));
                    Err(match wait {
                        Some(wait) => error.retry_after(Duration::from_millis(wait)),
                        None => error,
                    })
                }
                Gives::SignedOut => Err(TokenSourceError::signed_out()),
                Gives::Panics => {
                    drop(seen);
                    // As a panic ends it, without the noise.
                    std::panic::resume_unwind(Box::new("a source that panics"))
                }
            }
        })
    }
}

impl Transport for World {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move {
            let header = request.headers().get(AUTHORIZATION);
            let header = header.map_or("", |value| value.to_str().unwrap());
            let token = header.trim_start_matches("Bearer ").to_owned();
            let now = Instant::now();
            let mut seen = self.seen();
            if seen.forgotten {
                seen.broke("after it was told to forget, nothing is sent");
            }
            let Some(known) = seen.tokens.get(&token) else {
                seen.broke("each call has a token that the source gave");
                return Ok(Response::new(StatusCode::OK, HeaderMap::new(), "null"));
            };
            let (is_refused, has_ended) = (known.is_refused, now - known.asked > known.life);
            // It was fetched for this call.
            let is_fresh = now == known.given;
            if has_ended && !is_fresh {
                seen.broke(format!("{token} is not sent after its end"));
            }
            seen.refusals += usize::from(is_refused);
            let (status, body) = match is_refused {
                true => (401, format!(r#"{{"message":"{token} is refused"}}"#)),
                false => (200, "null".to_owned()),
            };
            let status = StatusCode::from_u16(status).unwrap();
            Ok(Response::new(status, HeaderMap::new(), body))
        })
    }
}

async fn call(letta: &Letta, agent: u8) -> Result<Value> {
    let path = "/v1/agents/{agent}/messages";
    let request = letta.request(Method::POST, path);
    let request = request.path_param("agent", format!("agent-{agent}"));
    request.json("Hello").send().await
}

/// Tells the story, and returns the laws that were broken.
async fn tell(story: Vec<Event>, keeps: bool) -> Vec<String> {
    let world = World::new();
    let letta = world.letta();
    let holder = letta.token_holder().unwrap().clone();
    let kept = keeps.then(|| tokio::spawn(holder.keep_renewed()));
    let broke = |law: String| world.seen().broke(law);
    for event in story {
        world.seen().is_called = !matches!(event, Event::Pass(_));
        match event {
            Event::Pass(time) => sleep(Duration::from_millis(time)).await,
            Event::Calls(agents, patience) => {
                let (before, refused) = world.counts();
                let count = agents.len();
                let letta = &letta;
                let calls = agents.iter().map(|agent| async move {
                    let call = call(letta, *agent);
                    match agent % 2 {
                        0 => timeout(Duration::from_secs(600), call).await,
                        _ => timeout(Duration::from_millis(patience), call).await,
                    }
                });
                let ended = future::join_all(calls).await;
                for (agent, ended) in agents.iter().zip(ended) {
                    match ended {
                        Err(_) if agent % 2 == 0 => broke("each call ends".to_owned()),
                        Err(_) | Ok(Ok(_)) => {}
                        Ok(Err(error)) => check(&error, &holder, &broke, count),
                    }
                }
                let now = world.counts();
                let (asked, refused) = (now.0 - before, now.1 - refused);
                if refused > 2 * count {
                    broke(format!(
                        "a call tries two tokens at most: {count} calls, {refused} refusals"
                    ));
                }
                // For each call: one to begin with that others may have begun without knowing of the refusal, its own, and one for
                // the refusal. A source that is lost is asked three times.
                if asked > 6 * count + refused {
                    broke(format!(
                        "{count} calls and {refused} refusals asked {asked} times"
                    ));
                }
            }
            Event::Renew => match holder.renew().await {
                Ok(()) => {}
                Err(error) => check(&error, &holder, &broke, 2),
            },
            Event::Refuse(next) => {
                let mut seen = world.seen();
                seen.tokens
                    .values_mut()
                    .for_each(|token| token.is_refused = true);
                seen.refuses_next = next;
            }
            Event::Doubt => {
                let agent = AgentId::new("agent-0").unwrap();
                if let Ok(Ok(ready)) =
                    timeout(Duration::from_secs(100), holder.token(Some(&agent))).await
                {
                    holder.doubted(Some(&agent), &ready.token);
                }
            }
            Event::Forget => {
                holder.forget();
                world.seen().forgotten = true;
            }
            Event::Source(mood) => world.seen().mood = mood,
        }
        world.seen().is_called = false;
        let texts = format!("{holder:?} {letta:?}");
        if texts.contains("hunter2") {
            broke("no secret is printed".to_owned());
        }
        let (state, left) = (holder.state(), holder.remaining());
        let is_live = matches!(state, TokenState::Live | TokenState::Retrying);
        if is_live != left.is_some_and(|left| !left.is_zero()) {
            broke(format!("{state:?} with {left:?} left"));
        }
        if world.is_forgotten() && state != TokenState::SignedOut {
            broke(format!("{state:?} after it was told to forget"));
        }
    }
    // All is well again, so the next calls succeed: the first may have a token that was refused, or that a cache gave again.
    if !world.is_forgotten() {
        {
            let mut seen = world.seen();
            seen.refuses_next = 0;
            seen.mood = Mood {
                takes: 10,
                gives: Gives::Token(300_000),
            };
        }
        // Questions that began before are over.
        sleep(Duration::from_secs(100)).await;
        world.seen().is_called = true;
        let first = timeout(Duration::from_secs(600), call(&letta, 0)).await;
        let second = timeout(Duration::from_secs(600), call(&letta, 0)).await;
        if !matches!(second, Ok(Ok(_))) {
            broke(format!("it recovers: {first:?}, {second:?}"));
        }
        // A failed renewal is tried again within 40 seconds, and behind this call if by nobody else.
        sleep(Duration::from_secs(60)).await;
        world.seen().is_called = true;
        let _ = call(&letta, 0).await;
        sleep(Duration::from_secs(1)).await;
        if holder.state() != TokenState::Live {
            broke(format!("{:?} in the end", holder.state()));
        }
    }
    if let Some(kept) = kept
        && world.is_forgotten()
        && timeout(Duration::from_secs(1), kept).await.is_err()
    {
        broke("whoever keeps it renewed is done after a sign-out".to_owned());
    }
    std::mem::take(&mut world.seen().broken)
}

/// What holds for each error of a call, one of so many at once.
fn check(error: &crate::Error, holder: &TokenHolder, broke: &dyn Fn(String), count: usize) {
    let text = format!("{error} {error:?}");
    if text.contains("hunter2") {
        broke(format!("no secret is printed: {text}"));
    }
    if error.may_have_happened() {
        broke(format!("nothing has happened: {text}"));
    }
    if !error.is_without_token() && !error.is_unauthorized() {
        broke(format!("an error says what is wrong: {text}"));
    }
    // Other calls at the same time, and tokens of other agents, may leave another state.
    let state = holder.state();
    let is_live = matches!(state, TokenState::Live | TokenState::Retrying);
    if count == 1 && error.is_signed_out() && state != TokenState::SignedOut {
        broke(format!("{state:?} after {text}"));
    }
    if count == 1 && error.is_unauthorized() && state != TokenState::Refused && !is_live {
        broke(format!("{state:?} after {text}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, max_shrink_iters: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_story_breaks_a_law(story in story(), keeps in any::<bool>()) {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().start_paused(true).build().unwrap();
        let broken = runtime.block_on(tell(story, keeps));
        prop_assert!(broken.is_empty(), "{broken:#?}");
    }
}
