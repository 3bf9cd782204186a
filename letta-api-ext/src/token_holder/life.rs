//! How long a token lives, when it is renewed, and when a failed renewal is tried again.

use std::time::{Duration, SystemTime};

use crate::time::clock::Instant;

/// A token is renewed when less of its life is left than this share of it, and than [`LONGEST_MARGIN`].
const SHARE: f64 = 0.2;
const LONGEST_MARGIN: Duration = Duration::from_secs(60);

/// A token with a shorter life is renewed when it is needed. A timer would run all the time.
const SHORTEST_LIFE: Duration = Duration::from_secs(5);

/// The assumed life of a token if its source does not say it.
pub(super) const UNKNOWN_LIFE: Duration = Duration::from_secs(60);

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);

/// Reads the clock of this machine.
pub(super) type WallClock = fn() -> SystemTime;

/// A moment by two clocks. The monotonic one may stop while the machine sleeps. The other one may be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) steady: Instant,
    pub(super) wall: SystemTime,
}

impl Moment {
    pub(super) fn now(wall: WallClock) -> Self {
        Self {
            steady: Instant::now(),
            wall: wall(),
        }
    }

    /// The time until `later`, by the clock that moved further.
    pub(super) fn until(&self, later: &Self) -> Duration {
        let by_wall = later.wall.duration_since(self.wall).unwrap_or_default();
        let steady = later.steady.saturating_duration_since(self.steady);
        steady.max(by_wall)
    }
}

/// The life of a token, and when it is to be renewed.
#[derive(Clone, Debug)]
pub(super) struct Life {
    /// When the request for the token began.
    since: Moment,
    length: Duration,
    /// The age at which it is to be renewed.
    renew_at: Duration,
}

impl Life {
    /// A life of this length. `luck` is a random number from 0 to 1.
    ///
    /// The renewal is up to a quarter of its margin later, so that pages that were opened together do not ask together. It is not
    /// earlier: while a third of the life is left, an application gives the same token from its cache.
    pub(super) fn new(since: Moment, length: Duration, luck: f64) -> Self {
        let margin = length.mul_f64(SHARE).min(LONGEST_MARGIN);
        let margin = margin.mul_f64(1.0 - luck / 4.0);
        let renew_at = match length < SHORTEST_LIFE {
            true => length,
            false => length.saturating_sub(margin),
        };
        Self {
            since,
            length,
            renew_at,
        }
    }

    /// What is left of it. Zero if it has ended.
    pub(super) fn left(&self, now: &Moment) -> Duration {
        self.length.saturating_sub(self.since.until(now))
    }

    /// How long until it is to be renewed. Zero if it is time.
    pub(super) fn until_renewal(&self, now: &Moment) -> Duration {
        let at = self.renew_at.min(self.length);
        at.saturating_sub(self.since.until(now))
    }

    /// Whether it is too short to be renewed ahead.
    pub(super) fn is_short(&self) -> bool {
        self.length < SHORTEST_LIFE
    }

    /// Whether it began before this moment.
    pub(super) fn is_older_than(&self, moment: &Moment) -> bool {
        self.since.steady < moment.steady
    }

    /// The renewal failed for the `failures`th time in a row. `asked` is how long the application asks to wait, and `luck` a random
    /// number from 0 to 1.
    pub(super) fn renewal_failed(
        &mut self,
        now: &Moment,
        failures: u32,
        asked: Option<Duration>,
        luck: f64,
    ) {
        let bound = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(5));
        let pause = bound.min(LONGEST_PAUSE).mul_f64(0.5 + luck / 2.0);
        let pause = pause.min(self.left(now) / 2).max(SHORTEST_PAUSE);
        let pause = pause.max(asked.unwrap_or_default());
        self.renew_at = self.since.until(now).saturating_add(pause);
    }

    /// The renewal of another token failed. `asked` is how long the application asks to wait, which is for all tokens.
    pub(super) fn other_failed(&mut self, now: &Moment, asked: Option<Duration>) {
        let pause = asked.unwrap_or_default().max(SHORTEST_PAUSE);
        let earliest = self.since.until(now).saturating_add(pause);
        self.renew_at = self.renew_at.max(earliest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn after(start: &Moment, time: Duration) -> Moment {
        Moment {
            steady: start.steady + time,
            wall: start.wall + time,
        }
    }

    fn start() -> Moment {
        Moment::now(|| SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_renewal_is_due_when_a_fifth_of_the_life_is_left_and_at_most_a_minute() {
        for (length, luck, due) in [
            (seconds(100), 0.0, seconds(80)),
            (seconds(100), 1.0, seconds(85)),
            (seconds(300), 0.0, seconds(240)),
            (seconds(3600), 0.0, seconds(3540)),
            (seconds(3600), 1.0, seconds(3555)),
            (seconds(5), 0.0, seconds(4)),
            // Renewed when it is needed.
            (
                Duration::from_millis(4999),
                0.0,
                Duration::from_millis(4999),
            ),
            (Duration::ZERO, 0.5, Duration::ZERO),
            // Nothing overflows.
            (Duration::MAX, 0.0, Duration::MAX - seconds(60)),
        ] {
            let now = start();
            let life = Life::new(now, length, luck);
            assert_eq!(life.until_renewal(&now), due, "{length:?}");
            assert_eq!(life.left(&now), length);
        }
    }

    #[test]
    fn the_clock_that_moved_further_counts() {
        let now = start();
        let life = Life::new(now, seconds(100), 0.0);
        let asleep = Moment {
            steady: now.steady + seconds(10),
            wall: now.wall + seconds(70),
        };
        assert_eq!(life.left(&asleep), seconds(30));
        let set_back = Moment {
            steady: now.steady + seconds(10),
            wall: now.wall - seconds(1000),
        };
        assert_eq!(life.left(&set_back), seconds(90));
    }

    #[test]
    fn pauses_double_up_to_30_seconds_and_half_of_what_is_left() {
        let pause = |life: &mut Life, now: &Moment, failures, asked, luck| {
            life.renewal_failed(now, failures, asked, luck);
            life.until_renewal(now)
        };
        let now = start();
        let mut life = Life::new(now, seconds(1000), 0.0);
        for (failures, longest) in [(1, 1), (2, 2), (3, 4), (5, 16), (6, 30), (u32::MAX, 30)] {
            assert_eq!(
                pause(&mut life, &now, failures, None, 1.0),
                seconds(longest)
            );
            assert_eq!(
                pause(&mut life, &now, failures, None, 0.0),
                seconds(longest) / 2
            );
        }
        assert_eq!(pause(&mut life, &now, 1, Some(seconds(7)), 1.0), seconds(7));
        // Half of the ten seconds that are left.
        let later = after(&now, seconds(990));
        assert_eq!(pause(&mut life, &later, 6, None, 1.0), seconds(5));
        let latest = after(&now, Duration::from_millis(999_600));
        assert_eq!(pause(&mut life, &latest, 6, None, 1.0), SHORTEST_PAUSE);
        // Not later than the end, for whoever needs it then.
        assert_eq!(
            pause(&mut life, &latest, 6, Some(seconds(9)), 1.0),
            Duration::from_millis(400)
        );
    }
}
