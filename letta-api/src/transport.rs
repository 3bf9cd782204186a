//! The hook that every request passes through.

use std::future::Future;
use std::pin::Pin;

use crate::{ApiKey, Operation, Response, TransportError};

/// Carries a request to the service, and its answer back.
///
/// Every request passes through it, so a layer over this crate has one place to add headers, to
/// set a time-out, to repeat it, to measure it. [`Direct`] and [`Bearer`] are the two that come with
/// the crate. A transport is set with [`Client::with_transport`](crate::Client::with_transport);
/// clients are cheap to clone, so options for one call are a clone with another transport.
///
/// The URL of a request may hold a secret (deleting a token has it in the path): a transport that
/// logs should log [`Operation::path_template`] in its place.
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
    /// Sends `request` with `http`, and gives the answer as soon as its head has arrived.
    ///
    /// # Errors
    ///
    /// There is no answer. An answer of any status, an error status included, is `Ok`.
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        operation: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>>;
}

/// A boxed future. It is `Send`, except in a browser.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed future. It is `Send`, except in a browser.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

macro_rules! maybe {
    ($name:ident, $bound:ident) => {
        #[doc = concat!("`", stringify!($bound), "`, except in a browser: any type has it there.")]
        #[cfg(not(target_arch = "wasm32"))]
        pub trait $name: $bound {}
        #[cfg(not(target_arch = "wasm32"))]
        impl<T: $bound + ?Sized> $name for T {}

        #[doc = concat!("`", stringify!($bound), "`, except in a browser: any type has it there.")]
        #[cfg(target_arch = "wasm32")]
        pub trait $name {}
        #[cfg(target_arch = "wasm32")]
        impl<T: ?Sized> $name for T {}
    };
}
maybe!(MaybeSend, Send);
maybe!(MaybeSync, Sync);

/// Sends each request as it is, once. What a [`Client`](crate::Client) starts with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Direct;

impl Transport for Direct {
    fn execute<'a>(
        &'a self,
        http: &'a reqwest::Client,
        request: reqwest::Request,
        _: &'static Operation,
    ) -> BoxFuture<'a, Result<Response, TransportError>> {
        Box::pin(async move { Ok(http.execute(request).await?.into()) })
    }
}

/// Sends each request once, with an API key.
#[derive(Clone, Debug)]
pub struct Bearer {
    authorization: reqwest::header::HeaderValue,
}

impl Bearer {
    /// Will send `key` with each request, marked sensitive.
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
