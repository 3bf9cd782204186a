//! Single flight: any number of tasks that want the same thing at once share one creation of it.
//!
//! In goes a key, and functions that look in the cache and that keep an outcome. Out comes what was found, a
//! [`Ticket`] to wait with, or a [`Flight`] that the caller must end with [`Flights::land`]. A flight that is called
//! off on its way is not kept: when it lands, its outcome goes to whoever called it off. So a token that is revoked
//! while it is minted is deleted, and never served.
//!
//! Nothing here knows of tokens, caches or time. Every decision is made under one lock, and the given functions run
//! under the same lock. `tests/interleavings` runs this file through many interleavings of threads.

use std::collections::HashMap;
use std::hash::Hash;

use super::sync::{Arc, Mutex, MutexGuard, lock};
use tokio::sync::{Notify, oneshot, watch};

/// The flights under way, by key.
#[derive(Debug)]
pub(crate) struct Flights<K, T> {
    state: Mutex<State<K, T>>,
}

#[derive(Debug)]
struct State<K, T> {
    under_way: HashMap<K, Arc<Flight<T>>>,
    is_closed: bool,
}

/// One creation, shared by all who wait for it.
#[derive(Debug)]
pub(crate) struct Flight<T> {
    outcome: watch::Sender<Option<T>>,
    /// Where the outcome goes if the flight was called off. Only touched under the lock of [`Flights`].
    called_off: Mutex<CalledOff<T>>,
    call_off: Notify,
}

#[derive(Debug)]
enum CalledOff<T> {
    No,
    /// `None` if the outcome has been sent already.
    Yes(Option<oneshot::Sender<T>>),
}

/// The place of one who waits. A flight that has not begun its work need not begin if nobody waits for it.
#[derive(Debug)]
pub(crate) struct Ticket<T>(watch::Receiver<Option<T>>);

/// The result of [`Flights::board`].
#[derive(Debug)]
pub(crate) enum Boarding<R, T> {
    /// `find` found it, or `refuse` refused a new flight.
    Found(R),
    /// Another flight is creating it.
    Joined(Ticket<T>),
    /// The caller has to create it, and to call [`Flights::land`] in the end.
    Leads(Arc<Flight<T>>, Ticket<T>),
    Closed,
}

/// The result of [`Flights::land`].
#[derive(Debug)]
pub(crate) enum Landing<T> {
    /// It was kept, and everyone who waited has it.
    Kept,
    /// It had been called off, and was not kept. Whoever called it off has it.
    HandedOver,
    /// It had been called off, was not kept, and whoever called it off is gone. The caller must take care of it.
    Stranded(T),
}

impl<K: Hash + Eq + Clone, T: Clone> Flights<K, T> {
    pub(crate) fn new() -> Self {
        let state = State {
            under_way: HashMap::new(),
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Returns what `find` finds. Otherwise joins the flight for `key`. Otherwise returns what `refuse` returns, or
    /// begins a new flight. Both functions run under the lock, and a flight lands under the same lock. So `find` sees
    /// everything that has landed before.
    pub(crate) fn board<R>(
        &self,
        key: &K,
        find: impl FnOnce() -> Option<R>,
        refuse: impl FnOnce() -> Option<R>,
    ) -> Boarding<R, T> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Boarding::Closed;
        }
        if let Some(found) = find() {
            return Boarding::Found(found);
        }
        if let Some(flight) = state.under_way.get(key) {
            return Boarding::Joined(flight.ticket());
        }
        if let Some(refusal) = refuse() {
            return Boarding::Found(refusal);
        }
        let flight = Arc::new(Flight::new());
        let ticket = flight.ticket();
        state.under_way.insert(key.clone(), flight.clone());
        Boarding::Leads(flight, ticket)
    }

    /// Ends a flight. Unless it has been called off, `keep` gets the outcome under the lock, and then everyone who
    /// waits gets it. So a caller who boards either joins the flight or finds what `keep` kept.
    pub(crate) fn land(
        &self,
        key: &K,
        flight: &Arc<Flight<T>>,
        outcome: T,
        keep: impl FnOnce(&T),
    ) -> Landing<T> {
        let mut state = lock(&self.state);
        if let CalledOff::Yes(whom) = &mut *lock(&flight.called_off) {
            return match whom.take().map(|whom| whom.send(outcome)) {
                Some(Ok(())) | None => Landing::HandedOver,
                Some(Err(outcome)) => Landing::Stranded(outcome),
            };
        }
        keep(&outcome);
        state.remove(key, flight);
        flight.outcome.send_replace(Some(outcome));
        Landing::Kept
    }

    /// Ends a flight that has not begun its work, if nobody waits for it any more. Returns whether it has ended.
    pub(crate) fn abandon(&self, key: &K, flight: &Arc<Flight<T>>) -> bool {
        let mut state = lock(&self.state);
        if flight.outcome.receiver_count() > 0 {
            return false;
        }
        state.remove(key, flight);
        true
    }

    /// Ends a flight whose task was dropped. Those who wait find the flight gone, and may begin another.
    pub(crate) fn crash(&self, key: &K, flight: &Arc<Flight<T>>) {
        lock(&self.state).remove(key, flight);
    }

    /// Calls off the flights that `select` picks. Those who wait get `outcome` at once. What lands later is sent to
    /// the returned receivers. `also` runs first, under the same lock, so that nothing lands between the two.
    pub(crate) fn call_off<R>(
        &self,
        select: impl Fn(&K) -> bool,
        outcome: T,
        also: impl FnOnce() -> R,
    ) -> (R, Vec<oneshot::Receiver<T>>) {
        let mut state = lock(&self.state);
        let done = also();
        (done, state.call_off(select, outcome))
    }

    /// Like [`call_off`](Self::call_off) for all flights. From now on, nobody can board.
    pub(crate) fn close<R>(
        &self,
        outcome: T,
        also: impl FnOnce() -> R,
    ) -> (R, Vec<oneshot::Receiver<T>>) {
        let mut state = lock(&self.state);
        state.is_closed = true;
        let done = also();
        (done, state.call_off(|_| true, outcome))
    }

    /// Runs a function under the lock, so that nothing lands or is called off meanwhile.
    pub(crate) fn hold<R>(&self, run: impl FnOnce() -> R) -> R {
        let _guard: MutexGuard<'_, _> = lock(&self.state);
        run()
    }
}

impl<K: Hash + Eq, T> State<K, T> {
    /// Removes the flight, unless another flight for the same key has taken its place since it was called off.
    fn remove(&mut self, key: &K, flight: &Arc<Flight<T>>) {
        if let Some(current) = self.under_way.get(key)
            && Arc::ptr_eq(current, flight)
        {
            self.under_way.remove(key);
        }
    }

    fn call_off(&mut self, select: impl Fn(&K) -> bool, outcome: T) -> Vec<oneshot::Receiver<T>>
    where
        T: Clone,
    {
        let flights = self.under_way.extract_if(|key, _| select(key));
        flights
            .map(|(_, flight)| {
                let (sender, receiver) = oneshot::channel();
                *lock(&flight.called_off) = CalledOff::Yes(Some(sender));
                flight.call_off.notify_one();
                flight.outcome.send_replace(Some(outcome.clone()));
                receiver
            })
            .collect()
    }
}

impl<T: Clone> Flight<T> {
    fn new() -> Self {
        Self {
            outcome: watch::Sender::new(None),
            called_off: Mutex::new(CalledOff::No),
            call_off: Notify::new(),
        }
    }

    fn ticket(&self) -> Ticket<T> {
        Ticket(self.outcome.subscribe())
    }

    /// Whether it has been called off. A flight that has not begun its work need not begin then.
    pub(crate) fn is_called_off(&self) -> bool {
        matches!(*lock(&self.called_off), CalledOff::Yes(_))
    }

    /// Waits until nobody waits for the flight any more, or it is called off. Somebody may board again.
    pub(crate) async fn is_unwanted(&self) {
        tokio::select! {
            () = self.outcome.closed() => {}
            () = self.call_off.notified() => {}
        }
    }
}

impl<T: Clone> Ticket<T> {
    /// The outcome of the flight. `None` if its task was dropped.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let landed = self.0.wait_for(Option::is_some).await.ok()?;
        landed.clone()
    }
}
