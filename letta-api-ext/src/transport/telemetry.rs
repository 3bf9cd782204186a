//! Reports a call: a span, an event per attempt, and the application's metrics.

use std::borrow::Cow;
use std::time::Duration;

use letta_api::{Operation, Response};
use reqwest::StatusCode;
use tracing::field::Empty;
use tracing::{Level, Span};
use url::Url;

use super::facts::Template;
use crate::error::{Error, Result};
use crate::time::clock::Instant;
use crate::transport::metrics::{AttemptReport, CallReport, Metrics};

/// The target of all spans and events, for filters. It does not depend on the module.
const TARGET: &str = "letta_api_ext";

/// Reports one call. If it is dropped before [`finish`](Self::finish), the call was cancelled.
pub(super) struct Telemetry<'a> {
    operation: &'static Operation,
    template: Template,
    metrics: Option<&'a dyn Metrics>,
    span: Span,
    call_began: Instant,
    attempt_began: Instant,
    attempts: u32,
    status: Option<StatusCode>,
    error_type: Option<Cow<'static, str>>,
    is_finished: bool,
}

impl<'a> Telemetry<'a> {
    pub(super) fn start(
        operation: &'static Operation,
        template: Template,
        url: &Url,
        metrics: Option<&'a dyn Metrics>,
        now: Instant,
    ) -> Self {
        // The names of OpenTelemetry's conventions for HTTP clients. The template replaces the path, which may have a
        // secret.
        let span = tracing::info_span!(
            target: TARGET,
            "letta.call",
            otel.name = format_args!("{} {}", operation.method, template.as_str()),
            otel.kind = "client",
            otel.status_code = Empty,
            letta.operation = operation.id,
            letta.request_id = Empty,
            http.request.method = operation.method,
            http.request.resend_count = Empty,
            http.response.status_code = Empty,
            url.template = template.as_str(),
            url.scheme = url.scheme(),
            server.address = url.host_str(),
            server.port = url.port_or_known_default(),
            error.type = Empty,
        );
        Self {
            operation,
            template,
            metrics,
            span,
            call_began: now,
            attempt_began: now,
            attempts: 0,
            status: None,
            error_type: None,
            is_finished: false,
        }
    }

    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The call was refused before anything was sent.
    pub(super) fn refused(&mut self, error: &Error) {
        self.error_type = Some(error.error_type());
    }

    pub(super) fn attempt_begins(&mut self, now: Instant) {
        self.attempts += 1;
        self.attempt_began = now;
        (self.status, self.error_type) = (None, None);
    }

    pub(super) fn attempt_took(&self) -> Duration {
        self.attempt_began.elapsed()
    }

    /// `took` is how long the attempt took, if that is not until now.
    pub(super) fn attempt_ends(
        &mut self,
        result: &Result<Response>,
        failure: Option<&Error>,
        wait: Option<Duration>,
        took: Option<Duration>,
        request_id: impl FnOnce(&Response) -> Option<String>,
    ) {
        self.status = match result {
            Ok(response) => Some(response.status()),
            Err(error) => error.status(),
        };
        self.error_type = failure.map(Error::error_type);
        let is_heard = !self.span.is_disabled() || tracing::enabled!(target: TARGET, Level::DEBUG);
        if !is_heard && self.metrics.is_none() && failure.is_none() {
            return;
        }
        let duration = took.unwrap_or_else(|| self.attempt_took());
        if let Some(metrics) = self.metrics {
            metrics.attempt(&AttemptReport {
                operation: self.operation,
                number: self.attempts,
                status: self.status,
                error_type: self.error_type.clone(),
                duration,
                wait,
            });
        }

        // Redacting an ID costs more than the rest, so it is done only if somebody listens.
        let request_id = match (result, failure) {
            _ if !is_heard => None,
            (_, Some(failure)) => failure.request_id().map(str::to_owned),
            (Ok(response), None) => request_id(response),
            (Err(_), None) => None,
        };
        if let Some(id) = &request_id {
            self.span.record("letta.request_id", id);
        }
        macro_rules! event {
            ($level:ident, $message:literal) => {
                tracing::$level!(
                    target: TARGET,
                    {
                        letta.operation = self.operation.id,
                        letta.request_id = request_id,
                        letta.attempt = self.attempts,
                        letta.attempt.duration_ms = duration.as_secs_f64() * 1000.0,
                        letta.attempt.wait_ms = wait.map(|wait| wait.as_secs_f64() * 1000.0),
                        http.request.method = self.operation.method,
                        http.request.resend_count = self.attempts - 1,
                        http.response.status_code = self.status.map(|status| status.as_u16()),
                        url.template = self.template.as_str(),
                        error.type = self.error_type.as_deref(),
                    },
                    $message
                )
            };
        }
        match failure {
            None => event!(debug, "attempt answered"),
            Some(failure) if failure.is_retryable() => event!(warn, "attempt failed"),
            // DEBUG, because the caller may have expected the failure, and gets it anyway.
            Some(_) => event!(debug, "attempt failed"),
        }
    }

    pub(super) fn finish(mut self) {
        self.report();
    }

    fn report(&mut self) {
        self.is_finished = true;
        if let Some(status) = self.status {
            self.span
                .record("http.response.status_code", status.as_u16());
        }
        if self.attempts > 1 {
            self.span
                .record("http.request.resend_count", self.attempts - 1);
        }
        if let Some(error_type) = &self.error_type {
            self.span.record("error.type", error_type.as_ref());
            self.span.record("otel.status_code", "ERROR");
        }
        if let Some(metrics) = self.metrics {
            metrics.call(&CallReport {
                operation: self.operation,
                attempts: self.attempts,
                status: self.status,
                error_type: self.error_type.take(),
                duration: self.call_began.elapsed(),
            });
        }
    }
}

impl Drop for Telemetry<'_> {
    fn drop(&mut self) {
        // Metrics that panicked would panic again, which would abort the process.
        if !self.is_finished && !std::thread::panicking() {
            self.error_type = Some(Cow::Borrowed("cancelled"));
            self.report();
        }
    }
}
