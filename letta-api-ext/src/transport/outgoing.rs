//! A request that may be sent more than once.

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Method, Request};
use url::Url;

use crate::error::wiped_url::{self, WipedUrl};
use crate::platform;

/// A request, kept until it surely is not sent again. If its URL may have a secret, it is wiped at the end. The
/// copies that the HTTP client got cannot be wiped.
pub(super) struct Outgoing {
    kept: Kept,
    may_hold_secret: bool,
}

enum Kept {
    /// It can be sent, for the first time or again. A body that is not a stream is kept separately, and shared and
    /// not copied.
    Sendable {
        request: Request,
        body: Option<Bytes>,
    },
    /// It was sent with a body that is a stream, so it cannot be sent again.
    Sent { method: Method, url: Url },
}

impl Outgoing {
    /// `path_template` is the path of the operation, with its parameters in braces. A parameter may be secret.
    pub(super) fn new(mut request: Request, path_template: &str) -> Self {
        let body = platform::take_whole_body(&mut request);
        Self {
            kept: Kept::Sendable { request, body },
            may_hold_secret: path_template.contains('{'),
        }
    }

    /// Changes the headers of all requests from now on.
    pub(super) fn change_headers(&mut self, change: impl FnOnce(&mut HeaderMap)) {
        if let Kept::Sendable { request, .. } = &mut self.kept {
            change(request.headers_mut());
        }
    }

    pub(super) fn method(&self) -> &Method {
        match &self.kept {
            Kept::Sendable { request, .. } => request.method(),
            Kept::Sent { method, .. } => method,
        }
    }

    /// The URL of the call, without redirects.
    pub(super) fn url(&self) -> &Url {
        match &self.kept {
            Kept::Sendable { request, .. } => request.url(),
            Kept::Sent { url, .. } => url,
        }
    }

    /// The URL of the call, without redirects. `None` if it has no secret.
    pub(super) fn into_secret_url(mut self) -> Option<WipedUrl> {
        self.may_hold_secret.then(|| {
            // What is left is no secret.
            self.may_hold_secret = false;
            let url = match &mut self.kept {
                Kept::Sendable { request, .. } => request.url_mut(),
                Kept::Sent { url, .. } => url,
            };
            WipedUrl::new(wiped_url::take(url))
        })
    }

    /// The body, if there is one that is not a stream.
    pub(super) fn body(&self) -> Option<&Bytes> {
        match &self.kept {
            Kept::Sendable { body, .. } => body.as_ref(),
            Kept::Sent { .. } => None,
        }
    }

    /// Whether it can be sent.
    pub(super) fn can_be_sent(&self) -> bool {
        matches!(self.kept, Kept::Sendable { .. })
    }

    /// The next request to send. `None` if it [cannot be sent](Self::can_be_sent).
    pub(super) fn next(&mut self) -> Option<Request> {
        let Kept::Sendable { request, body } = &mut self.kept else {
            return None;
        };
        if let Some(copy) = platform::copy_request(request) {
            // The headers of the original have room for those that the HTTP client adds.
            let mut request = std::mem::replace(request, copy);
            if let Some(body) = body {
                *request.body_mut() = Some(body.clone().into());
            }
            return Some(request);
        }
        let sent = Kept::Sent {
            method: request.method().clone(),
            url: request.url().clone(),
        };
        match std::mem::replace(&mut self.kept, sent) {
            Kept::Sendable { request, .. } => Some(request),
            Kept::Sent { .. } => None,
        }
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if self.may_hold_secret {
            wiped_url::wipe(match &mut self.kept {
                Kept::Sendable { request, .. } => request.url_mut(),
                Kept::Sent { url, .. } => url,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Body, Version};

    use super::*;

    fn request(body: Option<Body>) -> Request {
        let url = "https://api.letta.com/v1/x?y=1".parse().unwrap();
        let mut request = Request::new(Method::POST, url);
        request
            .headers_mut()
            .append("accept", "application/json".parse().unwrap());
        *request.version_mut() = Version::HTTP_2;
        *request.body_mut() = body;
        request
    }

    #[test]
    fn a_body_that_is_whole_is_sent_as_often_as_it_takes_and_never_copied() {
        let bytes = Bytes::from(vec![b'x'; 100]);
        let mut outgoing = Outgoing::new(request(Some(bytes.clone().into())), "/v1/{x}");
        for _ in 0..3 {
            let sent = outgoing.next().unwrap();
            assert!(outgoing.can_be_sent());
            assert_eq!(
                (sent.method(), sent.url()),
                (outgoing.method(), outgoing.url())
            );
            assert_eq!(sent.version(), Version::HTTP_2);
            assert_eq!(sent.headers()["accept"], "application/json");
            let body = sent.body().unwrap().as_bytes().unwrap();
            assert_eq!(body.as_ptr_range(), bytes.as_ptr_range());
        }
    }

    #[test]
    fn a_body_that_is_empty_or_not_there_stays_so() {
        for (body, length) in [(Some(Body::from("")), Some(0)), (None, None)] {
            let mut outgoing = Outgoing::new(request(body), "/v1/{x}");
            for _ in 0..2 {
                let sent = outgoing.next().unwrap();
                let body = sent.body().map(|body| body.as_bytes().unwrap().len());
                assert_eq!(body, length);
            }
        }
    }

    #[test]
    fn a_body_that_is_a_stream_is_sent_once() {
        let body = futures_util::stream::iter([Ok::<_, std::io::Error>("once")]);
        let mut outgoing = Outgoing::new(request(Some(Body::wrap_stream(body))), "/v1/{x}");
        let sent = outgoing.next().unwrap();
        assert!(sent.body().unwrap().as_bytes().is_none());
        assert!(!outgoing.can_be_sent());
        assert!(outgoing.next().is_none());
        assert_eq!(
            (outgoing.method(), outgoing.url()),
            (sent.method(), sent.url())
        );
    }
}
