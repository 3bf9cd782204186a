//! A page of a list: by cursor, in either order, with the service's odd ways.

use std::borrow::Borrow;

use url::form_urlencoded;

use crate::http::refusal::Refusal;
use crate::world::thread::StoredMessage;

/// What a request for a page says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CursorPage {
    before: Option<String>,
    after: Option<String>,
    limit: usize,
    oldest_first: bool,
}

/// How a list treats its cursors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursors {
    /// Whether an ID that does not exist is a 404. Otherwise it is ignored.
    pub(crate) unknown_is_an_error: bool,
    /// Whether `before` gives what comes later in the list, and `after` what comes earlier.
    pub(crate) swapped: bool,
}

impl Cursors {
    /// As most lists have them.
    pub(crate) const USUAL: Self = Self {
        unknown_is_an_error: false,
        swapped: false,
    };

    /// As archives, folders, files and steps have them.
    pub(crate) const STRICT: Self = Self {
        unknown_is_an_error: true,
        swapped: false,
    };
}

/// What a history does if the ID of a cursor does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownCursor {
    /// It is a 404.
    Refused,
    /// It is as if it were not there.
    Ignored,
    /// Nothing is on the page.
    Empty,
}

impl CursorPage {
    /// Reads the query of the URL. Parameters that are not about pages are passed over. Newest first unless it says
    /// otherwise.
    pub(crate) fn from_query(query: &str, default_limit: usize) -> Result<Self, Refusal> {
        let mut page = Self {
            before: None,
            after: None,
            limit: default_limit,
            oldest_first: false,
        };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "before" => page.before = Some(value.into_owned()),
                "after" => page.after = Some(value.into_owned()),
                "limit" => {
                    // `parse` alone would take a sign.
                    let is_plain = value.bytes().all(|byte| byte.is_ascii_digit());
                    if !is_plain || value.is_empty() {
                        return Err(Refusal::unprocessable(
                            "limit must be a whole number, 0 or more",
                        ));
                    }
                    // One that does not fit is more than there is.
                    page.limit = value.parse().unwrap_or(usize::MAX);
                }
                "order" => {
                    page.oldest_first = match &*value {
                        "asc" => true,
                        "desc" => false,
                        _ => {
                            return Err(Refusal::unprocessable("order must be `asc` or `desc`"));
                        }
                    };
                }
                _ => {}
            }
        }
        Ok(page)
    }

    /// The same page, if the list is the oldest first unless the query says otherwise.
    pub(crate) fn oldest_first_by_default(mut self, query: &str) -> Self {
        let says = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "order");
        self.oldest_first |= !says;
        self
    }

    /// The same page, if 0 is no limit: as a list has it that has its limit only if it is not 0.
    pub(crate) fn with_zero_for_all(mut self) -> Self {
        if self.limit == 0 {
            self.limit = usize::MAX;
        }
        self
    }

    /// Whether the oldest come first.
    pub(crate) fn is_oldest_first(&self) -> bool {
        self.oldest_first
    }

    /// Takes the page out of an agent's messages, which come oldest first.
    ///
    /// Against what is documented, the server lists them oldest first in either order, which only
    /// says whether a page has the oldest or the newest; and `after` is newer, and `before` older, in both.
    pub(crate) fn of_messages<'a, T: Borrow<StoredMessage>>(
        &self,
        messages: &'a [T],
        wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<&'a T>, Refusal> {
        self.of_history(
            messages,
            |message| message.borrow().id.as_str(),
            wanted,
            UnknownCursor::Refused,
        )
    }

    /// Takes the page out of `items`, which come oldest first: of those that are wanted, the oldest or the newest between the
    /// cursors, oldest first. `after` is newer, and `before` older, in either order.
    pub(crate) fn of_history<'a, T>(
        &self,
        items: &'a [T],
        id: impl Fn(&T) -> &str,
        wanted: impl Fn(&T) -> bool,
        unknown: UnknownCursor,
    ) -> Result<Vec<&'a T>, Refusal> {
        let place = |cursor: &Option<String>, before: usize, without: usize| {
            let Some(cursor) = cursor else {
                return Ok(without);
            };
            match (items.iter().position(|item| id(item) == cursor), unknown) {
                (Some(place), _) => Ok(place + before),
                (None, UnknownCursor::Refused) => Err(not_found("message", cursor)),
                (None, UnknownCursor::Ignored) => Ok(without),
                // Beyond the end as a beginning, and before the beginning as an end.
                (None, UnknownCursor::Empty) => Ok(items.len() - without),
            }
        };
        let start = place(&self.after, 1, 0)?;
        let end = place(&self.before, 0, items.len())?;
        let between = items.get(start..end).unwrap_or_default().iter();
        let between = between.filter(|item| wanted(item));
        Ok(if self.oldest_first {
            between.take(self.limit).collect()
        } else {
            let mut page: Vec<_> = between.rev().take(self.limit).collect();
            page.reverse();
            page
        })
    }

    /// Takes the page out of texts that come sorted. A cursor is a text, whether or not it is among them.
    pub(crate) fn of_sorted<'a>(
        &self,
        items: impl DoubleEndedIterator<Item = &'a String>,
    ) -> Vec<&'a String> {
        let (above, below) = match self.oldest_first {
            true => (&self.after, &self.before),
            false => (&self.before, &self.after),
        };
        let is_between = |item: &&String| {
            above.as_ref().is_none_or(|above| *item > above)
                && below.as_ref().is_none_or(|below| *item < below)
        };
        let items = items.filter(is_between);
        match self.oldest_first {
            true => items.take(self.limit).collect(),
            false => items.rev().take(self.limit).collect(),
        }
    }

    /// The same page, in the other order.
    pub(crate) fn with_oldest_first(mut self, oldest_first: bool) -> Self {
        self.oldest_first = oldest_first;
        self
    }

    /// How many items it has at most.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The ID that it comes after, if it does.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The ID that it comes before, if it does.
    pub(crate) fn before(&self) -> Option<&str> {
        self.before.as_deref()
    }

    /// Takes the page out of `items`, which come oldest first: the first of the list between its cursors, in the order
    /// asked for. So a page with `before` is not next to its cursor, but at the beginning of the list.
    pub(crate) fn of<'a, T: 'a>(
        &self,
        items: impl DoubleEndedIterator<Item = &'a T>,
        id: impl Fn(&T) -> &str,
        cursors: Cursors,
    ) -> Result<Vec<&'a T>, Refusal> {
        self.of_those(items, id, cursors, |_| true)
    }

    /// The same, of those items alone that are wanted. A cursor may be any of the items.
    pub(crate) fn of_those<'a, T: 'a>(
        &self,
        items: impl DoubleEndedIterator<Item = &'a T>,
        id: impl Fn(&T) -> &str,
        cursors: Cursors,
        is_wanted: impl Fn(&T) -> bool,
    ) -> Result<Vec<&'a T>, Refusal> {
        let mut page: Vec<&T> = if self.oldest_first {
            items.collect()
        } else {
            items.rev().collect()
        };
        let (before, after) = match cursors.swapped {
            false => (&self.before, &self.after),
            true => (&self.after, &self.before),
        };
        let place = |page: &[&T], cursor: &str| {
            let found = page.iter().position(|item| id(item) == cursor);
            match found {
                None if cursors.unknown_is_an_error => Err(not_found("item", cursor)),
                found => Ok(found),
            }
        };
        if let Some(before) = before
            && let Some(end) = place(&page, before)?
        {
            page.truncate(end);
        }
        if let Some(after) = after {
            // What is not there any more may have been cut off just now.
            if let Some(start) = place(&page, after)? {
                page.drain(..=start);
            }
        }
        // No more are looked at than the page has room for.
        Ok(page
            .into_iter()
            .filter(|item| is_wanted(item))
            .take(self.limit)
            .collect())
    }
}

fn not_found(what: &str, id: &str) -> Refusal {
    Refusal::no_such(what, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_what_comes_next_to_its_cursor_in_its_order() {
        let items = ["a", "b", "c", "d", "e"];
        for (query, expected) in [
            ("", "edc"),
            ("order=desc", "edc"),
            ("order=asc", "abc"),
            ("order=asc&limit=2", "ab"),
            ("order=asc&after=b", "cde"),
            ("order=asc&after=b&limit=1", "c"),
            ("order=asc&before=d&limit=2", "ab"),
            ("order=asc&after=a&before=e&limit=2", "bc"),
            ("after=d&limit=2", "cb"),
            ("before=b&limit=2", "ed"),
            ("after=a", ""),
            ("limit=0", ""),
            ("limit=99", "edcba"),
            ("limit=99999999999999999999", "edcba"),
            ("other=1", "edc"),
            ("after=z", "edc"),
            ("before=z&limit=1", "e"),
        ] {
            let page = CursorPage::from_query(query, 3).unwrap();
            let found: String = page
                .of(items.iter(), |item| item, Cursors::USUAL)
                .unwrap()
                .into_iter()
                .copied()
                .collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn a_cursor_may_be_an_item_that_is_not_wanted() {
        let items = ["a", "b", "c", "d", "e"];
        for (query, expected) in [
            ("", "ca"),
            ("after=d", "ca"),
            ("after=c", "a"),
            ("before=b", "c"),
            ("order=asc&after=b&limit=1", "c"),
            ("limit=0", "eca"),
            ("limit=1", "e"),
        ] {
            let page = CursorPage::from_query(query, 3)
                .unwrap()
                .with_zero_for_all();
            let is_wanted =
                |item: &&str| "ace".contains(*item) && (*item != "e" || query.contains("limit"));
            let found = page.of_those(items.iter(), |item| item, Cursors::USUAL, is_wanted);
            let found: String = found.unwrap().into_iter().copied().collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    fn message(id: &str) -> StoredMessage {
        StoredMessage {
            id: id.into(),
            date: jiff::Timestamp::UNIX_EPOCH,
            run_id: None,
            step_id: None,
            shown: Vec::new(),
        }
    }

    #[test]
    fn a_page_of_messages_is_oldest_first_whatever_the_order() {
        let messages = ["a", "b", "c", "d", "e"].map(message);
        for (query, expected) in [
            ("", "cde"),
            ("order=asc", "abc"),
            ("limit=2&before=d", "bc"),
            ("order=asc&limit=2&before=d", "ab"),
            ("limit=2&after=b", "de"),
            ("order=asc&limit=2&after=b", "cd"),
            ("after=a&before=d", "bc"),
            ("after=d&before=b", ""),
            ("after=e", ""),
            ("limit=0", ""),
        ] {
            let page = CursorPage::from_query(query, 3).unwrap();
            let found: String = page
                .of_messages(&messages, |_| true)
                .unwrap()
                .iter()
                .map(|message| message.id.as_str())
                .collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn a_history_treats_an_unknown_cursor_as_its_list_does() {
        let items = ["a", "b", "c"];
        let page = |query: &str, unknown| {
            let page = CursorPage::from_query(query, 9).unwrap();
            let found = page.of_history(&items, |item| item, |item| *item != "b", unknown);
            found.map(|found| found.into_iter().copied().collect::<String>())
        };
        for (query, ignored, empty) in [
            ("", "ac", "ac"),
            ("limit=1", "c", "c"),
            ("order=asc&limit=1", "a", "a"),
            ("after=b", "c", "c"),
            ("before=b", "a", "a"),
            ("after=z", "ac", ""),
            ("before=z", "ac", ""),
            ("order=asc&after=a&before=z", "c", ""),
        ] {
            assert_eq!(
                page(query, UnknownCursor::Ignored).unwrap(),
                ignored,
                "{query}"
            );
            assert_eq!(page(query, UnknownCursor::Empty).unwrap(), empty, "{query}");
            let refused = page(query, UnknownCursor::Refused);
            assert_eq!(refused.is_err(), query.contains('z'), "{query}");
        }
    }

    #[test]
    fn cursors_of_runs_are_the_other_way_round() {
        let items = ["a", "b", "c", "d", "e"];
        let runs = Cursors {
            swapped: true,
            ..Cursors::USUAL
        };
        for (query, expected) in [
            ("limit=2&before=d", "cb"),
            ("limit=2&after=b", "ed"),
            ("limit=2&order=asc&before=b", "cd"),
            ("limit=2&order=asc&after=d", "ab"),
            ("limit=2&before=z", "ed"),
        ] {
            let page = CursorPage::from_query(query, 3).unwrap();
            let found = page.of(items.iter(), |item| item, runs).unwrap();
            assert_eq!(
                found.into_iter().copied().collect::<String>(),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn what_makes_no_page_is_refused_by_name() {
        for (query, name) in [
            ("limit=-1", "limit"),
            ("limit=x", "limit"),
            ("limit=", "limit"),
            ("order=up", "order"),
        ] {
            let refusal = CursorPage::from_query(query, 3).unwrap_err();
            assert!(refusal.message().starts_with(name), "{query}: {refusal:?}");
        }
        let strict = Cursors {
            unknown_is_an_error: true,
            ..Cursors::USUAL
        };
        for name in ["before", "after"] {
            let page = CursorPage::from_query(&format!("{name}=item-9"), 3).unwrap();
            let refusal = page.of(["a"].iter(), |item| item, strict).unwrap_err();
            assert!(refusal.message().contains("item-9"), "{refusal:?}");
        }
    }
}
