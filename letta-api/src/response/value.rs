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
/// `Debug` writes only the status. `Deref` gives the value, and [`into_inner`](Self::into_inner) takes it out.
pub struct ResponseValue<T> {
    /// Has its body only if its status is an error.
    response: Response,
    value: T,
}

impl<T> ResponseValue<T> {
    /// Puts an answer together by hand, for tests.
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

    /// The body of an error answer as it came. It may say more than the value, and may repeat what the request held. It is empty
    /// for a success, whose body may hold a token, and for an answer that was put together by hand.
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
    /// Decodes the body as JSON, with the checks and the messages of the generated methods. The body must have been read:
    /// see [`Response::buffer`]. An empty body reads as `null`: for an `Option` it is `None`, and for `()` it is `()`.
    ///
    /// The status is not looked at. The body of an answer with an error status is kept: see [`body`](Self::body).
    ///
    /// ```
    /// use letta_api::{Response, ResponseValue};
    /// use reqwest::{StatusCode, header::HeaderMap};
    ///
    /// let answer = |body| Response::new(StatusCode::OK, HeaderMap::new(), body);
    /// let ids: ResponseValue<Vec<u8>> = ResponseValue::decode_json(answer("[1, 2]"))?;
    /// assert_eq!(ids.into_inner(), [1, 2]);
    /// let nothing: ResponseValue<Option<u8>> = ResponseValue::decode_json(answer(""))?;
    /// assert_eq!(nothing.into_inner(), None);
    /// # Ok::<_, letta_api::InvalidPayload>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The body is not JSON, is JSON of another shape, or has not been read.
    pub fn decode_json(response: Response) -> Result<Self, InvalidPayload> {
        if response.is_unread() {
            return Err(InvalidPayload::unread(response));
        }
        if response.buffered_body().trim_ascii().is_empty()
            && let Ok(value) = serde_json::from_str("null")
        {
            let response = response.without_body();
            return Ok(Self { response, value });
        }
        Self::decode(response)
    }

    /// Decodes the body as JSON. The body has been read.
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
    /// An error answer whose body has been read as this value. It keeps its body.
    pub(crate) fn with_body(response: Response, value: T) -> Self {
        Self { response, value }
    }

    /// An answer whose body a layer above has read.
    pub(super) fn read_by_hand(response: Response, value: T) -> Self {
        let response = response.without_body();
        Self { response, value }
    }
}

impl ResponseValue<()> {
    /// An answer that is documented to have no body. If it has one, it is not read.
    pub(crate) fn empty(response: Response) -> Self {
        Self {
            response: response.without_body(),
            value: (),
        }
    }
}

impl ResponseValue<ByteStream> {
    /// An answer whose body is handed over as it arrives.
    pub(crate) fn stream(mut response: Response) -> Self {
        let value = response.take_stream();
        Self { response, value }
    }

    /// The same answer, if its media type is that of server-sent events, or it has none. Its body is not read otherwise.
    pub(crate) fn into_events(self) -> Result<Self, Box<InvalidPayload>> {
        let kind = self.headers().get(reqwest::header::CONTENT_TYPE);
        let is_events = kind.is_none_or(|kind| {
            let name = kind.as_bytes().split(|byte| *byte == b';').next();
            name.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(b"text/event-stream"))
        });
        match is_events {
            true => Ok(self),
            false => Err(Box::new(InvalidPayload::no_events(self.response))),
        }
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

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Value;

    use super::super::html;
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Thing {
        #[serde(rename = "name")]
        _name: String,
    }

    fn answer(status: u16, body: &'static str) -> Response {
        let status = StatusCode::from_u16(status).unwrap();
        let mut response = Response::new(status, HeaderMap::new(), body);
        response.insert_extension(body.len());
        response
    }

    #[test]
    fn an_empty_body_reads_as_null() {
        for body in ["", " \r\n", "null", " null "] {
            let value = ResponseValue::<Value>::decode_json(answer(200, body)).unwrap();
            assert_eq!(value.extension(), Some(&body.len()));
            assert_eq!(value.into_inner(), Value::Null);
            ResponseValue::<()>::decode_json(answer(204, body)).unwrap();
            let option = ResponseValue::<Option<u8>>::decode_json(answer(500, body)).unwrap();
            assert_eq!(option.into_inner(), None);
        }
        let error = ResponseValue::<Thing>::decode_json(answer(200, "\n")).unwrap_err();
        assert_eq!(error.problem(), "it is empty");
    }

    #[test]
    fn a_body_is_decoded_with_the_messages_of_generated_methods() {
        for (body, problem) in [
            (r#"{"name":"hunter2","more":[]}"#, None),
            ("{}", Some("field `name` is missing, at line 1 column 2")),
            (
                r#"{"name":7}"#,
                Some("a value is of another type than documented, at line 1 column 9"),
            ),
            ("hunter2", Some("it is not JSON, at line 1 column 1")),
            ("{", Some("it ends early, at line 1 column 1")),
            ("<html>", Some(html::NOT_JSON)),
        ] {
            for status in [200, 400] {
                let generated = ResponseValue::<Thing>::decode(answer(status, body));
                let ours = ResponseValue::<Thing>::decode_json(answer(status, body));
                match (ours, generated, problem) {
                    (Ok(ours), Ok(generated), None) => {
                        assert_eq!(ours.body(), generated.body());
                        assert_eq!(ours.body().is_empty(), status == 200);
                        assert_eq!(ours.extension(), Some(&body.len()));
                    }
                    (Err(ours), Err(generated), Some(problem)) => {
                        assert_eq!(ours.problem(), problem);
                        assert_eq!(ours.to_string(), generated.to_string());
                        assert_eq!(ours.body(), body.as_bytes());
                        assert_eq!(ours.extension(), Some(&body.len()));
                    }
                    other => panic!("{body}: {other:?}"),
                }
            }
        }
    }

    #[tokio::test]
    async fn a_body_that_is_not_read_yet_is_no_empty_one() {
        let unread = || Response::from(reqwest::Response::from(http::Response::new("null")));
        let error = ResponseValue::<Value>::decode_json(unread()).unwrap_err();
        assert_eq!(
            error.problem(),
            "it has not been read; call `Response::buffer` first"
        );
        let mut read = unread();
        read.buffer().await.unwrap();
        ResponseValue::<Value>::decode_json(read).unwrap();
    }
}
