//! Checked text: a value of these types is always valid, so nothing checks it again.

mod agent_id;
mod checked_text;
mod origin;

pub use agent_id::AgentId;
pub use origin::Origin;
