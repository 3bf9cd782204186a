//! Where the emulator takes the time from.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// Tells the emulator what time it is.
///
/// The emulator asks several times in a request. It understands the years 1970 to 9999: an earlier time counts
/// as the first instant of these, a later one as the last.
///
/// ```
/// use std::time::{Duration, SystemTime};
///
/// /// An hour ahead of everybody else.
/// struct Fast;
///
/// impl letta_api_emulator::Clock for Fast {
///     fn now(&self) -> SystemTime {
///         SystemTime::now() + Duration::from_secs(3600)
///     }
/// }
/// ```
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> SystemTime;
}

/// The clock of the machine. What an emulator has unless told otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A clock that stands still until a test moves it. To move the client's time along with it, see
/// [the crate's documentation](crate#moving-time-on).
///
/// Cloning is cheap, and clones share one time: give one to the emulator and keep one to move.
///
/// ```
/// use std::time::Duration;
/// use letta_api_emulator::{Clock, ManualClock};
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.clone().advance(Duration::from_secs(300));
/// assert_eq!(clock.now(), before + Duration::from_secs(300));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<SystemTime>>);

impl ManualClock {
    /// Stands at the machine's present time.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(SystemTime::now())
    }

    /// Stands at `start`.
    #[must_use]
    pub fn starting_at(start: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    /// Moves the clock forward by `step`. It stops at the end of the year 9999.
    pub fn advance(&self, step: Duration) {
        self.change(|now| {
            now.checked_add(step)
                .unwrap_or_else(|| system_time(Timestamp::MAX))
        });
    }

    /// Puts the clock at `time`, which may lie before its present one.
    pub fn set(&self, time: SystemTime) {
        self.change(|_| time);
    }

    fn change(&self, change: impl FnOnce(SystemTime) -> SystemTime) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = change(*now);
    }
}

impl Default for ManualClock {
    /// As [`ManualClock::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that is wrong by a constant, as a service's or a client's may be.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use letta_api_emulator::{Clock, SkewedClock};
///
/// let clock = SkewedClock::ahead(Duration::from_secs(3600));
/// assert!(clock.now() > SystemTime::now() + Duration::from_secs(3000));
/// assert!(SkewedClock::behind(Duration::from_secs(60)).now() < SystemTime::now());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SkewedClock {
    skew: Duration,
    ahead: bool,
}

impl SkewedClock {
    /// Ahead of the machine's clock by `skew`.
    #[must_use]
    pub fn ahead(skew: Duration) -> Self {
        Self { skew, ahead: true }
    }

    /// Behind the machine's clock by `skew`.
    #[must_use]
    pub fn behind(skew: Duration) -> Self {
        Self { skew, ahead: false }
    }
}

impl Clock for SkewedClock {
    fn now(&self) -> SystemTime {
        let now = SystemTime::now();
        if self.ahead {
            now.checked_add(self.skew)
                .unwrap_or_else(|| system_time(Timestamp::MAX))
        } else {
            now.checked_sub(self.skew).unwrap_or(SystemTime::UNIX_EPOCH)
        }
    }
}

/// The time as the rest of the crate works with it, kept to what can be written in a header.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    if time < SystemTime::UNIX_EPOCH {
        return Timestamp::UNIX_EPOCH;
    }
    Timestamp::try_from(time).unwrap_or(Timestamp::MAX)
}

/// The time as the public interface has it.
pub(crate) fn system_time(time: Timestamp) -> SystemTime {
    // A platform whose own time ends before jiff's would be a strange one.
    SystemTime::try_from(time).unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_share_one_time() {
        let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH);
        let other = clock.clone();
        other.advance(Duration::from_millis(1500));
        assert_eq!(
            clock.now(),
            SystemTime::UNIX_EPOCH + Duration::from_millis(1500)
        );
        clock.set(SystemTime::UNIX_EPOCH);
        assert_eq!(other.now(), SystemTime::UNIX_EPOCH);
    }

    #[test]
    fn a_time_that_cannot_be_written_becomes_the_nearest_that_can() {
        let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(timestamp(early), Timestamp::UNIX_EPOCH);

        let clock = ManualClock::new();
        clock.advance(Duration::MAX);
        assert_eq!(timestamp(clock.now()), Timestamp::MAX);
        clock.advance(Duration::from_secs(1));
        assert_eq!(timestamp(clock.now()), Timestamp::MAX);
    }
}
