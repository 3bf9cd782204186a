//! The tokio runtime that every call needs, except in a browser.

use crate::error::Result;

/// That of the task which asks. An error outside a runtime.
///
/// A runtime without time or I/O cannot be told from another. There tokio panics, and says what to enable.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn current() -> Result<tokio::runtime::Handle> {
    tokio::runtime::Handle::try_current().map_err(|_| {
        let rule = "must be a tokio runtime, and none is running here: await this in a task of one, under \
                    `#[tokio::main]`, or in `Runtime::block_on`";
        crate::error::Error::invalid_input("runtime", rule, None)
    })
}

/// Whether calls can be made here.
pub(crate) fn check() -> Result<()> {
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    current()?;
    Ok(())
}

/// That of the task which asks, where there is nobody to take an error.
///
/// # Panics
///
/// Outside a tokio runtime.
#[cfg(feature = "minter")]
#[track_caller]
pub(crate) fn expect(what: &str) -> tokio::runtime::Handle {
    current().unwrap_or_else(|error| panic!("a token minter cannot {what} here: {error}"))
}
