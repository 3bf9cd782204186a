//! Talking and watching: `letta chat`, `send`, `messages`, `conversations`, `runs`, `run` and `emulator`.

mod chat;
mod emulator;
mod pipe;
mod recording;
mod script;
mod send;
mod watch;
