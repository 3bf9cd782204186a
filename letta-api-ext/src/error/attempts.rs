//! What is known about the attempts of a call.

use crate::time::service_clock::ServiceDate;

/// What is known about the attempts of a call.
#[derive(Clone, Default)]
pub(crate) struct Attempts {
    pub(crate) count: u32,
    /// Whether an attempt before the last one may have had its effect.
    pub(crate) earlier_may_have_happened: bool,
    pub(crate) stopped: Option<Stopped>,
    /// Whether the answer came from another path, to which a redirect led.
    pub(crate) is_redirected: bool,
    /// The `Date` of the last answer, if it is known and the answer had one.
    pub(crate) date: Option<ServiceDate>,
}

/// Why a failed attempt was not repeated, although it could have been.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stopped {
    /// The wait would have ended after the deadline.
    Deadline,
    /// The service asks for a long wait, and the call has no deadline.
    LongWait,
    /// The retry budget is spent.
    Budget,
}
