//! The client: how it is configured, and how a call is made and what it comes to.

mod builder;
pub(crate) mod call;
mod letta;
mod project;

pub use builder::LettaBuilder;
pub use letta::Letta;
