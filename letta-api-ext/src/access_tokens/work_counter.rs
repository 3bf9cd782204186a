//! Counts work, so that tests can assert how it grows, however busy the machine is.

use std::cell::Cell;

thread_local! {
    static ALL: Cell<usize> = const { Cell::new(0) };
    static LOCKS: Cell<usize> = const { Cell::new(0) };
    static UNDER_THIS_LOCK: Cell<usize> = const { Cell::new(0) };
    static MOST_UNDER_A_LOCK: Cell<usize> = const { Cell::new(0) };
}

/// The work of this thread since the last call of [`take`].
#[derive(Debug)]
pub(crate) struct Done {
    /// How many grants of policies were looked at.
    pub(crate) all: usize,
    /// The most that were looked at while one lock of the minter was held.
    pub(crate) most_under_a_lock: usize,
}

/// Counts `grants` grants that are looked at.
pub(crate) fn look_at(grants: usize) {
    ALL.set(ALL.get() + grants);
    if LOCKS.get() > 0 {
        UNDER_THIS_LOCK.set(UNDER_THIS_LOCK.get() + grants);
        MOST_UNDER_A_LOCK.set(MOST_UNDER_A_LOCK.get().max(UNDER_THIS_LOCK.get()));
    }
}

/// Counts a lock that is taken.
#[cfg(feature = "minter")]
pub(crate) fn lock() {
    if LOCKS.get() == 0 {
        UNDER_THIS_LOCK.set(0);
    }
    LOCKS.set(LOCKS.get() + 1);
}

/// Counts a lock that is released.
#[cfg(feature = "minter")]
pub(crate) fn unlock() {
    LOCKS.set(LOCKS.get() - 1);
}

/// The work so far. Resets the count.
#[cfg(feature = "minter")]
pub(crate) fn take() -> Done {
    Done {
        all: ALL.replace(0),
        most_under_a_lock: MOST_UNDER_A_LOCK.replace(0),
    }
}
