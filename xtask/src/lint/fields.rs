//! Fields outside of schemas. progenitor's reader ignores fields that it does not know, so a misspelt field
//! would be left out: `require: true` on a parameter makes it optional.

use super::context::Context;
use super::nulls;
use super::rules;
use crate::markers::is_extension;
use crate::openapi::walk::{self, Kind, Position, Reach, Then};
use crate::openapi::{Node, Pointer, newer_operations_of};

const PATH_ITEM: &str = "a path item";

/// What objects of a kind are called, and the fields that OpenAPI 3.0 has for them. `None` if other rules know.
fn fields_of(kind: Kind) -> Option<(&'static str, &'static [&'static str])> {
    Some(match kind {
        Kind::Description => (
            "a description",
            &[
                "openapi",
                "info",
                "servers",
                "paths",
                "components",
                "security",
                "tags",
                "externalDocs",
            ],
        ),
        Kind::Components => (
            "`components`",
            &[
                "schemas",
                "responses",
                "parameters",
                "examples",
                "requestBodies",
                "headers",
                "securitySchemes",
                "links",
                "callbacks",
            ],
        ),
        Kind::PathItem => (
            PATH_ITEM,
            &[
                "$ref",
                "summary",
                "description",
                "servers",
                "parameters",
                "get",
                "put",
                "post",
                "delete",
                "options",
                "head",
                "patch",
                "trace",
            ],
        ),
        Kind::Operation => (
            "an operation",
            &[
                "tags",
                "summary",
                "description",
                "externalDocs",
                "operationId",
                "parameters",
                "requestBody",
                "responses",
                "callbacks",
                "deprecated",
                "security",
                "servers",
            ],
        ),
        Kind::Parameter => (
            "a parameter",
            &[
                "$ref",
                "name",
                "in",
                "description",
                "required",
                "deprecated",
                "allowEmptyValue",
                "style",
                "explode",
                "allowReserved",
                "schema",
                "example",
                "examples",
                "content",
            ],
        ),
        Kind::RequestBody => (
            "a request body",
            &["$ref", "description", "content", "required"],
        ),
        Kind::Response => (
            "a response",
            &["$ref", "description", "headers", "content", "links"],
        ),
        Kind::MediaType => (
            "a media type",
            &["schema", "example", "examples", "encoding"],
        ),
        _ => return None,
    })
}

/// All objects that the generator looks at, except schemas.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let info = [
        "title",
        "description",
        "termsOfService",
        "contact",
        "license",
        "version",
    ];
    let at = Pointer::default().join("info");
    if let Some(node) = document.get("info") {
        object(context, &at, node, "`info`", &info);
    }
    walk::each(document, Reach::Generated, |node, place| {
        let at = place.pointer();
        if place.kind == Kind::PathItem {
            newer_methods(context, &at, node);
        }
        if let Some((what, known)) = fields_of(place.kind) {
            object(context, &at, node, what, known);
        }
        match place.kind {
            // The rules about schemas know what may be in one.
            Kind::Schema => {
                if place.position == Position::Component {
                    nulls::node(context, &at, node);
                }
                return Then::Past;
            }
            // Of all descriptions, the reader wants this one.
            Kind::Response => {
                if let Some(description) = node.get("description") {
                    nulls::node(context, &at.join("description"), description);
                }
            }
            _ => {}
        }
        Then::Within
    });
}

/// Reports operations of a path item with methods that OpenAPI 3.2 adds.
fn newer_methods(context: &mut Context<'_>, at: &Pointer, item: &Node) {
    for (operation, method) in newer_operations_of(at, item) {
        let help = format!("remove the operation with {}", context.remove(&operation));
        context.report_change(
            true,
            rules::UNKNOWN_FIELD,
            &operation,
            format!("OpenAPI 3.2 adds the method `{method}`, and no code is made of it"),
            help,
        );
    }
}

/// Whether a member of a path item holds operations that were reported, or none.
fn holds_newer_methods(key: &str, node: &Node) -> bool {
    let members = node.as_object();
    match key {
        "query" => members.is_some(),
        "additionalOperations" => members.is_some_and(|all| {
            let mut all = all.iter();
            all.all(|(key, entry)| is_extension(key) || entry.node.as_object().is_some())
        }),
        _ => false,
    }
}

/// Reports members that an object of this kind does not have.
fn object(context: &mut Context<'_>, at: &Pointer, node: &Node, what: &str, known: &[&str]) {
    nulls::node(context, at, node);
    nulls::members(context, at, node);
    let version = context.given().get("openapi").and_then(Node::as_str);
    let version = match version.is_some_and(|it| it.starts_with("3.1.")) {
        true => "3.1",
        false => "3.0",
    };
    for (key, entry) in node.as_object().into_iter().flatten() {
        if !known.contains(&key.as_str()) && !is_extension(key) {
            if what == PATH_ITEM && holds_newer_methods(key, &entry.node) {
                continue;
            }
            context.report(
                rules::UNKNOWN_FIELD,
                &at.join(key),
                format!("in OpenAPI {version}, {what} has no field `{key}`"),
                format!(
                    "correct the name, remove the field, or begin its name with `x-`; it has {}",
                    list(known)
                ),
            );
        }
    }
}

/// Names in a line.
fn list(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// The items of an array, with the pointers to them.
pub(super) fn items<'a>(
    at: &Pointer,
    node: Option<&'a Node>,
) -> impl Iterator<Item = (Pointer, &'a Node)> + use<'a> {
    let at = at.clone();
    node.and_then(Node::as_array)
        .into_iter()
        .flatten()
        .enumerate()
        .map(move |(index, node)| (at.join(index), node))
}

/// The members of an object, with the pointers to them.
pub(super) fn members<'a>(
    at: &Pointer,
    node: Option<&'a Node>,
) -> impl Iterator<Item = (Pointer, &'a Node)> + use<'a> {
    let at = at.clone();
    node.and_then(Node::as_object)
        .into_iter()
        .flatten()
        .map(move |(key, entry)| (at.join(key), &entry.node))
}
