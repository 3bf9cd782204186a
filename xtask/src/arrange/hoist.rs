//! Inline schemas that would become types go to the components, under names of their own. Schemas that say the same become one.
//!
//! typify names an inline type by its place, and uses an earlier type of that name without a check: the second may be a
//! different type. Here, two schemas that say the same become one type, and two that differ get different names.
//!
//! ```yaml
//! components:                    # given
//!   schemas:
//!     Agent:
//!       properties:
//!         status: {description: Now., type: string, enum: [idle, busy]}
//!     Run:
//!       properties:
//!         status: {type: string, enum: [idle, busy]}
//! ```
//!
//! ```yaml
//! components:                    # hoisted
//!   schemas:
//!     Agent:
//!       properties:
//!         status: {description: Now., allOf: [{$ref: '#/components/schemas/AgentStatus'}]}
//!     Run:
//!       properties:
//!         status: {$ref: '#/components/schemas/AgentStatus'}
//!     AgentStatus: {description: Now., type: string, enum: [idle, busy], x-made-from: '#/components/…/status'}
//! ```
//!
//! A default or `nullable` belongs to the place and stays there. So does a description; the type gets the first one, too.

use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;

use super::build::{array, entry, items_mut, member_mut, members_mut, refer, string, truth};
use super::tagged;
use super::words::default_in_words;
use crate::markers::{
    ALSO_FROM, CONSTANT, FIELD, FROM, GIVEN, IGNORE, IN_ANSWERS, MARKER_PREFIX, NAME, NAMED,
    NUMBER, OPTIONAL_CONSTANT, PLACE, REPLACE, SENSITIVE, is_extension,
};
use crate::naming::{acronyms_apart, type_name};
use crate::openapi::schema::{alternatives, flag, get, items, reference, text, texts};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Entry, METHODS, Node, Pointer, Value, keywords, limits};

/// Whether a keyword belongs to the place where a schema is used, and not to the type. Four of our markers do, too.
fn is_of_the_place(keyword: &str) -> bool {
    keywords::is_of_the_place(keyword) || matches!(keyword, SENSITIVE | NAME | FIELD | IN_ANSWERS)
}

/// Gives names to all inline schemas that become types.
///
/// Components come first, then shared parts, then paths. The order decides names: a type is named for the first
/// place that has it. Components seldom move or disappear, so names made of theirs seldom change.
pub(super) fn hoist(document: &mut Node) {
    let mut hoist = Hoist::default();
    let components = member_mut(document, "components").and_then(|it| member_mut(it, "schemas"));
    // Names in the description have priority. A name that is made later must not take one of them.
    for (name, _) in components.iter().filter_map(|it| it.as_object()).flatten() {
        hoist.taken.insert(type_name(name));
    }
    hoist.names(document);
    let schemas = member_mut(document, "components").and_then(|it| member_mut(it, "schemas"));
    for (name, entry) in schemas.and_then(members_mut).into_iter().flatten() {
        // A component that a hand-written type replaces has no types within.
        if entry.node.get(REPLACE).is_none() {
            let work = |hoist: &mut Hoist| hoist.children(&mut entry.node, &type_name(name));
            hoist.within(&["components", "schemas", name], work);
        }
    }
    hoist.shared_parts(document);
    hoist.paths(document);
    if hoist.made.is_empty() {
        return;
    }
    let span = document.span.clone();
    let Some(root) = members_mut(document) else {
        return;
    };
    let empty = || entry(super::build::object::<String>([], &span), &span);
    let components = root.entry("components".to_owned()).or_insert_with(empty);
    let Some(components) = members_mut(&mut components.node) else {
        return;
    };
    let schemas = components.entry("schemas".to_owned()).or_insert_with(empty);
    for (name, places) in hoist.also {
        let Some(made) = hoist.made.get_mut(&name) else {
            continue;
        };
        let span = made.node.span.clone();
        let places = places.into_iter().map(|at| string(at.to_string(), &span));
        let places = array(places.collect(), &span);
        if let Some(members) = members_mut(&mut made.node) {
            members.insert(ALSO_FROM.to_owned(), entry(places, &span));
        }
    }
    if let Some(schemas) = members_mut(&mut schemas.node) {
        schemas.extend(hoist.made);
    }
}

/// The state of the step: the names and components so far, and the present place.
#[derive(Default)]
struct Hoist {
    /// Names of types that are taken, as they are in Rust.
    taken: HashSet<String>,
    /// The names that the overlay gives (`x-codegen-name`), by [`key`] of the schema. A name holds for all schemas that say the same.
    given: HashMap<String, String>,
    /// The components that were made, by [`key`].
    known: HashMap<String, String>,
    /// The components that were made, by name, in this order.
    made: IndexMap<String, Entry>,
    /// The other places of each, by name.
    also: HashMap<String, Vec<Pointer>>,
    /// The present place, in the description as it was before this step.
    at: Vec<String>,
}

impl Hoist {
    /// Runs `work` with the present place extended by these keys.
    fn within(&mut self, parts: &[&str], work: impl FnOnce(&mut Self)) {
        let before = self.at.len();
        self.at.extend(parts.iter().map(|part| (*part).to_owned()));
        work(self);
        self.at.truncate(before);
    }

    /// Finds the names that the overlay gives.
    fn names(&mut self, document: &Node) {
        walk::each(document, Reach::V3_0, |node, place| {
            if place.kind == Kind::Schema
                && let Some(name) = text(node, NAME)
            {
                let given = self.given.entry(key(node));
                given.or_insert_with(|| name.to_owned());
            }
            Then::Within
        });
    }

    /// Request bodies, responses and parameters among the components.
    fn shared_parts(&mut self, document: &mut Node) {
        let Some(components) = member_mut(document, "components") else {
            return;
        };
        // The suffix keeps the type of a body apart from a schema of the same name: a response `Agent` often holds an `Agent`.
        for (kind, suffix) in [("requestBodies", "Body"), ("responses", "Response")] {
            let parts = member_mut(components, kind).and_then(members_mut);
            for (name, entry) in parts.into_iter().flatten() {
                self.within(&["components", kind, name], |this| {
                    this.content(&mut entry.node, &format!("{name}-{suffix}"));
                });
            }
        }
        let parameters = member_mut(components, "parameters").and_then(members_mut);
        for (name, entry) in parameters.into_iter().flatten() {
            if let Some(schema) = member_mut(&mut entry.node, "schema") {
                self.within(&["components", "parameters", name, "schema"], |this| {
                    this.inline(schema, name);
                });
            }
        }
    }

    /// All operations. Parameters of a path item are named for its first operation: they belong to all of them, and a name made of
    /// the path would be long.
    fn paths(&mut self, document: &mut Node) {
        let paths = member_mut(document, "paths").and_then(members_mut);
        for (path, item) in paths.into_iter().flatten() {
            if is_extension(path) {
                continue;
            }
            let id = METHODS.iter().find_map(|method| {
                let operation = item.node.get(method)?;
                operation.get("operationId")?.as_str().map(str::to_owned)
            });
            self.within(&["paths", path], |this| {
                this.parameters(&mut item.node, &id.unwrap_or_else(|| path.clone()));
                for method in METHODS {
                    if let Some(operation) = member_mut(&mut item.node, method) {
                        this.within(&[method], |this| this.operation(operation));
                    }
                }
            });
        }
    }

    /// An operation, whose types begin with its name.
    fn operation(&mut self, operation: &mut Node) {
        let Some(id) = operation.get("operationId").and_then(Node::as_str) else {
            return;
        };
        let id = id.to_owned();
        self.parameters(operation, &id);
        if let Some(body) = member_mut(operation, "requestBody") {
            self.within(&["requestBody"], |this| {
                this.content(body, &format!("{id}-Body"));
            });
        }
        let responses = member_mut(operation, "responses").and_then(members_mut);
        for (status, entry) in responses.into_iter().flatten() {
            // All errors of an operation get one type, and so do all its successes. Their names say which.
            let suffix = match status.as_bytes().first() {
                Some(b'2') => "Response",
                _ => "Error",
            };
            self.within(&["responses", status], |this| {
                this.content(&mut entry.node, &format!("{id}-{suffix}"));
            });
        }
    }

    /// The schemas of parameters, which are named for the operation and the parameter.
    fn parameters(&mut self, holder: &mut Node, id: &str) {
        let parameters = items_mut(member_mut(holder, "parameters"));
        for (index, parameter) in parameters.iter_mut().enumerate() {
            let Some(name) = parameter.get("name").and_then(Node::as_str) else {
                continue;
            };
            let name = format!("{id}-{name}");
            if let Some(schema) = member_mut(parameter, "schema") {
                // Two operations with a parameter `order` of different values need two types, so the operation is in the name.
                let index = index.to_string();
                self.within(&["parameters", &index, "schema"], |this| {
                    this.inline(schema, &name);
                });
            }
        }
    }

    /// The schemas of all media types. They share a name, since typify gives all of them one.
    fn content(&mut self, holder: &mut Node, name: &str) {
        let content = member_mut(holder, "content").and_then(members_mut);
        for (media_type, media) in content.into_iter().flatten() {
            if let Some(schema) = member_mut(&mut media.node, "schema") {
                self.within(&["content", media_type, "schema"], |this| {
                    this.inline(schema, name);
                });
            }
        }
    }

    /// A schema in the place where it is used, which would have this name.
    ///
    /// If it is a type, it is taken out. If it is an `allOf` of one, it is that one with notes. Anything else stays, but may hold types.
    fn inline(&mut self, schema: &mut Node, name: &str) {
        if self.at.len() > limits::WALK || schema.get("$ref").is_some() || is_plain(schema) {
            return;
        }
        if is_type(schema) {
            self.take_out(schema, name);
        } else if let [one] = items_mut(member_mut(schema, "allOf")) {
            self.within(&["allOf", "0"], |this| this.inline(one, name));
            default_in_words(schema);
        } else {
            self.children(schema, &type_name(name));
        }
    }

    /// Makes a component of a schema, or finds the one that was made of an equal schema, and refers to it from its place.
    fn take_out(&mut self, schema: &mut Node, name: &str) {
        // The key is made before anything within is replaced, so that it is the same for an equal schema elsewhere.
        let key = key(schema);
        let span = schema.span.clone();
        let target = match self.known.get(&key) {
            Some(target) => {
                let places = self.also.entry(target.clone()).or_default();
                places.push(Pointer(self.at.clone()));
                target.clone()
            }
            None => {
                let (target, why) = self.name_for(&key, name);
                self.known.insert(key, target.clone());
                let mut component = schema.clone();
                if let Some(members) = members_mut(&mut component) {
                    // The first description is as good as any for the type. Other notes are about one place.
                    members
                        .retain(|keyword, _| keyword == "description" || !is_of_the_place(keyword));
                    let from = string(Pointer(self.at.clone()).to_string(), &span);
                    members.insert(FROM.to_owned(), entry(from, &span));
                    members.insert(NAMED.to_owned(), entry(string(why, &span), &span));
                }
                // It gets its position in the list before the types within it do. So a type comes before those that it
                // contains, as a reader expects.
                self.made
                    .insert(target.clone(), entry(component.clone(), &span));
                self.children(&mut component, &target);
                self.made.insert(target.clone(), entry(component, &span));
                target
            }
        };
        let stays: Vec<(String, Node)> = schema
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(keyword, entry)| {
                // A name that the type did not get has no effect. It stays, so that a lint reports it.
                let is_name = *keyword == NAME && name_of(&entry.node) == Some(target.clone());
                is_of_the_place(keyword) && !is_name && get(schema, keyword).is_some()
            })
            .map(|(keyword, entry)| (keyword.clone(), entry.node.clone()))
            .collect();
        *schema = if stays.is_empty() {
            refer(&target, &span)
        } else {
            let reference = array(vec![refer(&target, &span)], &span);
            let members = stays.into_iter().chain([("allOf".to_owned(), reference)]);
            super::build::object(members, &span)
        };
        default_in_words(schema);
    }

    /// A free name for a new component: the one that the overlay gives, else the one made of the place, with a number if it is
    /// taken. And which of these it is, for [`NAMED`].
    fn name_for(&mut self, key: &str, name: &str) -> (String, &'static str) {
        let (wanted, mut why) = match self.given.get(key) {
            Some(given) => (type_name(given), GIVEN),
            None => (type_name(&acronyms_apart(name)), PLACE),
        };
        let mut name = wanted.clone();
        let mut number = 2;
        // typify makes a type name of the component's name again. So it is the result of that which must be free.
        while !self.taken.insert(type_name(&name)) {
            name = format!("{wanted}{number}");
            number += 1;
            why = NUMBER;
        }
        (name, why)
    }

    /// The schemas within a schema whose type has this name. Their names begin with it: `AgentStatus` for a property,
    /// `AgentItem` for the items of an array, `AgentValue` for the values of a map, `AgentBranch2` for a branch without a tag.
    fn children(&mut self, schema: &mut Node, name: &str) {
        if schema.get("$ref").is_some() {
            return;
        }
        let keeps_tags = tagged::is_tagged(schema);
        // Both are asked before properties are changed, since they look at enums of one value.
        let union = alternatives(schema).map(|(keyword, _)| keyword);
        self.properties(schema, name, false);
        for (keyword, suffix) in [("items", "Item"), ("additionalProperties", "Value")] {
            if get(schema, keyword).is_some()
                && let Some(inner) = member_mut(schema, keyword)
            {
                self.within(&[keyword], |this| {
                    this.inline(inner, &format!("{name}{suffix}"));
                });
            }
        }
        // A branch is named by its tag if it has one, since its position changes when another branch is added before it.
        if let Some(keyword) = union {
            let discriminator = get(schema, "discriminator")
                .and_then(|it| it.get("propertyName")?.as_str())
                .map(str::to_owned);
            for (index, branch) in items_mut(member_mut(schema, keyword))
                .iter_mut()
                .enumerate()
            {
                let number = index.to_string();
                self.within(&[keyword, &number], |this| {
                    if keeps_tags {
                        this.properties(branch, name, true);
                        return;
                    }
                    let part = tagged::tag_value(branch, discriminator.as_deref())
                        .map_or_else(|| format!("Branch{}", index + 1), |it| type_name(&it));
                    this.inline(branch, &format!("{name}_{part}"));
                });
            }
        }
        // Branches of an `allOf` become one struct, so only what is in their properties is a type.
        let merged = items_mut(member_mut(schema, "allOf"));
        if let [one] = merged {
            self.within(&["allOf", "0"], |this| this.children(one, name));
        } else {
            for (index, branch) in merged.iter_mut().enumerate() {
                if branch.get("$ref").is_none() {
                    let index = index.to_string();
                    self.within(&["allOf", &index], |this| {
                        this.properties(branch, name, false);
                    });
                }
            }
        }
    }

    /// The properties of an object. With `keeps_tags`, a required text of one value keeps its enum: the object is a branch of a union
    /// that typify writes, and typify finds the tag by that enum.
    fn properties(&mut self, schema: &mut Node, name: &str, keeps_tags: bool) {
        if get(schema, "properties").is_none() {
            return;
        }
        let mut begins_with_value = HashSet::new();
        let required: HashSet<String> = items(schema, "required")
            .iter()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect();
        let properties = member_mut(schema, "properties").and_then(members_mut);
        for (property, entry) in properties.into_iter().flatten() {
            let schema = &mut entry.node;
            match constant(schema) {
                Some(_) if keeps_tags && required.contains(property) => {}
                Some(value) => {
                    begin_with(schema, value, required.contains(property));
                    begins_with_value.insert(property.clone());
                }
                None => self.within(&["properties", property], |this| {
                    this.inline(schema, &format!("{name}_{property}"));
                }),
            }
        }
        // A field that is not required begins with its default; one that is has to be given.
        if let Some(Value::Array(list)) =
            member_mut(schema, "required").map(|required| &mut required.value)
        {
            list.retain(|it| !it.as_str().is_some_and(|it| begins_with_value.contains(it)));
        }
    }
}

/// The name of the type that a marker gives.
fn name_of(marker: &Node) -> Option<String> {
    marker.as_str().map(type_name)
}

/// The one value that a text may have, or that was noted of a number or a truth value.
fn constant(schema: &Node) -> Option<Value> {
    if flag(schema, "nullable") {
        return None;
    }
    if let Some(noted) = schema.get(CONSTANT) {
        return Some(noted.value.clone());
    }
    match texts(schema)?.as_slice() {
        [one] => Some(Value::String((*one).to_owned())),
        _ => None,
    }
}

/// Makes a text, a number or a truth value of one value a plain one with that default. Callers need not give it, and another value from the service
/// is not an error. `{type: string, enum: [agent]}` would otherwise be an enum with one variant, for each tag of each object.
fn begin_with(schema: &mut Node, value: Value, is_required: bool) {
    let span = schema.span.clone();
    let Some(members) = members_mut(schema) else {
        return;
    };
    // A marker that has no effect on a text stays, so that a lint reports it.
    members.retain(|keyword, _| {
        let is_marker = keyword.starts_with(MARKER_PREFIX) && keyword != IGNORE;
        let is_type =
            keyword == "type" || keyword == "format" && !matches!(value, Value::String(_));
        is_of_the_place(keyword) || is_type || is_marker
    });
    let value = super::build::node(value, &span);
    members.insert("default".to_owned(), entry(value.clone(), &span));
    members.insert(CONSTANT.to_owned(), entry(value, &span));
    if !is_required {
        members.insert(
            OPTIONAL_CONSTANT.to_owned(),
            entry(truth(true, &span), &span),
        );
    }
}

/// Whether a schema is a plain value, as most are: it becomes no type, and contains none.
fn is_plain(schema: &Node) -> bool {
    let mut keywords = schema.as_object().into_iter().flat_map(|it| it.keys());
    !keywords.any(|keyword| {
        matches!(
            keyword.as_str(),
            "enum"
                | "properties"
                | "items"
                | "additionalProperties"
                | "oneOf"
                | "anyOf"
                | "allOf"
                | "discriminator"
        )
    })
}

/// Whether a schema would become a type with a name.
fn is_type(schema: &Node) -> bool {
    if texts(schema).is_some() {
        return true;
    }
    if let Some((_, branches)) = alternatives(schema) {
        return branches.len() > 1 || reference(&branches[0]).is_none();
    }
    let is_object = matches!(text(schema, "type"), Some("object") | None);
    let has_properties = get(schema, "properties")
        .and_then(Node::as_object)
        .is_some_and(|it| !it.is_empty());
    is_object && has_properties
}

/// What a schema says, without the keywords that belong to its place. Schemas with the same key become one type.
fn key(schema: &Node) -> String {
    let mut json = schema.to_json();
    if let Some(members) = json.as_object_mut() {
        members.retain(|keyword, _| !is_of_the_place(keyword));
    }
    json.to_string()
}
