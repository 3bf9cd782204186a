//! An answer whose body is a series of events, with a ping in each silence.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};

use crate::clock::{Clock, passed};
use crate::stream::event::StreamEvent;

/// How long the service is silent in a stream before it says that it is still there.
pub(crate) const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a stream may have pings alone. The service ends it then, as if it were whole.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_secs(30 * 60);

/// The type of a body of server-sent events, as the service spells it.
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// Makes the ping for a silence, from the last number that an event showed in the stream.
pub(crate) type KeepAlive = Box<dyn FnMut(Option<u64>) -> StreamEvent + Send>;

/// What a stream goes by.
pub(crate) struct StreamOptions {
    pub(crate) clock: Arc<dyn Clock>,
    /// `None` if the stream has no pings. The ping at the beginning of a turn is one of its events.
    pub(crate) keep_alive: Option<KeepAlive>,
}

impl fmt::Debug for StreamOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamOptions")
            .field("keep_alive", &self.keep_alive.is_some())
            .finish_non_exhaustive()
    }
}

/// Answers with these events, each as a chunk of its own. An event is asked for when the one before it has gone to the
/// connection.
///
/// It waits for the first event, or the first ping. The head of an answer leaves with it, and not before.
pub(crate) async fn respond(
    events: impl Stream<Item = StreamEvent> + Send + 'static,
    options: StreamOptions,
) -> Response {
    let now = options.clock.now();
    let mut sent = Sent {
        events: events.fuse().boxed(),
        quiet_since: now,
        silent_since: now,
        last_seq_id: None,
        options,
    };
    let first = sent.next().await;
    let rest = stream::unfold(sent, |mut sent| async move {
        let event = sent.next().await?;
        Some((event, sent))
    });
    let body = stream::iter(first).chain(rest);
    let mut response = Response::new(Body::from_stream(body.map(Ok::<Bytes, std::io::Error>)));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(EVENT_STREAM));
    response
}

/// A stream that is being sent.
struct Sent {
    events: BoxStream<'static, StreamEvent>,
    /// When the last event of the series went to the connection.
    quiet_since: SystemTime,
    /// When anything did, pings included.
    silent_since: SystemTime,
    last_seq_id: Option<u64>,
    options: StreamOptions,
}

impl Sent {
    /// The next event, or a ping if it takes too long to come.
    async fn next(&mut self) -> Option<Bytes> {
        let Self {
            events,
            quiet_since,
            silent_since,
            last_seq_id,
            options: StreamOptions { clock, keep_alive },
        } = self;
        let event = match keep_alive {
            None => events.next().await?,
            Some(keep_alive) => tokio::select! {
                biased;
                event = events.next() => event?,
                () = passed(&**clock, *silent_since, PING_INTERVAL) => {
                    *silent_since = clock.now();
                    let quiet = silent_since.duration_since(*quiet_since);
                    if quiet.is_ok_and(|quiet| quiet >= LONGEST_SILENCE) {
                        *events = stream::empty().boxed();
                        return None;
                    }
                    return Some(keep_alive(*last_seq_id).to_bytes());
                }
            },
        };
        *last_seq_id = event.shown_seq_id().or(*last_seq_id);
        *silent_since = clock.now();
        *quiet_since = *silent_since;
        Some(event.to_bytes())
    }
}
