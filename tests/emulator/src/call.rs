//! A call of an operation: what a handler reads of a request, and how it answers.

use std::borrow::Cow;

use axum::Json;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use letta_api::Operation;
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use crate::description::body::Body;
use crate::description::check::Checked;
use crate::faults::present::AgentFault;
use crate::project::Project;

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

/// 200 with a JSON body.
pub(crate) fn ok(body: &impl Serialize) -> Response {
    Json(body).into_response()
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
