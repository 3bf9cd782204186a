//! Each package's floors, and how they are read.

mod emulator;
mod letta_api;
mod reading;
mod xtask;
