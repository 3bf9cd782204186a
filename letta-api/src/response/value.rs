//! A decoded answer, with its status and headers.

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use super::head::Response;
use super::json::read_json;
use super::payload::InvalidPayload;
use super::stream::ByteStream;

/// What the service answered: the value, and the status and headers that came with it.
///
/// `Debug` writes the status alone. The value is reached through `Deref`, or taken with
/// [`into_inner`](Self::into_inner).
pub struct ResponseValue<T> {
    /// Without its body, unless it is an error.
    response: Response,
    value: T,
}

impl<T> ResponseValue<T> {
    /// Puts an answer together by hand, as tests and other transports need.
    pub fn new(value: T, status: StatusCode, headers: HeaderMap) -> Self {
        Self {
            response: Response::new(status, headers, Bytes::new()),
            value,
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// What a [`Transport`](crate::Transport) noted in the answer as an `N`: see [`Response::extension`].
    pub fn extension<N: Send + Sync + 'static>(&self) -> Option<&N> {
        self.response.extension()
    }

    /// The body as it came, of an error answer: it may say more than the description has. Empty for a success, whose
    /// body may hold a token, and for an answer put together by hand. It may hold what the request held.
    ///
    /// ```
    /// fn tell<E>(error: &letta_api::Error<E>) {
    ///     if let letta_api::Error::ErrorResponse(answer) = error {
    ///         println!("{}", String::from_utf8_lossy(answer.body())); // {"message": "…", "errors": …}
    ///     }
    /// }
    /// ```
    pub fn body(&self) -> &[u8] {
        self.response.buffered_body()
    }

    /// The answer that the value is of.
    pub(crate) fn response(&self) -> &Response {
        &self.response
    }

    /// The same answer with another value.
    ///
    /// ```
    /// # use letta_api::ResponseValue;
    /// # use reqwest::{StatusCode, header::HeaderMap};
    /// let answer = ResponseValue::new(20, StatusCode::OK, HeaderMap::new());
    /// let answer = answer.map(|number| number + 1);
    /// assert_eq!((*answer, answer.status()), (21, StatusCode::OK));
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> ResponseValue<U> {
        ResponseValue {
            response: self.response,
            value: change(self.value),
        }
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: DeserializeOwned> ResponseValue<T> {
    /// Decodes the body, which has been read, as JSON.
    pub(crate) fn decode(response: Response) -> Result<Self, InvalidPayload> {
        match read_json(response.buffered_body()) {
            Ok(value) => {
                let keeps_body = !response.status().is_success();
                let response = match keeps_body {
                    true => response,
                    false => response.without_body(),
                };
                Ok(Self { response, value })
            }
            Err(error) => Err(InvalidPayload::new(response, &error)),
        }
    }
}

impl<T> ResponseValue<T> {
    /// Of an answer whose body a layer above has read.
    pub(super) fn read_by_hand(response: Response, value: T) -> Self {
        let response = response.without_body();
        Self { response, value }
    }
}

impl ResponseValue<()> {
    /// Of an answer that is documented to have no body. If it has one, it is not read.
    pub(crate) fn empty(response: Response) -> Self {
        Self {
            response: response.without_body(),
            value: (),
        }
    }
}

impl ResponseValue<ByteStream> {
    /// Of an answer whose body is handed over as it arrives.
    pub(crate) fn stream(mut response: Response) -> Self {
        let value = response.take_stream();
        Self { response, value }
    }
}

impl<T> std::ops::Deref for ResponseValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> std::fmt::Debug for ResponseValue<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseValue")
            .field("status", &self.status().as_u16())
            .finish_non_exhaustive()
    }
}
