//! A page of what the self-hosted server lists: by cursor, in either order.

use url::form_urlencoded;

use crate::http::refusal::Refusal;
use crate::messages::message::Message;

/// What a request for a page says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CursorPage {
    before: Option<String>,
    after: Option<String>,
    limit: usize,
    oldest_first: bool,
}

impl CursorPage {
    /// Reads the query of the URL. Parameters that are not about pages are passed over.
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

    /// Takes the page out of messages, which come oldest first.
    ///
    /// Against what is documented, the server lists messages oldest first in either order, which only
    /// says whether a page has the oldest or the newest; and `after` is newer, and `before` older, in both.
    pub(crate) fn of_messages<'a>(
        &self,
        messages: &'a [Message],
    ) -> Result<&'a [Message], Refusal> {
        let start = match &self.after {
            Some(after) => {
                found(
                    messages.iter().position(|message| message.id() == after),
                    "after",
                )? + 1
            }
            None => 0,
        };
        let end = match &self.before {
            Some(before) => found(
                messages.iter().position(|message| message.id() == before),
                "before",
            )?,
            None => messages.len(),
        };
        let between = messages.get(start..end).unwrap_or_default();
        let limit = self.limit.min(between.len());
        Ok(if self.oldest_first {
            &between[..limit]
        } else {
            &between[between.len() - limit..]
        })
    }

    /// Takes the page out of `items`, which come oldest first: in the order asked for, and with cursors
    /// in that order.
    pub(crate) fn of<'a, T>(
        &self,
        items: impl Iterator<Item = &'a T>,
        id: impl Fn(&T) -> &str,
    ) -> Result<Vec<&'a T>, Refusal> {
        let mut page: Vec<&T> = items.collect();
        if !self.oldest_first {
            page.reverse();
        }
        if let Some(before) = &self.before {
            page.truncate(found(
                page.iter().position(|item| id(item) == before),
                "before",
            )?);
        }
        if let Some(after) = &self.after {
            page.drain(..=found(page.iter().position(|item| id(item) == after), "after")?);
        }
        // Of what comes before something, the page has what is next to it.
        if self.before.is_some() && self.after.is_none() {
            page.drain(..page.len().saturating_sub(self.limit));
        }
        page.truncate(self.limit);
        Ok(page)
    }
}

fn found(place: Option<usize>, name: &str) -> Result<usize, Refusal> {
    place.ok_or_else(|| Refusal::not_found(&format!("there is nothing at the ID in {name}")))
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
            ("order=asc&before=d&limit=2", "bc"),
            ("order=asc&after=a&before=e&limit=2", "bc"),
            ("after=d&limit=2", "cb"),
            ("before=b&limit=2", "dc"),
            ("after=a", ""),
            ("limit=0", ""),
            ("limit=99", "edcba"),
            ("limit=99999999999999999999", "edcba"),
            ("other=1", "edc"),
        ] {
            let page = CursorPage::from_query(query, 3).unwrap();
            let found: String = page
                .of(items.iter(), |item| item)
                .unwrap()
                .into_iter()
                .copied()
                .collect();
            assert_eq!(found, expected, "{query}");
        }
    }

    #[test]
    fn a_page_of_messages_is_oldest_first_whatever_the_order() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let messages: Vec<_> = ["a", "b", "c", "d", "e"]
            .map(|text| Message::system(text, now))
            .into();
        let id = |text: &str| {
            messages
                .iter()
                .find(|message| message.text() == text)
                .unwrap()
                .id()
        };
        for (query, cursors, expected) in [
            ("", &[] as &[_], "cde"),
            ("order=asc", &[], "abc"),
            ("limit=2", &[("before", "d")], "bc"),
            ("order=asc&limit=2", &[("before", "d")], "ab"),
            ("limit=2", &[("after", "b")], "de"),
            ("order=asc&limit=2", &[("after", "b")], "cd"),
            ("", &[("after", "a"), ("before", "d")], "bc"),
            ("", &[("after", "d"), ("before", "b")], ""),
            ("", &[("after", "e")], ""),
            ("limit=0", &[], ""),
        ] {
            let cursors = cursors
                .iter()
                .map(|(name, text)| format!("&{name}={}", id(text)));
            let query = format!("{query}{}", cursors.collect::<String>());
            let page = CursorPage::from_query(&query, 3).unwrap();
            let found: String = page
                .of_messages(&messages)
                .unwrap()
                .iter()
                .map(Message::text)
                .collect();
            assert_eq!(found, expected, "{query}");
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
        for name in ["before", "after"] {
            let page = CursorPage::from_query(&format!("{name}=z"), 3).unwrap();
            let refusal = page.of(["a"].iter(), |item| item).unwrap_err();
            assert!(refusal.message().contains(name), "{refusal:?}");
        }
    }
}
