//! What a test has go wrong.

pub(crate) mod fault;
pub(crate) mod present;
