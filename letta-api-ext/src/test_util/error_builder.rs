//! Errors for the unit tests of an application.

use std::io;
use std::time::Duration;

use letta_api::{Operation, operations};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};
use url::Url;

#[cfg(feature = "minter")]
use crate::access_tokens::Fault;
use crate::access_tokens::Revocation;
use crate::error::attempts::Attempts;
use crate::error::cause::Cause;
use crate::error::kind::{Kind, Redirect, Route, TimeLimit};
use crate::error::said::ErrorEvent;
use crate::error::{Error, Inner};
use crate::transport::CallOptions;
use crate::transport::redirect::LEAVES_ORIGIN;

/// Makes an [`Error`] like those of the client, for the unit tests of an application.
///
/// The errors are made by the same code as the real ones, so their predicates and accessors agree with each other.
///
/// ```
/// use std::time::Duration;
/// use letta_api_ext::Error;
/// use letta_api_ext::test_util::ErrorBuilder;
///
/// /// What the application does about an error.
/// fn wait_before_next_try(error: &Error) -> Option<Duration> {
///     error.is_retryable().then(|| error.retry_after().unwrap_or(Duration::from_secs(1)))
/// }
///
/// let limited = ErrorBuilder::status(429).retry_after(Duration::from_secs(30)).build();
/// assert_eq!(wait_before_next_try(&limited), Some(Duration::from_secs(30)));
/// let lost = ErrorBuilder::interrupted().build();
/// assert!(lost.may_have_happened());
/// assert_eq!(wait_before_next_try(&lost), Some(Duration::from_secs(1)));
/// let wrong = ErrorBuilder::status(401).message("Invalid API key").build();
/// assert_eq!(wait_before_next_try(&wrong), None);
/// assert_eq!(wrong.message(), Some("Invalid API key"));
/// ```
#[derive(Clone, Debug)]
#[must_use = "an error builder does nothing until `build`"]
pub struct ErrorBuilder {
    what: What,
    operation: &'static Operation,
    message: Option<String>,
    body: Option<String>,
    headers: HeaderMap,
    attempts: Option<u32>,
    #[cfg(feature = "minter")]
    held_off: Option<Duration>,
}

#[derive(Clone, Debug)]
enum What {
    Status(StatusCode),
    Event {
        error_type: String,
        run_id: Option<String>,
    },
    InvalidInput(&'static str, &'static str),
    InvalidResponse(&'static str),
    GrantMismatch {
        is_deleted: bool,
    },
    Redirect,
    Connect,
    AttemptTimeout,
    DeadlineExceeded,
    Interrupted,
    #[cfg(feature = "minter")]
    Minter(Fault),
}

impl ErrorBuilder {
    fn new(what: What) -> Self {
        Self {
            what,
            operation: &operations::CREATE_CLIENT_SIDE_ACCESS_TOKEN,
            message: None,
            body: None,
            headers: HeaderMap::new(),
            attempts: None,
            #[cfg(feature = "minter")]
            held_off: None,
        }
    }

    /// The service answered with this status. See [`Error::status`] and the predicates for statuses.
    ///
    /// # Panics
    ///
    /// If the status is not from 400 to 599.
    pub fn status(status: u16) -> Self {
        assert!(
            (400..=599).contains(&status),
            "an error's status is from 400 to 599, not {status}"
        );
        let status = StatusCode::from_u16(status).expect("these are statuses");
        Self::new(What::Status(status))
    }

    /// Another turn runs in the conversation: the run of this ID. See [`Error::is_busy`] and [`Error::run_id`].
    ///
    /// ```
    /// use letta_api_ext::test_util::ErrorBuilder;
    ///
    /// let error = ErrorBuilder::busy("run-1").build();
    /// assert!(error.is_busy() && !error.is_pending_approval());
    /// assert_eq!(error.run_id(), Some("run-1"));
    /// ```
    pub fn busy(run_id: &str) -> Self {
        let text = format!(
            "CONFLICT: Cannot send a new message: Another request (run_id={run_id}) is currently being processed for \
             this conversation."
        );
        Self::status(409).body(serde_json::json!({ "detail": text, "run_id": run_id }).to_string())
    }

    /// The agent waits for the answer to a tool call. `request_id` is the request that waits, which the service does not
    /// always name. See [`Error::is_pending_approval`] and [`Error::pending_request_id`].
    ///
    /// ```
    /// use letta_api_ext::test_util::ErrorBuilder;
    ///
    /// let error = ErrorBuilder::pending_approval(Some("message-1")).build();
    /// assert!(error.is_pending_approval() && !error.is_busy());
    /// assert_eq!(error.pending_request_id(), Some("message-1"));
    /// let error = ErrorBuilder::pending_approval(None).build();
    /// assert!(error.is_pending_approval() && error.pending_request_id().is_none());
    /// ```
    pub fn pending_approval(request_id: Option<&str>) -> Self {
        let text = "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call.";
        let detail = match request_id {
            None => text.into(),
            Some(id) => serde_json::json!({
                "code": "PENDING_APPROVAL",
                "message": text,
                "pending_request_id": id,
            }),
        };
        Self::status(409).body(serde_json::json!({ "detail": detail }).to_string())
    }

    /// The account has no credits left. See [`Error::is_out_of_credits`].
    ///
    /// ```
    /// use letta_api_ext::test_util::ErrorBuilder;
    ///
    /// let error = ErrorBuilder::out_of_credits().build();
    /// assert!(error.is_out_of_credits() && !error.is_retryable());
    /// assert_eq!(error.reasons().collect::<Vec<_>>(), ["not-enough-credits"]);
    /// ```
    pub fn out_of_credits() -> Self {
        let body = serde_json::json!({
            "error": "You have no credits left",
            "reasons": ["not-enough-credits"],
        });
        Self::status(402).body(body.to_string())
    }

    /// The account's quota is used up, and is renewed after this time, which is cut to whole milliseconds. See
    /// [`Error::is_quota_exceeded`] and [`Error::retry_after`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use letta_api_ext::test_util::ErrorBuilder;
    ///
    /// let hour = Duration::from_secs(3600);
    /// let error = ErrorBuilder::quota_exceeded(hour).build();
    /// assert!(error.is_quota_exceeded() && !error.is_rate_limited());
    /// assert_eq!(error.retry_after(), Some(hour));
    /// ```
    pub fn quota_exceeded(time_to_reset: Duration) -> Self {
        let milliseconds = u64::try_from(time_to_reset.as_millis()).unwrap_or(u64::MAX);
        let body = serde_json::json!({
            "error": "You have reached your quota",
            "reasons": ["exceeded-quota"],
            "timeToQuotaResetMs": milliseconds,
        });
        Self::status(429).body(body.to_string())
    }

    /// The service reported an error within the stream of a success, as it does when a turn fails. The `error_type` is the
    /// service's name for it, such as `llm_rate_limit`. See [`Error::code`]. Set what it says by
    /// [`message`](Self::message).
    ///
    /// ```
    /// use letta_api_ext::test_util::ErrorBuilder;
    ///
    /// let error = ErrorBuilder::error_event("llm_rate_limit", Some("run-1")).message("Too many requests").build();
    /// assert!(error.is_rate_limited() && error.may_have_happened());
    /// assert_eq!((error.code(), error.run_id()), (Some("llm_rate_limit"), Some("run-1")));
    /// assert_eq!(error.message(), Some("Too many requests"));
    /// ```
    pub fn error_event(error_type: &str, run_id: Option<&str>) -> Self {
        Self::new(What::Event {
            error_type: error_type.to_owned(),
            run_id: run_id.map(str::to_owned),
        })
    }

    /// The call was refused before anything was sent. See [`Error::is_invalid_input`] and [`Error::field`].
    ///
    /// The rule is the rest of a sentence that begins with the field, such as "must not be empty".
    pub fn invalid_input(field: &'static str, rule: &'static str) -> Self {
        Self::new(What::InvalidInput(field, rule))
    }

    /// The service answered 200 with an invalid body. See [`Error::is_invalid_response`].
    pub fn invalid_response(problem: &'static str) -> Self {
        Self::new(What::InvalidResponse(problem))
    }

    /// The service made a token that differs from the request. `is_deleted` says whether the token could be deleted.
    /// If not, [`Error::may_have_happened`] is true. See [`Error::is_grant_mismatch`].
    pub fn grant_mismatch(is_deleted: bool) -> Self {
        Self::new(What::GrantMismatch { is_deleted })
    }

    /// The service redirected the request to another origin. See [`Error::is_redirect`].
    pub fn redirect() -> Self {
        Self::new(What::Redirect)
    }

    /// The connection was refused. See [`Error::is_connect`].
    pub fn connect() -> Self {
        Self::new(What::Connect)
    }

    /// No answer came within the default time-out of an attempt. See [`Error::is_timeout`].
    pub fn attempt_timeout() -> Self {
        Self::new(What::AttemptTimeout)
    }

    /// No answer came within the default deadline. See [`Error::is_deadline_exceeded`]; it is a time-out too.
    pub fn deadline_exceeded() -> Self {
        Self::new(What::DeadlineExceeded)
    }

    /// The connection broke before the answer came. See [`Error::may_have_happened`].
    pub fn interrupted() -> Self {
        Self::new(What::Interrupted)
    }

    /// The minter was asked to revoke the token while it was being minted. See [`Error::is_revoked`].
    #[cfg(feature = "minter")]
    pub fn revoked() -> Self {
        Self::new(What::Minter(Fault::Revoked))
    }

    /// The minter is shut down. See [`Error::is_shut_down`].
    #[cfg(feature = "minter")]
    pub fn shut_down() -> Self {
        Self::new(What::Minter(Fault::ShutDown))
    }

    /// The service's tokens are good for `given`, which is less than `asked`. See [`Error::is_short_lived`].
    #[cfg(feature = "minter")]
    pub fn short_lived(asked: Duration, given: Duration) -> Self {
        Self::new(What::Minter(Fault::ShortLived { asked, given }))
    }

    /// What the service says. Only for a [`status`](Self::status) and an [error event](Self::error_event). Replaces a
    /// [`body`](Self::body). See [`Error::message`].
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self.body = None;
        self
    }

    /// The body of the answer, in any form that the service has. Only for a [`status`](Self::status). Replaces a
    /// [`message`](Self::message). A body that is not JSON says nothing.
    ///
    /// ```
    /// use letta_api_ext::test_util::ErrorBuilder;
    ///
    /// let body = r#"{"error": "Too many agents", "reasons": ["agents-limit-exceeded"], "limit": 3}"#;
    /// let error = ErrorBuilder::status(402).body(body).build();
    /// assert!(error.is_quota_exceeded() && !error.is_retryable());
    /// assert_eq!(error.limit(), Some(3));
    /// ```
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self.message = None;
        self
    }

    /// How long the service asks to wait, cut to whole milliseconds. Only if there was an answer: for a
    /// [`status`](Self::status), an invalid response or a redirect. See [`Error::retry_after`].
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let milliseconds = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        self.headers.insert("retry-after-ms", milliseconds.into());
        self
    }

    /// The service's ID for the request. Only if there was an answer. See [`Error::request_id`].
    ///
    /// # Panics
    ///
    /// If the ID is not visible ASCII.
    pub fn request_id(mut self, id: &str) -> Self {
        let id = HeaderValue::from_str(id).expect("a request ID is visible ASCII");
        self.headers.insert("x-request-id", id);
        self
    }

    /// The operation that failed. By default creating a token. For others, see [`letta_api::operations`]. An [invalid
    /// input](Self::invalid_input) and the errors of a minter have none.
    pub fn operation(mut self, operation: &'static Operation) -> Self {
        self.operation = operation;
        self
    }

    /// Makes it an earlier failure that a minter holds off for `left`. See [`Error::is_held_off`].
    #[cfg(feature = "minter")]
    pub fn held_off(mut self, left: Duration) -> Self {
        self.held_off = Some(left);
        self
    }

    /// How many attempts were made. By default 1, and 0 for an [invalid input](Self::invalid_input) and for the
    /// errors of a minter. See [`Error::attempts`].
    pub fn attempts(mut self, count: u32) -> Self {
        self.attempts = Some(count);
        self
    }

    /// The error.
    #[must_use]
    pub fn build(self) -> Error {
        let (operation, headers) = (self.operation, &self.headers);
        let of_call = |kind, cause: Option<io::Error>| {
            let cause = cause.map(|cause| Cause::of(&cause, &[]));
            Inner::caused(kind, cause)
                .with_head(Some(operation), None, &[])
                .into()
        };
        let route = |reason: &str| Route {
            to: Some("api.letta.com:443".to_owned()),
            through: None,
            reason: Some(reason.to_owned()),
        };
        let options = CallOptions::default();
        let (deadline, attempt_timeout) = (options.deadline(), options.attempt_timeout());
        let error: Error = match self.what {
            What::Status(status) => {
                let body = self.body.unwrap_or_else(|| {
                    let message = self.message.unwrap_or_default();
                    serde_json::json!({ "message": message }).to_string()
                });
                Error::from_status(operation, status, headers, body.as_bytes(), &[])
            }
            What::Event { error_type, run_id } => {
                let event = ErrorEvent {
                    error_type: &error_type,
                    message: self.message.as_deref().unwrap_or_default(),
                    detail: None,
                    run_id: run_id.as_deref(),
                };
                Error::from_error_event(operation, headers, &event, &[])
            }
            What::InvalidInput(field, rule) => Error::invalid_input(field, rule, None),
            What::InvalidResponse(problem) => {
                Error::invalid_response(operation, StatusCode::OK, headers, problem, &[])
            }
            What::GrantMismatch { is_deleted } => {
                let difference = "it also allows `write_agent` on agent-1";
                let deletion = match is_deleted {
                    true => Ok(Revocation::Deleted),
                    false => Err(Self::interrupted().build()),
                };
                Error::grant_mismatch(
                    Some(operation),
                    StatusCode::CREATED,
                    headers,
                    difference,
                    deletion,
                    &[],
                )
            }
            What::Redirect => {
                let url = |text| Url::parse(text).expect("it is a URL");
                let from = url("https://api.letta.com");
                let redirect = Redirect::new(&from, &url("https://example.com"), LEAVES_ORIGIN);
                let head = Some((StatusCode::TEMPORARY_REDIRECT, headers));
                Error::redirected(operation, head, redirect, &[])
            }
            What::Connect => of_call(
                Kind::Connect(route("connection refused")),
                Some(io::ErrorKind::ConnectionRefused.into()),
            ),
            What::AttemptTimeout => {
                let limit = TimeLimit::Attempt(attempt_timeout);
                Error::out_of_time(operation, limit, None, None, &[])
            }
            What::DeadlineExceeded => {
                let limit = TimeLimit::Deadline(deadline);
                Error::out_of_time(operation, limit, None, None, &[])
            }
            What::Interrupted => of_call(
                Kind::Interrupted {
                    status: None,
                    route: route("it was closed"),
                },
                Some(io::ErrorKind::UnexpectedEof.into()),
            ),
            #[cfg(feature = "minter")]
            What::Minter(fault) => fault.into(),
        };
        #[cfg(feature = "minter")]
        if let Some(left) = self.held_off {
            return error.held_off(left);
        }
        let sent = u32::from(error.operation().is_some());
        error.after(Attempts {
            count: self.attempts.unwrap_or(sent),
            ..Attempts::default()
        })
    }
}

impl From<ErrorBuilder> for Error {
    fn from(builder: ErrorBuilder) -> Self {
        builder.build()
    }
}
