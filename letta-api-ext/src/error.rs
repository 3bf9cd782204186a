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
pub(crate) mod secrets_in_url;
pub(crate) mod token_form;
pub(crate) mod wiped_url;

pub(crate) use make::request_id;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that can go wrong.
///
/// Ask what kind of trouble it is with the predicates, and for details with the accessors; `Display`
/// says it in one line, and [`source`](std::error::Error::source) has the cause where there is one
/// beneath. Cheap to clone. It holds no secret: not the key, not a token, not a URL that has one in
/// it, and what the service said has been cleaned of them.
///
/// # Troubleshooting
///
/// | predicate | what usually causes it | what to do |
/// |---|---|---|
/// | [`is_invalid_input`](Self::is_invalid_input) | a field that breaks a rule; nothing was sent | correct [`field`](Self::field) |
/// | [`is_unauthorized`](Self::is_unauthorized) | a wrong, revoked or expired key | check `LETTA_API_KEY`, and that it belongs to this server |
/// | [`is_forbidden`](Self::is_forbidden) | a key without this right, or of another project | check the key's rights and the project |
/// | [`is_not_found`](Self::is_not_found) | a wrong base URL; a self-hosted server, which has no client-side tokens | check `LETTA_BASE_URL` |
/// | [`is_rate_limited`](Self::is_rate_limited) | too many calls | come back after [`retry_after`](Self::retry_after), which may be longer than the deadline allowed |
/// | [`is_server_error`](Self::is_server_error) | trouble at the service, or at a proxy before it | try again later; quote [`request_id`](Self::request_id) |
/// | [`is_connect`](Self::is_connect) | no network, wrong host, TLS refused | the message says which; check the base URL, proxy and certificates |
/// | [`is_timeout`](Self::is_timeout) | a slow service or network | allow more time for an [attempt](crate::LettaBuilder::attempt_timeout) or the [call](crate::LettaBuilder::deadline) |
/// | [`is_redirect`](Self::is_redirect) | a base URL that is not the service's own: `http` for `https`, another host | correct `LETTA_BASE_URL` |
/// | [`is_grant_mismatch`](Self::is_grant_mismatch) | a proxy or a cache that answers with another token; a service that sets a life of its own; a service newer than this crate | look at what differs; ask for a shorter life; update |
/// | [`is_invalid_response`](Self::is_invalid_response) | a proxy that answers in the service's place; a service newer than this crate | check the base URL; update |
///
/// Whether the call may have had its effect all the same is answered by
/// [`may_have_happened`](Self::may_have_happened).
#[derive(Clone)]
pub struct Error {
    pub(crate) inner: Arc<Inner>,
    pub(crate) attempts: Attempts,
    /// If an earlier failure is returned again without a call: what is left of the wait until the next call.
    pub(crate) held_off: Option<Duration>,
}

pub(crate) struct Inner {
    kind: Kind,
    /// The operation's name, once one was under way.
    operation: Option<&'static str>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    /// What the service thinks of trying again.
    should_retry: Option<bool>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of trouble it is.
impl Error {
    /// The call was refused before anything was sent, for what it was given.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.inner.kind, Kind::InvalidInput { .. })
    }

    /// The service does not accept the key: status 401.
    pub fn is_unauthorized(&self) -> bool {
        self.is_status(StatusCode::UNAUTHORIZED)
    }

    /// The key may not do this: status 403.
    pub fn is_forbidden(&self) -> bool {
        self.is_status(StatusCode::FORBIDDEN)
    }

    /// There is nothing of that name: status 404.
    pub fn is_not_found(&self) -> bool {
        self.is_status(StatusCode::NOT_FOUND)
    }

    /// Too many calls: status 429. See [`retry_after`](Self::retry_after).
    pub fn is_rate_limited(&self) -> bool {
        self.is_status(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Trouble at the service: status 500 to 599.
    pub fn is_server_error(&self) -> bool {
        matches!(&self.inner.kind, Kind::Status { status, .. } if status.is_server_error())
    }

    /// The service was not reached: no connection was made, and nothing was sent. The message says to which host and port, and
    /// why: `cannot connect to 127.0.0.1:1: connection refused`.
    pub fn is_connect(&self) -> bool {
        matches!(self.inner.kind, Kind::Connect(_))
    }

    /// No whole answer came in time: within the call's deadline, or within the last attempt's time-out
    /// where there was no other attempt. Or a `TokenMinter` had no turn for it within the deadline, or a token that
    /// was too long on its way.
    pub fn is_timeout(&self) -> bool {
        match &self.inner.kind {
            Kind::Timeout { .. } => true,
            Kind::LostBody { is_timeout, .. } => *is_timeout,
            Kind::Added(added) => added.is_timeout(),
            _ => false,
        }
    }

    /// The call's deadline passed while an attempt was under way. Where the attempt before it failed, that
    /// failure is the [`source`](std::error::Error::source). A failure after which the deadline left no time
    /// to try again is itself the error, and says so in its message.
    pub fn is_deadline_exceeded(&self) -> bool {
        let limit = match self.inner.kind {
            Kind::Timeout { limit, .. } => limit,
            _ => None,
        };
        matches!(limit, Some(TimeLimit::Deadline(_)))
    }

    /// The service redirects to where the request may not go: to another origin, or on with another
    /// method. The message names both origins.
    pub fn is_redirect(&self) -> bool {
        matches!(self.inner.kind, Kind::Redirect { .. })
    }

    /// The status says success, and the body is not what the service documents: no JSON, JSON of
    /// another shape, cut short, longer than the
    /// [limit](crate::LettaBuilder::response_body_limit). The body is not shown.
    pub fn is_invalid_response(&self) -> bool {
        match self.inner.kind {
            Kind::InvalidResponse { .. } => true,
            Kind::LostBody { limit, .. } => limit.is_some(),
            _ => false,
        }
    }

    /// The same call may succeed later, with nothing changed: no connection, time ran out, a broken
    /// connection, and the statuses 408, 429, 500, 502, 503 and 504.
    ///
    /// The service's header `x-should-retry` takes precedence over the status. The client has tried again
    /// already where its [`RetryPolicy`](crate::RetryPolicy) allows.
    /// Whether it is *safe* to repeat is another question, see
    /// [`may_have_happened`](Self::may_have_happened).
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

    /// The call may have had its effect although it failed. After such a failure of a create, there
    /// may be a live token that nobody knows; [listing](crate::AccessTokens::list) finds it.
    ///
    /// True where the answer to any attempt was lost, could not be read, or came with a status that leaves
    /// it open: 5xx (but for a 503 that says when to come back), 408, 3xx; and for a token that is
    /// [not what was asked for](Self::is_grant_mismatch) and could not be deleted. False where nothing was sent,
    /// and where the service refused (other 4xx). Time that runs out counts as an answer lost, also where it
    /// ran out while a connection was being made, unless the HTTP client gave up on that by itself.
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
    /// What a floor above has to report, if it is of this type.
    pub(crate) fn added<A: kind::Added>(&self) -> Option<&A> {
        match &self.inner.kind {
            Kind::Added(added) => (&**added as &dyn std::any::Any).downcast_ref(),
            _ => None,
        }
    }

    /// The status of the answer, where there was one.
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

    /// What the service said, cleaned of secrets, on one line, at most 1,000 characters.
    ///
    /// Read from the forms that web frameworks commonly give errors, lists and nested objects included: a text about all,
    /// and up to 20 fields, each with what is wrong with it, as in `Validation failed (body.policy.0.id: Field required;
    /// hostname: is bad)`. None if the body has no text for people, is a page of HTML, or seems to hold a secret that
    /// cannot be cut out.
    pub fn message(&self) -> Option<&str> {
        match &self.inner.kind {
            Kind::Status { message, .. } => message.as_deref(),
            _ => None,
        }
    }

    /// The field that broke a rule, as it is called on the wire or on the builder, or the environment variable that a value
    /// came from, as in `LETTA_API_KEY` and `HTTPS_PROXY`.
    pub fn field(&self) -> Option<&'static str> {
        match self.inner.kind {
            Kind::InvalidInput { field, .. } => Some(field),
            _ => None,
        }
    }

    /// The operation that failed, as in `create_client_side_access_token`.
    pub fn operation(&self) -> Option<&'static str> {
        self.inner.operation
    }

    /// The service's name for this request (`x-request-id`). Quote it when asking for help.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// How long the service asks to wait (`retry-after-ms`, `Retry-After` in seconds or as an HTTP date). A number too large for a
    /// `Duration` gives [`Duration::MAX`], so add to it with care. `None` if it says zero, a time that has passed, or something that cannot
    /// be read. Then use a back-off of your own.
    ///
    /// If a `TokenMinter` holds the error off, this is what is left of the minter's wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.held_off.or(self.inner.retry_after)
    }

    /// How many times the call was sent, or would have been, had there been a connection. None where it was
    /// refused before that.
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
