//! What the later stages need to know of a description, beyond what progenitor reads itself.

use std::collections::BTreeMap;

use crate::document::{Node, Pointer};
use crate::naming::{method_name, type_name};

/// Vendor extensions that begin so are ours, and no others are allowed to.
pub const MARKER_PREFIX: &str = "x-codegen-";
/// On an enum or a union: keep values that the description does not know.
pub const OPEN: &str = "x-codegen-open";
/// The field of a branch of an open union that keeps members that the description does not know.
pub const UNKNOWN_MEMBERS: &str = "unknown";
/// On a component schema: the hand-written Rust type to use in its place.
pub const REPLACE: &str = "x-codegen-replace";
/// On any schema: keywords that the generator should not see.
pub const IGNORE: &str = "x-codegen-ignore";
/// On a property: `Debug` does not show it.
pub const SENSITIVE: &str = "x-codegen-sensitive";
/// On an enum: names of its variants, in order. The name is one that many generators know.
pub const VARIANT_NAMES: &str = "x-enum-varnames";
/// On an operation: whether a call whose outcome is unknown may be sent again without harm.
pub const SAFE_TO_REPEAT: &str = "x-codegen-safe-to-repeat";

/// The HTTP methods that a path item may have, as OpenAPI spells them.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

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
}

/// An operation, as the generated constant of it says.
#[derive(Debug)]
pub struct Operation {
    /// The HTTP method, in capitals.
    pub method: String,
    /// The path with its parameters in braces.
    pub path: String,
    /// Whether it is marked [`SAFE_TO_REPEAT`].
    pub safe_to_repeat: bool,
    /// Its tags, each once. The first decides where its code stands.
    pub tags: Vec<String>,
    /// Types that it needs though its method does not mention them, by their names in Rust: what a stream
    /// that the caller reads holds, say. They are there whenever the operation is.
    pub extra_types: Vec<String>,
}

/// A component schema.
#[derive(Debug, Default)]
pub struct Schema {
    /// Its name in the description.
    pub name: String,
    /// Whether it is marked [`OPEN`].
    pub open: bool,
    /// The type that [`REPLACE`] names.
    pub replace: Option<String>,
    /// Its [`VARIANT_NAMES`], by the value that they name.
    pub variant_names: BTreeMap<String, String>,
    /// Its property names, in the order in which they are declared.
    pub properties: Vec<String>,
    /// Its properties marked [`SENSITIVE`].
    pub sensitive: Vec<String>,
}

impl Model {
    /// Reads a description that has passed the lints.
    pub fn read(document: &Node) -> Self {
        let mut model = Self::default();
        for (pointer, operation) in operations(document) {
            let (Some(id), [_, path, method]) = (
                operation.get("operationId").and_then(Node::as_str),
                pointer.0.as_slice(),
            ) else {
                continue;
            };
            model.operations.insert(
                method_name(id),
                Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    safe_to_repeat: operation.get(SAFE_TO_REPEAT).and_then(Node::as_bool)
                        == Some(true),
                    tags: tags(operation).into_iter().map(str::to_owned).collect(),
                    extra_types: Vec::new(),
                },
            );
        }
        let tags = document.get("tags").and_then(Node::as_array);
        for tag in tags.unwrap_or(&[]) {
            let text = |key: &str| tag.get(key).and_then(Node::as_str).map(str::to_owned);
            if let (Some(name), Some(description)) = (text("name"), text("description")) {
                model.tag_descriptions.insert(name, description);
            }
        }
        for (name, schema) in component_schemas(document) {
            model
                .schemas
                .insert(type_name(name), Schema::read(name, schema));
        }
        collect_property_orders(document, &mut model.property_orders);
        model
    }
}

impl Schema {
    fn read(name: &str, node: &Node) -> Self {
        let properties = node.get("properties").and_then(Node::as_object);
        let texts = |key: &str| -> Vec<String> {
            let items = node.get(key).and_then(Node::as_array).unwrap_or(&[]);
            items
                .iter()
                .filter_map(Node::as_str)
                .map(str::to_owned)
                .collect()
        };
        Self {
            name: name.to_owned(),
            open: node.get(OPEN).and_then(Node::as_bool) == Some(true),
            replace: node
                .get(REPLACE)
                .and_then(|replace| replace.get("type"))
                .and_then(Node::as_str)
                .map(str::to_owned),
            variant_names: texts("enum")
                .into_iter()
                .zip(texts(VARIANT_NAMES))
                .collect(),
            properties: properties
                .into_iter()
                .flat_map(|it| it.keys().cloned())
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

/// Every path item of a description, in its order, with the pointer to it. Extensions stand among the
/// paths, and are none.
pub fn path_items(document: &Node) -> impl Iterator<Item = (Pointer, &Node)> {
    let paths = document.get("paths").and_then(Node::as_object);
    paths
        .into_iter()
        .flatten()
        .filter(|(path, _)| !path.starts_with("x-"))
        .map(|(path, entry)| (Pointer(vec!["paths".to_owned(), path.clone()]), &entry.node))
}

/// Every operation of a description, in its order, with the pointer to it. One that is null is none:
/// progenitor's reader takes it for left out.
pub fn operations(document: &Node) -> impl Iterator<Item = (Pointer, &Node)> {
    path_items(document).flat_map(|(at, item)| {
        let members = item.as_object();
        members
            .into_iter()
            .flatten()
            .filter(|(key, entry)| METHODS.contains(&key.as_str()) && !entry.node.is_null())
            .map(move |(key, entry)| (at.join(key), &entry.node))
    })
}

/// The tags of an operation in their order, each once.
pub fn tags(operation: &Node) -> Vec<&str> {
    let tags = operation.get("tags").and_then(Node::as_array);
    let mut seen = Vec::new();
    for tag in tags.unwrap_or(&[]).iter().filter_map(Node::as_str) {
        if !seen.contains(&tag) {
            seen.push(tag);
        }
    }
    seen
}

/// Every component schema of a description, by name.
pub fn component_schemas(document: &Node) -> impl Iterator<Item = (&str, &Node)> {
    document
        .get("components")
        .and_then(|components| components.get("schemas"))
        .and_then(Node::as_object)
        .into_iter()
        .flatten()
        .map(|(name, entry)| (name.as_str(), &entry.node))
}

fn collect_property_orders(node: &Node, orders: &mut Vec<Vec<String>>) {
    if let Some(members) = node.as_object() {
        if let Some(properties) = node.get("properties").and_then(Node::as_object) {
            orders.push(properties.keys().cloned().collect());
        }
        for entry in members.values() {
            collect_property_orders(&entry.node, orders);
        }
    }
    for item in node.as_array().into_iter().flatten() {
        collect_property_orders(item, orders);
    }
}
