//! What all turns of a client share, and of its clones.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::queue::Queue;
use crate::Letta;
use crate::time::clock::Instant;

/// How long a server counts as one without a store, before it is tried again.
const WITHOUT_STORE: Duration = Duration::from_secs(60);

/// What all turns of a client share, and of its clones.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    /// When the server said last that it has no store for events in background.
    without_store: Mutex<Option<Instant>>,
}

impl Shared {
    pub(super) fn of(letta: &Letta) -> Arc<Self> {
        letta.shared()
    }

    /// The server has no store for events in background.
    pub(super) fn is_without_store(&self) {
        let mut since = self
            .without_store
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *since = Some(Instant::now());
    }

    pub(super) fn is_known_without_store(&self) -> bool {
        let since = self
            .without_store
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < WITHOUT_STORE)
    }
}
