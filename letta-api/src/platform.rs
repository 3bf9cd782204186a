//! Everything that differs between a native program and a browser: what must be `Send`, how a body is read, and what a
//! failure tells.
//!
//! `native` and `browser` have the same items, and one of them is compiled. Nothing else in the crate asks for the target.

#[cfg(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none")))]
mod browser;
#[cfg(not(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none"))))]
mod native;

#[cfg(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none")))]
use browser as here;
#[cfg(not(all(target_arch = "wasm32", any(target_os = "unknown", target_os = "none"))))]
use native as here;

#[cfg(feature = "multipart")]
pub(crate) use here::form;
pub(crate) use here::{Arriving, Unread, emptied_extensions, failure};
pub use here::{BoxFuture, MaybeSend, MaybeSync, execute, sort};
