//! What differs between a machine and a browser.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod proxy;
pub(crate) mod runtime;
#[cfg(all(
    feature = "rustls-ring",
    not(any(feature = "native-tls", feature = "rustls", target_arch = "wasm32"))
))]
pub(crate) mod tls;
