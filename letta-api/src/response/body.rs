//! The body of an answer: read to its end, up to a limit, into memory that is wiped.

use std::task::Poll;

use bytes::Bytes;

use crate::credentials::wiped::Wiped;
use crate::failure::printable::{Printable, without_url};
use crate::platform::Unread;

/// How many pieces of a body are read before other tasks get a turn. Many pieces may be there at once, for instance if a few
/// bytes decompress to many. Without a pause, no timer would fire, and the deadline would not hold.
const PIECES_IN_A_TURN: usize = 64;

/// A body, as far as it is there.
pub(super) enum Body {
    Whole(Bytes),
    /// Put together here, and wiped when it is dropped.
    Read(Wiped),
    /// With its length, if the server says it.
    Unread(Unread, Option<u64>),
}

impl Body {
    pub(super) const EMPTY: Self = Self::Whole(Bytes::new());

    /// What is there of it.
    pub(super) fn into_buffered(self) -> Bytes {
        match self {
            Self::Whole(body) => body,
            Self::Read(body) => Bytes::from_owner(body),
            Self::Unread(..) => Bytes::new(),
        }
    }

    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Self::Unread(..))
    }

    /// What is there of it, to look at.
    pub(super) fn buffered(&self) -> &[u8] {
        match self {
            Self::Whole(body) => body,
            Self::Read(body) => body.as_ref(),
            Self::Unread(..) => &[],
        }
    }

    /// Reads it to its end. It is empty if that fails, or if this future is dropped before its end.
    pub(super) async fn buffer(&mut self, limit: usize) -> Result<(), BodyError> {
        let length = match self {
            Self::Whole(body) => Some(body.len()),
            Self::Read(body) => Some(body.as_ref().len()),
            Self::Unread(_, length) => {
                length.map(|length| usize::try_from(length).unwrap_or(usize::MAX))
            }
        };
        if length.is_some_and(|length| length > limit) {
            *self = Self::EMPTY;
            return Err(BodyError(Problem::TooLarge { limit }));
        }
        self.read(limit).await
    }

    async fn read(&mut self, limit: usize) -> Result<(), BodyError> {
        if let Self::Unread(..) = self {
            // It is read in place: to take it out would make this future as much larger.
            let reading = Reading(self);
            if let Self::Unread(unread, length) = &mut *reading.0 {
                let length = *length;
                let body = read(unread, length, limit).await?;
                reading.done(body);
            }
        }
        Ok(())
    }
}

/// A body that is being read. If reading stops halfway, it is empty.
struct Reading<'a>(&'a mut Body);

impl Reading<'_> {
    fn done(self, body: Body) {
        *self.0 = body;
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        if let Body::Unread(..) = self.0 {
            *self.0 = Body::EMPTY;
        }
    }
}

/// Reads a body to its end. `length` is what the server says its length is.
async fn read(unread: &mut Unread, length: Option<u64>, limit: usize) -> Result<Body, BodyError> {
    let Some(first) = unread.next().await.map_err(BodyError::lost)? else {
        return Ok(Body::EMPTY);
    };
    if first.len() > limit {
        return Err(BodyError(Problem::TooLarge { limit }));
    }
    match unread.next().await.map_err(BodyError::lost)? {
        None if first.is_empty() => Ok(Body::EMPTY),
        None => Ok(Body::Whole(first)),
        // In a box, because most bodies come in one piece: their futures need no room for it.
        Some(second) => Box::pin(read_on(unread, [first, second], length, limit)).await,
    }
}

/// Reads the rest of a body that comes in several pieces.
async fn read_on(
    unread: &mut Unread,
    first: [Bytes; 2],
    length: Option<u64>,
    limit: usize,
) -> Result<Body, BodyError> {
    let mut pieces = Pieces {
        limit,
        expected: length.and_then(|length| usize::try_from(length).ok()),
        ..Pieces::default()
    };
    let mut taken = first.len();
    for piece in first {
        pieces.push(piece)?;
    }
    while let Some(piece) = unread.next().await.map_err(BodyError::lost)? {
        pieces.push(piece)?;
        taken += 1;
        if taken == PIECES_IN_A_TURN {
            taken = 0;
            give_way().await;
        }
    }
    Ok(pieces.into_body())
}

/// Lets the executor run other tasks and timers first.
async fn give_way() {
    let mut has_given_way = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut has_given_way, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The part of a body that has arrived.
#[derive(Default)]
struct Pieces {
    /// The most bytes that the body may have.
    limit: usize,
    /// How many bytes the server says the body has. This may be false.
    expected: Option<usize>,
    /// How many bytes have come.
    length: usize,
    // Most bodies come in one piece.
    first: Option<Bytes>,
    /// All bytes so far, once a second piece has arrived. A piece is copied at once and dropped: it is part of a buffer of
    /// the HTTP client and keeps the whole buffer, which may be thousands of times as large.
    body: Wiped,
}

impl Pieces {
    fn push(&mut self, piece: Bytes) -> Result<(), BodyError> {
        if piece.len() > self.limit - self.length {
            let limit = self.limit;
            return Err(BodyError(Problem::TooLarge { limit }));
        }
        self.length += piece.len();
        if self.length == piece.len() {
            // The first one that is not empty.
            self.first = Some(piece);
            return Ok(());
        }
        let capacity = self.capacity();
        if let Some(first) = self.first.take() {
            self.body.append(&first, capacity);
        }
        self.body.append(&piece, capacity);
        Ok(())
    }

    /// How much room to make if there is too little: twice as much as before, so that the work is linear, but at most the limit
    /// or the length that the server claims. The claim never makes the room larger.
    fn capacity(&self) -> usize {
        let most = match self.expected {
            Some(expected) if expected >= self.length => expected.min(self.limit),
            _ => self.limit,
        };
        self.body
            .capacity()
            .saturating_mul(2)
            .clamp(self.length, most)
    }

    /// A body of one piece stays where the HTTP client has put it. It is not wiped there. A copy would not change that, and
    /// the secret would be in two places.
    fn into_body(self) -> Body {
        match self.first {
            Some(first) => Body::Whole(first),
            None if self.length == 0 => Body::EMPTY,
            None => Body::Read(self.body),
        }
    }
}

/// Why a body was not read to its end.
pub struct BodyError(Problem);

enum Problem {
    TooLarge { limit: usize },
    Lost(reqwest::Error, Printable),
}

impl BodyError {
    /// The limit in bytes, if the body is longer. `None` if it broke off.
    pub fn limit(&self) -> Option<usize> {
        match self.0 {
            Problem::TooLarge { limit } => Some(limit),
            Problem::Lost(..) => None,
        }
    }

    /// Why the body broke off, without the URL. `None` if it is longer than the limit. Printing the cause may show what the
    /// server said; printing this error does not.
    pub fn lost_to(&self) -> Option<&reqwest::Error> {
        match &self.0 {
            Problem::TooLarge { .. } => None,
            Problem::Lost(error, _) => Some(error),
        }
    }

    pub(super) fn lost(error: reqwest::Error) -> Self {
        let error = without_url(error);
        let printable = Printable::of(&error);
        Self(Problem::Lost(error, printable))
    }
}

impl std::fmt::Display for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Problem::TooLarge { limit } => write!(f, "the body is longer than {limit} bytes"),
            Problem::Lost(..) => f.write_str("the body broke off"),
        }
    }
}

impl std::fmt::Debug for BodyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Problem::TooLarge { limit } => {
                f.debug_struct("TooLarge").field("limit", limit).finish()
            }
            Problem::Lost(_, printable) => f.debug_tuple("Lost").field(printable).finish(),
        }
    }
}

impl std::error::Error for BodyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0 {
            Problem::TooLarge { .. } => None,
            Problem::Lost(_, printable) => Some(printable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_together(pieces: impl IntoIterator<Item = Bytes>) -> Body {
        let mut all = Pieces {
            limit: 1_000_000,
            ..Pieces::default()
        };
        for piece in pieces {
            all.push(piece).unwrap();
        }
        all.into_body()
    }

    #[test]
    fn a_body_of_one_piece_is_not_copied() {
        let piece = Bytes::from(vec![b'x'; 100]);
        for empty in 0..3 {
            let empty = || std::iter::repeat_n(Bytes::new(), empty);
            let pieces = empty().chain([piece.clone()]);
            let Body::Whole(body) = put_together(pieces) else {
                panic!("it was copied");
            };
            assert_eq!(body.as_ptr_range(), piece.as_ptr_range());
            assert!(put_together(empty()).into_buffered().is_empty());
        }
    }

    #[test]
    fn a_body_of_pieces_is_put_together_in_memory_that_is_wiped() {
        for count in [2, 3, 64, 65, 66, 643] {
            let expected: Vec<u8> = (0..count).map(|index| (index % 251) as u8).collect();
            let pieces = expected.chunks(1).map(Bytes::copy_from_slice);
            let Body::Read(body) = put_together(pieces) else {
                panic!("{count} pieces are not to be wiped");
            };
            assert_eq!(body.as_ref(), expected);
        }
    }

    #[test]
    fn room_grows_with_what_has_come_and_not_with_what_is_said_of_it() {
        for expected in [None, Some(0), Some(700), Some(100_000), Some(usize::MAX)] {
            for limit in [100, 700, 100_000, usize::MAX] {
                let mut pieces = Pieces {
                    limit,
                    expected,
                    ..Pieces::default()
                };
                for _ in 0..1_000 {
                    let before = pieces.body.capacity();
                    let is_too_large = pieces.length + 7 > limit;
                    let pushed = pieces.push(Bytes::from_static(b"1234567"));
                    let capacity = pieces.body.capacity();
                    assert_eq!(pushed.is_err(), is_too_large);
                    assert!(capacity <= (2 * pieces.length).min(limit));
                    if pushed.is_err() {
                        assert_eq!(capacity, before);
                        break;
                    }
                }
            }
        }
        let mut pieces = Pieces {
            limit: usize::MAX,
            expected: Some(700),
            ..Pieces::default()
        };
        for _ in 0..100 {
            pieces.push(Bytes::from_static(b"1234567")).unwrap();
        }
        assert_eq!(pieces.body.capacity(), 700, "what is true saves memory");
    }
}
