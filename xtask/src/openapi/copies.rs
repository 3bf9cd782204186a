//! References to parts of the description that have no name: a property of a component, the schema of an answer, a
//! parameter of another operation. What they lead to is put in their place.
//!
//! ```yaml
//! agent_id: {$ref: '#/components/schemas/Message/properties/agent_id'}   # becomes {type: string}, as it is there
//! ```
//!
//! The arrange stage does so for all of them, and the select stage for those that lead into operations that are left out.
//!
//! A part that contains the reference cannot be put into itself, and stays for a lint to refuse. So does a part of
//! another kind than the reference needs.

use std::collections::{HashMap, HashSet};

use super::limits::REFERRED;
use super::walk::{self, Kind, Reach, Then};
use super::{Entry, Node, Pointer, Value, keywords, reference};

/// Puts copies in the place of such references, if what they lead to is `wanted`. Copies are taken from the description as given, so references
/// within a copy are dealt with in its new place, and the result does not depend on the order.
pub fn put_copies(document: &mut Node, reach: Reach, wanted: impl Fn(&Pointer) -> bool) {
    if !has_any(document, reach) {
        return;
    }
    let given = document.clone();
    let mut kinds: HashMap<Pointer, Kind> = HashMap::new();
    walk::each(&given, reach, |_, place| {
        kinds.insert(place.pointer(), place.kind);
        Then::Within
    });
    let given = Given {
        document: &given,
        kinds,
    };
    let mut values_left = REFERRED;
    // The copies that the walk is in at present, with their depth. A reference to one of them is a circle.
    let mut within: Vec<(usize, Pointer)> = Vec::new();
    walk::each_mut(document, reach, |node, place| {
        within.retain(|(depth, _)| *depth < place.at.len());
        let Some(at) = given.nameless(node, place.kind).filter(&wanted) else {
            return Then::Within;
        };
        let is_circle = place.at.starts_with(&at.0)
            || within.iter().any(|(_, outer)| outer.0.starts_with(&at.0));
        let target = given.document.pointer(&at).filter(|_| !is_circle);
        if let Some(target) = target.filter(|target| size(target) <= values_left)
            && put(node, target, place.kind)
        {
            values_left -= size(target);
            within.push((place.at.len(), at));
        }
        Then::Within
    });
}

/// Whether any reference leads to what has no name. Most descriptions have none, and need not be copied.
fn has_any(document: &Node, reach: Reach) -> bool {
    let mut found = false;
    walk::each(document, reach, |node, place| {
        found |= is_nameless(node, place.kind);
        match found {
            true => Then::Past,
            false => Then::Within,
        }
    });
    found
}

/// Whether this is a reference within the description that does not lead to a component of its kind.
fn is_nameless(node: &Node, kind: Kind) -> bool {
    match (reference::text(node), kind.components()) {
        (Some(text), Some(part)) => {
            text.starts_with('#') && reference::component(text, part).is_none()
        }
        _ => false,
    }
}

/// The description before this step, and the kind of object at each place.
struct Given<'a> {
    document: &'a Node,
    kinds: HashMap<Pointer, Kind>,
}

impl Given<'_> {
    /// The place that a reference leads to, if that has no name and is of the right kind. If there is another such reference at that
    /// place, it is followed.
    fn nameless(&self, node: &Node, kind: Kind) -> Option<Pointer> {
        let mut node = node;
        let mut seen = HashSet::new();
        let mut found = None;
        while is_nameless(node, kind) {
            let at = reference::pointer(reference::text(node)?)?;
            if self.kinds.get(&at) != Some(&kind) || !seen.insert(at.clone()) {
                return None;
            }
            node = self.document.pointer(&at)?;
            found = Some(at);
        }
        found
    }
}

/// Puts what a reference leads to in its place. Returns whether it could: a parameter with keywords next to its reference, for
/// example, has no form that keeps both.
fn put(node: &mut Node, target: &Node, kind: Kind) -> bool {
    let Value::Object(members) = &mut node.value else {
        return false;
    };
    if members.len() == 1 {
        *node = target.clone();
        return true;
    }
    // Notes about the place stay there.
    let are_notes = members
        .keys()
        .all(|key| key == "$ref" || keywords::is_note(key));
    if kind != Kind::Schema || !are_notes {
        return false;
    }
    members.shift_remove("$ref");
    let all_of = Node {
        value: Value::Array(vec![target.clone()]),
        span: target.span.clone(),
    };
    let entry = Entry {
        key: target.span.clone(),
        node: all_of,
    };
    members.insert("allOf".to_owned(), entry);
    true
}

/// How many values there are in one, with itself.
fn size(node: &Node) -> usize {
    let members = node.as_object().into_iter().flat_map(|it| it.values());
    let inner = members
        .map(|it| &it.node)
        .chain(node.as_array().into_iter().flatten());
    1 + inner.map(size).sum::<usize>()
}
