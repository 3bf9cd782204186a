//! The service: one account, and what a request goes through. Envelope, host, route, CORS, gate, handler.

pub(crate) mod account;
mod agents;
mod caller;
mod cors;
mod envelope;
mod gate;
mod health;
mod messages;
pub(crate) mod routes;
pub(crate) mod state;
mod tokens;
