//! Each package's floors, and how they are read.

mod letta_api;
mod reading;
mod xtask;
