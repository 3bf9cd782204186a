//! Components that are merged one into the other by `allOf`: `A: {allOf: [B, …]}`, `B: {allOf: [C, …]}` and so on.

use std::collections::{HashMap, HashSet};

use super::{Node, component_schemas, schema};

/// How many components follow each in its longest chain.
#[derive(Debug)]
pub struct Merges<'a> {
    depths: HashMap<&'a str, usize>,
    /// Those that are nothing but another name of a component.
    names_another: HashSet<&'a str>,
}

impl<'a> Merges<'a> {
    /// Those of a description.
    pub fn of(document: &'a Node) -> Self {
        let merged: HashMap<&str, Vec<&str>> = component_schemas(document)
            .map(|(name, schema)| (name, merged(schema)))
            .collect();
        let names_another: HashSet<&str> = component_schemas(document)
            .filter_map(|(name, schema)| schema::reference(schema).map(|_| name))
            .collect();
        Self {
            depths: depths(&merged, &names_another),
            names_another,
        }
    }

    /// How many components follow this one. `None` if it is another name of a component, which is not merged.
    pub fn depth(&self, name: &str) -> Option<usize> {
        let depth = self.depths.get(name).copied()?;
        (!self.names_another.contains(name)).then_some(depth)
    }

    /// The length of the longest chain.
    pub fn deepest(&self) -> usize {
        self.depths.values().copied().max().unwrap_or(0)
    }
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
