//! What all turns of a client share, and of its clones.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::queue::Queue;
use crate::Letta;
use crate::time::clock::Instant;

/// How long the resumable path counts as closed, before it is tried again.
const CLOSED: Duration = Duration::from_secs(60);

/// What all turns of a client share, and of its clones.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) queue: Queue,
    /// When the server said last that the resumable path is not open.
    closed: Mutex<Option<Instant>>,
}

impl Shared {
    pub(super) fn of(letta: &Letta) -> Arc<Self> {
        letta.shared()
    }

    /// The resumable path is not open at this server: it has no store for events in background, or is of an older version.
    pub(super) fn mark_closed(&self) {
        let mut since = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        *since = Some(Instant::now());
    }

    pub(super) fn is_known_to_be_closed(&self) -> bool {
        let since = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < CLOSED)
    }
}
