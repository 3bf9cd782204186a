//! Access to private functions, for fuzz targets alone.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::header::HeaderMap;
use url::Url;

use crate::Letta;

/// How long the service asks to wait.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    crate::error::retry_after::parse(headers, now)
}

/// A client whose requests are all answered by this function. It gets the request's URL.
pub fn letta(key: &str, answer: impl Fn(&Url) -> Response + Send + Sync + 'static) -> Letta {
    /// One for all, because making one reads the machine's certificates.
    static LETTA: std::sync::OnceLock<Letta> = std::sync::OnceLock::new();
    let letta = LETTA.get_or_init(|| Letta::new(key).expect("the key is one"));
    letta.with_inner(Arc::new(Answering(answer)))
}

struct Answering<F>(F);

impl<F: Fn(&Url) -> Response + Send + Sync> Transport for Answering<F> {
    fn execute<'a>(
        &'a self,
        _: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let answer = (self.0)(request.url());
        Box::pin(async { Ok(answer) })
    }
}
