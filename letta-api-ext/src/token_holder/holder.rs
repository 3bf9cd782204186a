//! The holder of a client's tokens.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_core::Stream;
use futures_util::future::select;
use futures_util::stream;
use tokio::sync::watch;

use super::fault;
use super::flight::{Flight, Landing, Pilot};
use super::life::{Moment, WallClock};
use super::opens::Missing;
use super::slots::{AfterRefusal, Due, Found, Ready, Slots, is_same, without_secrets};
use super::source::{SourcedTokens, TokenSource};
use super::source_error::TokenSourceError;
use super::state::TokenState;
use crate::error::{Error, Result};
use crate::ids::{AgentId, Origin};
use crate::platform;
use crate::time::clock;
use crate::transport::credentials::HeldToken;

/// The longest sleep of a timer. The clock that timers use may stop while the machine sleeps, so the time of day is looked at once in a
/// while.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// A timer may fire a little early.
const SHORTEST_SLEEP: Duration = Duration::from_millis(1);

/// How often the source is asked again if its task ended without an answer.
const MOST_LOST: u32 = 2;

/// Holds the tokens of a client, and renews them. From [`Letta::token_holder`](crate::Letta::token_holder).
///
/// Calls of the client ask it by themselves. This is for what else an application needs: to show the state, to renew ahead without
/// a call, and to sign out. Cheap to clone. Clones share the tokens. `Debug` shows the state.
///
/// ```no_run
/// # async fn run() -> Result<(), letta_api_ext::Error> {
/// use letta_api_ext::Letta;
/// use letta_api_ext::token_holder::SourcedToken;
///
/// let letta = Letta::builder().token_source(SourcedToken::new("ck-let-0f3c")).build()?;
/// let holder = letta.token_holder().expect("a source was set");
/// println!("{:?}, {:?} left", holder.state(), holder.remaining());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenHolder {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) source: Arc<dyn TokenSource>,
    pub(super) origin: Option<Origin>,
    wall: WallClock,
    book: Mutex<Book>,
    /// Counts what has happened.
    changed: watch::Sender<u64>,
}

/// What the holder knows, and the question that is under way. There is at most one.
#[derive(Default)]
struct Book {
    slots: Slots,
    flight: Option<Flight>,
}

impl TokenHolder {
    pub(super) fn new(source: Arc<dyn TokenSource>, origin: Option<Origin>) -> Self {
        Self::by_clock(source, origin, clock::now)
    }

    /// A holder that reads the time of day from this clock.
    pub(super) fn by_clock(
        source: Arc<dyn TokenSource>,
        origin: Option<Origin>,
        wall: WallClock,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                source,
                origin,
                wall,
                book: Mutex::default(),
                changed: watch::Sender::new(0),
            }),
        }
    }

    /// What the holder has now.
    ///
    /// ```
    /// # fn run(holder: &letta_api_ext::token_holder::TokenHolder) {
    /// use letta_api_ext::token_holder::TokenState;
    ///
    /// if holder.state() == TokenState::SignedOut {
    ///     println!("sign in first");
    /// }
    /// # }
    /// ```
    pub fn state(&self) -> TokenState {
        self.look().0
    }

    /// The state now, and then each change of it. A state that lasts for less time than it takes to read the stream may be left out.
    /// Ends after [`forget`](Self::forget). The stream borrows nothing. Read it within a tokio runtime, except in a browser.
    ///
    /// ```no_run
    /// # async fn run(holder: &letta_api_ext::token_holder::TokenHolder) {
    /// use std::pin::pin;
    /// use futures_util::StreamExt;
    ///
    /// let mut changes = pin!(holder.changes());
    /// while let Some(state) = changes.next().await {
    ///     println!("{state:?}");
    /// }
    /// # }
    /// ```
    pub fn changes(&self) -> impl Stream<Item = TokenState> + use<> {
        let start = (self.clone(), self.inner.changed.subscribe(), None);
        stream::unfold(start, |(holder, mut changed, last)| async move {
            loop {
                changed.borrow_and_update();
                let (state, left) = holder.look();
                if last != Some(state) {
                    return Some((state, (holder, changed, Some(state))));
                }
                if holder.book().slots.is_over() {
                    return None;
                }
                // Nobody tells when a token ends.
                wait(&mut changed, left).await;
            }
        })
    }

    /// How long the token lives from now, by the holder's own count. With a token for each agent, that of the token that ends first.
    /// `None` if there is no token.
    ///
    /// ```
    /// # fn run(holder: &letta_api_ext::token_holder::TokenHolder) {
    /// if let Some(left) = holder.remaining() {
    ///     println!("{} s", left.as_secs());
    /// }
    /// # }
    /// ```
    pub fn remaining(&self) -> Option<Duration> {
        self.look().1
    }

    /// Fetches another token now, even if the present one is still good. Calls renew it by themselves. If one is being fetched already,
    /// this waits for it. With a token for each agent, all are fetched, one after the other, until one fails.
    ///
    /// # Errors
    ///
    /// The source [gave none](Error::is_without_token), or none for an agent. Outside of a tokio runtime, an error for the
    /// [field](Error::field) `runtime`.
    ///
    /// ```no_run
    /// # async fn run(holder: &letta_api_ext::token_holder::TokenHolder) -> Result<(), letta_api_ext::Error> {
    /// holder.renew().await?; // so that the first call need not wait
    /// # Ok(())
    /// # }
    /// ```
    pub async fn renew(&self) -> Result<()> {
        platform::check_runtime()?;
        let began = self.now();
        let agents = self.book().slots.older_than(&began);
        for agent in agents {
            // The source may have given this one with another.
            let is_old = self.book().slots.older_than(&began).contains(&agent);
            if is_old {
                self.fetch(agent.as_ref()).await?;
            }
        }
        Ok(())
    }

    /// Renews the token before it ends, for as long as this future is polled: without calls, and so without a wait for the next one.
    ///
    /// Calls renew ahead by themselves, but only when there are calls. A program in which minutes pass between two calls may poll this
    /// beside them. It fetches no first token: that is for the first call, or for [`renew`](Self::renew). It does not go on after a
    /// [refusal](TokenState::Refused) or an [end](TokenState::Ended): then it waits until a call has fetched a token. Of several tokens
    /// for agents, those that no call has used since the last renewal are not renewed.
    ///
    /// It ends when [nobody is signed in](TokenState::SignedOut). The future borrows nothing, and goes on if all clients are dropped: drop
    /// it too, or call [`forget`](Self::forget). Poll it within a tokio runtime, except in a browser.
    ///
    /// ```no_run
    /// # async fn run(holder: &letta_api_ext::token_holder::TokenHolder) {
    /// tokio::spawn(holder.keep_renewed());
    /// # }
    /// ```
    pub fn keep_renewed(&self) -> impl Future<Output = ()> + use<> {
        let holder = self.clone();
        let mut changed = self.inner.changed.subscribe();
        async move {
            loop {
                changed.borrow_and_update();
                if holder.state() == TokenState::SignedOut {
                    return;
                }
                let due = {
                    let book = holder.book();
                    match book.flight {
                        Some(_) => Due::Never,
                        None => book.slots.due(&holder.now()),
                    }
                };
                match due {
                    Due::Now(agent) => holder.renew_behind(agent.as_ref()),
                    Due::In(time) => wait(&mut changed, Some(time)).await,
                    Due::Never => wait(&mut changed, None).await,
                }
            }
        }
    }

    /// Drops the token for good, for a user who signs out. Calls fail from now on with
    /// [`is_signed_out`](Error::is_signed_out), also those that wait for a token. The source is not asked any more, and its future is
    /// dropped if it is being asked. Calls that were sent already go on.
    ///
    /// The service does not learn of it: revoke the token on the server, if it must not work any more.
    ///
    /// ```
    /// # fn run(holder: &letta_api_ext::token_holder::TokenHolder) {
    /// holder.forget();
    /// # }
    /// ```
    pub fn forget(&self) {
        let flight = {
            let mut book = self.book();
            book.slots.forget();
            book.flight.take()
        };
        if let Some(flight) = flight {
            flight.land(Landing::Failed(signed_out()));
        }
        self.tell();
    }

    /// A token for a call about this agent.
    pub(super) async fn token(&self, agent: Option<&AgentId>) -> Result<Ready> {
        let mut lost = 0;
        loop {
            let (joined, doubted) = {
                let mut book = self.book();
                if book.slots.is_over() {
                    return Err(signed_out());
                }
                match book.slots.find(agent, &self.now()) {
                    Found::Ready { ready, is_due } => {
                        drop(book);
                        if is_due {
                            self.renew_behind(agent);
                        }
                        return Ok(ready);
                    }
                    Found::NoAgent => return Err(no_agent()),
                    Found::Doubtful(ready) => (self.join(book, agent, true), Some(ready)),
                    Found::Nothing { is_refused } => (self.join(book, agent, is_refused), None),
                }
            };
            let landed = self.landed(&joined.flight).await;
            if let Landing::Tokens(tokens) = &landed
                && let Some(ready) = tokens.for_agent(agent)
            {
                self.book().slots.used(agent, &ready.token);
                return Ok(ready.clone());
            }
            // If there is no other, the doubtful one is still good, unless it was dropped.
            if doubted.is_some()
                && let Some(ready) = self.book().slots.peek(agent, &self.now())
            {
                return Ok(ready.clone());
            }
            match landed {
                Landing::Tokens(_) if agent.is_none() => return Err(no_agent()),
                Landing::Tokens(_) if joined.is_ours => return Err(none_for(agent)),
                Landing::Failed(error) if joined.is_ours || error.is_signed_out() => {
                    return Err(error);
                }
                // It was for another agent.
                Landing::Tokens(_) | Landing::Failed(_) => {}
                Landing::Lost if lost == MOST_LOST => return Err(lost_source()),
                Landing::Lost => lost += 1,
            }
        }
    }

    /// Another token for a call about this agent, whose token was refused. `None` if there is no other to try.
    pub(super) async fn replace(
        &self,
        agent: Option<&AgentId>,
        refused: &HeldToken,
    ) -> Result<Option<Ready>> {
        let mut lost = 0;
        loop {
            let (joined, is_told) = {
                let mut book = self.book();
                if book.slots.is_over() {
                    return Err(signed_out());
                }
                // A question about the token of another agent says nothing of this one.
                let is_told = |flight: &Flight| {
                    flight.says_refused
                        && (flight.agent.as_ref() == agent || book.slots.are_for_all())
                };
                match book.flight.as_ref().map(is_told) {
                    // The token may have been renewed already, and be renewed again.
                    Some(is_told) => match book.slots.peek(agent, &self.now()) {
                        Some(ready) if !is_same(&ready.token, refused) => {
                            return Ok(Some(ready.clone()));
                        }
                        _ => (self.join(book, agent, true), is_told),
                    },
                    None => match book.slots.refused(agent, refused, &self.now()) {
                        AfterRefusal::Use(ready) => return Ok(Some(ready)),
                        AfterRefusal::Fetch => (self.join(book, agent, true), true),
                        AfterRefusal::GiveUp => {
                            drop(book);
                            self.tell();
                            return Ok(None);
                        }
                    },
                }
            };
            let landed = self.landed(&joined.flight).await;
            // A source that was not told may have given the refused token again, from its cache. So this looks again.
            if !is_told {
                continue;
            }
            match landed {
                Landing::Tokens(tokens) => match tokens.for_agent(agent) {
                    Some(ready) if is_same(&ready.token, refused) => {
                        self.give_up(agent, refused, true);
                        return Ok(None);
                    }
                    Some(ready) => {
                        self.book().slots.used(agent, &ready.token);
                        return Ok(Some(ready.clone()));
                    }
                    None if joined.is_ours => return Err(none_for(agent)),
                    None => {}
                },
                Landing::Failed(error) if joined.is_ours || error.is_signed_out() => {
                    return Err(error);
                }
                Landing::Failed(_) => {}
                Landing::Lost if lost == MOST_LOST => return Err(lost_source()),
                Landing::Lost => lost += 1,
            }
        }
    }

    /// The service refused a token, and the call that sent it tries no other. `is_last` says that no other is to be tried at all.
    pub(super) fn give_up(&self, agent: Option<&AgentId>, refused: &HeldToken, is_last: bool) {
        self.book().slots.give_up(agent, refused, is_last);
        self.tell();
    }

    /// The service took this token.
    pub(super) fn accepted(&self, agent: Option<&AgentId>, token: &HeldToken) {
        self.book().slots.accepted(agent, token);
    }

    /// A call with this token got no answer that a page may read.
    pub(super) fn doubted(&self, agent: Option<&AgentId>, token: &HeldToken) {
        self.book().slots.doubted(agent, token);
    }

    /// What the source gave, or `None` if it was lost. `began` is when it was asked. Only the first landing of a flight counts.
    pub(super) fn land(
        &self,
        flight: &Flight,
        began: &Moment,
        given: Option<Result<SourcedTokens, TokenSourceError>>,
    ) {
        let landing = {
            let mut book = self.book();
            let is_under_way = |under_way: &Flight| under_way.is_same(flight);
            if !book.flight.as_ref().is_some_and(is_under_way) {
                // It has landed, or the holder was told to forget.
                return;
            }
            book.flight = None;
            let (agent, now) = (flight.agent.as_ref(), self.now());
            let secrets = book.slots.secrets();
            let is_lost = given.is_none();
            let given = given.unwrap_or_else(|| Err(TokenSourceError::unreachable(LOST)));
            let stored = given.and_then(|tokens| {
                let says_refused = flight.says_refused;
                book.slots.store(tokens, agent, says_refused, began, &now)
            });
            match stored {
                Ok(fetched) => Landing::Tokens(Arc::new(fetched)),
                Err(error) => {
                    let error = without_secrets(error, &secrets);
                    book.slots.failed(&error, agent, &now, fastrand::f64());
                    match is_lost {
                        true => Landing::Lost,
                        false => Landing::Failed(fault::without_token(error)),
                    }
                }
            }
        };
        flight.land(landing);
        self.tell();
    }

    /// Fetches a token for this agent.
    async fn fetch(&self, agent: Option<&AgentId>) -> Result<()> {
        loop {
            let joined = {
                let book = self.book();
                if book.slots.is_over() {
                    return Err(signed_out());
                }
                let is_refused = book.slots.tells_refusal(agent);
                self.join(book, agent, is_refused)
            };
            // If no agent is meant, an answer for any is one.
            let is_ours = joined.is_ours || agent.is_none();
            match self.landed(&joined.flight).await {
                Landing::Failed(error) if is_ours || error.is_signed_out() => return Err(error),
                Landing::Tokens(tokens) if is_ours => {
                    return match agent.is_none() || tokens.for_agent(agent).is_some() {
                        true => Ok(()),
                        false => Err(none_for(agent)),
                    };
                }
                Landing::Lost => return Err(lost_source()),
                // It was for another agent.
                Landing::Failed(_) | Landing::Tokens(_) => {}
            }
        }
    }

    /// Waits for a question to end. Nobody gets a token after [`forget`](Self::forget), even if one came just before.
    async fn landed(&self, flight: &Flight) -> Landing {
        let landing = flight.clone().landed_in_time().await;
        let mut book = self.book();
        if book.slots.is_over() {
            return Landing::Failed(signed_out());
        }
        if let Some(landing) = landing {
            return landing;
        }
        let stuck = book.flight.take_if(|it| it.is_same(flight));
        drop(book);
        if let Some(stuck) = stuck {
            stuck.land(Landing::Lost);
            self.tell();
        }
        Landing::Lost
    }

    /// Fetches a token without waiting for it, unless one is being fetched.
    fn renew_behind(&self, agent: Option<&AgentId>) {
        let book = self.book();
        if book.flight.is_none() && !book.slots.is_over() {
            let is_refused = book.slots.tells_refusal(agent);
            self.join(book, agent, is_refused);
        }
    }

    /// The question to the source that is under way, or a new one.
    fn join(
        &self,
        mut book: MutexGuard<'_, Book>,
        agent: Option<&AgentId>,
        says_refused: bool,
    ) -> Joined {
        if let Some(flight) = &book.flight {
            // A failure to get the token for all is one for all.
            let is_ours = flight.agent.as_ref() == agent || book.slots.are_for_all();
            let flight = flight.clone();
            return Joined { flight, is_ours };
        }
        let flight = Flight::new(agent.cloned(), says_refused);
        book.flight = Some(flight.clone());
        // Without a runtime, the task is dropped at once, and says so.
        drop(book);
        let pilot = Pilot {
            holder: self.clone(),
            flight: flight.clone(),
            began: self.now(),
        };
        platform::spawn(pilot.fly());
        self.tell();
        Joined {
            flight,
            is_ours: true,
        }
    }

    /// The state, and how long it lasts at most by itself.
    fn look(&self) -> (TokenState, Option<Duration>) {
        let (book, now) = (self.book(), self.now());
        let state = book.slots.state(book.flight.is_some(), &now);
        (state, book.slots.left(&now))
    }

    fn now(&self) -> Moment {
        Moment::now(self.inner.wall)
    }

    fn tell(&self) {
        self.inner
            .changed
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing panics between two changes that belong together.
        self.inner
            .book
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question to the source that a caller waits for.
struct Joined {
    flight: Flight,
    /// Whether it asks for what the caller needs. If not, its failure says nothing.
    is_ours: bool,
}

/// Waits until something has happened, or for this long.
async fn wait(changed: &mut watch::Receiver<u64>, time: Option<Duration>) {
    let told = pin!(changed.changed());
    match time {
        Some(time) => {
            let time = time.clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
            select(told, pin!(clock::sleep(time))).await;
        }
        None => _ = told.await,
    }
}

const LOST: &str = "the source of tokens panicked, or its runtime was shut down or is not run";

fn lost_source() -> Error {
    fault::without_token(TokenSourceError::unreachable(LOST))
}

fn signed_out() -> Error {
    fault::without_token(TokenSourceError::signed_out())
}

fn no_agent() -> Error {
    fault::not_opened(Missing::NoTokenOpensIt, None)
}

fn none_for(agent: Option<&AgentId>) -> Error {
    let agent = agent.map_or("no agent", AgentId::as_str);
    let message = format!("none for {agent} is among those that it gave");
    fault::without_token(TokenSourceError::new(message))
}

impl std::fmt::Debug for TokenHolder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenHolder")
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
