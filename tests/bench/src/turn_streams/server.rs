//! Servers of prepared bytes: one writes as fast as it can, the other a piece when it is told to.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::programs;

const HEAD: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";

const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// How long the reader of a piece has to wait for it, so that it sleeps when the piece comes.
const PAUSE: Duration = Duration::from_micros(300);

/// A server that answers any request with the same stream. It ends when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Server {
    /// Answers with these pieces, each a chunk. Those but the last are repeated so many times.
    ///
    /// # Panics
    ///
    /// This machine lets nobody listen.
    #[must_use]
    pub fn start(pieces: &[Bytes], times: usize) -> Self {
        let (last, again) = pieces.split_last().expect("there are pieces");
        let again: Vec<u8> = again.iter().flat_map(|piece| chunk(piece)).collect();
        let last = [chunk(last), LAST_CHUNK.to_vec()].concat();
        Self::listen(move |stream| {
            let mut write = || {
                stream.write_all(HEAD)?;
                for _ in 0..times {
                    stream.write_all(&again)?;
                }
                stream.write_all(&last)
            };
            // Who has read enough goes away.
            write().is_ok()
        })
    }

    /// Answers with each piece when it is told to, and says when.
    ///
    /// # Panics
    ///
    /// This machine lets nobody listen.
    #[must_use]
    pub fn start_in_steps(pieces: &[Bytes]) -> (Self, Steps) {
        let chunks: Vec<Vec<u8>> = pieces.iter().map(|piece| chunk(piece)).collect();
        let (go, wait) = channel();
        let (say, said) = channel();
        let wait = std::sync::Mutex::new(wait);
        let server = Self::listen(move |stream| {
            let wait: std::sync::MutexGuard<'_, Receiver<()>> = wait.lock().expect("one reader");
            if stream.write_all(HEAD).is_err() {
                return false;
            }
            for chunk in &chunks {
                if wait.recv().is_err() {
                    return false;
                }
                std::thread::sleep(PAUSE);
                let _ = say.send(Instant::now());
                if stream.write_all(chunk).is_err() {
                    return false;
                }
            }
            stream.write_all(LAST_CHUNK).is_ok()
        });
        (server, Steps { go, said })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn listen(answer: impl Fn(&mut TcpStream) -> bool + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = is_over.clone();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            programs::stay_where_the_server_is();
            for stream in listener.incoming() {
                let (Ok(mut stream), false) = (stream, ends.load(Ordering::Relaxed)) else {
                    return;
                };
                let answer = answer.clone();
                std::thread::spawn(move || {
                    let _ = stream.set_nodelay(true);
                    while is_asked(&mut stream) && answer(&mut stream) {}
                });
            }
        });
        Self { address, is_over }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
    }
}

/// Tells a server when to write the next piece.
#[derive(Debug)]
pub struct Steps {
    go: Sender<()>,
    said: Receiver<Instant>,
}

impl Steps {
    /// Has the next piece written, soon.
    pub fn go(&self) {
        let _ = self.go.send(());
    }

    /// How long ago the first byte of the piece was written that was just read.
    ///
    /// # Panics
    ///
    /// None was.
    #[must_use]
    pub fn ago(&self) -> Duration {
        let now = Instant::now();
        let written = self.said.recv().expect("a piece was written");
        now.saturating_duration_since(written)
    }
}

fn chunk(piece: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
    chunk.extend_from_slice(piece);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// Reads a request and its body. False if there is none any more.
fn is_asked(stream: &mut TcpStream) -> bool {
    let (mut request, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return false,
            Ok(read) => request.extend_from_slice(&part[..read]),
        }
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length:"));
        let length = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return true;
        }
    }
}
