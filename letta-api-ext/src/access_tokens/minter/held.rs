//! A token in the cache, with what the minter must know about it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use super::policies::Interned;
use super::sync::{Arc, Mutex, lock};
use crate::access_tokens::token::{AccessToken, Inner};
use crate::time::clock::Instant;

/// A token in the cache.
///
/// The cache may keep an evicted entry for a while, until no thread can be looking at it any more. The secret must be
/// wiped before that, so it can be taken out.
pub(super) struct Held {
    id: HeldId,
    token: ArcSwapOption<Inner>,
    /// Until when it is served.
    ends: Instant,
    /// When all tokens in the entry have surely expired.
    all_end: Instant,
    /// How long the service lets it live, at most.
    granted: Duration,
    /// When it is to be renewed, in nanoseconds since `since`.
    renew_at: AtomicU64,
    since: Instant,
    /// Older tokens that it replaced. They were handed out, and work until they expire.
    earlier: Mutex<Vec<AccessToken>>,
    stands_in_for: Mutex<StandIns>,
}

/// Narrower policies that the token was served for.
#[derive(Clone, Default)]
struct StandIns {
    policies: Vec<Arc<Interned>>,
    /// There were too many to keep, so it may have been any.
    are_more: bool,
}

impl StandIns {
    fn contain(&self, policy: &Arc<Interned>) -> bool {
        self.policies.iter().any(|kept| Arc::ptr_eq(kept, policy))
    }
}

/// Most policies that are kept. A token of many rights has more parts than there is room for.
const MOST_STAND_INS: usize = 100;

/// Tells one from all others in the process.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct HeldId(u64);

/// Marks that somebody has begun the renewal.
const NOT_AGAIN: u64 = u64::MAX;

impl Held {
    /// Makes an entry that is renewed `renew_in` from `now`, and replaces `earlier`.
    pub(super) fn new(
        token: AccessToken,
        ends: Instant,
        granted: Duration,
        now: Instant,
        renew_in: Duration,
        earlier: Option<&Self>,
    ) -> Self {
        let mut tokens = Vec::new();
        let mut stand_ins = StandIns::default();
        if let Some(earlier) = earlier {
            tokens = earlier.live_tokens(now);
            stand_ins.clone_from(&lock(&earlier.stands_in_for));
        }
        let ends_of_all = tokens.iter().chain([&token]);
        let ends_of_all = ends_of_all.filter_map(AccessToken::has_ended_by);
        let all_end = ends_of_all.fold(ends, Instant::max);
        static IDS: AtomicU64 = AtomicU64::new(0);
        Self {
            id: HeldId(IDS.fetch_add(1, Ordering::Relaxed)),
            token: ArcSwapOption::new(Some(token.into_shared())),
            ends,
            all_end,
            granted,
            renew_at: AtomicU64::new(to_nanos(renew_in)),
            since: now,
            earlier: Mutex::new(tokens),
            stands_in_for: Mutex::new(stand_ins),
        }
    }

    /// The token, if it is good for at least `valid_for` from `now`.
    pub(super) fn good_for(&self, valid_for: Duration, now: Instant) -> Option<AccessToken> {
        if self.ends.saturating_duration_since(now) < valid_for || self.ends <= now {
            return None;
        }
        let token = self.token.load_full()?;
        Some(AccessToken::from_shared(token))
    }

    /// The life that the service gives the token, if that is less than `valid_for` and the token still lives. Minting
    /// again would return an equally short token.
    pub(super) fn too_short_for(&self, valid_for: Duration, now: Instant) -> Option<Duration> {
        (self.granted < valid_for && self.is_live(now)).then_some(self.granted)
    }

    pub(super) fn granted(&self) -> Duration {
        self.granted
    }

    fn is_live(&self, now: Instant) -> bool {
        self.ends > now
    }

    pub(super) fn id(&self) -> HeldId {
        self.id
    }

    pub(super) fn ends(&self) -> Instant {
        self.ends
    }

    /// When nothing is left in it to revoke.
    pub(super) fn all_end(&self) -> Instant {
        self.all_end
    }

    /// How many tokens there are in it.
    pub(super) fn len(&self) -> usize {
        1 + lock(&self.earlier).len()
    }

    /// Whether to renew it now. True for one caller only, until [`postpone`](Self::postpone).
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let due = self.renew_at.load(Ordering::Relaxed);
        due <= to_nanos(now.saturating_duration_since(self.since))
            && self
                .renew_at
                .compare_exchange(due, NOT_AGAIN, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Sets another time for the renewal.
    pub(super) fn postpone(&self, until: Instant) {
        let until = to_nanos(until.saturating_duration_since(self.since));
        self.renew_at.store(until, Ordering::Relaxed);
    }

    /// All tokens in it that may not have expired.
    pub(super) fn live_tokens(&self, now: Instant) -> Vec<AccessToken> {
        let current = self.token.load_full().map(AccessToken::from_shared);
        let earlier = lock(&self.earlier);
        let tokens = earlier.iter().cloned().chain(current);
        tokens
            .filter(|token| token.has_ended_by().is_none_or(|end| end > now))
            .collect()
    }

    /// Remembers that the token was served for a narrower policy.
    pub(super) fn stand_in_for(&self, policy: &Arc<Interned>) {
        let mut stand_ins = lock(&self.stands_in_for);
        if stand_ins.are_more || stand_ins.contain(policy) {
            return;
        }
        if stand_ins.policies.len() < MOST_STAND_INS {
            stand_ins.policies.push(policy.clone());
        } else {
            *stand_ins = StandIns {
                policies: Vec::new(),
                are_more: true,
            };
        }
    }

    /// Whether the token was served for `policy`. `None` if it was served for too many policies to know.
    pub(super) fn stands_in(&self, policy: &Arc<Interned>) -> Option<bool> {
        let stand_ins = lock(&self.stands_in_for);
        (!stand_ins.are_more).then(|| stand_ins.contain(policy))
    }

    /// How many narrower policies are kept.
    #[cfg(test)]
    pub(super) fn stand_ins(&self) -> usize {
        lock(&self.stands_in_for).policies.len()
    }

    /// Wipes the secrets. Clones that were handed out are not touched.
    pub(super) fn wipe(&self) {
        self.token.store(None);
        lock(&self.earlier).clear();
    }
}

fn to_nanos(time: Duration) -> u64 {
    // The largest value is 584 years.
    u64::try_from(time.as_nanos()).unwrap_or(NOT_AGAIN)
}
