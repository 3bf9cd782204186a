//! Agents, and how they answer.

pub(crate) mod agent;
pub(crate) mod page;
pub(crate) mod reply;
pub(crate) mod store;
