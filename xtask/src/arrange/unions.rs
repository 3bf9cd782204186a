//! Unions. typify makes an enum that takes the first branch that parses, which may be the wrong one. So unions are set aside, and the
//! refine stage writes them.
//!
//! A component that is a union is emptied, and a note says how its branches differ ([`UNION`]). A second component, an
//! object, has a field for each branch, so that typify makes the types of the branches. For example,
//!
//! ```yaml
//! Source:
//!   oneOf: [{$ref: '#/components/schemas/Url'}, {$ref: '#/components/schemas/Base64'}]
//!   discriminator: {propertyName: type, mapping: {url: '#/components/schemas/Url', base64: '#/components/schemas/Base64'}}
//! ```
//!
//! becomes
//!
//! ```yaml
//! Source:
//!   x-made-union:
//!     open: true
//!     tag: type
//!     branches:
//!     - {field: b0, variant: Url, boxed: true, kinds: [object], tags: [url]}
//!     - {field: b1, variant: Base64, boxed: true, kinds: [object], tags: [base64]}
//! branches-of-Source:
//!   type: object
//!   required: [b0, b1]
//!   properties: {b0: {$ref: '#/components/schemas/Url'}, b1: {$ref: '#/components/schemas/Base64'}}
//! ```
//!
//! How branches differ is the [`Signature`] of each: kinds of JSON, properties with few values, required properties.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use indexmap::IndexMap;

use super::build::{array, entry, member_mut, members_mut, node, object, string};
use super::tagged;
use crate::markers::{
    ALSO_FROM, BRANCHES_FROM, CONSTANT, DEPRECATION, FIELD, FROM, IGNORE, KEEPS_UNKNOWN, NAME,
    NAMED, OPEN, RENAMED, REPLACE, REQUIRED_IN_ANSWERS, UNION, VALUES, branches_of,
};
use crate::naming::{UNKNOWN_MEMBERS, field_name, member_name, type_name};
use crate::openapi::limits::LOOK_THROUGH;
use crate::openapi::reference::{self, References, to_component};
use crate::openapi::schema::{
    alternatives, flag, get, items, markers, members, reference, text, texts, unwrapped,
};
use crate::openapi::{Entry, Node, Span, Tag, Value, component_schemas, walk};

/// The kinds of JSON value, as [`UNION`] has them.
const KINDS: [&str; 6] = ["object", "array", "string", "integer", "number", "boolean"];

/// Replaces each union by a note, and adds the object of its branches.
///
/// All unions are described before any is replaced, since a branch may be a union itself. Components that are branches get
/// a note, too: their structs keep members that they do not know ([`KEEPS_UNKNOWN`]).
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
        // To read it would go on forever. It is left as it is, and a lint refuses it.
        if schemas.is_branch_of_itself(name, list) {
            continue;
        }
        let from = match schema.get(FROM).and_then(Node::as_str) {
            Some(from) => format!("{from}/{keyword}"),
            None => format!("{}/{keyword}", to_component("schemas", name)),
        };
        let (union, mut parts) = schemas.union(schema, list);
        if let Some(members) = members_mut(&mut parts) {
            let from = entry(string(from, &schema.span), &schema.span);
            members.insert(BRANCHES_FROM.to_owned(), from);
        }
        // The structs of branches keep unknown members, even if the overlay closes the union: they may be in an open one as well.
        branches.extend(list.iter().filter_map(|branch| schemas.target(branch)));
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
    document: &'a Node,
    references: References<'a>,
    /// The signatures of components. Each is made once. `None` for one that is being made.
    known: RefCell<HashMap<String, Option<Signature>>>,
}

/// What is known of a value from its schema, to choose a branch before the value is parsed.
#[derive(Clone, Default)]
struct Signature {
    /// The kinds of JSON that it may be.
    kinds: BTreeSet<&'static str>,
    /// Properties that can have a few values only, and those values.
    constants: BTreeMap<String, BTreeSet<Tag>>,
    /// The types of properties that are no texts, but numbers or truth values.
    plain: BTreeMap<String, &'static str>,
    /// Properties that a value must have to be of this kind.
    required: BTreeSet<String>,
    /// Properties that a value must have in answers only.
    in_answers: BTreeSet<String>,
    /// Whether it may be any JSON.
    is_any: bool,
    /// Whether it is a component that is an object. Such a branch is boxed, since it may contain the union itself.
    is_named: bool,
}

impl<'a> Schemas<'a> {
    /// The components of this description.
    fn of(document: &'a Node) -> Self {
        Self {
            document,
            references: References::of(document),
            known: RefCell::default(),
        }
    }

    /// All components.
    fn all(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        component_schemas(self.document)
    }

    /// The component of this name.
    fn get(&self, name: &str) -> Option<&'a Node> {
        self.references.schema(name)
    }

    /// The component in place of the union, and the one of its parts.
    fn union(&self, schema: &'a Node, branches: &'a [Node]) -> (Node, Node) {
        let span = &schema.span;
        // A branch that leads back to itself has an empty signature. It is found by no tag and no kind, and never chosen.
        let signatures: Vec<Signature> = branches
            .iter()
            .map(|branch| self.signature(branch, 0).unwrap_or_default())
            .collect();
        // The discriminator is what the description says. If there is none, a property that has different values will do.
        let discriminator = get(schema, "discriminator");
        let tag = discriminator
            .and_then(|it| it.get("propertyName")?.as_str())
            .map(str::to_owned)
            .or_else(|| common_tag(&signatures));
        let variants = variants(branches, &signatures);
        let mut parts = Vec::new();
        let mut described = Vec::new();
        let mut is_blind = false;
        for (index, (branch, signature)) in branches.iter().zip(&signatures).enumerate() {
            let field = format!("b{index}");
            let tags = match &tag {
                Some(tag) => self.tags(tag, branch, signature, discriminator),
                None => BTreeSet::new(),
            };
            let is_plain = |tag: &String| signature.plain.contains_key(tag);
            is_blind |= tags.is_empty() && tag.as_ref().is_some_and(is_plain);
            let texts = self.few_values(branch, 0).unwrap_or_default();
            let texts: Vec<&str> = texts.iter().filter_map(as_text).collect();
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
                    (
                        "tags",
                        array(tags.iter().map(|it| it.node(span)).collect(), span),
                    ),
                    ("texts", list(texts)),
                    (
                        "required",
                        list(signature.required.iter().map(String::as_str).collect()),
                    ),
                    (
                        "in_answers",
                        list(signature.in_answers.iter().map(String::as_str).collect()),
                    ),
                ],
                span,
            ));
            let mut part = branch.clone();
            // A name that the variant has is used up. Another stays, so that a lint reports it.
            if given_name(branch).is_some_and(|it| it == variants[index])
                && let Some(members) = members_mut(&mut part)
            {
                members.shift_remove(NAME);
            }
            parts.push((field, part));
        }
        // Open unless the overlay says otherwise: a new kind of message must not lose a page of messages.
        let open = get(schema, OPEN).is_none_or(|open| open.as_bool() != Some(false));
        let mut union = vec![
            ("open", node(Value::Bool(open), span)),
            ("branches", array(described, span)),
        ];
        if let Some(tag) = &tag {
            union.push(("tag", string(tag, span)));
        }
        let mut component = vec![(UNION, object(union, span))];
        // A tag of which no value is known tells nothing apart. What says so stays, so that a lint reports it.
        if let Some(discriminator) = discriminator.filter(|_| is_blind) {
            component.push(("discriminator", discriminator.clone()));
        }
        if let Some(description) = text(schema, "description") {
            component.push(("description", string(description, span)));
        }
        for note in [FROM, ALSO_FROM, RENAMED, NAMED] {
            component.extend(schema.get(note).map(|it| (note, it.clone())));
        }
        let notes = schema.as_object().into_iter().flatten();
        let of_age = notes.filter(|(key, _)| *key == "deprecated" || key.starts_with(DEPRECATION));
        component.extend(of_age.map(|(key, entry)| (key.as_str(), entry.node.clone())));
        // A marker that has no effect here stays, so that a lint reports it.
        for (marker, value) in markers(schema) {
            let has_effect = match marker {
                OPEN => value.as_bool().is_some(),
                IGNORE => {
                    let listed = value.as_array().unwrap_or(&[]);
                    let is_there =
                        |it: &Node| it.as_str().is_some_and(|it| schema.get(it).is_some());
                    !listed.is_empty() && listed.iter().all(is_there)
                }
                _ => false,
            };
            if !has_effect {
                component.push((marker, value.clone()));
            }
        }
        (object(component, span), parts_of(parts, span))
    }

    /// The signature of a schema. `None` if it leads back to one that is being looked at: that one learns nothing from itself.
    fn signature(&self, schema: &'a Node, depth: usize) -> Option<Signature> {
        if depth > LOOK_THROUGH {
            return Some(Signature {
                is_any: true,
                kinds: KINDS.into(),
                ..Signature::default()
            });
        }
        if let Some(name) = reference(schema) {
            return self.named(name, depth);
        }
        if let [one] = items(schema, "allOf") {
            return self.signature(one, depth + 1);
        }
        if let Some((_, branches)) = alternatives(schema) {
            return Some(self.either(schema, branches, depth));
        }
        let kind = text(schema, "type");
        // Many schemas have `properties` and no type, and mean objects. typify reads them so, too.
        let is_object = kind == Some("object")
            || kind.is_none()
                && ["properties", "allOf", "additionalProperties"]
                    .iter()
                    .any(|keyword| get(schema, keyword).is_some());
        if is_object {
            return Some(self.object(schema, depth));
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
        Some(signature)
    }

    /// The signature of a component. Components that are only another name are skipped, since thousands may follow each
    /// other.
    fn named(&self, name: &'a str, depth: usize) -> Option<Signature> {
        if let Some(known) = self.known.borrow().get(name) {
            return known.clone();
        }
        // The entry is there before the component is looked at, so that a circle ends at the second visit.
        self.known.borrow_mut().insert(name.to_owned(), None);
        let signature = match self.references.chain(name, "schemas") {
            Some(chain) if chain.last != name => self.named(chain.last, depth + 1),
            None if self.references.is_circle(name, "schemas") => None,
            chain => {
                let target = chain.and_then(|chain| self.get(chain.last));
                let mut signature = target
                    .and_then(|target| self.signature(target, depth + 1))
                    .unwrap_or_default();
                // A text, a number or an array is a few bytes itself, and needs no box.
                signature.is_named = signature.kinds.contains("object");
                Some(signature)
            }
        };
        self.known
            .borrow_mut()
            .insert(name.to_owned(), signature.clone());
        signature
    }

    /// The signature of a union within a union: any of the kinds of its branches, and what all branches have in common. A tag of the inner
    /// union counts, so that `oneOf: [Inner, Other]` can be read by the tags of `Inner`.
    fn either(&self, schema: &'a Node, branches: &'a [Node], depth: usize) -> Signature {
        let mut all = Signature::default();
        let mut constants: Option<BTreeMap<String, BTreeSet<Tag>>> = None;
        let discriminator = get(schema, "discriminator");
        let tag = discriminator.and_then(|it| it.get("propertyName")?.as_str());
        for branch in branches {
            let Some(mut signature) = self.signature(branch, depth + 1) else {
                continue;
            };
            if let Some(tag) = tag {
                let values = self.tags(tag, branch, &signature, discriminator);
                if !values.is_empty() {
                    signature.constants.insert(tag.to_owned(), values);
                }
            }
            all.kinds.extend(signature.kinds);
            all.is_any |= signature.is_any;
            all.plain.extend(signature.plain);
            // A property distinguishes the inner union from others only if all its branches have it. Then it has all their values.
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

    /// The signature of an object: of its own properties, and of what is merged into it.
    fn object(&self, schema: &'a Node, depth: usize) -> Signature {
        let mut signature = Signature::default();
        signature.kinds.insert("object");
        for branch in items(schema, "allOf") {
            let part = self.signature(branch, depth + 1).unwrap_or_default();
            signature.constants.extend(part.constants);
            signature.plain.extend(part.plain);
            signature.required.extend(part.required);
            signature.in_answers.extend(part.in_answers);
        }
        for (name, property) in members(schema, "properties") {
            if let Some(values) = self.few_values(property, 0) {
                signature.constants.insert(name.to_owned(), values);
            }
            if let Some(kind) = self.plain(property, 0) {
                signature.plain.insert(name.to_owned(), kind);
            }
        }
        let required = items(schema, "required").iter().filter_map(Node::as_str);
        signature.required.extend(required.map(str::to_owned));
        let in_answers = items(schema, REQUIRED_IN_ANSWERS).iter();
        let in_answers = in_answers.filter_map(Node::as_str).map(str::to_owned);
        signature.in_answers.extend(in_answers);
        signature
    }

    /// The values of the tag that lead to a branch: those that its schema allows, those of the discriminator's mapping, else the
    /// name of the component, which is what OpenAPI says of a discriminator without a mapping.
    fn tags(
        &self,
        tag: &str,
        branch: &Node,
        signature: &Signature,
        discriminator: Option<&Node>,
    ) -> BTreeSet<Tag> {
        let mut values = signature.constants.get(tag).cloned().unwrap_or_default();
        let Some(name) = reference(unwrapped(branch)) else {
            return values;
        };
        let mapping = discriminator
            .and_then(|it| it.get("mapping")?.as_object())
            .into_iter()
            .flatten();
        let kind = signature.plain.get(tag).copied();
        for (value, target) in mapping {
            let target = target.node.as_str().unwrap_or_default();
            // A mapping may name the component without a reference.
            if reference::component(target, "schemas").unwrap_or(target) == name {
                values.extend(Tag::of_key(value, kind));
            }
        }
        // A name that this stage has made is on no wire. A component that was renamed is there under the name that it had.
        let schema = self.get(name);
        let is_made = schema.is_some_and(|it| it.get(FROM).is_some());
        if values.is_empty() && discriminator.is_some() && !is_made {
            let given = schema.and_then(|it| text(it, RENAMED));
            values.extend(Tag::of_key(given.unwrap_or(name), kind));
        }
        values
    }

    /// The component that a branch refers to in the end. A component between may be a reference, or an `allOf` of one.
    fn target(&self, branch: &'a Node) -> Option<String> {
        let mut name = reference(unwrapped(branch))?;
        let mut seen = BTreeSet::new();
        while seen.insert(name) {
            match self.get(name).and_then(|it| reference(unwrapped(it))) {
                Some(next) => name = next,
                None => return Some(name.to_owned()),
            }
        }
        None
    }

    /// Whether a union is among its own branches, or among those of a branch, at any depth.
    fn is_branch_of_itself(&self, union: &str, branches: &[Node]) -> bool {
        let mut waiting: Vec<&Node> = branches.iter().collect();
        let mut seen = BTreeSet::new();
        while let Some(branch) = waiting.pop() {
            let mut branch = unwrapped(branch);
            if let Some(name) = reference(branch) {
                if name == union {
                    return true;
                }
                match self.get(name) {
                    Some(target) if seen.insert(name) => branch = unwrapped(target),
                    _ => continue,
                }
            }
            match alternatives(branch) {
                Some((_, branches)) => waiting.extend(branches),
                None if reference(branch).is_some() => waiting.push(branch),
                None => {}
            }
        }
        false
    }

    /// The values of a schema that can have only a few: an enum of texts, or numbers and truth values that are noted.
    fn few_values(&self, schema: &'a Node, depth: usize) -> Option<BTreeSet<Tag>> {
        if depth > LOOK_THROUGH || flag(schema, "nullable") {
            return None;
        }
        if let Some(value) = schema.get(CONSTANT) {
            return Tag::of(value).map(|it| BTreeSet::from([it]));
        }
        if let Some(values) = schema.get(VALUES).and_then(Node::as_array) {
            return values.iter().map(Tag::of).collect();
        }
        if let Some(name) = reference(schema) {
            return self.few_values(self.references.last_schema(name)?, depth + 1);
        }
        if let [one] = items(schema, "allOf") {
            return self.few_values(one, depth + 1);
        }
        let texts = texts(schema)?.into_iter();
        Some(texts.map(|it| Tag::Text(it.to_owned())).collect())
    }

    /// The type of a schema that is a number or a truth value.
    fn plain(&self, schema: &'a Node, depth: usize) -> Option<&'static str> {
        if depth > LOOK_THROUGH {
            return None;
        }
        if let Some(name) = reference(schema) {
            return self.plain(self.references.last_schema(name)?, depth + 1);
        }
        if let [one] = items(schema, "allOf") {
            return self.plain(one, depth + 1);
        }
        let kind = text(schema, "type")?;
        let mut kinds = ["integer", "number", "boolean"].into_iter();
        kinds.find(|it| *it == kind)
    }

    /// The name of the field for members that the description does not know. `None` if the component does not become a struct
    /// with fields, or has a map for other members already.
    fn room_for_unknown(&self, name: &str) -> Option<String> {
        let schema = self.get(name)?;
        let merged = reference::merged(self.document, schema).into_iter();
        let fields: BTreeSet<String> = merged
            .flat_map(|schema| members(schema, "properties"))
            .map(|(name, property)| member_name(name, text(property, FIELD), field_name))
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

/// The text, if it is one.
fn as_text(tag: &Tag) -> Option<&str> {
    match tag {
        Tag::Text(text) => Some(text),
        _ => None,
    }
}

/// The property that distinguishes the branches that are objects: no two may have the same value there. Of several such properties, the
/// one that most branches have, texts before others, and the first of those by name. A number or a truth value may be anything in a branch that does not
/// say its values, so all branches must.
fn common_tag(signatures: &[Signature]) -> Option<String> {
    let objects: Vec<&Signature> = signatures
        .iter()
        .filter(|signature| signature.kinds.contains("object"))
        .collect();
    if objects.len() < 2 {
        return None;
    }
    let names: BTreeSet<&String> = objects.iter().flat_map(|it| it.constants.keys()).collect();
    let tells_apart = |name: &&String| {
        let mut seen = BTreeSet::new();
        let values = objects.iter().filter_map(|it| it.constants.get(*name));
        values.flatten().all(|value| seen.insert(value))
    };
    let count = |name: &&String| {
        objects
            .iter()
            .filter(|it| it.constants.contains_key(*name))
            .count()
    };
    let are_texts = |name: &&String| {
        let values = objects.iter().filter_map(|it| it.constants.get(*name));
        values.flatten().all(|value| as_text(value).is_some())
    };
    let is_sound = |name: &&String| are_texts(name) || count(name) == objects.len();
    // `max_by_key` gives the last of equal ones, so the order is reversed to get the first.
    let tags = names.into_iter().filter(tells_apart).filter(is_sound);
    tags.rev()
        .max_by_key(|name| (count(name), are_texts(name)))
        .cloned()
}

/// The name that the overlay gives to a branch that is no type: an array, say, or a text. A branch that is a type has the type's.
fn given_name(branch: &Node) -> Option<String> {
    let is_type = reference(unwrapped(branch)).is_some();
    text(branch, NAME).filter(|_| !is_type).map(type_name)
}

/// The names of the variants: that of the component, what the overlay says, or the kind of JSON. A number is added to one that is taken.
fn variants(branches: &[Node], signatures: &[Signature]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::from(["Unknown".to_owned()]);
    let mut names = Vec::new();
    for (branch, signature) in branches.iter().zip(signatures) {
        let inner = unwrapped(branch);
        let wanted = match reference(inner) {
            Some(name) => type_name(name),
            None if given_name(branch).is_some() => given_name(branch).unwrap_or_default(),
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

/// Whether an enum keeps values that it does not know. It does, unless the overlay closes it.
fn is_open(schema: &Node) -> bool {
    schema.get(OPEN).and_then(Node::as_bool) != Some(false)
}

/// Makes an open enum of `anyOf: [enum, any text]`, which says the same. Descriptions write this to say that an enum may grow.
pub(super) fn simplify(document: &mut Node) {
    let schemas = Schemas::of(document);
    let enums: BTreeSet<String> = schemas
        .all()
        .filter(|(_, schema)| texts(schema).is_some() && is_open(schema))
        .map(|(name, _)| name.to_owned())
        .collect();
    walk::each_schema_mut(document, |schema, _, _| merge_texts(schema, &enums));
}

/// The enum takes the place of the union. Null in either branch becomes null of the whole.
fn merge_texts(schema: &mut Node, enums: &BTreeSet<String>) {
    if let Some((keyword, [one, two])) = alternatives(schema) {
        // "Any text" must not be restricted: an open enum would take texts that the restriction refuses.
        let is_text = |node: &Node| {
            text(node, "type") == Some("string")
                && ["enum", "format", "pattern"]
                    .iter()
                    .all(|it| get(node, it).is_none())
        };
        let is_enum = |node: &Node| {
            reference(node).is_some_and(|name| enums.contains(name))
                || texts(node).is_some() && is_open(node)
        };
        let values = match (is_text(one), is_text(two)) {
            (true, false) if is_enum(two) => Some(two.clone()),
            (false, true) if is_enum(one) => Some(one.clone()),
            _ => None,
        };
        let may_be_null = flag(one, "nullable") || flag(two, "nullable");
        let span = schema.span.clone();
        if let (Some(mut values), Some(members)) = (values, members_mut(schema)) {
            if may_be_null {
                if let Some(values) = members_mut(&mut values) {
                    values.shift_remove("nullable");
                }
                let null = entry(node(Value::Bool(true), &span), &span);
                members.insert("nullable".to_owned(), null);
            }
            members.shift_remove(keyword);
            members.shift_remove("discriminator");
            let list = array(vec![values], &span);
            members.insert("allOf".to_owned(), entry(list, &span));
        }
    }
}
