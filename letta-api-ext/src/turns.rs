//! Turns: talking to an agent, so that nothing is said twice, lost or stuck.
//!
//! A turn is what an agent does from what is said to it until it stops: it thinks, speaks, calls tools, and may ask for approval.

mod answer;
mod approval;
mod emit;
mod engine;
mod event;
mod fault;
mod input;
#[cfg(test)]
mod laws;
mod lean;
mod path;
mod pending;
mod queue;
mod shared;
mod stream;
mod target;
mod telemetry;
mod transcript;
mod turn;
mod wire;

pub use answer::{Answer, Outcome};
pub use approval::{Decision, PendingApproval};
pub use event::{Event, Piece, ToolCall, ToolReturned};
pub use input::{Input, UserMessage};
pub use path::TurnPath;
pub use stream::TurnStream;
pub use turn::Turn;
