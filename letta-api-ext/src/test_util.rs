//! Tokens and errors for the unit tests of an application. Feature `test-util`.
//!
//! An application's code takes an [`AccessToken`] or an [`Error`]. A unit test of that code should not need a server.
//! Turn the feature on for tests only:
//!
//! ```toml
//! [dev-dependencies]
//! letta-api-ext = { version = "0.1", features = ["test-util"] }
//! ```
//!
//! [`TokenBuilder`] makes a token, and [`ErrorBuilder`] an error of each kind:
//!
//! ```
//! use std::time::Duration;
//! use letta_api_ext::{AccessPolicy, Error, policy::Preset};
//! use letta_api_ext::test_util::{ErrorBuilder, TokenBuilder};
//!
//! let policy = AccessPolicy::for_agent("agent-1", Preset::Chat)?;
//! let token = TokenBuilder::new(policy, "https://chat.example.com").build()?;
//! assert!(token.expose_secret().starts_with("ck-let-"));
//! assert!(!token.is_expired());
//!
//! let error: Error = ErrorBuilder::status(503).retry_after(Duration::from_secs(2)).build();
//! assert!(error.is_retryable());
//! # Ok::<(), letta_api_ext::Error>(())
//! ```
//!
//! For larger tests, the crate `letta-api-emulator` runs the service in the process of the test. Its documentation
//! shows how to move time on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use letta_api::{Secret, types};

use crate::access_tokens::policy::AccessPolicy;
use crate::access_tokens::token::AccessToken;
use crate::error::token_form;
use crate::error::{Error, Result};
use crate::ids::Origin;
use crate::time::clock::{self, Instant};

mod error_builder;

pub use error_builder::ErrorBuilder;

/// How long a token lives by default, as at the service.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Makes an [`AccessToken`] that no service knows, for the unit tests of an application.
///
/// Its expiry is measured by tokio's clock. So in a test with paused time, `tokio::time::advance` lets the token
/// expire. Otherwise it equals a token in an answer of the service.
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::test_util::TokenBuilder;
///
/// # /*
/// #[tokio::test(start_paused = true)]
/// # */
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), letta_api_ext::Error> {
/// # tokio::time::pause();
/// let policy = "agent-1:chat".parse::<letta_api_ext::AccessPolicy>()?;
/// let token = TokenBuilder::new(policy, "https://chat.example.com")
///     .expires_in(Duration::from_secs(60))
///     .build()?;
/// assert_eq!(token.remaining(), Duration::from_secs(60));
/// tokio::time::advance(Duration::from_secs(60)).await;
/// assert!(token.is_expired());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a token builder does nothing until `build`"]
pub struct TokenBuilder {
    policy: AccessPolicy,
    origin: Result<Origin>,
    secret: Option<Secret>,
    expires_in: Duration,
}

impl TokenBuilder {
    /// A token with this policy, for this origin: text, or an [`Origin`]. It lives for 5 minutes. Its secret is
    /// unique in the process, and has the form of the service's: `ck-let-`, and base64 of an organization's ID and a
    /// random UUID, with `=` at its end.
    pub fn new<O>(policy: impl Into<AccessPolicy>, origin: O) -> Self
    where
        O: TryInto<Origin>,
        O::Error: Into<Error>,
    {
        Self {
            policy: policy.into(),
            origin: origin.try_into().map_err(Into::into),
            secret: None,
            expires_in: LIFETIME,
        }
    }

    /// The secret: any text. To test code that puts it into a URL or a header, use one with `+`, `/` and `=`.
    pub fn secret(mut self, secret: impl Into<Secret>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// How long the token lives, counted from [`build`](Self::build). With zero, it has expired.
    /// [`build`](Self::build) reports an end beyond the year 9999.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expires_in = lifetime;
        self
    }

    /// Makes the token.
    ///
    /// # Errors
    ///
    /// An invalid origin (`origin`), or an end beyond the year 9999 (`expires_in`).
    pub fn build(self) -> Result<AccessToken> {
        let end = Instant::now().checked_add(self.expires_in);
        let expiry = clock::now().checked_add(self.expires_in);
        let (Some(end), Some(text)) = (end, expiry.and_then(clock::to_rfc3339)) else {
            let rule = "must end before the year 10000";
            return Err(Error::invalid_input("expires_in", rule, None));
        };
        let secret = self.secret.unwrap_or_else(unused_secret);
        let policy =
            types::AccessPolicy::new(types::AccessPolicyVersion::V1, self.policy.to_entries());
        let token = types::ClientSideAccessToken::new(secret, self.origin?.as_str(), text, policy);
        Ok(AccessToken::from_wire(token, None).ending(end))
    }
}

fn unused_secret() -> Secret {
    static MADE: AtomicU32 = AtomicU32::new(1);
    // The number makes it unique.
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let [a, b, c] = [(); 3].map(|()| fastrand::u16(..) & 0xfff);
    let end = fastrand::u64(..) >> 16;
    let organization = "org-00000000-0000-4000-8000-000000000000";
    let token = token_form::encode(&format!(
        "{organization}:{number:08x}-{a:04x}-4{b:03x}-8{c:03x}-{end:012x}"
    ));
    Secret::new(token.as_str())
}
