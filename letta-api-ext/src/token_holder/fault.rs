//! Errors of calls that got no token. Nothing was sent.

use std::fmt;
use std::time::Duration;

use letta_api::types::AccessRight;
use reqwest::StatusCode;

use super::opens::Missing;
use super::source_error::{TokenSourceError, Why};
use crate::error::Error;
use crate::error::kind::Added;
use crate::error::refusal::Class;
use crate::error::said::Said;
use crate::ids::AgentId;

/// The source gave no token.
struct WithoutToken {
    why: Why,
    status: Option<StatusCode>,
    retry_after: Option<Duration>,
    said: Said,
}

/// The token does not open the call.
struct NotOpened {
    missing: Missing,
    agent: Option<AgentId>,
}

/// Errors of clients that hold a token.
impl Error {
    /// The application says that nobody is signed in, or the holder [was told to forget](crate::token_holder::TokenHolder::forget).
    /// Nothing was sent.
    ///
    /// Troubleshooting: ask the user to sign in. After that, the next call asks the application for a token again. After `forget`, make
    /// a new client.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn must_sign_in(error: &Error) -> bool {
    ///     error.is_signed_out()
    /// }
    /// ```
    pub fn is_signed_out(&self) -> bool {
        let found = self.added::<WithoutToken>();
        found.is_some_and(|fault| fault.why == Why::SignedOut)
    }

    /// The [source of tokens](crate::token_holder::TokenSource) gave none, so the call was not sent, or not sent again. An earlier attempt
    /// had no effect unless the call [may have happened](Self::may_have_happened). [`status`](Self::status),
    /// [`message`](Self::message), [`is_rate_limited`](Self::is_rate_limited) and [`retry_after`](Self::retry_after) are what the
    /// application answered. Also true if [nobody is signed in](Self::is_signed_out).
    ///
    /// Troubleshooting: look at the application that gives the tokens, and not at the service.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn explain(error: &Error) -> String {
    ///     match error.is_without_token() {
    ///         true => format!("This application gave no access: {}", error.message().unwrap_or("it does not say why")),
    ///         false => error.to_string(),
    ///     }
    /// }
    /// ```
    pub fn is_without_token(&self) -> bool {
        self.added::<WithoutToken>().is_some()
    }

    /// The policy of the held token does not open this call. Nothing was sent. [`missing_right`](Self::missing_right) is the right that
    /// the policy lacks.
    ///
    /// Known in advance only if the source says what its tokens open
    /// ([`SourcedToken::policy`](crate::token_holder::SourcedToken::policy)). Otherwise the service refuses the call, with status 401.
    ///
    /// Troubleshooting: mint tokens with the right that is missing, or make the call with an API key, on a server.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn explain(error: &Error) -> String {
    ///     match error.missing_right() {
    ///         Some(right) => format!("the token lacks the right {right}"),
    ///         None => error.to_string(),
    ///     }
    /// }
    /// ```
    pub fn is_not_opened(&self) -> bool {
        self.added::<NotOpened>().is_some()
    }

    /// The right that the policy of the held token lacks, on the agent of the call. `None` for other errors, and if no client-side token
    /// opens the call.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// println!("{} {:?}", error.is_not_opened(), error.missing_right());
    /// # }
    /// ```
    pub fn missing_right(&self) -> Option<AccessRight> {
        match &self.added::<NotOpened>()?.missing {
            Missing::Right(right) => Some(right.clone()),
            Missing::NoTokenOpensIt => None,
        }
    }
}

/// The source gave no token.
pub(super) fn without_token(error: TokenSourceError) -> Error {
    let mut said = Said {
        message: error.message,
        ..Said::default()
    };
    if error.status == Some(StatusCode::TOO_MANY_REQUESTS) {
        said.meaning.class = Some(Class::RateLimited);
    }
    let fault = WithoutToken {
        why: error.why,
        status: error.status,
        retry_after: error.retry_after.filter(|wait| !wait.is_zero()),
        said,
    };
    Error::added_with(fault, error.cause)
}

/// The token does not open the call.
pub(super) fn not_opened(missing: Missing, agent: Option<&AgentId>) -> Error {
    let agent = agent.cloned();
    Error::added_with(NotOpened { missing, agent }, None)
}

impl Added for WithoutToken {
    fn error_type(&self) -> &'static str {
        match self.why {
            Why::SignedOut => "signed_out",
            Why::Refused | Why::Unreachable | Why::OutOfTime => "without_token",
        }
    }

    fn status(&self) -> Option<StatusCode> {
        self.status
    }

    fn is_timeout(&self) -> bool {
        self.why == Why::OutOfTime
    }

    fn said(&self) -> Option<&Said> {
        Some(&self.said)
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    fn is_retryable(&self) -> bool {
        match self.why {
            Why::SignedOut => false,
            Why::Unreachable | Why::OutOfTime => true,
            Why::Refused => {
                let status = self.status.map_or(0, |status| status.as_u16());
                self.retry_after.is_some() || matches!(status, 408 | 429 | 500 | 502..=504)
            }
        }
    }
}

impl fmt::Display for WithoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::SignedOut => f.write_str("nobody is signed in, so there is no token")?,
            Why::Refused => f.write_str("the application gave no token")?,
            Why::Unreachable => {
                f.write_str("there is no token, because the application could not be reached")?;
            }
            Why::OutOfTime => {
                f.write_str("there is no token, because the application did not answer in time")?;
            }
        }
        if let Some(status) = self.status {
            write!(f, " ({status})")?;
        }
        match &self.said.message {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}

impl Added for NotOpened {
    fn error_type(&self) -> &'static str {
        "not_opened"
    }
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.missing, &self.agent) {
            (Missing::Right(right), Some(agent)) => write!(
                f,
                "the held token lacks the right `{right}` on {agent}; mint tokens with this right"
            ),
            (Missing::Right(right), None) => write!(
                f,
                "the held token lacks the right `{right}`; mint tokens with this right"
            ),
            (Missing::NoTokenOpensIt, _) => f.write_str(
                "no client-side token opens this call; make it with an API key, on a server",
            ),
        }
    }
}
