//! What time it is here, and what the service says of it.

pub(crate) mod clock;
pub(crate) mod service_clock;
