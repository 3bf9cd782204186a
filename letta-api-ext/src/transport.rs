//! Carries every call: who is calling, for how long at the most, and how often.

#[cfg(feature = "minter")]
use std::sync::OnceLock;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use letta_api::{BoxFuture, Operation, Response, Secret, Transport, TransportError};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::error::attempts::{Attempts, Stopped};
use crate::error::secrets_in_url;
use crate::error::{self, Error, Result};
use crate::platform::{self, NoRuntime};
use crate::time::clock::{self, Instant};
use crate::time::service_clock::ServiceDate;
use attempt::Attempt;
use outgoing::Outgoing;
use retry_policy::full_jitter;
use telemetry::Telemetry;

mod attempt;
#[cfg(all(test, target_os = "linux"))]
mod memory_tests;
pub(crate) mod metrics;
mod outgoing;
pub(crate) mod redirect;
mod retry_budget;
pub(crate) mod retry_policy;
mod telemetry;
#[cfg(test)]
mod tests;

pub use metrics::{AttemptReport, CallReport, Metrics};
pub use retry_budget::RetryBudget;
pub use retry_policy::RetryPolicy;

/// Makes a call of one or more attempts, with credentials and project, within a deadline.
#[derive(Clone)]
pub(crate) struct HttpTransport {
    pub(crate) settings: Arc<Settings>,
    pub(crate) options: CallOptions,
    /// Sends one request, in place of the HTTP client itself.
    #[cfg(any(test, fuzzing))]
    pub(crate) inner: Option<Arc<dyn Transport>>,
}

/// What is the same for all calls of a client.
pub(crate) struct Settings {
    pub(crate) key: Secret,
    pub(crate) authorization: HeaderValue,
    pub(crate) project: Option<(HeaderName, HeaderValue)>,
    /// Host and port of the proxy on the way, if the default HTTP client has one.
    pub(crate) proxy: Option<String>,
    pub(crate) budget: RetryBudget,
    pub(crate) metrics: Option<Arc<dyn Metrics>>,
    pub(crate) body_limit: usize,
}

/// What may differ from call to call.
#[derive(Clone, Debug)]
pub(crate) struct CallOptions {
    pub(crate) deadline: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) retry: RetryPolicy,
}

impl CallOptions {
    pub(crate) fn check(&self) -> Result<()> {
        for (field, value) in [
            ("deadline", self.deadline),
            ("attempt_timeout", self.attempt_timeout),
        ] {
            if value.is_zero() {
                let rule = "must be longer than zero";
                return Err(Error::invalid_input_got(field, rule, "0s".to_owned()));
            }
        }
        self.retry.check()
    }
}

impl Default for CallOptions {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(30),
            attempt_timeout: Duration::from_secs(10),
            retry: RetryPolicy::standard(),
        }
    }
}

/// The transport of one call, which can be asked about its course.
pub(crate) struct Course {
    transport: Arc<HttpTransport>,
    events: Mutex<Events>,
    #[cfg(feature = "minter")]
    watch: OnceLock<FailureWatch>,
}

/// Is told of each attempt that fails, also of those after which the call goes on.
#[cfg(feature = "minter")]
pub(crate) type FailureWatch = Box<dyn Fn(&Error) + Send + Sync>;

#[derive(Default)]
struct Events {
    attempts: Attempts,
    date: Option<ServiceDate>,
}

impl Course {
    pub(crate) fn new(transport: Arc<HttpTransport>) -> Self {
        Self {
            transport,
            events: Mutex::default(),
            #[cfg(feature = "minter")]
            watch: OnceLock::new(),
        }
    }

    /// To be called once, and before the call is sent.
    #[cfg(feature = "minter")]
    pub(crate) fn watch(&self, watch: FailureWatch) {
        // There is one minter for a call.
        let _ = self.watch.set(watch);
    }

    pub(crate) fn attempts(&self) -> Attempts {
        self.lock().attempts
    }

    /// The date of the last answer, if there was one that had a date.
    pub(crate) fn date(&self) -> Option<ServiceDate> {
        self.lock().date.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Events> {
        // Nothing panics with the lock held, and a number is whole in any case.
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Course {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.transport.call(http, request, operation, Some(self))
    }
}

impl Transport for HttpTransport {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        self.call(http, request, operation, None)
    }
}

impl HttpTransport {
    fn call<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
        course: Option<&'a Course>,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let began = Instant::now();
        let metrics = self.settings.metrics.as_deref();
        let mut running = Running {
            call: Call {
                transport: self,
                http,
                operation,
                course,
            },
            telemetry: Telemetry::start(operation, request.url(), metrics, began),
            outgoing: Outgoing::new(request, operation.path_template),
            began,
            attempts: Attempts::default(),
        };
        Box::pin(async move {
            let span = running.telemetry.span();
            let result = tracing::Instrument::instrument(running.run(), span).await;
            let attempts = running.attempts;
            if let Some(course) = running.call.course {
                course.lock().attempts = attempts;
            }
            running.telemetry.finish();
            result.map_err(|error| TransportError::new(error.after(attempts)))
        })
    }
}

/// Whether calls can be made here.
fn check_runtime() -> Result<()> {
    platform::check_runtime().map_err(Error::from)
}

impl From<NoRuntime> for Error {
    fn from(missing: NoRuntime) -> Self {
        Self::invalid_input("runtime", missing.to_string(), None)
    }
}

/// A call under way. Futures that took a part of it would make room for it, and be moved with it: they borrow all.
struct Running<'a> {
    call: Call<'a>,
    outgoing: Outgoing,
    telemetry: Telemetry<'a>,
    /// When its last attempt began.
    began: Instant,
    attempts: Attempts,
}

impl Running<'_> {
    async fn run(&mut self) -> Result<Response> {
        let HttpTransport {
            settings, options, ..
        } = self.call.transport;
        if let Err(error) = check_runtime().and_then(|()| options.check()) {
            self.telemetry.refused(&error);
            return Err(error);
        }
        let deadline = clock::after(self.began, options.deadline);
        settings.budget.deposit();
        let call = &self.call;
        self.outgoing
            .change_headers(|headers| call.authorize(headers));
        // Made where something fails, which is not the rule.
        let mut bounds: Option<Box<dyn Iterator<Item = Duration> + Send>> = None;
        let mut previous = None;
        loop {
            let result = self.attempt(deadline, previous.take()).run().await;
            let result = result.map(|answer| {
                self.attempts.is_elsewhere = answer.is_elsewhere;
                answer.response
            });

            if let (Some(course), Ok(response)) = (self.call.course, &result) {
                course.lock().date = ServiceDate::of(response.headers(), self.began);
            }

            let failure = self.failure(&result);
            #[cfg(feature = "minter")]
            if let Some(failure) = &failure
                && let Some(watch) = self.call.course.and_then(|course| course.watch.get())
            {
                watch(failure);
            }
            let next = match &failure {
                Some(failure) if self.outgoing.is_there() => {
                    let bounds = bounds.get_or_insert_with(|| Box::new(options.retry.bounds()));
                    self.wait(failure, deadline, bounds)
                }
                _ => Err(None),
            };
            let wait = next.as_ref().ok().copied();
            let (call, url) = (&self.call, self.outgoing.url());
            let failed = failure.as_ref();
            self.telemetry
                .attempt_ends(&result, failed, wait, |response| {
                    call.with_secrets(url, |secrets| {
                        error::request_id(response.headers(), secrets)
                    })
                });
            match next {
                Ok(wait) => {
                    clock::sleep(wait).await;
                    // A busy executor may wake us late, and nothing is sent past the deadline.
                    self.began = Instant::now();
                    if self.began >= deadline {
                        self.attempts.stopped = Some(Stopped::Deadline);
                        return result;
                    }
                    self.attempts.earlier_may_have_happened |=
                        failure.as_ref().is_some_and(Error::may_have_happened);
                    previous = failure;
                }
                Err(stopped) => {
                    self.attempts.stopped = stopped;
                    return result;
                }
            }
        }
    }

    /// The next one.
    fn attempt(&mut self, deadline: Instant, previous: Option<Error>) -> Attempt<'_> {
        self.attempts.count += 1;
        self.telemetry.attempt_begins(self.began);
        let limit = clock::after(self.began, self.call.transport.options.attempt_timeout);
        Attempt {
            call: &self.call,
            outgoing: &mut self.outgoing,
            limit: limit.min(deadline),
            is_last: limit >= deadline,
            previous,
            received: None,
        }
    }

    /// What the outcome of an attempt comes to, if it is a failure. The message of an error answer is left
    /// to whoever called.
    fn failure(&self, result: &Result<Response>) -> Option<Error> {
        match result {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => Some(self.call.with_secrets(self.outgoing.url(), |secrets| {
                let (status, headers) = (response.status(), response.headers());
                Error::from_status(self.call.operation, status, headers, b"", secrets)
            })),
            Err(error) => Some(error.clone()),
        }
    }

    /// How long to wait before the next attempt, or why there is none, if that is not plain.
    fn wait(
        &self,
        failure: &Error,
        deadline: Instant,
        bounds: &mut impl Iterator<Item = Duration>,
    ) -> Result<Duration, Option<Stopped>> {
        let HttpTransport {
            settings, options, ..
        } = self.call.transport;
        let may_repeat = self.call.operation.safe_to_repeat
            || options.retry.repeats_what_is_not_safe()
            || !failure.may_have_happened();
        // That the deadline has passed, the failure says itself.
        let is_plain = failure.is_deadline_exceeded() || !options.retry.allows(self.attempts.count);
        if is_plain || !may_repeat || !failure.is_retryable() {
            return Err(None);
        }
        let mut left = deadline.saturating_duration_since(Instant::now());
        if !self.call.operation.safe_to_repeat {
            // Sent in the last moments, what has not happened so far would be cut off, and then may have.
            left = left.saturating_sub(options.attempt_timeout.min(options.deadline) / 20);
        }
        let asked = failure.retry_after().unwrap_or_default();
        let mut bound = bounds.next().unwrap_or_default();
        if !asked.is_zero() {
            // What the service asks for comes first, and jitter gets what is left.
            bound = bound.min(left.saturating_sub(asked));
        }
        let wait = asked.saturating_add(full_jitter(bound));
        if wait >= left {
            return Err(Some(Stopped::Deadline));
        }
        if !settings.budget.withdraw() {
            return Err(Some(Stopped::Budget));
        }
        Ok(wait)
    }
}

/// What is called, and how.
struct Call<'a> {
    transport: &'a HttpTransport,
    http: &'a reqwest::Client,
    operation: &'static Operation,
    /// Where what becomes of it is put, if anybody asks.
    course: Option<&'a Course>,
}

impl Call<'_> {
    fn authorize(&self, headers: &mut HeaderMap) {
        let settings = &self.transport.settings;
        headers.insert(AUTHORIZATION, settings.authorization.clone());
        if let Some((name, value)) = &settings.project {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// Calls `use_them` with all that must not be in any text that comes back: the key, and what is in the
    /// path, where a token may be.
    fn with_secrets<T>(&self, url: &Url, use_them: impl FnOnce(&[&str]) -> T) -> T {
        let in_path = secrets_in_url::path_values(url, self.operation.path_template);
        let mut secrets = vec![self.transport.settings.key.expose_secret()];
        secrets.extend(in_path.iter().map(|secret| secret.expose_secret()));
        use_them(&secrets)
    }
}
