//! One error body for all operations (`x-codegen-one-error: true` on the description): what the description says of the bodies
//! of errors is removed, since letta-api's `ServiceError` reads them all.
//!
//! ```yaml
//! responses:
//!   '200': {description: Done., content: {application/json: {schema: A}}}
//!   '404': {description: None., content: {application/json: {schema: B}}}   # given
//!   '404': {description: None.}                                             # arranged
//!   default: {description: Any.}                                            # given, and removed
//! ```
//!
//! The statuses stay, for the docs. Ranges and `default` say nothing that is not so anyway. Schemas and responses that only errors led to
//! are removed from the components: they would be types that no method has.

use std::collections::{HashMap, HashSet};

use super::build::member_mut;
use super::nodes::{own, remove, resolve, responses};
use crate::markers::ONE_ERROR;
use crate::openapi::uses::{Uses, uses};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, Value, component_schemas, operations, reference};

pub(super) fn arrange(document: &mut Node) {
    if document.get(ONE_ERROR).and_then(Node::as_bool) != Some(true) {
        return;
    }
    let before = uses(document);
    let all: Vec<Pointer> = operations(document).map(|(at, _)| at).collect();
    let mut shared = HashSet::new();
    for operation in &all {
        let answers = responses(document, operation);
        let has_success = answers
            .iter()
            .any(|(status, _)| (200..=299).contains(status));
        for (status, at) in answers {
            if (400..=599).contains(&status) {
                shared.extend(resolve(document, &at, "responses").map(|(at, _)| at));
                if let Some(response) = own(document, &at, "responses") {
                    remove(response, "content");
                }
            }
        }
        if let Some(listed) = document.pointer_mut(&operation.join("responses")) {
            // Without another success, `default` is the success.
            for range in ["4XX", "4xx", "5XX", "5xx"] {
                remove(listed, range);
            }
            if has_success {
                remove(listed, "default");
            }
        }
    }
    forget_responses(document, &shared);
    forget_schemas(document, &before);
}

/// Removes shared responses that only errors referred to.
fn forget_responses(document: &mut Node, of_errors: &HashSet<Pointer>) {
    let referred = references(document);
    let Some(components) = member_mut(document, "components") else {
        return;
    };
    let Some(shared) = member_mut(components, "responses") else {
        return;
    };
    let at = |name: &str| Pointer(["components", "responses", name].map(str::to_owned).into());
    if let Value::Object(members) = &mut shared.value {
        members.retain(|name, _| !of_errors.contains(&at(name)) || referred.contains(&at(name)));
    }
}

/// Removes schemas that an operation led to before, and that nothing leads to now.
fn forget_schemas(document: &mut Node, before: &HashMap<String, Uses>) {
    let after = uses(document);
    let mut going: HashSet<String> = before
        .keys()
        .filter(|name| !after.contains_key(*name))
        .cloned()
        .collect();
    // What no operation led to in the first place may refer to them. It stays, and so does what it refers to.
    loop {
        let mut kept = Vec::new();
        for (name, schema) in component_schemas(document) {
            if !going.contains(name) {
                let targets = targets(schema, Kind::Schema);
                kept.extend(targets.into_iter().filter_map(|at| match at.0.as_slice() {
                    [_, schemas, name, ..] if schemas == "schemas" => Some(name.clone()),
                    _ => None,
                }));
            }
        }
        let before = going.len();
        for name in kept {
            going.remove(&name);
        }
        if going.len() == before {
            break;
        }
    }
    if let Some(components) = member_mut(document, "components")
        && let Some(schemas) = member_mut(components, "schemas")
        && let Value::Object(members) = &mut schemas.value
    {
        members.retain(|name, _| !going.contains(name));
    }
}

/// What the operations and the shared responses refer to.
fn references(document: &Node) -> HashSet<Pointer> {
    let mut found = HashSet::new();
    for (_, operation) in operations(document) {
        let listed = operation.get("responses").and_then(Node::as_object);
        for (_, entry) in listed.into_iter().flatten() {
            // A response that refers to a response leads on.
            let mut next = Some(&entry.node);
            while let Some(at) = next.and_then(reference::text).and_then(reference::pointer)
                && found.insert(at.clone())
            {
                next = document.pointer(&at);
            }
        }
    }
    found
}

/// All that a part of a description refers to directly.
fn targets(node: &Node, kind: Kind) -> Vec<Pointer> {
    let mut found = Vec::new();
    walk::each_of(node, kind, Reach::V3_1, |node, place| {
        if matches!(place.kind, Kind::Link | Kind::Example) {
            return Then::Past;
        }
        found.extend(reference::text(node).and_then(reference::pointer));
        Then::Within
    });
    found
}
