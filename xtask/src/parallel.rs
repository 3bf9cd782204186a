//! Two functions at the same time.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// The stack of the second thread: as much as the first thread of a program usually has, since a description may be nested deep.
const STACK: usize = 8 << 20;

/// Runs `other` on another thread, and `own` on this one. A panic of either becomes a panic of this function.
pub(crate) fn in_parallel<A: Send, B>(
    other: impl FnOnce() -> A + Send,
    own: impl FnOnce() -> B,
) -> (A, B) {
    scope(|scope| {
        let thread = Builder::new().stack_size(STACK);
        let other = thread
            .spawn_scoped(scope, other)
            .expect("there is room for a thread");
        let own = own();
        let other = other.join().unwrap_or_else(|panic| resume_unwind(panic));
        (other, own)
    })
}
