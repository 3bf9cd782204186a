//! Fields outside of schemas: progenitor's reader passes over what it does not know, so that a field
//! misspelt is a field left out.

use super::context::Context;
use super::nulls;
use super::rules;
use crate::openapi::{METHODS, Node, Pointer, path_items};

pub(super) fn check(context: &mut Context<'_>) {
    let root = Pointer::default();
    let document = context.document;
    object(
        context,
        &root,
        Some(document),
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
    );
    object(
        context,
        &root.join("info"),
        document.get("info"),
        "`info`",
        &[
            "title",
            "description",
            "termsOfService",
            "contact",
            "license",
            "version",
        ],
    );
    let at = root.join("components");
    let components = document.get("components");
    object(
        context,
        &at,
        components,
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
    );
    for (at, node) in members(
        &at.join("schemas"),
        components.and_then(|it| it.get("schemas")),
    ) {
        nulls::node(context, &at, node);
    }
    for (at, node) in members(
        &at.join("parameters"),
        components.and_then(|it| it.get("parameters")),
    ) {
        parameter(context, &at, node);
    }
    for (at, node) in members(
        &at.join("requestBodies"),
        components.and_then(|it| it.get("requestBodies")),
    ) {
        request_body(context, &at, node);
    }
    for (at, node) in members(
        &at.join("responses"),
        components.and_then(|it| it.get("responses")),
    ) {
        response(context, &at, node);
    }
    for (at, item) in path_items(document) {
        let known: Vec<&str> = ["$ref", "summary", "description", "servers", "parameters"]
            .into_iter()
            .chain(METHODS)
            .collect();
        object(context, &at, Some(item), "a path item", &known);
        parameters(context, &at, item);
        for method in METHODS {
            if let Some(node) = item.get(method) {
                operation(context, &at.join(method), node);
            }
        }
    }
}

fn operation(context: &mut Context<'_>, at: &Pointer, node: &Node) {
    object(
        context,
        at,
        Some(node),
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
    );
    parameters(context, at, node);
    if let Some(body) = node.get("requestBody") {
        request_body(context, &at.join("requestBody"), body);
    }
    for (at, node) in members(&at.join("responses"), node.get("responses")) {
        if !at.last().is_some_and(|key| key.starts_with("x-")) {
            response(context, &at, node);
        }
    }
}

fn parameters(context: &mut Context<'_>, holder: &Pointer, node: &Node) {
    for (at, node) in items(&holder.join("parameters"), node.get("parameters")) {
        parameter(context, &at, node);
    }
}

fn parameter(context: &mut Context<'_>, at: &Pointer, node: &Node) {
    object(
        context,
        at,
        Some(node),
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
    );
}

fn request_body(context: &mut Context<'_>, at: &Pointer, node: &Node) {
    object(
        context,
        at,
        Some(node),
        "a request body",
        &["$ref", "description", "content", "required"],
    );
    content(context, at, node);
}

fn response(context: &mut Context<'_>, at: &Pointer, node: &Node) {
    object(
        context,
        at,
        Some(node),
        "a response",
        &["$ref", "description", "headers", "content", "links"],
    );
    // Of all descriptions, the reader wants this one.
    if let Some(description) = node.get("description") {
        nulls::node(context, &at.join("description"), description);
    }
    content(context, at, node);
}

fn content(context: &mut Context<'_>, holder: &Pointer, node: &Node) {
    for (at, node) in members(&holder.join("content"), node.get("content")) {
        object(
            context,
            &at,
            Some(node),
            "a media type",
            &["schema", "example", "examples", "encoding"],
        );
    }
}

fn object(
    context: &mut Context<'_>,
    at: &Pointer,
    node: Option<&Node>,
    what: &str,
    known: &[&str],
) {
    if let Some(node) = node {
        nulls::node(context, at, node);
        nulls::members(context, at, node);
    }
    for key in node
        .and_then(Node::as_object)
        .into_iter()
        .flat_map(|it| it.keys())
    {
        if !known.contains(&key.as_str()) && !key.starts_with("x-") {
            context.report(
                rules::UNKNOWN_FIELD,
                &at.join(key),
                format!("in OpenAPI 3.0, {what} has no field `{key}`"),
                format!(
                    "mend the name, remove the field, or begin its name with `x-`; it has {}",
                    list(known)
                ),
            );
        }
    }
}

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
