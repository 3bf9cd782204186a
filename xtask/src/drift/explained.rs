//! What the overlay has to do with differences. Ours is compared without the overlay, and again after each of its actions.
//!
//! | difference | without the overlay | with it | is |
//! |---|---|---|---|
//! | OTHER has a body on a delete, and the overlay removes ours | not there | there | explained by the action, and not counted |
//! | the description has a wrong type, and the overlay replaces the schema | there | not there | counted, with the action that hides it |

use std::collections::HashMap;

use super::comparison::Key;
use super::{ByOverlay, Found, find};
use crate::diagnostic::Failure;
use crate::lower::Lowered;
use crate::markers::{IGNORE, is_extension};
use crate::openapi::{Node, Span};
use crate::overlay::{self, Action};

/// Adds the differences that the overlay makes to those without it. Returns the action by which each of them comes, and
/// by which each of the others goes.
pub(super) fn ask(
    ours: &Node,
    overlay: &Node,
    other: &Lowered,
    found: &mut Found,
) -> Result<HashMap<Key, ByOverlay>, Failure> {
    let actions = overlay::read(overlay)?;
    let mut document = ours.clone();
    let mut json = document.to_json();
    let mut came: HashMap<Key, Span> = HashMap::new();
    let mut went: HashMap<Key, Span> = HashMap::new();
    let mut last: Option<Found> = None;
    for action in &actions {
        action.apply(&mut document, &mut json)?;
        if is_of_no_matter(action) {
            continue;
        }
        let before = &last.as_ref().unwrap_or(found).items;
        let after = find(&document, other);
        let span = &action.target.span;
        for key in after.items.keys().filter(|key| !before.contains_key(*key)) {
            came.insert(key.clone(), span.clone());
        }
        for key in before.keys().filter(|key| !after.items.contains_key(*key)) {
            went.insert(key.clone(), span.clone());
        }
        last = Some(after);
    }
    let mut by_overlay = HashMap::new();
    let Some(last) = last else {
        return Ok(by_overlay);
    };
    for key in found
        .items
        .keys()
        .filter(|key| !last.items.contains_key(*key))
    {
        if let Some(span) = went.remove(key) {
            by_overlay.insert(key.clone(), ByOverlay::Hidden(span));
        }
    }
    for (key, item) in last.items {
        if !found.items.contains_key(&key)
            && let Some(span) = came.remove(&key)
        {
            by_overlay.insert(key.clone(), ByOverlay::Explained(span));
            found.items.insert(key, item);
        }
    }
    // Notes are about what the generator sees, which is the description with the overlay.
    found.notes = last.notes;
    Ok(by_overlay)
}

/// Whether an action adds only markers that no comparison looks at. A comparison for it would take time and find nothing.
fn is_of_no_matter(action: &Action<'_>) -> bool {
    action.update().is_some_and(|update| {
        let members = update.as_object();
        members.is_some_and(|it| it.keys().all(|key| is_extension(key) && key != IGNORE))
    })
}
