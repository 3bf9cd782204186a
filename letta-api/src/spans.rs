//! A span for each call (feature `tracing`), for those who use this crate alone.
//!
//! It begins when the request is handed to the [`Transport`](crate::Transport), and ends when the head of the answer is there, or the
//! call fails or is dropped. Its names are those of OpenTelemetry's conventions for HTTP clients. The template stands for the path,
//! which may have a secret. So may a query, headers and bodies, and none of them is in a span.

use reqwest::Request;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::platform::BoxFuture;
use crate::{Operation, Response, TransportError};

/// The target of all spans, for filters. It does not depend on the module.
const TARGET: &str = "letta_api";

/// The span of a call that is about to begin.
pub(crate) fn of_call(request: &Request, operation: &'static Operation) -> Span {
    let url = request.url();
    tracing::info_span!(
        target: TARGET,
        "letta.call",
        otel.name = format_args!("{} {}", operation.method, operation.path_template),
        otel.kind = "client",
        otel.status_code = Empty,
        letta.operation = operation.id,
        http.request.method = operation.method,
        http.response.status_code = Empty,
        url.template = operation.path_template,
        url.scheme = url.scheme(),
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        error.type = Empty,
    )
}

/// The call, which tells its span how it ended. If nobody listens, the call itself.
pub(crate) fn watch<'a>(
    span: Span,
    call: BoxFuture<'a, Result<Response, TransportError>>,
) -> BoxFuture<'a, Result<Response, TransportError>> {
    if span.is_disabled() {
        return call;
    }
    let watch = Watch {
        span: span.clone(),
        is_over: false,
    };
    Box::pin(async move {
        let result = call.instrument(span).await;
        watch.ends(&result);
        result
    })
}

/// Tells the span how the call ended. If it is dropped before, the call was cancelled.
struct Watch {
    span: Span,
    is_over: bool,
}

impl Watch {
    fn ends(mut self, result: &Result<Response, TransportError>) {
        self.is_over = true;
        match result {
            Ok(response) => {
                let status = response.status();
                self.span
                    .record("http.response.status_code", status.as_u16());
                if status.is_client_error() || status.is_server_error() {
                    self.failed(status.as_str());
                }
            }
            Err(error) => self.failed(error_type(error)),
        }
    }

    fn failed(&self, error_type: &str) {
        self.span.record("error.type", error_type);
        self.span.record("otel.status_code", "ERROR");
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.is_over {
            self.failed("cancelled");
        }
    }
}

/// The value of OpenTelemetry's `error.type`. A transport's own error has no name that is known here.
fn error_type(error: &TransportError) -> &'static str {
    let Some(cause) = error.downcast_ref::<reqwest::Error>() else {
        return "_OTHER";
    };
    if error.is_connect() {
        "connect"
    } else if cause.is_timeout() {
        "timeout"
    } else if error.is_unprocessed() {
        "unprocessed"
    } else {
        "no_answer"
    }
}

#[cfg(all(test, feature = "client-side-access-tokens"))]
mod tests;
