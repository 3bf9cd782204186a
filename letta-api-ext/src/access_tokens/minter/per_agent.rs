//! Asking for a token for each agent of a policy.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use letta_api::BoxFuture;

use super::agent_tokens::AgentTokens;
use super::fault::Fault;
use super::request::TokenRequest;
use super::{Inner, MOST_ROUNDS, TokenMinter, Wanted};
use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::error::Result;
use crate::ids::Origin;
use crate::platform::runtime;
use crate::time::clock::{self, Instant};

/// A request for a token for each agent of a policy. From [`TokenMinter::tokens_per_agent`]. Await it, or call
/// [`send`](Self::send).
///
/// It borrows the minter and the policy, like a [`TokenRequest`].
#[derive(Clone)]
#[must_use = "a request does nothing until it is awaited"]
pub struct AgentTokensRequest<'a>(TokenRequest<'a>);

impl<'a> AgentTokensRequest<'a> {
    pub(super) fn new(minter: &'a TokenMinter, policy: &'a AccessPolicy) -> Self {
        Self(TokenRequest::new(minter, policy))
    }

    /// Whom the tokens are for. See [`TokenRequest::subject`].
    pub fn subject(self, subject: &'a str) -> Self {
        Self(self.0.subject(subject))
    }

    /// The web application that the tokens are for. By default the minter's own origin.
    pub fn origin(self, origin: &'a Origin) -> Self {
        Self(self.0.origin(origin))
    }

    /// How long each token must be good for when all of them are ready. See [`TokenRequest::valid_for`].
    pub fn valid_for(self, left: Duration) -> Self {
        Self(self.0.valid_for(left))
    }

    /// For each agent, also accepts a cached token with more rights on this agent, but no more than `policy` gives on
    /// it. See [`TokenRequest::up_to`].
    pub fn up_to(self, policy: &'a AccessPolicy) -> Self {
        Self(self.0.up_to(policy))
    }

    /// Asks for the tokens. Equivalent to awaiting the request.
    ///
    /// # Errors
    ///
    /// See [`TokenMinter::tokens_per_agent`].
    pub fn send(self) -> AgentTokensFuture<'a> {
        self.into_future()
    }

    /// The tokens, if all are in the cache. Nothing is minted or waited for.
    #[cfg(feature = "axum")]
    pub(crate) fn cached(&self) -> Option<AgentTokens> {
        self.check().ok()?;
        let tokens = complete(&mut self.look_up())?;
        self.count_hits(tokens.len());
        Some(tokens)
    }

    /// Refuses an invalid request.
    fn check(&self) -> Result<()> {
        self.0.check()?;
        self.0.policy.check_is_of_agents()
    }

    /// The cached tokens, in the order of the agents.
    fn look_up(&self) -> Vec<Place> {
        let parts = self.0.policy.per_agent();
        let places = parts.map(|part| {
            let request = self.0.for_part(&part);
            let minter = &request.minter.inner;
            let token = minter.peek(&request.key(), request.valid_for);
            Place { part, token }
        });
        places.collect()
    }

    fn count_hits(&self, hits: usize) {
        for _ in 0..hits {
            self.0.minter.inner.count_hit();
        }
    }
}

impl<'a> IntoFuture for AgentTokensRequest<'a> {
    type Output = Result<AgentTokens>;
    type IntoFuture = AgentTokensFuture<'a>;

    fn into_future(self) -> Self::IntoFuture {
        AgentTokensFuture(State::New(self))
    }
}

impl std::fmt::Debug for AgentTokensRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AgentTokensRequest").field(&self.0).finish()
    }
}

/// The future of an [`AgentTokensRequest`].
///
/// It may be dropped at any time. Tokens that are being minted for it are kept for the next request. Creates that
/// have not begun do not begin.
#[must_use = "futures do nothing until they are polled"]
pub struct AgentTokensFuture<'a>(State<'a>);

enum State<'a> {
    New(AgentTokensRequest<'a>),
    Waiting(BoxFuture<'static, Result<AgentTokens>>),
    Done,
}

impl Future for AgentTokensFuture<'_> {
    type Output = Result<AgentTokens>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::New(request) = &self.0 {
            if let Err(error) = request.check() {
                self.0 = State::Done;
                return Poll::Ready(Err(error));
            }
            // The common case.
            let mut places = request.look_up();
            request.count_hits(places.iter().filter(|it| it.token.is_some()).count());
            if let Some(tokens) = complete(&mut places) {
                self.0 = State::Done;
                return Poll::Ready(Ok(tokens));
            }
            let collection = Collection {
                minter: request.0.minter.inner.clone(),
                subject: request.0.subject.map(str::to_owned),
                origin: request.0.origin.cloned(),
                valid_for: request.0.valid_for,
                up_to: request.0.up_to.cloned(),
                places,
            };
            self.0 = State::Waiting(Box::pin(collection.complete_in_time()));
        }
        let State::Waiting(future) = &mut self.0 else {
            panic!("polled after it was ready");
        };
        let outcome = std::task::ready!(future.as_mut().poll(context));
        self.0 = State::Done;
        Poll::Ready(outcome)
    }
}

impl std::fmt::Debug for AgentTokensFuture<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AgentTokensFuture").finish_non_exhaustive()
    }
}

/// An agent, and its token if there is one.
struct Place {
    /// The agent's part of the policy.
    part: AccessPolicy,
    token: Option<AccessToken>,
}

/// The tokens for all agents, if all are there.
fn complete(places: &mut Vec<Place>) -> Option<AgentTokens> {
    if places.iter().any(|place| place.token.is_none()) {
        return None;
    }
    let tokens = places
        .drain(..)
        .filter_map(|place| Some((place.part, place.token?)));
    Some(AgentTokens::new(tokens.collect()))
}

/// A request whose missing tokens are being minted.
struct Collection {
    minter: Arc<Inner>,
    subject: Option<String>,
    origin: Option<Origin>,
    valid_for: Duration,
    up_to: Option<AccessPolicy>,
    /// In the order of the agents.
    places: Vec<Place>,
}

impl Collection {
    async fn complete_in_time(mut self) -> Result<AgentTokens> {
        // The timer needs a runtime, too.
        runtime::current()?;
        let (waited, agents) = (self.minter.deadline(), self.places.len());
        let deadline = clock::after(Instant::now(), waited);
        // Creates that have begun go on after the deadline, and their tokens are kept.
        match clock::timeout_at(deadline, self.complete()).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Fault::Incomplete { agents, waited }.into()),
        }
    }

    async fn complete(&mut self) -> Result<AgentTokens> {
        let mut fault = Fault::Abandoned;
        for _ in 0..MOST_ROUNDS {
            self.obtain_missing().await?;
            // Some tokens may have expired or been revoked while the others were minted.
            for Place { token, .. } in &mut self.places {
                if let Some(found) = token.as_ref().and_then(|it| stale(it, self.valid_for)) {
                    fault = found;
                    *token = None;
                }
            }
            if let Some(tokens) = complete(&mut self.places) {
                return Ok(tokens);
            }
        }
        Err(fault.into())
    }

    /// Obtains the missing tokens, at most `max_concurrent_creates` at a time. Stops at the first error.
    async fn obtain_missing(&mut self) -> Result<()> {
        let places = self.places.iter().enumerate();
        let missing: Vec<(usize, Wanted)> = places
            .filter(|(_, place)| place.token.is_none())
            .map(|(number, place)| (number, self.wanted(&place.part)))
            .collect();
        let minter = self.minter.clone();
        let mut obtaining = stream::iter(missing)
            .map(move |(number, wanted)| {
                let token = minter.clone().obtain(wanted);
                async move { (number, token.await) }
            })
            .buffer_unordered(self.minter.max_concurrent_creates);
        while let Some((number, token)) = obtaining.next().await {
            self.places[number].token = Some(token?);
        }
        Ok(())
    }

    fn wanted(&self, part: &AccessPolicy) -> Wanted {
        let (subject, origin) = (self.subject.as_deref(), self.origin.as_ref());
        let store = &self.minter.store;
        Wanted {
            key: store.to_key(&store.key_ref(subject, origin, part)),
            valid_for: self.valid_for,
            up_to: self.up_to.clone(),
        }
    }
}

/// Why a token cannot be returned any more.
fn stale(token: &AccessToken, valid_for: Duration) -> Option<Fault> {
    if token.is_revoked() {
        return Some(Fault::Revoked);
    }
    let left = token.remaining();
    let is_short = left.is_zero() || left < valid_for;
    is_short.then_some(Fault::Late {
        asked: valid_for,
        left,
    })
}
