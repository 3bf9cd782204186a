//! Time by JavaScript's `Date` and timers.

use std::time::{Duration, SystemTime};

pub(crate) use wasmtimer::{
    std::Instant,
    tokio::{sleep, timeout_at},
};

/// A deadline later than this means no deadline: timers of browsers count milliseconds in 31 bits.
pub(crate) const FOREVER: Duration = Duration::from_secs(24 * 24 * 60 * 60);

/// The current time by the clock of this machine. `std` has none in a browser.
pub(crate) fn now() -> SystemTime {
    SystemTime::try_from(jiff::Timestamp::now()).unwrap_or(SystemTime::UNIX_EPOCH)
}
