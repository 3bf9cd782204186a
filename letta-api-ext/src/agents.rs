//! Agents: create, list, change and delete them, and a handle to one.

mod handle;

pub use handle::AgentHandle;
