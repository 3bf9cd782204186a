//! Agents: create, list, change and delete them, and a handle to one.

#[cfg(feature = "blocks")]
mod blocks;
mod handle;

#[cfg(feature = "blocks")]
pub use blocks::{AttachBlock, DetachBlock};
pub use handle::AgentHandle;
