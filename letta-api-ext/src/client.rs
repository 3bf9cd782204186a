//! The client: how it is configured, and how a call is made.

pub(crate) mod answer;
mod builder;
mod custom;
mod events;
mod letta;
mod project;
pub(crate) mod request;

pub use builder::LettaBuilder;
pub use custom::CustomRequest;
pub use letta::Letta;
