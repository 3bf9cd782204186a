//! Forms that many descriptions use and typify does not support, although another form says the same.
//!
//! | given | arranged |
//! |---|---|
//! | `{$ref: X, description: D, example: E}` | `{description: D, allOf: [{$ref: X}]}` |
//! | `{oneOf: [{$ref: X}], nullable: true}` | `{allOf: [{$ref: X}], nullable: true}` |
//! | `{enum: [a, b, null]}` | `{type: string, enum: [a, b], nullable: true}` |
//! | `{enum: [1, 2]}` | `{type: integer, description: 'One of `1` and `2`.'}` |
//! | `{enum: [true]}` | `{type: boolean, description: 'Always `true`.', x-made-constant: true}` |
//! | `{allOf: [X, {allOf: [Y, Z]}]}` | `{allOf: [X, Y, Z]}` |
//! | `{allOf: [X], properties: {a: A}}` | `{allOf: [X, {properties: {a: A}, type: object}]}` |
//! | `{allOf: [{type: string}, {type: string, minLength: 1}]}` | `{type: string, minLength: 1}` |
//! | `{allOf: [X, {description: D, required: [a]}]}` | `{description: D, allOf: [X, {type: object, required: [a]}]}` |
//!
//! Here, `X`, `Y` and `Z` are references to objects. What is not recognised is left as it is.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::build::{array, entry, items_mut, member_mut, members_mut, node, object, string};
use super::nodes::grow;
use super::words::{add_words, default_in_words};
use crate::markdown;
use crate::markers::{
    CONSTANT, DEPRECATION, FIELD, FROM, IGNORE, IN_ANSWERS, MARKER_PREFIX, REPLACE, VALUES,
    VARIANT_NAMES, is_extension,
};
use crate::openapi::keywords::{self, Says};
use crate::openapi::limits::MERGES;
use crate::openapi::schema::{flag, get, ignores, items, members, reference, text};
use crate::openapi::walk::{Position, each_schema_mut};
use crate::openapi::{Entry, Node, Pointer, Value, component_schemas};

/// Arranges each schema by itself. What has to be known about the components that it refers to is worked out before, as those change
/// too. A schema that is replaced by a hand-written type is skipped.
pub(super) fn arrange(document: &mut Node) {
    let objects = objects(document);
    let kinds = kinds(document, &objects);
    let declared = declared(document);
    each_schema_mut(document, |schema, position, at| {
        if schema.get(REPLACE).is_some() {
            return;
        }
        if schema.get("$ref").is_some() {
            // What is marked is as the overlay wants it.
            if schema.get(IGNORE).is_none() {
                forget_notes(schema);
            }
            return;
        }
        only_branch(schema);
        enums(schema);
        plain_values(schema);
        nested_all_of(schema, at);
        plain_all_of(schema);
        beside_all_of(schema, &objects, at);
        declared_again(schema, &declared);
        notes_in_all_of(schema, &kinds, &objects, position, at);
    });
}

/// The components that are objects and nothing else.
fn objects(document: &Node) -> HashSet<String> {
    grow(document, HashSet::new(), is_object)
}

/// The type of each component, if it has one.
fn kinds(document: &Node, objects: &HashSet<String>) -> HashMap<String, String> {
    let mut kinds: HashMap<String, String> = HashMap::new();
    for (name, schema) in component_schemas(document) {
        let kind = match objects.contains(name) {
            true => Some("object"),
            false => text(schema, "type"),
        };
        kinds.extend(kind.map(|kind| (name.to_owned(), kind.to_owned())));
    }
    kinds
}

/// Whether every value of a schema is an object. A schema that allows null is not: a merge would lose the null.
fn is_object(schema: &Node, objects: &HashSet<String>) -> bool {
    if flag(schema, "nullable") {
        return false;
    }
    text(schema, "type") == Some("object")
        || reference(schema).is_some_and(|name| objects.contains(name))
        || items(schema, "allOf")
            .iter()
            .any(|branch| is_object(branch, objects))
}

/// Notes next to a `$ref`, which have no effect in OpenAPI 3.0.
///
/// Notes that this generator makes use of are kept, in a schema around the reference: a description, `readOnly`, `writeOnly` and
/// `deprecated`. Other notes are removed. A keyword that is not a note may have been meant to have an effect, and stays for a lint.
fn forget_notes(schema: &mut Node) {
    let mut kept = Vec::new();
    let description = schema.get("description").filter(|it| it.as_str().is_some());
    kept.extend(description.map(|it| ("description".to_owned(), it.clone())));
    for mark in ["deprecated", "readOnly", "writeOnly"] {
        let set = schema.get(mark).filter(|it| it.as_bool() == Some(true));
        kept.extend(set.map(|it| (mark.to_owned(), it.clone())));
    }
    let Some(members) = members_mut(schema) else {
        return;
    };
    // What is known by its name, and is about the place too.
    let is_of_place = |key: &str| key.starts_with(DEPRECATION) || key == IN_ANSWERS || key == FIELD;
    for (key, entry) in members.iter().filter(|(key, _)| is_of_place(key)) {
        kept.push((key.clone(), entry.node.clone()));
    }
    members.retain(|key, _| !keywords::is_plain_note(key) && !is_of_place(key));
    // Around a reference with another keyword, a wrapper would hide that keyword from the lint about it.
    let is_alone = members.len() == 1;
    if is_alone && !kept.is_empty() {
        let span = schema.span.clone();
        let refers = schema.clone();
        kept.push(("allOf".to_owned(), array(vec![refers], &span)));
        *schema = object(kept, &span);
    }
}

/// A union of one component is that component: .NET writes a reference that may be null so. With a discriminator, a union may get more
/// branches, and stays one.
fn only_branch(schema: &mut Node) {
    let is_alone = |keyword: &str| match items(schema, keyword) {
        [one] => reference(one).is_some(),
        _ => false,
    };
    let both = ["oneOf", "anyOf", "allOf"]
        .iter()
        .filter(|it| get(schema, it).is_some());
    if both.count() > 1 || get(schema, "discriminator").is_some() {
        return;
    }
    let Some(keyword) = ["oneOf", "anyOf"].into_iter().find(|it| is_alone(it)) else {
        return;
    };
    if let Some(members) = members_mut(schema) {
        let taken = std::mem::take(members)
            .into_iter()
            .map(|(key, it)| match key == keyword {
                true => ("allOf".to_owned(), it),
                false => (key, it),
            });
        *members = taken.collect();
    }
}

/// Removes null from an enum, and adds a missing type.
///
/// If the schema has a type, null does not fit that and has no effect. If it has none and all other values are texts, the
/// type is `string`, and null becomes `nullable`.
fn enums(schema: &mut Node) {
    let Some(values) = get(schema, "enum").and_then(Node::as_array) else {
        return;
    };
    let (nulls, values): (Vec<&Node>, Vec<&Node>) = values.iter().partition(|it| it.is_null());
    // Names of variants are given by position. An enum of which a value is removed would have one name too many.
    if values.is_empty() || schema.get(VARIANT_NAMES).is_some() {
        return;
    }
    let has_type = get(schema, "type").is_some_and(|it| it.as_str().is_some());
    let stands_alone = ["type", "oneOf", "anyOf", "allOf", "not", "format"]
        .iter()
        .all(|keyword| get(schema, keyword).is_none());
    let are_texts = values.iter().all(|it| it.as_str().is_some());
    let is_plain = has_type || (stands_alone && are_texts);
    if !is_plain {
        return;
    }
    let has_null = !nulls.is_empty();
    let values: Vec<Node> = values.into_iter().cloned().collect();
    let span = schema.span.clone();
    let Some(members) = members_mut(schema) else {
        return;
    };
    if let Some(there) = members.get_mut("enum") {
        there.node.value = Value::Array(values);
    }
    if !has_type {
        members.insert("type".to_owned(), entry(string("string", &span), &span));
        if has_null {
            let yes = node(Value::Bool(true), &span);
            members.insert("nullable".to_owned(), entry(yes, &span));
        }
    }
}

/// The longest list of values that is told, in characters.
const LONGEST_LIST: usize = 120;

/// Numbers and truth values that may have some values only. typify makes enums of texts only. Any value of the type is read, as
/// an open enum would. The values are told in the documentation, and one alone is noted: a required property begins with it.
fn plain_values(schema: &mut Node) {
    let given = items(schema, "enum").to_vec();
    let others = ["oneOf", "anyOf", "allOf", "not", "properties", "items"];
    if given.is_empty() || others.iter().any(|it| get(schema, it).is_some()) {
        return;
    }
    let json: Vec<serde_json::Value> = given.iter().map(Node::to_json).collect();
    let is_whole = |it: &serde_json::Value| {
        it.is_i64()
            || it
                .as_f64()
                .is_some_and(|it| it.fract() == 0.0 && it.abs() < 9e15)
    };
    let (kind, format) = if json.iter().all(serde_json::Value::is_boolean) {
        ("boolean", None)
    } else if json.iter().all(is_whole) {
        ("integer", None)
    } else if json.iter().all(serde_json::Value::is_u64) {
        ("integer", Some("uint64"))
    } else if json.iter().all(serde_json::Value::is_number) {
        ("number", Some("double"))
    } else {
        return;
    };
    match text(schema, "type") {
        None => {}
        Some(given) if given == kind => {}
        // A number whose values are whole is one.
        Some("number") if kind == "integer" => {}
        Some(_) => return,
    }
    let span = schema.span.clone();
    let values: Vec<String> = json.iter().map(serde_json::Value::to_string).collect();
    let words = match values.as_slice() {
        [one] => format!("Always {}.", markdown::code(one)),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|it| markdown::code(it)).collect();
            format!("One of {} and {}.", first.join(", "), markdown::code(last))
        }
        [] => return,
    };
    let is_long = words.chars().count() > LONGEST_LIST;
    let is_nullable = flag(schema, "nullable");
    let given_format = text(schema, "format").is_some();
    let wants_kind = text(schema, "type") != Some(kind);
    let Some(members) = members_mut(schema) else {
        return;
    };
    members.shift_remove("enum");
    members.shift_remove("x-enum-varnames");
    if wants_kind {
        // `format: float` says nothing about whole numbers.
        members.shift_remove("format");
        members.insert("type".to_owned(), entry(string(kind, &span), &span));
    }
    if let Some(format) = format
        && (!given_format || wants_kind)
    {
        members.insert("format".to_owned(), entry(string(format, &span), &span));
    }
    if json.len() > 1 {
        let list = array(given, &span);
        members.insert(VALUES.to_owned(), entry(list, &span));
    }
    if let ([one], false) = (json.as_slice(), is_nullable) {
        let one = match one {
            serde_json::Value::Bool(it) => Value::Bool(*it),
            serde_json::Value::Number(it) => Value::Number(whole(it, kind)),
            _ => return,
        };
        members.insert(CONSTANT.to_owned(), entry(node(one, &span), &span));
    }
    if !is_long {
        add_words(schema, &words);
    }
}

/// A number as its type writes it: `1.0` is `1` as an integer.
fn whole(number: &serde_json::Number, kind: &str) -> serde_json::Number {
    match (kind, number.as_f64()) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small")]
        ("integer", Some(it)) if number.is_f64() => (it as i64).into(),
        _ => number.clone(),
    }
}

/// Keywords about objects next to an `allOf` become a branch of it.
fn beside_all_of(schema: &mut Node, objects: &HashSet<String>, at: &[String]) {
    let branches = items(schema, "allOf");
    // With one of these, the schema is more than an object, and a branch for its properties might change what it means.
    let others = ["oneOf", "anyOf", "not", "items", "enum"];
    if branches.is_empty() || others.iter().any(|it| get(schema, it).is_some()) {
        return;
    }
    let own: Vec<&str> = keywords::of_3_0(Says::Objects)
        .filter(|keyword| get(schema, keyword).is_some())
        .collect();
    // Whether a branch allows objects only. Then `type: object` next to the `allOf` adds nothing.
    let is_said = branches.iter().any(|branch| is_object(branch, objects));
    // Without `properties`, keywords such as `additionalProperties` would be about the properties of the other branches, and a branch
    // does not know those. `required` may name them.
    if !own.is_empty() && !own.contains(&"properties") && (own != ["required"] || !is_said) {
        return;
    }
    let kind = get(schema, "type");
    let goes = match kind.map(Node::as_str) {
        None => !own.is_empty(),
        Some(Some("object")) => !own.is_empty() || is_said,
        Some(_) => false,
    };
    if !goes {
        return;
    }
    let span = schema.span.clone();
    let Some(members) = members_mut(schema) else {
        return;
    };
    let kind = members.shift_remove("type");
    let mut branch: IndexMap<String, Entry> = IndexMap::new();
    for keyword in &own {
        if let Some(member) = members.shift_remove(*keyword) {
            branch.insert((*keyword).to_owned(), member);
        }
    }
    if branch.is_empty() {
        return;
    }
    if let Some(kind) = kind {
        branch.insert("type".to_owned(), kind);
    } else if is_said {
        // Every value is an object already.
        branch.insert("type".to_owned(), entry(string("object", &span), &span));
    }
    // The branch is made of the schema itself, so findings about it name the schema.
    let from = string(Pointer(at.to_vec()).to_string(), &span);
    branch.insert(FROM.to_owned(), entry(from, &span));
    if let Some(Value::Array(branches)) = members.get_mut("allOf").map(|it| &mut it.node.value) {
        branches.push(node(Value::Object(branch), &span));
    }
}

/// A branch of an `allOf` that is only another `allOf` is replaced by its branches.
fn nested_all_of(schema: &mut Node, at: &[String]) {
    // Each round removes one level. What is nested deeper is left as it is.
    for _ in 0..16 {
        let nests = |branch: &Node| {
            let inner = get(branch, "allOf").and_then(Node::as_array);
            let notes = branch.as_object().into_iter().flat_map(|it| it.keys());
            inner.is_some_and(|it| !it.is_empty())
                && notes
                    .clone()
                    .all(|key| key == "allOf" || keywords::is_plain_note(key))
        };
        let branches = items(schema, "allOf");
        if branches.len() < 2 || !branches.iter().any(nests) {
            return;
        }
        let Some(Value::Array(branches)) = member_mut(schema, "allOf").map(|it| &mut it.value)
        else {
            return;
        };
        let mut flat = Vec::new();
        for (index, mut branch) in std::mem::take(branches).into_iter().enumerate() {
            let was_at = |more: &[&str]| {
                let index = index.to_string();
                let way = ["allOf", &index].into_iter().chain(more.iter().copied());
                Pointer(at.iter().cloned().chain(way.map(str::to_owned)).collect())
            };
            let from = branch.get(FROM).and_then(|it| Pointer::parse(it.as_str()?));
            let from = from.unwrap_or_else(|| was_at(&[]));
            let is_nested = nests(&branch);
            match member_mut(&mut branch, "allOf").map(|it| &mut it.value) {
                Some(Value::Array(inner)) if is_nested => {
                    for (index, mut inner) in std::mem::take(inner).into_iter().enumerate() {
                        remember(&mut inner, from.join("allOf").join(index));
                        flat.push(inner);
                    }
                }
                _ => {
                    remember(&mut branch, from);
                    flat.push(branch);
                }
            }
        }
        *branches = flat;
    }
}

/// An `allOf` of texts, numbers or truth values without names is one of them, with the keywords of all. A branch without a type is about the
/// same if it has keywords of that type only.
fn plain_all_of(schema: &mut Node) {
    let branches = items(schema, "allOf");
    let mut kinds = branches.iter().filter_map(|it| text(it, "type"));
    let Some(kind) = kinds.next().or_else(|| text(schema, "type")) else {
        return;
    };
    let says = match kind {
        "string" => Some(Says::Texts),
        "integer" | "number" => Some(Says::Numbers),
        "boolean" => None,
        _ => return,
    };
    if branches.len() < 2 {
        return;
    }
    let mut merged: IndexMap<String, Entry> = IndexMap::new();
    let own = schema.as_object().into_iter().flatten();
    let own = own.filter(|(key, _)| *key != "allOf");
    let of_branches = branches.iter().map(Node::as_object);
    let Some(of_branches) = of_branches.collect::<Option<Vec<_>>>() else {
        return;
    };
    // A branch may leave out keywords of its own. Another marker stays, and so does a list with a keyword that the branch does not have,
    // for a lint.
    let is_odd = |branch: &Node, key: &str| match key {
        IGNORE => {
            let names = branch.get(IGNORE).and_then(Node::as_array);
            let is_own = |it: &Node| it.as_str().is_some_and(|it| branch.get(it).is_some());
            !names.is_some_and(|names| names.iter().all(is_own))
        }
        key => key == "$ref" || key.starts_with(MARKER_PREFIX),
    };
    let is_about_it = |branch: &Node, key: &str| {
        ignores(branch, key)
            || keywords::is_note(key)
            || matches!(key, "enum" | "format")
            || says.is_some() && keywords::says_in_3_0(key) == says
    };
    let fits = |branch: &Node| match get(branch, "type") {
        Some(given) => given.as_str() == Some(kind),
        None => (branch.as_object().into_iter().flatten())
            .all(|(key, _)| key == IGNORE || is_about_it(branch, key)),
    };
    let has_odd = |branch: &Node| {
        let mut keys = branch.as_object().into_iter().flat_map(|it| it.keys());
        keys.any(|key| is_odd(branch, key))
    };
    if !branches.iter().all(fits) || branches.iter().any(has_odd) {
        return;
    }
    let of_branches = of_branches.into_iter().zip(branches);
    let of_branches = of_branches.flat_map(|(members, branch)| {
        let seen = members.iter();
        seen.filter(|(key, _)| *key != IGNORE && !ignores(branch, key))
    });
    for (key, member) in own.chain(of_branches) {
        match merged.get(key) {
            // The first note is as good as any. Two bounds, or two lists of values, are for a lint.
            Some(there) if there.node.to_json() != member.node.to_json() => {
                if !keywords::is_plain_note(key) {
                    return;
                }
            }
            Some(_) => {}
            None => {
                merged.insert(key.clone(), member.clone());
            }
        }
    }
    schema.value = Value::Object(merged);
}

/// Notes on a schema its place before it was moved.
fn remember(schema: &mut Node, from: Pointer) {
    let span = schema.span.clone();
    if schema.get("$ref").is_none()
        && let Some(members) = members_mut(schema)
    {
        let from = entry(string(from.to_string(), &span), &span);
        members.entry(FROM.to_owned()).or_insert(from);
    }
}

/// The names of the properties that a component declares, and the components that are merged into it.
type Declared = HashMap<String, (HashSet<String>, Vec<String>)>;

/// What each component declares by itself. It does not include what is merged in, so that a chain of components is not followed again
/// from each of its links.
fn declared(document: &Node) -> Declared {
    let mut all = Declared::new();
    for (name, schema) in component_schemas(document) {
        let mut found = (HashSet::new(), Vec::new());
        let mut waiting = vec![schema];
        while let Some(schema) = waiting.pop() {
            match reference(schema) {
                Some(other) => found.1.push(other.to_owned()),
                None => {
                    let properties = members(schema, "properties");
                    found.0.extend(properties.map(|(name, _)| name.to_owned()));
                    waiting.extend(items(schema, "allOf"));
                }
            }
        }
        all.insert(name.to_owned(), found);
    }
    all
}

/// Removes a property that a branch of an `allOf` declares again as `{}`, as some descriptions do to require it:
///
/// ```yaml
/// allOf: [{$ref: Base}, {properties: {name: {}}, required: [name]}]
/// ```
///
/// If `Base` declares `name`, only the requirement is left.
fn declared_again(schema: &mut Node, declared: &Declared) {
    let branches = items(schema, "allOf");
    if branches.len() < 2 {
        return;
    }
    // As deep as a lint allows.
    let waiting = branches.iter().filter_map(reference);
    let mut waiting: Vec<(&str, usize)> = waiting.map(|name| (name, 0)).collect();
    let mut seen = HashSet::new();
    let mut known: HashSet<&str> = HashSet::new();
    while let Some((name, depth)) = waiting.pop() {
        if let Some((names, others)) = declared.get(name).filter(|_| seen.insert(name)) {
            known.extend(names.iter().map(String::as_str));
            let others = others.iter().filter(|_| depth < MERGES);
            waiting.extend(others.map(|it| (it.as_str(), depth + 1)));
        }
    }
    let says_nothing = |property: &Node| {
        let keys = property.as_object().map(|it| it.keys());
        keys.is_some_and(|mut keys| {
            keys.all(|key| {
                keywords::is_only_for_readers(key)
                    || is_extension(key) && !key.starts_with(MARKER_PREFIX)
            })
        })
    };
    for branch in items_mut(member_mut(schema, "allOf")) {
        if let Some(properties) = member_mut(branch, "properties").and_then(members_mut) {
            properties.retain(|name, it| !known.contains(name.as_str()) || !says_nothing(&it.node));
        }
    }
}

/// Branches of an `allOf` that declare no property: they describe the whole, or require properties of other branches.
///
/// A description, a default or `nullable` in such a branch moves to the whole. A requirement stays, in a branch with nothing
/// else. A branch of which nothing is left is removed.
fn notes_in_all_of(
    schema: &mut Node,
    kinds: &HashMap<String, String>,
    objects: &HashSet<String>,
    position: Position,
    at: &[String],
) {
    let branches = items(schema, "allOf");
    if branches.len() < 2 {
        return;
    }
    let kind_of = |branch: &Node| -> Option<String> {
        match reference(branch) {
            Some(name) => kinds.get(name).cloned(),
            None => text(branch, "type").map(str::to_owned),
        }
    };
    let is_idle = |branch: &Node| {
        let keys = branch.as_object().map(|it| it.keys());
        keys.is_some_and(|mut keys| {
            keys.all(|key| {
                keywords::is_of_the_whole(key)
                    || matches!(key.as_str(), "type" | "required" | "xml")
                    || key == "properties"
                        && get(branch, key)
                            .is_some_and(|it| it.as_object().is_some_and(|it| it.is_empty()))
                    || key == "additionalProperties" && flag(branch, key)
                    || key == FROM
                    || is_extension(key) && !key.starts_with(MARKER_PREFIX)
            })
        })
    };
    // If one branch allows objects only, the others are about objects too, and can say so.
    let are_objects = branches.iter().any(|it| is_object(it, objects));
    let span = schema.span.clone();
    let all_of = items_mut(member_mut(schema, "allOf"));
    for branch in all_of.iter_mut().filter(|_| are_objects) {
        let combines = ["$ref", "type", "oneOf", "anyOf", "allOf", "not"]
            .iter()
            .any(|keyword| branch.get(keyword).is_some());
        let speaks = keywords::of_3_0(Says::Objects).any(|keyword| branch.get(keyword).is_some());
        if speaks
            && !combines
            && let Some(members) = members_mut(branch)
        {
            members.insert("type".to_owned(), entry(string("object", &span), &span));
        }
    }
    let branches = items(schema, "allOf");
    // The branches that stay must agree on a type, which is that of the whole. If they do not, nothing is moved.
    let others: Vec<Option<String>> = branches
        .iter()
        .filter(|it| !is_idle(it))
        .map(kind_of)
        .collect();
    let Some(Some(kind)) = others.first().cloned() else {
        return;
    };
    if others.iter().any(|it| it.as_ref() != Some(&kind)) {
        return;
    }
    let mut kept = Vec::new();
    let mut said: Vec<(String, Entry)> = Vec::new();
    for (index, branch) in branches.iter().enumerate() {
        let way = ["allOf".to_owned(), index.to_string()];
        let from = Pointer(at.iter().cloned().chain(way).collect());
        // A branch that only describes goes. One of another type, or one that requires something of values that may not be objects, stays
        // for a lint.
        let fits = kind_of(branch).is_none_or(|it| it == kind);
        let requires = items(branch, "required");
        if !is_idle(branch) || !fits || (!are_objects && !requires.is_empty()) {
            let mut branch = branch.clone();
            if kept.len() < index {
                remember(&mut branch, from);
            }
            kept.push(branch);
            continue;
        }
        for (key, entry) in branch.as_object().into_iter().flatten() {
            if keywords::is_of_the_whole(key) || key.starts_with(DEPRECATION) {
                said.push((key.clone(), entry.clone()));
            }
        }
        // typify merges this branch with the one that declares the properties.
        if !requires.is_empty() {
            let mut asks = vec![
                ("type", string("object", &span)),
                ("required", array(requires.to_vec(), &branch.span)),
            ];
            asks.extend(branch.get(FROM).map(|from| (FROM, from.clone())));
            let mut asks = object(asks, &branch.span);
            remember(&mut asks, from);
            kept.push(asks);
        }
    }
    let Some(members) = members_mut(schema) else {
        return;
    };
    // What the whole says itself has priority over what a branch says.
    let has_default = members.contains_key("default");
    for (key, entry) in said {
        members.entry(key).or_insert(entry);
    }
    if let Some(Value::Array(branches)) = members.get_mut("allOf").map(|it| &mut it.node.value) {
        *branches = kept;
    }
    // A default that has moved to a component is not that of the fields which refer to it. So it is only told in words.
    if position == Position::Component && !has_default {
        default_in_words(schema);
    }
}
