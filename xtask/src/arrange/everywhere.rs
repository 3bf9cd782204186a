//! What is removed from the whole description: keywords that the overlay ignores everywhere (`x-codegen-ignore: [pattern]` on the
//! document), and notes in places where OpenAPI has none.

use std::collections::HashSet;

use super::build::{member_mut, members_mut};
use crate::markers::IGNORE;
use crate::openapi::walk::{self, Kind, Position, Reach, Then};
use crate::openapi::{Node, Value};

/// Removes the keywords that the description itself is marked to ignore from all schemas. A keyword that no schema
/// has stays on the list, so that a lint reports it.
pub(super) fn ignore(document: &mut Node) {
    let listed = document.get(IGNORE).and_then(Node::as_array);
    let keywords: HashSet<String> = listed
        .unwrap_or(&[])
        .iter()
        .filter_map(|it| it.as_str().map(str::to_owned))
        .collect();
    let mut seen: HashSet<String> = HashSet::new();
    walk::each_mut(document, Reach::V3_0, |node, place| {
        let Some(members) = members_mut(node) else {
            return Then::Past;
        };
        match place.kind {
            // FastAPI puts it there. It says nothing that the response does not.
            Kind::MediaType => {
                members.shift_remove("description");
            }
            Kind::Schema => {
                members.retain(|keyword, _| {
                    let goes = keywords.contains(keyword);
                    if goes {
                        seen.insert(keyword.clone());
                    }
                    // typify would name a type by the title of a schema that has no name. `summary` is no keyword of
                    // schemas, and nothing depends on it.
                    let is_name = keyword == "title" && place.position != Position::Component;
                    !goes && !is_name && keyword != "summary"
                });
            }
            _ => {}
        }
        Then::Within
    });
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
