//! A body that is not what the description says.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::head::Response;
use super::html;
use super::value::ResponseValue;

/// A body that is not what the description says: it is not JSON, is JSON of another shape, or ends early.
///
/// `Display` and `Debug` say what is wrong and where. They show nothing of the body.
pub struct InvalidPayload {
    /// Without its body.
    response: Response,
    body: Bytes,
    problem: String,
}

impl InvalidPayload {
    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// What a [`Transport`](crate::Transport) noted in the answer as a `T`: see [`Response::extension`].
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.response.extension()
    }

    /// What is wrong with the body, and at which line and column. If it is a page of HTML, this says so.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// The body as it came. It may hold a secret, such as a token that was just made.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The same answer with this value, for a layer above that has read the body in another way. Status, headers and extensions stay.
    pub fn with_value<T>(self, value: T) -> ResponseValue<T> {
        ResponseValue::read_by_hand(self.response, value)
    }

    /// The body as it came, to keep.
    pub fn into_body(self) -> Bytes {
        self.body
    }
}

impl std::fmt::Display for InvalidPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the body of a {} answer is not what the description says: {}",
            self.status(),
            self.problem
        )
    }
}

impl std::fmt::Debug for InvalidPayload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InvalidPayload")
            .field("status", &self.status().as_u16())
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for InvalidPayload {}

impl InvalidPayload {
    /// The answer that the body is of.
    pub(crate) fn response(&self) -> &Response {
        &self.response
    }

    pub(super) fn new(mut response: Response, error: &serde_json::Error) -> Self {
        let body = response.take_buffered();
        let problem = match body.trim_ascii() {
            [] => "it is empty".to_owned(),
            _ if html::is_html(response.headers(), &body) => html::NOT_JSON.to_owned(),
            _ => describe(error),
        };
        Self {
            response,
            body,
            problem,
        }
    }

    /// The error for a page of a list that cannot follow the pages before it.
    pub(crate) fn of_page(mut response: Response, problem: &str) -> Self {
        let body = response.take_buffered();
        Self {
            response,
            body,
            problem: problem.to_owned(),
        }
    }

    /// The error for a success that should be server-sent events, and says that it is not.
    pub(super) fn no_events(response: Response) -> Self {
        Self {
            response: response.without_body(),
            body: Bytes::new(),
            problem: "its media type is not `text/event-stream`; it has not been read".to_owned(),
        }
    }

    /// The error for a body that has not been read.
    pub(super) fn unread(response: Response) -> Self {
        Self {
            response: response.without_body(),
            body: Bytes::new(),
            problem: "it has not been read; call `Response::buffer` first".to_owned(),
        }
    }
}

/// Says what is wrong with a body without quoting it. serde's own message may quote values. Only a message that names a
/// field of ours is passed on.
pub(super) fn describe(error: &serde_json::Error) -> String {
    use serde_json::error::Category;

    let position = format!("line {} column {}", error.line(), error.column());
    let message = error.to_string();
    match error.classify() {
        Category::Data => match message.strip_prefix("missing field `") {
            Some(rest) => {
                let field = rest.split('`').next().unwrap_or_default();
                format!("field `{field}` is missing, at {position}")
            }
            None => format!("a value is of another type than documented, at {position}"),
        },
        Category::Syntax => format!("it is not JSON, at {position}"),
        Category::Eof => format!("it ends early, at {position}"),
        Category::Io => "it could not be read".to_owned(),
    }
}
