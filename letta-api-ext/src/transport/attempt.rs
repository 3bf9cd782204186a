//! One attempt of a call: the request, redirects within the origin, and the body.
//!
//! In goes an [`Outgoing`] request and a time limit. Out comes an [`Answer`] of any status with its body read, or the
//! error of this attempt. The caller decides whether there is another attempt.

#[cfg(any(test, fuzzing))]
use futures_util::future::Either;
use letta_api::{BodyError, Response, TransportError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

use std::sync::Arc;
use std::time::Duration;

use super::Call;
use super::outgoing::Outgoing;
use super::redirect;
use super::upload::Watch;
use crate::error::kind::{Redirect, TimeLimit};
use crate::error::wiped_url::{self, WipedUrl};
use crate::error::{Error, Result};
use crate::platform;
use crate::time::clock::{self, Instant};

/// How many redirects in a row are followed.
const MAX_REDIRECTS: usize = 5;

/// The longest body of an error answer that is read, in bytes. A message is shorter, and parsed JSON takes twenty
/// times the memory of its text.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// Time ran out.
struct OutOfTime;

pub(super) struct Attempt<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) outgoing: &'a mut Outgoing,
    /// When the attempt must be over.
    pub(super) limit: Instant,
    /// Whether the limit is the call's deadline.
    pub(super) is_last: bool,
    /// Whether time ran out because an upload stood still.
    pub(super) is_silent: bool,
    /// Watches the body of an upload.
    pub(super) watch: Option<Arc<Watch>>,
    /// The error of the attempt before.
    pub(super) previous: Option<Error>,
    /// The answer, once its head has arrived. Kept here and not in the future, so that it survives a time-out while
    /// the body is read.
    pub(super) received: Option<Answer>,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) response: Response,
    /// Whether redirects led to another path, which gave the answer.
    pub(super) is_redirected: bool,
}

impl<'a> Attempt<'a> {
    /// Returns the answer with its body read, unless the body is to be streamed. If the status is an error and the
    /// body cannot be read, the answer has no body: the status is what counts.
    pub(super) async fn run(&mut self) -> Result<Answer> {
        // Borrowed: this future would have to hold a copy.
        let times = &self.call.times;
        let mut result = match (times.silence, self.watch.clone()) {
            // In a box: other calls need no room for it.
            (Some(silence), Some(watch)) => {
                Box::pin(self.exchange_while_it_moves(silence, &watch)).await
            }
            _ => {
                let exchange = clock::timeout_at(self.limit, self.exchange());
                exchange.await.map_err(|_| OutOfTime)
            }
        };
        if times.is_head_unlimited && matches!(result, Ok(Ok(()))) {
            // The agent is done. The rest of the answer is on its way.
            let limit = clock::after(Instant::now(), times.attempt);
            self.is_last = limit >= self.limit;
            self.limit = limit.min(self.limit);
            let body = clock::timeout_at(self.limit, self.body());
            result = body.await.map_err(|_| OutOfTime);
        }
        let result = match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(OutOfTime) => match &self.received {
                Some(answer) if !answer.response.status().is_success() => Ok(()),
                _ => Err(self.out_of_time()),
            },
        };
        let received = self.received.take();
        result.map(|()| received.expect("an exchange that succeeds has received an answer"))
    }

    /// The exchange of an upload, for as long as the body moves. Each piece that the connection takes gives it another
    /// `silence`, and so does the last one for the head of the answer.
    async fn exchange_while_it_moves(
        &mut self,
        silence: Duration,
        watch: &Watch,
    ) -> Result<Result<()>, OutOfTime> {
        let deadline = self.limit;
        let mut exchange = Box::pin(self.exchange());
        let mut limit = clock::after(watch.last_moved(), silence).min(deadline);
        loop {
            if let Ok(result) = clock::timeout_at(limit, exchange.as_mut()).await {
                return Ok(result);
            }
            let later = clock::after(watch.last_moved(), silence).min(deadline);
            if later <= limit {
                break;
            }
            limit = later;
        }
        drop(exchange);
        self.is_silent = limit < deadline;
        self.is_last = !self.is_silent;
        Err(OutOfTime)
    }

    async fn exchange(&mut self) -> Result<()> {
        let answer = self.head().await?;
        if let Some(watch) = &self.watch {
            watch.answered(answer.response.status().is_success());
        }
        self.received = Some(answer);
        match self.call.times.is_head_unlimited {
            true => Ok(()),
            false => self.body().await,
        }
    }

    /// Reads the body, unless it is to be streamed.
    async fn body(&mut self) -> Result<()> {
        let answer = self.received.as_mut();
        let response = &mut answer.expect("the head has arrived").response;
        let is_success = response.status().is_success();
        if self.call.operation.streams && is_success {
            return Ok(());
        }
        let limit = self.call.transport.settings.body_limit;
        response.set_body_limit(match is_success {
            true => limit,
            false => limit.min(ERROR_BODY_LIMIT),
        });
        match response.buffer().await {
            Err(error) if is_success => Err(self.lost_body(&error)),
            _ => Ok(()),
        }
    }

    /// Sends the request, and follows redirects within the origin.
    async fn head(&mut self) -> Result<Answer> {
        let mut followed = 0;
        // The target of the last redirect. In a box, because most calls have none.
        let mut led_to: Option<Box<WipedUrl>> = None;
        loop {
            let sent = self.send(led_to.as_deref().map(|url| &**url)).await;
            let outgoing = &*self.outgoing;
            let (first, method) = (outgoing.url(), outgoing.method());
            let url = led_to.as_deref().map_or(first, |url| &**url);
            let response = sent.map_err(|error| self.no_answer(&error, url, first))?;

            if let Some(elsewhere) = response.url()
                && redirect::is_foreign(url, elsewhere, method)
            {
                let redirect = Redirect::followed_by_client(url, elsewhere);
                return Err(self.redirected(&response, redirect, first));
            }
            match redirect::target(url, method, &response) {
                Some(Err(redirect)) => return Err(self.redirected(&response, redirect, first)),
                Some(Ok(_)) if outgoing.can_be_sent() && followed == MAX_REDIRECTS => {
                    return Err(self.redirected(&response, Redirect::too_many(url), first));
                }
                Some(Ok(target)) if outgoing.can_be_sent() => {
                    led_to = Some(Box::new(target));
                    followed += 1;
                }
                // A body that is a stream cannot be sent again, so the redirect is the answer.
                None | Some(Ok(_)) => {
                    // A browser has followed redirects by itself.
                    let at = response.url().unwrap_or(url);
                    let is_redirected = !redirect::is_same_path(first, at);
                    return Ok(Answer {
                        response,
                        is_redirected,
                    });
                }
            }
        }
    }

    /// Sends the request to its URL, or to where redirects have led.
    fn send<'b>(
        &'b mut self,
        led_to: Option<&Url>,
    ) -> impl Future<Output = Result<Response, TransportError>> + use<'a, 'b> {
        let request = self.outgoing.next();
        let mut request = request.expect("a request that was sent is sent again only if it can be");
        if let Some(target) = led_to {
            wiped_url::replace(request.url_mut(), target.clone());
        }
        if let Some(watch) = &self.watch {
            watch.begin(&mut request);
        }
        let http = self.call.http;
        #[cfg(any(test, fuzzing))]
        if let Some(inner) = &self.call.transport.inner {
            return Either::Left(inner.execute(http, request, self.call.operation));
        }
        let sent = platform::execute(http, request);
        let sent = async { Ok(sent.await?.into()) };
        #[cfg(any(test, fuzzing))]
        let sent = Either::Right(sent);
        sent
    }

    /// The error if a request to `url` got no answer. `first` is the URL of the call, and another one if redirects
    /// led to `url`.
    fn no_answer(&self, error: &TransportError, url: &Url, first: &Url) -> Error {
        let operation = self.call.operation;
        match error.downcast_ref::<reqwest::Error>() {
            Some(cause) if cause.is_redirect() => {
                Error::redirected(operation, None, Redirect::given_up_by_client(url), &[])
            }
            // The first request could be sent, so the server's redirect is at fault.
            Some(cause) if cause.is_builder() && !std::ptr::eq(url, first) => {
                Error::redirected(operation, None, Redirect::to_nowhere(first), &[])
            }
            _ => {
                let error = self.call.with_secrets(first, |secrets| {
                    let proxy = self.call.transport.settings.proxy.as_deref();
                    Error::from_transport(error, operation, proxy, secrets)
                });
                self.cut(error)
            }
        }
    }

    /// The error, which knows whether the request was cut off.
    fn cut(&self, error: Error) -> Error {
        match &self.watch {
            Some(watch) if watch.is_cut() => error.of_a_cut_request(),
            _ => error,
        }
    }

    fn redirected(&self, response: &Response, redirect: Redirect, first: &Url) -> Error {
        let head = Some((response.status(), response.headers()));
        self.call.with_secrets(first, |secrets| {
            Error::redirected(self.call.operation, head, redirect, secrets)
        })
    }

    fn lost_body(&self, error: &BodyError) -> Error {
        let operation = self.call.operation;
        let (status, headers) = self.received_head().expect("its body was being read");
        self.call.with_secrets(self.outgoing.url(), |secrets| {
            Error::from_lost_body(operation, status, headers, error, secrets)
        })
    }

    fn received_head(&self) -> Option<(StatusCode, &HeaderMap)> {
        let response = &self.received.as_ref()?.response;
        Some((response.status(), response.headers()))
    }

    fn out_of_time(&mut self) -> Error {
        let times = self.call.times;
        let limit = if self.is_last {
            TimeLimit::Deadline(times.deadline)
        } else if let Some(silence) = times.silence.filter(|_| self.is_silent) {
            TimeLimit::Silence(silence)
        } else {
            TimeLimit::Attempt(times.attempt)
        };
        // Only the last deadline error has a cause: a chain of all failures would be as long as the call.
        let previous = self.previous.take().filter(|_| self.is_last);
        let head = self.received_head();
        let is_before_head = head.is_none();
        let error = self.call.with_secrets(self.outgoing.url(), |secrets| {
            Error::out_of_time(self.call.operation, limit, head, previous, secrets)
        });
        match is_before_head {
            true => self.cut(error),
            false => error,
        }
    }
}
