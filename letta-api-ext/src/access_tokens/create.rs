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
    fit: Fit,
    /// Whether a policy of several entries is warned of.
    is_warned: bool,
}

/// How far what is granted must be what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// It must not be seen to differ.
    NotOtherwise,
    /// It must be seen to be the same.
    #[cfg(feature = "minter")]
    Known,
    /// Whatever it is.
    Any,
}

impl Fit {
    /// Whether a token is of no use if the answer does not say what it allows.
    fn wants_to_know(self) -> bool {
        #[cfg(feature = "minter")]
        return self == Self::Known;

        #[cfg(not(feature = "minter"))]
        false
    }

    /// How the expiry must be if this one was sent.
    fn of_expiry(self, instant: SystemTime) -> ExpiryAsked {
        match self {
            // A minter has a use for a token of a shorter life.
            #[cfg(feature = "minter")]
            Self::Known => ExpiryAsked::By(instant),
            _ => ExpiryAsked::At(instant),
        }
    }

    /// How the expiry must be if none was sent.
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
    /// When the service thinks right: after 5 minutes.
    Default,
    /// So long after the request is sent.
    In(Duration),
    At(SystemTime),
    /// At this instant by the service's clock, whatever ours says.
    #[cfg(feature = "minter")]
    ByService(SystemTime),
    /// At an instant that no clock of this platform can show.
    Unrepresentable,
}

impl CreateAccessToken {
    pub(super) fn new(call: Call, policy: AccessPolicy, origin: Result<Origin>) -> Self {
        Self {
            call,
            policy,
            origin,
            expiry: Expiry::Default,
            fit: Fit::NotOtherwise,
            is_warned: true,
        }
    }

    /// How long the token should live, from the moment the request is sent. By default 5 minutes,
    /// says the service.
    ///
    /// **The life is the protection.** Whoever gets hold of a token can use it until it expires, and one that was used may
    /// work until then although it was [deleted](crate::Revocation). So ask for as little as the use allows, rather than
    /// for hours: the page can fetch another. The docs of `TokenMinterBuilder::lifetime` help to choose.
    ///
    /// Reckoned by the clock of this machine and cut to whole milliseconds. If that clock is wrong, the token lives longer or
    /// shorter than this by as much. A `TokenMinter` goes by the service's clock. In place of an
    /// [`expires_at`](Self::expires_at) set before.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.expiry = Expiry::In(lifetime);
        self
    }

    /// When the token should expire. Cut to whole milliseconds. In place of an
    /// [`expires_in`](Self::expires_in) set before. How long a life should be is told there.
    ///
    /// Takes a [`SystemTime`], and the timestamps of time libraries that convert into one, as those of
    /// chrono and jiff do.
    pub fn expires_at(mut self, instant: impl TryInto<SystemTime>) -> Self {
        self.expiry = match instant.try_into() {
            Ok(instant) => Expiry::At(instant),
            Err(_) => Expiry::Unrepresentable,
        };
        self
    }

    /// As [`expires_at`](Self::expires_at), by the service's clock, of which ours may know nothing.
    #[cfg(feature = "minter")]
    pub(crate) fn expires_at_by_service(mut self, instant: SystemTime) -> Self {
        self.expiry = Expiry::ByService(instant);
        self
    }

    /// Accepts a token that allows more or less than was asked for, that is for another origin, or that expires at another
    /// time. By default, such a token is deleted, and the call fails with a [grant mismatch](Error::is_grant_mismatch).
    ///
    /// Before you hand such a token on, check [`AccessToken::is_for`], or look at [`AccessToken::policy`] and
    /// [`AccessToken::origin`]; and look at [`AccessToken::expires_at`], which `is_for` does not.
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
        self.fit = Fit::Any;
        self
    }

    /// Refuses a token if the answer does not say what it allows.
    #[cfg(feature = "minter")]
    pub(crate) fn only_if_known(mut self) -> Self {
        self.fit = Fit::Known;
        self
    }

    /// Sends the request, with the policy as it is.
    ///
    /// **Of a policy with several entries**, the service may make a token that opens nothing:
    /// [a token is for one agent](crate::policy#one-agent-for-a-token). So if the policy names several agents, or has an
    /// [unknown grant](AccessPolicy::unknown_grants), a `tracing` event at WARN says so, once for this call, with the number
    /// of entries. To mint a token for each agent, see [`AccessPolicy::per_agent`].
    ///
    /// The request is sent again only after a failure that cannot have made a token, unless the
    /// [retry policy](crate::RetryPolicy::repeat_unsafe) says otherwise.
    ///
    /// # Errors
    ///
    /// Before anything is sent: an invalid origin (`origin`), a policy that allows nothing
    /// (`policy`), a lifetime of zero or beyond the year 9999 (`expires_in`), an instant that has
    /// passed (`expires_at`). After that, whatever the service or the network has to say. An error
    /// that [may have happened](Error::may_have_happened) may leave a live token behind.
    ///
    /// **Odd answers.** A token is handed over even if the rest of the answer is odd: another success status than 201, or
    /// a field that is missing, given twice, of another type, or invalid JSON. A field that cannot be read is empty or
    /// `None` ([`AccessToken::expires_at`], [`AccessToken::origin`]). A part of the policy that cannot be read is an
    /// [unknown grant](AccessPolicy::unknown_grants). The answer is an
    /// [invalid response](Error::is_invalid_response) if it is not a JSON object, if it was cut short, or if its
    /// `token` is missing, unreadable, empty, or an API key (`sk-let-…`, or this client's own).
    ///
    /// **Other grants.** The rights, the origin and the expiry in the answer are compared with those that were asked for. If
    /// one is another, the token is deleted within what is left of the [deadline](Self::with_deadline), and the error is a
    /// [grant mismatch](Error::is_grant_mismatch). To get such tokens, see
    /// [`with_any_grant`](Self::with_any_grant).
    ///
    /// - These count as different: a right, a kind of grant, a member of an agent's grant, or a version of policies that
    ///   this version of the crate does not know; two entries for one agent with different rights; an expiry that is a
    ///   second or more earlier or later. So a service that cuts the life at a maximum of its own, or that passes over the
    ///   date in silence and gives 5 minutes, is a mismatch.
    /// - These do not: the order of agents and rights; how an origin is written; the offset and the fraction of a second
    ///   of a date; a part that the answer leaves out or that cannot be read. The token shows such a part as empty, as
    ///   `None`, or as [unknown](AccessPolicy::unknown_grants).
    /// - The expiry is compared if [`expires_in`](Self::expires_in) or [`expires_at`](Self::expires_at) asked for one, with
    ///   the instant that was sent. A wrong clock on this machine is no mismatch, if the service answers that instant.
    pub async fn send(self) -> Result<AccessToken> {
        let began = Instant::now();
        let Self {
            call, policy, fit, ..
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
                fit.of_expiry(instant)
            }
            None => fit.of_no_expiry(),
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
        let granted = granted::compare(&policy, &origin, asked, reported);
        let difference = match granted {
            Granted::AsAsked => return Ok(AccessToken::of(answer).with_grant(policy, origin)),
            Granted::Unclear(part) if fit.wants_to_know() => {
                format!("the answer does not say {part}")
            }
            Granted::Otherwise(difference) if fit != Fit::Any => difference,
            _ => return Ok(AccessToken::of(answer)),
        };
        // Boxed: a future is as large as its largest part, and this is not the rule.
        Err(Box::pin(mismatch(&call, answer, &difference, began)).await)
    }

    /// `watch` is told of each attempt that fails, also if the call goes on after it.
    #[cfg(feature = "minter")]
    pub(super) fn watched(mut self, watch: impl Fn(&Error) + Send + Sync + 'static) -> Self {
        self.call
            .change(|options| options.watch = Some(std::sync::Arc::new(watch)));
        self
    }

    /// Does not warn of several entries: whoever asks has done so.
    #[cfg(feature = "minter")]
    pub(super) fn without_warning(mut self) -> Self {
        self.is_warned = false;
        self
    }
}

/// Deletes a token that was not meant to be, within what is left of the deadline, and tells.
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
    /// RFC 3339, as the service wants it, and the instant that it says.
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
        let Some((instant, text)) =
            instant.and_then(|instant| Some((instant, clock::to_rfc3339(instant)?)))
        else {
            let rule = "must end before the year 10000";
            return Err(Error::invalid_input(field, rule, None));
        };
        // What the text says, without the fraction that it cuts off.
        let said = clock::parse_rfc3339(&text).unwrap_or(instant);
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
    fn an_expiry_that_makes_no_sense_is_refused_by_name() {
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
