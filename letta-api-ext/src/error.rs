//! What can go wrong, in one type.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use letta_api::types::ApiError;
use letta_api::{BodyError, Operation, TransportError};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};

use crate::access_tokens::Revocation;
use crate::cause::Cause;
#[cfg(feature = "minter")]
use crate::minter::Fault;
use crate::transport::{Attempts, Redirect, Stopped};
use crate::{clock, reason, redact, retry_after};

#[cfg(feature = "test-util")]
mod testing;

#[cfg(feature = "test-util")]
pub use testing::ErrorBuilder;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Longest part of a bad value that is shown, in characters.
const VALUE_LIMIT: usize = 120;

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
    inner: Arc<Inner>,
    attempts: Attempts,
    /// What was left of the wait when a minter told an earlier failure again.
    held_off: Option<Duration>,
}

struct Inner {
    kind: Kind,
    /// The operation's name, once one was under way.
    operation: Option<&'static str>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    /// What the service thinks of trying again.
    should_retry: Option<bool>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

enum Kind {
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
    /// The service made another token than was asked for.
    GrantMismatch {
        status: StatusCode,
        /// How it differs.
        difference: String,
        /// What became of the token: `None` if it could not be deleted, and the source says why.
        deletion: Option<Revocation>,
    },
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
    /// A minter gave no token for reasons of its own.
    #[cfg(feature = "minter")]
    Minter(Fault),
}

/// Where a connection went, and what was wrong with it, as far as it is known.
#[derive(Default)]
struct Way {
    /// Host and port.
    to: Option<String>,
    /// Host and port of a proxy between.
    through: Option<String>,
    reason: Option<String>,
}

impl Way {
    fn of(error: &TransportError, proxy: Option<&str>, secrets: &[&str]) -> Self {
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
        #[cfg(feature = "minter")]
        if matches!(
            self.inner.kind,
            Kind::Minter(
                Fault::Busy { .. } | Fault::Incomplete { .. } | Fault::Late { .. } | Fault::NoTime
            )
        ) {
            return true;
        }
        matches!(self.inner.kind, Kind::Timeout { .. })
    }

    /// A [`TokenMinter`](crate::TokenMinter) was told to revoke this token while it was minting it.
    #[cfg(feature = "minter")]
    pub fn is_revoked(&self) -> bool {
        matches!(self.inner.kind, Kind::Minter(Fault::Revoked))
    }

    /// The [`TokenMinter`](crate::TokenMinter) that was asked is shut down.
    #[cfg(feature = "minter")]
    pub fn is_shut_down(&self) -> bool {
        matches!(self.inner.kind, Kind::Minter(Fault::ShutDown))
    }

    /// Nothing was sent: a [`TokenMinter`](crate::TokenMinter) gives an earlier failure again until a wait is over.
    /// [`retry_after`](Self::retry_after) is what is left of the wait, [`attempts`](Self::attempts) is zero, and
    /// [`may_have_happened`](Self::may_have_happened) is false. Otherwise the error is the same as the earlier failure.
    /// How long a minter waits is told [there](crate::TokenMinter#when-the-service-fails).
    #[cfg(feature = "minter")]
    pub fn is_held_off(&self) -> bool {
        self.held_off.is_some()
    }

    /// The service gives tokens that live less long than a [`TokenMinter`](crate::TokenMinter) was asked for.
    #[cfg(feature = "minter")]
    pub fn is_short_lived(&self) -> bool {
        matches!(self.inner.kind, Kind::Minter(Fault::ShortLived { .. }))
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
        matches!(self.inner.kind, Kind::InvalidResponse { .. })
    }

    /// The service made a token that allows more or less than was asked for, that is for another origin, or that expires at
    /// another time. The message names what differs: agents, rights, origins, instants.
    ///
    /// The token is not handed over, and was deleted before anybody could use it. If it could not be deleted, it may work
    /// until it expires: then [`may_have_happened`](Self::may_have_happened) is true, and the
    /// [`source`](std::error::Error::source) says why. To take such tokens, see
    /// [`CreateAccessToken::accept_different_grant`](crate::CreateAccessToken::accept_different_grant).
    pub fn is_grant_mismatch(&self) -> bool {
        matches!(self.inner.kind, Kind::GrantMismatch { .. })
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
            Kind::Status { status, .. } => self
                .inner
                .should_retry
                .unwrap_or_else(|| matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504)),
            Kind::InvalidInput { .. }
            | Kind::InvalidResponse { .. }
            | Kind::GrantMismatch { .. }
            | Kind::Redirect { .. } => false,
            #[cfg(feature = "minter")]
            Kind::Minter(fault) => !matches!(
                fault,
                Fault::Revoked | Fault::ShutDown | Fault::ShortLived { .. }
            ),
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
            | Kind::InvalidResponse { .. }
            | Kind::Redirect { .. } => true,
            Kind::Status { status, .. } => match status.as_u16() {
                408 => true,
                503 => self.inner.retry_after.is_none(),
                _ => !status.is_client_error(),
            },
            Kind::GrantMismatch { deletion, .. } => *deletion != Some(Revocation::Deleted),
            #[cfg(feature = "minter")]
            Kind::Minter(_) => false,
        };
        last || self.attempts.earlier_may_have_happened
    }

    fn is_status(&self, wanted: StatusCode) -> bool {
        matches!(&self.inner.kind, Kind::Status { status, .. } if *status == wanted)
    }
}

/// Details.
impl Error {
    /// The status of the answer, where there was one.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.inner.kind {
            Kind::Status { status, .. }
            | Kind::InvalidResponse { status, .. }
            | Kind::GrantMismatch { status, .. } => Some(*status),
            Kind::Redirect { status, .. }
            | Kind::Timeout { status, .. }
            | Kind::Interrupted { status, .. } => *status,
            Kind::InvalidInput { .. } | Kind::Connect(_) | Kind::Unprocessed => None,
            #[cfg(feature = "minter")]
            Kind::Minter(_) => None,
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

impl Error {
    /// `value` is shown, unless it looks like a key. Leave it out where it may be secret.
    pub(crate) fn invalid_input(
        field: &'static str,
        rule: impl Into<Cow<'static, str>>,
        value: Option<&str>,
    ) -> Self {
        let got = value.map(|value| {
            let text: String = value.chars().take(4 * VALUE_LIMIT).collect();
            let text = redact::patterns(&text);
            let mut shown: String = text.chars().take(VALUE_LIMIT).collect();
            if shown.len() < text.len() {
                shown.push('…');
            }
            format!("`{}`", shown.escape_debug())
        });
        Self::of(Kind::InvalidInput {
            field,
            rule: rule.into(),
            got,
        })
    }

    /// As [`invalid_input`](Self::invalid_input), for what was given in words of our own.
    pub(crate) fn invalid_input_got(
        field: &'static str,
        rule: impl Into<Cow<'static, str>>,
        got: String,
    ) -> Self {
        Self::of(Kind::InvalidInput {
            field,
            rule: rule.into(),
            got: Some(got),
        })
    }

    /// The same error, with a hint after the value.
    pub(crate) fn with_hint(mut self, hint: &str) -> Self {
        let inner = Arc::get_mut(&mut self.inner);
        if let Some(Kind::InvalidInput { got: Some(got), .. }) = inner.map(|inner| &mut inner.kind)
        {
            got.push_str("; ");
            got.push_str(hint);
        }
        self
    }

    #[cfg(feature = "minter")]
    pub(crate) fn from_minter(fault: Fault) -> Self {
        Self::of(Kind::Minter(fault))
    }

    /// A success whose content is invalid.
    pub(crate) fn invalid_response(
        operation: &'static Operation,
        status: StatusCode,
        headers: &HeaderMap,
        problem: impl Into<String>,
        secrets: &[&str],
    ) -> Self {
        let problem = problem.into();
        Inner::of(Kind::InvalidResponse { status, problem })
            .with_answer(operation, headers, secrets)
            .into()
    }

    /// A token that is not what was asked for, and what came of deleting it.
    pub(crate) fn grant_mismatch(
        operation: &'static Operation,
        status: StatusCode,
        headers: &HeaderMap,
        difference: &str,
        deletion: Result<Revocation>,
        secrets: &[&str],
    ) -> Self {
        let difference = redact::text(difference, secrets);
        let kind = Kind::GrantMismatch {
            status,
            difference: difference.unwrap_or_else(|| "what differs cannot be shown".to_owned()),
            deletion: deletion.as_ref().ok().copied(),
        };
        let inner = Inner {
            source: deletion.err().map(|error| Box::new(error) as _),
            ..Inner::of(kind)
        };
        inner.with_answer(operation, headers, secrets).into()
    }

    /// An answer of an error status, its body read already.
    pub(crate) fn from_status(
        operation: &'static Operation,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let message = reason::of(headers, body, secrets);
        let is_html = message.is_none() && letta_api::is_html(headers, body);
        let kind = Kind::Status {
            status,
            message,
            is_html,
        };
        Inner::of(kind)
            .with_answer(operation, headers, secrets)
            .into()
    }

    /// The body of a success that could not be read.
    pub(crate) fn from_lost_body(
        operation: &'static Operation,
        status: StatusCode,
        headers: &HeaderMap,
        error: &BodyError,
        secrets: &[&str],
    ) -> Self {
        Inner::from_body(error, status, secrets)
            .with_answer(operation, headers, secrets)
            .into()
    }

    /// Time ran out, perhaps within an answer that began so.
    pub(crate) fn out_of_time(
        operation: &'static Operation,
        limit: TimeLimit,
        head: Option<(StatusCode, &HeaderMap)>,
        previous: Option<Self>,
        secrets: &[&str],
    ) -> Self {
        let inner = Inner {
            source: previous.map(|error| Box::new(error) as _),
            ..Inner::of(Kind::Timeout {
                status: head.map(|(status, _)| status),
                limit: Some(limit),
            })
        };
        inner.with_head(operation, head, secrets).into()
    }

    /// A redirect that was not followed.
    pub(crate) fn redirected(
        operation: &'static Operation,
        head: Option<(StatusCode, &HeaderMap)>,
        redirect: Redirect,
        secrets: &[&str],
    ) -> Self {
        let redirect = Redirect {
            to: redact::text(&redirect.to, secrets).unwrap_or_else(|| "elsewhere".to_owned()),
            ..redirect
        };
        let status = head.map(|(status, _)| status);
        Inner::of(Kind::Redirect { status, redirect })
            .with_head(operation, head, secrets)
            .into()
    }

    /// The HTTP client has no answer, perhaps because of the proxy that it goes through.
    pub(crate) fn from_transport(
        error: &TransportError,
        operation: &'static Operation,
        proxy: Option<&str>,
        secrets: &[&str],
    ) -> Self {
        let source = std::error::Error::source(error).map(|source| Cause::of(source, secrets));
        let cause = error.downcast_ref::<reqwest::Error>();
        // The client would not even try: it takes https only, say, or the URL is too long.
        if cause.is_some_and(reqwest::Error::is_builder) {
            let root = source.as_ref().map_or("", Cause::root);
            let rule = format!("cannot be sent by this HTTP client: {root}");
            return Self::invalid_input("request", rule, None);
        }
        let kind = match cause {
            #[cfg(not(target_arch = "wasm32"))]
            Some(cause) if cause.is_connect() => Kind::Connect(Way::of(error, proxy, secrets)),
            _ if error.is_unprocessed() => Kind::Unprocessed,
            Some(error) if error.is_timeout() => Kind::Timeout {
                status: None,
                limit: None,
            },
            _ => Kind::Interrupted {
                status: None,
                way: Way::of(error, proxy, secrets),
            },
        };
        Inner::caused(kind, source)
            .with_head(operation, None, secrets)
            .into()
    }

    /// The same error, told again without a call. `left` is what is left of the wait.
    #[cfg(feature = "minter")]
    pub(crate) fn held_off(&self, left: Duration) -> Self {
        Self {
            inner: self.inner.clone(),
            attempts: Attempts::default(),
            held_off: Some(left),
        }
    }

    /// Whether it is a minter's own, and not what a call came to.
    #[cfg(feature = "minter")]
    pub(crate) fn is_minters_own(&self) -> bool {
        matches!(self.inner.kind, Kind::Minter(_))
    }

    /// The same error, of a call that has been through this.
    pub(crate) fn after(mut self, attempts: Attempts) -> Self {
        self.attempts = attempts;
        self
    }

    /// What OpenTelemetry calls `error.type`.
    pub(crate) fn error_type(&self) -> Cow<'static, str> {
        Cow::Borrowed(match &self.inner.kind {
            Kind::InvalidInput { .. } => "invalid_input",
            Kind::Status { status, .. } => return Cow::Owned(status.as_str().to_owned()),
            Kind::InvalidResponse { .. } => "invalid_response",
            Kind::GrantMismatch { .. } => "grant_mismatch",
            Kind::Redirect { .. } => "redirect",
            Kind::Connect(_) => "connect",
            Kind::Unprocessed => "unprocessed",
            Kind::Timeout { .. } => "timeout",
            Kind::Interrupted { .. } => "interrupted",
            #[cfg(feature = "minter")]
            Kind::Minter(fault) => fault.error_type(),
        })
    }

    /// What a failed call of the generated client comes to. `secrets` are the texts that the service
    /// was sent and must not come back.
    pub(crate) async fn from_api(
        error: letta_api::Error<ApiError>,
        operation: &'static Operation,
        secrets: &[&str],
    ) -> Self {
        let (status, headers) = (error.status(), error.headers().cloned().unwrap_or_default());
        let inner = match error {
            letta_api::Error::InvalidRequest(problem) => {
                return Self::from_invalid_request(&problem);
            }
            // Our own transport's, and complete.
            letta_api::Error::Transport(error) => {
                return match error.downcast::<Self>() {
                    Ok(error) => error,
                    Err(error) => Self::from_transport(&error, operation, None, secrets),
                };
            }
            // There may be more to it than the message that is documented.
            letta_api::Error::ErrorResponse(answer) if !answer.body().is_empty() => {
                let (status, headers) = (answer.status(), answer.headers());
                return Self::from_status(operation, status, headers, answer.body(), secrets);
            }
            letta_api::Error::ErrorResponse(answer) => Inner::of(Kind::Status {
                status: answer.status(),
                message: redact::text(&answer.message, secrets),
                is_html: false,
            }),
            letta_api::Error::UnexpectedResponse(response) => {
                let status = response.status();
                let body = response.bytes().await.unwrap_or_default();
                return Self::from_status(operation, status, &headers, &body, secrets);
            }
            letta_api::Error::ResponseBody {
                response, source, ..
            } => Inner::from_body(&source, response.status(), secrets),
            letta_api::Error::InvalidPayload(payload) if payload.status().is_success() => {
                Inner::of(Kind::InvalidResponse {
                    status: payload.status(),
                    problem: payload.problem().to_owned(),
                })
            }
            // An error answer in another form than documented is an error answer still.
            letta_api::Error::InvalidPayload(payload) => {
                return Self::from_status(
                    operation,
                    payload.status(),
                    payload.headers(),
                    payload.body(),
                    secrets,
                );
            }
            // The enum may grow; what it then means is at least not lost.
            other => match status {
                Some(status) => Inner::of(Kind::Status {
                    status,
                    message: None,
                    is_html: false,
                }),
                None => {
                    let cause = Cause::of(&other, secrets);
                    let (status, way) = (None, Way::default());
                    Inner::caused(Kind::Interrupted { status, way }, Some(cause))
                }
            },
        };
        inner.with_answer(operation, &headers, secrets).into()
    }

    /// letta-api checks path parameters, and names them in its message.
    fn from_invalid_request(problem: &str) -> Self {
        let named = problem
            .strip_prefix("path parameter `token` ")
            .map(|rule| ("token", format!("cannot be in a path: it {rule}")));
        let (field, rule) = named.unwrap_or(("request", format!("is refused: {problem}")));
        Self::of(Kind::InvalidInput {
            field,
            rule: rule.into(),
            got: None,
        })
    }

    fn of(kind: Kind) -> Self {
        Inner::of(kind).into()
    }
}

impl Inner {
    fn of(kind: Kind) -> Self {
        Self {
            kind,
            operation: None,
            request_id: None,
            retry_after: None,
            should_retry: None,
            source: None,
        }
    }

    fn caused(kind: Kind, cause: Option<Cause>) -> Self {
        Self {
            source: cause.map(|cause| Box::new(cause) as _),
            ..Self::of(kind)
        }
    }

    /// An answer of this status began, and its body could not be read.
    fn from_body(error: &BodyError, status: StatusCode, secrets: &[&str]) -> Self {
        if !status.is_success() {
            // What the service thinks of the call is known, if not why.
            return Self::of(Kind::Status {
                status,
                message: None,
                is_html: false,
            });
        }
        if let Some(limit) = error.limit() {
            let problem = format!(
                "the body is longer than {limit} bytes, the limit that `response_body_limit` sets"
            );
            return Self::of(Kind::InvalidResponse { status, problem });
        }
        let status = Some(status);
        let kind = match error.lost_to() {
            Some(cause) if cause.is_timeout() => Kind::Timeout {
                status,
                limit: None,
            },
            _ => Kind::Interrupted {
                status,
                way: Way::default(),
            },
        };
        let cause = std::error::Error::source(error).map(|source| Cause::of(source, secrets));
        Self::caused(kind, cause)
    }

    /// As [`with_answer`](Self::with_answer), where one may not have begun.
    fn with_head(
        mut self,
        operation: &'static Operation,
        head: Option<(StatusCode, &HeaderMap)>,
        secrets: &[&str],
    ) -> Self {
        self.operation = Some(operation.id);
        match head {
            Some((_, headers)) => self.with_answer(operation, headers, secrets),
            None => self,
        }
    }

    fn with_answer(
        mut self,
        operation: &'static Operation,
        headers: &HeaderMap,
        secrets: &[&str],
    ) -> Self {
        self.operation = Some(operation.id);
        self.request_id = request_id(headers, secrets);
        self.retry_after = retry_after::parse(headers, clock::now());
        self.should_retry = match headers.get("x-should-retry").map(HeaderValue::as_bytes) {
            Some(b"true") => Some(true),
            Some(b"false") => Some(false),
            _ => None,
        };
        self
    }
}

/// The service's name for a request, without secrets.
pub(crate) fn request_id(headers: &HeaderMap, secrets: &[&str]) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    redact::text(id, secrets)
}

impl From<Inner> for Error {
    fn from(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            attempts: Attempts::default(),
            held_off: None,
        }
    }
}

/// For conversions that cannot fail, such as from an [`Origin`](crate::Origin) to itself.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(operation) = self.inner.operation {
            write!(f, "{operation}: ")?;
        }
        match &self.inner.kind {
            Kind::InvalidInput { field, rule, got } => {
                write!(f, "`{field}` {rule}")?;
                if let Some(got) = got {
                    write!(f, "; got {got}")?;
                }
            }
            Kind::Status {
                status,
                message,
                is_html,
            } => {
                write!(f, "the service answered {status}")?;
                if let Some(message) = message {
                    write!(f, ": {message}")?;
                }
                if *status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                    f.write_str("; a proxy asks for a user name and a password")?;
                }
                if *is_html {
                    f.write_str(
                        " with a page of HTML; a proxy or another server may have answered in its place",
                    )?;
                }
            }
            Kind::InvalidResponse { status, problem } => write!(
                f,
                "the service answered {status}, and not as it documents: {problem}"
            )?,
            Kind::GrantMismatch {
                difference,
                deletion,
                ..
            } => {
                write!(f, "the token is not what was asked for: {difference}")?;
                f.write_str(match deletion {
                    Some(Revocation::Deleted) => "; it was deleted",
                    Some(Revocation::NotFound) => {
                        "; the service has no record of it to delete, and it may work until it expires"
                    }
                    None => "; it could not be deleted, and lives until it expires",
                })?;
            }
            Kind::Redirect { redirect, .. } => write!(
                f,
                "the service redirects from {} to {}: {}",
                redirect.from, redirect.to, redirect.rule
            )?,
            Kind::Connect(way) => write!(f, "cannot connect to {way}")?,
            Kind::Unprocessed => f.write_str("the service turned the request away unread")?,
            Kind::Timeout { status, limit } => {
                match status {
                    None => f.write_str("the service did not answer")?,
                    Some(status) => {
                        write!(
                            f,
                            "the service answered {status}, and the rest did not come"
                        )?;
                    }
                }
                match limit {
                    None => f.write_str(" in time")?,
                    Some(TimeLimit::Attempt(limit)) => {
                        write!(f, " within the {limit:?} that an attempt may take")?;
                    }
                    Some(TimeLimit::Deadline(limit)) => {
                        write!(f, " within the call's deadline of {limit:?}")?;
                    }
                }
            }
            Kind::Interrupted { status: None, way } => {
                f.write_str("the connection to the service broke before it answered")?;
                if way.to.is_some() || way.reason.is_some() {
                    write!(f, " ({way})")?;
                }
            }
            Kind::Interrupted {
                status: Some(status),
                ..
            } => write!(
                f,
                "the service answered {status}, and the connection broke within the answer"
            )?,
            #[cfg(feature = "minter")]
            Kind::Minter(fault) => write!(f, "{fault}")?,
        }
        if let Some(id) = &self.inner.request_id {
            write!(f, " (request {id})")?;
        }
        if let Some(left) = self.held_off {
            let left = Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX));
            write!(f, "; not asked again for another {left:?}")?;
        }
        if self.attempts.count > 1 {
            write!(f, "; tried {} times", self.attempts.count)?;
        }
        match (self.attempts.stopped, self.inner.retry_after) {
            (None, _) => Ok(()),
            (Some(Stopped::Deadline), Some(wait)) => {
                write!(f, "; it asks to wait {wait:?}, past the call's deadline")
            }
            (Some(Stopped::Deadline), None) => {
                f.write_str("; the call's deadline leaves no time to try again")
            }
            (Some(Stopped::Budget), _) => {
                f.write_str("; not tried again, since the retry budget is spent")
            }
        }
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("message", &self.to_string());
        if let Some(wait) = &self.retry_after() {
            out.field("retry_after", wait);
        }
        if let Some(source) = &self.inner.source {
            out.field("source", source);
        }
        out.finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.inner.source.as_deref()?;
        Some(source)
    }
}
