//! Components that may be null. typify makes a wrapper around an `Option` of one, and markers on the component have no effect
//! on what is inside. So each use says that it may be null, and the component does not any more.
//!
//! `Limit: {type: integer, nullable: true}` and `{$ref: Limit}` become `Limit: {type: integer}` and
//! `{nullable: true, allOf: [{$ref: Limit}]}`.

use std::collections::HashSet;

use super::build::{array, entry, members_mut, node, object};
use super::nodes::grow;
use crate::markers::REPLACE;
use crate::openapi::schema::{flag, get, items, reference};
use crate::openapi::walk::{Position, each_schema_mut};
use crate::openapi::{Node, Pointer, Value, component_schemas};

/// Moves null from such components to their uses.
///
/// A component is left as it is if it is doubtful whether null is valid for a schema that uses it. If other components
/// depend on it, nothing is changed: half of them arranged would mean something else than the description.
pub(super) fn arrange(document: &mut Node) {
    let mut own: HashSet<String> = component_schemas(document)
        .filter(|(_, schema)| {
            flag(schema, "nullable") && says_more(schema) && schema.get(REPLACE).is_none()
        })
        .map(|(name, _)| name.to_owned())
        .collect();
    let doubtful = doubtful(document, &with_aliases(document, &own));
    own.retain(|name| !doubtful.contains(name));
    let named = with_aliases(document, &own);
    if own.is_empty() || named.iter().any(|name| doubtful.contains(name)) {
        return;
    }
    // Every use gets `nullable`: a reference in a place, and a union that allows null only because of a branch.
    each_schema_mut(document, |schema, position, _| {
        if position == Position::Component {
            return;
        }
        let span = schema.span.clone();
        let yes = || node(Value::Bool(true), &span);
        if reference(schema).is_some_and(|name| named.contains(name)) {
            if position == Position::Inline {
                let all_of = array(vec![schema.clone()], &span);
                *schema = object([("nullable", yes()), ("allOf", all_of)], &span);
            }
        } else if allows_null(schema, &named)
            && let Some(members) = members_mut(schema)
        {
            members.insert("nullable".to_owned(), entry(yes(), &span));
        }
    });
    // Last, so that no step above has seen half of the change.
    for name in own {
        let at = Pointer(vec!["components".to_owned(), "schemas".to_owned(), name]);
        if let Some(members) = document.pointer_mut(&at).and_then(members_mut) {
            members.shift_remove("nullable");
        }
    }
}

/// These components, and those that are another name of one, or a union with one: they allow null for the same reason.
fn with_aliases(document: &Node, own: &HashSet<String>) -> HashSet<String> {
    grow(document, own.clone(), |schema, named| {
        let refers = reference(schema).is_some_and(|name| named.contains(name));
        refers || allows_null(schema, named)
    })
}

/// Whether a schema allows null only because a branch does.
fn allows_null(schema: &Node, nullable: &HashSet<String>) -> bool {
    if get(schema, "type").is_some() {
        return false;
    }
    let among = |keyword: &str| {
        let branches = items(schema, keyword).iter();
        branches
            .filter(|it| reference(it).is_some_and(|name| nullable.contains(name)))
            .count()
    };
    match (among("oneOf"), among("anyOf"), among("allOf")) {
        (1, 0, 0) => true,
        (0, count, 0) if count > 0 => true,
        (0, 0, 1) => items(schema, "allOf").len() == 1,
        _ => false,
    }
}

/// The components that are a branch of a schema for which it is not obvious whether it allows null: within `not`, twice in a
/// `oneOf`, or in an `allOf` whose other branches do not refuse null.
fn doubtful(document: &mut Node, nullable: &HashSet<String>) -> HashSet<String> {
    let mut doubtful = HashSet::new();
    each_schema_mut(document, |schema, _, _| {
        let is_named = |it: &&Node| reference(it).is_some_and(|name| nullable.contains(name));
        let mut doubt = |branches: Vec<&Node>| {
            let names = branches.into_iter().filter_map(reference);
            doubtful.extend(names.map(str::to_owned));
        };
        doubt(get(schema, "not").into_iter().filter(is_named).collect());
        let one: Vec<&Node> = items(schema, "oneOf").iter().filter(is_named).collect();
        if one.len() > 1 && !flag(schema, "nullable") {
            doubt(one);
        }
        let all = items(schema, "allOf");
        let named: Vec<&Node> = all.iter().filter(is_named).collect();
        let refuses = |it: &Node| !is_named(&it) && !flag(it, "nullable") && says_more(it);
        if all.len() > 1 && !named.is_empty() && !all.iter().any(refuses) {
            doubt(named);
        }
    });
    doubtful
}

/// Whether a schema restricts its values by type or branches. Any other allows null already.
fn says_more(schema: &Node) -> bool {
    ["$ref", "type", "oneOf", "allOf", "anyOf", "not"]
        .iter()
        .any(|keyword| get(schema, keyword).is_some())
}
