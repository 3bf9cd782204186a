//! A call of an operation: what a handler reads of a request, and how it answers.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use letta_api::Operation;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::description::answers;
use crate::description::body::Body;
use crate::description::check::Checked;
use crate::faults::present::AgentFault;
use crate::project::Project;

const JSON: (HeaderName, HeaderValue) = (
    header::CONTENT_TYPE,
    HeaderValue::from_static("application/json"),
);

/// A call that may be carried out: who calls was let through, and the request is valid by the description.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    /// The parameters of the path, percent-decoded.
    pub(crate) path: Vec<(String, String)>,
    /// The query as it was sent.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Body,
    /// The body as it was sent.
    pub(crate) bytes: Bytes,
    /// What the query and a form say, as the values that their texts stand for.
    pub(crate) checked: Checked,
    pub(crate) project: Project,
    /// Whether the caller has shown a client-side token.
    pub(crate) by_token: bool,
    /// What is to go wrong with the agent or with the stream.
    pub(crate) fault: Option<AgentFault>,
    /// When it came, by the emulator's clock.
    pub(crate) now: Timestamp,
}

impl Call {
    /// A call with these parameters of the path, this query and this body, at this time.
    #[cfg(test)]
    pub(crate) fn of(path: &[(&str, &str)], query: &str, body: Body, now: Timestamp) -> Self {
        let path = path.iter();
        Self {
            operation: letta_api::operations::CHECK_HEALTH,
            path: path
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body,
            bytes: Bytes::new(),
            checked: Checked {
                query: form_urlencoded::parse(query.as_bytes())
                    .filter_map(|(name, value)| {
                        Some((name.into_owned(), value.parse::<bool>().ok()?.into()))
                    })
                    .collect(),
                ..Checked::default()
            },
            project: Project::Default,
            by_token: false,
            fault: None,
            now,
        }
    }

    /// A parameter of the path.
    pub(crate) fn path(&self, name: &str) -> &str {
        let found = self.path.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    /// The values of a parameter of the query, in their order.
    pub(crate) fn query_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Cow<'a, str>> {
        form_urlencoded::parse(self.query.as_bytes())
            .filter(move |(it, _)| it == name)
            .map(|(_, value)| value)
    }

    /// A parameter of the query. If it is given more than once, the last one counts.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).last().map(Cow::into_owned)
    }

    /// A parameter that is true or false, if it is given.
    pub(crate) fn query_flag(&self, name: &str) -> Option<bool> {
        self.checked.query.get(name)?.as_bool()
    }

    /// The JSON body, or `null`.
    pub(crate) fn json(&self) -> &Value {
        self.body.json().unwrap_or(&Value::Null)
    }

    /// Whether the service takes the caller for a current client of its own.
    pub(crate) fn is_current_client(&self) -> bool {
        if self.headers.contains_key("x-stainless-package-version") {
            return true;
        }
        match self.headers.get(header::USER_AGENT) {
            None => true,
            Some(agent) => agent.to_str().is_ok_and(|agent| {
                agent.starts_with("letta-client/1.")
                    || agent.starts_with("@letta-ai/letta-client/1.")
            }),
        }
    }
}

/// The JSON body of an answer, until it is written: by [`written_out`], or as it is when the body is read.
#[derive(Clone)]
struct Unwritten(Arc<Mutex<Option<Value>>>);

impl Unwritten {
    fn take(&self) -> Option<Value> {
        self.0.lock().expect("nothing panics with it held").take()
    }
}

/// 200 with a JSON body. [`written_out`] gives it what the service's answer would have as well.
pub(crate) fn ok(body: &impl Serialize) -> Response {
    match serde_json::to_value(body) {
        Ok(body) => ok_value(body),
        // It is answered 500, with what is wrong.
        Err(_) => Json(body).into_response(),
    }
}

/// The same for a body that is a value already, which is not built again.
pub(crate) fn ok_value(body: Value) -> Response {
    let body = Unwritten(Arc::new(Mutex::new(Some(body))));
    let unwritten = body.clone();
    let written = stream::once(async move {
        let body = unwritten.take().map(|it| it.to_string());
        Ok::<_, Infallible>(body.unwrap_or_default())
    });
    let mut response = ([JSON], axum::body::Body::from_stream(written)).into_response();
    response.extensions_mut().insert(body);
    response
}

/// An answer as it is sent. JSON that is not written yet gets every member that the service's would have, and is written.
pub(crate) fn written_out(operation: &Operation, mut response: Response) -> Response {
    let unwritten = response.extensions_mut().remove::<Unwritten>();
    if let Some(mut body) = unwritten.and_then(|it| it.take()) {
        answers::complete(operation.id, &mut body);
        *response.body_mut() = body.to_string().into();
    }
    response
}

/// 200 with `null`, which current clients get of what has nothing to say.
pub(crate) fn null() -> Response {
    Json(Value::Null).into_response()
}

/// 204.
pub(crate) fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The time as a Python server writes it: to the microsecond, with an offset of `Z`.
pub(crate) fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use axum::body::{HttpBody as _, to_bytes};
    use letta_api::operations;
    use serde_json::json;

    use super::*;

    async fn body(response: Response) -> Bytes {
        to_bytes(response.into_body(), usize::MAX).await.unwrap()
    }

    #[tokio::test]
    async fn json_is_completed_and_written_once_with_its_length() {
        let block = json!({"id": "block-1", "value": "x"});
        let mut response = ok(&block);
        *response.status_mut() = StatusCode::CREATED;
        let response = written_out(&operations::GET_BLOCK, response);
        assert_eq!(response.status(), StatusCode::CREATED);
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let length = response.body().size_hint().exact();
        let bytes = body(response).await;
        assert_eq!(length, Some(bytes.len() as u64));
        let written: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(written["value"], "x");
        assert!(
            written.as_object().unwrap().contains_key("label"),
            "{written}"
        );
    }

    #[tokio::test]
    async fn what_nobody_completes_is_written_as_it_is() {
        let value = json!({"id": "block-1"});
        assert_eq!(body(ok(&value)).await, value.to_string());
        assert_eq!(body(ok_value(Value::Null)).await, "null");
    }

    #[tokio::test]
    async fn what_is_written_already_stays_as_it_is() {
        let get_agent = &operations::GET_AGENT;
        assert_eq!(body(written_out(get_agent, null())).await, "null");
        assert_eq!(body(written_out(get_agent, no_content())).await, "");
        let json = Json(json!({"id": "agent-1"})).into_response();
        assert_eq!(
            body(written_out(get_agent, json)).await,
            r#"{"id":"agent-1"}"#
        );
    }

    #[tokio::test]
    async fn what_cannot_be_json_is_an_error() {
        let keys = std::collections::HashMap::from([(vec![1], 2)]);
        assert_eq!(ok(&keys).status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
