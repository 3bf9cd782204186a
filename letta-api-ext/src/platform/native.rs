//! A machine: tokio's time and tasks, and an HTTP client of this process.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use reqwest::Request;
use tower::retry::budget::{Budget as _, TpsBudget};

use super::{HttpSettings, NoRuntime};

mod proxy;
pub(crate) mod runtime;
pub(crate) mod time;
#[cfg(all(
    feature = "rustls-ring",
    not(any(feature = "native-tls", feature = "rustls"))
))]
mod tls;

pub(crate) use proxy::of_environment as proxy_of;

pub(crate) type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

/// Whether the HTTP client follows redirects, whatever it is told.
pub(crate) const FOLLOWS_REDIRECTS: bool = false;

/// Longest time that making a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection with calls under way may be silent before it is asked whether it is there, and how long it has to
/// answer. HTTP/2 only: on a dead connection of many calls, each would time out by itself.
#[cfg(feature = "http2")]
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Whether calls can be made here.
pub(crate) fn check_runtime() -> Result<(), NoRuntime> {
    runtime::current().map(drop)
}

/// Whether no connection was made.
pub(crate) fn is_connect(error: &reqwest::Error) -> bool {
    error.is_connect()
}

/// The default HTTP client.
///
/// # Errors
///
/// What is wrong, in words that may be printed.
pub(crate) fn http_client(settings: &HttpSettings) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(settings.shortest_time / 2))
        // It would repeat what HTTP/2 servers refuse at once and uncounted. The retry policy does it.
        .retry(reqwest::retry::never())
        // An application that turns these on in reqwest turns them on for all who use it.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(concat!("letta-api-ext/", env!("CARGO_PKG_VERSION")));
    #[cfg(feature = "http2")]
    let builder = builder
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE);
    // As above: HTTP/2 may be on in reqwest for somebody else.
    #[cfg(not(feature = "http2"))]
    let builder = builder.http1_only();
    // What is sent to this machine in clear must not go through another.
    let builder = match settings.is_loopback {
        true => builder.no_proxy(),
        false => builder,
    };
    #[cfg(all(
        feature = "rustls-ring",
        not(any(feature = "native-tls", feature = "rustls"))
    ))]
    let builder =
        builder.tls_backend_preconfigured(tls::with_ring().map_err(|error| error.to_string())?);
    builder
        .build()
        .map_err(|error| error.without_url().to_string())
}

/// The tokens of a retry budget.
#[derive(Clone)]
pub(crate) struct Bucket(Arc<TpsBudget>);

impl Bucket {
    /// Tokens last for 10 seconds.
    pub(crate) fn new(per_second: u32, per_call: f32) -> Option<Self> {
        let bucket = TpsBudget::new(Duration::from_secs(10), per_second, per_call);
        Some(Self(Arc::new(bucket)))
    }

    pub(crate) fn deposit(&self) {
        self.0.deposit();
    }

    pub(crate) fn withdraw(&self) -> bool {
        self.0.withdraw()
    }
}

/// The same request. `None` if it has a body. reqwest's own way (`try_clone`) makes a table for what is never there: neither
/// a time-out nor any other extension is given to a request before it gets here.
pub(crate) fn copy_request(request: &Request) -> Option<Request> {
    if request.body().is_some() {
        return None;
    }
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    Some(copy)
}

/// Takes the body out, if it is no stream. Nothing is copied.
pub(crate) fn take_whole_body(request: &mut Request) -> Option<Bytes> {
    use futures_util::FutureExt;
    use http_body_util::BodyExt;

    request.body()?.as_bytes()?;
    let mut body = request.body_mut().take()?;
    // Bytes come as one frame, at once. An empty body has none.
    let frame = body.frame().now_or_never().flatten();
    let bytes = frame.and_then(|frame| frame.ok()?.into_data().ok());
    Some(bytes.unwrap_or_default())
}
