//! `readOnly` and `writeOnly`. A read-only property is in answers only, and a write-only one is in requests only. If such a property
//! is required, it is required in that direction.
//!
//! typify makes one type of a schema, whichever way it goes. So this is what becomes of
//!
//! ```yaml
//! Agent:
//!   required: [id, name, secret]
//!   properties:
//!     id: {type: string, readOnly: true}
//!     name: {type: string}
//!     secret: {type: string, writeOnly: true}
//! ```
//!
//! | `Agent` is | properties | required | notes |
//! |---|---|---|---|
//! | only sent | `name`, `secret` | `name`, `secret` | `id` is not sent |
//! | only received | all | `id`, `name` | |
//! | both | all | `name` | `id` is not sent; `secret` must be given to send it; `id` is in every answer |
//!
//! A text of one value stays as it is, and so does the property that a discriminator names: unions are distinguished by
//! them, in both directions.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::build::{array, entry, items_mut, member_mut, members_mut, object, string};
use crate::markers::{NOT_SENT, REPLACE, REQUIRED_IN_ANSWERS, REQUIRED_TO_SEND};
use crate::openapi::limits::LOOK_THROUGH;
use crate::openapi::reference::{self, References};
use crate::openapi::schema::{flag, get, items, members, reference, tag, texts, unwrapped};
use crate::openapi::uses::{Uses, uses};
use crate::openapi::walk::{self, Kind, Reach, Then, each_schema_mut};
use crate::openapi::{Node, Pointer, Value};

/// Arranges all schemas. Branches of an `allOf` are dealt with together with the schema that they are merged into: one may
/// declare a property, and another may require it.
pub(super) fn arrange(document: &mut Node) {
    if !has_directions(document) {
        return;
    }
    let given = document.clone();
    let given = Given {
        references: References::of(&given),
        uses: uses(&given),
        tags: tags(&given),
        document: &given,
    };
    each_schema_mut(document, |schema, _, at| {
        let is_merged = at.len() > 1 && at[at.len() - 2] == "allOf";
        if !is_merged && schema.get("$ref").is_none() && schema.get(REPLACE).is_none() {
            given.owner(schema, at);
        }
    });
}

/// Whether any schema may have a direction. Most descriptions have none, and need not be copied.
fn has_directions(document: &Node) -> bool {
    let mut found = false;
    walk::each(document, Reach::V3_0, |node, place| {
        found |= place.kind == Kind::Schema && (flag(node, "readOnly") || flag(node, "writeOnly"));
        match found {
            true => Then::Past,
            false => Then::Within,
        }
    });
    found
}

/// The description before this step, in which references are followed. Schemas are changed one after the other, and what one says must
/// not depend on which were changed before.
struct Given<'a> {
    document: &'a Node,
    references: References<'a>,
    /// Of each component that an operation leads to.
    uses: HashMap<String, Uses>,
    /// The properties that discriminators name, by the component that is a branch.
    tags: HashMap<String, BTreeSet<String>>,
}

/// What all parts of an object say about its properties, taken together.
#[derive(Default)]
struct Parts<'a> {
    properties: BTreeMap<&'a str, Direction>,
    required: BTreeSet<&'a str>,
    /// Whether some parts are components, which are arranged by themselves.
    has_others: bool,
}

/// The marks of a property. Several parts may declare it, and one mark is enough.
#[derive(Clone, Copy, Default)]
struct Direction {
    read_only: bool,
    write_only: bool,
}

impl<'a> Given<'a> {
    /// Whether a schema at this place is sent or received. For an inline schema, its place says so.
    fn uses_of(&self, at: &[String]) -> Uses {
        let at: Vec<&str> = at.iter().map(String::as_str).collect();
        match at.as_slice() {
            ["components", "schemas", name, ..] => {
                self.uses.get(*name).copied().unwrap_or(Uses::BOTH)
            }
            ["components", "responses", ..] | ["paths", _, _, "responses", ..] => Uses::ANSWER,
            ["components", "requestBodies" | "parameters", ..]
            | ["paths", _, "parameters", ..]
            | ["paths", _, _, "requestBody" | "parameters", ..] => Uses::REQUEST,
            _ => Uses::BOTH,
        }
    }

    /// Arranges one schema, with all that is merged into it.
    fn owner(&self, schema: &mut Node, at: &[String]) {
        // Everything is read from the description as given, and written to the present one.
        let Some(as_given) = self.document.pointer(&Pointer(at.to_vec())) else {
            return;
        };
        // `A: {allOf: [{$ref: B}]}` is another name of `B`, which is arranged by itself.
        let is_another_name = get(as_given, "properties").is_none()
            && get(as_given, "required").is_none()
            && matches!(items(as_given, "allOf"), [one] if reference(one).is_some());
        if is_another_name {
            return;
        }
        let mut parts = Parts::default();
        self.collect(as_given, &mut parts);
        let tags = self.tags_of(at);
        let names = |is: fn(&Direction) -> bool| -> BTreeSet<&str> {
            let properties = parts.properties.iter();
            properties
                .filter(|(name, direction)| is(direction) && !tags.contains(*name))
                .map(|(name, _)| *name)
                .collect()
        };
        let (read_only, write_only) = (names(|it| it.read_only), names(|it| it.write_only));
        if read_only.is_empty() && write_only.is_empty() {
            return;
        }
        let uses = self.uses_of(at);
        // What is not in every value must not be required of a value that is read or made.
        let mut relaxed = BTreeSet::new();
        if uses.request {
            relaxed.extend(&read_only);
        }
        if uses.answer {
            relaxed.extend(&write_only);
        }
        relax(schema, &relaxed);
        // An object without any property would be another type: a map.
        let left = parts.properties.keys().any(|it| !read_only.contains(it));
        if !uses.answer && left {
            leave_out(schema, &read_only);
        }

        // A component that is merged into this schema may be used in both directions, and so require less. What it no longer requires
        // is required here, by a branch of its own.
        let asked: Vec<&str> = parts
            .required
            .iter()
            .filter(|name| read_only.contains(*name) || write_only.contains(*name))
            .filter(|name| !relaxed.contains(*name))
            .copied()
            .collect();
        let span = schema.span.clone();
        let texts = |names: Vec<&str>| {
            let items = names.into_iter().map(|name| string(name, &span)).collect();
            array(items, &span)
        };
        if parts.has_others
            && !asked.is_empty()
            && let Some(Value::Array(branches)) =
                member_mut(schema, "allOf").map(|it| &mut it.value)
        {
            let members = [
                ("type", string("object", &span)),
                ("required", texts(asked)),
            ];
            branches.push(object(members, &span));
        }

        // In one direction, `required` says all there is. In both, the generated type requires nothing, and notes say what to ask for.
        let both = |names: &BTreeSet<&'a str>| -> Vec<&str> {
            let required = names.iter().filter(|name| parts.required.contains(*name));
            match uses == Uses::BOTH {
                true => required.copied().collect(),
                false => Vec::new(),
            }
        };
        // The refine stage skips these in writing. In a schema that is only received, nothing is written.
        let not_sent = match uses.request {
            true => read_only.iter().copied().collect(),
            false => Vec::new(),
        };
        // A property with both marks is in neither direction, and nothing can be required of it.
        let to_send: BTreeSet<&str> = write_only.difference(&read_only).copied().collect();
        let in_answers: BTreeSet<&str> = read_only.difference(&write_only).copied().collect();
        let notes = [
            (NOT_SENT, not_sent),
            (REQUIRED_TO_SEND, both(&to_send)),
            (REQUIRED_IN_ANSWERS, both(&in_answers)),
        ];
        let Some(holder) = members_mut(schema) else {
            return;
        };
        for (note, names) in notes {
            if !names.is_empty() {
                holder.insert(note.to_owned(), entry(texts(names), &span));
            }
        }
    }

    /// Collects what a schema and all that is merged into it say about properties.
    fn collect(&self, schema: &'a Node, parts: &mut Parts<'a>) {
        for schema in reference::merged(self.document, schema) {
            for (name, property) in members(schema, "properties") {
                let direction = parts.properties.entry(name).or_default();
                if !is_constant(property) {
                    direction.read_only |= self.is_marked(property, "readOnly");
                    direction.write_only |= self.is_marked(property, "writeOnly");
                }
            }
            let required = items(schema, "required").iter().filter_map(Node::as_str);
            parts.required.extend(required);
            let mut branches = items(schema, "allOf").iter();
            parts.has_others |= branches.any(|branch| reference(branch).is_some());
        }
    }

    /// Whether a property has this mark, or what it refers to or is merged of has it. All branches of a union must have it.
    fn is_marked(&self, schema: &'a Node, mark: &str) -> bool {
        self.is_made_of(schema, mark, &mut HashMap::new(), 0)
    }

    /// As [`is_marked`](Self::is_marked). `seen` has the answers for components, and `false` for those that are being looked at: a
    /// circle adds nothing.
    fn is_made_of(
        &self,
        schema: &'a Node,
        mark: &str,
        seen: &mut HashMap<&'a str, bool>,
        depth: usize,
    ) -> bool {
        if depth > LOOK_THROUGH {
            return false;
        }
        if flag(schema, mark) {
            return true;
        }
        if let Some(name) = reference(schema) {
            if let Some(known) = seen.get(name) {
                return *known;
            }
            seen.insert(name, false);
            let target = self.references.schema(name);
            let found = target.is_some_and(|it| self.is_made_of(it, mark, seen, depth + 1));
            seen.insert(name, found);
            return found;
        }
        let mut all = |branches: &'a [Node]| -> Vec<bool> {
            let branches = branches.iter();
            branches
                .map(|it| self.is_made_of(it, mark, seen, depth + 1))
                .collect()
        };
        let merged = all(items(schema, "allOf"));
        merged.contains(&true)
            || ["oneOf", "anyOf"].iter().any(|keyword| {
                let branches = all(items(schema, keyword));
                !branches.is_empty() && branches.into_iter().all(|it| it)
            })
    }

    /// The properties that discriminators name of unions that this schema is a branch of.
    fn tags_of(&self, at: &[String]) -> BTreeSet<&str> {
        match at {
            [holder @ .., keyword, _] if keyword == "oneOf" || keyword == "anyOf" => {
                let union = self.document.pointer(&Pointer(holder.to_vec()));
                union.and_then(tag).into_iter().collect()
            }
            [components, schemas, name] if components == "components" && schemas == "schemas" => {
                let tags = self.tags.get(name).into_iter().flatten();
                tags.map(String::as_str).collect()
            }
            _ => BTreeSet::new(),
        }
    }
}

/// Whether a property is a text of one value. Unions are distinguished by those, in both directions.
fn is_constant(property: &Node) -> bool {
    texts(property).is_some_and(|values| values.len() == 1)
}

/// The properties that discriminators name, by the component that is a branch of the union.
fn tags(document: &Node) -> HashMap<String, BTreeSet<String>> {
    let mut found: HashMap<String, BTreeSet<String>> = HashMap::new();
    walk::each(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::Schema
            && let Some(tag) = tag(node)
        {
            let branches = items(node, "oneOf").iter().chain(items(node, "anyOf"));
            for name in branches.filter_map(|branch| reference(unwrapped(branch))) {
                let tags = found.entry(name.to_owned()).or_default();
                tags.insert(tag.to_owned());
            }
        }
        Then::Within
    });
    found
}

/// Removes names from `required`, here and in the inline branches of an `allOf`.
fn relax(schema: &mut Node, names: &BTreeSet<&str>) {
    if schema.get("$ref").is_some() {
        return;
    }
    if let Some(Value::Array(required)) = member_mut(schema, "required").map(|it| &mut it.value) {
        required.retain(|it| it.as_str().is_none_or(|name| !names.contains(name)));
    }
    for branch in items_mut(member_mut(schema, "allOf")) {
        relax(branch, names);
    }
}

/// Removes properties, here and in the inline branches of an `allOf`.
fn leave_out(schema: &mut Node, names: &BTreeSet<&str>) {
    if schema.get("$ref").is_some() {
        return;
    }
    if let Some(properties) = member_mut(schema, "properties").and_then(members_mut) {
        let left = properties.keys().any(|it| !names.contains(it.as_str()));
        if left {
            properties.retain(|name, _| !names.contains(name.as_str()));
        }
    }
    for branch in items_mut(member_mut(schema, "allOf")) {
        leave_out(branch, names);
    }
}
