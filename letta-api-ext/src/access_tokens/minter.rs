//! Minting in production: tokens from a cache. Each is minted once for all who want it, renewed ahead of need, and
//! revoked when a user signs out.
//!
//! A request takes this way: `request` looks in the cache ([`store`]). If there is no token, it boards a flight
//! ([`flights`]), unless an earlier failure holds it off ([`hold_off`]). The flight waits for its turn to create,
//! asks the service ([`mint`]), and lands: the token goes into the cache and to all who wait.
//!
//! One lock decides everything that must not happen at once: the lock of the flights. Lookups that may begin a
//! flight, landings and revocations run under it. So a token that is revoked is either in the cache, where the
//! revocation finds it, or on a flight, which the revocation calls off.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot, watch};
use tracing::Instrument as _;

use crate::access_tokens::Revocation;
use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::client::Letta;
use crate::error::{Error, Result};
use crate::ids::AgentId;
use crate::ids::Origin;
use crate::platform::runtime;
use crate::time::clock::{self, Instant};
use builder::Settings;
use counters::{Counts, count};
use flights::{Boarding, Flight, Flights, Landing, Ticket};
use held::Held;
use hold_off::HoldOff;
use key::{Key, KeyRef, Selection};
use mint::Mint;
use store::Store;

mod agent_tokens;
mod builder;
mod counters;
mod fault;
mod flights;
mod held;
mod hold_off;
mod key;
mod mint;
mod per_agent;
mod policies;
mod prehashed;
mod renewal;
mod request;
mod revocation;
mod store;
mod sync;

pub use agent_tokens::{AgentTokens, BrowserTokens};
pub use builder::TokenMinterBuilder;
pub use counters::MinterCounters;
pub(crate) use fault::Fault;
pub use per_agent::{AgentTokensFuture, AgentTokensRequest};
pub use request::{TokenFuture, TokenRequest};
pub use revocation::{RevocationFailure, RevocationReport};

/// How often a request starts over because the task that minted for it was dropped.
const MOST_ROUNDS: usize = 3;

/// How many policies are revoked before the lock is released for others.
const SLICE: usize = 64;

/// Serves tokens for pages: from its cache if possible, otherwise freshly minted.
///
/// A backend mints for every page load of every user. Calling the service each time is slow, is rate limited, and
/// leaves a trail of live tokens. One minter per process, shared by all its tasks, makes one call per policy and
/// subject in a few minutes. While the service fails, it makes [a few calls](#when-the-service-fails) instead of one
/// per page load:
///
/// ```no_run
/// use letta_api_ext::{AccessPolicy, Letta, TokenMinter};
///
/// # async fn run() -> Result<(), letta_api_ext::Error> {
/// let letta = Letta::from_env()?;
/// let minter = TokenMinter::new(&letta, "https://chat.example.com")?; // once; clones share it
///
/// let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
/// let token = minter.token(&policy).await?; // for every page load
/// let body = token.to_browser();
///
/// let report = minter.revoke(&policy).await; // when the user signs out
/// println!("a page that kept its token may go on for {:?}", report.longest_remaining());
/// # drop(body); Ok(())
/// # }
/// ```
///
/// **A token is for [one agent](crate::policy#one-agent-for-a-token).** For a page that needs several agents, ask for
/// [a token for each](Self::tokens_per_agent). If [`token`](Self::token) gets a policy of several agents, each mint
/// [warns](crate::CreateAccessToken::send).
///
/// # What it promises
///
/// - **Enough life.** A token that is served is good for at least as long as [asked for](TokenRequest::valid_for), by
///   default a third of its [lifetime](TokenMinterBuilder::lifetime). That is measured from the service's own `Date`
///   with a monotonic clock: a wrong clock on this machine neither serves an expired token nor renews too soon. (Time
///   during which the machine was suspended may not count.)
/// - **No more rights than asked for**, and no token of others: it was minted for the same policy, origin and
///   [subject](TokenRequest::subject). A token with more rights is served only [within a bound](TokenRequest::up_to).
///   If the service grants something else, the token is deleted and never kept: a [grant
///   mismatch](crate::Error::is_grant_mismatch). The same happens if the answer does not say what the token allows,
///   for which origin, or until when. So a minter needs a service that answers with policy, origin and expiry, as
///   documented.
/// - **No longer life than asked for.** If the [lifetime](TokenMinterBuilder::lifetime) is not the service's default
///   of 5 minutes, the minter asks for an expiry. A token that expires a second or more later is a grant mismatch,
///   too. A token that expires earlier is kept, and all times are shortened in proportion. With a lifetime of 5
///   minutes, the service chooses the expiry, unless it has given a longer life before.
/// - **Single flight.** Any number of tasks that ask for the same thing at once cause one create. If it fails, all
///   get the error. Cancelling one caller does not affect the others. A create that has begun goes on, and its token
///   is kept.
/// - **No stampede.** While the service fails or limits the account, it gets a few calls, however many callers ask
///   the minter: see [below](#when-the-service-fails).
/// - **Renewed ahead.** A token that nears its end is renewed in the background when somebody asks for it, at a
///   [random moment](TokenMinterBuilder::renew_ahead), while the old one is still served. A token that nobody asks
///   for is not renewed. If a renewal fails, the next waits for the time that the service names, or for a part of
///   what is left.
/// - **Linear work.** A request that finds no token takes time in proportion to the number of agents in its policy.
///   Requests for other policies do not wait for that. A policy is hashed once, when it is made, with random keys of the
///   process: nobody can choose subjects or agents that collide.
/// - **Bounds** on [memory](TokenMinterBuilder::capacity), on [creates at the same
///   time](TokenMinterBuilder::max_concurrent_creates), and on how long a request waits: at most the client's
///   [deadline](crate::LettaBuilder::deadline), for its turn and the create together.
/// - **A revoked token is not served again.** A token that is [revoked](Self::revoke) is first forgotten, and then
///   deleted at the service. A token that is being minted meanwhile is deleted when it lands, and callers who wait
///   for it get an [error](crate::Error::is_revoked). A page that already has the token is another matter: see
///   [below](#after-a-token-is-revoked).
/// - **Secrets do not linger.** A token that is evicted or revoked is wiped from the cache's memory at once. The last
///   clone that the application holds wipes itself.
///
/// # When the service fails
///
/// Cached tokens are still served if they are good for long enough, and revocations are still sent. A request that
/// needs a new token gets the earlier error again at once, without a call. That error [is held
/// off](crate::Error::is_held_off), and its [`retry_after`](crate::Error::retry_after) is what is left of the wait.
///
/// | failure | what waits | how long |
/// |---|---|---|
/// | 429, and 503 with a `Retry-After` | all keys of this minter, since the limit is the account's | until the moment that the service names, at most one hour |
/// | 429 without a `Retry-After` | all keys of this minter | 1 second, twice as long for each 429 that follows, up to 1 minute |
/// | any other: 401, 403, 5xx, no connection, a time-out, an invalid answer, a [grant mismatch](crate::Error::is_grant_mismatch), a token that has expired when it arrives | its key: policy, origin and subject | 1 second, twice as long for each failure that follows, up to 30 seconds; a longer `Retry-After` of the answer counts, up to one hour |
///
/// A wait that the service does not name is shortened by up to a half, at random. From the second limit in a row, a
/// wait that the service names counts as at least half a second. The count of failures restarts after a success. It
/// also restarts if no failure follows within the longest wait that the service does not name. When a wait is over,
/// creates go on as before: at most [as many at a time](TokenMinterBuilder::max_concurrent_creates) find out that the
/// service still fails. A wait is measured by the monotonic clock, in this process alone. At most 10,000 keys are
/// held at a time. If there are more, the key that was asked for least recently may be tried again. Invalid input,
/// which is never sent, holds nothing.
///
/// Within one create, the client's [retry policy](crate::RetryPolicy) applies as for any call. If the service names a
/// wait that ends within the [deadline](crate::LettaBuilder::deadline), the create waits and goes on. Callers who ask
/// for the same token wait with it. Callers who need another new token get the error at once.
///
/// # After a token is revoked
///
/// The minter does not serve the token any more, and has the service delete it. **A page that has used it may go on
/// until it expires**: by the service's published source of 2025, a used token is in a cache that a delete does not
/// clear. So the protection after a sign-out is the token's life, which is at most the minter's
/// [lifetime](TokenMinterBuilder::lifetime). [`RevocationReport::longest_remaining`] is what is left of it. If that
/// is too long for what an agent can do, choose a shorter lifetime; its [docs](TokenMinterBuilder::lifetime) say what
/// that costs.
///
/// # Whose token it is
///
/// By default everyone who asks for the same policy shares a token. If users share an agent, or if signing out of one
/// session must not revoke another's token, name a [subject](TokenRequest::subject), such as the session.
///
/// Another process or a person may delete a token, and this minter cannot know. If a page says that its token is
/// refused, [revoke](Self::revoke) the token here too. The next one is fresh.
///
/// # Several processes
///
/// Each process has a minter and mints its own tokens, which the service allows. Nothing is shared, so no secret is
/// stored anywhere. Revoking covers what this process has minted. To delete all tokens of an agent, whoever minted
/// them, [list](crate::AccessTokens::list) them.
///
/// # Observability
///
/// [`counters`](Self::counters) can be read at any time. `tracing` gets the same as events, with targets within
/// `letta_api_ext`: hits at TRACE, failures at WARN, the rest at DEBUG. Each has a field
/// `monotonic_counter.letta_minter_…` of 1, which `tracing-opentelemetry` turns into a metric. Requests that are
/// [held off](#when-the-service-fails) are summed up in one event when a wait is over. A limit of the account is one
/// event per wait, at WARN. Minting is a span `letta.mint` around the [call's](crate#observability) span. None of
/// them has subjects, secrets or IDs.
///
/// # Runtime
///
/// Needs a tokio runtime with time and I/O enabled. The minter mints, renews and revokes in its tasks. Not available
/// in a browser.
#[derive(Clone)]
pub struct TokenMinter {
    inner: Arc<Inner>,
}

struct Inner {
    mint: Mint,
    letta: Letta,
    origin: Origin,
    lifetime: Duration,
    valid_for: Duration,
    renew_ahead: Duration,
    store: Store,
    flights: Flights<Arc<Key>, Result<AccessToken>>,
    hold_off: Arc<HoldOff>,
    creates: Semaphore,
    max_concurrent_creates: usize,
    counts: Arc<Counts>,
    /// How many tasks are running that may leave a token.
    work: watch::Sender<usize>,
}

/// What a request needs.
struct Wanted {
    key: Arc<Key>,
    valid_for: Duration,
    up_to: Option<AccessPolicy>,
}

/// The result of looking in the cache.
enum Found {
    Token(AccessToken, Arc<Key>, Arc<Held>),
    /// There is a token, but the service gives it only this life, which is not enough.
    TooShort(Duration),
    /// There is no token, and the service must not be asked for one now.
    HeldOff(Error),
}

impl TokenMinter {
    /// A minter of tokens for the web application at `origin`, with default settings: tokens live for 5 minutes.
    ///
    /// # Errors
    ///
    /// An invalid origin (`origin`).
    pub fn new<O>(letta: &Letta, origin: O) -> Result<Self>
    where
        O: TryInto<Origin>,
        O::Error: Into<Error>,
    {
        Self::builder(letta, origin).build()
    }

    /// Configures a minter step by step.
    pub fn builder<O>(letta: &Letta, origin: O) -> TokenMinterBuilder
    where
        O: TryInto<Origin>,
        O::Error: Into<Error>,
    {
        TokenMinterBuilder::new(letta.clone(), origin.try_into().map_err(Into::into))
    }

    fn with(settings: Settings) -> Self {
        let counts = Arc::new(Counts::default());
        let hold_off = Arc::new(HoldOff::new(counts.clone()));
        let Settings {
            letta, lifetime, ..
        } = settings;
        let inner = Inner {
            mint: Mint::new(
                letta.clone(),
                settings.origin.clone(),
                lifetime,
                counts.clone(),
                hold_off.clone(),
            ),
            letta,
            origin: settings.origin,
            lifetime,
            valid_for: settings.valid_for,
            renew_ahead: settings.renew_ahead,
            store: Store::new(settings.capacity, counts.clone()),
            flights: Flights::new(),
            hold_off,
            creates: Semaphore::new(settings.max_concurrent_creates),
            max_concurrent_creates: settings.max_concurrent_creates,
            counts,
            work: watch::Sender::new(0),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Asks for a token that allows what `policy` allows. Use a policy of one agent. For several, see
    /// [`tokens_per_agent`](Self::tokens_per_agent). Await it. It can be refined before:
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use letta_api_ext::{AccessPolicy, TokenMinter};
    /// # async fn run(minter: TokenMinter, policy: AccessPolicy) -> Result<(), letta_api_ext::Error> {
    /// let token = minter
    ///     .token(&policy)
    ///     .subject("session-7")
    ///     .valid_for(Duration::from_secs(120))
    ///     .await?;
    /// assert!(token.remaining() >= Duration::from_secs(120));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Before anything is sent: a policy that allows nothing (`policy`), a `valid_for` out of bounds, an `up_to` that
    /// does not include the policy, or a minter that is [shut down](Error::is_shut_down). After that:
    ///
    /// - any error of a [create](crate::CreateAccessToken::send), now or a moment ago ([held
    ///   off](Error::is_held_off));
    /// - a [time-out](Error::is_timeout): it was not its turn to create within the client's deadline, or the token
    ///   took so long to arrive that too little of its life is left;
    /// - the token was [revoked](Error::is_revoked) meanwhile;
    /// - the service's tokens are not [good for long enough](Error::is_short_lived).
    ///
    /// If a token must be minted and there is no tokio runtime, the error has the field `runtime`.
    pub fn token<'a>(&'a self, policy: &'a AccessPolicy) -> TokenRequest<'a> {
        TokenRequest::new(self, policy)
    }

    /// Asks for a token for each agent that `policy` names, since [a token is for one
    /// agent](crate::policy#one-agent-for-a-token). Await it. It can be refined before:
    ///
    /// ```no_run
    /// # use letta_api_ext::{AccessPolicy, TokenMinter};
    /// # async fn run(minter: TokenMinter) -> Result<(), letta_api_ext::Error> {
    /// let policy: AccessPolicy = "agent-1:chat; agent-2:read_agent".parse()?;
    /// let tokens = minter.tokens_per_agent(&policy).subject("session-7").await?;
    /// for (agent, token) in &tokens {
    ///     assert_eq!(token.policy().sole_agent(), Some(agent));
    /// }
    /// let body = tokens.to_browser(); // serialises to {"agent-1": {"token", "expiresAt", "expiresIn"}, …}
    /// # drop(body); Ok(())
    /// # }
    /// ```
    ///
    /// Each token is minted for its [part](AccessPolicy::per_agent) of the policy. It is the token that
    /// [`token`](Self::token) returns for that part, so it is cached, renewed, held off and revoked by itself.
    /// Missing tokens are minted in parallel, [as many at a time](TokenMinterBuilder::max_concurrent_creates) as this
    /// minter allows. The work is linear in the number of agents. With a [subject](AgentTokensRequest::subject) and
    /// [`up_to`](AgentTokensRequest::up_to) together, each agent without a token also costs a look at all tokens of
    /// the subject.
    ///
    /// The whole request waits at most for the client's [deadline](crate::LettaBuilder::deadline). It is all or
    /// nothing: **the first error is returned at once**, and creates that have not begun do not begin, so a service
    /// that fails is not asked once per agent. Nothing is lost: minted tokens are kept, and creates that have begun
    /// go on. So asking again mints only what is missing. The same is true if the future is dropped.
    ///
    /// If a token is revoked or nears its end while the others are minted, it is minted again.
    ///
    /// The cache needs [room](TokenMinterBuilder::capacity) for all of them. Otherwise they are minted anew each
    /// time.
    ///
    /// # Errors
    ///
    /// Those of [`token`](Self::token). Also, before anything is sent, a policy with a [grant of an unknown
    /// kind](AccessPolicy::unknown_grants) (`policy`), since no token for one agent can have it. A
    /// [time-out](Error::is_timeout) if the deadline comes before all tokens are ready.
    pub fn tokens_per_agent<'a>(&'a self, policy: &'a AccessPolicy) -> AgentTokensRequest<'a> {
        AgentTokensRequest::new(self, policy)
    }

    /// Stops serving the tokens that were minted for this policy, for any subject and origin, and those that were
    /// [served](TokenRequest::up_to) for it, and has the service delete them. A token that was served for very many
    /// policies is revoked with each policy that it includes.
    ///
    /// If the policy names several agents, the tokens for each of its [parts](AccessPolicy::per_agent) are revoked
    /// too, whoever asked for them. These are the tokens of [`tokens_per_agent`](Self::tokens_per_agent).
    ///
    /// The tokens are forgotten as soon as the future is polled. Tokens that are being minted are deleted when they
    /// land. The deletion goes on if the future is dropped. Later requests for the same policy get fresh tokens.
    ///
    /// A page that has used such a token may go on with it [until it expires](#after-a-token-is-revoked), see
    /// [`RevocationReport::longest_remaining`].
    ///
    /// A token that was evicted from a full cache ([`capacity`](TokenMinterBuilder::capacity)) is not found, see
    /// [`RevocationReport::may_have_missed`].
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn revoke(&self, policy: &AccessPolicy) -> RevocationReport {
        let parts = policy.parts_per_agent();
        let all: Vec<_> = std::iter::once(policy).chain(&parts).collect();
        let slices = all.chunks(SLICE);
        let selections = slices.map(|slice| self.inner.store.select(slice.iter().copied()));
        self.inner.revoke(selections.collect()).await
    }

    /// Revokes the tokens whose policy names this agent. Otherwise as [`revoke`](Self::revoke).
    ///
    /// Takes text or an [`AgentId`]. If the ID is invalid, nothing is revoked, and
    /// [`RevocationReport::error`] says so.
    ///
    /// ```no_run
    /// # async fn run(minter: letta_api_ext::TokenMinter) {
    /// let report = minter.revoke_agent("agent-1").await;
    /// assert!(report.is_complete(), "{report:?}");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn revoke_agent<A>(&self, agent: A) -> RevocationReport
    where
        A: TryInto<AgentId>,
        A::Error: Into<Error>,
    {
        match agent.try_into().map_err(Into::into) {
            Ok(agent) => self.inner.revoke(vec![Selection::Agent(&agent)]).await,
            Err(error) => RevocationReport {
                error: Some(error),
                ..RevocationReport::default()
            },
        }
    }

    /// Revokes the tokens of this [subject](TokenRequest::subject). Otherwise as [`revoke`](Self::revoke).
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn revoke_subject(&self, subject: &str) -> RevocationReport {
        self.inner.revoke(vec![Selection::Subject(subject)]).await
    }

    /// Revokes the tokens of this subject for this agent alone. Otherwise as [`revoke`](Self::revoke).
    #[cfg(feature = "axum")]
    pub(crate) async fn revoke_subject_on(
        &self,
        subject: &str,
        agent: &AgentId,
    ) -> RevocationReport {
        let selection = Selection::SubjectOnAgent(subject, agent);
        self.inner.revoke(vec![selection]).await
    }

    /// [Revokes](Self::revoke) all tokens that have not expired, and mints no more: waiting and later requests get an
    /// [error](Error::is_shut_down).
    ///
    /// Returns when all is done, or after `within`, with a report of what could not be deleted. Tokens that are being
    /// minted are waited for, and deleted when they land.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub async fn shutdown(&self, within: Duration) -> RevocationReport {
        self.inner.clone().shutdown(within).await
    }

    /// What this minter and its clones have done so far.
    pub fn counters(&self) -> MinterCounters {
        self.inner.counts.read()
    }

    /// How many tokens are kept: those that are served, those that were replaced but have not expired, and some that
    /// have expired but were not removed yet.
    pub fn token_count(&self) -> u64 {
        self.inner.store.len()
    }

    /// The origin of the web application that tokens are for. A request may [name another](TokenRequest::origin).
    pub fn origin(&self) -> &Origin {
        &self.inner.origin
    }

    /// How long tokens [live](TokenMinterBuilder::lifetime). A page may go on for at most this long after a sign-out.
    pub fn lifetime(&self) -> Duration {
        self.inner.lifetime
    }
}

impl std::fmt::Debug for TokenMinter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenMinter")
            .field("letta", &self.inner.letta)
            .field("origin", &self.inner.origin)
            .field("lifetime", &self.inner.lifetime)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

/// Serving tokens.
impl Inner {
    /// The cached token for exactly this key. The common case.
    fn lookup(self: &Arc<Self>, key: &KeyRef<'_>, valid_for: Duration) -> Option<AccessToken> {
        let token = self.peek(key, valid_for)?;
        self.count_hit();
        Some(token)
    }

    /// Like [`lookup`](Self::lookup), but does not count a hit: the caller counts it when it serves the token.
    fn peek(self: &Arc<Self>, key: &KeyRef<'_>, valid_for: Duration) -> Option<AccessToken> {
        let held = self.store.look_up(key)?;
        let now = Instant::now();
        let token = held.good_for(valid_for, now)?;
        if held.is_due(now) {
            self.renew(self.store.to_key(key), held);
        }
        Some(token)
    }

    /// Looks for a token in the cache, joins the flight that brings one, or begins one. Repeats that until there is a
    /// token.
    async fn obtain(self: Arc<Self>, wanted: Wanted) -> Result<AccessToken> {
        for _ in 0..MOST_ROUNDS {
            // The runtime of the round before may be the one that ended.
            let runtime = runtime::current()?;
            let wider = match &wanted.up_to {
                Some(bound) => self.store.wider(&wanted.key, bound),
                None => Vec::new(),
            };
            let boarding = self.flights.board(
                &wanted.key,
                || self.find(&wanted, wider),
                || {
                    let refusal = self.hold_off.refusal(&wanted.key, Instant::now());
                    refusal.map(Found::HeldOff)
                },
            );
            let ticket = match boarding {
                Boarding::Found(Found::Token(token, key, held)) => {
                    if held.is_due(Instant::now()) {
                        self.renew(key, held);
                    }
                    self.count_hit();
                    return Ok(token);
                }
                Boarding::Found(Found::TooShort(given)) => {
                    let asked = wanted.valid_for;
                    return Err(Fault::ShortLived { asked, given }.into());
                }
                Boarding::Found(Found::HeldOff(error)) => {
                    self.counts.held_off.add_one();
                    return Err(error);
                }
                Boarding::Closed => return Err(Fault::ShutDown.into()),
                Boarding::Joined(ticket) => {
                    count!(
                        self.counts,
                        debug,
                        waits,
                        letta_minter_waits,
                        "another is minting it"
                    );
                    ticket
                }
                Boarding::Leads(flight, ticket) => {
                    let span = tracing::debug_span!("letta.mint", letta.minter.renewal = false);
                    let flying = self.clone().fly(wanted.key.clone(), flight, None);
                    runtime.spawn(flying.instrument(span));
                    ticket
                }
            };
            match ticket.outcome().await {
                Some(Ok(token)) => return self.check(token, &wanted),
                Some(Err(error)) => {
                    if error.is_held_off() {
                        self.counts.held_off.add_one();
                    }
                    return Err(error);
                }
                // The task of the flight was dropped.
                None => {}
            }
        }
        Err(Fault::Abandoned.into())
    }

    fn count_hit(&self) {
        count!(
            self.counts,
            trace,
            hits,
            letta_minter_hits,
            "served from the cache"
        );
    }

    /// Looks in the cache for a token of this key or a `wider` one. Called under the lock of the flights, so that no
    /// token is served for a policy that is being revoked.
    fn find(&self, wanted: &Wanted, wider: Vec<Arc<Key>>) -> Option<Found> {
        let now = Instant::now();
        let exact = self.store.get(&wanted.key);
        if let Some(held) = &exact
            && let Some(token) = held.good_for(wanted.valid_for, now)
        {
            return Some(Found::Token(token, wanted.key.clone(), held.clone()));
        }
        for wider in wider {
            if let Some(held) = self.store.get(&wider)
                && let Some(token) = held.good_for(wanted.valid_for, now)
            {
                held.stand_in_for(&wanted.key.policy);
                return Some(Found::Token(token, wider, held));
            }
        }
        let given = exact?.too_short_for(wanted.valid_for, now)?;
        Some(Found::TooShort(given))
    }

    /// Checks that a token that was just minted is good for long enough. If it is not, minting again would return an
    /// equally short token, so do not loop.
    fn check(&self, token: AccessToken, wanted: &Wanted) -> Result<AccessToken> {
        let (left, asked) = (token.remaining(), wanted.valid_for);
        if !left.is_zero() && left >= asked {
            return Ok(token);
        }
        let held = self.store.get(&wanted.key);
        let given = held.map_or(asked, |held| held.granted());
        if given >= asked {
            return Err(Fault::Late { asked, left }.into());
        }
        let error = Fault::ShortLived { asked, given }.into();
        if left.is_zero() {
            // A short token that still lives is in the cache, so later callers get the same error without a create.
            // One that has expired is not, so its key is held off.
            (self.hold_off).failed(&wanted.key, &error, Instant::now());
        }
        Err(error)
    }
}

/// Minting tokens.
impl Inner {
    /// Mints a token in a task of its own, for all who wait or as a renewal. The task goes on if nobody waits any
    /// more: a create that was sent may have made a token, and that must be known to be revoked.
    fn fly(
        self: Arc<Self>,
        key: Arc<Key>,
        flight: Arc<Flight<Result<AccessToken>>>,
        renewal: Option<(Ticket<Result<AccessToken>>, Arc<Held>)>,
    ) -> impl Future<Output = ()> + Send + use<> {
        // A runtime that shuts down drops this task at any point, even before its first poll.
        let cleared = {
            let (minter, key, flight) = (self.clone(), key.clone(), flight.clone());
            OnDrop(move || minter.flights.crash(&key, &flight))
        };
        async move {
            let _cleared = cleared;
            self.fly_on(key, flight, renewal).await;
        }
    }

    async fn fly_on(
        self: Arc<Self>,
        key: Arc<Key>,
        flight: Arc<Flight<Result<AccessToken>>>,
        renewal: Option<(Ticket<Result<AccessToken>>, Arc<Held>)>,
    ) {
        let _work = self.begin_work();
        let deadline = clock::after(Instant::now(), self.deadline());
        let minted = match self.turn(&key, &flight, deadline).await {
            None => return,
            Some(Ok(turn)) => {
                let discard = |token| {
                    tracing::debug!(
                        target: "letta_api_ext::minter",
                        "a token of another lifetime is deleted, and minted again"
                    );
                    self.clone().revoke_in_background(token);
                };
                let minted = self
                    .mint
                    .create(&key, deadline, renewal.is_some(), discard)
                    .await;
                drop(turn);
                minted
            }
            Some(Err(error)) => Err(error),
        };
        match &minted {
            Ok(_) => self.hold_off.succeeded(&key),
            Err(error) => self.hold_off.failed(&key, error, Instant::now()),
        }
        if let Err(error) = &minted
            && !error.is_held_off()
        {
            count!(
                self.counts,
                warn,
                failures,
                letta_minter_failures,
                { error.type = &*error.error_type() },
                "a token could not be minted: {error}"
            );
        }
        if let Err(error) = &minted
            && let Some((_, held)) = &renewal
        {
            held.postpone(clock::after(Instant::now(), self.pause(error, held)));
        }
        let (outcome, life) = match minted {
            Ok(minted) => (Ok(minted.token), Some((minted.good_until, minted.granted))),
            Err(error) => (Err(error), None),
        };
        let landing = self.flights.land(&key, &flight, outcome, |outcome| {
            if let (Ok(token), Some((ends, granted))) = (outcome, life) {
                self.keep(&key, token, ends, granted);
            }
        });
        match landing {
            Landing::Kept => {
                self.store.settle();
                self.remove_expired();
            }
            Landing::Stranded(Ok(token)) => {
                // The result has been counted and traced. Nobody else needs it.
                let _ = self.revoke_token(token, None).await;
            }
            Landing::HandedOver | Landing::Stranded(Err(_)) => {}
        }
    }

    /// Waits for a turn to create. Returns an error if the service must not be asked, even if that begins while this
    /// waits. Returns `None` if nobody needs the create any more.
    async fn turn(
        &self,
        key: &Arc<Key>,
        flight: &Arc<Flight<Result<AccessToken>>>,
        deadline: Instant,
    ) -> Option<Result<SemaphorePermit<'_>>> {
        let is_needless = || flight.is_called_off() || self.flights.abandon(key, flight);
        let turn = clock::timeout_at(deadline, self.creates.acquire());
        let mut turn = std::pin::pin!(turn);
        loop {
            let mut holds = std::pin::pin!(self.hold_off.begins());
            holds.as_mut().enable();
            if let Some(refusal) = self.hold_off.refusal(key, Instant::now()) {
                return Some(Err(refusal));
            }
            tokio::select! {
                biased;
                () = holds => {}
                turn = &mut turn => {
                    if is_needless() {
                        return None;
                    }
                    let busy = Fault::Busy {
                        limit: self.max_concurrent_creates,
                        waited: self.deadline(),
                    };
                    // The deadline may have come at the same time. The semaphore is never closed.
                    let turn = turn.ok().and_then(Result::ok);
                    let turn = turn.filter(|_| Instant::now() < deadline);
                    return Some(turn.ok_or_else(|| busy.into()));
                }
                () = flight.is_unwanted() => {
                    if is_needless() {
                        return None;
                    }
                }
            }
        }
    }

    /// Puts a token that has landed into the cache. Called under the lock of the flights.
    fn keep(&self, key: &Arc<Key>, token: &AccessToken, ends: Instant, granted: Duration) {
        let now = Instant::now();
        let renew_in = self.renew_in(ends.saturating_duration_since(now));
        let current = self.store.get(key);
        let held = Held::new(
            token.clone(),
            ends,
            granted,
            now,
            renew_in,
            current.as_deref(),
        );
        self.store.insert(key.clone(), held);
    }

    fn remove_expired(&self) {
        let now = Instant::now();
        for key in self.store.expired(self.lifetime, now) {
            self.flights.hold(|| self.store.remove_expired(&key, now));
        }
    }

    fn deadline(&self) -> Duration {
        self.letta.options().deadline()
    }

    fn begin_work(self: &Arc<Self>) -> impl Drop + Send + use<> {
        self.work.send_modify(|count| *count += 1);
        let minter = self.clone();
        OnDrop(move || minter.work.send_modify(|count| *count -= 1))
    }
}

/// Revoking tokens.
impl Inner {
    async fn revoke(self: &Arc<Self>, selections: Vec<Selection<'_>>) -> RevocationReport {
        // Both come before anything is forgotten. Outside a runtime, tokens would be forgotten and not deleted. And a
        // shutdown must know of this work, even if its task has to wait for its turn.
        let (runtime, work) = (runtime_for("revoke"), self.begin_work());
        let now = Instant::now();
        let (mut tokens, mut landings) = (Vec::new(), Vec::new());
        for selection in selections {
            let (taken, called_off) = self.flights.call_off(
                |key| selection.includes(key),
                Err(Fault::Revoked.into()),
                || self.store.take(&selection, now),
            );
            tokens.extend(taken);
            landings.extend(called_off);
        }
        let revoking = self.clone().revoke_all(tokens, landings, None);
        let revoking = async move {
            let _work = work;
            revoking.await
        };
        finished(runtime.spawn(revoking.in_current_span()).await)
    }

    async fn shutdown(self: Arc<Self>, within: Duration) -> RevocationReport {
        let (runtime, work) = (runtime_for("shut down"), self.begin_work());
        let now = Instant::now();
        let deadline = Some(clock::after(now, within));
        let (tokens, landings) = self.flights.close(Err(Fault::ShutDown.into()), || {
            self.store.take(&Selection::All, now)
        });
        let revoking = self.clone().revoke_all(tokens, landings, deadline);
        let revoking = async move {
            let _work = work;
            revoking.await
        };
        let mut report = finished(runtime.spawn(revoking.in_current_span()).await);
        // Flights that were called off may still be under way.
        let mut work = self.work.subscribe();
        let idle = work.wait_for(|count| *count == 0);
        // The sender is in `self`, so the receiver does not fail.
        let _ = until(deadline, idle).await;
        report.unfinished += *self.work.borrow();
        report
    }

    /// Deletes the tokens, and those that land later.
    async fn revoke_all(
        self: Arc<Self>,
        tokens: Vec<AccessToken>,
        landings: Vec<oneshot::Receiver<Result<AccessToken>>>,
        deadline: Option<Instant>,
    ) -> RevocationReport {
        let mut report = RevocationReport {
            // Nobody got a token that lands now.
            all_ended: tokens.iter().filter_map(AccessToken::has_ended_by).max(),
            may_have_missed: self.store.may_have_evicted_live_tokens(Instant::now()),
            ..RevocationReport::default()
        };
        let mut revocations = stream::iter(tokens)
            .map(|token| self.revoke_token(token, deadline))
            .buffer_unordered(self.max_concurrent_creates);
        while let Some(outcome) = revocations.next().await {
            report.add(outcome);
        }
        let mut landings = stream::iter(landings)
            .map(|landing| async {
                match until(deadline, landing).await? {
                    Ok(Ok(token)) => Some(Ok(self.revoke_token(token, deadline).await)),
                    Ok(Err(error)) => Some(Err(error)),
                    // The flight had not begun its work.
                    Err(_) => None,
                }
            })
            .buffer_unordered(self.max_concurrent_creates);
        while let Some(outcome) = landings.next().await {
            match outcome {
                Some(Ok(outcome)) => report.add(outcome),
                Some(Err(error)) if error.may_have_happened() => report.unknown_outcomes += 1,
                Some(Err(_)) | None => {}
            }
        }
        report
    }

    fn revoke_in_background(self: Arc<Self>, token: AccessToken) {
        let work = self.begin_work();
        tokio::spawn(
            async move {
                let _work = work;
                // The result is counted and traced.
                let _ = self.revoke_token(token, None).await;
            }
            .in_current_span(),
        );
    }

    async fn revoke_token(
        &self,
        token: AccessToken,
        deadline: Option<Instant>,
    ) -> Result<Revocation, RevocationFailure> {
        let result = match deadline.map(|end| end.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => Err(Fault::NoTime.into()),
            left => {
                let left = left.map_or(self.deadline(), |left| left.min(self.deadline()));
                let tokens = self.letta.access_tokens();
                tokens
                    .revoke_minted(&token)
                    .with_deadline(left)
                    .send()
                    .await
            }
        };
        match result {
            Ok(revocation) => {
                count!(
                    self.counts,
                    debug,
                    revocations,
                    letta_minter_revocations,
                    "a token was deleted"
                );
                Ok(revocation)
            }
            Err(error) => {
                count!(self.counts,
                    warn,
                    failed_revocations,
                    letta_minter_failed_revocations,
                    { error.type = &*error.error_type() },
                    "a token works until it expires, since it could not be deleted: {error}"
                );
                Err(RevocationFailure { token, error })
            }
        }
    }
}

/// Awaits a future. `None` if the deadline comes first.
async fn until<T>(deadline: Option<Instant>, future: impl Future<Output = T>) -> Option<T> {
    match deadline {
        Some(deadline) => clock::timeout_at(deadline, future).await.ok(),
        None => Some(future.await),
    }
}

/// The current tokio runtime, for methods that cannot return an error.
///
/// # Panics
///
/// Outside a tokio runtime.
#[track_caller]
fn runtime_for(what: &str) -> Handle {
    runtime::current().unwrap_or_else(|missing| {
        panic!(
            "a token minter cannot {what} here: {}",
            Error::from(missing)
        )
    })
}

/// The result of one of our tasks.
fn finished(report: Result<RevocationReport, tokio::task::JoinError>) -> RevocationReport {
    match report {
        Ok(report) => report,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        // The runtime is shutting down, and dropped the task.
        Err(_) => RevocationReport {
            unfinished: 1,
            ..RevocationReport::default()
        },
    }
}

/// Runs a function when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}
