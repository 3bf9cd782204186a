//! Where turns take place: the state, the clock, the runs that go on, and what agents are to do.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;

use crate::changes::Changes;
use crate::clock::{self, Clock};
use crate::turns::live::Live;
use crate::turns::parts::Parts;
use crate::world::World;

pub(crate) struct Stage {
    world: Mutex<World>,
    live: Mutex<Live>,
    parts: Mutex<Parts>,
    /// The turns that go on. They hold the stage, which cannot end them by its own end.
    turns: Mutex<JoinSet<()>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: StageSettings,
    pub(crate) changes: Arc<Changes>,
}

/// The state, while nobody else has it. Whoever takes it as something to change is taken to have changed it.
pub(crate) struct Held<'a> {
    world: MutexGuard<'a, World>,
    changes: &'a Changes,
    is_changed: bool,
}

impl Held<'_> {
    /// All of it, as it is now.
    pub(crate) fn copy(&self) -> World {
        self.world.clone()
    }

    /// As something that could be changed, and is only read.
    pub(crate) fn unmarked(&mut self) -> &mut World {
        &mut self.world
    }
}

impl Deref for Held<'_> {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut World {
        self.is_changed = true;
        &mut self.world
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // While it is still held: who is told waits for it, and then sees the change.
        if self.is_changed {
            self.changes.kept();
        }
    }
}

/// How turns take place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StageSettings {
    /// Before each piece of an answer that is streamed by tokens, and before each message of one that is streamed by steps.
    pub(crate) word_delay: Duration,
    /// Whether runs in background are possible. A server without its store answers 503.
    pub(crate) background_runs: bool,
}

impl Stage {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        settings: StageSettings,
        changes: Arc<Changes>,
    ) -> Self {
        Self {
            world: Mutex::default(),
            live: Mutex::default(),
            parts: Mutex::default(),
            turns: Mutex::default(),
            clock,
            settings,
            changes,
        }
    }

    /// The state. Nothing waits while it is held. If the others are needed too, this is locked first.
    pub(crate) fn world(&self) -> Held<'_> {
        Held {
            // Nothing panics half way through a change.
            world: self.world.lock().unwrap_or_else(PoisonError::into_inner),
            changes: &self.changes,
            is_changed: false,
        }
    }

    /// The runs that go on, and those that can be read again.
    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What agents are to do.
    pub(crate) fn parts(&self) -> MutexGuard<'_, Parts> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        clock::timestamp(self.clock.now())
    }

    /// Carries a turn out, whoever waits for it.
    pub(crate) fn spawn(&self, turn: impl Future<Output = ()> + Send + 'static) {
        let mut turns = self.turns();
        while turns.try_join_next().is_some() {}
        turns.spawn(turn);
    }

    /// Ends all turns, which are tasks of their own.
    pub(crate) fn abort_turns(&self) {
        self.turns().abort_all();
    }

    /// Ends all turns, and returns when that is done.
    pub(crate) async fn end_turns(&self) {
        let mut turns = std::mem::take(&mut *self.turns());
        turns.shutdown().await;
    }

    fn turns(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
