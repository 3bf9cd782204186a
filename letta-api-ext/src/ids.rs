//! Texts that are checked once: whoever holds one need not check it again.

mod agent_id;
mod checked_text;
mod origin;

pub use agent_id::AgentId;
pub use origin::Origin;
