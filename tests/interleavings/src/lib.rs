//! The single flight of `letta-api-ext`'s minter, compiled with locks that [shuttle] controls: it runs the tests
//! over and over, each time with another order of the threads' steps, and prints the one that fails.
//!
//! The file is the crate's own, and only its locks are others. tokio's channels in it are not controlled: each of
//! their operations counts as one step.
//!
//! [shuttle]: https://docs.rs/shuttle

#![cfg(test)]

/// In the place of the crate's own `minter/sync.rs`.
mod sync {
    use std::sync::PoisonError;

    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard};

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[path = "../../../letta-api-ext/src/access_tokens/minter/flights.rs"]
#[allow(dead_code, reason = "not all of it takes part in a race")]
mod flights;
mod tests;
