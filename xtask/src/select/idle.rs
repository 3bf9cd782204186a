//! Markers that are about all of the description, or about a use that is left out. A lint refuses a marker without effect, since it
//! may be a mistake. One that only lost its effect by the choice of operations is none, and is removed here.

use std::collections::{HashMap, HashSet};

use crate::markers::{EVENT_END, IGNORE, IN_ANSWERS};
use crate::openapi::media_types::is_event_stream;
use crate::openapi::schema::ignored;
use crate::openapi::uses::{Uses, uses};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Value};

/// What markers are about.
pub(super) struct Subjects {
    /// The keywords that are ignored everywhere, and that some schema has.
    keywords: HashSet<String>,
    /// Whether some answer is events.
    has_events: bool,
    /// What is sent and received. Empty if no marker depends on it.
    uses: HashMap<String, Uses>,
}

impl Subjects {
    /// Those of a description.
    pub(super) fn of(document: &Node) -> Self {
        let everywhere: HashSet<&str> = ignored(document).collect();
        let mut keywords = HashSet::new();
        let mut has_events = false;
        let mut has_in_answers = false;
        walk::each(document, Reach::V3_1, |node, place| {
            match place.kind {
                Kind::Schema => {
                    has_in_answers |= node.get(IN_ANSWERS).is_some();
                    let has = everywhere.iter().filter(|it| node.get(it).is_some());
                    keywords.extend(has.map(|it| (*it).to_owned()));
                }
                Kind::Response => {
                    let content = node.get("content").and_then(Node::as_object);
                    has_events |=
                        content.is_some_and(|it| it.keys().any(|name| is_event_stream(name)));
                }
                _ => {}
            }
            Then::Within
        });
        Self {
            keywords,
            has_events,
            uses: match has_in_answers {
                true => uses(document),
                false => HashMap::new(),
            },
        }
    }

    /// Removes markers that had an effect before, and have none now.
    pub(super) fn forget_idle(self, document: &mut Node) {
        let now = Self::of(document);
        let Value::Object(members) = &mut document.value else {
            return;
        };
        if self.has_events && !now.has_events {
            members.shift_remove(EVENT_END);
        }
        let is_idle = |it: &Node| {
            it.as_str()
                .is_some_and(|it| self.keywords.contains(it) && !now.keywords.contains(it))
        };
        if let Some(entry) = members.get_mut(IGNORE)
            && let Value::Array(list) = &mut entry.node.value
        {
            let before = list.len();
            list.retain(|it| !is_idle(it));
            if list.is_empty() && before > 0 {
                members.shift_remove(IGNORE);
            }
        }
        let was_answer = |name: &str| self.uses.get(name).is_some_and(|it| it.answer);
        let is_answer = |name: &str| now.uses.get(name).is_some_and(|it| it.answer);
        walk::each_mut(document, Reach::V3_1, |node, place| {
            if let [components, schemas, name, ..] = place.at
                && components == "components"
                && schemas == "schemas"
                && was_answer(name)
                && !is_answer(name)
                && let Value::Object(members) = &mut node.value
            {
                members.shift_remove(IN_ANSWERS);
            }
            Then::Within
        });
    }
}
