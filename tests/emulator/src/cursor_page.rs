//! A page of what the self-hosted server lists: by cursor, in either order.

use url::form_urlencoded;

use crate::refusal::Refusal;

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
                    page.limit = match value.parse() {
                        Ok(limit) if is_plain => limit,
                        _ => {
                            return Err(Refusal::unprocessable(
                                "limit must be a whole number, 0 or more",
                            ));
                        }
                    };
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

    /// Takes the page out of `items`, which come oldest first.
    pub(crate) fn of<'a, T>(
        &self,
        items: &'a [T],
        id: impl Fn(&T) -> &str,
    ) -> Result<Vec<&'a T>, Refusal> {
        let mut page: Vec<&T> = items.iter().collect();
        if !self.oldest_first {
            page.reverse();
        }
        let place = |page: &[&T], name: &str, cursor: &str| {
            page.iter()
                .position(|item| id(item) == cursor)
                .ok_or_else(|| Refusal::not_found(&format!("there is nothing at the ID in {name}")))
        };
        if let Some(before) = &self.before {
            page.truncate(place(&page, "before", before)?);
        }
        if let Some(after) = &self.after {
            page.drain(..=place(&page, "after", after)?);
        }
        // Of what comes before something, the page has what is next to it.
        if self.before.is_some() && self.after.is_none() {
            page.drain(..page.len().saturating_sub(self.limit));
        }
        page.truncate(self.limit);
        Ok(page)
    }
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
            ("other=1", "edc"),
        ] {
            let page = CursorPage::from_query(query, 3).unwrap();
            let found: String = page
                .of(&items, |item| item)
                .unwrap()
                .into_iter()
                .copied()
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
            let refusal = page.of(&["a"], |item| item).unwrap_err();
            assert!(refusal.message().contains(name), "{refusal:?}");
        }
    }
}
