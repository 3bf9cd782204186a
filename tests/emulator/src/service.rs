//! The service: one account, and what a request goes through. Envelope, host, route, CORS, gate, handler.

pub(crate) mod account;
mod caller;
mod cors;
mod envelope;
mod gate;
mod handlers;
mod incoming;
pub(crate) mod page;
pub(crate) mod routes;
pub(crate) mod state;
mod tokens;
