//! What a connection has written, so that a body that breaks off is cut where it breaks, and not before.
//!
//! The HTTP library drops what it has not written yet when a body fails. So a body's error is held back until all before it
//! has gone to the operating system.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::response::Response;
use futures_util::TryStreamExt;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Marks an answer whose body may break off by an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreaksOff;

/// What is known of a connection: whether it has written all that it was given.
#[derive(Debug, Default)]
pub(crate) struct Written(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Whether the last write found no room.
    blocked: bool,
    /// The connection is driven in rounds, numbered from 1. This is the last that began.
    round: u64,
    /// The last round after which nothing was left to write.
    clean_round: u64,
    connection: Option<Waker>,
    waiting: Vec<Waker>,
}

impl Written {
    /// The connection's stream, watched.
    pub(crate) fn watch(self: &Arc<Self>, stream: TcpStream) -> Watched {
        Watched {
            stream,
            written: Arc::clone(self),
        }
    }

    /// Drives the connection to its end.
    pub(crate) async fn drive<C: Future>(&self, mut connection: Pin<&mut C>) -> C::Output {
        poll_fn(|context| {
            let round = self.begin(context.waker());
            let polled = connection.as_mut().poll(context);
            if polled.is_pending() {
                self.end(round);
            }
            polled
        })
        .await
    }

    /// Ends when all that the connection was given before has gone to the operating system.
    async fn all(&self) {
        let mut wanted = None;
        poll_fn(|context| {
            let mut state = self.lock();
            let is_new = wanted.is_none();
            // The round at hand may be past writing.
            let wanted = *wanted.get_or_insert(state.round + 1);
            if state.clean_round >= wanted {
                return Poll::Ready(());
            }
            if !state.waiting.iter().any(|it| it.will_wake(context.waker())) {
                state.waiting.push(context.waker().clone());
            }
            let connection = state.connection.clone().filter(|_| is_new);
            drop(state);
            // Once: the body may be asked in each round, and would cause the next.
            if let Some(connection) = connection {
                connection.wake();
            }
            Poll::Pending
        })
        .await;
    }

    /// The same answer. If its body breaks off, it does so once all before is written.
    pub(crate) fn hold_back_errors(self: &Arc<Self>, response: Response) -> Response {
        if response.extensions().get::<BreaksOff>().is_none() {
            return response;
        }
        let written = Arc::clone(self);
        response.map(|body| {
            Body::from_stream(body.into_data_stream().or_else(move |error| {
                let written = Arc::clone(&written);
                async move {
                    written.all().await;
                    Err(error)
                }
            }))
        })
    }

    fn begin(&self, connection: &Waker) -> u64 {
        let mut state = self.lock();
        state.round += 1;
        match &mut state.connection {
            Some(known) => known.clone_from(connection),
            none => *none = Some(connection.clone()),
        }
        state.round
    }

    fn end(&self, round: u64) {
        let mut state = self.lock();
        if state.blocked {
            return;
        }
        state.clean_round = round;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for waker in waiting {
            waker.wake();
        }
    }

    fn note<T>(&self, write: Poll<T>) -> Poll<T> {
        self.lock().blocked = write.is_pending();
        write
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose writes are noted.
#[derive(Debug)]
pub(crate) struct Watched {
    stream: TcpStream,
    written: Arc<Written>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.written.note(write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written.note(write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (connected, accepted) = tokio::join!(TcpStream::connect(addr), listener.accept());
        (connected.unwrap(), accepted.unwrap().0)
    }

    /// The body of a connection may be asked in each of its rounds, as over HTTP/1.1.
    #[tokio::test]
    async fn a_full_connection_is_not_driven_again_and_again_while_a_body_waits_for_it() {
        const LENGTH: usize = 32 << 20;
        let (reader, stream) = pair().await;
        let written = Arc::new(Written::default());
        let mut watched = written.watch(stream);
        let waits = Arc::clone(&written);
        let mut body = Box::pin(async move { waits.all().await });
        let piece = [0; 1 << 16];
        let mut left = LENGTH;
        let connection = poll_fn(move |context| {
            while left > 0 {
                let rest = &piece[..piece.len().min(left)];
                match Pin::new(&mut watched).poll_write(context, rest) {
                    Poll::Ready(length) => left -= length.unwrap(),
                    Poll::Pending => {
                        let polled = body.as_mut().poll(context);
                        assert!(polled.is_pending());
                        return polled;
                    }
                }
            }
            body.as_mut().poll(context)
        });
        let drives = Arc::clone(&written);
        let driven = tokio::spawn(async move { drives.drive(std::pin::pin!(connection)).await });
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        let state = |written: &Written| {
            let state = written.lock();
            (state.blocked, state.waiting.len(), state.round)
        };
        let (blocked, waiting, round) = state(&written);
        assert_eq!((blocked, waiting), (true, 1));
        // The system may make room several times as its buffers grow.
        assert!(round < 300, "{round} rounds");

        let mut reader = tokio::io::AsyncReadExt::take(reader, LENGTH as u64);
        let mut sink = tokio::io::sink();
        let read = tokio::io::copy(&mut reader, &mut sink).await.unwrap();
        assert_eq!(read, LENGTH as u64);
        driven.await.unwrap();
    }
}
