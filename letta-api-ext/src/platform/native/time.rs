//! Time by the operating system and by tokio, whose clock tests can stop.

use std::time::{Duration, SystemTime};

pub(crate) use tokio::time::{Instant, sleep, timeout_at};

/// A deadline further off than this is none: tokio keeps time in numbers that end.
pub(crate) const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Now, by the clock of this machine.
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}
