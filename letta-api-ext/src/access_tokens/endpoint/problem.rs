//! What a page is told if something fails.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::forbid_storing;
use crate::error::Error;

/// A failure in words that any user may read. It is answered as a problem document of [RFC
/// 9457](https://www.rfc-editor.org/rfc/rfc9457): JSON of the type `application/problem+json`, with `Cache-Control:
/// no-store`.
///
/// ```json
/// {"type": "about:blank", "title": "Too Many Requests", "status": 429, "detail": "…"}
/// ```
///
/// # From an error
///
/// `?` turns an [`Error`] into a problem. The page does not get the service's status and words: a 401 of the service
/// would tell the page that its user is not signed in, although it was the application's key that was not accepted.
/// The failure itself is traced for whoever runs the application: at WARN, or at DEBUG if it is an earlier failure
/// that is [held off](Error::is_held_off).
///
/// | error | status |
/// |---|---|
/// | [rate limited](Error::is_rate_limited) | 429, with the service's `Retry-After` |
/// | [may pass](Error::is_retryable): no connection, a time-out, a failure of the service | 503, with its `Retry-After` |
/// | [revoked](Error::is_revoked) while it was minted: a user who signed out is told so by the next request | 503 |
/// | a minter that is [shut down](Error::is_shut_down) | 503 |
/// | [invalid input](Error::is_invalid_input), which is the application's fault | 500 |
/// | any other: a key that is not accepted, an invalid answer, a [grant mismatch](Error::is_grant_mismatch) | 502 |
///
/// If the error is [held off](Error::is_held_off), `Retry-After` is what is left of the minter's wait, whatever the
/// status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: Cow<'static, str>,
    retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with this status, and a sentence for the user. Neither is checked: use a status from 400 to 599, and
    /// no secret in the sentence.
    pub fn new(status: StatusCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            detail: detail.into(),
            retry_after: None,
        }
    }

    /// Status 401: nobody is signed in.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "You are not signed in.")
    }

    /// Status 403: this user may not do this.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "You may not do this.")
    }

    /// When to ask again: `Retry-After` in whole seconds, rounded up, at most 2^64-1. By default there is no such
    /// header.
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What the user is told.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        let (status, detail) = if error.is_invalid_input() {
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "This application asked for access in an invalid way.",
            )
        } else if error.is_rate_limited() {
            (
                StatusCode::TOO_MANY_REQUESTS,
                "The service has had too many requests.",
            )
        } else if error.is_revoked() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "Access was withdrawn just now. Try again.",
            )
        } else if error.is_shut_down() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "This application is shutting down.",
            )
        } else if error.is_retryable() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The service cannot be reached just now.",
            )
        } else {
            (StatusCode::BAD_GATEWAY, "The service did not give access.")
        };
        // Errors of this crate hold no secret.
        macro_rules! tell {
            ($level:ident) => {
                tracing::event!(
                    target: "letta_api_ext::token_endpoint",
                    tracing::Level::$level,
                    http.response.status_code = status.as_u16(),
                    "a page gets a problem: {error}"
                )
            };
        }
        if error.is_held_off() {
            // The failure itself was traced. There may be many requests meanwhile.
            tell!(DEBUG);
        } else {
            tell!(WARN);
        }
        Self {
            retry_after: error.retry_after(),
            ..Self::new(status, detail)
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": "about:blank",
            "title": self.status.canonical_reason(),
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(wait) = self.retry_after {
            let seconds = wait
                .as_secs()
                .saturating_add(u64::from(wait.subsec_nanos() > 0));
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        forbid_storing(&mut response);
        response
    }
}
