//! The tokio runtime that every call needs.

use tokio::runtime::Handle;

use crate::platform::NoRuntime;

/// That of the task which asks.
///
/// A runtime without time or I/O cannot be told from another. There tokio panics, and says what to enable.
///
/// # Errors
///
/// No runtime is running here.
pub(crate) fn current() -> Result<Handle, NoRuntime> {
    Handle::try_current().map_err(|_| NoRuntime)
}
