//! The time of this machine, and of the service.

pub(crate) mod clock;
mod email_date;
pub(crate) mod service_clock;
