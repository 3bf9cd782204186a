//! Why a request is not carried out, as the service says it.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// An answer of an error status with `{"message": …}`, or, if the self-hosted server would find fault
/// with the request, in that server's form.
///
/// A message names the field and the rule. It never holds a key or a token, and of other values only
/// those that [`quote`] lets through.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    message: String,
    form: Form,
    /// In seconds.
    retry_after: Option<u64>,
}

/// The shapes of the service's error bodies.
#[derive(Debug)]
enum Form {
    /// `{"message": …}`, which is the hosted service's.
    Message,
    /// `{"detail": …}`, which is the self-hosted server's.
    Detail,
    /// `{"trace_id": "", "detail": …, "examples"?: …}`: the server finds fault with the request.
    Traced(Vec<String>),
    /// A whole body.
    Whole(Box<Value>),
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            form: Form::Message,
            retry_after: None,
        }
    }

    /// An error on demand. An invalid status becomes 500.
    pub(crate) fn fault(status: u16, retry_after: Option<Duration>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            retry_after: retry_after.map(whole_seconds),
            ..Self::new(status, "the emulator was told to inject this fault")
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// For a client-side token in place of the API key.
    pub(crate) fn takes_the_key() -> Self {
        Self::forbidden("no client-side token may do this; it takes the API key")
    }

    pub(crate) fn unprocessable(message: &str) -> Self {
        Self {
            form: Form::Traced(Vec::new()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
        }
    }

    /// What the server finds wrong with a request, as it says it, with an example of what would be right.
    pub(crate) fn invalid(detail: impl Into<String>, examples: Vec<String>) -> Self {
        Self {
            form: Form::Traced(examples),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// In the self-hosted server's form, `{"detail": …}`.
    pub(crate) fn detail(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            form: Form::Detail,
            ..Self::new(status, detail)
        }
    }

    /// With a body of any form. `message` is for the emulator's own tests.
    pub(crate) fn whole(status: StatusCode, message: impl Into<String>, body: Value) -> Self {
        Self {
            form: Form::Whole(Box::new(body)),
            ..Self::new(status, message)
        }
    }

    /// There is no such thing of this ID, which is shown if it looks like one.
    pub(crate) fn no_such(what: &str, id: &str) -> Self {
        let detail = match shown_id(id) {
            Some(id) => format!("{what} with ID {id} not found"),
            None => format!("{what} with this ID not found"),
        };
        Self::detail(StatusCode::NOT_FOUND, detail)
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path does not take the method; the Allow header has those that it takes",
        )
    }

    pub(crate) fn not_emulated(operation: &str) -> Self {
        Self::new(
            StatusCode::NOT_IMPLEMENTED,
            format!("letta-api-emulator does not emulate {operation}"),
        )
    }

    pub(crate) fn body_too_large(limit: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit} bytes"),
        )
    }

    pub(crate) fn shutting_down() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the emulator is shutting down",
        )
    }

    pub(crate) fn no_randomness() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the operating system gives no random bytes",
        )
    }

    #[cfg(test)]
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = match self.form {
            Form::Message => json!({"message": self.message}),
            Form::Detail => json!({"detail": self.message}),
            Form::Traced(examples) if examples.is_empty() => {
                json!({"trace_id": "", "detail": self.message})
            }
            Form::Traced(examples) => {
                json!({"trace_id": "", "detail": self.message, "examples": examples})
            }
            Form::Whole(body) => *body,
        };
        let mut response = Json(body).into_response();
        *response.status_mut() = self.status;
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// As many whole seconds as are needed, for `Retry-After`.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs()
        .saturating_add(u64::from(wait.subsec_nanos() > 0))
}

/// An ID that may be repeated: short, of letters, digits, `-`, `_` and `.`, and neither a key nor a token.
pub(crate) fn shown_id(id: &str) -> Option<&str> {
    let is_plain = (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_plain && !id.contains("k-let-")).then_some(id)
}

/// Names a value that a request has in place of a fixed word.
///
/// Rights and types are made of letters and underscores. What is made of anything else, as every key
/// and token is, may be something pasted into the wrong place, and is not repeated.
pub(crate) fn quote(value: &str) -> String {
    let is_word = (1..=64).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_word {
        format!("`{value}`")
    } else {
        "a value not shown here".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_and_nothing_else_is() {
        assert_eq!(quote("delete_agent"), "`delete_agent`");
        for value in ["", "sk-let-abc", "ck-let-0f3c", "a b", "é", &"a".repeat(65)] {
            let quoted = quote(value);
            assert!(value.is_empty() || !quoted.contains(value), "{quoted}");
        }
    }
}
