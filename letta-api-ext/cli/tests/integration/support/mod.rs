//! Runs the program as its users do, in a terminal too. It needs signals and terminals as Unix has them.

pub(crate) mod program;
pub(crate) mod terminal;
