//! Time that stands still until a test moves it, for clients and for the emulator alike.

use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use letta_api_emulator::Clock;
use tokio::time::Instant;

/// tokio's time, standing still. Left to itself, it would jump to the next timer whenever all tasks wait, and with
/// real connections they wait all the time.
#[derive(Debug)]
pub struct VirtualTime {
    start: Instant,
    /// While a blocking task runs, tokio lets its time alone. That one ends when this is dropped.
    _hold: mpsc::Sender<()>,
}

/// A service's clock that goes with tokio's. It begins at the machine's time, and ahead of it if need be.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Instant,
    shows: SystemTime,
}

impl VirtualTime {
    /// Stops the time of this runtime, which must have one thread.
    #[must_use]
    pub fn stop() -> Self {
        let (hold, held) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || held.recv());
        tokio::time::pause();
        let start = Instant::now();
        Self { start, _hold: hold }
    }

    /// Moves it on.
    pub async fn advance(&self, by: Duration) {
        tokio::time::advance(by).await;
    }

    /// How much has passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// For an emulator. `ahead` of the machine's clock, on which nothing should depend.
    #[must_use]
    pub fn clock(&self, ahead: Duration) -> TokioClock {
        TokioClock {
            start: self.start,
            shows: SystemTime::now() + ahead,
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        self.shows + self.start.elapsed()
    }
}
