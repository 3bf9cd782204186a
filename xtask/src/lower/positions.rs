//! The places of a description where schemas stand, and what 3.1 has outside of those. Examples, defaults,
//! values and extensions are data, which nobody here looks into.

use super::notes::is_usual_dialect;
use super::{Lowering, Place, parameters, rules, schema};
use crate::openapi::{METHODS, Node, Pointer, Value};
use crate::overlay;

type Visit = fn(&mut Lowering<'_>, &Pointer, &mut Node);

/// Callbacks hold path items, which hold callbacks.
const DEPTH: usize = 20;

pub(super) fn lower(lowering: &mut Lowering<'_>, document: &mut Node) {
    let root = Pointer::default();
    root_fields(lowering, &root, document);
    each(lowering, &root, document, "paths", path_item);
    let Some(components) = member(document, "components") else {
        return;
    };
    let at = root.join("components");
    for (kind, visit) in [
        ("schemas", component as Visit),
        ("parameters", parameter),
        ("requestBodies", body),
        ("responses", response),
        ("headers", header),
        ("callbacks", callback),
    ] {
        each(lowering, &at, components, kind, visit);
    }
    refuse_part(
        lowering,
        &at,
        components,
        "pathItems",
        rules::PATH_ITEMS,
        "OpenAPI 3.0 has no path items among the components; progenitor follows no reference to one",
    );
}

fn root_fields(lowering: &mut Lowering<'_>, root: &Pointer, document: &mut Node) {
    for (holder, field) in [("info", "summary"), ("info/license", "identifier")] {
        let at = Pointer(holder.split('/').map(str::to_owned).collect());
        if let Some(holder) = document.pointer_mut(&at) {
            drop_note(lowering, &at, holder, field, rules::DOCUMENT_NOTE);
        }
    }
    match document.get("jsonSchemaDialect") {
        None => {}
        Some(dialect) if is_usual_dialect(dialect) => {
            let field = "jsonSchemaDialect";
            drop_note(lowering, root, document, field, rules::DOCUMENT_NOTE);
        }
        Some(_) => lowering.refuse(
            rules::DIALECT,
            &root.join("jsonSchemaDialect"),
            "the schemas are in another dialect than OpenAPI 3.1's own, whose rules nobody here knows",
            "give a description in the usual dialect; if this one means the same, say so with \
             `{target: $, update: {jsonSchemaDialect: 'https://spec.openapis.org/oas/3.1/dialect/base'}}`",
        ),
    }
    refuse_part(
        lowering,
        root,
        document,
        "webhooks",
        rules::WEBHOOKS,
        "OpenAPI 3.0 has no webhooks, and a client sends none",
    );
}

/// An empty part goes; one that holds something is refused.
fn refuse_part(
    lowering: &mut Lowering<'_>,
    at: &Pointer,
    holder: &mut Node,
    field: &str,
    rule: rules::Refusal,
    message: &str,
) {
    let at = at.join(field);
    match holder.get(field).map(Node::as_object) {
        None => {}
        Some(Some(members)) if members.is_empty() => {
            if let Value::Object(members) = &mut holder.value {
                members.shift_remove(field);
                lowering.count(rules::NO_EFFECT, &at);
            }
        }
        Some(_) => {
            let remove = overlay::remove_action(lowering.document, &at);
            let help = format!("leave it out with {remove}");
            lowering.refuse(rule, &at, message, help);
        }
    }
}

fn drop_note(
    lowering: &mut Lowering<'_>,
    at: &Pointer,
    holder: &mut Node,
    field: &str,
    rule: rules::Rewriting,
) {
    if let Value::Object(members) = &mut holder.value
        && members.shift_remove(field).is_some()
    {
        lowering.count(rule, &at.join(field));
    }
}

fn member<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Object(members) => members.get_mut(key).map(|entry| &mut entry.node),
        _ => None,
    }
}

/// Every member of an object, or item of an array, that stands under this key.
fn each(lowering: &mut Lowering<'_>, at: &Pointer, holder: &mut Node, key: &str, visit: Visit) {
    let Some(held) = member(holder, key) else {
        return;
    };
    let at = at.join(key);
    match &mut held.value {
        Value::Object(members) => {
            for (name, entry) in members {
                if !name.starts_with("x-") || key != "paths" && key != "responses" {
                    visit(lowering, &at.join(name), &mut entry.node);
                }
            }
        }
        Value::Array(items) => {
            for (index, node) in items.iter_mut().enumerate() {
                visit(lowering, &at.join(index), node);
            }
        }
        _ => {}
    }
}

/// Whether this is a reference to a component; in 3.1, it may have notes of its own.
fn is_reference(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) -> bool {
    let found = node.get("$ref").is_some();
    if found {
        for field in ["summary", "description"] {
            drop_note(lowering, at, node, field, rules::REF_NOTE);
        }
    }
    found
}

fn component(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    schema::lower(lowering, at, node, Place::Component);
}

fn path_item(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if lowering.depth == DEPTH {
        let help = "take the callbacks out of the callbacks";
        lowering.refuse(
            rules::NESTING,
            at,
            "callbacks are nested too deep here",
            help,
        );
        return;
    }
    lowering.depth += 1;
    each(lowering, at, node, "parameters", parameter);
    for method in METHODS {
        if let Some(operation) = member(node, method) {
            let at = at.join(method);
            each(lowering, &at, operation, "parameters", parameter);
            if let Some(node) = member(operation, "requestBody") {
                body(lowering, &at.join("requestBody"), node);
            }
            each(lowering, &at, operation, "responses", response);
            each(lowering, &at, operation, "callbacks", callback);
        }
    }
    lowering.depth -= 1;
}

fn callback(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if is_reference(lowering, at, node) {
        return;
    }
    if let Value::Object(members) = &mut node.value {
        for (name, entry) in members {
            if !name.starts_with("x-") {
                path_item(lowering, &at.join(name), &mut entry.node);
            }
        }
    }
}

fn parameter(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if !is_reference(lowering, at, node) {
        header(lowering, at, node);
        parameters::lower(lowering, at, node);
    }
}

fn header(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if is_reference(lowering, at, node) {
        return;
    }
    if let Some(node) = member(node, "schema") {
        schema::lower(lowering, &at.join("schema"), node, Place::Inline);
    }
    each(lowering, at, node, "content", media_type);
}

fn body(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if !is_reference(lowering, at, node) {
        each(lowering, at, node, "content", media_type);
    }
}

fn response(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if !is_reference(lowering, at, node) {
        each(lowering, at, node, "headers", header);
        each(lowering, at, node, "content", media_type);
    }
}

fn media_type(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    if let Some(node) = member(node, "schema") {
        schema::lower(lowering, &at.join("schema"), node, Place::Inline);
    }
    each(lowering, at, node, "encoding", encoding);
}

fn encoding(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) {
    each(lowering, at, node, "headers", header);
}
