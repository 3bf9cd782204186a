//! A request that may have to be sent more than once.

use reqwest::header::HeaderMap;
use reqwest::{Method, Request};
use url::Url;

/// A request, kept until it is known whether it has to be sent again.
pub(super) enum Outgoing {
    /// It can be sent, for the first time or again.
    There(Request),
    /// It was sent with a body that is a stream, which cannot be sent twice.
    Gone { method: Method, url: Url },
}

impl Outgoing {
    pub(super) fn new(request: Request) -> Self {
        Self::There(request)
    }

    /// Changes the headers that are sent from now on.
    pub(super) fn change_headers(&mut self, change: impl FnOnce(&mut HeaderMap)) {
        if let Self::There(request) = self {
            change(request.headers_mut());
        }
    }

    pub(super) fn method(&self) -> &Method {
        match self {
            Self::There(request) => request.method(),
            Self::Gone { method, .. } => method,
        }
    }

    /// Where it was to go at first, whatever redirects say.
    pub(super) fn url(&self) -> &Url {
        match self {
            Self::There(request) => request.url(),
            Self::Gone { url, .. } => url,
        }
    }

    /// Whether it can be sent.
    pub(super) fn is_there(&self) -> bool {
        matches!(self, Self::There(_))
    }

    /// The request, to be sent, if it [is there](Self::is_there).
    pub(super) fn next(&mut self) -> Option<Request> {
        let Self::There(request) = self else {
            return None;
        };
        if let Some(copy) = request.try_clone() {
            return Some(copy);
        }
        let gone = Self::Gone {
            method: request.method().clone(),
            url: request.url().clone(),
        };
        match std::mem::replace(self, gone) {
            Self::There(request) => Some(request),
            Self::Gone { .. } => None,
        }
    }
}
