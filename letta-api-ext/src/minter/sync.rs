//! Locks, apart, so that tests can put others in their place that try every order of threads.

use std::sync::PoisonError;
pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

/// Nothing panics half way through a change, so what a lock guards is whole in any case.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
