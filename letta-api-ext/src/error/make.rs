//! Constructors of errors. They redact whatever the service wrote.

use std::borrow::Cow;
use std::sync::Arc;

use letta_api::{BodyError, Operation, TransportError};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};

use super::attempts::Attempts;
use super::cause::Cause;
use super::kind::{Added, Kind, Redirect, Route, TimeLimit};
use super::said::{ErrorEvent, Said};
use super::{Error, Inner, redact, retry_after};
use crate::platform;
use crate::time::clock;

/// Longest part of an invalid value that is shown, in characters.
const VALUE_LIMIT: usize = 120;

impl Error {
    /// `value` is shown, unless it looks like a key. Pass `None` if it may be secret.
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

    /// Like [`invalid_input`](Self::invalid_input), with a description of the value in our own words.
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

    /// An error of a floor above, about an answer, with its cause.
    pub(crate) fn of_answer(
        added: impl Added,
        source: Option<Self>,
        operation: impl Into<Option<&'static Operation>>,
        headers: &HeaderMap,
        secrets: &[&str],
    ) -> Self {
        let inner = Inner {
            source: source.map(|error| Box::new(error) as _),
            ..Inner::of(Kind::Added(Box::new(added)))
        };
        inner.with_answer(operation.into(), headers, secrets).into()
    }

    /// An error of a floor above, with its cause.
    pub(crate) fn added_with(added: impl Added, source: Option<Self>) -> Self {
        let inner = Inner {
            source: source.map(|error| Box::new(error) as _),
            ..Inner::of(Kind::Added(Box::new(added)))
        };
        inner.into()
    }

    /// A success with invalid content.
    pub(crate) fn invalid_response(
        operation: impl Into<Option<&'static Operation>>,
        status: StatusCode,
        headers: &HeaderMap,
        problem: impl Into<String>,
        secrets: &[&str],
    ) -> Self {
        let problem = problem.into();
        Inner::of(Kind::InvalidResponse { status, problem })
            .with_answer(operation.into(), headers, secrets)
            .into()
    }

    /// An answer with an error status, whose body has been read.
    pub(crate) fn from_status(
        operation: impl Into<Option<&'static Operation>>,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let said = Said::by_body(status, headers, body, secrets);
        let has_message = said.as_ref().is_some_and(|said| said.message.is_some());
        let is_html = !has_message && letta_api::is_html(headers, body);
        Inner {
            said,
            ..Inner::of(Kind::Status { status, is_html })
        }
        .with_answer(operation.into(), headers, secrets)
        .into()
    }

    /// Like [`from_status`](Self::from_status), without any text of the body.
    pub(crate) fn from_status_without_texts(
        operation: impl Into<Option<&'static Operation>>,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        secrets: &[&str],
    ) -> Self {
        let kind = Kind::Status {
            status,
            is_html: false,
        };
        Inner {
            said: Said::meaning_of_body(status, body),
            ..Inner::of(kind)
        }
        .with_answer(operation.into(), headers, secrets)
        .into()
    }

    /// An error event in the stream of a success. `headers` are those of the answer, for its request ID.
    #[cfg_attr(
        not(feature = "turns"),
        allow(dead_code, reason = "turns alone read streams to their end")
    )]
    pub(crate) fn from_error_event(
        operation: impl Into<Option<&'static Operation>>,
        headers: &HeaderMap,
        event: &ErrorEvent<'_>,
        secrets: &[&str],
    ) -> Self {
        let mut inner = Inner {
            said: Some(Said::by_event(event, secrets)),
            ..Inner::of(Kind::Event)
        };
        // The other headers are about the answer, which was a success.
        inner.operation = operation.into().map(|operation| operation.id);
        inner.request_id = request_id(headers, secrets);
        inner.into()
    }

    /// A success whose body could not be read.
    pub(crate) fn from_lost_body(
        operation: impl Into<Option<&'static Operation>>,
        status: StatusCode,
        headers: &HeaderMap,
        error: &BodyError,
        secrets: &[&str],
    ) -> Self {
        Inner::from_body(error, status, secrets)
            .with_answer(operation.into(), headers, secrets)
            .into()
    }

    /// A body that was not read to its end. Its answer is not known here.
    pub(crate) fn from_handed_body(error: &BodyError) -> Self {
        let cause = std::error::Error::source(error).map(|source| Cause::of(source, &[]));
        let kind = Kind::LostBody {
            limit: error.limit(),
            is_timeout: error.lost_to().is_some_and(reqwest::Error::is_timeout),
        };
        Inner::caused(kind, cause).into()
    }

    /// Time ran out. If an answer had begun, `head` is its head.
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
        inner.with_head(operation.into(), head, secrets).into()
    }

    /// The same error about a request of which a part was not sent, so that the service cannot have acted on it.
    pub(crate) fn of_a_cut_request(mut self) -> Self {
        if let Some(inner) = Arc::get_mut(&mut self.inner) {
            inner.is_cut_request = true;
        }
        self
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
            .with_head(operation.into(), head, secrets)
            .into()
    }

    /// The HTTP client got no answer. If it uses a proxy, that may be the reason.
    pub(crate) fn from_transport(
        error: &TransportError,
        operation: impl Into<Option<&'static Operation>>,
        proxy: Option<&str>,
        secrets: &[&str],
    ) -> Self {
        let source = std::error::Error::source(error).map(|source| Cause::of(source, secrets));
        let cause = error.downcast_ref::<reqwest::Error>();
        // The HTTP client refused to send the request, for instance because it allows only https, or the URL is too
        // long.
        if cause.is_some_and(reqwest::Error::is_builder) {
            let root = source.as_ref().map_or("", Cause::root);
            let rule = format!("cannot be sent by this HTTP client: {root}");
            return Self::invalid_input("request", rule, None);
        }
        let kind = match cause {
            Some(cause) if platform::is_connect(cause) => {
                Kind::Connect(Route::of(error, proxy, secrets))
            }
            _ if error.is_unprocessed() => Kind::Unprocessed,
            Some(error) if error.is_timeout() => Kind::Timeout {
                status: None,
                limit: None,
            },
            Some(_) if !platform::TELLS_FAILURES => {
                Kind::NoAnswer(Route::of(error, proxy, secrets))
            }
            _ => Kind::Interrupted {
                status: None,
                route: Route::of(error, proxy, secrets),
            },
        };
        Inner::caused(kind, source)
            .with_head(operation.into(), None, secrets)
            .into()
    }

    /// The same error, with what is known about the attempts of its call.
    pub(crate) fn after(mut self, attempts: Attempts) -> Self {
        self.attempts = attempts;
        self
    }

    /// The value of OpenTelemetry's `error.type`.
    pub(crate) fn error_type(&self) -> Cow<'static, str> {
        Cow::Borrowed(match &self.inner.kind {
            Kind::InvalidInput { .. } => "invalid_input",
            Kind::Status { status, .. } => return Cow::Owned(status.as_str().to_owned()),
            Kind::InvalidResponse { .. } => "invalid_response",
            Kind::Redirect { .. } => "redirect",
            Kind::Connect(_) => "connect",
            Kind::Unprocessed => "unprocessed",
            Kind::NoAnswer(_) => "no_answer",
            Kind::Timeout { .. } => "timeout",
            Kind::Interrupted { .. } => "interrupted",
            Kind::LostBody { limit: Some(_), .. } => "invalid_response",
            Kind::LostBody {
                is_timeout: true, ..
            } => "timeout",
            Kind::LostBody { .. } => "interrupted",
            Kind::Event => "error_event",
            Kind::Added(added) => added.error_type(),
        })
    }

    pub(crate) fn of(kind: Kind) -> Self {
        Inner::of(kind).into()
    }

    /// The same error, for a call of this operation that waited for what failed.
    pub(crate) fn waited_for_by(mut self, operation: &'static Operation) -> Self {
        self.rare.get_or_insert_default().waiting = Some(operation.id);
        self
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
            is_cut_request: false,
            said: None,
            source: None,
        }
    }

    pub(crate) fn caused(kind: Kind, cause: Option<Cause>) -> Self {
        Self {
            source: cause.map(|cause| Box::new(cause) as _),
            ..Self::of(kind)
        }
    }

    /// An answer with this status began, and its body could not be read.
    fn from_body(error: &BodyError, status: StatusCode, secrets: &[&str]) -> Self {
        if !status.is_success() {
            // The service's head is known, even though its reason is not.
            return Self::of(Kind::Status {
                status,
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
                route: Route::default(),
            },
        };
        let cause = std::error::Error::source(error).map(|source| Cause::of(source, secrets));
        Self::caused(kind, cause)
    }

    /// Like [`with_answer`](Self::with_answer), if an answer may not have begun.
    pub(crate) fn with_head(
        mut self,
        operation: Option<&'static Operation>,
        head: Option<(StatusCode, &HeaderMap)>,
        secrets: &[&str],
    ) -> Self {
        self.operation = operation.map(|operation| operation.id);
        match head {
            Some((_, headers)) => self.with_answer(operation, headers, secrets),
            None => self,
        }
    }

    fn with_answer(
        mut self,
        operation: Option<&'static Operation>,
        headers: &HeaderMap,
        secrets: &[&str],
    ) -> Self {
        self.operation = operation.map(|operation| operation.id);
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

/// The service's ID for a request, redacted.
pub(crate) fn request_id(headers: &HeaderMap, secrets: &[&str]) -> Option<String> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    redact::text(id, secrets)
}

impl From<Inner> for Error {
    fn from(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
            attempts: Attempts::default(),
            rare: None,
        }
    }
}

/// For conversions that cannot fail, such as from an [`Origin`](crate::Origin) to itself.
impl From<std::convert::Infallible> for Error {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}
