//! What the emulator decides, seen over HTTP: each row of the table in the crate's documentation.

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
mod program;
mod projects;
mod raw;
mod rules;
mod secrecy;
mod state;
