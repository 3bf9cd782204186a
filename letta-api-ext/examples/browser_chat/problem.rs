//! What the page is told when something fails, as RFC 9457 writes it.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::log;

/// A failure in words that any user may read. What it was exactly is for the application's log.
#[derive(Clone)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: &'static str,
    retry_after: Option<Duration>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: &'static str) -> Self {
        Self {
            status,
            detail,
            retry_after: None,
        }
    }
}

/// A call to the service failed. Its own status is not handed on: a 401 would tell the page that its user is
/// not signed in, where it is the application's key that was not accepted.
impl From<letta_api_ext::Error> for Problem {
    fn from(error: letta_api_ext::Error) -> Self {
        // The SDK's errors hold neither the key nor a token.
        log("a call to the service failed", &error);
        let (status, detail) = if error.is_rate_limited() {
            (
                StatusCode::TOO_MANY_REQUESTS,
                "The service has had too many requests.",
            )
        } else if error.is_retryable() {
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "The service cannot be reached just now.",
            )
        } else {
            (StatusCode::BAD_GATEWAY, "The service did not give access.")
        };
        Self {
            retry_after: error.retry_after(),
            ..Self::new(status, detail)
        }
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
        let mut response = (self.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(wait) = self.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
