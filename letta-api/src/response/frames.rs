//! Server-sent events as they are framed: what stands between two empty lines.
//!
//! This is read here, and not by a crate: the limit must hold before memory grows, a bad event must not end the stream, and an event
//! of one line of data, as almost all are, is copied once. Tests hold it to what the crate `sse-stream` reads.

use std::fmt;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_core::Stream;

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
/// See [`EventStream`](super::EventStream) for the errors, and for what to do if the service falls silent: then there is no end.
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

    /// How many bytes are held of an event that is incomplete. For tests and fuzz targets.
    #[cfg(any(test, fuzzing))]
    #[doc(hidden)]
    pub fn held(&self) -> usize {
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
            if let Some(found) = this.lines.read(&mut this.piece) {
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
    /// The lines so far, without comments, each with a LF after it.
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
    fn read(&mut self, piece: &mut Bytes) -> Option<Result<Frame, EventError>> {
        let mut rest = &piece[..];
        let found = loop {
            if rest.is_empty() {
                break None;
            }
            if let Some(found) = self.line(&mut rest) {
                break Some(found);
            }
        };
        let used = piece.len() - rest.len();
        piece.advance(used);
        found
    }

    /// Takes a line, or what is there of it, off the bytes, of which there is at least one.
    fn line(&mut self, rest: &mut &[u8]) -> Option<Result<Frame, EventError>> {
        let first = rest[0];
        if std::mem::take(&mut self.after_cr) && first == b'\n' {
            *rest = &rest[1..];
            return None;
        }
        if let Some(matched) = self.mark {
            if BYTE_ORDER_MARK.get(matched) == Some(&first) {
                *rest = &rest[1..];
                self.mark = Some(matched + 1).filter(|it| *it < BYTE_ORDER_MARK.len());
                return None;
            }
            self.mark = None;
            if matched > 0 {
                self.line = Line::Field;
                if self.push(&BYTE_ORDER_MARK[..matched]).is_none() {
                    return Some(Err(EventError::too_large(self.limit)));
                }
            }
        }
        let end = memchr::memchr2(b'\n', b'\r', rest);
        let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
        *rest = after;
        if let (Line::Start, Some(first)) = (self.line, part.first()) {
            self.line = match first {
                b':' => Line::Comment,
                _ => Line::Field,
            };
        }
        let fits = self.line != Line::Field || self.push(part).is_some();
        let mut found = None;
        if let Some((end, after)) = after.split_first() {
            *rest = after;
            self.after_cr = *end == b'\r';
            found = self.end_of_line();
        }
        match fits {
            true => found.map(Ok),
            false => Some(Err(EventError::too_large(self.limit))),
        }
    }

    /// Adds bytes of a line. `None` if the event has just become longer than the limit.
    fn push(&mut self, part: &[u8]) -> Option<()> {
        if self.is_too_large {
            return Some(());
        }
        let length = self.block.len() + part.len();
        if length > self.limit {
            self.is_too_large = true;
            self.block = Vec::new();
            return None;
        }
        // With the LF after this line.
        let needed = length + 1;
        if needed > self.block.capacity() {
            let most = self.limit.saturating_add(1);
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

    fn end_of_line(&mut self) -> Option<Frame> {
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
                (!block.is_empty()).then(|| self.frame(block))?
            }
        }
    }

    /// What the lines of an event say. `None` if it has no data.
    fn frame(&mut self, block: Vec<u8>) -> Option<Frame> {
        let mut block = match String::from_utf8(block) {
            Ok(block) => block,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        let (mut event, mut retry) = (None, None);
        let mut data = Data::None;
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', block.as_bytes()) {
            let (name, value) = field(&block[start..end]);
            match name {
                "data" => data.add(&block, end - value.len()..end),
                "event" => event = Some(value.to_owned()),
                "id" if !value.contains('\0') => self.id = value.into(),
                "retry" if value.bytes().all(|it| it.is_ascii_digit()) => {
                    retry = value.parse().ok().or(retry);
                }
                _ => {}
            }
            start = end + 1;
        }
        let data = match data {
            Data::None => return None,
            // The bytes stay where they are allocated.
            Data::Line(line) => {
                block.truncate(line.end);
                block.drain(..line.start);
                block
            }
            Data::Lines(lines) => lines,
        };
        Some(Frame {
            event,
            data,
            id: self.id.clone(),
            retry,
        })
    }
}

/// The name and the value of a field. One space after the colon is not of the value.
fn field(line: &str) -> (&str, &str) {
    match line.split_once(':') {
        Some((name, value)) => (name, value.strip_prefix(' ').unwrap_or(value)),
        None => (line, ""),
    }
}

/// What the lines of data of an event have said so far.
enum Data {
    None,
    /// One line: where it is.
    Line(Range<usize>),
    /// Several, joined by line feeds.
    Lines(String),
}

impl Data {
    fn add(&mut self, block: &str, line: Range<usize>) {
        match self {
            Self::None => *self = Self::Line(line),
            Self::Line(before) => {
                *self = Self::Lines([&block[before.clone()], &block[line]].join("\n"));
            }
            Self::Lines(lines) => {
                lines.push('\n');
                lines.push_str(&block[line]);
            }
        }
    }
}
