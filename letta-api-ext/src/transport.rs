//! Carries every request: who is calling, in which project, and for how long at the most.

use std::time::Duration;

use letta_api::{BoxFuture, Direct, Operation, Transport, TransportError};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// Adds credentials, project and a time-out, and sends the request once.
pub(crate) struct HttpTransport {
    pub(crate) authorization: HeaderValue,
    pub(crate) project: Option<(HeaderName, HeaderValue)>,
    /// Nothing where the HTTP client is the caller's, and with it the time-outs.
    pub(crate) timeout: Option<Duration>,
}

impl Transport for HttpTransport {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<reqwest::Response, TransportError>> {
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        if let Some((name, value)) = &self.project {
            headers.insert(name.clone(), value.clone());
        }
        if let Some(timeout) = self.timeout {
            request.timeout_mut().get_or_insert(timeout);
        }
        Direct.execute(http, request, operation)
    }
}
