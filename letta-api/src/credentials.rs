//! Keys and secrets: checked when they are made, never printed, wiped when they are dropped.

pub use self::api_key::{ApiKey, InvalidApiKey};
pub use self::fingerprint::Fingerprint;
pub use self::secret::Secret;

mod api_key;
mod fingerprint;
mod secret;
pub(crate) mod slip;
pub(crate) mod wiped;
