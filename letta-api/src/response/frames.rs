//! Server-sent events as they are framed: what stands between two empty lines.
//!
//! The lines are found here, since the limit must hold before memory grows, and a bad event must not end the stream. The lines
//! of one event, without comments and at most as long as the limit, are read by the crate `sse-stream`.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use sse_stream::{Sse, SseByteStream};

use super::events::EventError;
use super::stream::ByteStream;

/// How many pieces of the body are looked through at once before other tasks get their turn.
const PIECES_IN_A_TURN: usize = 64;

/// The longest event that is read unless a limit is set, in bytes.
pub(super) const EVENT_LIMIT: usize = 8 * 1024 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A server-sent event as it came, its lines put together. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    event: Option<String>,
    data: String,
    // Shared, since it may be long and each event after it has it.
    id: Arc<str>,
    retry: Option<u64>,
}

impl Frame {
    /// The kind of the event: `message`, unless the service names another.
    pub fn event(&self) -> &str {
        match self.event.as_deref() {
            None | Some("") => "message",
            Some(event) => event,
        }
    }

    /// What the event says. Several lines are joined by line feeds. Bytes that are not UTF-8 are U+FFFD.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// The last ID that this event or one before it has. Empty if there is none.
    pub fn last_event_id(&self) -> &str {
        &self.id
    }

    /// How long to wait before connecting again, if this event says so.
    pub fn retry(&self) -> Option<Duration> {
        self.retry.map(Duration::from_millis)
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").finish_non_exhaustive()
    }
}

/// Server-sent events as they came, in order. It is a [`Stream`]. Events without data are passed over, as browsers do, and so is
/// one that the end of the body cuts off.
///
/// See [`EventStream`](super::EventStream) for the errors.
pub struct Frames {
    bytes: ByteStream,
    /// What is unread of the last piece.
    piece: Bytes,
    lines: Lines,
    /// Whether the body has ended.
    is_over: bool,
}

impl Frames {
    pub(super) fn new(bytes: ByteStream) -> Self {
        Self {
            bytes,
            piece: Bytes::new(),
            lines: Lines::default(),
            is_over: false,
        }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.lines.limit = limit;
    }

    /// How many bytes are held of an event that is incomplete.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.lines.block.capacity()
    }

    /// Ends the stream, and closes the connection.
    pub(super) fn end(&mut self) {
        self.is_over = true;
        self.piece = Bytes::new();
        self.lines.block = Vec::new();
        self.bytes = ByteStream::from(Bytes::new());
    }

    /// The next event, or `None` at the end.
    ///
    /// # Errors
    ///
    /// The event is longer than the limit, and the next one follows; or the body broke off, and nothing follows.
    pub async fn next(&mut self) -> Option<Result<Frame, EventError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for Frames {
    type Item = Result<Frame, EventError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        for _ in 0..PIECES_IN_A_TURN {
            if this.is_over {
                return Poll::Ready(None);
            }
            if let Some(found) = this.lines.read(&mut this.piece, context) {
                return Poll::Ready(Some(found));
            }
            match ready!(Pin::new(&mut this.bytes).poll_next(context)) {
                Some(Ok(piece)) => this.piece = piece,
                Some(Err(error)) => {
                    this.end();
                    return Poll::Ready(Some(Err(EventError::lost(error))));
                }
                None => this.end(),
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl fmt::Debug for Frames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").finish_non_exhaustive()
    }
}

/// The lines of the event that is arriving.
struct Lines {
    limit: usize,
    /// How much of a byte order mark the body has begun with. `None` once that is settled.
    mark: Option<usize>,
    line: Line,
    /// Whether the last byte was a CR, which a LF may complete.
    after_cr: bool,
    /// The lines so far, without comments, each with a LF after it. A LF comes first: to the parser, the event is then not at
    /// the start of a body, where it would pass over a byte order mark.
    block: Vec<u8>,
    /// Whether the event is longer than the limit. The rest of it is dropped.
    is_too_large: bool,
    /// The last ID.
    id: Arc<str>,
}

/// What is known of the line that is arriving.
#[derive(Clone, Copy, PartialEq)]
enum Line {
    /// It has no byte yet.
    Start,
    Field,
    Comment,
}

impl Default for Lines {
    fn default() -> Self {
        Self {
            limit: EVENT_LIMIT,
            mark: Some(0),
            line: Line::Start,
            after_cr: false,
            block: Vec::new(),
            is_too_large: false,
            id: Arc::default(),
        }
    }
}

impl Lines {
    /// Takes bytes off the piece until an event, or an error, is complete. `None` if the piece is used up.
    fn read(
        &mut self,
        piece: &mut Bytes,
        context: &mut Context<'_>,
    ) -> Option<Result<Frame, EventError>> {
        while let Some(first) = piece.first().copied() {
            if std::mem::take(&mut self.after_cr) && first == b'\n' {
                let _ = piece.split_to(1);
                continue;
            }
            if let Some(matched) = self.mark {
                if BYTE_ORDER_MARK.get(matched) == Some(&first) {
                    let _ = piece.split_to(1);
                    self.mark = Some(matched + 1).filter(|it| *it < BYTE_ORDER_MARK.len());
                    continue;
                }
                self.mark = None;
                if matched > 0 {
                    self.line = Line::Field;
                    let _ = self.push(&BYTE_ORDER_MARK[..matched]);
                }
            }
            let end = memchr::memchr2(b'\n', b'\r', piece);
            let part = piece.split_to(end.unwrap_or(piece.len()));
            if let (Line::Start, Some(first)) = (self.line, part.first()) {
                self.line = match first {
                    b':' => Line::Comment,
                    _ => Line::Field,
                };
            }
            let fits = self.line != Line::Field || self.push(&part).is_some();
            let mut found = None;
            if end.is_some() {
                self.after_cr = piece.split_to(1)[0] == b'\r';
                found = self.end_of_line(context);
            }
            if !fits {
                let limit = self.limit;
                return Some(Err(EventError::too_large(limit)));
            }
            if let Some(frame) = found {
                return Some(Ok(frame));
            }
        }
        None
    }

    /// Adds bytes of a line. `None` if the event has just become longer than the limit.
    fn push(&mut self, part: &[u8]) -> Option<()> {
        if self.is_too_large {
            return Some(());
        }
        if self.block.is_empty() {
            self.block.push(b'\n');
        }
        // The first LF is ours, and so is the one after this line.
        let length = self.block.len() - 1 + part.len();
        if length > self.limit {
            self.is_too_large = true;
            self.block = Vec::new();
            return None;
        }
        let needed = self.block.len() + part.len() + 1;
        if needed > self.block.capacity() {
            let most = self.limit.saturating_add(2);
            let room = self
                .block
                .capacity()
                .saturating_mul(2)
                .clamp(needed, most.max(needed));
            self.block.reserve_exact(room - self.block.len());
        }
        self.block.extend_from_slice(part);
        Some(())
    }

    fn end_of_line(&mut self, context: &mut Context<'_>) -> Option<Frame> {
        match std::mem::replace(&mut self.line, Line::Start) {
            Line::Comment => None,
            Line::Field => {
                if !self.is_too_large {
                    self.block.push(b'\n');
                }
                None
            }
            Line::Start => {
                self.is_too_large = false;
                let block = std::mem::take(&mut self.block);
                (!block.is_empty()).then(|| self.frame(block, context))?
            }
        }
    }

    /// What the lines of an event say. `None` if it has no data.
    fn frame(&mut self, mut block: Vec<u8>, context: &mut Context<'_>) -> Option<Frame> {
        block.push(b'\n');
        let block = match String::from_utf8(block) {
            Ok(block) => block,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        let mut parser = SseByteStream::new(Once(Some(Bytes::from(block))));
        // It is ready at once: all of its input is there.
        let Poll::Ready(Some(Ok(Sse {
            event,
            data,
            id,
            retry,
        }))) = Pin::new(&mut parser).poll_next(context)
        else {
            return None;
        };
        if let Some(id) = id {
            self.id = id.into();
        }
        Some(Frame {
            event,
            data: data?,
            id: self.id.clone(),
            retry,
        })
    }
}

/// The input of the parser: the lines of one event.
struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}
