//! A server on a raw socket that sends as many events as a test wants, without keeping them.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a request is answered with.
pub enum Reply {
    /// An answer in JSON, with this status line, such as `200 OK`.
    Json(&'static str, String),
    /// A stream of events with this data each, and then the end of the body.
    Events(Box<dyn Iterator<Item = String> + Send>),
    /// The same, and then nothing more, on a connection that stays open.
    EventsThenSilence(Box<dyn Iterator<Item = String> + Send>),
    /// The connection is closed.
    Nothing,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(status, body) => f.debug_tuple("Json").field(status).field(body).finish(),
            Self::Events(_) => f.write_str("Events"),
            Self::EventsThenSilence(_) => f.write_str("EventsThenSilence"),
            Self::Nothing => f.write_str("Nothing"),
        }
    }
}

impl Reply {
    /// A stream of these events.
    pub fn events(events: impl IntoIterator<Item = String, IntoIter: Send + 'static>) -> Self {
        Self::Events(Box::new(events.into_iter()))
    }
}

/// A server that answers each request by a function of its first line and its body. Each connection serves one request.
#[derive(Debug)]
pub struct EventServer {
    addr: SocketAddr,
    task: JoinHandle<()>,
}

impl EventServer {
    /// Starts one.
    ///
    /// # Panics
    ///
    /// Loopback has no free port.
    pub async fn start(reply: impl Fn(&str, &str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("loopback has a free port");
        let addr = listener
            .local_addr()
            .expect("a bound socket has an address");
        let reply = Arc::new(reply);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let reply = reply.clone();
                // A client that goes away ends it.
                tokio::spawn(async move { serve(stream, &*reply).await.ok() });
            }
        });
        Self { addr, task }
    }

    /// Where it listens, as a base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

impl Drop for EventServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    reply: &(dyn Fn(&str, &str) -> Reply + Send + Sync),
) -> std::io::Result<()> {
    let mut request = Vec::new();
    let (line, body) = loop {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is_it = name.eq_ignore_ascii_case("content-length");
            is_it.then(|| value.trim().parse::<usize>().ok())?
        });
        if body.len() >= length.unwrap_or(0) {
            let line = head.lines().next().unwrap_or_default();
            break (line.to_owned(), body.to_owned());
        }
    };
    match reply(&line, &body) {
        Reply::Nothing => {}
        Reply::Json(status, body) => {
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
        }
        Reply::Events(events) => write(&mut stream, events).await?,
        Reply::EventsThenSilence(events) => {
            write(&mut stream, events).await?;
            let _ = stream.read(&mut [0]).await;
        }
    }
    stream.shutdown().await
}

async fn write(
    stream: &mut TcpStream,
    events: Box<dyn Iterator<Item = String> + Send>,
) -> std::io::Result<()> {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    stream.write_all(head).await?;
    let mut together = String::new();
    for event in events {
        together += &format!("data: {event}\n\n");
        // Many small events in one piece: what a test measures is the reader.
        if together.len() > 16 * 1024 {
            stream.write_all(together.as_bytes()).await?;
            together.clear();
        }
    }
    stream.write_all(together.as_bytes()).await
}
