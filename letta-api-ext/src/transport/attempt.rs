//! One attempt: the request, redirects within the origin, and the body.

use bytes::Bytes;
use letta_api::{BodyError, Response, TransportError};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

use super::Call;
use super::redirect::{self, Redirect};
use crate::clock::{self, Instant};
use crate::error::{Error, Result, TimeLimit};

/// Redirects that are followed one after the other, at the most.
const MAX_REDIRECTS: usize = 5;

/// Longest body of an error answer that is read, in bytes: a message is shorter, and a megabyte of JSON is
/// twenty once it is parsed.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

pub(super) struct Attempt<'a> {
    pub(super) call: &'a Call<'a>,
    /// When the attempt has to be over.
    pub(super) limit: Instant,
    /// Whether that is the call's deadline.
    pub(super) is_last: bool,
    /// What the attempt before came to.
    pub(super) previous: Option<Error>,
}

/// An answer of any status.
pub(super) struct Answer {
    pub(super) response: Response,
    /// Whether it came from another path, to which a redirect led.
    pub(super) is_elsewhere: bool,
}

impl Attempt<'_> {
    /// Gives the answer with its body read, unless it is to be streamed. Where the status is no success and
    /// the body cannot be read, the answer has none: the status is what counts.
    pub(super) async fn run(mut self, request: reqwest::Request) -> Result<Answer> {
        let answer = match clock::timeout_at(self.limit, self.head(request)).await {
            Ok(answer) => answer?,
            Err(_) => return Err(self.out_of_time(None)),
        };
        let status = answer.response.status();
        if self.call.operation.streams && status.is_success() {
            return Ok(answer);
        }
        let headers = answer.response.headers().clone();
        let limit = self.call.transport.settings.body_limit;
        let response = answer.response.with_body_limit(match status.is_success() {
            true => limit,
            false => limit.min(ERROR_BODY_LIMIT),
        });
        let body = match clock::timeout_at(self.limit, response.bytes()).await {
            Ok(Ok(body)) => body,
            _ if !status.is_success() => Bytes::new(),
            Ok(Err(error)) => return Err(self.lost_body(&error, status, &headers)),
            Err(_) => return Err(self.out_of_time(Some((status, &headers)))),
        };
        Ok(Answer {
            response: Response::new(status, headers, body),
            ..answer
        })
    }

    /// Sends the request and follows redirects that stay where they are.
    async fn head(&self, mut request: reqwest::Request) -> Result<Answer> {
        let mut followed = 0;
        loop {
            let url = request.url().clone();
            let method = request.method().clone();
            let again = request.try_clone();
            let sent = self.send(request).await;
            let response = sent.map_err(|error| self.no_answer(&error, &url, followed > 0))?;

            if let Some(elsewhere) = response.url()
                && redirect::is_foreign(&url, elsewhere, &method)
            {
                let redirect = Redirect::followed_by_client(&url, elsewhere);
                return Err(self.redirected(&response, redirect));
            }
            match (redirect::target(&url, &method, &response), again) {
                (Some(Err(redirect)), _) => return Err(self.redirected(&response, redirect)),
                (Some(Ok(_)), _) if followed == MAX_REDIRECTS => {
                    return Err(self.redirected(&response, Redirect::too_many(&url)));
                }
                (Some(Ok(target)), Some(again)) => {
                    request = again;
                    *request.url_mut() = target;
                    followed += 1;
                }
                // A body that is a stream cannot be sent again.
                (None, _) | (Some(Ok(_)), None) => {
                    // A browser has followed redirects by itself.
                    let at = response.url().unwrap_or(&url);
                    let is_elsewhere = !redirect::is_same_path(&self.call.url, at);
                    return Ok(Answer {
                        response,
                        is_elsewhere,
                    });
                }
            }
        }
    }

    async fn send(&self, request: reqwest::Request) -> Result<Response, TransportError> {
        let Call {
            transport,
            http,
            operation,
            ..
        } = self.call;
        transport.inner.execute(http, request, operation).await
    }

    /// What it comes to that there is no answer to a request to `url`, which `is_followed` to from another.
    fn no_answer(&self, error: &TransportError, url: &Url, is_followed: bool) -> Error {
        let operation = self.call.operation;
        match error.downcast_ref::<reqwest::Error>() {
            Some(cause) if cause.is_redirect() => {
                Error::redirected(operation, None, Redirect::given_up_by_client(url), &[])
            }
            // The first request was sent, so that this one's fault is the server's.
            Some(cause) if cause.is_builder() && is_followed => {
                Error::redirected(operation, None, Redirect::to_nowhere(&self.call.url), &[])
            }
            _ => self
                .call
                .with_secrets(|secrets| Error::from_transport(error, operation, secrets)),
        }
    }

    fn redirected(&self, response: &Response, redirect: Redirect) -> Error {
        let head = Some((response.status(), response.headers()));
        self.call
            .with_secrets(|secrets| Error::redirected(self.call.operation, head, redirect, secrets))
    }

    fn lost_body(&self, error: &BodyError, status: StatusCode, headers: &HeaderMap) -> Error {
        self.call.with_secrets(|secrets| {
            Error::from_lost_body(self.call.operation, status, headers, error, secrets)
        })
    }

    fn out_of_time(&mut self, head: Option<(StatusCode, &HeaderMap)>) -> Error {
        let options = &self.call.transport.options;
        let limit = if self.is_last {
            TimeLimit::Deadline(options.deadline)
        } else {
            TimeLimit::Attempt(options.attempt_timeout)
        };
        // The last one's alone: a chain of all would be as long as the call.
        let previous = self.previous.take().filter(|_| self.is_last);
        self.call.with_secrets(|secrets| {
            Error::out_of_time(self.call.operation, limit, head, previous, secrets)
        })
    }
}
