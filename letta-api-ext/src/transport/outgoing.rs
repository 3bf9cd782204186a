//! A request that may have to be sent more than once.

use reqwest::{Method, Request};
use url::Url;

/// A request, kept until it is known whether it has to be sent again.
pub(super) struct Outgoing {
    method: Method,
    url: Url,
    /// Nothing once it was sent with a body that is a stream, which cannot be sent twice.
    request: Option<Request>,
}

impl Outgoing {
    pub(super) fn new(request: Request) -> Self {
        Self {
            method: request.method().clone(),
            url: request.url().clone(),
            request: Some(request),
        }
    }

    pub(super) fn method(&self) -> &Method {
        &self.method
    }

    /// Where it was to go at first, whatever redirects say.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it can be sent, for the first time or again.
    pub(super) fn is_there(&self) -> bool {
        self.request.is_some()
    }

    /// The request, to be sent. It is there as long as [`is_there`](Self::is_there) says so.
    pub(super) fn next(&mut self) -> Request {
        let copy = self.request.as_ref().and_then(Request::try_clone);
        let request = copy.or_else(|| self.request.take());
        request.expect("nobody asks for what is not there")
    }
}
