//! Lists of types, and the type that is null. OpenAPI 3.0 has one type for a schema, and none that is null.
//!
//! ```yaml
//! type: [string, array]          # given
//! maxLength: 5
//! items: {type: integer}
//! ```
//!
//! ```yaml
//! oneOf:                         # lowered
//! - type: string
//!   maxLength: 5
//! - type: array
//!   items: {type: integer}
//! ```

use indexmap::IndexMap;

use super::Lowering;
use super::draft::{Draft, entry, node, schema_of};
use super::rules;
use crate::openapi::keywords::{Says, of_3_0};
use crate::openapi::{Entry, Node, Span, Value};

const TYPES: [&str; 7] = [
    "null", "string", "number", "integer", "boolean", "array", "object",
];

/// The types that have keywords of their own. Those can go to the branch of their type, since other types let them pass.
const ABOUT: [(Says, &str); 4] = [
    (Says::Texts, "string"),
    (Says::Numbers, "number"),
    (Says::Arrays, "array"),
    (Says::Objects, "object"),
];

/// A type that is null alone becomes an enum of null: no other value passes it, whatever else the schema says.
pub(super) fn only_null(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    let is_null = match draft.get("type").map(|it| &it.value) {
        Some(Value::String(kind)) => kind == "null",
        Some(Value::Array(kinds)) => {
            !kinds.is_empty() && kinds.iter().all(|it| it.as_str() == Some("null"))
        }
        _ => false,
    };
    if !is_null {
        return;
    }
    let at = draft.at.join("type");
    let Some(Entry { key, .. }) = draft.take("type") else {
        return;
    };
    lowering.count(rules::ONLY_NULL, &at);
    // If there is an enum that lists null among others, null is all that is left of it. If it does not list null, or is
    // ignored, the schema keeps it and gets the enum of null in a branch.
    let only_null = || Value::Array(vec![node(Value::Null, &key)]);
    let is_null = |values: &[Node]| values.iter().any(Node::is_null);
    if draft.members.contains_key("enum")
        && !draft
            .get("enum")
            .and_then(Node::as_array)
            .is_some_and(is_null)
    {
        draft.and(schema_of("enum", only_null(), &key), false);
    } else {
        draft.put("enum", only_null(), &key);
    }
}

/// A list of types becomes one type, or a union of types. `has_null` if null was among the types and has been removed.
pub(super) fn lists(lowering: &mut Lowering<'_>, draft: &mut Draft, has_null: bool) {
    let Some(Value::Array(items)) = draft.get("type").map(|it| &it.value) else {
        return;
    };
    let at = draft.at.join("type");
    // One item that is not a type makes the whole list invalid.
    let mut kinds: Vec<&str> = Vec::new();
    for item in items {
        match TYPES.iter().find(|kind| item.as_str() == Some(**kind)) {
            Some(kind) if kinds.contains(kind) => {}
            Some(kind) => kinds.push(kind),
            None => kinds.clear(),
        }
        if kinds.is_empty() {
            break;
        }
    }
    if kinds.is_empty() {
        lowering.refuse(
            rules::TYPE_NAMES,
            &at,
            "this is not a list of types",
            "write one or several of string, number, integer, boolean, array, object, null; in the \
             overlay, remove the list, and add it anew",
        );
        return;
    }
    // Integers are numbers.
    if kinds.contains(&"number") {
        kinds.retain(|kind| *kind != "integer");
    }
    let Some(Entry { key, .. }) = draft.take("type") else {
        return;
    };
    lowering.count(rules::TYPE_LIST, &at);
    if let [kind] = kinds.as_slice() {
        draft.put("type", Value::String((*kind).to_owned()), &key);
        return;
    }
    // All types, null included, are any JSON. A schema without a `type` says the same.
    if has_null
        && TYPES[1..]
            .iter()
            .all(|kind| *kind == "integer" || kinds.contains(kind))
    {
        return;
    }
    let branches = branches(draft, &kinds, &key);
    let value = Value::Array(branches);
    // Types exclude each other, so one or any of them is the same.
    match ["oneOf", "anyOf"]
        .iter()
        .find(|keyword| !draft.members.contains_key(**keyword))
    {
        Some(keyword) => draft.put(keyword, value, &key),
        None => draft.and(schema_of("oneOf", value, &key), false),
    }
}

/// A branch for each type, with the keywords about it taken out of the schema.
fn branches(draft: &mut Draft, kinds: &[&str], span: &Span) -> Vec<Node> {
    let mut branches: Vec<(&str, IndexMap<String, Entry>)> = kinds
        .iter()
        .map(|kind| {
            let kind_entry = entry(Value::String((*kind).to_owned()), span);
            (*kind, IndexMap::from([("type".to_owned(), kind_entry)]))
        })
        .collect();
    let about = ABOUT.into_iter();
    for (keyword, kind) in about.flat_map(|(says, kind)| of_3_0(says).map(move |it| (it, kind))) {
        let is_about = |it: &str| it == kind || (kind == "number" && it == "integer");
        if let Some((_, members)) = branches.iter_mut().find(|(it, _)| is_about(it))
            && let Some(entry) = draft.take(keyword)
        {
            members.insert(keyword.to_owned(), entry);
        }
    }
    let branches = branches.into_iter();
    branches
        .map(|(_, members)| node(Value::Object(members), span))
        .collect()
}
