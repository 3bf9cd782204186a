//! Lists that come in pages: a stream of pages, or of the items on them.
//!
//! The raw client's lists know their cursors, and `list!` makes requests of them. A list with a page of its own type says
//! by a [`List`] how its pages are counted. Both notice a service that does not move on, so no list loops forever.

#[cfg(feature = "_resources")]
pub(crate) mod raw;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use letta_api::MaybeSend;

use crate::client::answer::Answer;
use crate::error::{Error, Result};
use crate::platform::BoxStream;

/// A request for a page of a list, from which the pages after it can be fetched.
pub(crate) trait List: Clone + MaybeSend + 'static {
    /// A page.
    type Page: IntoIterator<Item = Self::Item, IntoIter: MaybeSend + 'static> + MaybeSend + 'static;
    /// What is listed.
    type Item: MaybeSend + 'static;
    /// How pages are counted.
    type Cursor: MaybeSend + 'static;

    /// The position of the first page.
    fn cursor(&self) -> Self::Cursor;

    /// Fetches the page at the cursor.
    fn fetch(
        self,
        cursor: &Self::Cursor,
    ) -> impl Future<Output = Result<Answer<Self::Page>>> + MaybeSend;

    /// Moves the cursor past a page.
    fn advance(cursor: &mut Self::Cursor, page: &Self::Page) -> Next;
}

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another page.
    Page,
    /// Nothing.
    End,
    /// The page is valid, but no other can be asked for, for this reason.
    Fail(&'static str),
    /// The page is invalid, for this reason.
    Invalid(&'static str),
}

/// Pages counted by position: the next page begins after as many items as this page has.
///
/// If an item is added or removed meanwhile, the others move: one may come twice or be skipped.
pub(crate) struct Position {
    /// How many items to skip. `None` if the list did not say, and no page was fetched.
    offset: Option<u32>,
    /// The hash of the last page's items, and how many times in a row that page came.
    last: Option<u64>,
    count: usize,
    hasher: RandomState,
}

impl Position {
    /// How many times in a row the same page may come. It may come twice if items are added between two fetches and
    /// the newest come first.
    const SAME_PAGES: usize = 2;

    /// Begins after this many items. With `None`, begins where the service does.
    pub(crate) fn at(offset: Option<u32>) -> Self {
        Self {
            offset,
            last: None,
            count: 0,
            hasher: RandomState::new(),
        }
    }

    /// How many items the page skips.
    pub(crate) fn offset(&self) -> Option<u32> {
        self.offset
    }

    /// Moves past a page. `marks` identify its items, and may be secret: only hashes are kept.
    pub(crate) fn advance<M: std::hash::Hash>(
        &mut self,
        marks: impl IntoIterator<Item = M>,
        has_more: bool,
    ) -> Next {
        let marks: Vec<M> = marks.into_iter().collect();
        let page = Some(self.hasher.hash_one(&marks));
        self.count = match !marks.is_empty() && page == self.last {
            true => self.count + 1,
            false => 1,
        };
        self.last = page;
        if self.count > Self::SAME_PAGES {
            return Next::Invalid("the same page came three times in a row");
        }
        if !has_more {
            return Next::End;
        }
        if marks.is_empty() {
            return Next::Invalid("the page is empty, but says that more follow");
        }
        let count = u32::try_from(marks.len()).unwrap_or(u32::MAX);
        match self.offset.unwrap_or(0).checked_add(count) {
            Some(offset) => {
                self.offset = Some(offset);
                Next::Page
            }
            None => Next::Fail("more items follow than can be counted"),
        }
    }
}

/// A stream of pages, each fetched when it is asked for. From the `pages()` of a list. Use [`next`](Self::next), or
/// the [`Stream`] implementation.
#[must_use = "a stream does nothing until it is polled"]
pub struct Pages<P>(BoxStream<Result<P>>);

/// A stream of items, whose pages are fetched when they are needed. From the `items()` of a list. Use
/// [`next`](Self::next), or the [`Stream`] implementation.
#[must_use = "a stream does nothing until it is polled"]
pub struct Items<T>(BoxStream<Result<T>>);

impl<P: 'static> Pages<P> {
    /// The page at the list's cursor, and all after it. Ends after the first error.
    pub(crate) fn of<L: List<Page = P>>(list: L) -> Self {
        enum State<C> {
            Fetch(C),
            Fail(Error),
            End,
        }

        let start = State::Fetch(list.cursor());
        let pages = stream::try_unfold((list, start), |(list, state)| async move {
            let mut cursor = match state {
                State::Fetch(cursor) => cursor,
                State::Fail(error) => return Err(error),
                State::End => return Ok(None),
            };
            let answer = list.clone().fetch(&cursor).await?;
            let next = match L::advance(&mut cursor, &answer) {
                Next::Page => State::Fetch(cursor),
                Next::End => State::End,
                Next::Fail(problem) => State::Fail(answer.invalid(problem)),
                Next::Invalid(problem) => return Err(answer.invalid(problem)),
            };
            Ok(Some((answer.into_inner(), (list, next))))
        });
        Self(Box::pin(pages))
    }
}

impl<T: 'static> Items<T> {
    /// The items of all pages.
    pub(crate) fn of<L: List<Item = T>>(list: L) -> Self {
        let items = Pages::of(list)
            .map_ok(|page| stream::iter(page.into_iter().map(Ok)))
            .try_flatten();
        Self(Box::pin(items))
    }
}

macro_rules! stream {
    ($name:ident) => {
        impl<T> $name<T> {
            /// The next item of the stream. `None` at the end, and after an error.
            pub async fn next(&mut self) -> Option<Result<T>> {
                StreamExt::next(&mut self.0).await
            }
        }

        impl<T> Stream for $name<T> {
            type Item = Result<T>;

            fn poll_next(
                mut self: Pin<&mut Self>,
                context: &mut Context<'_>,
            ) -> Poll<Option<Self::Item>> {
                self.0.as_mut().poll_next(context)
            }
        }

        impl<T> std::fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}
stream!(Pages);
stream!(Items);

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: [&str; 0] = [];

    #[test]
    fn positions_move_on_by_the_length_of_a_page() {
        assert_eq!(Position::at(None).offset(), None);
        let mut cursor = Position::at(Some(5));
        assert_eq!(cursor.offset(), Some(5));
        assert_eq!(cursor.advance(["a", "b"], true), Next::Page);
        assert_eq!(cursor.offset(), Some(7));
        assert_eq!(cursor.advance(["c"], false), Next::End);
        assert_eq!(Position::at(None).advance(NONE, false), Next::End);
        let empty = Next::Invalid("the page is empty, but says that more follow");
        assert_eq!(Position::at(None).advance(NONE, true), empty);
        let full = Next::Fail("more items follow than can be counted");
        assert_eq!(Position::at(Some(u32::MAX)).advance(["a"], true), full);
        assert_eq!(
            Position::at(Some(u32::MAX - 1)).advance(["a"], true),
            Next::Page
        );
    }

    #[test]
    fn a_page_may_come_twice_in_a_row_and_not_three_times() {
        let mut cursor = Position::at(None);
        assert_eq!(cursor.advance(["a", "b"], true), Next::Page);
        assert_eq!(cursor.advance(["a", "b"], true), Next::Page);
        assert_eq!(cursor.advance(["c"], true), Next::Page);
        assert_eq!(cursor.advance(["a", "b"], true), Next::Page);
        assert_eq!(cursor.advance(["a", "b"], true), Next::Page);
        let stuck = Next::Invalid("the same page came three times in a row");
        assert_eq!(cursor.advance(["a", "b"], false), stuck);
    }
}
