//! What a caller did not set is not sent. In types that are sent, an optional field has no default in Rust.
//!
//! typify begins an optional field with the default of the description, and always sends it. A change of one field would then
//! set all others to their defaults. So the default is removed, and the documentation tells it. typify makes an `Option`
//! of such a field, and refine makes `Option`s of lists and maps.
//!
//! ```yaml
//! BlockChange:                                        # sent
//!   properties:
//!     limit: {type: integer, default: 10}             # becomes {type: integer, description: By default `10`.}
//! ```
//!
//! These keep their defaults:
//!
//! - A type that is only received. Its fields are what an answer that lacks them means.
//! - A property that is only read. It is never sent.
//! - A text of one value that is required, or that may be what tells the branches of a union apart. It is always sent.

use std::collections::{HashMap, HashSet};

use super::build::{member_mut, members_mut};
use super::words::default_in_words;
use crate::markers::{CONSTANT, NOT_SENT, OPTIONAL_CONSTANT, REPLACE};
use crate::openapi::schema::{get, items, reference, unwrapped};
use crate::openapi::uses::{Uses, uses};
use crate::openapi::walk::{self, Kind, Reach, Then, each_schema_mut};
use crate::openapi::{Node, Pointer, component_schemas};

/// Arranges all schemas that are sent. Inline types have names by now, so that two that say the same are still one type.
pub(super) fn arrange(document: &mut Node) {
    if !has_defaults(document) {
        return;
    }
    let uses = uses(document);
    let branches = branches(document);
    let read_only = read_only(document);
    let mut replaced: Option<Vec<String>> = None;
    each_schema_mut(document, |schema, _, at| {
        let is_within = |it: &Vec<String>| at.starts_with(it);
        if replaced.as_ref().is_some_and(is_within) {
            return;
        }
        if schema.get(REPLACE).is_some() {
            replaced = Some(at.to_vec());
            return;
        }
        let component = match at {
            [components, schemas, name, ..]
                if components == "components" && schemas == "schemas" =>
            {
                Some(name.as_str())
            }
            _ => None,
        };
        // A component that no operation leads to is not sent.
        let is_known = component.is_none_or(|name| uses.contains_key(name));
        if !is_known || !Uses::at(at, &uses).request {
            return;
        }
        // typify would make a `Default` of the default of a whole object.
        let is_object = get(schema, "properties").is_some() || get(schema, "allOf").is_some();
        if is_object && at.len() == 3 {
            default_in_words(schema);
        }
        let of_component = component.and_then(|name| read_only.get(name));
        let may_be_branch = component.is_none_or(|name| branches.contains(name))
            || at.iter().any(|part| part == "oneOf" || part == "anyOf");
        let properties = member_mut(schema, "properties").and_then(members_mut);
        for (name, entry) in properties.into_iter().flatten() {
            let property = &mut entry.node;
            if of_component.is_some_and(|names| names.contains(name)) {
                continue;
            }
            match property.get(CONSTANT).is_some() {
                false => default_in_words(property),
                true if may_be_branch || property.get(OPTIONAL_CONSTANT).is_none() => {}
                true => {
                    default_in_words(property);
                    if let Some(members) = members_mut(property) {
                        members.shift_remove(CONSTANT);
                    }
                }
            }
        }
    });
}

/// Whether any schema has a default. If not, nothing need be worked out.
fn has_defaults(document: &Node) -> bool {
    let mut found = false;
    walk::each(document, Reach::V3_0, |node, place| {
        found |= place.kind == Kind::Schema && get(node, "default").is_some();
        match found {
            true => Then::Past,
            false => Then::Within,
        }
    });
    found
}

/// The components that are branches of a union, and those that are merged into one.
fn branches(document: &Node) -> HashSet<String> {
    let mut found = HashSet::new();
    walk::each(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::Schema {
            let branches = items(node, "oneOf").iter().chain(items(node, "anyOf"));
            let named = branches.filter_map(|branch| reference(unwrapped(branch)));
            found.extend(named.map(str::to_owned));
        }
        Then::Within
    });
    // From a branch to what it is made of.
    let mut waiting: Vec<String> = found.iter().cloned().collect();
    while let Some(name) = waiting.pop() {
        let at = Pointer(vec!["components".to_owned(), "schemas".to_owned(), name]);
        let Some(schema) = document.pointer(&at) else {
            continue;
        };
        let parts = items(schema, "allOf").iter().chain([schema]);
        for part in parts.filter_map(reference) {
            if found.insert(part.to_owned()) {
                waiting.push(part.to_owned());
            }
        }
    }
    found
}

/// The properties of each component that are not sent.
fn read_only(document: &Node) -> HashMap<String, HashSet<String>> {
    component_schemas(document)
        .filter_map(|(name, schema)| {
            let names = schema.get(NOT_SENT)?.as_array()?.iter();
            let names = names.filter_map(Node::as_str).map(str::to_owned);
            Some((name.to_owned(), names.collect()))
        })
        .collect()
}
