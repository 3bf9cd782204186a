//! What the later stages need to know about a description, beyond what progenitor reads itself.
//!
//! Refine and split work on Rust code, in which a schema is a type and an operation is a method. Here, each has its name in Rust, and what
//! the description, its markers and the notes of the arrange stage say about it. So those stages need not read the description.

use std::collections::{BTreeMap, BTreeSet};

use crate::markdown;
use crate::markers::{
    ACCEPTS, CONTENT_TYPE, EVENT_END, EVENT_STREAM, EXPECTED, FIELD, IN_ANSWERS, KEEPS_UNKNOWN,
    NOT_SENT, ONE_ERROR, OPEN, OPTIONAL_BODY, REPLACE, REQUIRED, REQUIRED_TO_SEND, SAFE_TO_REPEAT,
    SENSITIVE, STYLE, UNION, UPLOAD, VARIANT_NAMES, branches_of, union_of,
};
use crate::naming::{argument_name, field_name, member_name, method_name, pages_method, type_name};
pub use crate::openapi::Pointer;
pub use crate::openapi::Tag;
pub use crate::openapi::pages;
use crate::openapi::pages::Pages;
use crate::openapi::schema::{flag, items, members};
use crate::openapi::uses::{Uses, uses};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, component_schemas, deprecation, operations, reference, tags};

/// The end of the name of a type that prints nothing.
const SECRET: &str = "Secret";

/// A description, read for the refine stage.
#[derive(Debug, Default)]
pub struct Model {
    /// Operations by the name of their method in Rust.
    pub operations: BTreeMap<String, Operation>,
    /// Component schemas by the name of their type in Rust.
    pub schemas: BTreeMap<String, Schema>,
    /// The property names of every object schema, in the order in which they are declared.
    pub property_orders: Vec<Vec<String>>,
    /// What the description says of its tags, by name.
    pub tag_descriptions: BTreeMap<String, String>,
    /// Whether all operations have one error body, as [`ONE_ERROR`] says.
    pub one_error: bool,
}

/// An operation, as the generated constant of it says.
#[derive(Debug)]
pub struct Operation {
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path with its parameters in braces.
    pub path: String,
    /// Its `operationId`.
    pub id: String,
    /// What it does, in a line.
    pub summary: Option<String>,
    /// What it does, at length.
    pub description: Option<String>,
    /// Whether it is marked [`SAFE_TO_REPEAT`].
    pub safe_to_repeat: bool,
    /// What to say to those who use it, if it is deprecated.
    pub deprecated: Option<String>,
    /// Its tags, each once. The first decides in which file its code is.
    pub tags: Vec<String>,
    /// Its parameters, in the description's order: the path item's, then its own.
    pub parameters: Vec<Parameter>,
    /// What is said of its request body.
    pub body_description: Option<String>,
    /// Its documented answers, in the description's order.
    pub answers: Vec<Answer>,
    /// The names that JSON has in its successes, as [`ACCEPTS`] says.
    pub accepts: Option<String>,
    /// The name that its JSON body is sent under, as [`CONTENT_TYPE`] says.
    pub content_type: Option<String>,
    /// Whether its request body is JSON that may be left out.
    pub optional_body: bool,
    /// Whether its request body is sent as a form with files.
    pub upload: bool,
    /// Its second method, which asks for server-sent events.
    pub event_stream: Option<EventStream>,
    /// How its pages follow each other, if it lists something in pages.
    pub pages: Option<Pages>,
    /// Types that it needs and that its method does not mention, by their names in Rust: that of the events in a
    /// stream, for example. They exist if the operation does.
    pub extra_types: Vec<String>,
}

/// A documented answer of an operation.
#[derive(Debug)]
pub struct Answer {
    /// `200`, say, or `default`.
    pub status: String,
    /// What it means.
    pub description: String,
}

/// A parameter of an operation.
#[derive(Debug)]
pub struct Parameter {
    /// Its name as it goes over the wire.
    pub name: String,
    /// Its name in Rust.
    pub argument: String,
    /// What is said of it.
    pub description: Option<String>,
    /// What to say to those who use it, if it is deprecated.
    pub deprecated: Option<String>,
    /// Where it goes: `path`, `query`, `header` or `cookie`.
    pub place: String,
    /// What the service takes if it is left out, as JSON.
    pub default: Option<String>,
    /// Whether it may be left out.
    pub optional: bool,
    /// Whether it is marked [`SENSITIVE`].
    pub sensitive: bool,
    /// How it is written, as [`STYLE`] says, if that is not the default of its place.
    pub style: Option<String>,
}

/// The second method of an operation that answers with JSON or server-sent events.
#[derive(Debug)]
pub struct EventStream {
    /// The name of the method.
    pub method: String,
    /// The component schema of an event.
    pub event: Option<String>,
    /// The member of the request body by which the service is asked for events, if the caller sets it.
    pub switch: Option<String>,
    /// The same, if each method sets it.
    pub pin: Option<String>,
    /// Whether there is no method for JSON.
    pub only: bool,
    /// The data of the event that ends the stream, as [`EVENT_END`] says.
    pub end: Option<String>,
}

/// A component schema.
#[derive(Debug, Default)]
pub struct Schema {
    /// Its name in the description.
    pub name: String,
    /// What it is for, in the description's words.
    pub description: Option<String>,
    /// Whether it keeps values that the description does not know: unless it is marked [`OPEN`] `false`.
    pub open: bool,
    /// If it is a union that typify cannot write: how its branches differ.
    pub union: Option<Union>,
    /// The name of a field for members that the description does not know.
    pub keeps_unknown: Option<String>,
    /// The type that [`REPLACE`] names.
    pub replace: Option<String>,
    /// Its [`VARIANT_NAMES`], by the value that they name.
    pub variant_names: BTreeMap<String, String>,
    /// Its property names, in the order in which they are declared.
    pub properties: Vec<String>,
    /// The fields of those, in the same order.
    pub fields: Vec<String>,
    /// Its properties marked [`SENSITIVE`].
    pub sensitive: Vec<String>,
    /// Whether a value of it may hold one of a property marked [`SENSITIVE`], however deep, or of a type that is called a secret.
    pub holds_secret: bool,
    /// Whether it is a body that is sent as a form with files.
    pub upload: bool,
    /// What to say to those who use it, if it is deprecated.
    pub deprecated: Option<String>,
    /// The same of its properties, with those that are merged into it.
    pub deprecated_properties: BTreeMap<String, String>,
    /// Its properties that are not sent, as [`NOT_SENT`] says.
    pub not_sent: Vec<String>,
    /// Its properties that requests must have, and answers do not have, as [`REQUIRED_TO_SEND`] says.
    pub required_to_send: Vec<String>,
    /// Whether it is sent and received.
    pub uses: Uses,
    /// Its properties that are optional, and may be null.
    pub nullable: BTreeSet<String>,
    /// Its properties that answers have although they are not required, as [`IN_ANSWERS`] says.
    pub in_answers: BTreeMap<String, InAnswers>,
}

/// What answers do about a property that the description does not require.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InAnswers {
    /// They have it. One that lacks it is read.
    Expected,
    /// They have it. One that lacks it is refused.
    Required,
}

/// One of several, as [`UNION`] says.
#[derive(Debug, Default)]
pub struct Union {
    /// The type whose fields have the types of the branches.
    pub branches_type: String,
    /// The property by which objects are told apart, if there is one.
    pub tag: Option<String>,
    /// What it may be.
    pub branches: Vec<Branch>,
}

/// A branch of a [`Union`].
#[derive(Debug, Default)]
pub struct Branch {
    /// The field of the branches' type that has its type.
    pub field: String,
    /// The name of the variant.
    pub variant: String,
    /// Whether it is held in a box.
    pub boxed: bool,
    /// The kinds of JSON value that it may be.
    pub kinds: Vec<String>,
    /// The values of the tag that lead to it.
    pub tags: Vec<Tag>,
    /// The texts that it is one of, if it is an enum.
    pub texts: Vec<String>,
    /// The properties that a value must have to be of this branch.
    pub required: Vec<String>,
    /// Those that an answer must have to be of this branch, and a request need not have.
    pub in_answers: Vec<String>,
}

impl Union {
    fn read(name: &str, union: &Node) -> Self {
        let branches = union
            .get("branches")
            .and_then(Node::as_array)
            .unwrap_or(&[]);
        let branches = branches.iter().map(|branch| {
            let text = |key: &str| branch.get(key).and_then(Node::as_str).unwrap_or_default();
            Branch {
                field: text("field").to_owned(),
                variant: text("variant").to_owned(),
                boxed: branch.get("boxed").and_then(Node::as_bool) == Some(true),
                kinds: texts(branch, "kinds"),
                tags: items(branch, "tags").iter().filter_map(Tag::of).collect(),
                texts: texts(branch, "texts"),
                required: texts(branch, "required"),
                in_answers: texts(branch, "in_answers"),
            }
        });
        Self {
            branches_type: type_name(&branches_of(name)),
            tag: union.get("tag").and_then(Node::as_str).map(str::to_owned),
            branches: branches.collect(),
        }
    }
}

/// A list of texts.
fn texts(node: &Node, key: &str) -> Vec<String> {
    let items = node.get(key).and_then(Node::as_array).unwrap_or(&[]);
    let texts = items.iter().filter_map(Node::as_str);
    texts.map(str::to_owned).collect()
}

impl Model {
    /// Reads a description that has passed the lints.
    pub fn read(document: &Node) -> Self {
        let mut model = Self {
            one_error: document.get(ONE_ERROR).and_then(Node::as_bool) == Some(true),
            ..Self::default()
        };
        for (pointer, operation) in operations(document) {
            let (Some(id), [_, path, method]) = (
                operation.get("operationId").and_then(Node::as_str),
                pointer.0.as_slice(),
            ) else {
                continue;
            };
            model.operations.insert(
                method_name(id),
                Operation::read(document, operation, id, path, method),
            );
        }
        let tags = document.get("tags").and_then(Node::as_array);
        for tag in tags.unwrap_or(&[]) {
            let text = |key: &str| tag.get(key).and_then(Node::as_str).map(str::to_owned);
            if let (Some(name), Some(description)) = (text("name"), text("description")) {
                model.tag_descriptions.insert(name, description);
            }
        }
        let uses = uses(document);
        let holding = holding_secrets(document);
        for (name, schema) in component_schemas(document) {
            let mut read = Schema::read(document, name, schema);
            read.uses = uses.get(name).copied().unwrap_or_default();
            read.holds_secret = holding.contains(name);
            model.schemas.insert(type_name(name), read);
        }
        model.property_orders = property_orders(document);
        model
    }
}

impl Operation {
    fn read(document: &Node, node: &Node, id: &str, path: &str, method: &str) -> Self {
        let flag = |key: &str| node.get(key).and_then(Node::as_bool) == Some(true);
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let end = document.get(EVENT_END).and_then(Node::as_str);
        let event_stream = node.get(EVENT_STREAM);
        let event_stream = event_stream.and_then(|it| EventStream::read(it, end));
        let event = event_stream.as_ref().and_then(|it| it.event.as_deref());
        let item = Pointer::default().join("paths").join(path);
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            id: id.to_owned(),
            summary: text("summary"),
            description: text("description"),
            safe_to_repeat: flag(SAFE_TO_REPEAT),
            deprecated: deprecation(node),
            tags: tags(node).into_iter().map(str::to_owned).collect(),
            parameters: Parameter::list(document, document.pointer(&item), node),
            body_description: node
                .get("requestBody")
                .and_then(|body| description(reference::last(document, body))),
            answers: Answer::list(document, node),
            accepts: text(ACCEPTS),
            content_type: text(CONTENT_TYPE),
            optional_body: flag(OPTIONAL_BODY),
            upload: flag(UPLOAD),
            extra_types: event.map(type_name).into_iter().collect(),
            event_stream,
            pages: Pages::of(node),
        }
    }

    /// What its second method is called, which gives all pages, if it lists something in pages.
    pub fn pages_method(&self) -> Option<String> {
        let _ = self.pages.as_ref()?;
        Some(pages_method(&self.id))
    }
}

impl Parameter {
    /// The parameters of an operation, with those of its path item.
    fn list(document: &Node, item: Option<&Node>, operation: &Node) -> Vec<Self> {
        let mut found: Vec<(&str, &str, &Node)> = Vec::new();
        for holder in item.into_iter().chain([operation]) {
            let listed = holder.get("parameters").and_then(Node::as_array);
            for node in listed.unwrap_or(&[]) {
                let node = reference::last(document, node);
                let text = |key: &str| node.get(key).and_then(Node::as_str);
                let (Some(name), Some(place)) = (text("name"), text("in")) else {
                    continue;
                };
                // An operation's own takes the place of the path item's.
                match found.iter_mut().find(|it| (it.0, it.1) == (name, place)) {
                    Some(it) => it.2 = node,
                    None => found.push((name, place, node)),
                }
            }
        }
        found
            .into_iter()
            .map(|(name, place, node)| Self {
                name: name.to_owned(),
                argument: member_name(name, node.get(FIELD).and_then(Node::as_str), argument_name),
                description: description(node),
                // It was made a header for progenitor.
                place: match node.get(STYLE).and_then(Node::as_str) {
                    Some("cookie") => "cookie".to_owned(),
                    _ => place.to_owned(),
                },
                default: default(document, node),
                deprecated: deprecation(node).or_else(|| node.get("schema").and_then(deprecation)),
                optional: place != "path"
                    && node.get("required").and_then(Node::as_bool) != Some(true),
                sensitive: node.get(SENSITIVE).and_then(Node::as_bool) == Some(true),
                style: node.get(STYLE).and_then(Node::as_str).map(str::to_owned),
            })
            .collect()
    }
}

impl Parameter {
    /// Whether anything is said of it that can be seen.
    pub fn is_described(&self) -> bool {
        let said = self.description.as_deref().unwrap_or_default();
        !markdown::docs(said).is_empty()
    }

    /// What is said of it, and its default. Empty if there is nothing to say.
    pub fn docs(&self) -> String {
        let said = self.description.as_deref().unwrap_or_default();
        match &self.default {
            None => markdown::docs(said),
            Some(default) => {
                markdown::docs_with(said, &format!("Default: {}.", markdown::code(default)))
            }
        }
    }

    /// As [`Parameter::docs`], and whether it is deprecated.
    pub fn said(&self) -> String {
        let docs = self.docs();
        match &self.deprecated {
            None => docs,
            Some(note) => {
                let words = format!("Deprecated: {}.", note.trim_end_matches('.'));
                markdown::docs_with(&docs, &words)
            }
        }
    }
}

impl Answer {
    fn list(document: &Node, operation: &Node) -> Vec<Self> {
        let listed = operation.get("responses").and_then(Node::as_object);
        listed
            .into_iter()
            .flatten()
            .filter(|(status, _)| !status.starts_with("x-"))
            .map(|(status, entry)| {
                let node = reference::last(document, &entry.node);
                Self {
                    status: status.clone(),
                    description: description(node).unwrap_or_default(),
                }
            })
            .collect()
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        !self.status.starts_with(['1', '2', '3'])
    }
}

/// What is said of something.
fn description(node: &Node) -> Option<String> {
    node.get("description")
        .and_then(Node::as_str)
        .map(str::to_owned)
}

/// The default of a parameter, if it has a short one.
fn default(document: &Node, parameter: &Node) -> Option<String> {
    const LONGEST: usize = 80;
    let schema = reference::last(document, parameter.get("schema")?);
    let default = schema.get("default")?;
    let text = match default.as_str() {
        Some("") | None => default.to_json().to_string(),
        Some(text) => text.to_owned(),
    };
    (!default.is_null() && text.len() <= LONGEST).then_some(text)
}

impl EventStream {
    fn read(node: &Node, end: Option<&str>) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Some(Self {
            method: text("method")?,
            event: text("event"),
            switch: text("switch"),
            pin: text("pin"),
            only: node.get("only").and_then(Node::as_bool) == Some(true),
            end: end.map(str::to_owned),
        })
    }
}

impl Schema {
    fn read(document: &Node, name: &str, node: &Node) -> Self {
        let properties = node.get("properties").and_then(Node::as_object);
        Self {
            name: name.to_owned(),
            description: node
                .get("description")
                .and_then(Node::as_str)
                .map(str::to_owned),
            open: node
                .get(UNION)
                .map_or_else(|| node.get(OPEN), |union| union.get("open"))
                .and_then(Node::as_bool)
                != Some(false),
            union: node.get(UNION).map(|union| Union::read(name, union)),
            keeps_unknown: node
                .get(KEEPS_UNKNOWN)
                .and_then(Node::as_str)
                .map(str::to_owned),
            holds_secret: false,
            upload: node.get(UPLOAD).and_then(Node::as_bool) == Some(true),
            deprecated: deprecation(node),
            deprecated_properties: deprecated_properties(document, node),
            uses: Uses::default(),
            nullable: nullable(document, node),
            in_answers: in_answers(document, node),
            not_sent: texts(node, NOT_SENT),
            required_to_send: texts(node, REQUIRED_TO_SEND),
            replace: node
                .get(REPLACE)
                .and_then(|replace| replace.get("type"))
                .and_then(Node::as_str)
                .map(str::to_owned),
            variant_names: texts(node, "enum")
                .into_iter()
                .zip(texts(node, VARIANT_NAMES))
                .collect(),
            properties: properties
                .into_iter()
                .flat_map(|it| it.keys().cloned())
                .collect(),
            fields: members(node, "properties")
                .map(|(name, property)| {
                    let given = property.get(FIELD).and_then(Node::as_str);
                    member_name(name, given, field_name)
                })
                .collect(),
            sensitive: properties
                .into_iter()
                .flatten()
                .filter(|(_, entry)| {
                    entry.node.get(SENSITIVE).and_then(Node::as_bool) == Some(true)
                })
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }
}

/// The components of which a value may hold a secret: those with a property that is marked, those that a type of ours replaces which is
/// called so, and all that lead to them.
fn holding_secrets(document: &Node) -> BTreeSet<String> {
    let mut users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut waiting: Vec<String> = Vec::new();
    walk::each(document, Reach::V3_0, |node, place| {
        let [components, schemas, name, ..] = place.at else {
            return Then::Within;
        };
        if place.kind == Kind::Schema && components == "components" && schemas == "schemas" {
            // The branches of a union are beside it.
            let name = union_of(name).unwrap_or(name);
            if let Some(used) = reference::referred(node, "schemas") {
                users
                    .entry(used.to_owned())
                    .or_default()
                    .insert(name.to_owned());
            }
            let replaced = node.get(REPLACE).and_then(|it| it.get("type")?.as_str());
            let is_marked = node.get(SENSITIVE).and_then(Node::as_bool) == Some(true);
            if is_marked || replaced.is_some_and(|it| it.ends_with(SECRET)) {
                waiting.push(name.to_owned());
            }
        }
        Then::Within
    });
    let mut found = BTreeSet::new();
    while let Some(name) = waiting.pop() {
        waiting.extend(users.get(&name).into_iter().flatten().cloned());
        // What holds a component that was found is found already.
        users.remove(&name);
        found.insert(name);
    }
    found
}

/// The properties of an object that are deprecated, with those that are merged into it.
fn deprecated_properties(document: &Node, node: &Node) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for schema in reference::merged(document, node) {
        let properties = schema.get("properties").and_then(Node::as_object);
        for (name, entry) in properties.into_iter().flatten() {
            found.extend(deprecation(&entry.node).map(|note| (name.clone(), note)));
        }
    }
    found
}

/// The properties of an object that are optional and may be null, with those that are merged into it.
fn nullable(document: &Node, node: &Node) -> BTreeSet<String> {
    let parts = reference::merged(document, node);
    let required: BTreeSet<&str> = parts
        .iter()
        .flat_map(|part| items(part, "required"))
        .filter_map(Node::as_str)
        .collect();
    parts
        .iter()
        .flat_map(|part| members(part, "properties"))
        .filter(|(name, property)| flag(property, "nullable") && !required.contains(name))
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// The properties of an object that are marked [`IN_ANSWERS`], with those that are merged into it.
fn in_answers(document: &Node, node: &Node) -> BTreeMap<String, InAnswers> {
    let mut found = BTreeMap::new();
    for schema in reference::merged(document, node) {
        for (name, property) in members(schema, "properties") {
            let how = match property.get(IN_ANSWERS).and_then(Node::as_str) {
                Some(EXPECTED) => InAnswers::Expected,
                Some(REQUIRED) => InAnswers::Required,
                _ => continue,
            };
            found.insert(name.to_owned(), how);
        }
    }
    found
}

/// The property names of every schema of an object, in the order in which they are declared.
fn property_orders(document: &Node) -> Vec<Vec<String>> {
    let mut orders = Vec::new();
    walk::each(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::Schema
            && let Some(properties) = node.get("properties").and_then(Node::as_object)
        {
            orders.push(properties.keys().cloned().collect());
        }
        Then::Within
    });
    orders
}
