//! Single flight: any number of tasks that want the same thing at once cause one creation of it, and one that
//! is called off while it is under way is handed over when it lands.
//!
//! Knows nothing of tokens, caches or time. All that it decides, it decides under one lock, together with what
//! it is given to do there; tests drive it through interleavings of threads (`tests/interleavings`).

use std::collections::HashMap;
use std::hash::Hash;

use super::sync::{Arc, Mutex, MutexGuard, lock};
use tokio::sync::{Notify, oneshot, watch};

/// What is under way, by what it is for.
#[derive(Debug)]
pub(crate) struct Flights<K, T> {
    state: Mutex<State<K, T>>,
}

#[derive(Debug)]
struct State<K, T> {
    under_way: HashMap<K, Arc<Flight<T>>>,
    is_closed: bool,
}

/// One creation, for all who wait for it.
#[derive(Debug)]
pub(crate) struct Flight<T> {
    outcome: watch::Sender<Option<T>>,
    /// Where the outcome goes once the flight has been called off. Only touched under the lock of [`Flights`].
    called_off: Mutex<CalledOff<T>>,
    call_off: Notify,
}

#[derive(Debug)]
enum CalledOff<T> {
    No,
    /// Nothing where whoever called it off has been told.
    Yes(Option<oneshot::Sender<T>>),
}

/// The place of one who waits. A flight that nobody waits for, and that has not begun its work, need not begin.
#[derive(Debug)]
pub(crate) struct Ticket<T>(watch::Receiver<Option<T>>);

/// What [`Flights::board`] comes to.
#[derive(Debug)]
pub(crate) enum Boarding<R, T> {
    /// It was there already, or a new flight was refused.
    Found(R),
    /// Another is creating it.
    Joined(Ticket<T>),
    /// This one has to create it, and to call [`Flights::land`] in the end.
    Leads(Arc<Flight<T>>, Ticket<T>),
    Closed,
}

/// What [`Flights::land`] comes to.
#[derive(Debug)]
pub(crate) enum Landing<T> {
    /// It was kept, and those who waited were told.
    Kept,
    /// It had been called off, and so was not kept. Whoever called it off takes care of it.
    HandedOver,
    /// It had been called off, and whoever did so is gone.
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

    /// Takes what `find` finds, or a place on the flight for `key`, or what `refuse` gives in place of a new flight, or
    /// begins one. They are asked with the lock held: what has landed before, `find` must find.
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

    /// Ends a flight. Unless it has been called off, `keep` is given the outcome with the lock held, and then
    /// those who wait are told.
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

    /// Ends a flight that has not begun its work, if nobody waits for it any more. Says whether it has ended.
    pub(crate) fn abandon(&self, key: &K, flight: &Arc<Flight<T>>) -> bool {
        let mut state = lock(&self.state);
        if flight.outcome.receiver_count() > 0 {
            return false;
        }
        state.remove(key, flight);
        true
    }

    /// Ends a flight whose task will not go on. Those who wait find the flight gone, and may begin another.
    pub(crate) fn crash(&self, key: &K, flight: &Arc<Flight<T>>) {
        lock(&self.state).remove(key, flight);
    }

    /// Calls off the flights that `select` picks: those who wait are told `outcome` at once, and what lands is
    /// sent to the receivers that come back. `also` is done with the lock held, before.
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

    /// As [`call_off`](Self::call_off) of all that is under way; and nobody can board from now on.
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

    /// Does something with the lock held, so that nothing lands or is called off meanwhile.
    pub(crate) fn hold<R>(&self, run: impl FnOnce() -> R) -> R {
        let _guard: MutexGuard<'_, _> = lock(&self.state);
        run()
    }
}

impl<K: Hash + Eq, T> State<K, T> {
    /// Another flight for the same key may have taken this one's place since it was called off.
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

    /// Whether it has been called off. If it has not begun its work, it need not begin.
    pub(crate) fn is_called_off(&self) -> bool {
        matches!(*lock(&self.called_off), CalledOff::Yes(_))
    }

    /// Ends when nobody waits for it any more, or it is called off. Somebody may board again.
    pub(crate) async fn is_unwanted(&self) {
        tokio::select! {
            () = self.outcome.closed() => {}
            () = self.call_off.notified() => {}
        }
    }
}

impl<T: Clone> Ticket<T> {
    /// What the flight came to. Nothing where its task did not go on.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        let landed = self.0.wait_for(Option::is_some).await.ok()?;
        landed.clone()
    }
}
