//! What reads the streams. All get the same pieces from a response of reqwest.

use bytes::Bytes;
use letta_api::types::StreamEvent;
use letta_api::{EventStream, Response};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Result;

/// A reader of events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reader {
    /// The raw client.
    EventStream,
    /// Splits at empty lines, and reads the data with serde_json into the same type.
    BareTyped,
    /// Splits at empty lines, and reads the data with serde_json into a `Value`.
    BareValue,
}

impl Reader {
    /// All, the raw client first.
    pub const ALL: [Self; 3] = [Self::EventStream, Self::BareTyped, Self::BareValue];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EventStream => "EventStream",
            Self::BareTyped => "bare, typed",
            Self::BareValue => "bare, Value",
        }
    }

    /// Reads a body of these pieces, and gives the number of events.
    ///
    /// # Errors
    ///
    /// An event cannot be read.
    pub async fn read(self, pieces: &[Bytes]) -> Result<usize> {
        let pieces = pieces.iter().cloned();
        let body: Vec<_> = pieces.map(Ok::<_, std::io::Error>).collect();
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(body));
        let response = reqwest::Response::from(http::Response::new(body));
        match self {
            Self::EventStream => event_stream(response).await,
            Self::BareTyped => bare::<StreamEvent>(response).await,
            Self::BareValue => bare::<Value>(response).await,
        }
    }
}

async fn event_stream(response: reqwest::Response) -> Result<usize> {
    let body = Response::from(response).into_stream();
    let mut events = EventStream::<StreamEvent>::new(body).with_end("[DONE]");
    let mut count = 0;
    while let Some(event) = events.next().await {
        std::hint::black_box(event?);
        count += 1;
    }
    Ok(count)
}

/// As one writes it by hand for this one server: an event is a line of data, and an empty line. Nothing is bounded.
async fn bare<T: DeserializeOwned>(mut response: reqwest::Response) -> Result<usize> {
    let mut buffer: Vec<u8> = Vec::new();
    let mut count = 0;
    while let Some(piece) = response.chunk().await? {
        buffer.extend_from_slice(&piece);
        let mut start = 0;
        while let Some(length) = memchr::memmem::find(&buffer[start..], b"\n\n") {
            let event = &buffer[start..start + length];
            start += length + 2;
            let Some(data) = event.strip_prefix(b"data: ") else {
                continue;
            };
            if data == b"[DONE]" {
                return Ok(count);
            }
            // Faster than `from_slice`, which checks each text by itself for UTF-8.
            let data = std::str::from_utf8(data)?;
            std::hint::black_box(serde_json::from_str::<T>(data)?);
            count += 1;
        }
        buffer.drain(..start);
    }
    Ok(count)
}
