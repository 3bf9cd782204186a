//! What is sent, over sockets.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clock::Clock;
use crate::http::server::Server;
use crate::stream::event::StreamEvent;
use crate::stream::respond::{KeepAlive, StreamOptions};

mod respond;
mod struck;

async fn serve(router: Router) -> Server {
    let addr = ([127, 0, 0, 1], 0).into();
    Server::start(addr, router, Duration::ZERO).await.unwrap()
}

fn options(clock: impl Clock, keep_alive: Option<KeepAlive>) -> StreamOptions {
    StreamOptions {
        clock: Arc::new(clock),
        keep_alive,
    }
}

/// A server that answers each request with the series that is made for it.
async fn serve_events<S>(
    clock: impl Clock + Clone,
    pings: bool,
    events: impl Fn() -> S + Clone + Send + Sync + 'static,
) -> Server
where
    S: Stream<Item = StreamEvent> + Send + 'static,
{
    serve(Router::new().route(
        "/",
        get(move || {
            crate::stream::respond::respond(
                events(),
                options(clock.clone(), pings.then(pings_of_last)),
            )
        }),
    ))
    .await
}

fn pings_of_last() -> KeepAlive {
    Box::new(|seq_id| {
        let seq_id = seq_id.map_or("null".to_owned(), |seq_id| seq_id.to_string());
        StreamEvent::new(format!("{{\"ping\":{seq_id}}}"), None)
    })
}

/// A connection over which a page was asked for.
struct Raw(TcpStream);

impl Raw {
    async fn get(server: &Server) -> Self {
        Self::over(TcpStream::connect(server.addr()).await.unwrap()).await
    }

    async fn over(mut stream: TcpStream) -> Self {
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
        stream.write_all(request).await.unwrap();
        Self(stream)
    }

    /// What comes up to and including `end`.
    async fn read_until(&mut self, end: &str) -> String {
        let mut read = Vec::new();
        while !read.ends_with(end.as_bytes()) {
            let byte = self.0.read_u8().await;
            let byte = byte
                .unwrap_or_else(|error| panic!("{error} after {}", String::from_utf8_lossy(&read)));
            read.push(byte);
        }
        String::from_utf8(read).unwrap()
    }

    async fn head(&mut self) -> String {
        self.read_until("\r\n\r\n").await
    }

    /// The next chunk of the body, whose end is an empty one.
    async fn chunk(&mut self) -> String {
        let size = self.read_until("\r\n").await;
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        self.0.read_exact(&mut chunk).await.unwrap();
        let chunk = String::from_utf8(chunk).unwrap();
        chunk.strip_suffix("\r\n").unwrap().to_owned()
    }

    /// Whether something comes within a hundred turns of the runtime.
    async fn is_silent(&mut self) -> bool {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut byte = [0];
        let polled = futures_util::poll!(std::pin::pin!(self.0.peek(&mut byte)));
        polled.is_pending()
    }
}

/// Ready events, which count how many of them were asked for.
fn counted(
    total: usize,
    size: usize,
) -> (
    Arc<AtomicUsize>,
    impl Fn() -> BoxStream<'static, StreamEvent> + Clone + Send + Sync + 'static,
) {
    let pulled = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&pulled);
    let events = move || {
        let counter = Arc::clone(&counter);
        let data = "x".repeat(size);
        stream::iter(0..total)
            .map(move |_| {
                counter.fetch_add(1, Ordering::Relaxed);
                StreamEvent::new(data.clone(), None)
            })
            .boxed()
    };
    (pulled, events)
}

/// The count once it no longer grows.
async fn until_it_rests(count: &AtomicUsize) -> usize {
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        match count.load(Ordering::Relaxed) {
            now if now > 0 && now == before => return now,
            now => before = now,
        }
    }
}
