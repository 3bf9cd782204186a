//! An answer as it arrives: the head is there, and the body may not be yet.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

use super::body::{Body, BodyError};
use super::stream::ByteStream;

/// What a [`Transport`](crate::Transport) brings back: status, headers, and a body that is read on demand.
///
/// `Debug` shows the status alone.
pub struct Response {
    // On its way up, it is handed on often.
    parts: Box<Parts>,
}

struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    limit: usize,
}

impl Response {
    /// Longest body that is read unless a limit is set, in bytes: 8 MiB.
    pub const BODY_LIMIT: usize = 8 * 1024 * 1024;

    /// Puts an answer together by hand, as transports do that read the body themselves, and tests.
    ///
    /// ```
    /// use letta_api::Response;
    /// use reqwest::{StatusCode, header::HeaderMap};
    ///
    /// let response = Response::new(StatusCode::OK, HeaderMap::new(), r#"{"tokens":[]}"#);
    /// assert_eq!(response.status(), 200);
    /// ```
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self::of(status, headers, Body::Whole(body.into()))
    }

    fn of(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        let limit = Self::BODY_LIMIT;
        Self {
            parts: Box::new(Parts {
                status,
                headers,
                body,
                limit,
            }),
        }
    }

    /// The same answer with another limit to its body, in bytes.
    #[must_use]
    pub fn with_body_limit(mut self, limit: usize) -> Self {
        self.set_body_limit(limit);
        self
    }

    /// Sets another limit to its body, in bytes.
    pub fn set_body_limit(&mut self, limit: usize) {
        self.parts.limit = limit;
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.parts.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Where the answer came from, if it came over the network and its body is not read yet: another URL than
    /// that of the request if the HTTP client followed a redirect. It may hold a secret.
    pub fn url(&self) -> Option<&Url> {
        match &self.parts.body {
            Body::Unread(response, _) => Some(response.url()),
            Body::Whole(_) | Body::Read(_) => None,
        }
    }

    /// Reads the body to its end, so that it is there for whoever asks for it later. What is counted is what
    /// comes out, after any decompression by the HTTP client. A body that is there already stays as it is.
    ///
    /// # Errors
    ///
    /// A body longer than the limit, which is not read on, and one that breaks off. The answer then has an
    /// empty body, as it has if this future is dropped before its end.
    pub async fn buffer(&mut self) -> Result<(), BodyError> {
        let Parts { body, limit, .. } = &mut *self.parts;
        body.buffer(*limit).await
    }

    /// Reads the body to its end, as [`buffer`](Self::buffer) does. If it came in pieces, it is in memory
    /// that is wiped when the last copy of the result is dropped. If it came whole, it is where the HTTP client has
    /// put it.
    ///
    /// # Errors
    ///
    /// Those of [`buffer`](Self::buffer).
    pub async fn bytes(mut self) -> Result<Bytes, BodyError> {
        self.buffer().await?;
        Ok(self.take_buffered())
    }

    /// What is there of the body.
    pub(crate) fn buffered(&self) -> &[u8] {
        self.parts.body.buffered()
    }

    /// What is there of the body, to keep. It is empty then.
    pub(crate) fn take_buffered(&mut self) -> Bytes {
        self.take_body().into_buffered()
    }

    /// The body as it comes, without a limit.
    pub fn into_stream(mut self) -> ByteStream {
        self.take_stream()
    }

    /// The body as it comes. It is empty then.
    pub(crate) fn take_stream(&mut self) -> ByteStream {
        match self.take_body() {
            Body::Unread(response, _) => ByteStream::arriving(response),
            body => body.into_buffered().into(),
        }
    }

    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.parts.headers)
    }

    /// The same answer, whose body is dropped.
    pub(crate) fn without_body(mut self) -> Self {
        self.take_body();
        self
    }

    fn take_body(&mut self) -> Body {
        std::mem::replace(&mut self.parts.body, Body::EMPTY)
    }
}

impl From<reqwest::Response> for Response {
    fn from(mut response: reqwest::Response) -> Self {
        let length = response.content_length();
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        Self::of(status, headers, Body::Unread(response, length))
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status().as_u16())
            .finish_non_exhaustive()
    }
}
