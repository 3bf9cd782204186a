//! What a test has go wrong.

pub(crate) mod fault;
pub(crate) mod present;
pub(crate) mod stream_fault;
