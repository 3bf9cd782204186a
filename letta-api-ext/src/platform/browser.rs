//! The browser platform: JavaScript's time and tasks, and the browser's own `fetch`.

use std::ffi::OsString;
use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use letta_api::BaseUrl;
use reqwest::Request;

use super::{HttpSettings, NoRuntime, UnusableProxy};

#[cfg(feature = "agent-files")]
pub(crate) mod files;
pub(crate) mod page;
pub(crate) mod time;

#[cfg(feature = "minter")]
compile_error!(
    "the features `minter` and `axum` of letta-api-ext are for servers, because they need an API key, which a page must not \
     have; turn them off for this target, and get tokens from your server's endpoint"
);

/// There is one thread, so nothing needs to be `Send`.
pub(crate) type BoxStream<T> = Pin<Box<dyn Stream<Item = T>>>;

/// A function that is told how many bytes of how many were sent.
pub(crate) type BoxTell = Box<dyn FnMut(u64, u64)>;

/// `fetch` does not tell how far a body is.
pub(crate) const TELLS_PROGRESS: bool = false;

/// `fetch` always follows redirects.
pub(crate) const FOLLOWS_REDIRECTS: bool = true;

/// A browser asks the service before it sends a header that is not one of a few simple ones.
pub(crate) const ASKS_FOR_HEADERS: bool = true;

/// Whether each request has the origin of a page, which nobody else can set.
pub(crate) const SETS_ORIGIN: bool = true;

/// `fetch` fails in one way, whatever the reason. Nothing tells whether the request was sent.
pub(crate) const TELLS_FAILURES: bool = false;

/// Calls never need a runtime.
pub(crate) fn check_runtime() -> Result<(), NoRuntime> {
    Ok(())
}

/// Runs a future to its end.
pub(crate) fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}

/// A browser does not tell why there is no answer.
pub(crate) fn is_connect(_: &reqwest::Error) -> bool {
    false
}

/// A browser chooses proxies itself.
pub(crate) fn proxy_of(
    _: &BaseUrl,
    _: &dyn Fn(&str) -> Option<OsString>,
) -> Result<Option<String>, UnusableProxy> {
    Ok(None)
}

/// A browser decides on connections, compression and redirects.
///
/// # Errors
///
/// The problem, in words that are safe to print.
pub(crate) fn http_client(_: &HttpSettings) -> Result<reqwest::Client, String> {
    let client = reqwest::Client::builder().build();
    client.map_err(|error| error.without_url().to_string())
}

/// Retries are not counted: a browser has one user and no fleet, and the bucket's clock does not run there.
#[derive(Clone)]
pub(crate) enum Bucket {}

impl Bucket {
    pub(crate) fn new(_: u32, _: f32) -> Option<Self> {
        None
    }

    pub(crate) fn deposit(&self) {
        match *self {}
    }

    pub(crate) fn withdraw(&self) -> bool {
        match *self {}
    }
}

/// The same request, its body copied. `None` if the body is a stream.
pub(crate) fn copy_request(request: &Request) -> Option<Request> {
    request.try_clone()
}

/// A browser has no files. `Err` is the rest of a sentence that begins with the path.
#[cfg(feature = "folders")]
pub(crate) async fn open_file(_: &std::path::Path) -> Result<super::OpenFile, String> {
    Err("cannot be opened in a browser".to_owned())
}

/// `fetch` does not tell how far a body is.
pub(crate) fn watch_body(_: &mut Request, _: impl Fn(u64) + 'static) {}

/// The body cannot be taken out here. It is copied with the request.
pub(crate) fn take_whole_body(_: &mut Request) -> Option<Bytes> {
    None
}
