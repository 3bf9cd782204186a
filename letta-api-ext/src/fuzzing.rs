//! Ways into what is private, for fuzz targets alone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::Letta;

/// How long the service asks to wait.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    crate::retry_after::parse(headers, now)
}

/// A client all of whose requests are answered so.
pub fn letta(key: &str, status: StatusCode, headers: HeaderMap, body: Vec<u8>) -> Letta {
    /// One for all: making one reads the machine's certificates.
    static LETTA: std::sync::OnceLock<Letta> = std::sync::OnceLock::new();
    let letta = LETTA.get_or_init(|| Letta::new(key).expect("the key is one"));
    letta.with_inner(Arc::new(Answer(status, headers, body.into())))
}

struct Answer(StatusCode, HeaderMap, bytes::Bytes);

impl Transport for Answer {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        _: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let Self(status, headers, body) = self;
        Box::pin(async { Ok(Response::new(*status, headers.clone(), body.clone())) })
    }
}
