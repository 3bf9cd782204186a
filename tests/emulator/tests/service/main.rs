//! What the emulator decides, seen over HTTP: each row of the table in the crate's documentation.

mod create;
mod delete;
mod http;
mod key;
mod lifecycle;
mod list;
mod projects;
mod raw;
mod secrecy;
