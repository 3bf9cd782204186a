//! What the emulator does, seen over HTTP: each row of `BEHAVIOUR.md`. And the program, as a user runs it.

mod access;
mod agents;
mod archives;
mod conversations;
mod cors;
mod create;
mod delete;
mod faults;
mod folders;
mod host;
mod http;
mod key;
mod lifecycle;
mod list;
mod messages;
#[cfg(feature = "cli")]
mod program;
mod projects;
mod raw;
mod rules;
mod secrecy;
mod side_by_side;
mod state;
