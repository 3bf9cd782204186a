//! A future that tells things on its way: the two ends of it.
//!
//! The future is kept between two polls of its events, so a caller that gives up waiting for an event loses nothing.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use letta_api::types::RunId;

use super::event::Event;

/// The end that tells events. It does not get ahead of the caller by more than what one event of the service makes.
pub(super) struct Emitter(Option<Arc<Shared>>);

/// The end that gets them.
pub(super) struct Told(Arc<Shared>);

#[derive(Default)]
struct Shared {
    events: Mutex<VecDeque<Event>>,
    /// Whether the service has taken what was said.
    is_open: AtomicBool,
    /// The run that is under way.
    run: Mutex<Option<RunId>>,
}

impl Shared {
    fn note_run(&self, run: &RunId) {
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.clone());
    }

    fn run_id(&self) -> Option<RunId> {
        self.run
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn events(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Emitter {
    /// The two ends.
    pub(super) fn new() -> (Self, Told) {
        let shared = Arc::<Shared>::default();
        (Self(Some(shared.clone())), Told(shared))
    }

    /// An end that nobody listens to.
    pub(super) fn deaf() -> Self {
        Self(None)
    }

    pub(super) fn tell(&self, event: Event) {
        if let Some(shared) = &self.0 {
            shared.events().push_back(event);
        }
    }

    /// The run that is under way.
    pub(super) fn note_run(&self, run: &RunId) {
        if let Some(shared) = &self.0 {
            shared.note_run(run);
        }
    }

    /// A run begins, which is not known yet.
    pub(super) fn begin_run(&self) {
        if let Some(shared) = &self.0 {
            *shared.run.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// The service has taken what was said.
    pub(super) fn open(&self) {
        if let Some(shared) = &self.0 {
            shared.is_open.store(true, Ordering::Relaxed);
        }
    }

    /// Waits until the caller has taken all that was told.
    pub(super) fn taken(&self) -> impl Future<Output = ()> + '_ {
        // No waker is needed: the future is polled by the one that takes the events.
        std::future::poll_fn(|_| match &self.0 {
            Some(shared) if !shared.events().is_empty() => Poll::Pending,
            _ => Poll::Ready(()),
        })
    }
}

impl Told {
    /// The run that is under way.
    pub(super) fn run_id(&self) -> Option<RunId> {
        self.0.run_id()
    }

    /// Whether the service has taken what was said.
    pub(super) fn is_open(&self) -> bool {
        self.0.is_open.load(Ordering::Relaxed)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.events().is_empty()
    }

    pub(super) fn pop(&self) -> Option<Event> {
        self.0.events().pop_front()
    }
}
