//! References: the generator follows those to components of the right kind, by their last part alone,
//! and panics on others.

use std::collections::HashSet;

use super::context::{Context, component};
use super::fields::{items, members};
use super::rules;
use super::schema::Schema;
use crate::openapi::{METHODS, Node, Pointer, path_items};
use crate::overlay::yaml_text;

/// How many references may follow each other. People have two or three.
const LONGEST_CHAIN: usize = 1_000;

pub(super) fn check<'a>(context: &mut Context<'a>, schemas: &[Schema<'a>]) {
    for schema in schemas.iter().filter(|schema| !schema.is_replaced()) {
        if schema.get("$ref").is_some() {
            let siblings: Vec<&str> = schema.keywords().collect();
            reference(context, &schema.at, schema.node, "schemas", &siblings);
        }
    }

    let document = context.document;
    let at = Pointer::default().join("components");
    for kind in ["parameters", "requestBodies", "responses"] {
        let nodes = document.get("components").and_then(|it| it.get(kind));
        for (at, node) in members(&at.join(kind), nodes) {
            plain(context, &at, node, kind);
        }
    }
    for (at, item) in path_items(document) {
        if item.get("$ref").is_some() {
            let help = "write the path item out where the reference is";
            context.report(
                rules::PATH_ITEM_REF,
                &at.join("$ref"),
                "a path item that is a reference; progenitor cannot follow it",
                help,
            );
        }
        parameters(context, &at, item);
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let at = at.join(method);
            parameters(context, &at, operation);
            if let Some(body) = operation.get("requestBody") {
                plain(context, &at.join("requestBody"), body, "requestBodies");
            }
            for (at, response) in members(&at.join("responses"), operation.get("responses")) {
                plain(context, &at, response, "responses");
            }
        }
    }
}

fn parameters<'a>(context: &mut Context<'a>, holder: &Pointer, node: &'a Node) {
    for (at, node) in items(&holder.join("parameters"), node.get("parameters")) {
        plain(context, &at, node, "parameters");
    }
}

fn plain<'a>(context: &mut Context<'a>, at: &Pointer, node: &'a Node, kind: &str) {
    if node.get("$ref").is_some() {
        let keys = node.as_object().into_iter().flat_map(|it| it.keys());
        let siblings: Vec<&str> = keys.map(String::as_str).collect();
        reference(context, at, node, kind, &siblings);
    }
}

fn reference<'a>(
    context: &mut Context<'a>,
    at: &Pointer,
    node: &'a Node,
    kind: &str,
    siblings: &[&str],
) {
    target(context, at, node, kind);
    for sibling in siblings {
        if *sibling != "$ref" && !sibling.starts_with("x-") {
            let help = if *sibling == "nullable" {
                "write `{nullable: true, allOf: [{$ref: …}]}`".to_owned()
            } else if kind == "schemas" {
                format!(
                    "move it to the schema that is referred to, or leave it out with {}",
                    context.update(at, &format!("x-codegen-ignore: [{}]", yaml_text(sibling)))
                )
            } else {
                "move it to what is referred to".to_owned()
            };
            context.report(
                rules::REF_SIBLINGS,
                &at.join(sibling),
                format!("`{sibling}` beside a $ref has no effect"),
                help,
            );
        }
    }
}

fn target<'a>(context: &mut Context<'a>, at: &Pointer, node: &'a Node, kind: &str) {
    let Some(reference) = node.get("$ref") else {
        return;
    };
    let at_ref = at.join("$ref");
    let form = format!("refer to a component, as `#/components/{kind}/Name`");
    let Some(text) = reference.as_str() else {
        let message = format!(
            "the $ref is {}, not a text; progenitor's reader takes this for a thing without one",
            reference.value.kind()
        );
        context.report(rules::REF_TARGET, &at_ref, message, form);
        return;
    };
    if !text.starts_with('#') {
        let message =
            format!("`{text}` is in another file; progenitor follows no reference out of this one");
        context.report(
            rules::REF_TARGET,
            &at_ref,
            message,
            format!("bring it here, and {form}"),
        );
        return;
    }
    let Some(name) = component(text, kind) else {
        let message = format!("`{text}` leads to no component of this kind");
        context.report(rules::REF_TARGET, &at_ref, message, form);
        return;
    };
    let to = Pointer(vec![
        "components".to_owned(),
        kind.to_owned(),
        name.to_owned(),
    ]);
    match context.document.pointer(&to) {
        None => {
            let message = format!("there is no `{name}` among `components.{kind}`");
            context.report(
                rules::REF_TARGET,
                &at_ref,
                message,
                "add it, or mend the name",
            );
        }
        Some(_)
            if context.resolve(at, node, kind).is_none()
                && leads_to_itself(context, node, kind) =>
        {
            let message = format!("`{name}` is nothing but references that come back to it");
            context.report(rules::REF_CYCLE, &at_ref, message, "write one of them out");
        }
        Some(_)
            if context
                .chain(name, kind)
                .is_some_and(|chain| chain.length >= LONGEST_CHAIN) =>
        {
            let message = format!(
                "`{name}` begins more than {LONGEST_CHAIN} references, each to the next; the generator would take minutes for them, or run out of stack"
            );
            context.report(
                rules::REF_CYCLE,
                &at_ref,
                message,
                "refer to the last of them",
            );
        }
        Some(_) => {}
    }
}

/// Whether a chain of references ends in a circle, and not merely at nothing.
fn leads_to_itself(context: &Context<'_>, node: &Node, kind: &str) -> bool {
    let mut seen = HashSet::new();
    let mut node = node;
    while let Some(name) = node
        .get("$ref")
        .and_then(Node::as_str)
        .and_then(|text| component(text, kind))
    {
        if !seen.insert(name) {
            return true;
        }
        let to = Pointer(vec![
            "components".to_owned(),
            kind.to_owned(),
            name.to_owned(),
        ]);
        match context.document.pointer(&to) {
            Some(next) => node = next,
            None => return false,
        }
    }
    false
}
