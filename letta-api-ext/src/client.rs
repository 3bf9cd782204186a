//! The client: how it is configured, and how a call is made.

pub(crate) mod answer;
mod builder;
#[cfg(any(feature = "conversations", feature = "messages"))]
#[allow(dead_code, reason = "with messages, also agents are needed")]
pub(crate) mod cancellation;
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
#[cfg(feature = "turns")]
pub(crate) mod run_calls;
#[cfg(feature = "_resources")]
#[allow(dead_code, reason = "messages and runs cannot be changed")]
pub(crate) mod update;

pub use builder::LettaBuilder;
#[cfg(any(feature = "conversations", feature = "messages"))]
pub use cancellation::{CancelOutcome, Cancellation, RunCancellation};
pub use custom::CustomRequest;
#[cfg(feature = "_resources")]
pub use deletion::Deletion;
pub use letta::Letta;
