//! What the integration tests share: clients for servers on loopback, a server that keeps every byte it
//! was sent, one that fails as it is told, a proxy that keeps what passes through it,
//! a record of what is traced, time that stands still, an emulator with a client for it, agents that do what the user's words say, an emulator for minters in such time, tests for both of the
//! emulator's rules for tokens, and what to do where a tool is missing.

pub mod emulated;
pub mod event_server;
pub mod external_tools;
pub mod fault_server;
pub mod minting;
pub mod official_clients;
pub mod recording_proxy;
pub mod spoken_to;
pub mod token_rules;
pub mod traces;
pub mod virtual_time;

use std::time::Duration;

use letta_api_ext::{AccessPolicy, Letta, LettaBuilder, RetryPolicy};

use crate::fault_server::{Fault, FaultServer};

/// The API key that tests call with. No other text in the tests contains it.
pub const API_KEY: &str = "sk-let-k3yk3yk3y0123456789";

/// The secret of the token that servers in tests hand out. It has the form of the service's tokens.
pub const TOKEN: &str = "ck-let-b3JnLTNiMWY2YzUyLThhMGQtNGU3Yi05YzM1LWQyZjQ4ZTYxYTkwNzo3YzllNjY3OS03NDI1LTQwZGUtOTQ0Yi1lMDdmYzFmOTBhZTc=";

/// What [`TOKEN`] stands for without `ck-let-`: an organization's ID and a UUID.
pub const TOKEN_DECODED: &str =
    "org-3b1f6c52-8a0d-4e7b-9c35-d2f48e61a907:7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// The random part of [`TOKEN`].
pub const TOKEN_UUID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

/// A part of [`TOKEN`], without the signs that encodings change. No other text in the tests contains it.
pub const TOKEN_PART: &str = "Yi1lMDdmYzFmOTBhZTc";

/// A client for the server at `base_url`, with [`API_KEY`], that sends each call once.
pub fn letta(base_url: impl Into<String>) -> Letta {
    configured(base_url, |builder| builder.retry(RetryPolicy::never()))
}

/// A client that tries again as clients do, and does not take long about it.
pub fn persistent(base_url: impl Into<String>) -> Letta {
    configured(base_url, |builder| builder)
}

/// A client that tries again without waiting long, configured further.
pub fn configured(
    base_url: impl Into<String>,
    configure: impl FnOnce(LettaBuilder) -> LettaBuilder,
) -> Letta {
    let backoff = Duration::from_millis(1);
    let builder = Letta::builder()
        .api_key(API_KEY)
        .base_url(base_url)
        .retry(RetryPolicy::standard().backoff(backoff, backoff));
    configure(builder)
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
pub struct Tap(FaultServer);

impl Tap {
    /// Starts one that gives `answer`.
    pub async fn start(answer: Vec<u8>) -> Self {
        Self(FaultServer::start([Fault::Answer(answer)]).await)
    }

    /// Where it listens, as a base URL.
    pub fn url(&self) -> String {
        self.0.url()
    }

    /// A client for it.
    pub fn letta(&self) -> Letta {
        self.0.letta()
    }

    /// The requests so far, each as it was sent, the head and the body.
    pub fn requests(&self) -> Vec<String> {
        self.0.requests()
    }

    /// The one request that there was.
    pub fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.into_iter().next().expect("there is one")
    }
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

/// All that an error and its causes print.
pub fn printed(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        text += &format!("{error}\n{error:?}\n{error:#?}\n");
        cause = error.source();
    }
    text
}

/// The memory that this process has in use, in bytes, where that can be known.
pub fn resident_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = text.split(' ').nth(1)?.parse().ok()?;
    // Pages of another size would only be counted too small.
    Some(pages * 4096)
}

/// Compiles the examples of the workspace's README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
