//! Talking and watching: `letta chat`, `send`, `messages`, `conversations`, `runs`, `run` and `emulator`.
//!
//! They need a system with signals and terminals as Unix has them.
#![cfg(unix)]

#[path = "../support/mod.rs"]
mod support;

mod chat;
mod emulator;
mod pipe;
mod recording;
mod script;
mod send;
mod watch;
