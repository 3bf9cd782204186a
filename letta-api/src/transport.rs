//! The hook that every request passes through.

use crate::platform::{self, BoxFuture, MaybeSend, MaybeSync};
use crate::{ApiKey, Operation, Response, TransportError};

/// Carries a request to the service, and its answer back.
///
/// Every request passes through it. A layer above this crate can add headers, set a time-out, repeat the request
/// and measure it in one place, and note in the answer what happened ([`Response::insert_extension`]).
/// [`Direct`] and [`Bearer`] come with the crate. [`Client::with_transport`](crate::Client::with_transport) sets a
/// transport. Clients are cheap to clone: for options of one call, clone the client and set another transport.
///
/// The URL of a request may hold a secret, such as a token in its path. A transport that logs
/// should log [`Operation::path_template`] instead.
///
/// ```
/// use letta_api::{BoxFuture, Direct, Operation, Response, Transport, TransportError};
///
/// /// Counts requests.
/// #[derive(Default)]
/// struct Counting(std::sync::atomic::AtomicUsize);
///
/// impl Transport for Counting {
///     fn execute<'a>(
///         &'a self,
///         http: &'a reqwest::Client,
///         request: reqwest::Request,
///         operation: &'static Operation,
///     ) -> BoxFuture<'a, Result<Response, TransportError>> {
///         self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
///         Direct.execute(http, request, operation)
///     }
/// }
/// ```
pub trait Transport: MaybeSend + MaybeSync {
    /// Sends `request` with `http`, and returns the answer as soon as its head has arrived.
    ///
    /// # Errors
    ///
    /// There is no answer. An answer is `Ok` whatever its status is.
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>>;

    /// Whether it makes a span for each call. If not, and the feature `tracing` is on, the client makes one.
    fn has_own_spans(&self) -> bool {
        false
    }
}

/// Sends each request once, as it is. A [`Client`](crate::Client) starts with this transport.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Transport for Direct {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move { Ok(platform::execute(http, request).await?.into()) })
    }
}

/// Sends each request once, with an API key.
#[derive(Clone, Debug)]
pub struct Bearer {
    authorization: reqwest::header::HeaderValue,
}

impl Bearer {
    /// A transport that sends `key` with each request, marked as sensitive.
    pub fn new(key: &ApiKey) -> Self {
        Self {
            authorization: key.to_authorization(),
        }
    }
}

impl Transport for Bearer {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        mut request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        request
            .headers_mut()
            .insert(reqwest::header::AUTHORIZATION, self.authorization.clone());
        Direct.execute(http, request, operation)
    }
}
