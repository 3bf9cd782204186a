//! What a call has been through.

use crate::time::service_clock::ServiceDate;

/// What is known of a call's attempts.
#[derive(Clone, Default)]
pub(crate) struct Attempts {
    pub(crate) count: u32,
    /// Whether an attempt before the last one may have had its effect.
    pub(crate) earlier_may_have_happened: bool,
    pub(crate) stopped: Option<Stopped>,
    /// Whether a redirect led to another path, which gave the answer.
    pub(crate) is_elsewhere: bool,
    /// The date of the last answer, if it is known here and had one.
    pub(crate) date: Option<ServiceDate>,
}

/// Why a failure that might have been repeated was not.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stopped {
    /// The wait would have gone beyond the deadline.
    Deadline,
    /// Too many calls fail.
    Budget,
}
