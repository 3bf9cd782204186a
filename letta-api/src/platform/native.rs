//! The native platform: an HTTP client in this process, and perhaps many threads.

use std::pin::Pin;

use bytes::Bytes;
use futures_core::Stream;
use http::Extensions;
use reqwest::{Request, Response};
use url::Url;

pub(crate) mod failure;
#[cfg(feature = "multipart")]
pub(crate) mod form;

/// A boxed future. It is `Send`, except in a browser.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// `Send`, except in a browser: any type has it there.
pub trait MaybeSend: Send {}
impl<T: Send + ?Sized> MaybeSend for T {}

/// `Sync`, except in a browser: any type has it there.
pub trait MaybeSync: Sync {}
impl<T: Sync + ?Sized> MaybeSync for T {}

/// The pieces of a body that is being received.
pub(crate) type Arriving = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send + Sync>>;

/// Sorts. Equal items may change places.
pub fn sort<T: Ord>(items: &mut [T]) {
    items.sort_unstable();
}

/// Sends a request.
pub fn execute(
    http: &reqwest::Client,
    request: Request,
) -> impl Future<Output = Result<Response, reqwest::Error>> {
    http.execute(request)
}

/// The HTTP client's own map, emptied. It is reused, so that a first note needs no new map. It is emptied, since hyper and
/// reqwest put in what may be secret or large: the URL of the request, the reason phrase, which keeps a buffer, and after an
/// upgrade the connection.
pub(crate) fn emptied_extensions(response: &mut Response) -> Extensions {
    let mut extensions = std::mem::take(response.extensions_mut());
    extensions.clear();
    extensions
}

/// An answer whose body is yet to be read.
pub(crate) struct Unread(Response);

impl Unread {
    pub(crate) fn new(response: Response) -> Self {
        Self(response)
    }

    /// Where the answer came from.
    pub(crate) fn url(&self) -> &Url {
        self.0.url()
    }

    /// The next piece of the body.
    pub(crate) async fn next(&mut self) -> reqwest::Result<Option<Bytes>> {
        self.0.chunk().await
    }

    /// The rest of the body.
    pub(crate) fn into_stream(self) -> Arriving {
        Box::pin(self.0.bytes_stream())
    }
}
