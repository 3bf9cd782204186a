//! What can go wrong, in one type.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

use attempts::Attempts;
use kind::{Kind, TimeLimit};

pub(crate) mod attempts;
pub(crate) mod cause;
pub(crate) mod kind;
mod make;
mod print;
pub(crate) mod reason;
pub(crate) mod redact;
pub(crate) mod retry_after;
pub(crate) mod secrets_in_body;
pub(crate) mod secrets_in_url;
pub(crate) mod token_form;
pub(crate) mod wiped_url;

pub(crate) use make::request_id;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
///
/// The predicates say what kind of error it is, and the accessors give details. `Display` is one line, and
/// [`source`](std::error::Error::source) is the cause, if there is one. Cheap to clone. It contains no secret: no
/// key, no token, and no URL with one. What the service said is redacted.
///
/// # Troubleshooting
///
/// | predicate | what usually causes it | what to do |
/// |---|---|---|
/// | [`is_invalid_input`](Self::is_invalid_input) | a field that breaks a rule; nothing was sent | correct [`field`](Self::field) |
/// | [`is_unauthorized`](Self::is_unauthorized) | a wrong, revoked or expired key | check `LETTA_API_KEY`, and that it belongs to this server |
/// | [`is_forbidden`](Self::is_forbidden) | a key without this right, or of another project | check the key's rights and the project |
/// | [`is_not_found`](Self::is_not_found) | a wrong base URL; a self-hosted server, which has no client-side tokens | check `LETTA_BASE_URL` |
/// | [`is_rate_limited`](Self::is_rate_limited) | too many calls | try again after [`retry_after`](Self::retry_after), which may be longer than the deadline allowed |
/// | [`is_server_error`](Self::is_server_error) | a failure of the service, or of a proxy before it | try again later; quote [`request_id`](Self::request_id) |
/// | [`is_connect`](Self::is_connect) | no network, wrong host, TLS refused | the message says which; check the base URL, proxy and certificates |
/// | [`is_timeout`](Self::is_timeout) | a slow service or network | allow more time for an [attempt](crate::LettaBuilder::attempt_timeout) or the [call](crate::LettaBuilder::deadline) |
/// | [`is_redirect`](Self::is_redirect) | a base URL that is not the service's own: `http` for `https`, another host | correct `LETTA_BASE_URL` |
/// | [`is_grant_mismatch`](Self::is_grant_mismatch) | a proxy or a cache that answers with another token; a service that ignores the expiry; a service newer than this crate | look at the difference; ask for a shorter life; update |
/// | [`is_invalid_response`](Self::is_invalid_response) | a proxy that answers instead of the service; a service newer than this crate | check the base URL; update |
///
/// [`may_have_happened`](Self::may_have_happened) says whether the call may have had its effect although it failed.
#[derive(Clone)]
pub struct Error {
    pub(crate) inner: Arc<Inner>,
    pub(crate) attempts: Attempts,
    /// If an earlier failure is returned again without a call: what is left of the wait until the next call.
    pub(crate) held_off: Option<Duration>,
}

pub(crate) struct Inner {
    kind: Kind,
    /// The name of the operation. `None` if the call was refused before it began.
    operation: Option<&'static str>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    /// The header `x-should-retry`.
    should_retry: Option<bool>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Kinds of errors.
impl Error {
    /// The input is invalid: the call was refused before anything was sent. [`field`](Self::field) is what to
    /// correct.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.inner.kind, Kind::InvalidInput { .. })
    }

    /// The service does not accept the key: status 401.
    pub fn is_unauthorized(&self) -> bool {
        self.is_status(StatusCode::UNAUTHORIZED)
    }

    /// The key lacks the permission: status 403.
    pub fn is_forbidden(&self) -> bool {
        self.is_status(StatusCode::FORBIDDEN)
    }

    /// The service has no such thing: status 404.
    pub fn is_not_found(&self) -> bool {
        self.is_status(StatusCode::NOT_FOUND)
    }

    /// Too many calls: status 429. See [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        self.is_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// The service failed: status 500 to 599.
    pub fn is_server_error(&self) -> bool {
        matches!(&self.inner.kind, Kind::Status { status, .. } if status.is_server_error())
    }

    /// The service was not reached: there was no connection, and nothing was sent. The message names host, port and
    /// reason: `cannot connect to 127.0.0.1:1: connection refused`.
    pub fn is_connect(&self) -> bool {
        matches!(self.inner.kind, Kind::Connect(_))
    }

    /// The answer did not arrive in time: within the call's deadline, or within the last attempt's time-out. For a
    /// `TokenMinter` also: a create had no turn within the deadline, or a token took too long to arrive.
    pub fn is_timeout(&self) -> bool {
        match &self.inner.kind {
            Kind::Timeout { .. } => true,
            Kind::LostBody { is_timeout, .. } => *is_timeout,
            Kind::Added(added) => added.is_timeout(),
            _ => false,
        }
    }

    /// The call's deadline passed during an attempt. If an earlier attempt failed, the last failure is the
    /// [`source`](std::error::Error::source). If the deadline left no time for another attempt after a failure, this
    /// is false: that failure is the error, and its message says so.
    pub fn is_deadline_exceeded(&self) -> bool {
        let limit = match self.inner.kind {
            Kind::Timeout { limit, .. } => limit,
            _ => None,
        };
        matches!(limit, Some(TimeLimit::Deadline(_)))
    }

    /// The service redirected the request to another origin, or in a way that would change its method. The message
    /// names both origins.
    pub fn is_redirect(&self) -> bool {
        matches!(self.inner.kind, Kind::Redirect { .. })
    }

    /// The status is a success, and the body is not what the API documents: not JSON, JSON of another shape, cut
    /// short, or longer than the [limit](crate::LettaBuilder::response_body_limit). The body is not shown.
    pub fn is_invalid_response(&self) -> bool {
        match self.inner.kind {
            Kind::InvalidResponse { .. } => true,
            Kind::LostBody { limit, .. } => limit.is_some(),
            Kind::Added(ref added) => added.is_invalid_response(),
            _ => false,
        }
    }

    /// The same call may succeed later without a change: no connection, a time-out, a broken connection, and the
    /// statuses 408, 429, 500, 502, 503 and 504.
    ///
    /// The service's header `x-should-retry` takes precedence over the status. The client has already tried again, if
    /// its [`RetryPolicy`](crate::RetryPolicy) allows. [`may_have_happened`](Self::may_have_happened) tells whether
    /// it is *safe* to repeat the call.
    pub fn is_retryable(&self) -> bool {
        match &self.inner.kind {
            Kind::Connect(_)
            | Kind::Unprocessed
            | Kind::Timeout { .. }
            | Kind::Interrupted { .. } => true,
            Kind::LostBody { limit, .. } => limit.is_none(),
            Kind::Status { status, .. } => self
                .inner
                .should_retry
                .unwrap_or_else(|| matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)),
            Kind::InvalidInput { .. } | Kind::InvalidResponse { .. } | Kind::Redirect { .. } => {
                false
            }
            Kind::Added(added) => added.is_retryable(),
        }
    }

    /// The call may have had its effect although it failed. If this is a create, there may be a live token that
    /// nobody knows. [Listing](crate::AccessTokens::list) finds it.
    ///
    /// True if the answer to any attempt was lost or could not be read, or came with a status that leaves it open:
    /// 408, 3xx, or 5xx (except a 503 with a `Retry-After`). Also true for a [grant
    /// mismatch](Self::is_grant_mismatch) whose token could not be deleted. False if nothing was sent, and if the
    /// service refused the call (other 4xx). A time-out counts as a lost answer, even during connecting, unless the
    /// HTTP client itself gave up connecting.
    pub fn may_have_happened(&self) -> bool {
        if self.held_off.is_some() {
            return false;
        }
        let last = match &self.inner.kind {
            Kind::InvalidInput { .. } | Kind::Connect(_) | Kind::Unprocessed => false,
            Kind::Timeout { .. }
            | Kind::Interrupted { .. }
            | Kind::LostBody { .. }
            | Kind::InvalidResponse { .. }
            | Kind::Redirect { .. } => true,
            Kind::Status { status, .. } => match status.as_u16() {
                408 => true,
                503 => self.inner.retry_after.is_none(),
                _ => !status.is_client_error(),
            },
            Kind::Added(added) => added.may_have_happened(),
        };
        last || self.attempts.earlier_may_have_happened
    }

    fn is_status(&self, wanted: StatusCode) -> bool {
        matches!(&self.inner.kind, Kind::Status { status, .. } if *status == wanted)
    }
}

/// Details.
impl Error {
    /// The error of a floor above, if it is of this type.
    pub(crate) fn added<A: kind::Added>(&self) -> Option<&A> {
        match &self.inner.kind {
            Kind::Added(added) => (&**added as &dyn std::any::Any).downcast_ref(),
            _ => None,
        }
    }

    /// The status of the answer. `None` if there was no answer.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.inner.kind {
            Kind::Status { status, .. } | Kind::InvalidResponse { status, .. } => Some(*status),
            Kind::Redirect { status, .. }
            | Kind::Timeout { status, .. }
            | Kind::Interrupted { status, .. } => *status,
            Kind::InvalidInput { .. }
            | Kind::Connect(_)
            | Kind::Unprocessed
            | Kind::LostBody { .. } => None,
            Kind::Added(added) => added.status(),
        }
    }

    /// What the service said, redacted, on one line, at most 1,000 characters.
    ///
    /// Read from the common error formats of web frameworks, including lists and nested objects: a text about the
    /// whole, and up to 20 fields, each with its problem, as in `Validation failed (body.policy.0.id: Field required;
    /// hostname: is bad)`. `None` if the body has no text for people, is a page of HTML, or may contain a secret that
    /// cannot be cut out.
    pub fn message(&self) -> Option<&str> {
        match &self.inner.kind {
            Kind::Status { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// The field that is invalid: the name of a parameter or of a builder's method, or the environment variable that
    /// the value came from, such as `LETTA_API_KEY` and `HTTPS_PROXY`. `None` unless
    /// [`is_invalid_input`](Self::is_invalid_input).
    pub fn field(&self) -> Option<&'static str> {
        match self.inner.kind {
            Kind::InvalidInput { field, .. } => Some(field),
            _ => None,
        }
    }

    /// The operation that failed, such as `create_client_side_access_token`. `None` if the call was refused before it
    /// began.
    pub fn operation(&self) -> Option<&'static str> {
        self.inner.operation
    }

    /// The service's ID for this request (`x-request-id`). Quote it when you ask for help.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// How long the service asks to wait (`retry-after-ms`, or `Retry-After` in seconds or as an HTTP date). A number
    /// too large for a `Duration` gives [`Duration::MAX`], so add to it with care. `None` if the header is missing,
    /// zero, in the past, or invalid. Then use your own back-off.
    ///
    /// If a `TokenMinter` holds off this error, this is what is left of the minter's wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.held_off.or(self.inner.retry_after)
    }

    /// How many attempts were made, including those that failed to connect. Zero if the call was refused before the
    /// first.
    pub fn attempts(&self) -> u32 {
        self.attempts.count
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}
