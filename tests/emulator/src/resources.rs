//! What the operations do to the state, a file for each resource. Here, a request is valid by the description.

pub(crate) mod agents;
pub(crate) mod base_tools;
pub(crate) mod blocks;
pub(crate) mod health;
pub(crate) mod mcp_servers;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod models;
pub(crate) mod tags;
pub(crate) mod tools;
pub(crate) mod transfer;
