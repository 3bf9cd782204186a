//! A stream that faults strike.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::header;
use axum::response::Response;
use futures_util::{StreamExt, stream};

use crate::clock::{Clock, passed};
use crate::faults::stream_fault::{Place, Stop, StreamFault};
use crate::http::written::BreaksOff;

/// How much of a stream is sent byte by byte. Each byte is a chunk and a call of the operating system.
const SHRED_LIMIT: usize = 64 * 1024;

/// Whether it is a stream of events.
pub(crate) fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
}

/// The same stream, struck by all of these. Each chunk of its body must be one event.
///
/// It ends if nothing was sent for `idle_limit`.
pub(crate) fn strike(
    response: Response,
    faults: &[StreamFault],
    idle_limit: Option<Duration>,
    clock: Arc<dyn Clock>,
) -> Response {
    if faults.is_empty() && idle_limit.is_none() {
        return response;
    }
    let mut response = response.map(|body| {
        let struck = Struck::new(body.into_data_stream(), faults, idle_limit, clock);
        Body::from_stream(stream::unfold(struck, |mut struck| async move {
            let piece = struck.next().await?;
            Some((piece, struck))
        }))
    });
    response.extensions_mut().insert(BreaksOff);
    response
}

struct Struck {
    events: BodyDataStream,
    repeated: Vec<u64>,
    skipped: Vec<u64>,
    /// Each with how it ends there.
    stops: Vec<(Stop, Place)>,
    /// How many bytes are still to be sent one by one.
    to_shred: usize,
    idle: Option<(Duration, SystemTime, Arc<dyn Clock>)>,
    /// The number of the last event that the service sent.
    event: u64,
    /// What was sent of it.
    sent_events: u64,
    sent_bytes: u64,
    /// What is to be sent next.
    pending: VecDeque<Bytes>,
    /// What comes after that.
    stopped: Option<Stop>,
    /// Whether what was sent last is to be written before more is.
    is_apart: bool,
}

impl Struck {
    fn new(
        events: BodyDataStream,
        faults: &[StreamFault],
        idle_limit: Option<Duration>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let mut struck = Self {
            events,
            repeated: Vec::new(),
            skipped: Vec::new(),
            stops: Vec::new(),
            to_shred: 0,
            idle: idle_limit.map(|limit| (limit, clock.now(), clock)),
            event: 0,
            sent_events: 0,
            sent_bytes: 0,
            pending: VecDeque::new(),
            stopped: None,
            is_apart: false,
        };
        for fault in faults {
            match *fault {
                StreamFault::Stop(stop, place) => struck.stops.push((stop, place)),
                StreamFault::Shred => struck.to_shred = SHRED_LIMIT,
                StreamFault::Repeat(event) => struck.repeated.push(event),
                StreamFault::Skip(event) => struck.skipped.push(event),
            }
        }
        let at_once = struck
            .stops
            .iter()
            .find(|(_, place)| matches!(place, Place::Events(0) | Place::Bytes(0)));
        struck.stopped = at_once.map(|(stop, _)| *stop);
        struck
    }

    /// The next piece to send.
    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if std::mem::take(&mut self.is_apart) {
            // The HTTP library writes what it has when there is no more at the moment.
            tokio::task::yield_now().await;
        }
        while self.pending.is_empty() {
            match self.stopped {
                Some(Stop::End) => return None,
                Some(Stop::Break) => return Some(Err(broken())),
                Some(Stop::Stall) | None => {}
            }
            let next = async {
                match self.stopped {
                    Some(_) => std::future::pending().await,
                    None => self.events.next().await,
                }
            };
            let event = match &self.idle {
                None => next.await,
                Some((limit, since, clock)) => tokio::select! {
                    biased;
                    event = next => event,
                    () = passed(&**clock, *since, *limit) => return Some(Err(broken())),
                },
            };
            match event? {
                Ok(event) => self.take(event),
                Err(error) => return Some(Err(io::Error::other(error))),
            }
        }
        let piece = self.next_piece()?;
        if let Some((_, since, clock)) = &mut self.idle {
            *since = clock.now();
        }
        Some(Ok(piece))
    }

    /// Notes what is to be sent for an event of the service's.
    fn take(&mut self, event: Bytes) {
        self.event += 1;
        let number = self.event;
        let named = |events: &[u64]| events.iter().filter(|it| **it == number).count();
        if named(&self.skipped) > 0 {
            return;
        }
        for _ in 0..=named(&self.repeated) {
            if self.stopped.is_none() {
                self.send(&event);
            }
        }
    }

    fn send(&mut self, event: &Bytes) {
        self.sent_events += 1;
        let stops = self.stops.iter();
        let places = stops.filter_map(|(stop, place)| Some((self.cut(*place, event)?, *stop)));
        // Of two that are equal, the first.
        let first = places.min_by_key(|(length, _)| *length);
        let (length, stop) =
            first.map_or((event.len(), None), |(length, stop)| (length, Some(stop)));
        self.stopped = stop;
        self.sent_bytes += length as u64;
        if length > 0 {
            self.pending.push_back(event.slice(..length));
        }
    }

    /// How many bytes of this event are sent before the place, if it is in this event or at its end.
    fn cut(&self, place: Place, event: &[u8]) -> Option<usize> {
        match place {
            Place::FirstMessage => (!is_ping(event)).then_some(event.len()),
            Place::Events(events) => (self.sent_events == events).then_some(event.len()),
            Place::Bytes(bytes) => usize::try_from(bytes.checked_sub(self.sent_bytes)?)
                .ok()
                .filter(|left| *left <= event.len()),
            Place::WithinEvent(number) => (self.sent_events == number).then_some(event.len() / 2),
            Place::WithinCharacter => {
                let first = event.iter().position(|byte| !byte.is_ascii());
                first.map(|first| first + 1)
            }
        }
    }

    fn next_piece(&mut self) -> Option<Bytes> {
        let Some(front) = self.pending.front_mut().filter(|_| self.to_shred > 0) else {
            return self.pending.pop_front();
        };
        self.to_shred -= 1;
        self.is_apart = true;
        let piece = front.split_to(1);
        if front.is_empty() {
            self.pending.pop_front();
        }
        Some(piece)
    }
}

fn is_ping(event: &[u8]) -> bool {
    let Some(data) = event.strip_prefix(b"data: ") else {
        return false;
    };
    serde_json::from_slice::<serde_json::Value>(data)
        .is_ok_and(|data| data["message_type"] == "ping")
}

fn broken() -> io::Error {
    io::Error::other("the emulator was told to inject this fault")
}
