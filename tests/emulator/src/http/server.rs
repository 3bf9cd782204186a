//! The port and the connections on it.
//!
//! This is done here, and not by `axum::serve`, for two things that it does not do: the port is free
//! as soon as the server is dropped, and connections end with the server, whatever they are at.

use std::convert::Infallible;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tower::util::MapResult;

use crate::http::written::Written;

/// How long to wait before trying again if no connection can be accepted: there are too many open
/// files, for one.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Marks an answer that is not sent: the connection is closed in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

impl HangUp {
    pub(crate) fn response() -> Response {
        Extension(Self).into_response()
    }

    /// What the HTTP library closes a connection for.
    fn obey(answer: Result<Response, Infallible>) -> Result<Response, HungUp> {
        let response = answer?;
        match response.extensions().get::<Self>() {
            None => Ok(response),
            Some(Self) => Err(HungUp),
        }
    }
}

#[derive(Debug)]
struct HungUp;

impl fmt::Display for HungUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the emulator was told to inject this fault")
    }
}

impl std::error::Error for HungUp {}

impl From<Infallible> for HungUp {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

pub(crate) struct Server {
    addr: SocketAddr,
    port: Arc<Port>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Server {
    /// Listens on `addr`, and answers by `router` in a task of the ambient runtime.
    /// `grace` is how long a graceful stop waits for requests that are being answered.
    pub(crate) async fn start(
        addr: SocketAddr,
        router: Router,
        grace: Duration,
    ) -> io::Result<Self> {
        // The error of the operating system does not say which address it is about.
        let name = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot listen on {addr}: {error}"))
        };
        let listener = TcpListener::bind(addr).await.map_err(name)?;
        let addr = listener.local_addr().map_err(name)?;
        let port = Arc::new(Port(Mutex::new(Some(listener))));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::clone(&port), router, stopped, grace));
        Ok(Self {
            addr,
            port,
            stop,
            task,
        })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Frees the port, lets requests finish that are being answered, and closes all connections.
    pub(crate) async fn shutdown(mut self) {
        self.port.close();
        // Fails if the task has ended, which is as good.
        let _ = self.stop.send(true);
        let _ = (&mut self.task).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.port.close();
        self.task.abort();
    }
}

/// A listener that can be closed while another task waits on it.
struct Port(Mutex<Option<TcpListener>>);

impl Port {
    /// The next connection. Waits for ever once the port is closed.
    async fn accept(&self) -> io::Result<TcpStream> {
        poll_fn(|context| match &*self.lock() {
            Some(listener) => listener.poll_accept(context).map_ok(|(stream, _)| stream),
            None => Poll::Pending,
        })
        .await
    }

    fn close(&self) {
        let listener = self.lock().take();
        drop(listener);
    }

    fn lock(&self) -> MutexGuard<'_, Option<TcpListener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections until told to stop. Connections are tasks of this task: if it is dropped,
/// they are.
async fn run(port: Arc<Port>, router: Router, stop: watch::Receiver<bool>, grace: Duration) {
    let mut connections = JoinSet::new();
    let mut told = stop.clone();
    loop {
        tokio::select! {
            accepted = port.accept() => match accepted {
                Ok(stream) => {
                    connections.spawn(serve(stream, router.clone(), stop.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            () = told_to_stop(&mut told) => break,
            Some(_) = connections.join_next() => {}
        }
    }
    let all_closed = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(grace, all_closed).await;
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, router: Router, mut stop: watch::Receiver<bool>) {
    // Answers are small, and would wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let written = Arc::new(Written::default());
    let builder = auto::Builder::new(TokioExecutor::new());
    let io = TokioIo::new(written.watch(stream));
    let answers = Arc::clone(&written);
    let service = TowerToHyperService::new(MapResult::new(router, move |answer| {
        HangUp::obey(answer).map(|response| answers.hold_back_errors(response))
    }));
    let connection = builder.serve_connection(io, service);
    let mut connection = std::pin::pin!(connection);
    // How a connection ended is for its other end to say; there is nobody to tell here.
    tokio::select! {
        _ = written.drive(connection.as_mut()) => return,
        () = told_to_stop(&mut stop) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = written.drive(connection).await;
}

async fn told_to_stop(stop: &mut watch::Receiver<bool>) {
    // An error means that nobody is left to tell, which is the end as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
