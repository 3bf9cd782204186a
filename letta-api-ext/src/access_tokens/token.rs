//! A token that was minted.

#[cfg(feature = "minter")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use letta_api::{Fingerprint, Secret, types};
use serde::Serialize;

use crate::access_tokens::granted::{self, ExpiryAsked, Granted, Reported};
use crate::access_tokens::policy::AccessPolicy;
use crate::client::answer::Answer;
use crate::error::redact;
use crate::ids::Origin;
use crate::time::clock;
use crate::time::clock::Instant;
use crate::time::service_clock::ServiceDate;

/// A client-side access token.
///
/// It cannot be printed or serialised by accident: `Debug` redacts the secret, and there is neither `Display` nor
/// `Serialize`. A [fingerprint](Self::fingerprint) identifies a token in logs. The secret is returned by
/// [`expose_secret`](Self::expose_secret), and is in [`to_browser`](Self::to_browser), which is the form for a page.
///
/// The secret is `ck-let-` and base64 of the organization's ID and a random UUID (published source of 2025). So
/// whoever holds the token can read the organization's ID. The secret may contain `+`, `/` and `=`: percent-encode it
/// if it goes into a URL, and keep the `=` at its end.
///
/// Cheap to clone. The secret's memory is overwritten when the last clone is dropped.
#[derive(Clone)]
pub struct AccessToken {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    secret: Secret,
    hostname: String,
    expires_at_text: String,
    /// The `Date` of the answer with the token, if it had one.
    date: Option<ServiceDate>,
    /// An end that we have computed, instead of the one that the service reports.
    #[cfg(any(feature = "minter", feature = "test-util"))]
    ends: Option<Instant>,
    /// The first instant at which it has surely expired. Set if `ends` is.
    #[cfg(feature = "minter")]
    has_ended: Option<Instant>,
    /// Whether it was revoked after it was handed out.
    #[cfg(feature = "minter")]
    is_revoked: AtomicBool,
    reported: types::AccessPolicy,
    /// Whether the report equals what was asked for. Then only the parsed values below are kept.
    is_as_asked: bool,
    // Parsed on demand: few tokens of a page are looked at that closely.
    origin: OnceLock<Option<Origin>>,
    expires_at: OnceLock<Option<SystemTime>>,
    policy: OnceLock<AccessPolicy>,
}

impl AccessToken {
    /// The token in an answer.
    pub(super) fn of(answer: Answer<types::ClientSideAccessToken>) -> Self {
        let date = answer.date();
        Self::from_wire(answer.into_inner(), date)
    }

    /// Takes what the service reports. Never fails: a part that cannot be read must not lose a token that was minted.
    pub(crate) fn from_wire(
        token: types::ClientSideAccessToken,
        date: Option<ServiceDate>,
    ) -> Self {
        let inner = Inner {
            secret: token.token,
            hostname: token.hostname,
            expires_at_text: token.expires_at,
            date,
            #[cfg(any(feature = "minter", feature = "test-util"))]
            ends: None,
            #[cfg(feature = "minter")]
            has_ended: None,
            #[cfg(feature = "minter")]
            is_revoked: AtomicBool::new(false),
            reported: token.policy,
            is_as_asked: false,
            origin: OnceLock::new(),
            expires_at: OnceLock::new(),
            policy: OnceLock::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same token, after its report was found to equal what was asked for. The report is dropped.
    pub(crate) fn with_grant(mut self, policy: AccessPolicy, origin: Origin) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.policy = OnceLock::from(policy);
            inner.origin = OnceLock::from(Some(origin));
            inner.reported.data = Vec::new();
            inner.is_as_asked = true;
        }
        self
    }

    /// The `Date` of the answer with the token, if it had one.
    #[cfg(feature = "minter")]
    pub(super) fn date(&self) -> Option<&ServiceDate> {
        self.inner.date.as_ref()
    }

    /// The last instant, by the monotonic clock, at which the token surely has not expired. `None` if the service did
    /// not say enough.
    pub(crate) fn ends(&self) -> Option<Instant> {
        #[cfg(any(feature = "minter", feature = "test-util"))]
        if self.inner.ends.is_some() {
            return self.inner.ends;
        }
        let reading = self.inner.date.as_ref()?.reading()?;
        Some(reading.instant_of(self.expires_at()?))
    }

    /// The same token, with an end that we have computed.
    #[cfg(any(feature = "minter", feature = "test-util"))]
    pub(crate) fn ending(mut self, end: Instant) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.ends = Some(end);
            // The date is not needed any more.
            inner.date = None;
        }
        self
    }

    /// The same token, with the first instant at which it has surely expired.
    #[cfg(feature = "minter")]
    pub(crate) fn ended_by(mut self, end: Instant) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.has_ended = Some(end);
        }
        self
    }

    /// The first instant, by the monotonic clock, at which the token has surely expired. `None` if that is not known.
    #[cfg(feature = "minter")]
    pub(crate) fn has_ended_by(&self) -> Option<Instant> {
        self.inner.has_ended.or(self.inner.ends)
    }

    /// Marks it, for all clones, as revoked.
    #[cfg(feature = "minter")]
    pub(crate) fn mark_revoked(&self) {
        self.inner.is_revoked.store(true, Ordering::Release);
    }

    #[cfg(feature = "minter")]
    pub(crate) fn is_revoked(&self) -> bool {
        self.inner.is_revoked.load(Ordering::Acquire)
    }

    #[cfg(feature = "minter")]
    pub(crate) fn into_shared(self) -> Arc<Inner> {
        self.inner
    }

    #[cfg(feature = "minter")]
    pub(crate) fn from_shared(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    /// The secret (`ck-let-…`). Keep it out of logs, errors and URLs.
    pub fn expose_secret(&self) -> &str {
        self.inner.secret.expose_secret()
    }

    /// A short text that identifies the token in a log or a list. Safe to print.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// for token in letta.access_tokens().list().agent("agent-1").await? {
    ///     println!("{} for {}, until {}", token.fingerprint(), token.hostname(), token.expires_at_text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.inner.secret)
    }

    /// The form for a page: the secret, the expiry and the seconds until then, and nothing else. Answer with
    /// `Cache-Control: no-store`.
    ///
    /// The page's user can decode the token and read the ID of its organization. The ID is not a secret.
    pub fn to_browser(&self) -> BrowserToken {
        BrowserToken {
            token: self.inner.secret.clone(),
            expires_at: self
                .expires_at()
                .and_then(clock::to_rfc3339)
                .unwrap_or_else(|| self.inner.expires_at_text.clone()),
            expires_in: self.remaining().as_secs(),
        }
    }

    /// When the token expires, by the service's clock. `None` if the service's date is not RFC 3339;
    /// [`expires_at_text`](Self::expires_at_text) is the date as the service wrote it.
    pub fn expires_at(&self) -> Option<SystemTime> {
        let text = &self.inner.expires_at_text;
        let parsed = &self.inner.expires_at;
        *parsed.get_or_init(|| clock::parse_rfc3339(text))
    }

    /// The expiry as the service wrote it. Empty if the service gave no expiry.
    pub fn expires_at_text(&self) -> &str {
        &self.inner.expires_at_text
    }

    /// How long the token is still good for. Zero if it has expired, or if its expiry is not known.
    ///
    /// Measured from the service's own `Date` in the answer with the token, by a monotonic clock, so a wrong clock on
    /// this machine does not matter. The result is never too long. It is too short by the time that the answer took
    /// to arrive, and up to a second more. Time during which the machine was suspended may not count. If the service
    /// gave no `Date`, the clock of this machine is used.
    pub fn remaining(&self) -> Duration {
        match self.ends() {
            Some(end) => end.saturating_duration_since(Instant::now()),
            None => self.remaining_at(clock::now()),
        }
    }

    /// How long the token is still good for when the service's clock shows `now`. Zero if the token has expired by
    /// then, or if its expiry is not known.
    pub fn remaining_at(&self, now: SystemTime) -> Duration {
        self.expires_at()
            .and_then(|expiry| expiry.duration_since(now).ok())
            .unwrap_or(Duration::ZERO)
    }

    /// Whether nothing [remains](Self::remaining) of the token's life. Also true if its expiry is not known.
    pub fn is_expired(&self) -> bool {
        self.remaining().is_zero()
    }

    /// What the token may do, as the service reports it. Invalid parts of the report are [unknown
    /// grants](AccessPolicy::unknown_grants), and the policy may be empty. Then the token may do more than the policy
    /// says.
    pub fn policy(&self) -> &AccessPolicy {
        let reported = &self.inner.reported;
        let policy = &self.inner.policy;
        policy.get_or_init(|| AccessPolicy::from_wire(&reported.data))
    }

    /// The version of the policy's format, as the service reports it: `1` today. Empty if the service reports none.
    pub fn policy_version(&self) -> &str {
        self.inner.reported.version.as_str()
    }

    /// The origin that the token is for. `None` if the service reports an invalid origin.
    /// [`hostname`](Self::hostname) is the reported text.
    pub fn origin(&self) -> Option<&Origin> {
        let hostname = &self.inner.hostname;
        let origin = &self.inner.origin;
        origin.get_or_init(|| Origin::new(hostname).ok()).as_ref()
    }

    /// Whether the service reports that the token allows exactly what `policy` allows, and is for this origin. False
    /// if the report leaves out the policy or the origin, or has a part that this version does not know. The
    /// [expiry](Self::expires_at) is not compared.
    pub fn is_for(&self, policy: &AccessPolicy, origin: &Origin) -> bool {
        if self.inner.is_as_asked {
            return self.policy() == policy && self.origin() == Some(origin);
        }
        let answer = Reported {
            policy: &self.inner.reported,
            hostname: self.hostname(),
            expires_at: self.expires_at_text(),
        };
        granted::compare(policy, origin, ExpiryAsked::Any, answer) == Granted::AsAsked
    }

    /// The origin as the service reports it (`hostname` on the wire), unchecked. Empty if the service reports none.
    /// See [`origin`](Self::origin).
    pub fn hostname(&self) -> &str {
        &self.inner.hostname
    }
}

impl From<AccessToken> for Secret {
    fn from(token: AccessToken) -> Self {
        Self::from(&token)
    }
}

impl From<&AccessToken> for Secret {
    fn from(token: &AccessToken) -> Self {
        token.inner.secret.clone()
    }
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The service wrote the rest, and may repeat the secret in it.
        let secrets = [self.expose_secret()];
        let shown = |text: &str| redact::text(text, &secrets).unwrap_or_default();
        let policy = redact::display(self.policy(), &secrets).unwrap_or_default();
        f.debug_struct("AccessToken")
            .field("secret", &self.inner.secret)
            .field("fingerprint", &format_args!("{}", self.fingerprint()))
            .field("hostname", &shown(&self.inner.hostname))
            .field("expires_at", &shown(&self.inner.expires_at_text))
            .field("policy", &format_args!("{policy}"))
            .finish()
    }
}

/// The part of an [`AccessToken`] for a page.
///
/// Serialises to the secret, its expiry in RFC 3339, which JavaScript's `Date` reads, and the whole seconds until
/// then. The seconds are for a page whose clock may be wrong:
///
/// ```json
/// {"token": "ck-let-…", "expiresAt": "2026-03-01T12:00:00Z", "expiresIn": 299}
/// ```
///
/// The seconds are counted when [`to_browser`](AccessToken::to_browser) is called.
///
/// `Debug` redacts the secret, and shows its [fingerprint](AccessToken::fingerprint).
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrowserToken {
    token: Secret,
    expires_at: String,
    expires_in: u64,
}

impl std::fmt::Debug for BrowserToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let expires_at = redact::text(&self.expires_at, &[self.token.expose_secret()]);
        f.debug_struct("BrowserToken")
            .field("token", &self.token)
            .field(
                "fingerprint",
                &format_args!("{}", Fingerprint::of(&self.token)),
            )
            .field("expires_at", &expires_at.unwrap_or_default())
            .field("expires_in", &self.expires_in)
            .finish()
    }
}
