//! HTTP, whatever is served: the port, the names that it is served under, bodies, and refusals.

pub(crate) mod body;
pub(crate) mod host;
pub(crate) mod json_body;
pub(crate) mod refusal;
pub(crate) mod server;
pub(crate) mod written;
