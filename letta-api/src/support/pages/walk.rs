//! The way through a list: what its pages are asked for with, and what comes after a page.

use std::cell::RefCell;

use url::Url;

use super::marks::{self, Each, Flag, Text};
use super::rule::{Fill, Move, Rule};
use super::seen::{Kind, Seen};
use crate::InvalidRequest;

const CAME_BEFORE: &str = "the page has an item that came before; the service does not move on";
const NOTHING_NEW: &str = "all items of the page came before; the service does not move on";
const TWICE: &str = "the page has an item twice";
const EMPTY: &str = "the page is empty, but says that more follows";
const SAME_CURSOR: &str = "the page leads to a page that came before; the service does not move on";
const NO_CURSOR: &str = "the page says that more follows, but not where";

/// A way through a list.
pub(super) struct Walk {
    rule: &'static Rule,
    /// What leads to the next page. `None` if the list comes as one page.
    step: Option<&'static Move>,
    /// The value of the parameter that moves. `None` if it is not sent.
    cursor: Option<String>,
    /// How many items a page may have, if the list comes as one page.
    limit: Option<u64>,
    seen: Seen,
}

/// What is read of a page.
pub(super) struct Marks {
    /// The hash of each item's ID. `None` if it has none.
    ids: Vec<Option<u64>>,
    /// The ID of the item that the next page begins at, if that is known by an ID.
    end: Option<String>,
    more: Option<bool>,
    token: Option<String>,
}

/// What comes after a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Page,
    End,
    /// The page is valid, but no other can be asked for.
    Refused(InvalidRequest),
}

/// A step past a page.
pub(super) struct Step {
    next: Next,
    cursor: Option<String>,
    /// The hashes of what the page has.
    hashes: Vec<u64>,
    /// The indices of the items that came before, in order.
    pub(super) before: Vec<usize>,
}

impl Step {
    /// The step past a page of which nothing could be read.
    pub(super) fn unread() -> Self {
        let rule = "cannot be made for another page: the IDs of the last page could not be read";
        Self {
            next: Next::Refused(InvalidRequest::whole(rule)),
            cursor: None,
            hashes: Vec::new(),
            before: Vec::new(),
        }
    }
}

impl Walk {
    /// Begins where the request for the first page says.
    pub(super) fn begin(rule: &'static Rule, url: &mut Url) -> Result<Self, InvalidRequest> {
        let mut walk = Self {
            rule,
            step: None,
            cursor: None,
            limit: None,
            seen: Seen::new(),
        };
        if let Some(whole) = &rule.whole {
            let limit = match parameter(url, whole.parameter) {
                Some(limit) => limit,
                None => {
                    let limit = whole.limit.to_string();
                    set(url, whole.parameter, &limit);
                    limit
                }
            };
            walk.limit = limit.parse().ok();
            return Ok(walk);
        }

        let given = rule.order.as_ref();
        let given = given.and_then(|order| parameter(url, order.parameter));
        let order = match (&given, &rule.order) {
            (Some(given), _) => given.as_str(),
            (None, Some(order)) => order.default,
            (None, None) => "",
        };
        let mut moves = rule.moves.iter();
        let step = moves.find(|it| it.order.is_empty() || it.order == order);
        let Some(step) = step else {
            let name = rule.order.as_ref().map_or("", |it| it.parameter);
            let rule = "is not an order for which it is known how the pages of this list follow each other";
            return Err(InvalidRequest::query(name, rule));
        };
        let mut others = rule.others.iter();
        let other = others.find(|it| **it != step.parameter && parameter(url, it).is_some());
        if let Some(other) = other {
            let rule = "cannot be set for pages: it does not lead from page to page in this order; leave it out, or call the method for one page";
            return Err(InvalidRequest::query(other, rule));
        }
        walk.step = Some(step);
        walk.cursor = parameter(url, step.parameter);
        match (&step.from, &walk.cursor) {
            (Fill::Count, Some(cursor)) if cursor.parse::<u64>().is_err() => {
                let rule = "is not a whole number from 0";
                return Err(InvalidRequest::query(step.parameter, rule));
            }
            (Fill::Count, _) | (_, None) => {}
            (Fill::Last | Fill::First, Some(cursor)) => {
                let start = walk.seen.hash(Kind::Id, cursor);
                walk.seen.add_start(start);
            }
            (Fill::Answer(_), Some(cursor)) => {
                let start = walk.seen.hash(Kind::Token, cursor);
                walk.seen.add_start(start);
            }
        }
        Ok(walk)
    }

    /// The parameter that moves, and its value.
    pub(super) fn cursor(&self) -> Option<(&'static str, &str)> {
        Some((self.step?.parameter, self.cursor.as_deref()?))
    }

    /// Whether the items of a page come in the opposite order to that of the list.
    pub(super) fn runs_backwards(&self) -> bool {
        matches!(
            self.step,
            Some(Move {
                from: Fill::First,
                ..
            })
        )
    }

    /// Puts the cursor into the query of a request for the first page.
    pub(super) fn write(&self, url: &mut Url) {
        if let Some((parameter, cursor)) = self.cursor() {
            set(url, parameter, cursor);
        }
    }

    /// Reads of a page what leads to the next one.
    pub(super) fn marks(&self, body: &[u8]) -> serde_json::Result<Marks> {
        let from = self.step.map(|it| &it.from);
        let end = RefCell::new(String::new());
        let read = |text: &str| {
            let mut end = end.borrow_mut();
            let is_end = match from {
                Some(Fill::Last) => true,
                Some(Fill::First) => end.is_empty(),
                Some(Fill::Count | Fill::Answer(_)) | None => false,
            };
            if is_end {
                end.clear();
                end.push_str(text);
            }
            // An empty text cannot lead to a page.
            (!text.is_empty()).then(|| self.seen.hash(Kind::Id, text))
        };
        let each = Each {
            path: self.rule.id,
            value: Text(&read),
        };
        let ids = marks::read(body, self.rule.items, each)?.unwrap_or_default();
        let ids: Vec<Option<u64>> = ids.into_iter().map(Option::flatten).collect();
        let has_end = match from {
            Some(Fill::Last) => matches!(ids.last(), Some(Some(_))),
            Some(Fill::First) => matches!(ids.first(), Some(Some(_))),
            Some(Fill::Count | Fill::Answer(_)) | None => false,
        };
        let more = match self.rule.more {
            Some(path) => marks::read(body, path, Flag)?,
            None => None,
        };
        let token = match from {
            Some(Fill::Answer(path)) => marks::read(body, path, Text(str::to_owned))?,
            _ => None,
        };
        Ok(Marks {
            ids,
            end: has_end.then(|| end.into_inner()),
            more,
            token: token.filter(|it| !it.is_empty()),
        })
    }

    /// What comes after a page with these marks, or why it is invalid. Nothing changes before the step is [taken](Self::take).
    pub(super) fn step(&self, marks: Marks) -> Result<Step, &'static str> {
        let count = marks.ids.len();
        let (before, hashes) = self.sort_out(&marks.ids)?;
        let mut step = Step {
            next: Next::End,
            cursor: None,
            hashes,
            before,
        };
        let Some(Move {
            parameter, from, ..
        }) = self.step
        else {
            // A page that is full may lack what follows.
            let limit = self.limit.filter(|limit| *limit <= count as u64);
            if let (Some(_), Some(whole)) = (limit, &self.rule.whole) {
                let rule = "is reached, and the list may have more; this list comes as one page, so ask again with a higher limit";
                step.next = Next::Refused(InvalidRequest::query(whole.parameter, rule));
            }
            return Ok(step);
        };

        if !step.before.is_empty() {
            match from {
                // An item that was added has moved others to this page.
                Fill::Count if step.before.len() < count => {}
                Fill::Count => return Err(NOTHING_NEW),
                Fill::Last | Fill::First | Fill::Answer(_) => return Err(CAME_BEFORE),
            }
        }
        if marks.more == Some(true) && count == 0 && !matches!(from, Fill::Answer(_)) {
            return Err(EMPTY);
        }
        step.cursor = match from {
            Fill::Last | Fill::First => marks.end,
            Fill::Answer(_) => marks.token,
            Fill::Count => {
                let so_far = self.cursor.as_deref().unwrap_or("0");
                let so_far: u64 = so_far.parse().unwrap_or_default();
                so_far.checked_add(count as u64).map(|it| it.to_string())
            }
        };
        if let (Fill::Answer(_), Some(token)) = (from, &step.cursor) {
            let hash = self.seen.hash(Kind::Token, token);
            // The last page may repeat its own.
            if self.seen.has(hash) && marks.more != Some(false) {
                return Err(SAME_CURSOR);
            }
            step.hashes.push(hash);
        }
        let is_end = match (from, marks.more) {
            (_, Some(false)) => true,
            (Fill::Answer(_), Some(true)) if step.cursor.is_none() => return Err(NO_CURSOR),
            (Fill::Answer(_), _) => step.cursor.is_none(),
            (Fill::Last | Fill::First | Fill::Count, _) => count == 0,
        };
        step.next = match (is_end, from, &step.cursor) {
            (true, ..) => Next::End,
            (false, _, Some(_)) => Next::Page,
            (false, Fill::Count, None) => {
                let rule = "cannot be set: the list is longer than can be counted";
                Next::Refused(InvalidRequest::query(parameter, rule))
            }
            (false, _, None) => {
                let rule =
                    "cannot be set: the item of the last page that leads to the next one has no ID";
                Next::Refused(InvalidRequest::query(parameter, rule))
            }
        };
        Ok(step)
    }

    /// Finds the items that came before, and the hashes of all others.
    fn sort_out(&self, ids: &[Option<u64>]) -> Result<(Vec<usize>, Vec<u64>), &'static str> {
        let mut before = Vec::new();
        let mut hashes = Vec::with_capacity(ids.len());
        let mut last = None;
        for (index, id) in ids.iter().enumerate() {
            let is_part = self.rule.parts && id.is_some() && *id == last;
            last = *id;
            match id {
                Some(hash) if self.seen.has(*hash) => before.push(index),
                Some(hash) if !is_part => hashes.push(*hash),
                Some(_) | None => {}
            }
        }
        let mut sorted = hashes.clone();
        sorted.sort_unstable();
        match sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            true => Err(TWICE),
            false => Ok((before, hashes)),
        }
    }

    /// Moves past a page.
    pub(super) fn take(&mut self, step: Step) -> Next {
        if step.cursor.is_some() {
            self.cursor = step.cursor;
        }
        self.seen.add_page(step.hashes);
        step.next
    }

    #[cfg(test)]
    pub(super) fn remembers(&self) -> usize {
        self.seen.len()
    }
}

/// The value of a parameter of the query, if there is one.
fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    let (_, value) = pairs.find(|(key, _)| key == name)?;
    Some(value.into_owned())
}

/// Sets a parameter of the query, in place of what it has.
fn set(url: &mut Url, name: &str, value: &str) {
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    match pairs.iter_mut().find(|(key, _)| key == name) {
        Some((_, given)) => value.clone_into(given),
        None => pairs.push((name.to_owned(), value.to_owned())),
    }
    url.query_pairs_mut().clear().extend_pairs(pairs);
}
