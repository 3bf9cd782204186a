//! A token that was minted.

use std::time::{Duration, SystemTime};

use letta_api::{Secret, types};
use serde::Serialize;

use crate::origin::Origin;
use crate::policy::AccessPolicy;
use crate::{clock, redact};

/// A client-side access token.
///
/// Cannot be printed or serialised by accident: `Debug` redacts the secret, and there is neither
/// `Display` nor `Serialize`. The secret leaves through [`expose_secret`](Self::expose_secret), or
/// through [`to_browser`](Self::to_browser), which makes what a page should be sent.
#[derive(Clone)]
pub struct AccessToken {
    secret: Secret,
    hostname: String,
    origin: Option<Origin>,
    expires_at_text: String,
    expires_at: Option<SystemTime>,
    policy_version: String,
    policy: AccessPolicy,
}

impl AccessToken {
    /// Takes what the service reports as it is. A part that cannot be read must not lose a token
    /// that was minted.
    pub(crate) fn from_wire(token: types::ClientSideAccessToken) -> Self {
        Self {
            secret: token.token,
            origin: Origin::new(&token.hostname).ok(),
            hostname: token.hostname,
            expires_at: clock::parse_rfc3339(&token.expires_at),
            expires_at_text: token.expires_at,
            policy_version: token.policy.version.to_string(),
            policy: AccessPolicy::from_wire(token.policy),
        }
    }

    /// The secret itself (`ck-let-…`). Keep it out of logs, errors and URLs.
    pub fn expose_secret(&self) -> &str {
        self.secret.expose_secret()
    }

    /// What a page should be sent: the secret and the expiry, and nothing else. Answer with
    /// `Cache-Control: no-store`.
    pub fn to_browser(&self) -> BrowserToken {
        BrowserToken {
            token: self.secret.clone(),
            expires_at: self
                .expires_at
                .and_then(clock::to_rfc3339)
                .unwrap_or_else(|| self.expires_at_text.clone()),
        }
    }

    /// When the token expires, by the service's clock. Nothing where the service gave a date that is
    /// not RFC 3339; [`expires_at_text`](Self::expires_at_text) has what it gave.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The expiry as the service wrote it; empty where it gave none.
    pub fn expires_at_text(&self) -> &str {
        &self.expires_at_text
    }

    /// What is left of the token's life, by the clock of this machine: zero once it has expired, and
    /// where its expiry is not known.
    pub fn remaining(&self) -> Duration {
        self.remaining_at(clock::now())
    }

    /// What is left of the token's life at `now`. See [`remaining`](Self::remaining).
    pub fn remaining_at(&self, now: SystemTime) -> Duration {
        self.expires_at
            .and_then(|expiry| expiry.duration_since(now).ok())
            .unwrap_or(Duration::ZERO)
    }

    /// Whether nothing [remains](Self::remaining) of the token's life.
    pub fn is_expired(&self) -> bool {
        self.remaining().is_zero()
    }

    /// What the token may do, as the service reports it. A report that is not in the documented form is
    /// read as far as it can be, down to an empty policy, and the token may then do more.
    pub fn policy(&self) -> &AccessPolicy {
        &self.policy
    }

    /// The version of the policy's format, as the service reports it: `1` today. Empty where it gave none.
    pub fn policy_version(&self) -> &str {
        &self.policy_version
    }

    /// The origin that the token is bound to. Nothing where the service reports what is no origin;
    /// [`hostname`](Self::hostname) has what it reports.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// What the token is bound to, as the service wrote it; empty where it wrote nothing.
    pub fn hostname(&self) -> &str {
        &self.hostname
    }
}

impl From<&AccessToken> for Secret {
    fn from(token: &AccessToken) -> Self {
        token.secret.clone()
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The service wrote the rest, and might repeat the secret in it.
        let shown = |text: &str| redact::text(text, &[self.expose_secret()]).unwrap_or_default();
        f.debug_struct("AccessToken")
            .field("secret", &self.secret)
            .field("hostname", &shown(&self.hostname))
            .field("expires_at", &shown(&self.expires_at_text))
            .field(
                "policy",
                &format_args!("{}", shown(&self.policy.to_string())),
            )
            .finish()
    }
}

/// The part of an [`AccessToken`] that a page should be sent.
///
/// Serialises to the secret and its expiry in RFC 3339, which JavaScript's `Date` reads:
///
/// ```json
/// {"token": "ck-let-…", "expiresAt": "2026-03-01T12:00:00Z"}
/// ```
///
/// `Debug` redacts the secret.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrowserToken {
    token: Secret,
    expires_at: String,
}

impl std::fmt::Debug for BrowserToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let expires_at = redact::text(&self.expires_at, &[self.token.expose_secret()]);
        f.debug_struct("BrowserToken")
            .field("token", &self.token)
            .field("expires_at", &expires_at.unwrap_or_default())
            .finish()
    }
}
