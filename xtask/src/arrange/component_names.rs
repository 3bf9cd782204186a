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
//! Without a marker, acronyms that run together are taken apart, if the name is free then: `SSEMCPServer` becomes `SseMcpServer`. A name that
//! is none for the generator (`_Pet`, `Page«Pet»`, `2d`) becomes that of the type: `Pet`, `PagePet`, `X2d`. So do those of answers, bodies and parameters,
//! whose names nobody sees.
//!
//! A name that is taken, or would change nothing, is not given. The marker stays then, and a lint reports it. Values on the wire stay as they
//! are: if a union's branches are told apart by the names of components, those of the description count.

use std::collections::{HashMap, HashSet};

use super::build::{entry, member_mut, members_mut, string};
use crate::markers::{FROM, NAME, RENAMED, REPLACE};
use crate::naming::{acronyms_apart, is_component_name, is_identifier, is_name_of_type, type_name};
use crate::openapi::reference::{self, as_name, place_of, to_component};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Value, component_schemas};

/// Components that are no schemas, and have names all the same.
const OTHERS: [&str; 3] = ["parameters", "requestBodies", "responses"];

/// The new names of components, by their part of the description and the name that they have.
type Names = HashMap<&'static str, HashMap<String, String>>;

/// Gives components their names.
pub(super) fn arrange(document: &mut Node) {
    let mut names: Names = HashMap::from([("schemas", names(document))]);
    for part in OTHERS {
        names.insert(part, names_of_others(document, part));
    }
    names.retain(|_, names| !names.is_empty());
    if names.is_empty() {
        return;
    }
    for (part, names) in &names {
        let components = member_mut(document, "components").and_then(|it| member_mut(it, part));
        let Some(components) = components.and_then(members_mut) else {
            continue;
        };
        *components = std::mem::take(components)
            .into_iter()
            .map(|(name, mut component)| {
                let Some(new) = names.get(&name) else {
                    return (name, component);
                };
                if let Some(members) = members_mut(&mut component.node) {
                    let span = &component.key;
                    if *part == "schemas" {
                        members.shift_remove(NAME);
                        members.insert(RENAMED.to_owned(), entry(string(name, span), span));
                    } else {
                        let from = place_of(part, &name).to_string();
                        members.insert(FROM.to_owned(), entry(string(from, span), span));
                    }
                }
                (new.clone(), component)
            })
            .collect();
    }
    walk::each_mut(document, Reach::V3_0, |node, place| {
        if let Some(to) = reference::text(node).and_then(|it| renamed(it, &names))
            && let Some(reference) = member_mut(node, "$ref")
        {
            reference.value = Value::String(to);
        }
        if place.kind == Kind::Schema {
            let mapping =
                member_mut(node, "discriminator").and_then(|it| member_mut(it, "mapping"));
            for (_, target) in mapping.and_then(members_mut).into_iter().flatten() {
                // A mapping may name the component without a reference.
                let to = target.node.as_str().and_then(|it| {
                    let plain = || Some(to_component("schemas", names.get("schemas")?.get(it)?));
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
fn renamed(reference: &str, names: &Names) -> Option<String> {
    let at = reference::pointer(reference)?;
    match at.0.as_slice() {
        [components, part, name] if components == "components" => {
            Some(to_component(part, names.get(part.as_str())?.get(name)?))
        }
        _ => None,
    }
}

/// The new names of components that are no schemas: what is left of each, with a number if that is taken.
fn names_of_others(document: &Node, part: &str) -> HashMap<String, String> {
    let components = document.get("components").and_then(|it| it.get(part));
    let all = || components.and_then(Node::as_object).into_iter().flatten();
    let mut taken: HashSet<String> = all().map(|(name, _)| name.clone()).collect();
    let mut names = HashMap::new();
    // The next number for each name, so that a thousand components with one name are not compared with each other.
    let mut numbers: HashMap<String, usize> = HashMap::new();
    for (name, _) in all().filter(|(name, _)| !is_component_name(name)) {
        let wanted = as_name(name).unwrap_or_else(|| "x".to_owned());
        let mut new = wanted.clone();
        let number = numbers.entry(wanted.clone()).or_insert(2);
        while !taken.insert(new.clone()) {
            new = format!("{wanted}{number}");
            *number += 1;
        }
        names.insert(name.clone(), new);
    }
    names
}

/// The new name of each component that gets one.
fn names(document: &Node) -> HashMap<String, String> {
    let mut names = HashMap::new();
    // Neither a name of the description nor a type's: a name that is given up is not given to another, so that each is known by one.
    let mut taken: HashSet<String> = HashSet::new();
    // How many components would have a type of this name.
    let mut types: HashMap<String, usize> = HashMap::new();
    for (name, _) in component_schemas(document) {
        let ty = type_name(name);
        *types.entry(ty.clone()).or_default() += 1;
        taken.extend([name.to_owned(), ty]);
    }
    let marked = |node: &Node| node.get(NAME).is_some();
    for wanted_by_overlay in [true, false] {
        for (name, node) in component_schemas(document) {
            if marked(node) != wanted_by_overlay {
                continue;
            }
            // What a hand-written type replaces has no type of its own.
            let has_type = node.as_object().is_some() && node.get(REPLACE).is_none();
            let is_alias = node.get("$ref").is_some();
            let given = node.get(NAME).filter(|_| has_type);
            let new = match given {
                Some(given) => given.as_str().map(type_name).filter(|it| is_identifier(it)),
                None if !is_name_of_type(name) => {
                    // A name that another has, too, is for a lint.
                    let own = type_name(name);
                    if types.get(&own) == Some(&1) {
                        taken.insert(own.clone());
                        names.insert(name.to_owned(), own);
                    }
                    continue;
                }
                None if has_type && !is_alias => Some(acronyms_apart(name)).filter(|it| it != name),
                None => None,
            };
            // The same type under another spelling would change nothing.
            let own = type_name(name);
            let Some(new) = new.filter(|it| type_name(it) != own) else {
                continue;
            };
            let ty = type_name(&new);
            if taken.contains(&new) || taken.contains(&ty) {
                continue;
            }
            if let Some(count) = types.get_mut(&own) {
                *count -= 1;
            }
            *types.entry(ty.clone()).or_default() += 1;
            taken.extend([new.clone(), ty]);
            names.insert(name.to_owned(), new);
        }
    }
    names
}
