//! Agent files: an agent with all that it needs, as one value, which makes the agent anew somewhere else.

pub(crate) mod export;
pub(crate) mod import;
mod message;
