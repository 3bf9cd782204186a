//! The transport of all calls: credentials, deadlines, attempts and retries.
//!
//! In goes a request of the raw client, and the operation that it is for. Out comes an answer of any status with its
//! body read, or an [`Error`] inside a [`TransportError`]. Both have all that is known about the call: an answer has
//! [`CallFacts`].
//!
//! A call is a loop over attempts (`attempt`). After each, `retry` decides whether there is another. A failed attempt
//! is repeated only if it cannot have had its effect, or if repeating the operation is safe.

use std::sync::Arc;
use std::time::Duration;

use letta_api::{BoxFuture, Operation, Response, Transport, TransportError};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use url::Url;

use crate::error::attempts::{Attempts, Stopped};
use crate::error::{self, Error, Result};
use crate::platform::{self, NoRuntime};
use crate::time::clock::{self, Instant};
use crate::time::service_clock::ServiceDate;
use attempt::Attempt;
use credentials::Credentials;
use facts::{Keys, Secrets, Template};
use holding::Holding;
use outgoing::Outgoing;
use telemetry::Telemetry;

mod attempt;
pub(crate) mod credentials;
mod facts;
pub(crate) mod headers;
mod holding;
#[cfg(all(test, target_os = "linux"))]
mod memory_tests;
pub(crate) mod metrics;
mod options;
mod outgoing;
pub(crate) mod redirect;
mod retry;
mod retry_budget;
pub(crate) mod retry_policy;
mod telemetry;
#[cfg(test)]
mod tests;
mod upload;

pub use facts::CallFacts;
pub use metrics::{AttemptReport, CallReport, Metrics};
pub(crate) use options::CallOptions;
use options::Times;
pub use retry_budget::RetryBudget;
pub use retry_policy::RetryPolicy;
#[cfg(feature = "folders")]
pub(crate) use upload::Progress;
use upload::Watch;

/// The generation of official clients whose behaviour the service is asked for. By its source of 0.16.8, it treats anyone
/// with another `User-Agent` as a client of the generation before, unless this header is there: it refuses `streaming`, and
/// answers some calls in another form.
const GENERATION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-stainless-package-version"),
    HeaderValue::from_static("1.12.1"),
);

/// Makes a call of one or more attempts, with credentials and project, within a deadline.
#[derive(Clone)]
pub(crate) struct HttpTransport {
    pub(crate) settings: Arc<Settings>,
    pub(crate) options: CallOptions,
    /// Replaces the HTTP client, for tests.
    #[cfg(any(test, fuzzing))]
    pub(crate) inner: Option<Arc<dyn Transport>>,
}

/// The settings of a client, shared by all its calls.
pub(crate) struct Settings {
    pub(crate) credentials: Credentials,
    /// The origin that is sent with each call.
    pub(crate) origin: Option<HeaderValue>,
    pub(crate) project: Option<(HeaderName, HeaderValue)>,
    /// Host and port of the proxy on the way, if the default HTTP client has one.
    pub(crate) proxy: Option<String>,
    pub(crate) budget: RetryBudget,
    pub(crate) metrics: Option<Arc<dyn Metrics>>,
    pub(crate) body_limit: usize,
    /// What floors above keep for a client and its clones.
    #[cfg(feature = "turns")]
    pub(crate) shared: std::sync::OnceLock<Arc<dyn std::any::Any + Send + Sync>>,
}

impl Transport for HttpTransport {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        let began = Instant::now();
        let metrics = self.settings.metrics.as_deref();
        let template = match &self.options.template {
            None => Template::Of(operation),
            Some(template) => Template::Custom(template.clone()),
        };
        // In a box of its own: an allocator has two small pieces of memory at hand, and searches for a large one.
        let mut running = Box::new(Running {
            telemetry: Telemetry::start(operation, template.clone(), request.url(), metrics, began),
            outgoing: Outgoing::new(request, template.as_str()),
            call: Call {
                transport: self,
                http,
                operation,
                template,
                times: self.options.times(operation),
                holding: None,
            },
            began,
            attempts: Attempts::default(),
        });
        Box::pin(async move {
            let span = running.telemetry.span();
            let result = tracing::Instrument::instrument(running.run(), span).await;
            running.finish(result)
        })
    }
}

/// Checks that calls can be made here.
fn check_runtime() -> Result<()> {
    platform::check_runtime().map_err(Error::from)
}

impl From<NoRuntime> for Error {
    fn from(missing: NoRuntime) -> Self {
        Self::invalid_input("runtime", missing.to_string(), None)
    }
}

/// A call under way. All futures borrow from this. A future that owned a part of it would be larger by that part, and
/// every move of the future would copy it.
struct Running<'a> {
    call: Call<'a>,
    outgoing: Outgoing,
    telemetry: Telemetry<'a>,
    /// When the last attempt began.
    began: Instant,
    attempts: Attempts,
}

impl Running<'_> {
    /// Returns the last attempt's answer, of any status, or its error.
    async fn run(&mut self) -> Result<Response> {
        let HttpTransport {
            settings, options, ..
        } = self.call.transport;
        if let Err(error) = check_runtime().and_then(|()| options.check()) {
            self.telemetry.refused(&error);
            return Err(error);
        }
        let deadline = clock::after(self.began, self.call.times.deadline);
        settings.budget.deposit();
        let call = &self.call;
        self.outgoing
            .change_headers(|headers| call.add_headers(headers));
        let keeper = settings.credentials.keeper();
        let mut is_replaced = false;
        // Made only if an attempt fails, because most do not.
        let mut bounds: Option<Box<dyn Iterator<Item = Duration> + Send>> = None;
        let mut previous = None;
        loop {
            // In boxes: calls with a key need no room for it.
            if let Some(keeper) = keeper
                && !is_replaced
            {
                if let Err(error) = Box::pin(self.hold_token(keeper, deadline)).await {
                    self.telemetry.refused(&error);
                    return Err(error);
                }
                self.began = Instant::now();
            }
            let result = self.attempt(deadline, previous.take()).run().await;
            let result = result.map(|answer| {
                self.attempts.is_redirected = answer.is_redirected;
                answer.response
            });
            let failure = self.failure(&result);
            if let (Some(failure), Some(watch)) = (&failure, &options.watch) {
                watch(failure);
            }
            let mut took = None;
            let mut replaced = Ok(false);
            if let Some(keeper) = keeper {
                took = Some(self.telemetry.attempt_took());
                replaced = Box::pin(self.settle_token(keeper, deadline, &result)).await;
            }
            let next = match &failure {
                Some(_) if replaced.is_err() => Err(None),
                Some(_) if matches!(replaced, Ok(true)) => Ok(Duration::ZERO),
                Some(failure) if self.outgoing.can_be_sent() => {
                    let bounds = bounds.get_or_insert_with(|| Box::new(options.retry.bounds()));
                    self.wait(failure, deadline, bounds)
                }
                _ => Err(None),
            };
            let wait = next.as_ref().ok().copied();
            let (call, url) = (&self.call, self.outgoing.url());
            let failed = failure.as_ref();
            self.telemetry
                .attempt_ends(&result, failed, wait, took, |response| {
                    call.with_secrets(url, |secrets| {
                        error::request_id(response.headers(), secrets)
                    })
                });
            if let Err(error) = replaced {
                self.telemetry.refused(&error);
                return Err(error);
            }
            is_replaced = matches!(replaced, Ok(true));
            let wait = match next {
                Ok(wait) => wait,
                Err(stopped) => {
                    self.attempts.stopped = stopped;
                    return result;
                }
            };
            // A timer of no time takes up to a millisecond.
            if !wait.is_zero() {
                clock::sleep(wait).await;
            }
            // A busy executor may wake us late. Nothing is sent past the deadline.
            let now = Instant::now();
            if now >= deadline {
                self.attempts.stopped = Some(Stopped::Deadline);
                return result;
            }
            self.began = now;
            self.attempts.earlier_may_have_happened |=
                failure.as_ref().is_some_and(Error::may_have_happened);
            previous = failure;
        }
    }

    /// Adds what is known about the call to its answer or error.
    fn finish(self: Box<Self>, result: Result<Response>) -> Result<Response, TransportError> {
        let Running {
            call,
            outgoing,
            telemetry,
            began,
            attempts,
        } = *self;
        telemetry.finish();
        let mut response = match result {
            Ok(response) => response,
            Err(error) => return Err(TransportError::new(error.after(attempts))),
        };
        let transport = call.transport;
        let secrets = Secrets {
            keys: match call.holding {
                Some(holding) => Keys::Tokens(holding.secrets().into()),
                None => Keys::Key(transport.settings.credentials.key().cloned()),
            },
            headers: transport.options.headers.clone(),
            template: call.template,
            // A success is read as what the operation gives, and no message repeats it.
            body: match response.status().is_success() {
                true => None,
                false => outgoing.body().cloned(),
            },
            url: outgoing.into_secret_url().map(Arc::new),
        };
        response.insert_extension(CallFacts::new(call.operation, attempts, began, secrets));
        Ok(response)
    }

    /// Begins the next attempt.
    fn attempt(&mut self, deadline: Instant, previous: Option<Error>) -> Attempt<'_> {
        self.attempts.count += 1;
        self.telemetry.attempt_begins(self.began);
        let times = self.call.times;
        let limit = match times.is_head_unlimited {
            true => deadline,
            false => clock::after(self.began, times.attempt),
        };
        let progress = &self.call.transport.options.progress;
        let watch = (times.silence.is_some() || progress.is_some())
            .then(|| Arc::new(Watch::new(progress.clone())));
        Attempt {
            call: &self.call,
            outgoing: &mut self.outgoing,
            limit: limit.min(deadline),
            is_last: limit >= deadline,
            is_silent: false,
            watch,
            previous,
            received: None,
        }
    }

    /// The error that an attempt's outcome stands for. `None` if it is a success.
    ///
    /// The service's texts are left out: only that of the last attempt is needed, and whoever converts the answer reads
    /// them. What they mean is kept, since it decides on retries. Also, redacting leaves parts of a secret on the stack. The futures of the attempts that follow are made there,
    /// and would carry them to the heap.
    fn failure(&mut self, result: &Result<Response>) -> Option<Error> {
        match result {
            Ok(response) if response.status().is_success() => None,
            Ok(response) => {
                self.attempts.date = ServiceDate::of(response.headers(), self.began);
                Some(self.call.with_secrets(self.outgoing.url(), |secrets| {
                    let (status, headers) = (response.status(), response.headers());
                    let body = response.buffered_body();
                    let operation = self.call.operation;
                    Error::from_status_without_texts(operation, status, headers, body, secrets)
                }))
            }
            Err(error) => Some(error.clone()),
        }
    }
}

/// The call: its client, its operation and its options.
struct Call<'a> {
    transport: &'a HttpTransport,
    http: &'a reqwest::Client,
    operation: &'static Operation,
    template: Template,
    times: Times,
    /// The tokens of a client that holds some. In a box: others need no room for them.
    holding: Option<Box<Holding>>,
}

impl Call<'_> {
    /// Adds the headers that identify the caller. The SDK's own come last, so that nothing replaces them.
    fn add_headers(&self, headers: &mut HeaderMap) {
        let HttpTransport {
            settings, options, ..
        } = self.transport;
        options.headers.apply(headers);
        if let Some(authorization) = settings.credentials.authorization() {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(origin) = &settings.origin {
            headers.insert(ORIGIN, origin.clone());
        }
        if let Some((name, value)) = &settings.project {
            headers.insert(name.clone(), value.clone());
        }
        // A browser would be refused if the service did not take the header. It is asked for the type of a body anyway.
        if !platform::ASKS_FOR_HEADERS || headers.contains_key(CONTENT_TYPE) {
            let (name, value) = GENERATION;
            headers.entry(name).or_insert(value);
        }
    }

    /// Calls `use_them` with all texts that no message may contain.
    fn with_secrets<T>(&self, url: &Url, use_them: impl FnOnce(&[&str]) -> T) -> T {
        let HttpTransport {
            settings, options, ..
        } = self.transport;
        let template = self.template.as_str();
        let keys = match &self.holding {
            Some(holding) => holding.secrets(),
            None => settings
                .credentials
                .key()
                .map_or(&[][..], std::slice::from_ref),
        };
        facts::with_secrets(keys, &options.headers, Some(url), template, None, use_them)
    }
}
