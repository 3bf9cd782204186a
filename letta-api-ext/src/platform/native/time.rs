//! Time by the operating system, and by tokio, whose clock tests can pause.

use std::time::{Duration, SystemTime};

pub(crate) use tokio::time::{Instant, sleep, timeout_at};

/// A deadline later than this means no deadline: tokio cannot represent every instant.
pub(crate) const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The current time by the clock of this machine.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
