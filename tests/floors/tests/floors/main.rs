//! Each package's floors, and how they are read.

mod emulator;
mod letta_api;
mod letta_api_ext;
mod letta_cli;
mod reading;
mod xtask;
