//! An answer as it arrives: the head is there, and the body may not be yet.

use std::future::poll_fn;

use bytes::Bytes;
use futures_core::Stream as _;
use progenitor_client::ByteStream;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;
use zeroize::Zeroizing;

use crate::transport_error::Printable;

/// Most of a body that is made room for at once, in bytes. How long a body says that it is costs a server
/// nothing.
const FIRST_ROOM: usize = 64 * 1024;

/// What a [`Transport`](crate::Transport) brings back: status, headers, and a body that is read on demand.
///
/// `Debug` shows the status alone.
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    url: Option<Url>,
    body: Body,
    limit: usize,
}

enum Body {
    Whole(Bytes),
    /// With the length that it says it has.
    Unread(reqwest::Response, Option<u64>),
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
        Self {
            status,
            headers,
            url: None,
            body: Body::Whole(body.into()),
            limit: Self::BODY_LIMIT,
        }
    }

    /// The same answer with another limit to its body, in bytes.
    #[must_use]
    pub fn with_body_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where the answer came from, if it came over the network: another URL than that of the request
    /// where the HTTP client followed a redirect. It may hold a secret.
    pub fn url(&self) -> Option<&Url> {
        self.url.as_ref()
    }

    /// Reads the body to its end. What is counted is what comes out, after any decompression by the
    /// HTTP client. The buffer is wiped when the last copy of the result is dropped.
    ///
    /// # Errors
    ///
    /// A body longer than the limit, which is not read on, and one that breaks off.
    pub async fn bytes(self) -> Result<Bytes, BodyError> {
        let limit = self.limit;
        let too_large = || BodyError(Problem::TooLarge { limit });
        let (response, length) = match self.body {
            Body::Whole(body) if body.len() > limit => return Err(too_large()),
            Body::Whole(body) => return Ok(body),
            Body::Unread(response, length) => (response, length),
        };
        let length = usize::try_from(length.unwrap_or(0)).unwrap_or(usize::MAX);
        if length > limit {
            return Err(too_large());
        }
        let mut body = Zeroizing::new(Vec::with_capacity(length.min(FIRST_ROOM)));
        let mut chunks = std::pin::pin!(response.bytes_stream());
        while let Some(chunk) = poll_fn(|context| chunks.as_mut().poll_next(context)).await {
            let chunk = chunk.map_err(BodyError::lost)?;
            let length = body.len() + chunk.len();
            if length > limit {
                return Err(too_large());
            }
            if length > body.capacity() {
                // A vector that grows by itself leaves a copy behind, and this may hold a secret.
                let mut larger = Zeroizing::new(Vec::with_capacity(length.max(2 * body.len())));
                larger.extend_from_slice(&body);
                body = larger;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Bytes::from_owner(body))
    }

    /// The body as it comes, without a limit.
    pub fn into_stream(self) -> ByteStream {
        match self.body {
            Body::Whole(body) => ByteStream::new(Box::pin(Once(Some(body)))),
            Body::Unread(response, _) => ByteStream::new(Box::pin(response.bytes_stream())),
        }
    }

    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.headers)
    }
}

impl From<reqwest::Response> for Response {
    fn from(mut response: reqwest::Response) -> Self {
        let length = response.content_length();
        Self {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
            url: Some(response.url().clone()),
            body: Body::Unread(response, length),
            limit: Self::BODY_LIMIT,
        }
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status.as_u16())
            .finish_non_exhaustive()
    }
}

/// A stream of one piece.
struct Once(Option<Bytes>);

impl futures_core::Stream for Once {
    type Item = reqwest::Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

/// Why a body was not read to its end.
pub struct BodyError(Problem);

enum Problem {
    TooLarge { limit: usize },
    Lost(reqwest::Error, Printable),
}

impl BodyError {
    /// The limit that the body goes beyond, in bytes, if that is the trouble.
    pub fn limit(&self) -> Option<usize> {
        match self.0 {
            Problem::TooLarge { limit } => Some(limit),
            Problem::Lost(..) => None,
        }
    }

    /// What reading met, without the URL, if the body broke off. Printing it may show what the server
    /// said; printing this error does not.
    pub fn lost_to(&self) -> Option<&reqwest::Error> {
        match &self.0 {
            Problem::TooLarge { .. } => None,
            Problem::Lost(error, _) => Some(error),
        }
    }

    fn lost(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let printable = Printable::of(&error);
        Self(Problem::Lost(error, printable))
    }
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Problem::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Problem::Lost(..) => f.write_str("the body broke off"),
        }
    }
}

impl std::fmt::Debug for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Problem::TooLarge { limit } => {
                f.debug_struct("TooLarge").field("limit", limit).finish()
            }
            Problem::Lost(_, printable) => f.debug_tuple("Lost").field(printable).finish(),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::TooLarge { .. } => None,
            Problem::Lost(_, printable) => Some(printable),
        }
    }
}
