//! A property that several branches of an `allOf` declare. A value has to fit all declarations, and typify guesses. If they say the same,
//! or one says more than the other, all branches are written out as one object, with the narrower declaration and the notes of both.
//!
//! ```yaml
//! Cat: {allOf: [{$ref: Pet}, {properties: {kind: {type: string, enum: [cat]}}}]}     # Pet: {properties: {kind: {type: string}, name: N}}
//! ```
//!
//! becomes
//!
//! ```yaml
//! Cat: {type: object, properties: {kind: {type: string, enum: [cat]}, name: N}}
//! ```
//!
//! What contradicts itself is left as it is, for a lint.
//!
//! The same is done for some components of a chain in which each is merged from the next, if it is longer than what the generator takes.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::build::{array, entry, members_mut, object, string};
use crate::markers::{FROM, MARKER_PREFIX, NAME, SENSITIVE};
use crate::openapi::keywords;
use crate::openapi::limits::{MERGES, REFERRED, WRITTEN_OUT};
use crate::openapi::merges::Merges;
use crate::openapi::schema::{flag, get, items, members, reference, text, unwrapped};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Entry, Node, Pointer, Value, component_schemas, reference as references};

/// An object may be within another that is written out. More rounds than any description has needed.
const ROUNDS: usize = 8;

/// Writes out each `allOf` that declares a property several times, if its branches agree.
pub(super) fn arrange(document: &mut Node) {
    // Each object that is written out copies properties.
    let mut copied = long_chains(document);
    for _ in 0..ROUNDS {
        let mut changed: Vec<(Pointer, Node)> = Vec::new();
        walk::each(document, Reach::V3_0, |node, place| {
            if place.kind != Kind::Schema || items(node, "allOf").len() < 2 || copied > REFERRED {
                return Then::Within;
            }
            let at = place.pointer();
            match written_out(document, node, &at, &ONCE) {
                Some((made, properties)) => {
                    copied += properties;
                    changed.push((at, made));
                    // What is within has changed its place.
                    Then::Past
                }
                None => Then::Within,
            }
        });
        if changed.is_empty() {
            return;
        }
        for (at, made) in changed {
            if let Some(there) = document.pointer_mut(&at) {
                *there = made;
            }
        }
    }
}

/// Writes out the last of every [`MERGES`] components and one in a chain of components that are merged one into the other, so that what is
/// left of the chain is short enough. Returns how many properties were copied. A chain of more than [`WRITTEN_OUT`] is left for a lint.
fn long_chains(document: &mut Node) -> usize {
    let merges = Merges::of(document);
    if !(MERGES + 1..=WRITTEN_OUT).contains(&merges.deepest()) {
        return 0;
    }
    let is_last = |depth: usize| depth > 0 && depth.is_multiple_of(MERGES + 1);
    let mut changed: Vec<(Pointer, Node)> = Vec::new();
    let mut copied = 0;
    for (name, schema) in component_schemas(document) {
        if !merges.depth(name).is_some_and(is_last) || copied > REFERRED {
            continue;
        }
        let at = references::place_of("schemas", name);
        if let Some((made, properties)) = written_out(document, schema, &at, &ALL) {
            copied += properties;
            changed.push((at, made));
        }
    }
    for (at, made) in changed {
        if let Some(there) = document.pointer_mut(&at) {
            *there = made;
        }
    }
    copied
}

/// What is written out.
struct Wanted {
    /// Only if a property is declared twice.
    only_twice: bool,
    /// How many schemas may be looked at. This ends circles, too.
    steps: usize,
}

/// What declares a property twice.
const ONCE: Wanted = Wanted {
    only_twice: true,
    steps: 2 * MERGES,
};

/// Whatever is merged. Each component of a chain is a reference, a schema and perhaps branches.
const ALL: Wanted = Wanted {
    only_twice: false,
    steps: 8 * WRITTEN_OUT,
};

/// The schema as one object, and how many properties it has. `None` if it is not wanted, or if the branches cannot be merged.
fn written_out(
    document: &Node,
    schema: &Node,
    at: &Pointer,
    wanted: &Wanted,
) -> Option<(Node, usize)> {
    let is_of_schema = |key: &str| {
        key == "allOf"
            || key == "type"
            || key == FROM
            || key == "nullable"
            || keywords::is_note(key)
    };
    if !schema.as_object()?.keys().all(|key| is_of_schema(key)) || flag(schema, "nullable") {
        return None;
    }
    let mut parts: Vec<(Pointer, &Node)> = Vec::new();
    for (index, branch) in items(schema, "allOf").iter().enumerate() {
        let at = at.join("allOf").join(index);
        collect(document, branch, at, wanted.steps, &mut parts)?;
    }
    let names = parts
        .iter()
        .flat_map(|(_, part)| members(part, "properties"));
    let mut seen = HashSet::new();
    if wanted.only_twice && names.map(|(name, _)| name).all(|it| seen.insert(it)) {
        return None;
    }
    let mut properties: IndexMap<String, Entry> = IndexMap::new();
    let mut required: Vec<&Node> = Vec::new();
    for (at, part) in &parts {
        for (name, property) in members(part, "properties") {
            let mut property = property.clone();
            remember(&mut property, &at.join("properties").join(name));
            let span = property.span.clone();
            match properties.get_mut(name) {
                Some(there) => {
                    there.node = narrower(document, &there.node, &property)?;
                }
                None => {
                    properties.insert(name.to_owned(), entry(property, &span));
                }
            }
        }
        required.extend(items(part, "required"));
    }
    let span = &schema.span;
    let mut made = schema.clone();
    let members = members_mut(&mut made)?;
    members.shift_remove("allOf");
    members.insert("type".to_owned(), entry(string("object", span), span));
    let count = properties.len();
    let properties = Node {
        value: Value::Object(properties),
        ..object::<&str>([], span)
    };
    members.insert("properties".to_owned(), entry(properties, span));
    let mut names: Vec<Node> = Vec::new();
    for name in required {
        if names.iter().all(|it| it.as_str() != name.as_str()) {
            names.push(name.clone());
        }
    }
    if !names.is_empty() {
        members.insert("required".to_owned(), entry(array(names, span), span));
    }
    Some((made, count))
}

/// The objects that a branch is merged from, with their places. `None` if one of them is more than an object with properties.
fn collect<'a>(
    document: &'a Node,
    branch: &'a Node,
    at: Pointer,
    most: usize,
    parts: &mut Vec<(Pointer, &'a Node)>,
) -> Option<()> {
    let mut waiting = vec![(branch, at)];
    let mut steps = 0;
    while let Some((schema, at)) = waiting.pop() {
        steps += 1;
        if steps > most {
            return None;
        }
        if let Some(name) = reference(schema) {
            let at = references::place_of("schemas", name);
            waiting.push((document.pointer(&at)?, at));
            continue;
        }
        let is_plain = |key: &str| {
            matches!(key, "type" | "properties" | "required" | "allOf" | "xml")
                || key == "nullable"
                || key == "additionalProperties" && flag(schema, key)
                || keywords::is_note(key) && !key.starts_with(MARKER_PREFIX)
        };
        let keys = schema.as_object()?;
        let is_object = text(schema, "type").is_none_or(|it| it == "object");
        if !is_object || flag(schema, "nullable") || !keys.keys().all(|key| is_plain(key)) {
            return None;
        }
        let inner = items(schema, "allOf").iter().enumerate();
        let inner = inner.map(|(index, it)| (it, at.join("allOf").join(index)));
        parts.push((at.clone(), schema));
        let mut inner: Vec<_> = inner.collect();
        inner.reverse();
        waiting.extend(inner);
    }
    Some(())
}

/// Notes on a copy where it was.
fn remember(schema: &mut Node, from: &Pointer) {
    let span = schema.span.clone();
    if schema.get("$ref").is_none()
        && let Some(members) = members_mut(schema)
    {
        let from = entry(string(from.to_string(), &span), &span);
        members.entry(FROM.to_owned()).or_insert(from);
    }
}

/// What fits two schemas: the one that says more, with the notes of both. `None` if they contradict each other, or if it takes more
/// than a look.
fn narrower(document: &Node, one: &Node, other: &Node) -> Option<Node> {
    let (kept, lost) = choose(document, one, other)?;
    with_notes(document, kept, lost)
}

/// The schema that says more, and the other.
fn choose<'a>(document: &Node, one: &'a Node, other: &'a Node) -> Option<(&'a Node, &'a Node)> {
    let resolved = |schema| references::last(document, unwrapped(schema));
    let (a, b) = (resolved(one), resolved(other));
    let (said_a, said_b) = (says(a), says(b));
    if std::ptr::eq(a, b) || said_a == said_b {
        // The later one has the better words, if it has any.
        return Some(match text(other, "description") {
            Some(_) => (other, one),
            None => (one, other),
        });
    }
    if said_a.is_empty() {
        return Some((other, one));
    }
    if said_b.is_empty() {
        return Some((one, other));
    }
    let kind = text(a, "type").or(text(b, "type"))?;
    let has_kind = |it: &Node| text(it, "type").is_none_or(|it| it == kind);
    if !has_kind(a) || !has_kind(b) || !matches!(kind, "string" | "integer" | "number" | "boolean")
    {
        return None;
    }
    let is_typed = |it: &Node| text(it, "type").is_some();
    let fits = |narrow: &Node, said: &Said, wide: &Node, said_of_wide: &Said| {
        covers(said_of_wide, narrow, said)
            && (is_typed(narrow) || !is_typed(wide))
            // Null has to fit both.
            && (!flag(narrow, "nullable") || flag(wide, "nullable"))
    };
    if fits(b, &said_b, a, &said_a) {
        Some((other, one))
    } else if fits(a, &said_a, b, &said_b) {
        Some((one, other))
    } else {
        None
    }
}

/// The schema that is kept, with what the other says of its use: that it is a secret, for example. `None` if the other has a marker
/// about its type, which would be lost.
fn with_notes(document: &Node, kept: &Node, lost: &Node) -> Option<Node> {
    let resolved = |schema| references::last(document, unwrapped(schema));
    let of_kept = [kept, resolved(kept)];
    let mut added: Vec<(&str, &Entry)> = Vec::new();
    for (schema, is_place) in [(lost, true), (resolved(lost), false)] {
        for (key, entry) in schema.as_object().into_iter().flatten() {
            let key = key.as_str();
            let is_flag = matches!(key, "readOnly" | "writeOnly" | "deprecated" | SENSITIVE);
            let is_there = |it: &&Node| {
                let value = it.get(key).map(Node::to_json);
                value == Some(entry.node.to_json())
            };
            if of_kept.iter().any(is_there) {
                continue;
            }
            let is_missing = of_kept.iter().all(|it| it.get(key).is_none());
            match key {
                _ if is_flag && !flag(schema, key) => {}
                _ if is_flag => added.push((key, entry)),
                // A component's name is not that of the property.
                "description" | NAME if is_place && is_missing => added.push((key, entry)),
                NAME if !is_place => {}
                _ if key.starts_with(MARKER_PREFIX) => return None,
                _ => {}
            }
        }
    }
    let mut made = kept.clone();
    if added.is_empty() {
        return Some(made);
    }
    if made.get("$ref").is_some() {
        let span = made.span.clone();
        made = object([("allOf", array(vec![made], &span))], &span);
    }
    let members = members_mut(&mut made)?;
    for (key, entry) in added {
        members.insert(key.to_owned(), entry.clone());
    }
    Some(made)
}

/// What a schema says of its values.
type Said = serde_json::Map<String, serde_json::Value>;

/// Whether all that one schema says holds for the other, whose values may be fewer.
fn covers(wide: &Said, narrow: &Node, said: &Said) -> bool {
    wide.iter().all(|(key, value)| match key.as_str() {
        "type" | "nullable" => true,
        "enum" => {
            let values = get(narrow, "enum").and_then(Node::as_array);
            let allowed = value.as_array().map_or(&[][..], Vec::as_slice);
            values.is_some_and(|it| it.iter().all(|it| allowed.contains(&it.to_json())))
        }
        _ => said.get(key) == Some(value),
    })
}

/// What a schema says of its values, without notes.
fn says(schema: &Node) -> Said {
    match schema.to_json() {
        serde_json::Value::Object(mut members) => {
            members.retain(|key, value| {
                !(keywords::is_note(key) || key == "nullable" && *value == false)
            });
            members
        }
        _ => Said::new(),
    }
}
