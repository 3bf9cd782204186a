//! Minting a token.

use std::time::{Duration, SystemTime};

use letta_api::types;

use super::granted::{self, ExpiryAsked, Granted, Reported};
use super::policy::AccessPolicy;
use super::token::AccessToken;
use super::{entries, salvage, token_text};
use crate::client::answer::Answer;
use crate::client::request::{Call, request};
use crate::error::{Error, Result};
use crate::ids::Origin;
use crate::time::clock::{self, Instant};

/// A request to mint a token. From [`AccessTokens::create`](crate::AccessTokens::create).
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct CreateAccessToken {
    call: Call,
    policy: AccessPolicy,
    origin: Result<Origin>,
    expiry: Expiry,
    check: GrantCheck,
    /// Whether a policy of several entries is warned of.
    is_warned: bool,
}

/// How closely the granted token must match the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GrantCheck {
    /// The answer must not show a difference. It may leave parts out.
    NotOtherwise,
    /// The answer must show all parts, and they must match.
    #[cfg(feature = "minter")]
    Known,
    /// Any token is accepted.
    Any,
}

impl GrantCheck {
    /// Whether a token is rejected if the answer does not say what it allows.
    fn wants_to_know(self) -> bool {
        #[cfg(feature = "minter")]
        return self == Self::Known;

        #[cfg(not(feature = "minter"))]
        false
    }

    /// How the expiry must compare with the one that was sent.
    fn of_expiry(self, instant: SystemTime) -> ExpiryAsked {
        match self {
            // A minter can use a token with a shorter life.
            #[cfg(feature = "minter")]
            Self::Known => ExpiryAsked::By(instant),
            _ => ExpiryAsked::At(instant),
        }
    }

    /// How the expiry must be if the request had none.
    fn of_no_expiry(self) -> ExpiryAsked {
        match self {
            #[cfg(feature = "minter")]
            Self::Known => ExpiryAsked::Known,
            _ => ExpiryAsked::Any,
        }
    }
}

/// When the token should expire.
#[derive(Clone, Debug)]
enum Expiry {
    /// The service decides: 5 minutes, as documented.
    Default,
    /// This long after the request is sent.
    In(Duration),
    At(SystemTime),
    /// At this instant by the service's clock, even if it is in the past by ours.
    #[cfg(feature = "minter")]
    ByService(SystemTime),
    /// At an instant that this platform's clock cannot represent.
    Unrepresentable,
}

impl CreateAccessToken {
    pub(super) fn new(call: Call, policy: AccessPolicy, origin: Result<Origin>) -> Self {
        Self {
            call,
            policy,
            origin,
            expiry: Expiry::Default,
            check: GrantCheck::NotOtherwise,
            is_warned: true,
        }
    }

    /// How long the token lives, counted from the moment the request is sent. By default the service decides: 5
    /// minutes (documented).
    ///
    /// **A short life is the protection.** Whoever gets hold of a token can use it until it expires. A token that was
    /// used may work until then even if it was [deleted](crate::Revocation). So choose the shortest life that the use
    /// allows. The page can fetch another token. The docs of `TokenMinterBuilder::lifetime` help to choose.
    ///
    /// The expiry is computed with the clock of this machine and cut to whole milliseconds. If that clock is wrong,
    /// the token lives longer or shorter by the same amount. A `TokenMinter` uses the service's clock. Must be at
    /// least a millisecond, and must end before the year 10000; [`send`](Self::send) reports an invalid lifetime.
    /// Replaces an earlier [`expires_at`](Self::expires_at).
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expiry = Expiry::In(lifetime);
        self
    }

    /// When the token expires, cut to whole milliseconds. Must be in the future, and before the year 10000;
    /// [`send`](Self::send) reports an invalid instant. Replaces an earlier [`expires_in`](Self::expires_in), whose
    /// docs say how long a token should live.
    ///
    /// Takes a [`SystemTime`], or the timestamp of a time library that converts into one, such as chrono or jiff.
    pub fn expires_at(mut self, instant: impl TryInto<SystemTime>) -> Self {
        self.expiry = match instant.try_into() {
            Ok(instant) => Expiry::At(instant),
            Err(_) => Expiry::Unrepresentable,
        };
        self
    }

    /// Like [`expires_at`](Self::expires_at), for an instant by the service's clock. It is not compared with the
    /// clock of this machine.
    #[cfg(feature = "minter")]
    pub(crate) fn expires_at_by_service(mut self, instant: SystemTime) -> Self {
        self.expiry = Expiry::ByService(instant);
        self
    }

    /// Accepts any token: one that allows more or less than was asked for, is for another origin, or expires at
    /// another time. By default, such a token is deleted and the call fails with a [grant
    /// mismatch](Error::is_grant_mismatch).
    ///
    /// Before you hand such a token on, check [`AccessToken::is_for`], or [`AccessToken::policy`] and
    /// [`AccessToken::origin`]. Also check [`AccessToken::expires_at`], which `is_for` does not compare.
    ///
    /// ```no_run
    /// # async fn run(letta: letta_api_ext::Letta) -> Result<(), letta_api_ext::Error> {
    /// use letta_api_ext::{AccessPolicy, Origin};
    ///
    /// let policy = AccessPolicy::builder().agent("agent-1").chat().build()?;
    /// let origin = Origin::new("https://chat.example.com")?;
    /// let tokens = letta.access_tokens();
    /// let token = tokens.create(&policy, &origin).with_any_grant().await?;
    /// if !token.is_for(&policy, &origin) {
    ///     println!("granted: {} for {}", token.policy(), token.hostname());
    /// }
    /// if token.remaining() > std::time::Duration::from_secs(300) {
    ///     println!("it lives until {}", token.expires_at_text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_any_grant(mut self) -> Self {
        self.check = GrantCheck::Any;
        self
    }

    /// Rejects a token if the answer does not say what it allows.
    #[cfg(feature = "minter")]
    pub(crate) fn only_if_known(mut self) -> Self {
        self.check = GrantCheck::Known;
        self
    }

    /// Sends the request. The policy is sent unchanged.
    ///
    /// **Policies with several entries.** The service may make a token that opens nothing: [a token is for one
    /// agent](crate::policy#one-agent-for-a-token). If the policy names several agents, or has an [unknown
    /// grant](AccessPolicy::unknown_grants), a `tracing` event at WARN says so once per call, with the number of
    /// entries. To mint a token for each agent, use [`AccessPolicy::per_agent`].
    ///
    /// The request is sent again only after a failure that cannot have made a token, unless
    /// [`RetryPolicy::repeat_unsafe`](crate::RetryPolicy::repeat_unsafe) is set.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an invalid origin (`origin`), a policy that allows nothing (`policy`), an invalid
    /// lifetime (`expires_in`) or expiry (`expires_at`). After that: any failure of the service or the network. If an
    /// error [may have happened](Error::may_have_happened), there may be a live token that nobody knows.
    ///
    /// **Invalid answers.** A token is returned even if the rest of the answer is invalid: another success status
    /// than 201, or a field that is missing, repeated, of another type, or not valid JSON. A field that cannot be
    /// read is empty or `None` ([`AccessToken::expires_at`], [`AccessToken::origin`]). A part of the policy that
    /// cannot be read is an [unknown grant](AccessPolicy::unknown_grants). The error is an [invalid
    /// response](Error::is_invalid_response) if the answer is not a JSON object, if it was cut short, or if its
    /// `token` is missing, unreadable, empty, or an API key (`sk-let-…`, or this client's own).
    ///
    /// **Other grants.** The rights, the origin and the expiry in the answer are compared with what was asked for. If
    /// one differs, the token is deleted within what is left of the [deadline](Self::with_deadline), and the error is
    /// a [grant mismatch](Error::is_grant_mismatch). To accept such tokens, call
    /// [`with_any_grant`](Self::with_any_grant).
    ///
    /// - These differences count: a right, a kind of grant, a member of an agent's grant, or a policy version that
    ///   this version of the crate does not know; two entries for one agent with different rights; an expiry that is
    ///   a second or more earlier or later. So it is a mismatch if the service cuts the life to its own maximum, or
    ///   ignores the expiry and gives 5 minutes.
    /// - These do not count: the order of agents and rights; how an origin is written; the offset and the fraction of
    ///   a second of a date; a part that is missing from the answer or cannot be read. The token shows such a part as
    ///   empty, as `None`, or as [unknown](AccessPolicy::unknown_grants).
    /// - The expiry is compared with the instant that was sent, if [`expires_in`](Self::expires_in) or
    ///   [`expires_at`](Self::expires_at) set one. A wrong clock on this machine is no mismatch if the service
    ///   answers with the same instant.
    pub async fn send(self) -> Result<AccessToken> {
        let began = Instant::now();
        let Self {
            call,
            policy,
            check,
            ..
        } = self;
        let origin = self.origin?;
        if policy.is_empty() {
            let rule = "must allow something";
            return Err(Error::invalid_input("policy", rule, None));
        }
        let mut body =
            types::ClientSideAccessTokenCreate::new(origin.as_str(), policy.to_entries());
        // All attempts send this instant, so that it is the one to compare with.
        let asked = match self.expiry.to_text(clock::now())? {
            Some((text, instant)) => {
                body.expires_at = Some(text);
                check.of_expiry(instant)
            }
            None => check.of_no_expiry(),
        };
        if self.is_warned {
            entries::warn_unless_one(&policy);
        }
        let outcome = call.api().create_client_side_access_token(&body).await;
        let answer = Answer::or_salvaged(outcome, salvage::token)?;
        if let Some(problem) =
            token_text::is_not_for_a_page(answer.token.expose_secret(), call.key())
        {
            return Err(answer.invalid(problem));
        }
        let reported = Reported {
            policy: &answer.policy,
            hostname: &answer.hostname,
            expires_at: &answer.expires_at,
        };
        // A text that comes back as it was sent need not be read.
        let asked = match body.expires_at.as_ref() == Some(&answer.expires_at) {
            true => ExpiryAsked::Any,
            false => asked,
        };
        let granted = granted::compare(&policy, &origin, asked, reported);
        let difference = match granted {
            Granted::AsAsked => return Ok(AccessToken::of(answer).with_grant(policy, origin)),
            Granted::Unclear(part) if check.wants_to_know() => {
                format!("the answer does not say {part}")
            }
            Granted::Otherwise(difference) if check != GrantCheck::Any => difference,
            _ => return Ok(AccessToken::of(answer)),
        };
        // Boxed because it is rare: a future is as large as its largest branch.
        Err(Box::pin(mismatch(&call, answer, &difference, began)).await)
    }

    /// Calls `watch` for each attempt that fails, even if the call goes on.
    #[cfg(feature = "minter")]
    pub(super) fn watched(mut self, watch: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.call
            .change(|options| options.watch = Some(std::sync::Arc::new(watch)));
        self
    }

    /// Does not warn about several entries. The caller has done so.
    #[cfg(feature = "minter")]
    pub(super) fn without_warning(mut self) -> Self {
        self.is_warned = false;
        self
    }
}

/// Deletes a token that does not match, within what is left of the deadline, and makes the error.
async fn mismatch(
    call: &Call,
    answer: Answer<types::ClientSideAccessToken>,
    difference: &str,
    began: Instant,
) -> Error {
    let left = call.deadline().saturating_sub(began.elapsed());
    let tokens = call.letta().access_tokens();
    let deletion = tokens
        .revoke_answered(&answer.token)
        .with_deadline(left.max(Duration::from_nanos(1)))
        .send()
        .await;
    answer.error(|known| {
        let mut secrets = known.secrets.to_vec();
        secrets.push(answer.token.expose_secret());
        Error::grant_mismatch(
            known.operation,
            known.status,
            known.headers,
            difference,
            deletion.clone(),
            &secrets,
        )
    })
}

request!(CreateAccessToken => AccessToken);

impl Expiry {
    /// The expiry in RFC 3339, as the service expects it, and the instant that the text stands for.
    fn to_text(&self, now: SystemTime) -> Result<Option<(String, SystemTime)>> {
        let (field, instant) = match self {
            Self::Default => return Ok(None),
            Self::In(lifetime) if lifetime.as_millis() == 0 => {
                let rule = "must be at least a millisecond";
                let got = format!("{lifetime:?}");
                return Err(Error::invalid_input_got("expires_in", rule, got));
            }
            Self::In(lifetime) => ("expires_in", now.checked_add(*lifetime)),
            Self::At(instant) => ("expires_at", Some(*instant)),
            #[cfg(feature = "minter")]
            Self::ByService(instant) => ("expires_at", Some(*instant)),
            Self::Unrepresentable => ("expires_at", None),
        };
        // `said` is the instant without the fraction that the text cuts off.
        let Some((instant, (text, said))) =
            instant.and_then(|instant| Some((instant, clock::to_rfc3339_and_back(instant)?)))
        else {
            let rule = "must end before the year 10000";
            return Err(Error::invalid_input(field, rule, None));
        };
        #[cfg(feature = "minter")]
        if let Self::ByService(_) = self {
            return Ok(Some((text, said)));
        }
        if instant <= now {
            return Err(Error::invalid_input(
                field,
                "must be in the future",
                Some(&text),
            ));
        }
        Ok(Some((text, said)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expiry_is_written_in_rfc_3339() {
        let now = SystemTime::UNIX_EPOCH + Duration::new(1_772_366_400, 999_999);
        for (expiry, text) in [
            (Expiry::Default, None),
            (
                Expiry::In(Duration::from_secs(900)),
                Some("2026-03-01T12:15:00Z"),
            ),
            (
                Expiry::In(Duration::from_micros(1_999)),
                Some("2026-03-01T12:00:00.002Z"),
            ),
            (
                Expiry::At(now + Duration::from_millis(60_250)),
                Some("2026-03-01T12:01:00.25Z"),
            ),
        ] {
            let written = expiry.to_text(now).unwrap();
            let written = written.as_ref().map(|(text, _)| text.as_str());
            assert_eq!(written, text, "{expiry:?}");
        }
    }

    #[test]
    fn an_invalid_expiry_is_refused_by_name() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_366_400);
        for (expiry, field, says) in [
            (Expiry::In(Duration::ZERO), "expires_in", "got 0ns"),
            (
                Expiry::In(Duration::from_nanos(1)),
                "expires_in",
                "millisecond",
            ),
            (Expiry::In(Duration::MAX), "expires_in", "10000"),
            (
                Expiry::In(Duration::from_secs(1 << 40)),
                "expires_in",
                "10000",
            ),
            (Expiry::At(now), "expires_at", "2026-03-01T12:00:00Z"),
            (Expiry::At(SystemTime::UNIX_EPOCH), "expires_at", "future"),
            (
                Expiry::At(SystemTime::UNIX_EPOCH - Duration::from_secs(1)),
                "expires_at",
                "future",
            ),
        ] {
            let error = expiry.to_text(now).unwrap_err();
            assert_eq!(error.field(), Some(field), "{expiry:?}");
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
