//! The name of a variant that an open enum needs for itself. An open enum has `Unknown` for what the description does not know, so the
//! text `unknown` becomes `UnknownValue`.

use std::collections::HashSet;

use super::build::{array, entry, member_mut, members_mut, string};
use crate::markers::{OPEN, REPLACE, VARIANT_NAMES};
use crate::naming::{all_differ, variant_names};
use crate::openapi::schema::texts;
use crate::openapi::{Node, Value};

/// The variant of an open enum for what the description does not know.
const UNKNOWN: &str = "Unknown";

/// Names the variants of each open enum that has the text `unknown`, if the overlay does not.
pub(super) fn arrange(document: &mut Node) {
    let schemas = member_mut(document, "components").and_then(|it| member_mut(it, "schemas"));
    for (_, component) in schemas.and_then(members_mut).into_iter().flatten() {
        let schema = &mut component.node;
        let is_closed = schema.get(OPEN).and_then(Node::as_bool) == Some(false);
        if is_closed
            || [VARIANT_NAMES, REPLACE]
                .iter()
                .any(|it| schema.get(it).is_some())
        {
            continue;
        }
        let Some(mut names) = texts(schema).map(|texts| variant_names(&texts)) else {
            continue;
        };
        // Two variants of one name are for a lint.
        if !all_differ(&names) || !names.iter().any(|it| it == UNKNOWN) {
            continue;
        }
        let taken: HashSet<String> = names.iter().cloned().collect();
        let mut own = ["UnknownValue", "UnknownText", "UnknownVariant"].into_iter();
        let Some(own) = own.find(|it| !taken.contains(*it)) else {
            continue;
        };
        for name in names.iter_mut().filter(|it| *it == UNKNOWN) {
            own.clone_into(name);
        }
        let span = schema.span.clone();
        let names = names.iter().map(|it| string(it, &span)).collect();
        if let Value::Object(members) = &mut schema.value {
            members.insert(VARIANT_NAMES.to_owned(), entry(array(names, &span), &span));
        }
    }
}
