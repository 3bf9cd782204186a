//! Hold-off: after a failure, the service is not asked again at once, however many callers ask the minter.
//!
//! In go failed attempts and successes. Out comes, for each caller, either nothing or the earlier error with what is
//! left of the wait. A rate limit is the account's, so all keys wait for it. Any other failure may be the key's own,
//! so only that key waits.

use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use reqwest::StatusCode;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use super::counters::Counts;
use super::key::Key;
use super::prehashed::Prehashed;
use super::sync::{Arc, Mutex, lock};
use crate::error::Error;
use crate::time::clock::Instant;
use crate::transport::retry_policy::full_jitter;

/// The longest wait that a service can impose. After it, one create finds out whether the service still wants to
/// wait.
pub(super) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// The wait after a first failure if the service names none. It doubles with each failure that follows.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);

const LONGEST_ACCOUNT_BACKOFF: Duration = Duration::from_secs(60);

const LONGEST_KEY_BACKOFF: Duration = Duration::from_secs(30);

/// How many keys are held at most. The key that was asked for least recently is dropped for another.
const MOST_KEYS: u64 = 10_000;

/// What must wait, and until when.
pub(super) struct HoldOff {
    account: Mutex<Account>,
    keys: Cache<Arc<Key>, Arc<KeyHold>, Prehashed>,
    began: Notify,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Account {
    hold: Option<Hold>,
    /// How many times in a row the service limited the account.
    times: u32,
    /// When the last of these waits ends.
    last_until: Option<Instant>,
}

#[derive(Clone)]
struct Hold {
    error: Error,
    until: Instant,
}

struct KeyHold {
    hold: Hold,
    /// How many times in a row it failed.
    times: u32,
}

/// What must wait after a failure.
enum Scope {
    Account,
    Key,
    Nothing,
}

impl Scope {
    fn of(error: &Error) -> Self {
        let names_a_wait = error.retry_after().is_some();
        if error.is_held_off() || error.is_invalid_input() {
            Self::Nothing
        } else if error.is_rate_limited()
            || error.is_quota_exceeded()
            || error.is_out_of_credits()
            || (error.status() == Some(StatusCode::SERVICE_UNAVAILABLE) && names_a_wait)
        {
            Self::Account
        } else if error.is_minters_own() && !error.is_short_lived() {
            // The error is not a failure of the service.
            Self::Nothing
        } else {
            Self::Key
        }
    }
}

impl HoldOff {
    pub(super) fn new(counts: Arc<Counts>) -> Self {
        Self::with_room_for(MOST_KEYS, counts)
    }

    fn with_room_for(keys: u64, counts: Arc<Counts>) -> Self {
        let keys = Cache::builder()
            .max_capacity(keys)
            .eviction_policy(EvictionPolicy::lru())
            // After this time, no wait is left, and no failure counts as one in a row.
            .time_to_live(LONGEST + LONGEST_KEY_BACKOFF)
            .build_with_hasher(Prehashed::default());
        Self {
            account: Mutex::default(),
            keys,
            began: Notify::new(),
            counts,
        }
    }

    /// The error for a caller, if the service must not be asked for this key now.
    pub(super) fn refusal(&self, key: &Arc<Key>, now: Instant) -> Option<Error> {
        let hold = self.hold(key, now)?;
        let left = hold.until.saturating_duration_since(now);
        Some(hold.error.held_off(left))
    }

    /// Until when the service must not be asked for this key.
    pub(super) fn until(&self, key: &Arc<Key>, now: Instant) -> Option<Instant> {
        Some(self.hold(key, now)?.until)
    }

    fn hold(&self, key: &Arc<Key>, now: Instant) -> Option<Hold> {
        let is_active = |hold: &Hold| hold.until > now;
        let (account, is_over) = {
            let mut account = lock(&self.account);
            let over = account.hold.take_if(|hold| !is_active(hold));
            (account.hold.clone(), over.is_some())
        };
        if is_over {
            self.report("the wait that the service asked for is over");
        }
        account.or_else(|| {
            let held = self.keys.get(key)?;
            is_active(&held.hold).then(|| held.hold.clone())
        })
    }

    /// Resolves when the account is held from now on. Create it before you call [`refusal`](Self::refusal), so that
    /// no hold is missed.
    pub(super) fn begins(&self) -> Notified<'_> {
        self.began.notified()
    }

    /// Records a create that failed.
    pub(super) fn failed(&self, key: &Arc<Key>, error: &Error, now: Instant) {
        match Scope::of(error) {
            Scope::Account => self.limited(error, now),
            Scope::Key => self.hold_key(key, error, now),
            Scope::Nothing => {}
        }
    }

    /// Records an attempt that failed. Its create may go on.
    pub(super) fn attempt_failed(&self, error: &Error, now: Instant) {
        if let Scope::Account = Scope::of(error) {
            self.limited(error, now);
        }
    }

    fn limited(&self, error: &Error, now: Instant) {
        let asked = error.retry_after().map(|wait| now + wait.min(LONGEST));
        let mut account = lock(&self.account);
        if let Some(hold) = account.hold.as_mut().filter(|hold| hold.until > now) {
            // Creates that were under way when the first of them failed. They may name a longer wait.
            hold.until = hold.until.max(asked.unwrap_or(hold.until));
            hold.error = error.clone();
            account.last_until = Some(hold.until);
            return;
        }
        // An earlier limit that is long past does not count.
        let is_long_past = |until| now.saturating_duration_since(until) >= LONGEST_ACCOUNT_BACKOFF;
        if account.last_until.is_some_and(is_long_past) {
            account.times = 0;
        }
        account.times = account.times.saturating_add(1);
        let until = match asked {
            // Otherwise, a service that names a millisecond each time would be asked a thousand times a second.
            Some(asked) if account.times > 1 => asked.max(now + backoff(1, FIRST_BACKOFF)),
            Some(asked) => asked,
            None => now + backoff(account.times, LONGEST_ACCOUNT_BACKOFF),
        };
        account.last_until = Some(until);
        account.hold = Some(Hold {
            error: error.clone(),
            until,
        });
        drop(account);
        self.began.notify_waiters();
        tracing::warn!(
            target: "letta_api_ext::minter",
            { letta.minter.wait_ms = to_millis(until.saturating_duration_since(now)), error.type = &*error.error_type() },
            "the service limits this account: the minter asks for no token until the wait is over"
        );
    }

    fn hold_key(&self, key: &Arc<Key>, error: &Error, now: Instant) {
        let mut times = 1;
        if let Some(held) = self.keys.get(key) {
            if held.hold.until > now {
                return;
            }
            // An earlier failure that is long past does not count.
            if now.saturating_duration_since(held.hold.until) < LONGEST_KEY_BACKOFF {
                times = held.times.saturating_add(1);
            }
        }
        let asked = error.retry_after().unwrap_or_default().min(LONGEST);
        let wait = asked.max(backoff(times, LONGEST_KEY_BACKOFF));
        let hold = Hold {
            error: error.clone(),
            until: now + wait,
        };
        self.keys
            .insert(key.clone(), Arc::new(KeyHold { hold, times }));
        tracing::debug!(
            target: "letta_api_ext::minter",
            { letta.minter.wait_ms = to_millis(wait), letta.minter.failures_in_a_row = times },
            "a token could not be minted: the minter does not ask for it again until the wait is over"
        );
    }

    /// Records a create that succeeded.
    pub(super) fn succeeded(&self, key: &Arc<Key>) {
        lock(&self.account).times = 0;
        if self.keys.get(key).is_some() {
            self.keys.invalidate(key);
            self.report("a token that could not be minted before was minted");
        }
    }

    /// Traces one event for many callers, with how many were held off since the last event.
    fn report(&self, what: &'static str) {
        let held_off = self.counts.held_off.since_last_report();
        tracing::debug!(
            target: "letta_api_ext::minter",
            { monotonic_counter.letta_minter_held_off = held_off },
            "{what}"
        );
    }
}

impl Drop for HoldOff {
    fn drop(&mut self) {
        self.report("the minter is dropped");
    }
}

/// How long to wait after `times` failures in a row: at random, between half of the bound and the bound.
fn backoff(times: u32, longest: Duration) -> Duration {
    let doublings = times.saturating_sub(1).min(16);
    let bound = (FIRST_BACKOFF * 2_u32.pow(doublings)).min(longest);
    bound / 2 + full_jitter(bound / 2)
}

fn to_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use letta_api::operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN as CREATE;
    use reqwest::header::HeaderMap;

    use super::*;
    use crate::access_tokens::minter::policies::Policies;

    fn failure(status: u16, retry_after: Option<&str>) -> Error {
        let mut headers = HeaderMap::new();
        if let Some(wait) = retry_after {
            headers.insert("retry-after", wait.parse().unwrap());
        }
        let status = StatusCode::from_u16(status).unwrap();
        Error::from_status(&CREATE, status, &headers, b"", &[])
    }

    struct World {
        policies: Policies,
        holds: HoldOff,
        now: Instant,
    }

    impl World {
        fn new() -> Self {
            Self {
                policies: Policies::new(),
                holds: HoldOff::with_room_for(10, Arc::default()),
                now: Instant::now(),
            }
        }

        fn key(&self, subject: &str) -> Arc<Key> {
            let policy = "agent-1:read_agent".parse().unwrap();
            let key = self.policies.key_ref(Some(subject), None, &policy);
            Key::new(&self.policies, &key)
        }

        fn fail(&self, subject: &str, status: u16, retry_after: Option<&str>) {
            let error = failure(status, retry_after);
            self.holds.failed(&self.key(subject), &error, self.now);
        }

        fn left(&self, subject: &str) -> Option<Duration> {
            self.holds
                .refusal(&self.key(subject), self.now)?
                .retry_after()
        }

        fn pass(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }
    }

    #[test]
    fn a_limit_holds_the_account_and_any_other_failure_its_key() {
        for (status, wait, is_for_all) in [
            (429, Some("30"), true),
            (429, None, true),
            (503, Some("30"), true),
            (503, None, false),
            (500, Some("30"), false),
            (500, None, false),
            (401, None, false),
            (400, None, false),
        ] {
            let world = World::new();
            world.fail("ada", status, wait);
            let left = world.left("ada").unwrap();
            match wait {
                Some(_) => assert_eq!(left, Duration::from_secs(30), "{status}"),
                None => assert!(
                    left >= FIRST_BACKOFF / 2 && left <= FIRST_BACKOFF,
                    "{left:?}"
                ),
            }
            assert_eq!(world.left("bob").is_some(), is_for_all, "{status} {wait:?}");
        }
    }

    #[test]
    fn a_wait_beyond_reason_is_cut_and_a_failure_that_the_service_had_no_part_in_is_not_held() {
        for (status, wait) in [(429, "999999999"), (503, "4000"), (500, "999999999")] {
            let world = World::new();
            world.fail("ada", status, Some(wait));
            assert_eq!(world.left("ada"), Some(LONGEST), "{status}");
        }
        let world = World::new();
        let held = failure(500, None).held_off(FIRST_BACKOFF);
        let bad = Error::invalid_input("policy", "must allow something", None);
        let shut: Error = crate::access_tokens::minter::Fault::ShutDown.into();
        for error in [held, bad, shut] {
            world.holds.failed(&world.key("ada"), &error, world.now);
            assert!(world.left("ada").is_none(), "{error}");
        }
    }

    #[test]
    fn waits_grow_with_failures_in_a_row_and_start_anew_after_a_success() {
        for (status, longest) in [(429, LONGEST_ACCOUNT_BACKOFF), (500, LONGEST_KEY_BACKOFF)] {
            let mut world = World::new();
            let mut bound = FIRST_BACKOFF;
            for _ in 0..40 {
                world.fail("ada", status, None);
                let left = world.left("ada").unwrap();
                assert!(
                    left >= bound / 2 && left <= bound,
                    "{status}: {left:?} of {bound:?}"
                );
                // A failure during the wait does not extend it.
                world.fail("ada", status, None);
                assert!(world.left("ada").unwrap() <= left);
                world.now += left;
                assert!(world.left("ada").is_none());
                bound = (bound * 2).min(longest);
            }
            world.holds.succeeded(&world.key("ada"));
            world.fail("ada", status, None);
            assert!(world.left("ada").unwrap() <= FIRST_BACKOFF);
        }
        for status in [500, 429] {
            let mut world = World::new();
            for _ in 0..5 {
                world.fail("ada", status, None);
                world.pass(20);
            }
            world.pass(3600);
            world.fail("ada", status, None);
            assert!(
                world.left("ada").unwrap() <= FIRST_BACKOFF,
                "{status}: it was long ago"
            );
        }
    }

    #[test]
    fn a_service_that_names_a_short_wait_each_time_is_not_asked_each_time() {
        let limited = |milliseconds: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after-ms", milliseconds.parse().unwrap());
            Error::from_status(&CREATE, StatusCode::TOO_MANY_REQUESTS, &headers, b"", &[])
        };
        let mut world = World::new();
        for number in 0..10 {
            world
                .holds
                .failed(&world.key("ada"), &limited("1"), world.now);
            let left = world.left("ada").unwrap();
            match number {
                0 => assert_eq!(left, Duration::from_millis(1)),
                _ => assert!(
                    left >= FIRST_BACKOFF / 2 && left <= FIRST_BACKOFF,
                    "{left:?}"
                ),
            }
            world.now += left;
        }
        // A longer wait stays as named. After a success, a short one does, too.
        world.fail("ada", 429, Some("2"));
        assert_eq!(world.left("ada"), Some(Duration::from_secs(2)));
        world.pass(2);
        world.holds.succeeded(&world.key("ada"));
        world
            .holds
            .failed(&world.key("ada"), &limited("1"), world.now);
        assert_eq!(world.left("ada"), Some(Duration::from_millis(1)));
    }

    #[test]
    fn the_latest_moment_that_the_service_names_counts() {
        let mut world = World::new();
        world.fail("ada", 429, Some("10"));
        world.fail("bob", 503, Some("30"));
        world.fail("eve", 429, Some("5"));
        world.fail("eve", 429, None);
        world.holds.succeeded(&world.key("ada"));
        world.pass(20);
        assert_eq!(world.left("ada"), Some(Duration::from_secs(10)));
        world.pass(10);
        assert!(world.left("ada").is_none());
    }

    #[test]
    fn holds_take_no_more_memory_than_so_much() {
        let world = World::new();
        for n in 0..5_000 {
            world.fail(&format!("subject-{n}"), 500, None);
        }
        world.holds.keys.run_pending_tasks();
        assert!(world.holds.keys.entry_count() <= 10);
        assert!(world.left("subject-4999").is_some());
        assert!(world.left("subject-0").is_none());
    }
}
