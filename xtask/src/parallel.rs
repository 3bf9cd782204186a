//! Two things at once.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

/// As much as the first thread of a program has: a description may be nested deep.
const STACK: usize = 8 << 20;

/// Does `other` on a thread of its own, and `own` meanwhile. A panic of either is one of this.
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
