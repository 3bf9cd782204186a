//! The program `letta`, run as people run it, against the emulator.
//!
//! What it prints is in `snapshots/`. `UPDATE_EXPECT=1 cargo test -p letta-cli --test integration` writes that anew.

mod agents;
mod api;
#[cfg(unix)]
mod confirm;
mod expected;
mod failures;
mod fleet;
mod help;
mod lab;
mod profiles;
mod resources;
mod shell;
#[cfg(unix)]
mod support;
#[cfg(unix)]
mod talk;
mod tokens;
