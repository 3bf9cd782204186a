//! The browser platform: the browser's own `fetch`, and one thread.

use std::collections::BinaryHeap;
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
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// `Send`, except in a browser: any type has it there.
pub trait MaybeSend {}
impl<T: ?Sized> MaybeSend for T {}

/// `Sync`, except in a browser: any type has it there.
pub trait MaybeSync {}
impl<T: ?Sized> MaybeSync for T {}

/// The pieces of a body that is being received.
pub(crate) type Arriving = Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>>>>;

/// Sorts. Equal items may change places. The sort of a heap is much less code than that of a slice, which a page would fetch.
pub fn sort<T: Ord>(items: &mut Vec<T>) {
    *items = BinaryHeap::from(std::mem::take(items)).into_sorted_vec();
}

/// Sends a request. `fetch` does not say which host a failure is about, so the error gets its origin.
pub async fn execute(http: &reqwest::Client, request: Request) -> Result<Response, reqwest::Error> {
    let origin = Url::parse(&request.url().origin().ascii_serialization());
    let sent = http.execute(request).await;
    sent.map_err(|error| match origin {
        Ok(origin) => error.with_url(origin),
        Err(_) => error,
    })
}

/// The HTTP client has no map here.
pub(crate) fn emptied_extensions(_: &mut Response) -> Extensions {
    Extensions::new()
}

/// An answer whose body is yet to be read.
pub(crate) struct Unread(State);

enum State {
    /// With its URL.
    Whole(Response),
    /// Pieces come from a stream alone, and the stream takes the answer. The URL of the answer stays.
    Arriving(Arriving, Url),
    /// While one becomes the other.
    Between,
}

impl Unread {
    pub(crate) fn new(response: Response) -> Self {
        Self(State::Whole(response))
    }

    /// Where the answer came from.
    pub(crate) fn url(&self) -> &Url {
        match &self.0 {
            State::Whole(response) => response.url(),
            State::Arriving(_, url) => url,
            State::Between => unreachable!("it is left before anything else runs"),
        }
    }

    /// The next piece of the body.
    pub(crate) async fn next(&mut self) -> reqwest::Result<Option<Bytes>> {
        let pieces = self.pieces();
        let next = std::future::poll_fn(|context| pieces.as_mut().poll_next(context));
        next.await.transpose()
    }

    /// The rest of the body.
    pub(crate) fn into_stream(self) -> Arriving {
        match self.0 {
            State::Whole(response) => Box::pin(response.bytes_stream()),
            State::Arriving(pieces, _) => pieces,
            State::Between => unreachable!("it is left before anything else runs"),
        }
    }

    fn pieces(&mut self) -> &mut Arriving {
        if let State::Whole(_) = self.0
            && let State::Whole(response) = std::mem::replace(&mut self.0, State::Between)
        {
            let url = response.url().clone();
            self.0 = State::Arriving(Box::pin(response.bytes_stream()), url);
        }
        match &mut self.0 {
            State::Arriving(pieces, _) => pieces,
            State::Whole(_) | State::Between => unreachable!("it has become a stream"),
        }
    }
}
