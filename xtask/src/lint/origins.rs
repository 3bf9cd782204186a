//! Where a part of the lowered and arranged description was in the file. An overlay is applied before both stages, so advice must name that
//! place.
//!
//! What arrange moves has a note. What lower moves has none, since a note would make two equal schemas different. So a part is found by its
//! bytes: every value keeps its span, and this module finds the pointer of the object that has a span in the description as given.
//!
//! For `anyOf: [{type: string, maxLength: 5}, {type: 'null'}]`, lower puts `type` and `maxLength` into the schema itself. An action on the
//! schema would have no effect on them. The `type` still has the span that it had in branch 0, so the action names `….anyOf[0]`.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::arrange;
use crate::openapi::{Node, Pointer, Span, Value};

/// Keywords that identify a schema, the best first. Most schemas have a `type`, and its span is in no other schema.
const TELLING: [&str; 12] = [
    "type",
    "enum",
    "properties",
    "items",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "required",
    "minItems",
];

/// A place in a file: the file, the first byte, and the byte after the last.
type Place = (usize, usize, usize);

/// The places of the description as it was given.
pub(super) struct Origins<'a> {
    given: &'a Node,
    /// The objects that stand at a place, or hold a key there; made if anything has been moved.
    places: OnceLock<HashMap<Place, Vec<Pointer>>>,
}

impl<'a> Origins<'a> {
    /// Nothing is looked up yet.
    pub(super) fn new(given: &'a Node) -> Self {
        Self {
            given,
            places: OnceLock::new(),
        }
    }

    /// The description as it was given.
    pub(super) fn given(&self) -> &'a Node {
        self.given
    }

    /// What to act on in the description as it was given, to change what stands at `at` in `document`.
    pub(super) fn of(&self, document: &Node, at: &Pointer) -> Pointer {
        let arranged = arrange::origin(document, at);
        let Some(node) = document.pointer(at) else {
            return arranged;
        };
        // A schema is taken to be where its type was written. That may have been in a branch that is gone.
        let telling = TELLING
            .into_iter()
            .find_map(|keyword| Some((keyword, node.as_object()?.get(keyword)?)));
        let wanted = telling.map_or(&node.span, |(_, entry)| &entry.key);
        let is_there = |found: &Node| {
            let found = match telling {
                Some((keyword, _)) => found
                    .as_object()
                    .and_then(|members| Some(&members.get(keyword)?.key)),
                None => Some(&found.span),
            };
            found.is_some_and(|found| place(found) == place(wanted))
        };
        if self.given.pointer(&arranged).is_some_and(is_there) {
            return arranged;
        }
        let places = self.places.get_or_init(|| places(self.given));
        let found = [wanted, &node.span]
            .into_iter()
            .find_map(|span| places.get(&place(span)));
        match found.and_then(|found| nearest(found, &arranged)) {
            Some(nearest) => nearest.clone(),
            None => self.existing(arranged),
        }
    }

    /// The object of the description as it was given that held a keyword of what stands at `at` in `document`. It is another than that of
    /// the schema if branches have become one.
    pub(super) fn holder(&self, document: &Node, at: &Pointer, keyword: &str) -> Option<Pointer> {
        let entry = document.pointer(at)?.as_object()?.get(keyword)?;
        let places = self.places.get_or_init(|| places(self.given));
        let found = places.get(&place(&entry.key))?;
        nearest(found, &arrange::origin(document, at)).cloned()
    }

    /// The nearest object or array of the description that holds what is no more than made.
    fn existing(&self, at: Pointer) -> Pointer {
        let mut at = at;
        while self
            .given
            .pointer(&at)
            .is_none_or(|node| !matches!(node.value, Value::Object(_) | Value::Array(_)))
        {
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }
}

/// Of several places with one text, the one that is meant: a YAML alias, or an action with several matches, puts one text in several
/// places. The one with most of the pointer in common is meant.
fn nearest<'a>(found: &'a [Pointer], wanted: &Pointer) -> Option<&'a Pointer> {
    let common = |it: &&Pointer| {
        let same = |(a, b): &(&String, &String)| a == b;
        let from_start = it.0.iter().zip(&wanted.0).take_while(same).count();
        let from_end = it.0.iter().rev().zip(wanted.0.iter().rev());
        (from_start, from_end.take_while(same).count())
    };
    found.iter().rev().max_by_key(common)
}

/// A span as a key.
fn place(span: &Span) -> Place {
    let file = Arc::as_ptr(&span.source) as usize;
    (file, span.start, span.end)
}

/// All places of a description.
fn places(given: &Node) -> HashMap<Place, Vec<Pointer>> {
    let mut places = HashMap::new();
    collect(given, &mut Vec::new(), &mut places);
    places
}

/// Adds the places of a value and of those in it.
fn collect(node: &Node, at: &mut Vec<String>, places: &mut HashMap<Place, Vec<Pointer>>) {
    let mut add = |span: &Span, at: &[String]| {
        let found = places.entry(place(span)).or_default();
        if found.last().is_none_or(|last| last.0 != at) {
            found.push(Pointer(at.to_vec()));
        }
    };
    match &node.value {
        Value::Object(members) => {
            add(&node.span, at);
            for entry in members.values() {
                add(&entry.key, at);
            }
            for (key, entry) in members {
                at.push(key.clone());
                collect(&entry.node, at, places);
                at.pop();
            }
        }
        Value::Array(items) => {
            add(&node.span, at);
            for (index, item) in items.iter().enumerate() {
                at.push(index.to_string());
                collect(item, at, places);
                at.pop();
            }
        }
        _ => {}
    }
}
