//! Why a source gives no token.

use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;

use crate::error::{Error, redact};

/// Why a source gives no token.
///
/// The call that needs the token fails, and nothing is sent. Its [`Error`](crate::Error) is
/// [without a token](crate::Error::is_without_token), and has the message, the status and the wait that are set here.
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::reqwest::StatusCode;
/// use letta_api_ext::token_holder::TokenSourceError;
///
/// let error = TokenSourceError::new("too many pages are open")
///     .status(StatusCode::TOO_MANY_REQUESTS)
///     .retry_after(Duration::from_secs(5));
/// assert_eq!(error.to_string(), "too many pages are open");
/// ```
#[derive(Clone)]
#[must_use = "an error does nothing until a source returns it"]
pub struct TokenSourceError {
    pub(super) why: Why,
    /// Redacted.
    pub(super) message: Option<String>,
    pub(super) status: Option<StatusCode>,
    pub(super) retry_after: Option<Duration>,
    pub(super) cause: Option<Error>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    SignedOut,
    Refused,
    Unreachable,
    OutOfTime,
}

impl TokenSourceError {
    /// Nobody is signed in. The holder drops the token that it has. Later calls ask the source again, since the user may sign in.
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenSourceError;
    ///
    /// println!("{}", TokenSourceError::signed_out());
    /// ```
    pub fn signed_out() -> Self {
        Self::of(Why::SignedOut)
    }

    /// The source gives no token for another reason. The message is for users: it becomes the [`message`](crate::Error::message) of the
    /// call's error. Keys and tokens in it are redacted, and it is cut to 1,000 characters on one line.
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenSourceError;
    ///
    /// let error = TokenSourceError::new("this account may not chat");
    /// ```
    pub fn new(message: impl AsRef<str>) -> Self {
        Self {
            message: redact::text(message.as_ref(), &[]),
            ..Self::of(Why::Refused)
        }
    }

    /// The application could not be reached, or its answer broke off. The message is as in [`new`](Self::new).
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenSourceError;
    ///
    /// let error = TokenSourceError::unreachable("the application cannot be reached");
    /// ```
    pub fn unreachable(message: impl AsRef<str>) -> Self {
        Self {
            why: Why::Unreachable,
            ..Self::new(message)
        }
    }

    /// The application did not answer in time. The message is as in [`new`](Self::new).
    ///
    /// ```
    /// use letta_api_ext::token_holder::TokenSourceError;
    ///
    /// let error = TokenSourceError::out_of_time("the application did not answer within 15 seconds");
    /// ```
    pub fn out_of_time(message: impl AsRef<str>) -> Self {
        Self {
            why: Why::OutOfTime,
            ..Self::new(message)
        }
    }

    /// The status that the application answered with. By default none.
    ///
    /// ```
    /// use letta_api_ext::reqwest::StatusCode;
    /// use letta_api_ext::token_holder::TokenSourceError;
    ///
    /// let error = TokenSourceError::new("no room").status(StatusCode::SERVICE_UNAVAILABLE);
    /// ```
    pub fn status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }

    /// How long the application asks to wait. By default not known. The holder does not try to renew a token before.
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_ext::token_holder::TokenSourceError;
    ///
    /// let error = TokenSourceError::new("busy").retry_after(Duration::from_secs(2));
    /// ```
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub(super) fn of(why: Why) -> Self {
        Self {
            why,
            message: None,
            status: None,
            retry_after: None,
            cause: None,
        }
    }
}

/// An error of this crate, such as one of a `TokenMinter`. Its message, status and wait are kept. Nobody is signed out by it.
impl From<Error> for TokenSourceError {
    fn from(error: Error) -> Self {
        let why = if error.is_timeout() {
            Why::OutOfTime
        } else if error.is_connect() || error.is_interrupted() {
            Why::Unreachable
        } else {
            Why::Refused
        };
        Self {
            message: Some(error.to_string()),
            status: error.status(),
            retry_after: error.retry_after(),
            cause: Some(error),
            ..Self::of(why)
        }
    }
}

impl fmt::Display for TokenSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.message, self.why) {
            (Some(message), _) => f.write_str(message),
            (None, Why::SignedOut) => f.write_str("nobody is signed in"),
            (None, Why::Refused) => f.write_str("the application gave no token"),
            (None, Why::Unreachable) => f.write_str("the application could not be reached"),
            (None, Why::OutOfTime) => f.write_str("the application did not answer in time"),
        }
    }
}

impl fmt::Debug for TokenSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSourceError")
            .field("why", &self.why)
            .field("message", &self.to_string())
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for TokenSourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let cause = self.cause.as_ref()?;
        Some(cause)
    }
}
