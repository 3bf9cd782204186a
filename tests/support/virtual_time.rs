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

/// A service's clock that goes with tokio's, from a time that is told apart from it by so much.
#[derive(Clone, Copy, Debug)]
pub struct TokioClock {
    start: Instant,
    shows: SystemTime,
}

impl VirtualTime {
    /// Stops the time of this runtime, which must have one thread. After two minutes of the other kind, time runs
    /// on by itself: a test that waits for ever then fails by its time-outs.
    #[must_use]
    pub fn stop() -> Self {
        let (hold, held) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || held.recv_timeout(Duration::from_secs(120)));
        tokio::time::pause();
        let start = Instant::now();
        Self { start, _hold: hold }
    }

    /// Moves it on, and a millisecond more: timers count in these, and may be one late.
    pub async fn advance(&self, by: Duration) {
        tokio::time::advance(by + Duration::from_millis(1)).await;
    }

    /// Lets other tasks go on until `condition` holds, in no time of this kind.
    ///
    /// # Panics
    ///
    /// When it does not hold within a minute of the other kind.
    pub async fn until(&self, condition: impl Fn() -> bool) {
        let start = std::time::Instant::now();
        while !condition() {
            let waited = start.elapsed();
            assert!(waited < Duration::from_secs(60), "it does not come to that");
            // What is awaited comes over a connection.
            std::thread::sleep(Duration::from_micros(50));
            tokio::task::yield_now().await;
        }
    }

    /// How much has passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// For an emulator. `ahead` of the machine's clock.
    #[must_use]
    pub fn clock(&self, ahead: Duration) -> TokioClock {
        TokioClock {
            start: self.start,
            shows: SystemTime::now() + ahead,
        }
    }

    /// For an emulator. `behind` the machine's clock.
    #[must_use]
    pub fn clock_behind(&self, behind: Duration) -> TokioClock {
        TokioClock {
            start: self.start,
            shows: SystemTime::now() - behind,
        }
    }
}

impl Clock for TokioClock {
    fn now(&self) -> SystemTime {
        self.shows + self.start.elapsed()
    }
}
