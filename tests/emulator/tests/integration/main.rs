//! What the emulator does, seen over HTTP: each row of `BEHAVIOUR.md`. And the program, as a user runs it.

mod access;
mod agents;
mod cors;
mod create;
mod delete;
mod faults;
mod host;
mod http;
mod key;
mod lifecycle;
mod list;
mod messages;
#[cfg(feature = "cli")]
mod page;
mod program;
mod projects;
mod raw;
mod rules;
mod scripted;
mod secrecy;
mod state;
mod state_file;
mod streams;
mod turns;
