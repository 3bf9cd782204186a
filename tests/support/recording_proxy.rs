//! A reverse proxy that keeps the requests that pass through it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{self, Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Router, http};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// More than any test sends.
const BODY_LIMIT: usize = 1024 * 1024;

/// A proxy before one server. It passes requests on as they are, and answers as they come.
///
/// Dropping it ends it.
pub struct RecordingProxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// A request that passed through. `Debug` shows neither what may be secret nor what may be long.
#[derive(Clone)]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path, and the query with its question mark.
    pub target: String,
    /// All headers, those of the connection too.
    pub headers: HeaderMap,
    /// The body, to the byte.
    pub body: Bytes,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    requests: Mutex<Vec<RecordedRequest>>,
}

impl RecordingProxy {
    /// Starts one before the server that has this base URL.
    ///
    /// # Panics
    ///
    /// Where loopback has no free port.
    pub async fn start(upstream: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let addr = listener
            .local_addr()
            .expect("a bound socket has an address");
        // It adds nothing and hides nothing: what a client gets is what the server said.
        let client = reqwest::Client::builder()
            .no_proxy()
            .no_gzip()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            // A real server resets the connection on which it answered 500.
            .pool_max_idle_per_host(0)
            .build()
            .expect("nothing in this needs the system");
        let shared = Arc::new(Shared {
            upstream: upstream.into(),
            client,
            requests: Mutex::default(),
        });
        let router = Router::new().fallback(forward).with_state(shared.clone());
        let task = tokio::spawn(async move {
            // It serves until it is aborted.
            let _ = axum::serve(listener, router).await;
        });
        Self { addr, shared, task }
    }

    /// Where it listens, as a base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.lock().clone()
    }
}

impl Drop for RecordingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RecordingProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordingProxy")
            .field("addr", &self.addr)
            .field("requests", &self.shared.lock().len())
            .finish_non_exhaustive()
    }
}

impl RecordedRequest {
    /// The names of the headers, in order, each once.
    pub fn header_names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("headers", &self.header_names())
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<RecordedRequest>> {
        self.requests.lock().expect("no test panics with the lock")
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = body::to_bytes(body, BODY_LIMIT).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let target = head
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    shared.lock().push(RecordedRequest {
        method: head.method.clone(),
        target: target.to_owned(),
        headers: head.headers.clone(),
        body: body.clone(),
    });
    let mut onward = shared
        .client
        .request(head.method, format!("{}{target}", shared.upstream))
        .headers(of_the_message(head.headers));
    if !body.is_empty() {
        onward = onward.body(body);
    }
    match onward.send().await {
        Ok(answer) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = answer.status();
            *response.headers_mut() = of_the_message(answer.headers().clone());
            *response.body_mut() = Body::from_stream(answer.bytes_stream());
            response
        }
        // The error would name the URL, and that may hold a token.
        Err(_) => (StatusCode::BAD_GATEWAY, "the server did not answer").into_response(),
    }
}

/// The headers without those that are about one connection.
fn of_the_message(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
    headers
}
