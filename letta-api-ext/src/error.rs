//! What can go wrong, in one type.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;

use attempts::Attempts;
use kind::{Kind, TimeLimit};
use refusal::{Class, Meaning};
use said::Said;

pub(crate) mod attempts;
pub(crate) mod cause;
pub(crate) mod kind;
mod make;
mod print;
pub(crate) mod reason;
pub(crate) mod redact;
pub(crate) mod refusal;
pub(crate) mod retry_after;
pub(crate) mod said;
pub(crate) mod secrets_in_body;
pub(crate) mod secrets_in_url;
#[cfg(test)]
mod tests;
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
/// | [`is_signed_out`](Self::is_signed_out) | nobody is signed in at the application that gives tokens | ask the user to sign in |
/// | [`is_without_token`](Self::is_without_token) | the application that gives tokens failed, or has a limit | read [`message`](Self::message) and [`status`](Self::status), which are the application's; look there |
/// | [`is_not_opened`](Self::is_not_opened) | a token whose policy does not open the call | mint tokens with the [right that is missing](Self::missing_right), or make the call on a server |
/// | [`is_forbidden`](Self::is_forbidden) | a key without this right, or of another project | check the key's rights and the project |
/// | [`is_not_found`](Self::is_not_found) | a wrong base URL; an ID that does not exist; a self-hosted server, which has no client-side tokens | check the ID and `LETTA_BASE_URL` |
/// | [`is_rate_limited`](Self::is_rate_limited) | too many calls | try again after [`retry_after`](Self::retry_after), which may be longer than the deadline allowed |
/// | [`is_busy`](Self::is_busy) | another turn runs in this conversation | wait for [`run_id`](Self::run_id), or cancel it |
/// | [`is_pending_approval`](Self::is_pending_approval) | the agent waits for the answer to a tool call | approve or deny it first |
/// | [`is_out_of_credits`](Self::is_out_of_credits) | the account has no credits | buy credits; waiting does not help |
/// | [`is_quota_exceeded`](Self::is_quota_exceeded) | a limit of the account is reached | wait for [`retry_after`](Self::retry_after) if there is one; else change the plan |
/// | [`is_server_error`](Self::is_server_error) | a failure of the service, or of a proxy before it | try again later; quote [`request_id`](Self::request_id) |
/// | [`is_connect`](Self::is_connect) | no network, wrong host, TLS refused | the message says which; check the base URL, proxy and certificates |
/// | [`is_interrupted`](Self::is_interrupted) | a network or a proxy that cut the connection; in a browser also no network, or a service that does not allow the page's origin | repeat the call unless it [may have happened](Self::may_have_happened) |
/// | [`is_timeout`](Self::is_timeout) | a slow service or network | allow more time for an [attempt](crate::LettaBuilder::attempt_timeout) or the [call](crate::LettaBuilder::deadline) |
/// | `is_file_failed` (feature `folders`) | the service cannot read the file | read [`message`](Self::message); upload another form of it |
/// | `is_file_not_written` (feature `agent-files`) | no room on the disk, no permission | make room, and export again |
/// | [`is_redirect`](Self::is_redirect) | a base URL that is not the service's own: `http` for `https`, another host | correct `LETTA_BASE_URL` |
/// | [`is_grant_mismatch`](Self::is_grant_mismatch) | a proxy or a cache that answers with another token; a service that ignores the expiry; a service newer than this crate | look at the difference; ask for a shorter life; update |
/// | [`is_invalid_response`](Self::is_invalid_response) | a proxy that answers instead of the service; a service newer than this crate | check the base URL; update |
///
/// [`may_have_happened`](Self::may_have_happened) says whether the call may have had its effect although it failed.
#[derive(Clone)]
pub struct Error {
    pub(crate) inner: Arc<Inner>,
    pub(crate) attempts: Attempts,
    /// What few errors have. In a box, so that the futures of all calls stay small.
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few errors have.
#[derive(Clone, Default)]
pub(crate) struct Rare {
    /// The name of the operation that waited, if several calls waited for the same.
    pub(crate) waiting: Option<&'static str>,
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
    /// Whether a part of the request was not sent.
    is_cut_request: bool,
    /// What the service said, redacted. Boxed, because most errors have none.
    said: Option<Box<Said>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Kinds of errors.
impl Error {
    /// The input is invalid: the call was refused before anything was sent. [`field`](Self::field) is what to
    /// correct.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.inner.kind, Kind::InvalidInput { .. })
    }

    /// The service does not accept the key or the token: status 401. A client that [holds tokens](crate::token_holder) has replaced the
    /// token before, if there was another one.
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

    /// Too many calls: status 429, or an agent's model that had too many. See [`retry_after`](Self::retry_after).
    ///
    /// False if the service names a limit of the account as its reason: see
    /// [`is_quota_exceeded`](Self::is_quota_exceeded), [`is_out_of_credits`](Self::is_out_of_credits) and
    /// [`reasons`](Self::reasons).
    pub fn is_rate_limited(&self) -> bool {
        let meaning = self.meaning();
        match meaning.class {
            Some(Class::RateLimited) => true,
            Some(Class::OutOfCredits | Class::QuotaExceeded) => false,
            _ => self.is_status(StatusCode::TOO_MANY_REQUESTS) && !meaning.is_futile,
        }
    }

    /// Another turn runs in this conversation: status 409, and the turn's run is usually named. Nothing was said to the
    /// agent.
    ///
    /// Such a call is not sent again by itself, because a turn may take minutes. An agent's own path has no such lock.
    ///
    /// Troubleshooting: two tasks or processes talk in one conversation, or an earlier turn goes on after its connection
    /// broke. Wait until the run of [`run_id`](Self::run_id) has ended, or cancel it, and send the message again.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn explain(error: &Error) -> String {
    ///     match error.run_id() {
    ///         Some(run) if error.is_busy() => format!("try again when {run} has ended"),
    ///         _ => error.to_string(),
    ///     }
    /// }
    /// ```
    pub fn is_busy(&self) -> bool {
        self.is_class(Class::Busy)
    }

    /// The agent waits for the answer to a tool call, and takes no message until then: status 409, or an error within a
    /// stream. Nothing was said to the agent.
    ///
    /// Troubleshooting: an earlier turn ended with a request for approval, and nobody answered it, perhaps because a
    /// process ended. Approve or deny all of its calls. [`pending_request_id`](Self::pending_request_id) names the
    /// request, if the service does.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn must_answer_first(error: &Error) -> bool {
    ///     error.is_pending_approval() && !error.is_busy()
    /// }
    /// ```
    pub fn is_pending_approval(&self) -> bool {
        self.is_class(Class::PendingApproval)
    }

    /// The account, or the account at the model's provider, has no credits left: usually status 402.
    ///
    /// Such a call is not sent again, whatever `Retry-After` says.
    ///
    /// Troubleshooting: the account's credits are used up. Buy credits, or give the agent a model of another provider.
    /// With a provider's key of your own, [`message`](Self::message) says so: then it is that account.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn tell_user(error: &Error) -> &str {
    ///     match error.is_out_of_credits() {
    ///         true => "The account has no credits left.",
    ///         false => "Something went wrong.",
    ///     }
    /// }
    /// ```
    pub fn is_out_of_credits(&self) -> bool {
        self.is_class(Class::OutOfCredits)
    }

    /// A limit of the account is reached: its usage, its number of agents, or another quota. Usually status 402 or 429.
    ///
    /// Such a call is sent again only if the service says when the quota is renewed: see
    /// [`retry_after`](Self::retry_after). [`limit`](Self::limit) and [`reasons`](Self::reasons) say which limit.
    ///
    /// Troubleshooting: the plan allows no more. Wait as long as `retry_after` says. If it says nothing, waiting does not
    /// help: delete what is not needed, or change the plan.
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_ext::Error;
    ///
    /// fn pause(error: &Error) -> Option<Duration> {
    ///     error.retry_after().filter(|_| error.is_quota_exceeded())
    /// }
    /// ```
    pub fn is_quota_exceeded(&self) -> bool {
        self.is_class(Class::QuotaExceeded)
    }

    /// The connection broke before the answer came, or within it. A time-out is another kind: see
    /// [`is_timeout`](Self::is_timeout).
    ///
    /// Troubleshooting: a proxy, a load balancer or the network closed the connection, or the service was restarted. Repeat
    /// the call if it is safe, see [`may_have_happened`](Self::may_have_happened). If it happens after the same time again
    /// and again, something on the way closes silent connections: stream the answer.
    ///
    /// In a browser, this is also true of every call that got no answer, unless time ran out. A browser tells a page neither
    /// why, nor whether the request was sent. The usual causes, most frequent first:
    ///
    /// 1. The service cannot be reached, or the network is down.
    /// 2. The service does not allow the page's origin (CORS). It may refuse a client-side token in this way, by a 401 that
    ///    the page may not read.
    /// 3. Something in the browser blocked the request, such as an extension or a content security policy.
    ///
    /// The browser's console names the cause. Such a call is sent again only if that is safe, as after a broken connection.
    ///
    /// ```
    /// use letta_api_ext::Error;
    ///
    /// fn repeat(error: &Error) -> bool {
    ///     error.is_interrupted() && !error.may_have_happened()
    /// }
    /// ```
    pub fn is_interrupted(&self) -> bool {
        match &self.inner.kind {
            Kind::Interrupted { .. } | Kind::NoAnswer(_) => true,
            Kind::LostBody { limit, is_timeout } => limit.is_none() && !is_timeout,
            Kind::Added(added) => added.is_interrupted(),
            _ => false,
        }
    }

    /// The service failed: status 500 to 599.
    pub fn is_server_error(&self) -> bool {
        matches!(&self.inner.kind, Kind::Status { status, .. } if status.is_server_error())
    }

    /// The service was not reached: there was no connection, and nothing was sent. The message names host, port and
    /// reason: `cannot connect to 127.0.0.1:1: connection refused`.
    ///
    /// In a browser, it is always false, because a browser does not tell. See [`is_interrupted`](Self::is_interrupted).
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
    /// statuses 408, 429, 500, 502, 503, 504 and 520 to 526 (a proxy did not reach the service).
    ///
    /// The service's header `x-should-retry` takes precedence over the status. Its [`reasons`](Self::reasons) take
    /// precedence over both: false if waiting does not help, as for `not-enough-credits` or `free-usage-exceeded`. A quota
    /// that is used up is retryable if the service says how long to wait. An error within a stream is retryable if the
    /// model had too many calls, took too long or failed. False if the conversation [is busy](Self::is_busy): waiting for
    /// a turn is the caller's choice.
    ///
    /// The client has already tried again, if
    /// its [`RetryPolicy`](crate::RetryPolicy) allows. [`may_have_happened`](Self::may_have_happened) tells whether
    /// it is *safe* to repeat the call.
    pub fn is_retryable(&self) -> bool {
        match &self.inner.kind {
            Kind::Connect(_)
            | Kind::Unprocessed
            | Kind::NoAnswer(_)
            | Kind::Timeout { .. }
            | Kind::Interrupted { .. } => true,
            Kind::LostBody { limit, .. } => limit.is_none(),
            Kind::Status { status, .. } => {
                let meaning = self.meaning();
                let by_status = || match status.as_u16() {
                    402 | 429 if meaning.is_quota => self.asked_wait().is_some(),
                    408 | 429 | 500 | 502..=504 | 520..=526 => true,
                    _ => false,
                };
                !meaning.is_futile && self.inner.should_retry.unwrap_or_else(by_status)
            }
            Kind::Event => matches!(
                self.meaning().class,
                Some(Class::RateLimited | Class::ModelFailed)
            ),
            Kind::InvalidInput { .. } | Kind::InvalidResponse { .. } | Kind::Redirect { .. } => {
                false
            }
            Kind::Added(added) => added.is_retryable(),
        }
    }

    /// The call may have had its effect although it failed. If this is a create, there may be a live token that
    /// nobody knows. [Listing](crate::AccessTokens::list) finds it.
    ///
    /// False if the connection broke before a file was sent to its end: nobody can have got it whole.
    ///
    /// True if the answer to any attempt was lost or could not be read, or came with a status that leaves it open:
    /// 408, 3xx, or 5xx (except a 503 with a `Retry-After`). Also true for a [grant
    /// mismatch](Self::is_grant_mismatch) whose token could not be deleted, if an agent's model failed (then the agent had
    /// begun to work, whatever the status), and for an error within a stream. False if nothing was sent, and if the
    /// service refused the call (other 4xx, busy, pending approval). A time-out counts as a lost answer, even during connecting, unless the
    /// HTTP client itself gave up connecting. In a browser, every call without an answer counts as one whose answer was lost.
    pub fn may_have_happened(&self) -> bool {
        if self.hold_off_left().is_some() {
            return false;
        }
        let last = match &self.inner.kind {
            Kind::InvalidInput { .. } | Kind::Connect(_) | Kind::Unprocessed => false,
            _ if self.inner.is_cut_request => false,
            Kind::NoAnswer(_)
            | Kind::Timeout { .. }
            | Kind::Interrupted { .. }
            | Kind::LostBody { .. }
            | Kind::InvalidResponse { .. }
            | Kind::Redirect { .. } => true,
            Kind::Event => !(self.is_busy() || self.is_pending_approval()),
            Kind::Status { .. } if self.meaning().is_of_model => true,
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

    fn is_class(&self, wanted: Class) -> bool {
        self.meaning().class == Some(wanted)
    }

    fn meaning(&self) -> Meaning {
        self.said().map(|said| said.meaning).unwrap_or_default()
    }

    fn said(&self) -> Option<&Said> {
        let added = || match &self.inner.kind {
            Kind::Added(added) => added.said(),
            _ => None,
        };
        self.inner.said.as_deref().or_else(added)
    }

    /// How long the service asks to wait, in the head of its answer or in what it said.
    fn asked_wait(&self) -> Option<Duration> {
        let added = || match &self.inner.kind {
            Kind::Added(added) => added.retry_after(),
            _ => None,
        };
        // The longer one: the head may speak of the rate of calls, and the body of the quota.
        self.inner
            .retry_after
            .max(self.meaning().wait)
            .or_else(added)
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

    /// The status of the answer. `None` if there was no answer, and for an error within the stream of a success.
    pub fn status(&self) -> Option<StatusCode> {
        match &self.inner.kind {
            Kind::Status { status, .. } | Kind::InvalidResponse { status, .. } => Some(*status),
            Kind::Redirect { status, .. }
            | Kind::Timeout { status, .. }
            | Kind::Interrupted { status, .. } => *status,
            Kind::InvalidInput { .. }
            | Kind::Connect(_)
            | Kind::Unprocessed
            | Kind::NoAnswer(_)
            | Kind::Event
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
        self.said()?.message.as_deref()
    }

    /// What the service calls the error, for programs: `PENDING_APPROVAL`, `llm_rate_limit`. Redacted. `None` if it gives
    /// it no name.
    ///
    /// Troubleshooting: codes are the service's own and may change. Prefer a predicate if there is one.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// if error.code() == Some("llm_authentication") {
    ///     println!("the key for the model's provider is wrong");
    /// }
    /// # }
    /// ```
    pub fn code(&self) -> Option<&str> {
        self.said()?.code.as_deref()
    }

    /// More about the error, if the service says more than the [`message`](Self::message). Redacted like it.
    ///
    /// Troubleshooting: for a failure of the model, this is what its provider said. It is for people who maintain the
    /// application, not for its users.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// println!("{error}, more: {}", error.detail().unwrap_or("nothing"));
    /// # }
    /// ```
    pub fn detail(&self) -> Option<&str> {
        self.said()?.detail.as_deref()
    }

    /// The reasons of a refusal about limits, such as `not-enough-credits`, in the service's order: at most 20. Redacted like
    /// the [`message`](Self::message). Empty if the service names none.
    ///
    /// Troubleshooting: each names a limit of the account or the plan. [`is_retryable`](Self::is_retryable) knows for which
    /// of them waiting helps.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// let too_many_agents = error.reasons().any(|reason| reason == "agents-limit-exceeded");
    /// # }
    /// ```
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        let said = self.said().into_iter();
        said.flat_map(|said| said.reasons.iter().map(String::as_str))
    }

    /// The limit that the account has reached, in the unit of whatever is limited, such as agents. `None` if the service
    /// names none.
    ///
    /// Troubleshooting: the plan allows no more than this. Delete what is not needed, or change the plan.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// if let (true, Some(limit)) = (error.is_quota_exceeded(), error.limit()) {
    ///     println!("the plan allows {limit}");
    /// }
    /// # }
    /// ```
    pub fn limit(&self) -> Option<u64> {
        self.said()?.limit
    }

    /// The ID under which the service has logged the request. Redacted. `None` if the service names none.
    ///
    /// Troubleshooting: a self-hosted server names it when it refuses input (422). Look for it in the server's log. See also
    /// [`request_id`](Self::request_id).
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// println!("look for {} in the log", error.trace_id().unwrap_or("the time"));
    /// # }
    /// ```
    pub fn trace_id(&self) -> Option<&str> {
        self.said()?.trace_id.as_deref()
    }

    /// The run that the error names: the other turn's if the conversation [is busy](Self::is_busy), and otherwise that of
    /// the turn that failed. `None` if no run is known.
    ///
    /// Troubleshooting: ask for this run to learn whether it goes on, and what it left.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// if let Some(run) = error.run_id() {
    ///     println!("see run {run}");
    /// }
    /// # }
    /// ```
    pub fn run_id(&self) -> Option<&str> {
        let added = || match &self.inner.kind {
            Kind::Added(added) => added.run_id(),
            _ => None,
        };
        let said = self.said().and_then(|said| said.run_id.as_deref());
        said.or_else(added)
    }

    /// The request that waits for approval, if the service names it: the ID of its message. `None` unless
    /// [`is_pending_approval`](Self::is_pending_approval), and for conversations, where the service names none.
    ///
    /// Troubleshooting: without an ID, the request is the newest message of the conversation.
    ///
    /// ```
    /// # fn run(error: letta_api_ext::Error) {
    /// if error.is_pending_approval() {
    ///     println!("answer {} first", error.pending_request_id().unwrap_or("the newest message"));
    /// }
    /// # }
    /// ```
    pub fn pending_request_id(&self) -> Option<&str> {
        let said = self.said().filter(|_| self.is_pending_approval());
        said?.pending_request_id.as_deref()
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

    /// If an earlier failure is returned again without a call: what is left of the wait until the next call.
    pub(crate) fn hold_off_left(&self) -> Option<Duration> {
        self.rare.as_ref()?.held_off
    }

    /// The operation that failed, such as `create_client_side_access_token`. `None` if the call was refused before it
    /// began.
    pub fn operation(&self) -> Option<&'static str> {
        let waiting = || self.rare.as_ref()?.waiting;
        self.inner.operation.or_else(waiting)
    }

    /// The service's ID for this request (`x-request-id`). Quote it when you ask for help.
    pub fn request_id(&self) -> Option<&str> {
        self.inner.request_id.as_deref()
    }

    /// How long the service asks to wait (`retry-after-ms`, or `Retry-After` in seconds or as an HTTP date; for a
    /// [quota](Self::is_quota_exceeded) that is used up, also `timeToQuotaResetMs` of the body, if that is longer). A number
    /// too large for a `Duration` gives [`Duration::MAX`], so add to it with care. `None` if the header is missing,
    /// zero, in the past, or invalid, and the body names no wait. Then use your own back-off.
    ///
    /// If a `TokenMinter` holds off this error, this is what is left of the minter's wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.hold_off_left().or_else(|| self.asked_wait())
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
