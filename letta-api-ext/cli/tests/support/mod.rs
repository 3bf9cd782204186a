//! Runs the program as its users do, and keeps what it printed in files.

pub(crate) mod expected;
pub(crate) mod program;
pub(crate) mod terminal;
