//! `readOnly` and `writeOnly`: a property of the one kind is in answers alone, one of the other in requests alone, and
//! where such a property is required, it is so in that direction.
//!
//! typify makes one type of a schema, whichever way it goes. A schema that is only sent goes without properties that
//! are only read, and one that is only received does not ask for those that are only written. One that goes both ways
//! asks for neither, and has notes for what is left to be said of the code: what is not sent, what must be given to
//! send it, and what every answer has.
//!
//! A text of one value stays as it is, and so does the property that a discriminator names: unions are told apart by
//! them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::schema::{
    array, entry, flag, get, items, items_mut, member_mut, members, members_mut, object, reference,
    string, text, texts,
};
use super::walk::each_schema;
use crate::drift::{self, Uses};
use crate::markers::{NOT_SENT, REPLACE, REQUIRED_IN_ANSWERS, REQUIRED_TO_SEND};
use crate::openapi::{Node, Pointer, Value};

/// Deeper than references lead in any description that means something.
const DEPTH: usize = 256;

const BOTH: Uses = Uses {
    request: true,
    answer: true,
};

pub(super) fn arrange(document: &mut Node) {
    if !has_directions(document) {
        return;
    }
    let given = document.clone();
    let given = Given {
        schemas: given
            .get("components")
            .and_then(|it| it.get("schemas"))
            .and_then(Node::as_object),
        uses: drift::uses(&given),
        tags: tags(&given),
        document: &given,
    };
    each_schema(document, |schema, _, at| {
        let is_merged = at.len() > 1 && at[at.len() - 2] == "allOf";
        if !is_merged && schema.get("$ref").is_none() && schema.get(REPLACE).is_none() {
            given.owner(schema, at);
        }
    });
}

/// Whether any schema may have a direction. Most descriptions have none.
fn has_directions(node: &Node) -> bool {
    match &node.value {
        Value::Object(members) => members.iter().any(|(key, entry)| {
            let is_mark = key == "readOnly" || key == "writeOnly";
            (is_mark && entry.node.as_bool() == Some(true)) || has_directions(&entry.node)
        }),
        Value::Array(items) => items.iter().any(has_directions),
        _ => false,
    }
}

/// The description before this, to follow references in.
struct Given<'a> {
    document: &'a Node,
    schemas: Option<&'a indexmap::IndexMap<String, crate::openapi::Entry>>,
    /// Of each component that an operation leads to.
    uses: HashMap<String, Uses>,
    /// The properties that discriminators name, by the component that is a branch.
    tags: HashMap<String, BTreeSet<String>>,
}

/// What all parts of an object together say of its properties.
#[derive(Default)]
struct Parts<'a> {
    properties: BTreeMap<&'a str, Direction>,
    required: BTreeSet<&'a str>,
    /// Whether some of it stands in components, which are arranged for themselves.
    has_others: bool,
    /// Those components.
    seen: HashSet<&'a str>,
}

#[derive(Clone, Copy, Default)]
struct Direction {
    read_only: bool,
    write_only: bool,
}

impl<'a> Given<'a> {
    fn component(&self, name: &str) -> Option<&'a Node> {
        Some(&self.schemas?.get(name)?.node)
    }

    /// Where a schema goes that stands there.
    fn uses_of(&self, at: &[String]) -> Uses {
        let at: Vec<&str> = at.iter().map(String::as_str).collect();
        match at.as_slice() {
            ["components", "schemas", name, ..] => self.uses.get(*name).copied().unwrap_or(BOTH),
            ["components", "responses", ..] | ["paths", _, _, "responses", ..] => Uses::ANSWER,
            ["components", "requestBodies" | "parameters", ..]
            | ["paths", _, "parameters", ..]
            | ["paths", _, _, "requestBody" | "parameters", ..] => Uses::REQUEST,
            _ => BOTH,
        }
    }

    /// A schema by itself, with all that is merged into it.
    fn owner(&self, schema: &mut Node, at: &[String]) {
        let Some(as_given) = self.document.pointer(&Pointer(at.to_vec())) else {
            return;
        };
        let is_another_name = get(as_given, "properties").is_none()
            && get(as_given, "required").is_none()
            && matches!(items(as_given, "allOf"), [one] if reference(one).is_some());
        if is_another_name {
            return;
        }
        let mut parts = Parts::default();
        self.collect(as_given, &mut parts, 0);
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
        let mut relaxed = BTreeSet::new();
        if uses.request {
            relaxed.extend(&read_only);
        }
        if uses.answer {
            relaxed.extend(&write_only);
        }
        relax(schema, &relaxed, 0);
        let left = parts.properties.keys().any(|it| !read_only.contains(it));
        if !uses.answer && left {
            leave_out(schema, &read_only, 0);
        }

        // A component that is merged into it may go another way, and ask for less.
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

        let both = |names: &BTreeSet<&'a str>| -> Vec<&str> {
            let required = names.iter().filter(|name| parts.required.contains(*name));
            match uses == BOTH {
                true => required.copied().collect(),
                false => Vec::new(),
            }
        };
        let not_sent = match uses.request {
            true => read_only.iter().copied().collect(),
            false => Vec::new(),
        };
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

    fn collect(&self, schema: &'a Node, parts: &mut Parts<'a>, depth: usize) {
        if depth > DEPTH {
            return;
        }
        for (name, property) in members(schema, "properties") {
            let direction = parts.properties.entry(name).or_default();
            if !is_constant(property) {
                direction.read_only |= self.is_marked(property, "readOnly");
                direction.write_only |= self.is_marked(property, "writeOnly");
            }
        }
        let required = items(schema, "required").iter().filter_map(Node::as_str);
        parts.required.extend(required);
        for branch in items(schema, "allOf") {
            match reference(branch) {
                Some(name) => {
                    parts.has_others = true;
                    if parts.seen.insert(name)
                        && let Some(target) = self.resolved(name)
                    {
                        self.collect(target, parts, depth + 1);
                    }
                }
                None => self.collect(branch, parts, depth + 1),
            }
        }
    }

    /// The component of this name, or the one that it is another name for.
    fn resolved(&self, name: &str) -> Option<&'a Node> {
        let mut target = self.component(name)?;
        for _ in 0..DEPTH {
            match reference(target) {
                Some(name) => target = self.component(name)?,
                None => return Some(target),
            }
        }
        None
    }

    /// Whether a property is marked so, or what it is made of.
    fn is_marked(&self, schema: &'a Node, mark: &str) -> bool {
        fn is_marked<'a>(
            given: &Given<'a>,
            schema: &'a Node,
            mark: &str,
            seen: &mut HashMap<&'a str, bool>,
            depth: usize,
        ) -> bool {
            if depth > DEPTH {
                return false;
            }
            if flag(schema, mark) {
                return true;
            }
            if let Some(name) = reference(schema) {
                if let Some(known) = seen.get(name) {
                    return *known;
                }
                // A circle adds nothing.
                seen.insert(name, false);
                let target = given.component(name);
                let found = target.is_some_and(|it| is_marked(given, it, mark, seen, depth + 1));
                seen.insert(name, found);
                return found;
            }
            let all_of = items(schema, "allOf").iter();
            let mut all_of = all_of.map(|it| is_marked(given, it, mark, seen, depth + 1));
            if all_of.any(|it| it) {
                return true;
            }
            ["oneOf", "anyOf"].iter().any(|keyword| {
                let branches = items(schema, keyword);
                let mut each = branches
                    .iter()
                    .map(|it| is_marked(given, it, mark, seen, depth + 1));
                !branches.is_empty() && each.all(|it| it)
            })
        }
        is_marked(self, schema, mark, &mut HashMap::new(), 0)
    }

    /// The properties by which unions are told apart that have this schema for a branch.
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

fn is_constant(property: &Node) -> bool {
    texts(property).is_some_and(|values| values.len() == 1)
}

fn tag(union: &Node) -> Option<&str> {
    text(get(union, "discriminator")?, "propertyName")
}

/// The properties that discriminators name, by the component that is a branch of the union.
fn tags(document: &Node) -> HashMap<String, BTreeSet<String>> {
    fn collect(node: &Node, found: &mut HashMap<String, BTreeSet<String>>) {
        if let Some(tag) = tag(node) {
            let branches = items(node, "oneOf").iter().chain(items(node, "anyOf"));
            let names = branches.filter_map(|branch| match items(branch, "allOf") {
                [one] => reference(one),
                _ => reference(branch),
            });
            for name in names {
                let tags = found.entry(name.to_owned()).or_default();
                tags.insert(tag.to_owned());
            }
        }
        for entry in node.as_object().into_iter().flat_map(|it| it.values()) {
            collect(&entry.node, found);
        }
        for item in node.as_array().into_iter().flatten() {
            collect(item, found);
        }
    }
    let mut found = HashMap::new();
    collect(document, &mut found);
    found
}

/// Takes names out of what is required, here and in what is merged into it.
fn relax(schema: &mut Node, names: &BTreeSet<&str>, depth: usize) {
    if depth > DEPTH || schema.get("$ref").is_some() {
        return;
    }
    if let Some(Value::Array(required)) = member_mut(schema, "required").map(|it| &mut it.value) {
        required.retain(|it| it.as_str().is_none_or(|name| !names.contains(name)));
    }
    for branch in items_mut(member_mut(schema, "allOf")) {
        relax(branch, names, depth + 1);
    }
}

/// Takes properties out, here and in what is merged into it.
fn leave_out(schema: &mut Node, names: &BTreeSet<&str>, depth: usize) {
    if depth > DEPTH || schema.get("$ref").is_some() {
        return;
    }
    if let Some(properties) = member_mut(schema, "properties").and_then(members_mut) {
        let left = properties.keys().any(|it| !names.contains(it.as_str()));
        if left {
            properties.retain(|name, _| !names.contains(name.as_str()));
        }
    }
    for branch in items_mut(member_mut(schema, "allOf")) {
        leave_out(branch, names, depth + 1);
    }
}
