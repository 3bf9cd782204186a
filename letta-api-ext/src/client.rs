//! The client: how it is configured, and how a call is made.

pub(crate) mod answer;
mod builder;
mod custom;
#[cfg(feature = "_resources")]
#[allow(dead_code, reason = "messages and runs cannot be deleted")]
pub(crate) mod deletion;
mod events;
#[cfg(feature = "_resources")]
pub(crate) mod fields;
mod letta;
mod project;
pub(crate) mod request;
#[cfg(feature = "_resources")]
#[allow(dead_code, reason = "messages and runs cannot be changed")]
pub(crate) mod update;

pub use builder::LettaBuilder;
pub use custom::CustomRequest;
#[cfg(feature = "_resources")]
pub use deletion::Deletion;
pub use letta::Letta;
