//! Components that are merged one into the other by `allOf`: `A: {allOf: [B, …]}`, `B: {allOf: [C, …]}` and so on.
//!
//! The generator calls itself for each of them, and takes cubic time. A few hundred would take minutes, or all of the stack.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::rules;
use crate::openapi::limits::MERGES;
use crate::openapi::reference::place_of;
use crate::openapi::{Node, component_schemas, schema};

/// Reports each chain that is too long, where it becomes so. Gives whether there is one: then the rules about what is merged would
/// take long themselves.
pub(super) fn check(context: &mut Context<'_>) -> bool {
    let merged: HashMap<&str, Vec<&str>> = component_schemas(context.document)
        .map(|(name, schema)| (name, merged(schema)))
        .collect();
    let names_another: HashSet<&str> = component_schemas(context.document)
        .filter_map(|(name, schema)| schema::reference(schema).map(|_| name))
        .collect();
    let depths = depths(&merged, &names_another);
    let depth = |name: &str| depths.get(name).copied().unwrap_or(0);
    let mut is_too_deep = false;
    for (name, _) in component_schemas(context.document) {
        if depth(name) != MERGES + 1 || names_another.contains(name) {
            continue;
        }
        is_too_deep = true;
        let at = place_of("schemas", name).join("allOf");
        let help = format!(
            "write `{name}` out as one object, or leave its `allOf` out with {}",
            context.update(&place_of("schemas", name), "x-codegen-ignore: [allOf]")
        );
        context.report(
            rules::MERGES,
            &at,
            format!(
                "`{name}` is merged from more than {MERGES} components, each with an `allOf` of the next; the generator takes cubic time for them"
            ),
            help,
        );
    }
    is_too_deep
}

/// The components that a schema is merged from, or is another name of.
fn merged(schema: &Node) -> Vec<&str> {
    let mut found = Vec::new();
    let mut waiting = vec![schema];
    while let Some(schema) = waiting.pop() {
        match schema::reference(schema) {
            Some(name) => found.push(name),
            None => waiting.extend(schema::items(schema, "allOf")),
        }
    }
    found
}

/// How many components follow each in its longest chain. A circle ends where it closes: another rule is about it. Not recursive, since a
/// chain may be long.
fn depths<'a>(
    merged: &HashMap<&'a str, Vec<&'a str>>,
    names_another: &HashSet<&str>,
) -> HashMap<&'a str, usize> {
    let mut depths: HashMap<&str, usize> = HashMap::new();
    let mut begun: HashMap<&str, usize> = HashMap::new();
    for start in merged.keys().copied() {
        let mut way = vec![start];
        while let Some(name) = way.last().copied() {
            let next = merged.get(name).map_or(&[][..], Vec::as_slice);
            let at = begun.entry(name).or_default();
            if let Some(other) = next.get(*at).copied() {
                *at += 1;
                if !begun.contains_key(other) {
                    way.push(other);
                }
                continue;
            }
            let deepest = next.iter().filter_map(|it| depths.get(it)).max();
            // Another name of a component is not merged of it. Those have a limit of their own.
            let own = usize::from(!names_another.contains(name));
            depths.insert(name, deepest.map_or(0, |it| it + own));
            way.pop();
        }
    }
    depths
}
