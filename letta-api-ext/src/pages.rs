//! Lists that come in pages: a stream of pages, or of the items on them.
//!
//! A list says how its pages are counted, with a cursor: by [position](Position), by the [ID](ById) of an item, or by
//! a [token](ByToken) that each page gives for the next. The cursor notices a service that does not move on, so no
//! list loops forever.

use std::collections::HashSet;
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

/// Pages counted by the ID of an item: the next page begins after it, or before it.
///
/// Such a list does not say whether more follows. It ends with an empty page. A short page is no end: the service may
/// have a limit of its own.
#[allow(
    dead_code,
    reason = "the first list of this kind comes with the agents"
)]
pub(crate) struct ById {
    id: Option<String>,
    /// The hashes of the IDs that led to a page. One for each page is enough to notice a loop.
    seen: HashSet<u64>,
    hasher: RandomState,
}

#[allow(
    dead_code,
    reason = "the first list of this kind comes with the agents"
)]
impl ById {
    /// Begins at this item. With `None`, begins where the service does.
    pub(crate) fn at(id: Option<String>) -> Self {
        Self {
            id,
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// The item before the next page.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// Moves past a page with these items, in the order of the list: the last one leads to the next page.
    pub(crate) fn advance<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) -> Next {
        let mut last = None;
        for id in ids {
            last = Some(id);
            if self.seen.contains(&self.hasher.hash_one(id)) {
                return Next::Invalid("the page has an item that came before");
            }
        }
        let Some(last) = last else {
            return Next::End;
        };
        self.seen.insert(self.hasher.hash_one(last));
        self.id = Some(last.to_owned());
        Next::Page
    }
}

/// Pages counted by a token that each page gives for the next.
#[allow(
    dead_code,
    reason = "the first list of this kind comes with the agents"
)]
pub(crate) struct ByToken {
    token: Option<String>,
    /// The hashes of all tokens so far.
    seen: HashSet<u64>,
    hasher: RandomState,
}

#[allow(
    dead_code,
    reason = "the first list of this kind comes with the agents"
)]
impl ByToken {
    /// Begins at this token. With `None`, begins where the service does.
    pub(crate) fn at(token: Option<String>) -> Self {
        Self {
            token,
            seen: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// The token for the next page.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Moves past a page that has this token for the next one.
    pub(crate) fn advance(&mut self, next: Option<&str>) -> Next {
        let Some(next) = next.filter(|next| !next.is_empty()) else {
            return Next::End;
        };
        if !self.seen.insert(self.hasher.hash_one(next)) {
            return Next::Invalid("the page's cursor is one of an earlier page");
        }
        self.token = Some(next.to_owned());
        Next::Page
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

    #[test]
    fn ids_lead_on_until_a_page_is_empty() {
        let mut cursor = ById::at(None);
        assert_eq!(cursor.advance(["3", "2"]), Next::Page);
        assert_eq!(cursor.id(), Some("2"));
        // However short it is: how long a page may be, only the service knows.
        assert_eq!(cursor.advance(["1"]), Next::Page);
        assert_eq!(cursor.advance(NONE), Next::End);
        assert_eq!(ById::at(Some("9".to_owned())).id(), Some("9"));
    }

    #[test]
    fn an_item_that_comes_again_ends_the_list_with_an_error() {
        let stuck = Next::Invalid("the page has an item that came before");
        // A service that ignores the cursor gives the first page again.
        let mut cursor = ById::at(None);
        assert_eq!(cursor.advance(["3", "2"]), Next::Page);
        assert_eq!(cursor.advance(["3", "2"]), stuck);
        // A service that loops comes back later.
        let mut cursor = ById::at(None);
        for id in ["1", "2", "3"] {
            assert_eq!(cursor.advance([id]), Next::Page);
        }
        assert_eq!(cursor.advance(["1"]), stuck);
    }

    #[test]
    fn what_is_kept_of_a_long_list_is_little() {
        let mut cursor = ById::at(None);
        for page in 0..100 {
            let ids: Vec<String> = (0..50).map(|item| format!("{page}-{item}")).collect();
            let next = cursor.advance(ids.iter().map(String::as_str));
            assert_eq!(next, Next::Page);
        }
        assert_eq!(cursor.seen.len(), 100);
        // A service that goes back into the middle of an earlier page gets to its end again.
        let stuck = Next::Invalid("the page has an item that came before");
        assert_eq!(cursor.advance(["3-48", "3-49", "4-0"]), stuck);
        // And so does one whose pages begin with the item that they come after.
        assert_eq!(cursor.advance(["99-49", "100-0"]), stuck);
    }

    #[test]
    fn tokens_lead_on_until_the_last_and_a_repeated_one_is_an_error() {
        let mut cursor = ByToken::at(None);
        assert_eq!(cursor.token(), None);
        assert_eq!(cursor.advance(Some("x")), Next::Page);
        assert_eq!(cursor.token(), Some("x"));
        assert_eq!(cursor.advance(Some("y")), Next::Page);
        let stuck = Next::Invalid("the page's cursor is one of an earlier page");
        assert_eq!(cursor.advance(Some("x")), stuck);
        for end in [None, Some("")] {
            assert_eq!(cursor.advance(end), Next::End);
        }
    }
}
