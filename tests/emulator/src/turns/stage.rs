//! Where turns take place: the state, the clock, and what agents are to do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::{self, Clock};
use crate::world::World;

pub(crate) struct Stage {
    world: Mutex<World>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Before each word of an answer that is streamed by words, and before each message of another.
    pub(crate) word_delay: Duration,
}

impl Stage {
    pub(crate) fn new(clock: Arc<dyn Clock>, word_delay: Duration) -> Self {
        Self {
            world: Mutex::default(),
            clock,
            word_delay,
        }
    }

    /// The state. Nothing waits while it is held.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // Nothing panics half way through a change.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        clock::timestamp(self.clock.now())
    }
}
