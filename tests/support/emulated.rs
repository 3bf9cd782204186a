//! An emulator, and a client for it that tries again without waiting long.

use letta_api_emulator::{Builder, Emulator};
use letta_api_ext::Letta;

/// An emulator as it is by default, and a client with its key.
///
/// # Panics
///
/// It does not start.
pub async fn start() -> (Emulator, Letta) {
    start_with(Emulator::builder()).await
}

/// An emulator as it is built, and a client with its key.
///
/// # Panics
///
/// It does not start.
pub async fn start_with(builder: Builder) -> (Emulator, Letta) {
    let emulator = builder.start().await.expect("loopback has free ports");
    let key = emulator.api_key().clone();
    let letta = crate::configured(emulator.base_url(), |builder| builder.api_key(key));
    (emulator, letta)
}
