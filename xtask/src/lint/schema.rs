//! The schemas of a description, each with its role. Other rules get them from here.
//!
//! A rule asks a [`Schema`] for keywords, and does not see those that `x-codegen-ignore` names: the generator will not see them either.

use std::collections::HashSet;

use super::unions;
use crate::markers::{FIELD, REPLACE, UNION};
use crate::openapi::walk::{self, Holds, Kind, Position, Reach, Then};
use crate::openapi::{Node, Pointer, schema};

/// A schema without the keywords that it is marked to ignore.
#[derive(Clone)]
pub(super) struct Schema<'a> {
    /// Its place in the arranged description.
    pub(super) at: Pointer,
    /// The schema with all keywords.
    pub(super) node: &'a Node,
    pub(super) role: Role,
    ignored: HashSet<&'a str>,
}

/// The role of a schema. Some rules allow in one role what they refuse in another: a property that tells branches apart may be an enum of
/// one value, for example.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has a name.
    Component,
    /// It is a property of a component, and not of something within.
    ComponentProperty,
    /// It is a property that may tell the branches of a union apart.
    Tag,
    /// Whatever else.
    Inline,
}

impl<'a> Schema<'a> {
    /// A schema at its place.
    pub(super) fn new(at: Pointer, node: &'a Node, role: Role) -> Self {
        Self {
            at,
            node,
            role,
            ignored: schema::ignored(node).collect(),
        }
    }

    /// The value of a keyword that the generator sees.
    pub(super) fn get(&self, keyword: &str) -> Option<&'a Node> {
        if self.ignored.contains(keyword) {
            return None;
        }
        self.node.get(keyword)
    }

    /// The keywords that the generator sees.
    pub(super) fn keywords(&self) -> impl Iterator<Item = &'a str> {
        let keys = self.node.as_object().into_iter().flat_map(|it| it.keys());
        keys.map(String::as_str)
            .filter(|key| !self.ignored.contains(key))
    }

    /// The name that the overlay gives to its field.
    pub(super) fn field(&self) -> Option<&'a str> {
        self.node.get(FIELD).and_then(Node::as_str)
    }

    /// Its type.
    pub(super) fn kind(&self) -> Option<&'a str> {
        self.get("type").and_then(Node::as_str)
    }

    /// Whether a keyword is `true`.
    pub(super) fn flag(&self, keyword: &str) -> bool {
        self.get(keyword).and_then(Node::as_bool) == Some(true)
    }

    /// The items of a keyword.
    pub(super) fn items(&self, keyword: &str) -> &'a [Node] {
        self.get(keyword).and_then(Node::as_array).unwrap_or(&[])
    }

    /// The properties, by name.
    pub(super) fn properties(&self) -> impl Iterator<Item = (&'a str, Schema<'a>)> {
        let at = self.at.join("properties");
        let role = match self.role {
            Role::Component => Role::ComponentProperty,
            _ => Role::Inline,
        };
        let properties = self.get("properties").and_then(Node::as_object);
        properties.into_iter().flatten().map(move |(name, entry)| {
            (name.as_str(), Schema::new(at.join(name), &entry.node, role))
        })
    }

    /// The names of the required properties.
    pub(super) fn required(&self) -> impl Iterator<Item = &'a str> {
        self.items("required").iter().filter_map(Node::as_str)
    }

    /// The branches of `oneOf`, `anyOf` or `allOf`.
    pub(super) fn branches(&self, keyword: &str) -> impl Iterator<Item = Schema<'a>> {
        let at = self.at.join(keyword);
        let branches = self.items(keyword).iter().enumerate();
        branches.map(move |(index, node)| Schema::new(at.join(index), node, Role::Inline))
    }

    /// The schema of the items, or of the values of a map.
    pub(super) fn inner(&self, keyword: &str) -> Option<Schema<'a>> {
        let node = self
            .get(keyword)
            .filter(|node| node.as_object().is_some())?;
        Some(Schema::new(self.at.join(keyword), node, Role::Inline))
    }

    /// Whether typify makes no type of it: a hand-written one stands in its place, or one that the refine stage
    /// writes.
    pub(super) fn is_replaced(&self) -> bool {
        self.role == Role::Component
            && (self.node.get(REPLACE).is_some() || self.node.get(UNION).is_some())
    }
}

/// Every schema that the generator sees, except those within a schema that is replaced. A schema comes after those
/// within it, so that a finding about the innermost cause is first.
pub(super) fn collect(document: &Node) -> Vec<Schema<'_>> {
    let mut schemas = Vec::new();
    walk::each(document, Reach::Generated, |node, place| {
        if place.kind != Kind::Schema {
            return Then::Within;
        }
        let role = match place.position {
            Position::Component => Role::Component,
            Position::Branch | Position::Inline => Role::Inline,
        };
        within(Schema::new(place.pointer(), node, role), &mut schemas);
        Then::Past
    });
    schemas
}

/// Adds the schemas within a schema, and then the schema. This does not use the walk of `openapi`, since the role of a schema depends on
/// what holds it, and hidden keywords are not gone into.
fn within<'a>(schema: Schema<'a>, out: &mut Vec<Schema<'a>>) {
    if schema.node.as_object().is_none() {
        return;
    }
    if !schema.is_replaced() && schema.node.get("$ref").is_none() {
        for keyword in schema.keywords() {
            match walk::holds(Kind::Schema, keyword, Reach::Generated) {
                Some(Holds::Named(_)) => {
                    for (_, property) in schema.properties() {
                        within(property, out);
                    }
                }
                Some(Holds::One(_)) => {
                    if let Some(inner) = schema.inner(keyword) {
                        within(inner, out);
                    }
                }
                Some(Holds::List(_)) if keyword == "oneOf" => {
                    for branch in schema.branches(keyword) {
                        tagged(branch, out);
                    }
                }
                Some(Holds::List(_)) => {
                    for branch in schema.branches(keyword) {
                        within(branch, out);
                    }
                }
                Some(Holds::Keyed(_)) | None => {}
            }
        }
    }
    out.push(schema);
}

/// Adds a branch of a union, with the roles of the properties that may tell it from others.
fn tagged<'a>(branch: Schema<'a>, out: &mut Vec<Schema<'a>>) {
    let properties = branch.at.join("properties");
    let tags: HashSet<Pointer> = unions::constants(&branch)
        .into_keys()
        .map(|name| properties.join(name))
        .collect();
    let first = out.len();
    within(branch, out);
    for schema in &mut out[first..] {
        if tags.contains(&schema.at) {
            schema.role = Role::Tag;
        }
    }
}
