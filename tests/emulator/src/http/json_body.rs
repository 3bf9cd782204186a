//! A request's body as JSON.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::Value;

use crate::http::body::{BODY_LIMIT, BodyTooLarge, whole_body};
use crate::http::refusal::Refusal;

/// The body of a request, refused if it is too large, not declared as JSON, or not JSON.
#[derive(Debug)]
pub(crate) struct JsonBody(pub(crate) Value);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        if request.extensions().get::<BodyTooLarge>().is_some() {
            return Err(Refusal::body_too_large(BODY_LIMIT));
        }
        if !is_json(request.headers()) {
            return Err(Refusal::bad_request(
                "the Content-Type header must be application/json",
            ));
        }
        let body = whole_body(request).await?;
        // serde_json's own message is left out, since messages of that kind may quote the body.
        serde_json::from_slice(&body).map(Self).map_err(|error| {
            Refusal::bad_request(format!(
                "the body is not JSON, at line {} column {}",
                error.line(),
                error.column()
            ))
        })
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(content_type)) = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str())
    else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
