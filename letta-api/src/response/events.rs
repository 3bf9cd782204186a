//! A body of server-sent events, each decoded.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::de::DeserializeOwned;

use super::body::BodyError;
use super::frames::{EVENT_LIMIT, Frame, Frames};
use super::payload;
use super::stream::ByteStream;

/// Server-sent events as they arrive, the data of each decoded from JSON as a `T`.
///
/// It is a [`Stream`]. It ends with the body, or before it with the event that ends it, such as `[DONE]`. An event that is
/// not a `T`, or longer than the limit, is an error, and the next event follows. If the body breaks off, that is an error, and
/// nothing follows. Dropping the stream closes the connection, or this call's part of it. `Debug` shows nothing of the events.
///
/// **There is no time-out here.** If the service or the network falls silent and the connection stays open, [`next`](Self::next) waits for
/// ever. A server sends a ping after every 20 seconds of silence, so put a time-out of three pings around each `next`:
/// `tokio::time::timeout(Duration::from_secs(60), events.next())`. After it, drop the stream and ask for the run, which goes on without
/// the connection. A read time-out of the [`reqwest::Client`] does the same for all calls, those that take long to answer
/// included; then the stream ends with an error. A stream that is asked to resume after its last event has pings and no end: stop at
/// the stop reason or the error. The turns of `letta-api-ext` do all this.
///
/// An event of a type that the description does not have is no error: it is the branch `Unknown` of a generated type. To see what an
/// event is without decoding it, take the [`frames`](Self::frames) and read their [`EventHead`](crate::EventHead).
///
/// ```
/// use letta_api::EventStream;
/// use serde_json::Value;
///
/// # async fn run() -> Result<(), letta_api::EventError> {
/// let body = bytes::Bytes::from("data: {\"text\": \"Hi\"}\n\n: a comment\n\ndata: [DONE]\n\n");
/// let mut events = EventStream::<Value>::new(body.into()).with_end("[DONE]");
/// while let Some(event) = events.next().await {
///     println!("{}", event?["text"]);
/// }
/// # Ok(())
/// # }
/// ```
pub struct EventStream<T> {
    frames: Frames,
    /// The data of the event that ends the stream.
    end: Option<&'static str>,
    // It holds no `T`, and is `Send` whatever `T` is.
    event: PhantomData<fn() -> T>,
}

impl<T> EventStream<T> {
    /// The longest event that is read unless a limit is set, in bytes: 8 MiB. Comments do not count.
    pub const EVENT_LIMIT: usize = EVENT_LIMIT;

    /// Reads events of this body.
    pub fn new(body: ByteStream) -> Self {
        Self {
            frames: Frames::new(body),
            end: None,
            event: PhantomData,
        }
    }

    /// The same stream, ended by the event whose data is this text.
    #[must_use]
    pub fn with_end(mut self, end: impl Into<Option<&'static str>>) -> Self {
        self.end = end.into();
        self
    }

    /// The same stream with another limit to the length of an event, in bytes.
    #[must_use]
    pub fn with_event_limit(mut self, limit: usize) -> Self {
        self.frames.set_limit(limit);
        self
    }

    /// The events that are still to come as the service sends them, with their names and IDs. The one that ends a stream is among
    /// them.
    pub fn frames(self) -> Frames {
        self.frames
    }
}

impl<T: DeserializeOwned> EventStream<T> {
    /// The next event, or `None` at the end.
    ///
    /// # Errors
    ///
    /// The event cannot be read, see [`EventError`]. Unless the body broke off, the next one follows.
    pub async fn next(&mut self) -> Option<Result<T, EventError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T: DeserializeOwned> Stream for EventStream<T> {
    type Item = Result<T, EventError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let frame = loop {
            match ready!(Pin::new(&mut this.frames).poll_next(context)) {
                // Some servers keep a connection alive by events of nothing. No JSON is empty.
                Some(Ok(frame)) if frame.data().trim_ascii().is_empty() => {}
                Some(Ok(frame)) => break frame,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        };
        if this.end == Some(frame.data().trim_ascii()) {
            this.frames.end();
            return Poll::Ready(None);
        }
        let event = serde_json::from_str(frame.data()).map_err(|error| {
            let problem = payload::describe(&error);
            EventError(Problem::Undecoded(Box::new((frame, problem))))
        });
        Poll::Ready(Some(event))
    }
}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

/// Why an event was not read. `Debug` and `Display` show nothing of it.
pub struct EventError(Problem);

enum Problem {
    TooLarge { limit: usize },
    Undecoded(Box<(Frame, String)>),
    Lost(BodyError),
}

impl EventError {
    /// The event as it came, if it is not what the description says. It may hold a secret.
    pub fn frame(&self) -> Option<&Frame> {
        match &self.0 {
            Problem::Undecoded(undecoded) => Some(&undecoded.0),
            Problem::TooLarge { .. } | Problem::Lost(_) => None,
        }
    }

    /// The limit in bytes, if the event is longer.
    pub fn limit(&self) -> Option<usize> {
        match &self.0 {
            Problem::TooLarge { limit } => Some(*limit),
            Problem::Undecoded(_) | Problem::Lost(_) => None,
        }
    }

    /// Why the body broke off, if it did. Nothing follows then.
    pub fn lost_to(&self) -> Option<&BodyError> {
        match &self.0 {
            Problem::Lost(error) => Some(error),
            Problem::TooLarge { .. } | Problem::Undecoded(_) => None,
        }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self(Problem::TooLarge { limit })
    }

    pub(super) fn lost(error: BodyError) -> Self {
        Self(Problem::Lost(error))
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::TooLarge { limit } => write!(f, "an event is longer than {limit} bytes"),
            Problem::Undecoded(undecoded) => {
                let problem = &undecoded.1;
                write!(f, "an event is not what the description says: {problem}")
            }
            Problem::Lost(_) => f.write_str("the events broke off"),
        }
    }
}

impl fmt::Debug for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Problem::TooLarge { limit } => {
                f.debug_struct("TooLarge").field("limit", limit).finish()
            }
            Problem::Undecoded(undecoded) => {
                let mut out = f.debug_struct("Undecoded");
                out.field("problem", &undecoded.1).finish_non_exhaustive()
            }
            Problem::Lost(error) => f.debug_tuple("Lost").field(error).finish(),
        }
    }
}

impl std::error::Error for EventError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::Lost(error) => Some(error),
            Problem::TooLarge { .. } | Problem::Undecoded(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
