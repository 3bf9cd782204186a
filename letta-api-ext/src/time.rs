//! The time of this machine, and of the service.

pub(crate) mod clock;
pub(crate) mod service_clock;
