//! What goes from the whole description: keywords that it is marked to do without everywhere, and notes that stand
//! where OpenAPI has no place for them.

use std::collections::HashSet;

use super::schema::{items_mut, member_mut, members_mut};
use crate::markers::IGNORE;
use crate::openapi::{Node, Value};

/// Deeper than any file that was read is nested.
const DEPTH: usize = 200;

/// Takes the keywords out of all schemas that the description itself is marked to do without. Those that no
/// schema has stay on the list, for a lint to complain of.
pub(super) fn ignore(document: &mut Node) {
    let listed = document.get(IGNORE).and_then(Node::as_array);
    let keywords: HashSet<String> = listed
        .unwrap_or(&[])
        .iter()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    let mut everywhere = Everywhere {
        keywords,
        seen: HashSet::new(),
    };
    everywhere.outside(document, 0);
    let seen = everywhere.seen;
    let Some(Value::Array(list)) = member_mut(document, IGNORE).map(|it| &mut it.value) else {
        return;
    };
    list.retain(|it| it.as_str().is_none_or(|keyword| !seen.contains(keyword)));
    if list.is_empty()
        && !seen.is_empty()
        && let Some(root) = members_mut(document)
    {
        root.shift_remove(IGNORE);
    }
}

struct Everywhere {
    keywords: HashSet<String>,
    seen: HashSet<String>,
}

impl Everywhere {
    /// Finds the schemas.
    fn outside(&mut self, node: &mut Node, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match &mut node.value {
            Value::Object(members) => {
                for (key, entry) in members {
                    match key.as_str() {
                        "schema" => self.inline(&mut entry.node, depth + 1),
                        "schemas" => {
                            for (_, entry) in members_mut(&mut entry.node).into_iter().flatten() {
                                self.schema(&mut entry.node, depth + 1);
                            }
                        }
                        "content" => self.content(&mut entry.node, depth + 1),
                        "example" | "examples" | "default" => {}
                        key if key.starts_with("x-") => {}
                        _ => self.outside(&mut entry.node, depth + 1),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.outside(item, depth + 1);
                }
            }
            _ => {}
        }
    }

    fn content(&mut self, content: &mut Node, depth: usize) {
        for (_, media) in members_mut(content).into_iter().flatten() {
            if let Some(media) = members_mut(&mut media.node) {
                // FastAPI puts it there; it says nothing that the response does not.
                media.shift_remove("description");
            }
            self.outside(&mut media.node, depth + 1);
        }
    }

    /// typify would name a type by the title of a schema that has no name.
    fn inline(&mut self, schema: &mut Node, depth: usize) {
        if let Some(members) = members_mut(schema) {
            members.shift_remove("title");
        }
        self.schema(schema, depth);
    }

    fn schema(&mut self, schema: &mut Node, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let Some(members) = members_mut(schema) else {
            return;
        };
        let (keywords, seen) = (&self.keywords, &mut self.seen);
        members.retain(|keyword, _| {
            let goes = keywords.contains(keyword);
            if goes {
                seen.insert(keyword.clone());
            }
            // Nothing depends on it, and there is no such keyword.
            !goes && keyword != "summary"
        });
        for (_, entry) in member_mut(schema, "properties")
            .and_then(members_mut)
            .into_iter()
            .flatten()
        {
            self.inline(&mut entry.node, depth + 1);
        }
        for keyword in ["items", "additionalProperties", "not"] {
            if let Some(inner) = member_mut(schema, keyword) {
                self.inline(inner, depth + 1);
            }
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            for branch in items_mut(member_mut(schema, keyword)) {
                self.inline(branch, depth + 1);
            }
        }
    }
}
