//! What the operations do to the state, a file for each resource. Here, a request is valid by the description.

pub(crate) mod agent_files;
pub(crate) mod agents;
pub(crate) mod archives;
pub(crate) mod base_tools;
pub(crate) mod blocks;
pub(crate) mod compaction;
pub(crate) mod conversations;
pub(crate) mod dates;
pub(crate) mod files;
#[cfg(test)]
pub(crate) mod fixture;
pub(crate) mod folders;
pub(crate) mod health;
pub(crate) mod mcp_servers;
pub(crate) mod media_types;
pub(crate) mod members;
pub(crate) mod messages;
pub(crate) mod models;
pub(crate) mod passages;
pub(crate) mod runs;
pub(crate) mod steps;
pub(crate) mod tags;
pub(crate) mod tools;
pub(crate) mod transfer;
pub(crate) mod words;
