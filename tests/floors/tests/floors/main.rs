//! Each package's floors, how they are read, and which files ask for the target.

mod emulator;
mod letta_api;
mod letta_api_ext;
mod letta_cli;
mod reading;
mod target;
mod xtask;
