//! One attempt: the request, redirects within the origin, and the body.

use bytes::Bytes;
use letta_api::{BodyError, Response};

use super::Call;
use super::redirect::{self, Redirect};
use crate::clock::{self, Instant};
use crate::error::{Error, Result, TimeLimit};

/// Redirects that are followed one after the other, at the most.
const MAX_REDIRECTS: usize = 5;

pub(super) struct Attempt<'a> {
    pub(super) call: &'a Call<'a>,
    /// When the attempt has to be over.
    pub(super) limit: Instant,
    /// Whether that is the call's deadline.
    pub(super) is_last: bool,
    /// What the attempt before came to.
    pub(super) previous: Option<Error>,
}

impl Attempt<'_> {
    /// Gives the answer with its body read, unless it is to be streamed. Where the status is no success and
    /// the body cannot be read, the answer has none: the status is what counts.
    pub(super) async fn run(mut self, request: reqwest::Request) -> Result<Response> {
        let response = match clock::timeout_at(self.limit, self.head(request)).await {
            Ok(response) => response?,
            Err(_) => return Err(self.out_of_time(None)),
        };
        let (status, headers) = (response.status(), response.headers().clone());
        if self.call.operation.streams && status.is_success() {
            return Ok(response);
        }
        let body = match clock::timeout_at(self.limit, response.bytes()).await {
            Ok(Ok(body)) => body,
            _ if !status.is_success() => Bytes::new(),
            Ok(Err(error)) => return Err(self.lost_body(error, status, &headers)),
            Err(_) => return Err(self.out_of_time(Some((status, &headers)))),
        };
        Ok(Response::new(status, headers, body))
    }

    /// Sends the request and follows redirects that stay where they are.
    async fn head(&self, mut request: reqwest::Request) -> Result<Response> {
        for followed in 0.. {
            let url = request.url().clone();
            let method = request.method().clone();
            let again = request.try_clone();
            let response = self.send(request).await?;

            if let Some(from) = response.url()
                && from.origin() != url.origin()
            {
                return Err(self.redirected(&response, Redirect::followed_by_client(&url, from)));
            }
            let Some(target) = redirect::target(&url, &method, &response) else {
                return Ok(response);
            };
            let target = target.and_then(|target| match followed {
                MAX_REDIRECTS.. => Err(Redirect::too_many(&url)),
                _ => Ok(target),
            });
            match (target, again) {
                (Ok(target), Some(again)) => {
                    request = again;
                    *request.url_mut() = target;
                }
                (Ok(_), None) => return Ok(response),
                (Err(redirect), _) => return Err(self.redirected(&response, redirect)),
            }
        }
        unreachable!("redirects are counted")
    }

    async fn send(&self, request: reqwest::Request) -> Result<Response> {
        let Call {
            transport,
            http,
            operation,
            ..
        } = self.call;
        let url = request.url().clone();
        match transport.inner.execute(http, request, operation).await {
            Ok(response) => Ok(response.with_body_limit(transport.settings.body_limit)),
            Err(error) => Err(match error.downcast_ref::<reqwest::Error>() {
                Some(cause) if cause.is_redirect() => {
                    Error::redirected(operation, None, Redirect::given_up_by_client(&url), &[])
                }
                _ => Error::from_transport(error, operation),
            }),
        }
    }

    fn redirected(&self, response: &Response, redirect: Redirect) -> Error {
        let head = Some((response.status(), response.headers()));
        self.call
            .with_secrets(|secrets| Error::redirected(self.call.operation, head, redirect, secrets))
    }

    fn lost_body(
        &self,
        error: BodyError,
        status: reqwest::StatusCode,
        headers: &reqwest::header::HeaderMap,
    ) -> Error {
        self.call.with_secrets(|secrets| {
            Error::from_lost_body(self.call.operation, status, headers, error, secrets)
        })
    }

    fn out_of_time(
        &mut self,
        head: Option<(reqwest::StatusCode, &reqwest::header::HeaderMap)>,
    ) -> Error {
        let options = &self.call.transport.options;
        let limit = if self.is_last {
            TimeLimit::Deadline(options.deadline)
        } else {
            TimeLimit::Attempt(options.attempt_timeout)
        };
        let previous = self.previous.take();
        self.call.with_secrets(|secrets| {
            Error::out_of_time(self.call.operation, limit, head, previous, secrets)
        })
    }
}
