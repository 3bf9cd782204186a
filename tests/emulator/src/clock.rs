//! Where the emulator takes the time from.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

/// The shortest pause between two looks at a clock.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Ends when a clock has reached a time. See [`Clock::wait_until`].
pub type ClockWait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the emulator what time it is, and when a time has come.
//////
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

    /// Ends when the clock has reached `time`, and at once if it has already.
    ///
    /// Unless it is overridden, it sleeps by tokio's timer for as long as `time` is away from [`now`](Self::now), and
    /// looks at the clock again: somebody may have put it back. If somebody puts the clock forward meanwhile, it ends
    /// late. So a clock that is moved by hand should override it, as [`ManualClock`] does.
    ///
    /// If tokio's time runs ahead of the machine's, because a test has paused it, the sleep alone counts: such a clock
    /// would not follow.
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_emulator::{Clock, ManualClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let clock = ManualClock::new();
    /// let in_an_hour = clock.now() + Duration::from_secs(3600);
    /// let mover = clock.clone();
    /// tokio::spawn(async move { mover.advance(Duration::from_secs(3600)) });
    /// clock.wait_until(in_an_hour).await; // no hour passes
    /// assert_eq!(clock.now(), in_an_hour);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, unless it is overridden or the time has come already.
    fn wait_until(&self, time: SystemTime) -> ClockWait<'_> {
        Box::pin(async move {
            while let Ok(left) = time.duration_since(self.now())
                && !left.is_zero()
            {
                let began = Instant::now();
                tokio::time::sleep(left.max(LOOK_AGAIN)).await;
                if began.elapsed() < left {
                    break;
                }
            }
        })
    }
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
#[derive(Clone)]
pub struct ManualClock(Arc<Mutex<Hand>>);

/// Where a manual clock stands, and who waits for it to move.
struct Hand {
    now: SystemTime,
    /// By the time that they wait for, and a number that tells them apart.
    waiters: BTreeMap<(SystemTime, u64), Waker>,
    next: u64,
}

impl ManualClock {
    /// Stands at the machine's present time.
    #[must_use]
    pub fn new() -> Self {
        Self::starting_at(SystemTime::now())
    }

    /// Stands at `start`.
    #[must_use]
    pub fn starting_at(start: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Hand {
            now: start,
            waiters: BTreeMap::new(),
            next: 0,
        })))
    }

    /// Moves the clock forward by `step`. It stops at the end of the year 9999. All who wait for a time up to then are
    /// woken.
    pub fn advance(&self, step: Duration) {
        self.change(|now| {
            now.checked_add(step)
                .unwrap_or_else(|| system_time(Timestamp::MAX))
        });
    }

    /// Puts the clock at `time`, which may lie before its present one. All who wait for a time up to then are woken.
    pub fn set(&self, time: SystemTime) {
        self.change(|_| time);
    }

    fn change(&self, change: impl FnOnce(SystemTime) -> SystemTime) {
        let mut hand = self.lock();
        hand.now = change(hand.now);
        let now = hand.now;
        let later = hand.waiters.split_off(&(now, u64::MAX));
        let reached = std::mem::replace(&mut hand.waiters, later);
        // A waker may run code that looks at the clock.
        drop(hand);
        for waker in reached.into_values() {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Hand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    /// As [`ManualClock::new`].
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock")
            .field(&self.lock().now)
            .finish()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> SystemTime {
        self.lock().now
    }

    /// Ends when the clock is moved to `time` or beyond, even if it is put back right after. No time passes meanwhile,
    /// neither the machine's nor tokio's.
    fn wait_until(&self, time: SystemTime) -> ClockWait<'_> {
        Box::pin(Wait {
            clock: self,
            time,
            number: None,
        })
    }
}

struct Wait<'a> {
    clock: &'a ManualClock,
    time: SystemTime,
    /// Its number among the waiters, once it is one.
    number: Option<u64>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock;
        let mut hand = clock.lock();
        let Some(number) = self.number else {
            if hand.now >= self.time {
                return Poll::Ready(());
            }
            let number = hand.next;
            hand.next += 1;
            let waker = context.waker().clone();
            hand.waiters.insert((self.time, number), waker);
            self.number = Some(number);
            return Poll::Pending;
        };
        // Who is no longer among the waiters was woken.
        match hand.waiters.get_mut(&(self.time, number)) {
            None => Poll::Ready(()),
            Some(waker) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
        }
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let waker = self.clock.lock().waiters.remove(&(self.time, number));
            // Dropped when the lock is not held: a waker may run code.
            drop(waker);
        }
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

/// Ends when this long has passed since then. Never, if no clock can show that.
pub(crate) async fn passed(clock: &dyn Clock, since: SystemTime, time: Duration) {
    match since.checked_add(time) {
        Some(end) => clock.wait_until(end).await,
        None => std::future::pending().await,
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
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn is_ready(wait: &mut ClockWait<'_>) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        wait.as_mut().poll(&mut context).is_ready()
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_each_waiter_when_it_reaches_its_time_and_not_before() {
        let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH);
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        for hours in [3, 1, 2, 1, 0] {
            let (clock, tell) = (clock.clone(), tell.clone());
            tokio::spawn(async move {
                clock
                    .wait_until(SystemTime::UNIX_EPOCH + hours * HOUR)
                    .await;
                tell.send(hours).unwrap();
            });
        }
        let mut ended = async || {
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            let mut ended: Vec<u32> = std::iter::from_fn(|| told.try_recv().ok()).collect();
            ended.sort_unstable();
            ended
        };
        assert_eq!(ended().await, [0]);
        clock.advance(HOUR - Duration::from_nanos(1));
        assert_eq!(ended().await, [0; 0]);
        clock.advance(Duration::from_nanos(1));
        assert_eq!(ended().await, [1, 1]);
        clock.set(SystemTime::UNIX_EPOCH + 30 * HOUR);
        assert_eq!(ended().await, [2, 3]);
        assert!(clock.lock().waiters.is_empty());
    }

    #[test]
    fn a_clock_that_is_put_back_after_it_reached_a_time_ends_the_wait_and_one_before_does_not() {
        let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH);
        let mut wait = clock.wait_until(SystemTime::UNIX_EPOCH + HOUR);
        assert!(!is_ready(&mut wait));
        clock.set(SystemTime::UNIX_EPOCH - HOUR);
        clock.advance(HOUR);
        assert!(!is_ready(&mut wait));
        clock.advance(HOUR);
        clock.set(SystemTime::UNIX_EPOCH);
        assert!(is_ready(&mut wait));
        clock.advance(Duration::MAX);
        assert!(is_ready(&mut clock.wait_until(system_time(Timestamp::MAX))));
    }

    #[test]
    fn waiters_that_are_dropped_leave_nothing_and_others_are_woken_all_the_same() {
        let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH);
        let time = SystemTime::UNIX_EPOCH + HOUR;
        let mut waits: Vec<_> = (0..10_000).map(|_| clock.wait_until(time)).collect();
        assert!(waits.iter_mut().all(|wait| !is_ready(wait)));
        // Asked again, each is still one waiter.
        assert!(waits.iter_mut().all(|wait| !is_ready(wait)));
        assert_eq!(clock.lock().waiters.len(), 10_000);
        waits.truncate(3);
        assert_eq!(clock.lock().waiters.len(), 3);
        clock.advance(HOUR);
        assert_eq!(clock.lock().waiters.len(), 0);
        assert!(waits.iter_mut().all(is_ready));
        drop(waits);
        drop(clock.wait_until(time + HOUR));
        assert_eq!(clock.lock().waiters.len(), 0);
    }

    #[test]
    fn a_waiter_is_woken_by_the_waker_that_it_had_last() {
        let clock = ManualClock::starting_at(SystemTime::UNIX_EPOCH);
        let mut wait = clock.wait_until(SystemTime::UNIX_EPOCH + HOUR);
        let wakes = [Arc::new(Wakes::default()), Arc::new(Wakes::default())];
        for count in &wakes {
            let waker = Waker::from(Arc::clone(count));
            let polled = wait.as_mut().poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
        }
        clock.advance(HOUR);
        let counts = wakes.map(|count| count.0.load(Ordering::Relaxed));
        assert_eq!(counts, [0, 1]);
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_for_the_systems_clock_ends_when_tokios_paused_time_gets_there() {
        let ahead: Arc<dyn Clock> = Arc::new(SkewedClock::ahead(HOUR));
        let behind: Arc<dyn Clock> = Arc::new(SkewedClock::behind(HOUR));
        for clock in [Arc::new(SystemClock) as Arc<dyn Clock>, ahead, behind] {
            let began = tokio::time::Instant::now();
            let time = clock.now() + 24 * HOUR;
            clock.wait_until(time).await;
            let passed = began.elapsed();
            let expected = 24 * HOUR - Duration::from_secs(600)..=24 * HOUR + LOOK_AGAIN;
            assert!(expected.contains(&passed), "{passed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_that_has_come_is_not_waited_for() {
        let began = tokio::time::Instant::now();
        SystemClock.wait_until(SystemTime::now()).await;
        SystemClock.wait_until(SystemTime::UNIX_EPOCH).await;
        SkewedClock::ahead(HOUR)
            .wait_until(SystemTime::now() + HOUR / 2)
            .await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    /// A clock that gains a bit at each look, and counts the looks.
    struct Slow(Mutex<u32>);

    impl Clock for Slow {
        fn now(&self) -> SystemTime {
            let mut looks = self.0.lock().unwrap();
            *looks += 1;
            SystemTime::UNIX_EPOCH + *looks * Duration::from_micros(250)
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_not_there_yet_is_looked_at_again_after_some_milliseconds() {
        let clock = Slow(Mutex::new(0));
        let began = Instant::now();
        clock
            .wait_until(SystemTime::UNIX_EPOCH + Duration::from_millis(1))
            .await;
        assert_eq!(*clock.0.lock().unwrap(), 4);
        assert!(began.elapsed() >= 3 * LOOK_AGAIN);
    }

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
