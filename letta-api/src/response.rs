//! An answer as it arrives: the head is there, and the body may not be yet.

use bytes::Bytes;
use progenitor_client::ByteStream;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

use crate::transport_error::Printable;
use crate::wiped::Wiped;

/// Pieces of a body that are kept as they came, at the most. A server that sends single bytes must not make each of
/// them take up as much as a piece.
const PIECES: usize = 64;

/// What a [`Transport`](crate::Transport) brings back: status, headers, and a body that is read on demand.
///
/// `Debug` shows the status alone.
pub struct Response {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    limit: usize,
}

enum Body {
    Whole(Bytes),
    /// Read by us, to be wiped.
    Read(Wiped),
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

    /// Sets another limit to its body, in bytes.
    pub fn set_body_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Where the answer came from, if it came over the network and its body is not read yet: another URL than
    /// that of the request where the HTTP client followed a redirect. It may hold a secret.
    pub fn url(&self) -> Option<&Url> {
        match &self.body {
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
    /// empty body, and so it has where this future is dropped before its end.
    pub async fn buffer(&mut self) -> Result<(), BodyError> {
        let limit = self.limit;
        let length = match &self.body {
            Body::Whole(body) => Some(body.len()),
            Body::Read(body) => Some(body.0.len()),
            Body::Unread(_, length) => {
                length.map(|length| usize::try_from(length).unwrap_or(usize::MAX))
            }
        };
        if length.is_some_and(|length| length > limit) {
            self.body = Body::Whole(Bytes::new());
            return Err(BodyError(Problem::TooLarge { limit }));
        }
        if let Body::Unread(..) = self.body {
            // Read where it is: to take it out would make this future larger by as much.
            let reading = Reading(&mut self.body);
            if let Body::Unread(response, _) = &mut *reading.0 {
                let body = read(response, limit).await?;
                reading.done(body);
            }
        }
        Ok(())
    }

    /// Reads the body to its end, as [`buffer`](Self::buffer) does. Memory that it was read into is wiped
    /// when the last copy of the result is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`buffer`](Self::buffer).
    pub async fn bytes(mut self) -> Result<Bytes, BodyError> {
        self.buffer().await?;
        Ok(self.into_buffered())
    }

    /// What is there of the body.
    pub(crate) fn buffered(&self) -> &[u8] {
        match &self.body {
            Body::Whole(body) => body,
            Body::Read(body) => &body.0,
            Body::Unread(..) => &[],
        }
    }

    /// What is there of the body, to keep.
    pub(crate) fn into_buffered(self) -> Bytes {
        match self.body {
            Body::Whole(body) => body,
            Body::Read(body) => Bytes::from_owner(body),
            Body::Unread(..) => Bytes::new(),
        }
    }

    /// The body as it comes, without a limit.
    pub fn into_stream(self) -> ByteStream {
        match self.body {
            Body::Unread(response, _) => ByteStream::new(Box::pin(response.bytes_stream())),
            Body::Whole(_) | Body::Read(_) => {
                ByteStream::new(Box::pin(Once(Some(self.into_buffered()))))
            }
        }
    }

    pub(crate) fn take_headers(&mut self) -> HeaderMap {
        std::mem::take(&mut self.headers)
    }
}

/// A body that is being read. What is left half-read is empty.
struct Reading<'a>(&'a mut Body);

impl Reading<'_> {
    fn done(self, body: Wiped) {
        *self.0 = Body::Read(body);
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Body::Unread(..) = self.0 {
            *self.0 = Body::Whole(Bytes::new());
        }
    }
}

/// Reads a body into memory of its own, of the size that it turns out to have, where that can be.
async fn read(response: &mut reqwest::Response, limit: usize) -> Result<Wiped, BodyError> {
    let mut body = Wiped(Vec::new());
    // Most bodies come in one piece, and need no list.
    let (mut first, mut others) = (None, Vec::new());
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(BodyError::lost)? {
        length += chunk.len();
        if length > limit {
            return Err(BodyError(Problem::TooLarge { limit }));
        }
        if first.is_none() {
            first = Some(chunk);
        } else {
            others.push(chunk);
        }
        if others.len() == PIECES {
            let capacity = length.max(2 * body.0.capacity());
            make_room(&mut body, capacity);
            append(&mut body.0, &mut first, &mut others);
        }
    }
    make_room(&mut body, length);
    append(&mut body.0, &mut first, &mut others);
    Ok(body)
}

/// A vector that grows by itself leaves a copy behind, and this may hold a secret.
fn make_room(body: &mut Wiped, capacity: usize) {
    if capacity > body.0.capacity() {
        let mut larger = Wiped(Vec::with_capacity(capacity));
        larger.0.extend_from_slice(&body.0);
        *body = larger;
    }
}

fn append(body: &mut Vec<u8>, first: &mut Option<Bytes>, others: &mut Vec<Bytes>) {
    for piece in first.take().into_iter().chain(others.drain(..)) {
        body.extend_from_slice(&piece);
    }
}

impl From<reqwest::Response> for Response {
    fn from(mut response: reqwest::Response) -> Self {
        let length = response.content_length();
        Self {
            status: response.status(),
            headers: std::mem::take(response.headers_mut()),
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
