//! The kinds of errors, and the data of each.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use letta_api::TransportError;
use reqwest::StatusCode;
use url::Url;

use super::redact;
use super::said::Said;

pub(crate) enum Kind {
    /// The call was refused before anything was sent.
    InvalidInput {
        field: &'static str,
        /// The rest of a sentence that begins with the field.
        rule: Cow<'static, str>,
        got: Option<String>,
    },
    /// The service answered with an error status.
    Status {
        status: StatusCode,
        /// Whether the body is a web page, so that another server may have answered.
        is_html: bool,
    },
    /// The service answered with a success status, and the rest of the answer is invalid.
    InvalidResponse { status: StatusCode, problem: String },
    /// The service redirected to a place where the request may not go.
    Redirect {
        /// `None` if the HTTP client does not tell.
        status: Option<StatusCode>,
        redirect: Redirect,
    },
    /// No connection was made.
    Connect(Route),
    /// An HTTP/2 server reported that it did not process the request.
    Unprocessed,
    /// There is no answer, and the platform does not tell why. A native one does.
    NoAnswer(Route),
    /// Time ran out. If an answer had begun, this is its status.
    Timeout {
        status: Option<StatusCode>,
        /// `None` for a time-out of the HTTP client's own.
        limit: Option<TimeLimit>,
    },
    /// The connection broke. If an answer had begun, this is its status.
    Interrupted {
        status: Option<StatusCode>,
        route: Route,
    },
    /// The body of an answer was not read to its end. Its status is not known here.
    LostBody {
        /// The limit in bytes, if the body is longer. `None` if it broke off.
        limit: Option<usize>,
        is_timeout: bool,
    },
    /// The stream of a success had an error event.
    Event,
    /// An error of a floor above this one.
    Added(Box<dyn Added>),
}

/// A kind of error that a floor above this one adds. `Display` is the message.
///
/// Its predicates are methods of [`Error`](super::Error), written next to the type, and they use
/// [`Error::added`](super::Error::added).
pub(crate) trait Added: std::fmt::Display + Any + Send + Sync {
    /// The value of OpenTelemetry's `error.type`.
    fn error_type(&self) -> &'static str;

    /// The status of the answer, if there was one.
    fn status(&self) -> Option<StatusCode> {
        None
    }

    /// Whether time ran out.
    fn is_timeout(&self) -> bool {
        false
    }

    /// Whether an answer broke off.
    fn is_interrupted(&self) -> bool {
        false
    }

    /// What the service said, redacted, and what it means: busy, pending approval, out of credits and so on.
    fn said(&self) -> Option<&Said> {
        None
    }

    /// The run that the error is about, if [`said`](Self::said) does not name it.
    fn run_id(&self) -> Option<&str> {
        None
    }

    /// How long to wait before the next call, if neither the head of the answer nor [`said`](Self::said) names a wait.
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// Whether the service sent something that the API does not document.
    fn is_invalid_response(&self) -> bool {
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
    /// The origin that it would have gone to. A server wrote it.
    pub(crate) to: String,
    /// Why the request may not go there.
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

/// The route of a connection, and why it failed, as far as that is known.
#[derive(Default)]
pub(crate) struct Route {
    /// Host and port.
    pub(crate) to: Option<String>,
    /// Host and port of the proxy on the way.
    pub(crate) through: Option<String>,
    pub(crate) reason: Option<String>,
}

impl Route {
    pub(super) fn of(error: &TransportError, proxy: Option<&str>, secrets: &[&str]) -> Self {
        // A host name may contain a secret too, as a subdomain.
        let clean = |text: &str| redact::text(text, secrets);
        Self {
            to: error.peer().and_then(clean),
            through: proxy.and_then(clean),
            reason: error.reason().map(str::to_owned),
        }
    }
}

impl std::fmt::Display for Route {
    /// The end of a sentence: the target, the proxy and the reason.
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

/// A time limit that was reached.
#[derive(Clone, Copy)]
pub(crate) enum TimeLimit {
    Attempt(Duration),
    Deadline(Duration),
    /// How long an upload may stand still.
    Silence(Duration),
}
