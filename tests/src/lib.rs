//! What the integration tests share: clients for servers on loopback, and a server that keeps every
//! byte it was sent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use letta_api_ext::{AccessPolicy, Letta};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The API key that tests call with. No other text in the tests contains it.
pub const API_KEY: &str = "sk-let-k3yk3yk3y0123456789";

/// The secret of the token that servers in tests hand out.
pub const TOKEN: &str = "ck-let-t0kent0ken0123456789";

/// A client for the server at `base_url`, with [`API_KEY`].
pub fn letta(base_url: impl Into<String>) -> Letta {
    Letta::builder()
        .api_key(API_KEY)
        .base_url(base_url)
        .build()
        .expect("a loopback URL and a good key make a client")
}

/// A policy that does where any will do: chatting with `agent-1`.
pub fn policy() -> AccessPolicy {
    AccessPolicy::builder()
        .agent("agent-1")
        .chat()
        .build()
        .expect("`agent-1` is an ID")
}

/// The JSON of a token with [`TOKEN`] as its secret, as the service gives it.
pub fn token_json() -> String {
    format!(
        r#"{{"token":"{TOKEN}","hostname":"https://app.example.com","expiresAt":"2126-03-01T12:00:00.000Z","policy":{{"version":"1","data":[{{"type":"agent","id":"agent-1","access":["read_messages","write_messages"]}}]}}}}"#
    )
}

/// An HTTP/1.1 answer with a body of this type.
pub fn answer(status: &str, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nx-request-id: req-7\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A server on a raw socket. It gives the same bytes to every request and closes the connection, and
/// keeps what it was sent.
#[derive(Debug)]
pub struct Tap {
    addr: SocketAddr,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Tap {
    /// Starts one that gives `answer`.
    pub async fn start(answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("loopback has a free port");
        let addr = listener
            .local_addr()
            .expect("a bound socket has an address");
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = requests.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(request) = serve(stream, &answer).await {
                    kept.lock()
                        .expect("no test panics with the lock")
                        .push(request);
                }
            }
        });
        Self {
            addr,
            requests,
            task,
        }
    }

    /// Where it listens, as a base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A client for it.
    pub fn letta(&self) -> Letta {
        letta(self.url())
    }

    /// The requests so far, each as it was sent, the head and the body.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.requests.lock().expect("no test panics with the lock");
        requests
            .iter()
            .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            .collect()
    }

    /// The one request that there was.
    pub fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.into_iter().next().expect("there is one")
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads a request to its end, answers it, and closes.
async fn serve(mut stream: TcpStream, answer: &[u8]) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.ok()?;
        if count == 0 {
            break;
        }
        request.extend_from_slice(&chunk[..count]);
        if is_complete(&request) {
            break;
        }
    }
    stream.write_all(answer).await.ok()?;
    stream.shutdown().await.ok()?;
    (!request.is_empty()).then_some(request)
}

fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .unwrap_or(0);
    body.len() >= length
}

/// A request's line and headers, and its body.
pub fn split(request: &str) -> (&str, Vec<(String, String)>, &str) {
    let (head, body) = request
        .split_once("\r\n\r\n")
        .expect("a request has a head");
    let mut lines = head.lines();
    let first = lines.next().expect("a request has a first line");
    let mut headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    headers.sort();
    (first, headers, body)
}

/// Compiles the examples of the workspace's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
