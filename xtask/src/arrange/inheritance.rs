//! A discriminator without `oneOf`: the schemas that are an `allOf` of this one and more are its kinds. OpenAPI calls it inheritance.
//!
//! ```yaml
//! Pet:                                             # given
//!   type: object
//!   required: [petType]
//!   properties: {petType: {type: string}, name: {type: string}}
//!   discriminator: {propertyName: petType, mapping: {cat: Cat}}
//! Cat: {allOf: [{$ref: Pet}, {type: object, properties: {claws: {type: integer}}}]}
//! ```
//!
//! ```yaml
//! Pet: {oneOf: [{$ref: Cat}], discriminator: {propertyName: petType, mapping: {cat: Cat}}}   # arranged
//! PetBase: {type: object, properties: {name: {type: string}}}
//! Cat:
//!   allOf:
//!   - {$ref: PetBase}
//!   - {type: object, properties: {claws: {type: integer}}}
//!   - {type: object, required: [petType], properties: {petType: {type: string, enum: [cat]}}}
//! ```
//!
//! A kind that has kinds itself keeps its tag as any text, since those share it. A schema that nothing uses but its kinds stays an object. So does
//! one without kinds. Then the discriminator says nothing, and is removed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::build::{array, object, refer, string};
use super::nodes::{add_schema, remove, set};
use crate::markers::{FIELD, FROM, OPEN, RENAMED, REPLACE};
use crate::naming::type_name;
use crate::openapi::reference::{component, last, place_of, to_component};
use crate::openapi::schema::{extends, get, items, members, reference, text, unwrapped};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, Tag, Value, component_schemas};

/// How many kinds all parents may have together. Kinds of kinds count for each parent above them.
const KINDS: usize = 20_000;

/// A component whose kinds are told apart by a tag.
struct Parent {
    name: String,
    tag: String,
    /// The values of the tag, by the component that each means.
    values: BTreeMap<String, Vec<String>>,
}

/// Arranges all discriminators without `oneOf`.
pub(super) fn arrange(document: &mut Node) {
    let parents = parents(document);
    if parents.is_empty() {
        return;
    }
    // Which components extend a component.
    let mut children: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, schema) in component_schemas(document) {
        for extended in items(schema, "allOf").iter().filter_map(reference) {
            let of_parent = children.entry(extended.to_owned()).or_default();
            if extended != name && of_parent.last().is_none_or(|it| it != name) {
                of_parent.push(name.to_owned());
            }
        }
    }
    let found = references_to(document, &parents);
    let mut taken: HashSet<String> = component_schemas(document)
        .map(|(name, _)| type_name(name))
        .collect();
    let mut room = KINDS;
    for parent in parents {
        let is_used = found.used.contains(&parent.name);
        let kinds = match is_used {
            true => descendants(&parent.name, &children, room),
            false => Vec::new(),
        };
        // Kinds of kinds of kinds are more than there is memory for. What is left is for a lint.
        let Some(left) = room.checked_sub(kinds.len()) else {
            continue;
        };
        room = left;
        let extensions = found.extensions.get(&parent.name);
        let extensions = extensions.map_or(&[][..], Vec::as_slice);
        let done = !kinds.is_empty()
            && split(document, &parent, &kinds, &children, extensions, &mut taken).is_some();
        if !done && let Some(schema) = document.pointer_mut(&place_of("schemas", &parent.name)) {
            remove(schema, "discriminator");
        }
    }
}

/// The components that have a discriminator and are no union.
fn parents(document: &Node) -> Vec<Parent> {
    let mut found = Vec::new();
    for (name, schema) in component_schemas(document) {
        let is_union = get(schema, "oneOf").is_some() || get(schema, "anyOf").is_some();
        if is_union || schema.get(REPLACE).is_some() {
            continue;
        }
        let Some(discriminator) = get(schema, "discriminator") else {
            continue;
        };
        let Some(tag) = discriminator.get("propertyName").and_then(Node::as_str) else {
            continue;
        };
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mapping = discriminator.get("mapping").and_then(Node::as_object);
        for (value, target) in mapping.into_iter().flatten() {
            let target = target.node.as_str().unwrap_or_default();
            let target = component(target, "schemas").unwrap_or(target);
            values
                .entry(target.to_owned())
                .or_default()
                .push(value.clone());
        }
        found.push(Parent {
            name: name.to_owned(),
            tag: tag.to_owned(),
            values,
        });
    }
    found
}

/// Where the parents are referred to.
#[derive(Default)]
struct Found {
    /// Those that something refers to other than to extend them.
    used: HashSet<String>,
    /// The schemas that extend each.
    extensions: HashMap<String, Vec<Pointer>>,
}

/// All references to the parents.
fn references_to(document: &Node, parents: &[Parent]) -> Found {
    let names: HashSet<&str> = parents.iter().map(|it| it.name.as_str()).collect();
    let mut found = Found::default();
    walk::each(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::Schema
            && let Some(name) = reference(node).filter(|it| names.contains(it))
        {
            match is_extension(document, place.at) {
                true => {
                    let holder = Pointer(place.at[..place.at.len() - 2].to_vec());
                    let of_name = found.extensions.entry(name.to_owned()).or_default();
                    of_name.push(holder);
                }
                false => {
                    found.used.insert(name.to_owned());
                }
            }
        }
        Then::Within
    });
    found
}

/// Whether the reference at this place is a branch of an `allOf` that adds something, or of a component.
fn is_extension(document: &Node, at: &[String]) -> bool {
    let [holder @ .., all_of, _] = at else {
        return false;
    };
    let is_component = holder.len() == 3 && holder[0] == "components" && holder[1] == "schemas";
    all_of == "allOf"
        && (is_component
            || document
                .pointer(&Pointer(holder.to_vec()))
                .is_some_and(extends))
}

/// All that extend a component, and what extends those, each once: as many as there is room for, and one more if there are more.
fn descendants(name: &str, children: &BTreeMap<String, Vec<String>>, room: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::from([name]);
    let mut waiting = vec![name];
    while let Some(next) = waiting.pop() {
        for child in children.get(next).into_iter().flatten() {
            if seen.insert(child) {
                found.push(child.clone());
                waiting.push(child);
            }
            if found.len() > room {
                return found;
            }
        }
    }
    found
}

/// Makes a union of a parent, and an object of what its kinds share. `None` if that is not possible: the parent stays as it is.
fn split(
    document: &mut Node,
    parent: &Parent,
    kinds: &[String],
    children: &BTreeMap<String, Vec<String>>,
    extensions: &[Pointer],
    taken: &mut HashSet<String>,
) -> Option<()> {
    let Parent { name, tag, values } = parent;
    let at = place_of("schemas", name);
    let schema = document.pointer(&at)?.clone();
    let span = schema.span.clone();
    let mut base = schema.clone();
    remove(&mut base, "discriminator");
    remove(&mut base, RENAMED);
    let said = base.pointer_mut(&Pointer::default().join("properties"));
    let tag_schema = said.and_then(|it| remove(it, tag));
    if let Some(Value::Array(required)) = base
        .pointer_mut(&Pointer::default().join("required"))
        .map(|it| &mut it.value)
    {
        required.retain(|it| it.as_str() != Some(tag));
    }
    // The tag may be declared in a branch. Then each kind has it from there.
    let declares = tag_schema.is_some();
    let is_empty =
        members(&base, "properties").next().is_none() && items(&base, "allOf").is_empty();
    if is_empty && get(&base, "properties").is_none() {
        return None;
    }
    let mut free = |suffix: &str| {
        let mut names = ["", "2", "3", "4"]
            .map(|it| format!("{name}{suffix}{it}"))
            .into_iter();
        names.find(|it| taken.insert(type_name(it)))
    };
    let base_name = free("Base")?;
    set(&mut base, FROM, string(at.to_string(), &span));
    let tag_schema =
        tag_schema.unwrap_or_else(|| object([("type", string("string", &span))], &span));

    let kind_of_tag = text(unwrapped(last(document, unwrapped(&tag_schema))), "type");
    let kind_of_tag = kind_of_tag.map(str::to_owned);

    // The parent may be one of its own kinds.
    let given_first = kinds.first().cloned();
    let mut kinds: Vec<String> = kinds.to_vec();
    let mut of_own: BTreeMap<String, Vec<String>> = values.clone();
    if let Some(own) = of_own.remove(name) {
        let own_name = free("Itself")?;
        let from = (FROM, string(at.to_string(), &span));
        let own_schema = match is_empty {
            true => object([("type", string("object", &span)), from], &span),
            false => {
                let parts = array(vec![refer(&base_name, &span)], &span);
                object([("allOf", parts), from], &span)
            }
        };
        if !add_schema(document, &own_name, own_schema) {
            return None;
        }
        of_own.insert(own_name.clone(), own);
        kinds.insert(0, own_name);
    }

    let mut mapping = Vec::new();
    let mut tags: HashMap<&str, Vec<String>> = HashMap::new();
    for kind in &kinds {
        let known = document.pointer(&place_of("schemas", kind))?;
        let given = text(known, RENAMED).unwrap_or(kind).to_owned();
        let of_kind = of_own.get(kind).cloned().unwrap_or_else(|| vec![given]);
        let target = to_component("schemas", kind);
        mapping.extend(
            of_kind
                .iter()
                .map(|it| (it.clone(), string(&target, &span))),
        );
        tags.insert(kind, of_kind);
    }

    // What extends the parent extends the base, and has the tag itself. From the innermost to the outermost: a branch that is removed moves
    // those after it.
    let own_kind = kinds.first().filter(|it| Some(*it) != given_first.as_ref());
    let own_kind = own_kind.map(|it| place_of("schemas", it));
    for at in extensions.iter().chain(&own_kind).rev() {
        let Some(there) = document.pointer(at) else {
            continue;
        };
        let extends_it = items(there, "allOf")
            .iter()
            .any(|it| reference(it) == Some(name));
        if !extends_it && own_kind.as_ref() != Some(at) {
            continue;
        }
        let kind = match at.0.as_slice() {
            [_, _, kind] => Some(kind),
            _ => None,
        };
        let is_last = |it: &&String| children.get(*it).is_none_or(Vec::is_empty);
        let values = kind
            .filter(is_last)
            .map(|it| tags.get(it.as_str()).cloned());
        let own = own_tag(
            &tag_schema,
            kind_of_tag.as_deref(),
            values.flatten(),
            declares,
        );
        let made = extend(there, name, tag, own, &base_name, is_empty);
        *document.pointer_mut(at)? = made;
    }
    if !is_empty && !add_schema(document, &base_name, base) {
        return None;
    }
    let branches = kinds.iter().map(|it| refer(it, &span)).collect();
    let discriminator = object(
        [
            ("propertyName", string(tag, &span)),
            ("mapping", object(mapping, &span)),
        ],
        &span,
    );
    let mut union = vec![
        ("oneOf", array(branches, &span)),
        ("discriminator", discriminator),
    ];
    for kept in ["description", "deprecated", "nullable", OPEN, RENAMED] {
        union.extend(schema.get(kept).map(|it| (kept, it.clone())));
    }
    *document.pointer_mut(&at)? = object(union, &span);
    Some(())
}

/// The schema of the tag in a kind: its values if it has any of its own, else what the parent says of it. `None` if the kind has it
/// already, from a branch of the parent.
fn own_tag(
    given: &Node,
    kind: Option<&str>,
    values: Option<Vec<String>>,
    declares: bool,
) -> Option<Node> {
    let span = &given.span;
    // Keys of a mapping are texts, and may mean numbers.
    let values = values.unwrap_or_default();
    let values = values.iter().map(|it| Tag::of_key(it, kind));
    let values: Vec<Tag> = values.collect::<Option<_>>().unwrap_or_default();
    if values.is_empty() {
        return declares.then(|| given.clone());
    }
    if !declares {
        return None;
    }
    let kind = match values.first() {
        Some(Tag::Whole(_)) => "integer",
        Some(Tag::Truth(_)) => "boolean",
        _ => "string",
    };
    let values = values.iter().map(|it| it.node(span)).collect();
    let mut own = object(
        [("type", string(kind, span)), ("enum", array(values, span))],
        span,
    );
    for kept in ["description", FIELD] {
        if let Some(said) = get(given, kept) {
            set(&mut own, kept, said.clone());
        }
    }
    Some(own)
}

/// A schema that extends the base in place of the parent.
fn extend(
    schema: &Node,
    parent: &str,
    tag: &str,
    own: Option<Node>,
    base: &str,
    base_is_empty: bool,
) -> Node {
    let mut made = schema.clone();
    let span = schema.span.clone();
    let mut branches: Vec<Node> = Vec::new();
    for branch in items(schema, "allOf") {
        match reference(branch) == Some(parent) {
            true if base_is_empty => {}
            true => branches.push(refer(base, &branch.span)),
            false => branches.push(branch.clone()),
        }
    }
    // A kind may say the tag again, as `enum: [cat]` or as any text. One schema of it is enough.
    let mut own = own;
    let holders = branches.iter_mut().chain([&mut made]);
    for holder in holders {
        let properties = Pointer::default().join("properties");
        let Some(properties) = holder.pointer_mut(&properties) else {
            continue;
        };
        let Some(there) = properties.get(tag) else {
            continue;
        };
        if let Some(own) = own.take() {
            // It is one property for all kinds, with one name in Rust. A kind may say another.
            let field = there.get(FIELD).or(own.get(FIELD)).cloned();
            let mut kept = match items(there, "enum").is_empty() {
                true => own,
                false => there.clone(),
            };
            if let Some(field) = field
                && reference(&kept).is_none()
            {
                set(&mut kept, FIELD, field);
            }
            set(properties, tag, kept);
        }
        let tag_is_required = items(holder, "required")
            .iter()
            .any(|it| it.as_str() == Some(tag));
        if !tag_is_required {
            let mut required = items(holder, "required").to_vec();
            required.push(string(tag, &span));
            set(holder, "required", array(required, &span));
        }
    }
    if let Some(own) = own {
        branches.push(object(
            [
                ("type", string("object", &span)),
                ("required", array(vec![string(tag, &span)], &span)),
                ("properties", object([(tag, own)], &span)),
            ],
            &span,
        ));
    }
    remove(&mut made, "type");
    if get(&made, "properties").is_some() || branches.is_empty() {
        set(&mut made, "type", string("object", &span));
    }
    match branches.is_empty() {
        true => {
            remove(&mut made, "allOf");
        }
        false => set(&mut made, "allOf", array(branches, &span)),
    }
    made
}
