//! What the operations do to the state, a file for each resource. Here, a request is valid by the description.

pub(crate) mod agents;
pub(crate) mod health;
pub(crate) mod members;
pub(crate) mod messages;
