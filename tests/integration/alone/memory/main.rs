//! What the process has in use while it works. A program of its own, because other tests use memory, too; and its tests take
//! turns.

mod gzip_bomb;
mod soak;
mod turns;

/// Held by the test that measures.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
