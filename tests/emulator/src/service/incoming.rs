//! A request, before it is known whether it may be carried out.

use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use letta_api::{Operation, operations};
use serde_json::Value;

use crate::description::body::Body;
use crate::http::body::{BODY_LIMIT, BodyTooLarge, whole_body};
use crate::http::json_body;
use crate::http::refusal::Refusal;

pub(crate) struct Incoming {
    pub(crate) operation: Operation,
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    /// Or what is wrong with it.
    pub(crate) body: Result<(Body, Bytes), Refusal>,
}

impl Incoming {
    /// Reads a request for an operation. If the body asks for events, it is that of the other name.
    pub(crate) async fn read(operation: Operation, request: Request) -> Self {
        let headers = request.headers().clone();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let body = read_body(&operation, request).await;
        let streaming = match &body {
            Ok((Body::Json(body), _)) => body.get("streaming").and_then(Value::as_bool),
            _ => None,
        };
        Self {
            operation: told_apart(operation, streaming),
            headers,
            query,
            body,
        }
    }
}

/// The operations that have two names: one that answers with JSON, and one with events.
fn told_apart(operation: Operation, streaming: Option<bool>) -> Operation {
    match operation.id {
        "send_message" if streaming == Some(true) => operations::SEND_MESSAGE_STREAM,
        "send_conversation_message" if streaming != Some(false) => {
            operations::SEND_CONVERSATION_MESSAGE_STREAM
        }
        _ => operation,
    }
}

/// The body, read by its media type, and as it was sent.
async fn read_body(operation: &Operation, request: Request) -> Result<(Body, Bytes), Refusal> {
    if matches!(operation.method, "GET" | "DELETE") {
        return Ok((Body::Missing, Bytes::new()));
    }
    if request.extensions().get::<BodyTooLarge>().is_some() {
        return Err(Refusal::body_too_large(BODY_LIMIT));
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).cloned();
    let content_type = content_type.as_ref().and_then(|it| it.to_str().ok());
    let bytes = whole_body(request).await?;
    let body = Body::read(content_type, bytes.clone()).await;
    if let Some(json) = body.json() {
        json_body::check_nesting(json)?;
    }
    Ok((body, bytes))
}
