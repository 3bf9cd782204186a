//! What a minter has done so far.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of what a [`TokenMinter`](crate::TokenMinter) and its clones have done since it was built. No count ever
/// decreases. They are read one after the other, so sums may be slightly off while requests come in.
///
/// `tracing` gets the same as events, see [the minter's documentation](crate::TokenMinter#observability).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MinterCounters {
    /// Requests answered from the cache at once.
    pub hits: u64,
    /// Requests that waited for a token that was already being minted for another.
    pub waits: u64,
    /// Creates that somebody waited for.
    pub creates: u64,
    /// Creates ahead of need, while the old token was still served.
    pub renewals: u64,
    /// Creates and renewals that failed.
    pub failures: u64,
    /// Failures that [may have happened](crate::Error::may_have_happened): each may have left a live token that
    /// nobody knows, until it expires.
    pub unknown_outcomes: u64,
    /// Requests that got an [earlier failure](crate::Error::is_held_off) again, without a call. Unlike the others,
    /// `tracing` gets their number in one event: when a wait is over, and when the minter is dropped.
    pub held_off: u64,
    /// Live tokens that were evicted because the cache was full.
    pub evictions: u64,
    /// Tokens that were to be revoked, and that the service has deleted or had no record of. A page that has used one
    /// may go on [until it expires](crate::Revocation).
    pub revocations: u64,
    /// Tokens that could not be deleted: each works until it expires.
    pub failed_revocations: u64,
}

/// The counters that [`MinterCounters`] are read from.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) hits: Count,
    pub(super) waits: Count,
    pub(super) creates: Count,
    pub(super) renewals: Count,
    pub(super) failures: Count,
    pub(super) unknown_outcomes: Count,
    pub(super) held_off: Count,
    pub(super) evictions: Count,
    pub(super) revocations: Count,
    pub(super) failed_revocations: Count,
}

#[derive(Debug, Default)]
pub(super) struct Count {
    all: AtomicU64,
    told: AtomicU64,
}

impl Count {
    pub(super) fn add_one(&self) {
        self.all.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were since this was last called.
    pub(super) fn since_last_report(&self) -> u64 {
        let all = self.get();
        let told = self.told.fetch_max(all, Ordering::Relaxed);
        all.saturating_sub(told)
    }

    fn get(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }
}

impl Counts {
    pub(super) fn read(&self) -> MinterCounters {
        MinterCounters {
            hits: self.hits.get(),
            waits: self.waits.get(),
            creates: self.creates.get(),
            renewals: self.renewals.get(),
            failures: self.failures.get(),
            unknown_outcomes: self.unknown_outcomes.get(),
            held_off: self.held_off.get(),
            evictions: self.evictions.get(),
            revocations: self.revocations.get(),
            failed_revocations: self.failed_revocations.get(),
        }
    }
}

/// Counts an event, and traces it under the same name.
macro_rules! count {
    ($counts:expr, $level:ident, $count:ident, $metric:ident, { $($field:tt)+ }, $($message:tt)+) => {{
        $counts.$count.add_one();
        tracing::$level!(
            target: "letta_api_ext::minter",
            { monotonic_counter.$metric = 1_u64, $($field)+ },
            $($message)+
        );
    }};
    ($counts:expr, $level:ident, $count:ident, $metric:ident, $($message:tt)+) => {{
        $counts.$count.add_one();
        tracing::$level!(
            target: "letta_api_ext::minter",
            { monotonic_counter.$metric = 1_u64 },
            $($message)+
        );
    }};
}
pub(super) use count;
