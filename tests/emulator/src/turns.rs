//! Turns: what an agent does from what is said to it to where it stops.

pub(crate) mod stage;
