//! Unions, of which typify makes the first type that parses: set aside, for the refine stage to write.
//!
//! A component that is one of several is emptied, and what there is to know of it written on it, as [`UNION`] says.
//! An object beside it has the branches for its properties, so that typify makes their types.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::schema::{
    alternatives, array, entry, flag, get, items, member_mut, members, members_mut, node, object,
    reference, string, text, texts,
};
use super::{BRANCHES_FROM, CONSTANT, FROM, KEEPS_UNKNOWN, UNION, branches_of, tagged};
use crate::document::{Entry, Node, Span, Value};
use crate::model::{OPEN, REPLACE, UNKNOWN_MEMBERS};
use crate::naming::{field_name, type_name};

/// Deeper than references lead in any description that means something.
const DEPTH: usize = 64;

/// The kinds of JSON value, as [`UNION`] has them.
const KINDS: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];

pub(super) fn set_aside(document: &mut Node) {
    let mut made: IndexMap<String, Entry> = IndexMap::new();
    let mut unions: Vec<(String, Node)> = Vec::new();
    let mut branches: BTreeSet<String> = BTreeSet::new();
    let schemas = Schemas::of(document);
    for (name, schema) in schemas.all() {
        if schema.get(REPLACE).is_some() || tagged::is_tagged(schema) {
            continue;
        }
        let Some((keyword, list)) = alternatives(schema) else {
            continue;
        };
        let from = match schema.get(FROM).and_then(Node::as_str) {
            Some(from) => format!("{from}/{keyword}"),
            None => format!("#/components/schemas/{name}/{keyword}"),
        };
        let (union, mut parts) = schemas.union(schema, list);
        if let Some(members) = members_mut(&mut parts) {
            let from = entry(string(from, &schema.span), &schema.span);
            members.insert(BRANCHES_FROM.to_owned(), from);
        }
        branches.extend(list.iter().filter_map(reference).map(str::to_owned));
        let parts = entry(parts, &schema.span);
        made.insert(branches_of(name), parts);
        unions.push((name.to_owned(), union));
    }
    let keeping: Vec<(String, String)> = branches
        .iter()
        .filter_map(|name| Some((name.clone(), schemas.room_for_unknown(name)?)))
        .collect();
    if unions.is_empty() {
        return;
    }
    let all = member_mut(document, "components").and_then(|it| member_mut(it, "schemas"));
    let Some(all) = all.and_then(members_mut) else {
        return;
    };
    for (name, union) in unions {
        if let Some(entry) = all.get_mut(&name) {
            entry.node = union;
        }
    }
    for (name, field) in keeping {
        if let Some(component) = all.get_mut(&name) {
            let span = component.node.span.clone();
            if let Some(members) = members_mut(&mut component.node) {
                let field = entry(string(field, &span), &span);
                members.insert(KEEPS_UNKNOWN.to_owned(), field);
            }
        }
    }
    all.extend(made);
}

/// The components, to follow references in.
struct Schemas<'a> {
    members: Option<&'a IndexMap<String, Entry>>,
}

/// What can be known of a value before it is read.
#[derive(Default)]
struct Signature {
    kinds: BTreeSet<&'static str>,
    /// Properties that can have a few values only, and those.
    constants: BTreeMap<String, BTreeSet<String>>,
    /// Properties without which it is none.
    required: BTreeSet<String>,
    is_any: bool,
    is_named: bool,
}

impl<'a> Schemas<'a> {
    fn of(document: &'a Node) -> Self {
        let schemas = document
            .get("components")
            .and_then(|components| components.get("schemas"));
        Self {
            members: schemas.and_then(Node::as_object),
        }
    }

    fn all(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        let members = self.members.into_iter().flatten();
        members.map(|(name, entry)| (name.as_str(), &entry.node))
    }

    fn get(&self, name: &str) -> Option<&'a Node> {
        Some(&self.members?.get(name)?.node)
    }

    /// The component in place of the union, and the one of its parts.
    fn union(&self, schema: &Node, branches: &[Node]) -> (Node, Node) {
        let span = &schema.span;
        let signatures: Vec<Signature> = branches
            .iter()
            .map(|branch| self.signature(branch, 0))
            .collect();
        let discriminator = get(schema, "discriminator");
        let tag = discriminator
            .and_then(|it| it.get("propertyName")?.as_str())
            .map(str::to_owned)
            .or_else(|| common_tag(&signatures));
        let variants = variants(branches, &signatures);
        let mut parts = Vec::new();
        let mut described = Vec::new();
        for (index, (branch, signature)) in branches.iter().zip(&signatures).enumerate() {
            let field = format!("b{index}");
            let tags = match &tag {
                Some(tag) => tags(tag, branch, signature, discriminator),
                None => BTreeSet::new(),
            };
            let list = |texts: Vec<&str>| {
                let items = texts.into_iter().map(|text| string(text, span)).collect();
                array(items, span)
            };
            described.push(object(
                [
                    ("field", string(&field, span)),
                    ("variant", string(&variants[index], span)),
                    ("boxed", node(Value::Bool(signature.is_named), span)),
                    ("kinds", list(signature.kinds.iter().copied().collect())),
                    ("tags", list(tags.iter().map(String::as_str).collect())),
                    (
                        "required",
                        list(signature.required.iter().map(String::as_str).collect()),
                    ),
                ],
                span,
            ));
            parts.push((field, branch.clone()));
        }
        let open = get(schema, OPEN).is_none_or(|open| open.as_bool() != Some(false));
        let mut union = vec![
            ("open", node(Value::Bool(open), span)),
            ("branches", array(described, span)),
        ];
        if let Some(tag) = &tag {
            union.push(("tag", string(tag, span)));
        }
        let mut component = vec![(UNION, object(union, span))];
        if let Some(description) = text(schema, "description") {
            component.push(("description", string(description, span)));
        }
        if let Some(from) = schema.get(FROM) {
            component.push((FROM, from.clone()));
        }
        if let Some(open) = schema.get(OPEN).filter(|open| open.as_bool().is_none()) {
            component.push((OPEN, open.clone()));
        }
        (object(component, span), parts_of(parts, span))
    }

    fn signature(&self, schema: &Node, depth: usize) -> Signature {
        if depth > DEPTH {
            return Signature {
                is_any: true,
                kinds: KINDS.into(),
                ..Signature::default()
            };
        }
        if let Some(name) = reference(schema) {
            let mut signature = match self.get(name) {
                Some(target) => self.signature(target, depth + 1),
                None => Signature::default(),
            };
            // A text or a number of a few bytes needs no box, and no array.
            signature.is_named = ["object"].iter().any(|kind| signature.kinds.contains(kind));
            return signature;
        }
        if let [one] = items(schema, "allOf") {
            return self.signature(one, depth + 1);
        }
        if let Some((_, branches)) = alternatives(schema) {
            return self.either(branches, depth);
        }
        let kind = text(schema, "type");
        let is_object = kind == Some("object")
            || kind.is_none()
                && ["properties", "allOf", "additionalProperties"]
                    .iter()
                    .any(|keyword| get(schema, keyword).is_some());
        if is_object {
            return self.object(schema, depth);
        }
        let mut signature = Signature::default();
        match kind.and_then(|kind| KINDS.into_iter().find(|it| *it == kind)) {
            Some(kind) => {
                signature.kinds.insert(kind);
            }
            None => {
                signature.is_any = true;
                signature.kinds = KINDS.into();
            }
        }
        signature
    }

    /// What is common to all of several.
    fn either(&self, branches: &[Node], depth: usize) -> Signature {
        let mut all = Signature::default();
        let mut constants: Option<BTreeMap<String, BTreeSet<String>>> = None;
        for branch in branches {
            let signature = self.signature(branch, depth + 1);
            all.kinds.extend(signature.kinds);
            all.is_any |= signature.is_any;
            constants = Some(match constants {
                None => signature.constants,
                Some(before) => before
                    .into_iter()
                    .filter_map(|(name, mut values)| {
                        values.extend(signature.constants.get(&name)?.iter().cloned());
                        Some((name, values))
                    })
                    .collect(),
            });
        }
        all.constants = constants.unwrap_or_default();
        all
    }

    fn object(&self, schema: &Node, depth: usize) -> Signature {
        let mut signature = Signature::default();
        signature.kinds.insert("object");
        for branch in items(schema, "allOf") {
            let part = self.signature(branch, depth + 1);
            signature.constants.extend(part.constants);
            signature.required.extend(part.required);
        }
        for (name, property) in members(schema, "properties") {
            if let Some(values) = self.few_values(property, 0) {
                signature.constants.insert(name.to_owned(), values);
            }
        }
        let required = items(schema, "required").iter().filter_map(Node::as_str);
        signature.required.extend(required.map(str::to_owned));
        signature
    }

    /// The values of a text that can have a few only.
    fn few_values(&self, schema: &Node, depth: usize) -> Option<BTreeSet<String>> {
        if depth > DEPTH || flag(schema, "nullable") {
            return None;
        }
        if let Some(value) = schema.get(CONSTANT).and_then(Node::as_str) {
            return Some(BTreeSet::from([value.to_owned()]));
        }
        if let Some(name) = reference(schema) {
            return self.few_values(self.get(name)?, depth + 1);
        }
        if let [one] = items(schema, "allOf") {
            return self.few_values(one, depth + 1);
        }
        Some(texts(schema)?.into_iter().map(str::to_owned).collect())
    }

    /// What to call the field for members that the description does not know, if a component is a struct with
    /// fields, and has none already.
    fn room_for_unknown(&self, name: &str) -> Option<String> {
        let schema = self.get(name)?;
        let fields: BTreeSet<String> = members(schema, "properties")
            .map(|(name, _)| field_name(name))
            .collect();
        if fields.is_empty()
            || get(schema, "additionalProperties").is_some_and(|it| it.as_object().is_some())
        {
            return None;
        }
        [UNKNOWN_MEMBERS, "unknown_members", "more_unknown_members"]
            .into_iter()
            .find(|field| !fields.contains(*field))
            .map(str::to_owned)
    }
}

/// The property by which objects can be told apart: each has values of its own there.
fn common_tag(signatures: &[Signature]) -> Option<String> {
    let objects: Vec<&Signature> = signatures
        .iter()
        .filter(|signature| signature.kinds.contains("object"))
        .collect();
    let (first, others) = objects.split_first()?;
    if others.is_empty() {
        return None;
    }
    let names = first.constants.keys();
    let mut tags = names.filter(|name| {
        let mut seen = BTreeSet::new();
        objects.iter().all(|signature| {
            signature
                .constants
                .get(*name)
                .is_some_and(|values| values.iter().all(|value| seen.insert(value)))
        })
    });
    tags.next().cloned()
}

/// The values of the tag that lead to a branch.
fn tags(
    tag: &str,
    branch: &Node,
    signature: &Signature,
    discriminator: Option<&Node>,
) -> BTreeSet<String> {
    let mut values = signature.constants.get(tag).cloned().unwrap_or_default();
    let Some(name) = reference(branch) else {
        return values;
    };
    let mapping = discriminator
        .and_then(|it| it.get("mapping")?.as_object())
        .into_iter()
        .flatten();
    for (value, target) in mapping {
        let target = target.node.as_str().unwrap_or_default();
        if target
            .strip_prefix("#/components/schemas/")
            .unwrap_or(target)
            == name
        {
            values.insert(value.clone());
        }
    }
    if values.is_empty() && discriminator.is_some() {
        values.insert(name.to_owned());
    }
    values
}

/// The names of the variants: of what they refer to, or of what they hold.
fn variants(branches: &[Node], signatures: &[Signature]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::from(["Unknown".to_owned()]);
    let mut names = Vec::new();
    for (branch, signature) in branches.iter().zip(signatures) {
        let inner = match items(branch, "allOf") {
            [one] => one,
            _ => branch,
        };
        let wanted = match reference(inner) {
            Some(name) => type_name(name),
            None if signature.is_any => "Any".to_owned(),
            None => match text(inner, "type") {
                Some("string") => "Text",
                Some("integer") => "Integer",
                Some("number") => "Number",
                Some("boolean") => "Boolean",
                Some("array") => "Array",
                _ => "Object",
            }
            .to_owned(),
        };
        let mut name = wanted.clone();
        let mut number = 2;
        while !taken.insert(name.clone()) {
            name = format!("{wanted}{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

/// The object whose fields have the types of the branches.
fn parts_of(parts: Vec<(String, Node)>, span: &Span) -> Node {
    let names = parts.iter().map(|(name, _)| string(name, span)).collect();
    object(
        [
            ("type", string("object", span)),
            ("required", array(names, span)),
            ("properties", object(parts, span)),
        ],
        span,
    )
}

/// Makes plain open enums of an enum beside any other text, wherever they stand: an open enum takes those too.
pub(super) fn simplify(document: &mut Node) {
    let schemas = Schemas::of(document);
    let enums: BTreeSet<String> = schemas
        .all()
        .filter(|(_, schema)| {
            texts(schema).is_some() && schema.get(OPEN).and_then(Node::as_bool) != Some(false)
        })
        .map(|(name, _)| name.to_owned())
        .collect();
    merge_texts(document, &enums, 0);
}

fn merge_texts(schema: &mut Node, enums: &BTreeSet<String>, depth: usize) {
    if depth > 4 * DEPTH {
        return;
    }
    if let Some((keyword, [one, two])) = alternatives(schema) {
        let is_text = |node: &Node| {
            text(node, "type") == Some("string")
                && ["enum", "format", "pattern"]
                    .iter()
                    .all(|it| get(node, it).is_none())
        };
        let is_enum = |node: &Node| {
            reference(node).is_some_and(|name| enums.contains(name)) || texts(node).is_some()
        };
        let values = match (is_text(one), is_text(two)) {
            (true, false) if is_enum(two) => Some(two.clone()),
            (false, true) if is_enum(one) => Some(one.clone()),
            _ => None,
        };
        let span = schema.span.clone();
        if let (Some(values), Some(members)) = (values, members_mut(schema)) {
            members.shift_remove(keyword);
            members.shift_remove("discriminator");
            let list = array(vec![values], &span);
            members.insert("allOf".to_owned(), entry(list, &span));
        }
    }
    match &mut schema.value {
        Value::Object(members) => {
            for (key, entry) in members {
                if !["example", "examples", "default", "enum"].contains(&key.as_str()) {
                    merge_texts(&mut entry.node, enums, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                merge_texts(item, enums, depth + 1);
            }
        }
        _ => {}
    }
}
