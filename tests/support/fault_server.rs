//! A server on a raw socket that fails as it is told: connections that break, answers that stop, drip
//! or never end.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use std::{fmt, io};

use flate2::{Compress, Compression, Crc, FlushCompress};
use letta_api_ext::Letta;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// How much [`Fault::Endless`] writes before it gives up on a client that never stops reading.
pub const ENDLESS_LIMIT: u64 = 256 * 1024 * 1024;

/// How long [`FaultServer::closed_by_peer`] waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the server does with one request.
///
/// It reads a request as a head and as many bytes of body as `content-length` says.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Writes these bytes and closes the connection.
    Answer(Vec<u8>),
    /// Writes these bytes and keeps the connection for the next request.
    AnswerKeepAlive(Vec<u8>),
    /// Breaks the connection with a TCP reset before reading anything.
    ///
    /// On a new connection, and with more than one thread, the reset may overtake the client: it sees it
    /// while connecting, while sending or while it waits for the answer. Where a test must know which,
    /// [`ResetAfterRequest`](Self::ResetAfterRequest) always comes at the last.
    ResetOnAccept,
    /// Reads the whole request, then resets.
    ResetAfterRequest,
    /// Reads the whole request, then closes without a byte.
    CloseAfterRequest,
    /// Reads the request, writes these bytes, then resets.
    ///
    /// Keep them few: a reset discards what the client's socket had no room for yet.
    AnswerThenReset(Vec<u8>),
    /// Never reads, and holds the connection until the peer closes it.
    ///
    /// The end of a request too long for the sockets' buffers finds no room, and the peer's close waits
    /// behind it: [`FaultServer::closed_by_peer`] sees only a short request's.
    HangOnAccept,
    /// Reads the request, writes these bytes, which may be none, and then nothing more. Holds the
    /// connection until the peer closes it.
    AnswerThenHang(Vec<u8>),
    /// Writes the answer in pieces, then closes the connection.
    Slowly {
        /// The whole answer.
        answer: Vec<u8>,
        /// How many bytes are written at a time.
        piece: usize,
        /// How long it waits between two pieces.
        pause: Duration,
    },
    /// Writes the head, then the chunk over and over until the peer closes, or closes the connection
    /// itself past [`ENDLESS_LIMIT`].
    Endless {
        /// What is written once.
        head: Vec<u8>,
        /// What is repeated.
        chunk: Vec<u8>,
    },
}

impl Fault {
    /// Refuses what would never get anywhere.
    fn checked(self) -> Self {
        match &self {
            Self::Slowly { piece, .. } => assert!(*piece > 0, "a piece has bytes"),
            Self::Endless { chunk, .. } => assert!(!chunk.is_empty(), "a chunk has bytes"),
            _ => {}
        }
        self
    }
}

/// A server that meets each request with a [`Fault`]. It keeps what it was sent.
///
/// Each connection is a task of its own. Dropping the server ends them all.
pub struct FaultServer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl FaultServer {
    /// Starts one at which the n-th request meets the n-th fault. The last fault goes on for all that
    /// follow.
    ///
    /// Accepting a connection takes the number of its first request, for a fault may come before the
    /// request does. A further request on a kept connection takes its number when its first byte is
    /// there.
    pub async fn start(script: impl IntoIterator<Item = Fault>) -> Self {
        let faults: Vec<_> = script.into_iter().map(Fault::checked).collect();
        assert!(!faults.is_empty(), "a script has a fault");
        Self::with_script(Script::List {
            faults,
            next: AtomicUsize::new(0),
        })
    }

    /// Starts one that makes the fault from the request: its number from 0, which is its place in
    /// [`requests`](Self::requests), and its text.
    ///
    /// The request is read before the fault is known, so [`Fault::ResetOnAccept`] and
    /// [`Fault::HangOnAccept`] come after it too.
    pub async fn start_with(script: impl Fn(usize, &str) -> Fault + Send + Sync + 'static) -> Self {
        Self::with_script(Script::Made(Box::new(script)))
    }

    fn with_script(script: Script) -> Self {
        let listener = listen();
        let addr = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            script,
            requests: Mutex::default(),
            forgets: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            closed_by_peer: watch::Sender::new(0),
            written: AtomicU64::new(0),
        });
        let task = tokio::spawn(accept(listener, shared.clone()));
        Self { addr, shared, task }
    }

    /// Where it listens, as a base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// A client for it.
    pub fn letta(&self) -> Letta {
        crate::letta(self.url())
    }

    /// The requests so far, each as it was sent, the head and the body, in the order in which they were
    /// read to their end. A request is here before its fault strikes.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests().clone()
    }

    /// Keeps no requests from now on, so that memory stays flat over many. All have the number 0 then.
    pub fn forget_requests(&self) {
        self.shared.forgets.store(true, Ordering::SeqCst);
    }

    /// How many connections were accepted so far, those on which nothing was read among them.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until the peer has closed this many connections, or its side of them. Those that the server
    /// closed first do not count.
    ///
    /// # Panics
    ///
    /// When it takes more than five seconds.
    pub async fn closed_by_peer(&self, count: usize) {
        let mut closed = self.shared.closed_by_peer.subscribe();
        let enough = tokio::time::timeout(PATIENCE, closed.wait_for(|closed| *closed >= count));
        if enough.await.is_err() {
            panic!(
                "the peer closed {} of {} connections in {PATIENCE:?}, not {count}",
                *self.shared.closed_by_peer.borrow(),
                self.connections(),
            );
        }
    }

    /// How many bytes of answers were written so far.
    ///
    /// The sockets' buffers take some before the peer reads them: up to about two MiB.
    pub fn bytes_written(&self) -> u64 {
        self.shared.written.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for FaultServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultServer")
            .field("addr", &self.addr)
            .field("connections", &self.connections())
            .field("requests", &*self.shared.requests())
            .finish_non_exhaustive()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        // The task owns those of the connections.
        self.task.abort();
    }
}

type Make = dyn Fn(usize, &str) -> Fault + Send + Sync;

enum Script {
    List {
        faults: Vec<Fault>,
        next: AtomicUsize,
    },
    Made(Box<Make>),
}

struct Shared {
    script: Script,
    requests: Mutex<Vec<String>>,
    forgets: AtomicBool,
    connections: AtomicUsize,
    closed_by_peer: watch::Sender<usize>,
    written: AtomicU64,
}

impl Shared {
    fn requests(&self) -> MutexGuard<'_, Vec<String>> {
        self.requests.lock().expect("no test panics with the lock")
    }

    /// Takes the next number of a list. What is made from requests is not known yet.
    fn next_fault(&self) -> Option<Fault> {
        match &self.script {
            Script::List { faults, next } => {
                let number = next.fetch_add(1, Ordering::SeqCst);
                faults.get(number).or(faults.last()).cloned()
            }
            Script::Made(_) => None,
        }
    }

    /// Keeps a request, and makes its fault unless it has one.
    fn fault_of(&self, request: String, fault: Option<Fault>) -> Fault {
        let number = if self.forgets.load(Ordering::SeqCst) {
            0
        } else {
            let mut requests = self.requests();
            requests.push(request.clone());
            requests.len() - 1
        };
        match (&self.script, fault) {
            (Script::Made(make), _) => make(number, &request).checked(),
            (Script::List { .. }, fault) => fault.expect("a list has a fault for every request"),
        }
    }
}

fn bound() -> TcpSocket {
    let socket = TcpSocket::new_v4().expect("there are sockets to be had");
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    socket.bind(loopback).expect("loopback has a free port");
    socket
}

fn listen() -> TcpListener {
    let socket = bound();
    // Connections inherit it. By itself it grows to megabytes, and what a client has not read would seem
    // to be written.
    socket
        .set_send_buffer_size(64 * 1024)
        .expect("a buffer can be small");
    socket.listen(1024).expect("a bound socket can listen")
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, _) = accepted.expect("a listening socket accepts");
                shared.connections.fetch_add(1, Ordering::SeqCst);
                // Here, not in the task: numbers follow the order of accepting.
                let fault = shared.next_fault();
                connections.spawn(connection(stream, shared.clone(), fault));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, fault: Option<Fault>) {
    let connection = Connection {
        stream,
        unread: Vec::new(),
        shared: shared.clone(),
    };
    if let Err(PeerClosed) = connection.serve(fault).await {
        shared.closed_by_peer.send_modify(|closed| *closed += 1);
    }
}

/// The connection ended before the server was done with it.
struct PeerClosed;

impl From<io::Error> for PeerClosed {
    fn from(_: io::Error) -> Self {
        Self
    }
}

struct Connection {
    stream: TcpStream,
    /// What was sent past the end of the last request.
    unread: Vec<u8>,
    shared: Arc<Shared>,
}

impl Connection {
    async fn serve(mut self, mut fault: Option<Fault>) -> Result<(), PeerClosed> {
        // A piece is to leave when it is written.
        self.stream.set_nodelay(true)?;
        loop {
            match fault {
                Some(Fault::ResetOnAccept) => return self.reset(),
                Some(Fault::HangOnAccept) => return self.hang().await,
                _ => {}
            }
            let request = self.read_request().await?;
            match self.shared.fault_of(request, fault) {
                Fault::Answer(answer) => {
                    self.write(&answer).await?;
                    return self.close().await;
                }
                Fault::AnswerKeepAlive(answer) => self.write(&answer).await?,
                Fault::ResetOnAccept | Fault::ResetAfterRequest => return self.reset(),
                Fault::CloseAfterRequest => return self.close().await,
                Fault::AnswerThenReset(answer) => {
                    self.write(&answer).await?;
                    return self.reset();
                }
                Fault::HangOnAccept => return self.hang().await,
                Fault::AnswerThenHang(answer) => {
                    self.write(&answer).await?;
                    return self.hang().await;
                }
                Fault::Slowly {
                    answer,
                    piece,
                    pause,
                } => {
                    self.write_slowly(&answer, piece, pause).await?;
                    return self.close().await;
                }
                Fault::Endless { head, chunk } => {
                    self.write(&head).await?;
                    let mut written = head.len() as u64;
                    while written < ENDLESS_LIMIT {
                        self.write(&chunk).await?;
                        written += chunk.len() as u64;
                    }
                    return self.close().await;
                }
            }
            self.next_request_begins().await?;
            fault = self.shared.next_fault();
        }
    }

    /// Waits for a byte of the next request, so that an idle connection takes no number.
    async fn next_request_begins(&self) -> Result<(), PeerClosed> {
        if self.unread.is_empty() && self.stream.peek(&mut [0]).await? == 0 {
            return Err(PeerClosed);
        }
        Ok(())
    }

    async fn read_request(&mut self) -> Result<String, PeerClosed> {
        loop {
            if let Some(end) = request_end(&self.unread) {
                let rest = self.unread.split_off(end);
                let request = std::mem::replace(&mut self.unread, rest);
                return Ok(String::from_utf8_lossy(&request).into_owned());
            }
            self.unread.reserve(4096);
            if self.stream.read_buf(&mut self.unread).await? == 0 {
                return Err(PeerClosed);
            }
        }
    }

    async fn write(&mut self, mut bytes: &[u8]) -> Result<(), PeerClosed> {
        while !bytes.is_empty() {
            let count = self.stream.write(bytes).await?;
            self.shared
                .written
                .fetch_add(count as u64, Ordering::SeqCst);
            bytes = &bytes[count..];
        }
        Ok(())
    }

    async fn write_slowly(
        &mut self,
        answer: &[u8],
        piece: usize,
        pause: Duration,
    ) -> Result<(), PeerClosed> {
        for (index, piece) in answer.chunks(piece).enumerate() {
            if index > 0
                && tokio::time::timeout(pause, peer_closes(&self.stream))
                    .await
                    .is_ok()
            {
                return Err(PeerClosed);
            }
            self.write(piece).await?;
        }
        Ok(())
    }

    async fn hang(self) -> Result<(), PeerClosed> {
        peer_closes(&self.stream).await;
        Err(PeerClosed)
    }

    async fn close(mut self) -> Result<(), PeerClosed> {
        Ok(self.stream.shutdown().await?)
    }

    fn reset(self) -> Result<(), PeerClosed> {
        // Closing a socket that does not linger sends a reset.
        Ok(self.stream.set_zero_linger()?)
    }
}

/// Waits until the peer closes. It reads nothing, so that a peer that sends much stays stuck.
async fn peer_closes(stream: &TcpStream) {
    while let Ok(ready) = stream.ready(Interest::READABLE).await
        && !ready.is_read_closed()
    {
        // Says that nothing is left to read, or `ready` would answer at once for ever. The next thing that
        // happens to the socket wakes it, and that it is closed is never forgotten.
        let nothing = || Err::<(), _>(io::ErrorKind::WouldBlock.into());
        stream.try_io(Interest::READABLE, nothing).ok();
    }
}

/// Where the request at the start of these bytes ends, if it is whole.
fn request_end(bytes: &[u8]) -> Option<usize> {
    let head = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let length = String::from_utf8_lossy(&bytes[..head])
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .unwrap_or(0);
    let end = head.checked_add(length)?;
    (bytes.len() >= end).then_some(end)
}

/// A base URL on loopback at which nothing listens.
///
/// The port stays taken until the process ends, so that no other test gets it meanwhile, and a client
/// cannot come from it and so reach itself.
pub fn refused_url() -> String {
    let socket = bound();
    let addr = socket.local_addr().expect("a bound socket has an address");
    std::mem::forget(socket);
    format!("http://{addr}")
}

/// A gzip stream of one member that inflates to this many MiB of zeros, about a thousand times its own
/// size.
pub fn gzip_bomb(megabytes: usize) -> Vec<u8> {
    // A full flush ends a block at a whole byte and refers to nothing before it. So one block can be
    // repeated, which is much faster than to compress it all without optimisation.
    let zeros = vec![0; 1024 * 1024];
    let mut block = Vec::with_capacity(64 * 1024);
    Compress::new(Compression::best(), false)
        .compress_vec(&zeros, &mut block, FlushCompress::Full)
        .expect("zeros can be compressed");
    let mut one = Crc::new();
    one.update(&zeros);

    // Deflate, no flags, no time, best compression, unknown system.
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];
    let mut all = Crc::new();
    for _ in 0..megabytes {
        bomb.extend_from_slice(&block);
        all.combine(&one);
    }
    // The last block, which is empty.
    bomb.extend_from_slice(&[3, 0]);
    bomb.extend_from_slice(&all.sum().to_le_bytes());
    bomb.extend_from_slice(&all.amount().to_le_bytes());
    bomb
}
