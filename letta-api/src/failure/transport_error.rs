//! Why there is no answer, in a form that is safe to print.

use std::borrow::Cow;
use std::error::Error;

use url::Url;

use super::printable::{Printable, without_url};
use super::words;
use crate::platform::failure;

/// Why a [`Transport`](crate::Transport) has no answer.
///
/// It holds the cause. The transports of this crate fail with a `reqwest::Error`, and other transports with errors of their
/// own.
///
/// If the cause is a `reqwest::Error`, `Display` says which host and port the request was for and what went wrong, in
/// words of this crate: `cannot connect to 127.0.0.1:1: connection refused`. `Debug` and `source()` show what the cause says
/// of the connection. They show neither its URL nor what the server said: over HTTP/2, a server may send a text when it
/// closes a connection, and that text may repeat a secret. In a browser, they do not show what JavaScript threw.
/// [`downcast_ref`](Self::downcast_ref) returns the cause unchanged.
///
/// ```
/// fn tell(error: &letta_api::TransportError) {
///     println!("{error}"); // cannot connect to 127.0.0.1:1: connection refused
///     println!("{:?}", error.peer()); // Some("127.0.0.1:1")
///     println!("{:?}", error.reason()); // Some("connection refused")
/// }
/// ```
pub struct TransportError {
    cause: Box<dyn Error + Send + Sync>,
    /// What the cause tells, if it is a `reqwest::Error`.
    known: Option<Box<Known>>,
}

/// What a `reqwest::Error` tells.
struct Known {
    printable: Printable,
    peer: Option<String>,
    is_connect: bool,
    reason: Option<Cow<'static, str>>,
}

impl Known {
    /// What the error tells. Its URL has been removed; `peer` was in it.
    fn of(error: &reqwest::Error, peer: Option<String>, is_https: bool) -> Self {
        let is_connect = failure::is_connect(error);
        Self {
            printable: Printable::of(error),
            peer,
            is_connect,
            reason: match failure::untold(error) {
                Some(words) => Some(words),
                None if is_connect => Some(words::no_connection(error, is_https)),
                None => words::broken(error, is_https),
            },
        }
    }
}

/// Host and port of a URL. If the request was redirected, the server chose the host, and may have put a key there.
fn peer(url: &Url) -> Option<String> {
    let host = url.host_str().filter(|host| !host.contains("-let-"))?;
    match url.port_or_known_default() {
        Some(port) => Some(format!("{host}:{port}")),
        None => Some(host.to_owned()),
    }
}

impl TransportError {
    /// Wraps a cause. Its `Display` and `Debug` are printed, so they must not show a secret. A `reqwest::Error` may: this
    /// type removes what may be secret from it.
    pub fn new(cause: impl Error + Send + Sync + 'static) -> Self {
        let cause: Box<dyn Error + Send + Sync> = Box::new(cause);
        match cause.downcast::<reqwest::Error>() {
            Ok(error) => {
                let is_https = error.url().is_some_and(|url| url.scheme() == "https");
                let peer = error.url().and_then(peer);
                let error = without_url(*error);
                Self {
                    known: Some(Box::new(Known::of(&error, peer, is_https))),
                    cause: Box::new(error),
                }
            }
            Err(cause) => Self { cause, known: None },
        }
    }

    /// The cause, if it is a `T`. Printing a `reqwest::Error` may show what the server said.
    pub fn downcast_ref<T: Error + 'static>(&self) -> Option<&T> {
        self.cause.downcast_ref()
    }

    /// The cause itself, if it is a `T`.
    ///
    /// # Errors
    ///
    /// This error, unchanged, if the cause is of another type.
    pub fn downcast<T: Error + 'static>(self) -> Result<T, Self> {
        let known = self.known;
        self.cause
            .downcast()
            .map(|cause| *cause)
            .map_err(|cause| Self { cause, known })
    }

    /// Host and port that the request was for, as in `api.letta.com:443`. They are not secret; the rest of the URL may be.
    /// `None` if the cause is not a `reqwest::Error`, or has no URL.
    pub fn peer(&self) -> Option<&str> {
        self.known.as_ref()?.peer.as_deref()
    }

    /// What went wrong, in a few words of this crate, as in `connection refused`. It holds nothing that a server
    /// said. `None` if it is not known.
    ///
    /// In a browser, it is the usual causes. A browser tells a page neither why there is no answer, nor whether the request
    /// was sent.
    pub fn reason(&self) -> Option<&str> {
        self.known.as_ref()?.reason.as_deref()
    }

    /// Whether no connection was made.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_connect(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.is_connect)
    }

    /// Whether it is certain that no server worked on the request: no connection was made, or the server refused the
    /// request over HTTP/2. The second is known only with the feature `http2`. It is `false` if the cause is not a
    /// `reqwest::Error`, and in a browser, which does not say why a request failed.
    pub fn is_unprocessed(&self) -> bool {
        self.downcast_ref::<reqwest::Error>()
            .is_some_and(failure::is_unprocessed)
    }
}

impl From<reqwest::Error> for TransportError {
    /// Like [`TransportError::new`].
    fn from(error: reqwest::Error) -> Self {
        Self::new(error)
    }
}

impl std::fmt::Display for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let peer = self.peer().unwrap_or("the service");
        let is_connect = self.known.as_ref().is_some_and(|known| known.is_connect);
        match is_connect {
            true => write!(f, "cannot connect to {peer}")?,
            false => write!(f, "no answer could be had from {peer}")?,
        }
        match self.reason() {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

impl std::fmt::Debug for TransportError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_tuple("TransportError");
        match &self.known {
            Some(known) => out.field(&known.printable),
            None => out.field(&self.cause),
        };
        out.finish()
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.known {
            Some(known) => Some(&known.printable),
            None => Some(&*self.cause),
        }
    }
}
