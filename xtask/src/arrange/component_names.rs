//! Components whose types would not have the names that people would give them get other names, everywhere.
//!
//! A component's name is the name of its type. The overlay cannot change it, since each reference names it. So `x-codegen-name` does:
//!
//! ```yaml
//! components:                                          # given
//!   schemas:
//!     letta__schemas__mcp__UpdateServer: {type: object, x-codegen-name: UpdateMcpServer}
//!     Server: {$ref: '#/components/schemas/letta__schemas__mcp__UpdateServer'}
//! ```
//!
//! ```yaml
//! components:                                          # arranged
//!   schemas:
//!     UpdateMcpServer: {type: object, x-made-renamed: letta__schemas__mcp__UpdateServer}
//!     Server: {$ref: '#/components/schemas/UpdateMcpServer'}
//! ```
//!
//! Without a marker, acronyms that run together are taken apart, if the name is free then: `SSEMCPServer` becomes `SseMcpServer`.
//!
//! A name that is taken, or would change nothing, is not given. The marker stays then, and a lint reports it. Values on the wire stay as they
//! are: if a union's branches are told apart by the names of components, those of the description count.

use std::collections::{HashMap, HashSet};

use super::build::{entry, member_mut, members_mut, string};
use crate::markers::{NAME, RENAMED, REPLACE};
use crate::naming::{acronyms_apart, is_identifier, type_name};
use crate::openapi::reference::{self, to_component};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Value, component_schemas};

/// Gives components their names.
pub(super) fn arrange(document: &mut Node) {
    let names = names(document);
    if names.is_empty() {
        return;
    }
    let components = member_mut(document, "components").and_then(|it| member_mut(it, "schemas"));
    if let Some(schemas) = components.and_then(members_mut) {
        *schemas = std::mem::take(schemas)
            .into_iter()
            .map(|(name, mut component)| {
                let Some(new) = names.get(&name) else {
                    return (name, component);
                };
                if let Some(members) = members_mut(&mut component.node) {
                    members.shift_remove(NAME);
                    let note = entry(string(name, &component.key), &component.key);
                    members.insert(RENAMED.to_owned(), note);
                }
                (new.clone(), component)
            })
            .collect();
    }
    walk::each_mut(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::Schema {
            if let Some(to) = reference::text(node).and_then(|it| renamed(it, &names))
                && let Some(reference) = member_mut(node, "$ref")
            {
                reference.value = Value::String(to);
            }
            let mapping =
                member_mut(node, "discriminator").and_then(|it| member_mut(it, "mapping"));
            for (_, target) in mapping.and_then(members_mut).into_iter().flatten() {
                // A mapping may name the component without a reference.
                let to = target.node.as_str().and_then(|it| {
                    let plain = || names.get(it).map(|name| to_component("schemas", name));
                    renamed(it, &names).or_else(plain)
                });
                if let Some(to) = to {
                    target.node.value = Value::String(to);
                }
            }
        }
        Then::Within
    });
}

/// The reference that takes the place of one, if it leads to a component with another name.
fn renamed(reference: &str, names: &HashMap<String, String>) -> Option<String> {
    let at = reference::pointer(reference)?;
    match at.0.as_slice() {
        [components, schemas, name] if components == "components" && schemas == "schemas" => {
            Some(to_component("schemas", names.get(name)?))
        }
        _ => None,
    }
}

/// The new name of each component that gets one.
fn names(document: &Node) -> HashMap<String, String> {
    let mut names = HashMap::new();
    // Neither a name of the description nor a type's: a name that is given up is not given to another, so that each is known by one.
    let mut taken: HashSet<String> = HashSet::new();
    for (name, _) in component_schemas(document) {
        taken.extend([name.to_owned(), type_name(name)]);
    }
    let marked = |node: &Node| node.get(NAME).is_some();
    for wanted_by_overlay in [true, false] {
        for (name, node) in component_schemas(document) {
            // What a hand-written type replaces, and another name for a component, have no type of their own.
            if node.as_object().is_none()
                || node.get(REPLACE).is_some()
                || node.get("$ref").is_some()
                || marked(node) != wanted_by_overlay
            {
                continue;
            }
            let new = match node.get(NAME) {
                Some(given) => given.as_str().map(type_name).filter(|it| is_identifier(it)),
                None => Some(acronyms_apart(name)).filter(|it| it != name),
            };
            // The same type under another spelling would change nothing.
            let Some(new) = new.filter(|it| type_name(it) != type_name(name)) else {
                continue;
            };
            let ty = type_name(&new);
            if taken.contains(&new) || taken.contains(&ty) {
                continue;
            }
            taken.extend([new.clone(), ty]);
            names.insert(name.to_owned(), new);
        }
    }
    names
}
