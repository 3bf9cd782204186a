//! Locks, in a module of their own, so that tests can replace them with locks that try many orders of threads.

#[cfg(not(test))]
pub(crate) use std::sync::MutexGuard;
use std::sync::PoisonError;
pub(crate) use std::sync::{Arc, Mutex};

#[cfg(test)]
pub(crate) use counted::MutexGuard;

/// Nothing panics while it holds a lock, so the data is consistent even if the lock is poisoned.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    #[cfg(test)]
    let guard = MutexGuard::new(guard);
    guard
}

/// Locks that count while they are held, so that tests can measure the work done meanwhile.
#[cfg(test)]
mod counted {
    use std::ops::{Deref, DerefMut};

    pub(crate) struct MutexGuard<'a, T>(std::sync::MutexGuard<'a, T>);

    impl<'a, T> MutexGuard<'a, T> {
        pub(crate) fn new(guard: std::sync::MutexGuard<'a, T>) -> Self {
            crate::access_tokens::work_counter::lock();
            Self(guard)
        }
    }

    impl<T> Drop for MutexGuard<'_, T> {
        fn drop(&mut self) {
            crate::access_tokens::work_counter::unlock();
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;

        fn deref(&self) -> &T {
            &self.0
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.0
        }
    }
}
