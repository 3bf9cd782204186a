//! The tokio runtime that every call needs.

use tokio::runtime::Handle;

use crate::platform::NoRuntime;

/// The runtime of the current task.
///
/// A runtime without time or I/O cannot be detected. With such a one, tokio panics and says what to enable.
///
/// # Errors
///
/// There is no current runtime.
pub(crate) fn current() -> Result<Handle, NoRuntime> {
    Handle::try_current().map_err(|_| NoRuntime)
}
