//! Counts work, so that tests can say how it grows, whatever the machine is busy with.

use std::cell::Cell;

thread_local! {
    static ALL: Cell<usize> = const { Cell::new(0) };
    static LOCKS: Cell<usize> = const { Cell::new(0) };
    static UNDER_THIS_LOCK: Cell<usize> = const { Cell::new(0) };
    static MOST_UNDER_A_LOCK: Cell<usize> = const { Cell::new(0) };
}

/// What this thread has done since it was last asked.
#[derive(Debug)]
pub(crate) struct Done {
    /// How many grants of policies were looked at.
    pub(crate) all: usize,
    /// How many at most while a lock of the minter's was held.
    pub(crate) most_under_a_lock: usize,
}

/// So many grants of a policy are looked at.
pub(crate) fn look_at(grants: usize) {
    ALL.set(ALL.get() + grants);
    if LOCKS.get() > 0 {
        UNDER_THIS_LOCK.set(UNDER_THIS_LOCK.get() + grants);
        MOST_UNDER_A_LOCK.set(MOST_UNDER_A_LOCK.get().max(UNDER_THIS_LOCK.get()));
    }
}

/// A lock is taken.
#[cfg(feature = "minter")]
pub(crate) fn lock() {
    if LOCKS.get() == 0 {
        UNDER_THIS_LOCK.set(0);
    }
    LOCKS.set(LOCKS.get() + 1);
}

/// A lock is given back.
#[cfg(feature = "minter")]
pub(crate) fn unlock() {
    LOCKS.set(LOCKS.get() - 1);
}

/// What was done, counted from zero again.
#[cfg(feature = "minter")]
pub(crate) fn take() -> Done {
    Done {
        all: ALL.replace(0),
        most_under_a_lock: MOST_UNDER_A_LOCK.replace(0),
    }
}
