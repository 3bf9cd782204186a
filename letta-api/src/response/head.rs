//! An answer as it arrives: the head has been read, and the body may still be unread.

use bytes::Bytes;
use http::Extensions;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

use super::body::{Body, BodyError};
use super::stream::ByteStream;
use super::value::ResponseValue;
use crate::platform::{Unread, emptied_extensions};

/// What a [`Transport`](crate::Transport) brings back: status, headers, and a body that is read on demand.
///
/// `Debug` shows the status alone.
pub struct Response {
    // Boxed, since it is moved often on its way up.
    parts: Box<Parts>,
}

struct Parts {
    status: StatusCode,
    headers: HeaderMap,
    extensions: Extensions,
    body: Body,
    limit: usize,
}

impl Response {
    /// Longest body that is read unless a limit is set, in bytes: 8 MiB.
    pub const BODY_LIMIT: usize = 8 * 1024 * 1024;

    /// Puts an answer together by hand: for tests, and for transports that read the body themselves.
    ///
    /// ```
    /// use letta_api::Response;
    /// use reqwest::{StatusCode, header::HeaderMap};
    ///
    /// let response = Response::new(StatusCode::OK, HeaderMap::new(), r#"{"tokens":[]}"#);
    /// assert_eq!(response.status(), 200);
    /// ```
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        let body = Body::Whole(body.into());
        Self::of(status, headers, Extensions::new(), body)
    }

    fn of(status: StatusCode, headers: HeaderMap, extensions: Extensions, body: Body) -> Self {
        let limit = Self::BODY_LIMIT;
        Self {
            parts: Box::new(Parts {
                status,
                headers,
                extensions,
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

    /// What a [`Transport`](crate::Transport) noted in this answer as a `T`. `None` if there is no such note.
    ///
    /// The note stays with the answer, whatever becomes of it: see [`ResponseValue::extension`],
    /// [`InvalidPayload::extension`] and [`Error::extension`].
    ///
    /// ```
    /// use letta_api::Response;
    /// use reqwest::{StatusCode, header::HeaderMap};
    ///
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct Attempts(u32);
    ///
    /// let mut response = Response::new(StatusCode::OK, HeaderMap::new(), "");
    /// response.insert_extension(Attempts(2));
    /// assert_eq!(response.extension(), Some(&Attempts(2)));
    /// assert_eq!(response.extension::<String>(), None);
    /// ```
    ///
    /// [`ResponseValue::extension`]: crate::ResponseValue::extension
    /// [`InvalidPayload::extension`]: crate::InvalidPayload::extension
    /// [`Error::extension`]: crate::Error::extension
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.parts.extensions.get()
    }

    /// Notes a value in this answer, for a layer above to read. There is one note of each type. The one that was there
    /// is returned.
    ///
    /// An answer starts without notes. What the HTTP client noted for itself is not kept: the URL of the request is
    /// part of it, and may hold a secret.
    pub fn insert_extension<T: Clone + Send + Sync + 'static>(&mut self, value: T) -> Option<T> {
        self.parts.extensions.insert(value)
    }

    /// The URL that the answer came from. It differs from that of the request if the HTTP client followed a redirect. `None`
    /// once the body is read, and if the answer did not come over the network. It may hold a secret.
    pub fn url(&self) -> Option<&Url> {
        match &self.parts.body {
            Body::Unread(unread, _) => Some(unread.url()),
            Body::Whole(_) | Body::Read(_) => None,
        }
    }

    /// Reads the body to its end and keeps it. The limit counts bytes after decompression by the HTTP client. A body that
    /// has been read already stays as it is.
    ///
    /// # Errors
    ///
    /// The body is longer than the limit, or breaks off. Then the body is empty. It is also empty if this future is dropped
    /// before its end.
    pub async fn buffer(&mut self) -> Result<(), BodyError> {
        let Parts { body, limit, .. } = &mut *self.parts;
        body.buffer(*limit).await
    }

    /// Reads the body to its end, as [`buffer`](Self::buffer) does, and returns it. If it came in pieces, its memory is wiped
    /// when the last copy of the result is dropped. If it came in one piece, it stays where the HTTP client has put it.
    ///
    /// # Errors
    ///
    /// Those of [`buffer`](Self::buffer).
    pub async fn bytes(mut self) -> Result<Bytes, BodyError> {
        self.buffer().await?;
        Ok(self.take_buffered())
    }

    /// What has been read of the body: all of it after [`buffer`](Self::buffer), and nothing before. It is empty
    /// if reading failed. It may hold a secret.
    ///
    /// ```
    /// use letta_api::Response;
    /// use reqwest::{StatusCode, header::HeaderMap};
    ///
    /// let response = Response::new(StatusCode::OK, HeaderMap::new(), r#"{"tokens":[]}"#);
    /// assert_eq!(response.buffered_body(), br#"{"tokens":[]}"#);
    /// ```
    pub fn buffered_body(&self) -> &[u8] {
        self.parts.body.buffered()
    }

    /// The same answer with this value in place of its body, for a layer above that has read the body. Status, headers and
    /// extensions stay.
    ///
    /// ```
    /// # use letta_api::Response;
    /// # use reqwest::{StatusCode, header::HeaderMap};
    /// let response = Response::new(StatusCode::ACCEPTED, HeaderMap::new(), "7");
    /// let answer = response.with_value(7);
    /// assert_eq!((*answer, answer.status()), (7, StatusCode::ACCEPTED));
    /// ```
    pub fn with_value<T>(self, value: T) -> ResponseValue<T> {
        ResponseValue::read_by_hand(self, value)
    }

    /// Whether the body is still to be read.
    pub(super) fn is_unread(&self) -> bool {
        self.parts.body.is_unread()
    }

    /// Takes what has been read of the body. The answer's body is empty afterwards.
    pub(crate) fn take_buffered(&mut self) -> Bytes {
        self.take_body().into_buffered()
    }

    /// The body as it arrives, without a limit.
    pub fn into_stream(mut self) -> ByteStream {
        self.take_stream()
    }

    /// Takes the body as it arrives. The answer's body is empty afterwards.
    pub(crate) fn take_stream(&mut self) -> ByteStream {
        match self.take_body() {
            Body::Unread(unread, _) => ByteStream::arriving(unread),
            body => body.into_buffered().into(),
        }
    }

    /// The same answer without its body.
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
        let extensions = emptied_extensions(&mut response);
        let body = Body::Unread(Unread::new(response), length);
        Self::of(status, headers, extensions, body)
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status().as_u16())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// An answer as reqwest has it, with this in its map.
    fn received<T: Clone + Send + Sync + 'static>(noted: T) -> reqwest::Response {
        let mut response = http::Response::new("body");
        response.extensions_mut().insert(noted);
        response.into()
    }

    #[test]
    fn there_is_one_note_of_each_type() {
        let mut response = Response::new(StatusCode::OK, HeaderMap::new(), "");
        assert_eq!(response.extension::<u8>(), None);
        assert_eq!(response.insert_extension(1_u8), None);
        assert_eq!(response.insert_extension("text"), None);
        assert_eq!(response.insert_extension(2_u8), Some(1));
        assert_eq!(response.extension(), Some(&2_u8));
        assert_eq!(response.extension(), Some(&"text"));
        assert_eq!(response.extension::<u16>(), None);
        assert_eq!(format!("{response:?}"), "Response { status: 200, .. }");
    }

    #[test]
    fn what_the_http_client_noted_is_neither_seen_nor_kept() {
        let noted = Arc::new("https://example.com/secret");
        let mut response = Response::from(received(noted.clone()));
        assert_eq!(Arc::strong_count(&noted), 1, "it is dropped at once");
        assert!(response.extension::<Arc<&str>>().is_none());
        assert!(response.insert_extension(noted).is_none());
    }

    #[tokio::test]
    async fn a_body_can_be_looked_at_as_far_as_it_was_read() {
        let mut response = Response::from(received(()));
        assert!(response.buffered_body().is_empty());
        response.buffer().await.unwrap();
        assert_eq!(response.buffered_body(), b"body");
        // Looking takes nothing away.
        assert_eq!(response.buffered_body(), b"body");
        assert_eq!(response.bytes().await.unwrap(), "body");

        let mut response = Response::from(received(())).with_body_limit(3);
        response.buffer().await.unwrap_err();
        assert!(response.buffered_body().is_empty());
    }
}
