//! A body that is handed over as it arrives.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;

use super::body::BodyError;
use crate::platform::{Arriving, Unread};

/// The bytes of an answer's body as they arrive, in pieces of any length: server-sent events, or a file. There is no limit
/// to their number.
///
/// It is a [`Stream`]. Dropping it closes the connection, or this call's part of it. `Debug` shows nothing of the bytes.
///
/// ```
/// # async fn run(response: letta_api::Response) -> Result<(), letta_api::BodyError> {
/// let mut pieces = response.into_stream();
/// while let Some(piece) = pieces.next().await {
///     println!("{} bytes", piece?.len());
/// }
/// # Ok(())
/// # }
/// ```
pub struct ByteStream(Pieces);

enum Pieces {
    /// One piece. `None` once it is taken.
    Whole(Option<Bytes>),
    Arriving(Arriving),
}

impl ByteStream {
    pub(super) fn arriving(unread: Unread) -> Self {
        Self(Pieces::Arriving(unread.into_stream()))
    }

    /// A body that arrives in these pieces, each at once.
    #[cfg(test)]
    pub(super) fn of_pieces(
        pieces: impl Iterator<Item = reqwest::Result<Bytes>> + Unpin + Send + Sync + 'static,
    ) -> Self {
        struct All<I>(I);

        impl<I: Iterator + Unpin> Stream for All<I> {
            type Item = I::Item;

            fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<I::Item>> {
                Poll::Ready(self.0.next())
            }
        }

        Self(Pieces::Arriving(Box::pin(All(pieces))))
    }

    /// The next piece, or `None` at the end of the body.
    ///
    /// # Errors
    ///
    /// The body broke off.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

/// A stream of one piece, for tests. If there are no bytes, it has no piece.
impl From<Bytes> for ByteStream {
    fn from(body: Bytes) -> Self {
        Self(Pieces::Whole(Some(body).filter(|body| !body.is_empty())))
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.get_mut().0 {
            Pieces::Whole(piece) => Poll::Ready(piece.take().map(Ok)),
            Pieces::Arriving(pieces) => pieces.as_mut().poll_next(context).map_err(BodyError::lost),
        }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_is_there_is_one_piece() {
        for (body, pieces) in [("", 0), ("data: 1\n\n", 1)] {
            let mut stream = ByteStream::from(Bytes::from(body));
            let mut count = 0;
            while let Some(piece) = stream.next().await {
                assert_eq!(piece.unwrap(), body);
                count += 1;
            }
            assert_eq!(count, pieces);
            assert!(stream.next().await.is_none());
        }
    }

    #[test]
    fn printing_shows_nothing_of_the_bytes() {
        let stream = ByteStream::from(Bytes::from("ck-let-0f3c"));
        assert_eq!(format!("{stream:?}"), "ByteStream { .. }");
    }
}
