//! A decoded answer, with its status and headers.

use std::str::Utf8Chunk;

use bytes::Bytes;
use progenitor_client::ByteStream;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;

use crate::credentials::wiped::Wiped;
use crate::error::{Error, InvalidPayload};
use crate::response::{BodyError, Response, html};

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
        self.response.buffered()
    }

    /// The value alone.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T: DeserializeOwned> ResponseValue<T> {
    /// Reads the body and decodes it as JSON.
    #[allow(dead_code, reason = "used by whatever operations are there")]
    pub(crate) async fn from_response<E>(mut response: Response) -> Result<Self, Error<E>> {
        let read = response.buffer().await;
        Self::from_buffered(response, read)
    }

    /// Decodes a body that was read, if it could be, as JSON.
    #[allow(dead_code, reason = "used by whatever operations are there")]
    pub(crate) fn from_buffered<E>(
        mut response: Response,
        read: Result<(), BodyError>,
    ) -> Result<Self, Error<E>> {
        if let Err(error) = read {
            return Err(Error::ResponseBody {
                status: response.status(),
                headers: Box::new(response.take_headers()),
                source: error,
            });
        }
        match read_json(response.buffered()) {
            Ok(value) => {
                let keeps_body = !response.status().is_success();
                let response = match keeps_body {
                    true => response,
                    false => response.without_body(),
                };
                Ok(Self { response, value })
            }
            Err(error) => Err(Error::InvalidPayload(Box::new(InvalidPayload::new(
                response, &error,
            )))),
        }
    }
}

impl ResponseValue<()> {
    /// For an answer that is documented to have no body. What it has all the same is not read.
    #[allow(dead_code, reason = "which of these are used is up to the description")]
    pub(crate) fn empty(response: Response) -> Self {
        Self {
            response: response.without_body(),
            value: (),
        }
    }
}

impl ResponseValue<ByteStream> {
    /// For an answer whose body is not JSON.
    #[allow(dead_code, reason = "which of these are used is up to the description")]
    pub(crate) fn stream(mut response: Response) -> Self {
        let value = response.take_stream();
        Self { response, value }
    }
}

impl InvalidPayload {
    fn new(mut response: Response, error: &serde_json::Error) -> Self {
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
}

/// Says what is wrong with a body without quoting it. serde's own message may quote values, so only
/// the kinds that name nothing but our own fields are passed on.
fn describe(error: &serde_json::Error) -> String {
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

/// Reads JSON, and takes what `serde_json::from_slice` takes. That would see for each text by itself whether it is UTF-8,
/// which takes longer than to look at all at once. Where something is not, the place that an error names is that in
/// what `mark_spoiled` makes of it.
#[doc(hidden)]
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> serde_json::Result<T> {
    match std::str::from_utf8(body) {
        Ok(body) => serde_json::from_str(body),
        Err(_) => {
            let marked = mark_spoiled(body);
            let marked =
                std::str::from_utf8(marked.as_ref()).expect("what is not UTF-8 was replaced");
            serde_json::from_str(marked)
        }
    }
}

/// The body as UTF-8. What is not becomes an escape that serde_json refuses in a text that it is to read, and passes over
/// in one that nobody asks for. To have it read bytes instead would compile a second reader for each type.
fn mark_spoiled(body: &[u8]) -> Wiped {
    // The second half of a surrogate pair, which is refused whatever follows. The space keeps it from what comes before: a
    // backslash would make it plain text, and a first half a pair.
    const MARK: &[u8] = b" \\udc00";
    let chunks = || body.utf8_chunks().enumerate();
    // One mark is enough for all that stand in a row.
    let is_marked = |number: usize, chunk: &Utf8Chunk<'_>| {
        !chunk.invalid().is_empty() && (number == 0 || !chunk.valid().is_empty())
    };
    let length = |(number, chunk): (usize, Utf8Chunk<'_>)| {
        let mark = match is_marked(number, &chunk) {
            true => MARK.len(),
            false => 0,
        };
        chunk.valid().len() + mark
    };
    // Enough from the start. It is at most four times the body and a mark, since two marks have a byte between them.
    let mut marked = Wiped::with_capacity(chunks().map(length).sum());
    for (number, chunk) in chunks() {
        marked.append(chunk.valid().as_bytes(), 0);
        if is_marked(number, &chunk) {
            marked.append(MARK, 0);
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_is_refused_where_it_is_read_and_passed_over_where_not() {
        #[derive(serde::Deserialize, Debug, PartialEq)]
        struct Read {
            name: String,
        }

        let mut refused = 0;
        let read = br#"{"name": "\u00e9\\x", "unread": ["\\y", {"deep": "z\udc00\ud800"}]}"#;
        // Halves of pairs, which must not find their other half in what was spoiled.
        let halves = br#"{"name": "\ud800\udc00\udc00", "unread": "\ud800"}"#;
        for template in [&read[..], halves] {
            // Each alone, one that ends early, and several in a row.
            for spoiled in [
                &b"\xff"[..],
                b"\xe2\x82",
                b"\xed\xa0\x80",
                b"\xff\xc3\x28\xff",
            ] {
                for place in 0..=template.len() {
                    let body = [&template[..place], spoiled, &template[place..]].concat();
                    let ours = read_json::<Read>(&body).ok();
                    let theirs = serde_json::from_slice(&body).ok();
                    assert_eq!(ours, theirs, "{spoiled:x?} at {place}");
                    refused += usize::from(ours.is_none());
                }
            }
        }
        let all = 4 * (read.len() + halves.len());
        assert!(0 < refused && refused < all, "{refused} of {all}");
        // At a half in the text that is read, with what was spoiled before or after it.
        for body in [
            &b"{\"name\": \"\xff\\udc00\"}"[..],
            b"{\"name\": \"\\ud800\xff\"}",
        ] {
            assert!(read_json::<Read>(body).is_err());
        }
    }

    #[test]
    fn what_is_all_spoiled_grows_by_little() {
        let marked = mark_spoiled(&[0xff; 1000]);
        assert_eq!(marked.as_ref(), b" \\udc00");
        assert_eq!(marked.capacity(), marked.as_ref().len());
        let every_other = b"\xffx".repeat(500);
        let marked = mark_spoiled(&every_other);
        assert_eq!(marked.capacity(), marked.as_ref().len());
        assert_eq!(marked.as_ref().len(), 4 * every_other.len());
    }
}
