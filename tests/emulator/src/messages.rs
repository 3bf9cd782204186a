//! What an agent was sent, and what it said.

pub(crate) mod message;
pub(crate) mod request;
