//! What the emulator does, seen over HTTP: each row of `BEHAVIOUR.md`. And the program, as a user runs it.

mod access;
mod agents;
mod archives;
mod blocks;
mod complete;
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
mod mcp_servers;
mod messages;
mod models;
#[cfg(feature = "cli")]
mod program;
mod projects;
mod raw;
mod relations;
mod rules;
mod runs;
mod scripted;
mod secrecy;
mod side_by_side;
mod state;
mod streams;
mod tools;
mod turns;
mod typed;
