//! The kinds of errors, and what each holds.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use letta_api::TransportError;
use reqwest::StatusCode;
use url::Url;

use super::redact;

pub(crate) enum Kind {
    /// Refused before anything was sent.
    InvalidInput {
        field: &'static str,
        /// The rest of a sentence that begins with the field.
        rule: Cow<'static, str>,
        got: Option<String>,
    },
    /// The service answered with a status that is no success.
    Status {
        status: StatusCode,
        message: Option<String>,
        /// Whether the body is a page, so that perhaps somebody else has answered.
        is_html: bool,
    },
    /// The service answered with success, and the rest of the answer is invalid.
    InvalidResponse { status: StatusCode, problem: String },
    /// The service sends us where the request may not go.
    Redirect {
        /// `None` if the HTTP client does not tell.
        status: Option<StatusCode>,
        redirect: Redirect,
    },
    /// No connection was made.
    Connect(Way),
    /// The server said that it left the request alone.
    Unprocessed,
    /// Time ran out, perhaps within an answer of this status.
    Timeout {
        status: Option<StatusCode>,
        /// `None` if it was a time-out of the HTTP client's own.
        limit: Option<TimeLimit>,
    },
    /// The connection broke, perhaps within an answer of this status.
    Interrupted {
        status: Option<StatusCode>,
        way: Way,
    },
    /// The body of an answer was not read to its end. What else is known of the answer, whoever handed it over knows.
    LostBody {
        /// The limit in bytes, if the body is longer. `None` if it broke off.
        limit: Option<usize>,
        is_timeout: bool,
    },
    /// What a floor above this one has to report.
    Added(Box<dyn Added>),
}

/// A kind of error that a floor above this one adds. `Display` is the message.
///
/// Its predicates are methods of [`Error`](super::Error) that stand beside the type, and ask by
/// [`Error::added`](super::Error::added).
pub(crate) trait Added: std::fmt::Display + Any + Send + Sync {
    /// What OpenTelemetry calls `error.type`.
    fn error_type(&self) -> &'static str;

    /// The status of the answer, if there was one.
    fn status(&self) -> Option<StatusCode> {
        None
    }

    /// Whether time ran out.
    fn is_timeout(&self) -> bool {
        false
    }

    /// Whether the same call may succeed later.
    fn is_retryable(&self) -> bool {
        false
    }

    /// Whether the call may have had its effect.
    fn may_have_happened(&self) -> bool {
        false
    }
}

/// A redirect that was not followed, or should not have been.
pub(crate) struct Redirect {
    /// The origin that the request was sent to.
    pub(crate) from: String,
    /// The origin that it was to go to. A server wrote it.
    pub(crate) to: String,
    /// What is wrong with that.
    pub(crate) rule: &'static str,
}

impl Redirect {
    pub(crate) fn new(from: &Url, to: &Url, rule: &'static str) -> Self {
        Self {
            from: from.origin().ascii_serialization(),
            to: to.origin().ascii_serialization(),
            rule,
        }
    }
}

/// Where a connection went, and what was wrong with it, as far as it is known.
#[derive(Default)]
pub(crate) struct Way {
    /// Host and port.
    pub(crate) to: Option<String>,
    /// Host and port of a proxy between.
    pub(crate) through: Option<String>,
    pub(crate) reason: Option<String>,
}

impl Way {
    pub(super) fn of(error: &TransportError, proxy: Option<&str>, secrets: &[&str]) -> Self {
        // A host's name can hold a secret too, as a subdomain.
        let clean = |text: &str| redact::text(text, secrets);
        Self {
            to: error.peer().and_then(clean),
            through: proxy.and_then(clean),
            reason: error.reason().map(str::to_owned),
        }
    }
}

impl std::fmt::Display for Way {
    /// The end of a sentence: where to, which way, and why not.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.to.as_deref().unwrap_or("the service"))?;
        if let Some(proxy) = &self.through {
            write!(f, " through the proxy {proxy}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

/// A limit of time that was reached.
#[derive(Clone, Copy)]
pub(crate) enum TimeLimit {
    Attempt(Duration),
    Deadline(Duration),
}
