//! The native platform: tokio's time and tasks, and an HTTP client in this process.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use reqwest::Request;
use tower::retry::budget::{Budget as _, TpsBudget};

use super::{HttpSettings, NoRuntime};

mod body;
#[cfg(feature = "folders")]
mod file;
#[cfg(feature = "agent-files")]
pub(crate) mod files;
pub(crate) mod page;
mod proxy;
pub(crate) mod runtime;
pub(crate) mod time;
#[cfg(all(
    feature = "rustls-ring",
    not(any(feature = "native-tls", feature = "rustls"))
))]
mod tls;

pub(crate) use body::watch as watch_body;
#[cfg(feature = "folders")]
pub(crate) use file::open as open_file;
pub(crate) use proxy::of_environment as proxy_of;

pub(crate) type BoxStream<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

/// A function that is told how many bytes of how many were sent.
pub(crate) type BoxTell = Box<dyn FnMut(u64, u64) + Send>;

/// Whether a body can be [watched](watch_body).
pub(crate) const TELLS_PROGRESS: bool = true;

/// Whether the HTTP client always follows redirects.
pub(crate) const FOLLOWS_REDIRECTS: bool = false;

/// Whether the service is asked first which headers it takes.
pub(crate) const ASKS_FOR_HEADERS: bool = false;

/// Whether each request has the origin of a page, which nobody else can set.
pub(crate) const SETS_ORIGIN: bool = false;

/// Whether an error of the HTTP client tells why there is no answer.
pub(crate) const TELLS_FAILURES: bool = true;

/// The longest time for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection with calls under way may be silent before it is pinged, and how long it has to answer. Only
/// for HTTP/2: on a dead connection with many calls, each call would time out by itself.
#[cfg(feature = "http2")]
const KEEP_ALIVE: Duration = Duration::from_secs(5);

/// Checks that calls can be made here.
pub(crate) fn check_runtime() -> Result<(), NoRuntime> {
    runtime::current().map(drop)
}

/// Runs a future to its end, in a task of the current runtime. Without a runtime, it is dropped.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    if let Ok(runtime) = runtime::current() {
        runtime.spawn(future);
    }
}

/// Whether there was no connection.
pub(crate) fn is_connect(error: &reqwest::Error) -> bool {
    error.is_connect()
}

/// The default HTTP client.
///
/// # Errors
///
/// The problem, in words that are safe to print.
pub(crate) fn http_client(settings: &HttpSettings) -> Result<reqwest::Client, String> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT.min(settings.shortest_time / 2))
        // reqwest would repeat requests that an HTTP/2 server refuses, at once and uncounted. The retry policy does
        // it instead.
        .retry(reqwest::retry::never())
        // If an application turns these features of reqwest on, they are on for everyone in the process.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .user_agent(concat!("letta-api-ext/", env!("CARGO_PKG_VERSION")));
    #[cfg(feature = "http2")]
    let builder = builder
        .http2_keep_alive_interval(KEEP_ALIVE)
        .http2_keep_alive_timeout(KEEP_ALIVE);
    // For the same reason: HTTP/2 may be on in reqwest for another crate.
    #[cfg(not(feature = "http2"))]
    let builder = builder.http1_only();
    // Plain text to this machine must not go through another one.
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

/// The bucket of a retry budget.
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

/// A copy of the request. `None` if it has a body. reqwest's own `try_clone` allocates a table for extensions, which
/// requests never have here.
pub(crate) fn copy_request(request: &Request) -> Option<Request> {
    if request.body().is_some() {
        return None;
    }
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    Some(copy)
}

/// Takes the body out, if it is not a stream. Nothing is copied.
pub(crate) fn take_whole_body(request: &mut Request) -> Option<Bytes> {
    use futures_util::FutureExt;
    use http_body_util::BodyExt;

    request.body()?.as_bytes()?;
    let mut body = request.body_mut().take()?;
    // The bytes come as one frame, at once. An empty body has no frame.
    let frame = body.frame().now_or_never().flatten();
    let bytes = frame.and_then(|frame| frame.ok()?.into_data().ok());
    Some(bytes.unwrap_or_default())
}
