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

use super::Call;
use super::outgoing::Outgoing;
use super::redirect;
use crate::error::kind::{Redirect, TimeLimit};
use crate::error::wiped_url::{self, WipedUrl};
use crate::error::{Error, Result};
use crate::time::clock::{self, Instant};

/// How many redirects in a row are followed.
const MAX_REDIRECTS: usize = 5;

/// The longest body of an error answer that is read, in bytes. A message is shorter, and parsed JSON takes twenty
/// times the memory of its text.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

pub(super) struct Attempt<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) outgoing: &'a mut Outgoing,
    /// When the attempt must be over.
    pub(super) limit: Instant,
    /// Whether the limit is the call's deadline.
    pub(super) is_last: bool,
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
        let mut result = clock::timeout_at(self.limit, self.exchange()).await;
        let times = self.call.times;
        if times.is_head_unlimited && matches!(result, Ok(Ok(()))) {
            // The agent is done. The rest of the answer is on its way.
            let limit = clock::after(Instant::now(), times.attempt);
            self.is_last = limit >= self.limit;
            self.limit = limit.min(self.limit);
            result = clock::timeout_at(self.limit, self.body()).await;
        }
        let result = match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => match &self.received {
                Some(answer) if !answer.response.status().is_success() => Ok(()),
                _ => Err(self.out_of_time()),
            },
        };
        let received = self.received.take();
        result.map(|()| received.expect("an exchange that succeeds has received an answer"))
    }

    async fn exchange(&mut self) -> Result<()> {
        let answer = self.head().await?;
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
        // The target of the last redirect.
        let mut led_to: Option<WipedUrl> = None;
        loop {
            let sent = self.send(led_to.as_deref()).await;
            let outgoing = &*self.outgoing;
            let (first, method) = (outgoing.url(), outgoing.method());
            let url = led_to.as_deref().unwrap_or(first);
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
                    led_to = Some(target);
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
        let http = self.call.http;
        #[cfg(any(test, fuzzing))]
        if let Some(inner) = &self.call.transport.inner {
            return Either::Left(inner.execute(http, request, self.call.operation));
        }
        let sent = http.execute(request);
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
            _ => self.call.with_secrets(first, |secrets| {
                let proxy = self.call.transport.settings.proxy.as_deref();
                Error::from_transport(error, operation, proxy, secrets)
            }),
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
        } else {
            TimeLimit::Attempt(times.attempt)
        };
        // Only the last deadline error has a cause: a chain of all failures would be as long as the call.
        let previous = self.previous.take().filter(|_| self.is_last);
        let head = self.received_head();
        self.call.with_secrets(self.outgoing.url(), |secrets| {
            Error::out_of_time(self.call.operation, limit, head, previous, secrets)
        })
    }
}
