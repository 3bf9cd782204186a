//! References. The generator takes the last part of any reference for the name of a component, and panics if there is none.
//!
//! So `#/components/responses/Agent` in place of a schema would be the schema `Agent`, if there is one.

use super::context::Context;
use super::rules;
use super::schema::Schema;
use crate::markers::is_extension;
use crate::openapi::limits::CHAIN;
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, reference};
use crate::overlay::yaml_text;

/// Every reference that the generator will follow.
pub(super) fn check<'a>(context: &mut Context<'a>, schemas: &[Schema<'a>]) {
    for schema in schemas.iter().filter(|schema| !schema.is_replaced()) {
        if schema.get("$ref").is_some() {
            let siblings: Vec<&str> = schema.keywords().collect();
            reference(context, &schema.at, schema.node, "schemas", &siblings);
        }
    }

    walk::each(context.document, Reach::Generated, |node, place| {
        let kind = match place.kind {
            Kind::Parameter | Kind::RequestBody | Kind::Response => place.kind.components(),
            Kind::PathItem => {
                if node.get("$ref").is_some() {
                    path_item(context, &place.pointer());
                }
                None
            }
            _ => None,
        };
        if let Some(kind) = kind {
            plain(context, &place.pointer(), node, kind);
        }
        Then::Within
    });
}

/// Reports a path item that the load stage could not replace.
fn path_item(context: &mut Context<'_>, at: &Pointer) {
    context.report(
        rules::PATH_ITEM_REF,
        &at.join("$ref"),
        "this path item is a reference that was not followed; only the description's own files are, not the overlay's",
        "write the reference in the description, or the path item in its place",
    );
}

/// Checks a part that is not a schema, if it is a reference.
fn plain<'a>(context: &mut Context<'a>, at: &Pointer, node: &'a Node, kind: &str) {
    if node.get("$ref").is_some() {
        let keys = node.as_object().into_iter().flat_map(|it| it.keys());
        let siblings: Vec<&str> = keys.map(String::as_str).collect();
        reference(context, at, node, kind, &siblings);
    }
}

/// Checks where a reference leads, and what stands next to it.
fn reference<'a>(
    context: &mut Context<'a>,
    at: &Pointer,
    node: &'a Node,
    kind: &str,
    siblings: &[&str],
) {
    target(context, at, node, kind);
    for sibling in siblings {
        if *sibling != "$ref" && !is_extension(sibling) {
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
                format!("`{sibling}` next to a $ref has no effect"),
                help,
            );
        }
    }
}

/// Whether a reference leads to a component of this kind, by a chain that ends and is not too long.
fn target<'a>(context: &mut Context<'a>, at: &Pointer, node: &'a Node, kind: &str) {
    let Some(target) = node.get("$ref") else {
        return;
    };
    let at_ref = at.join("$ref");
    let form = format!("refer to a component, as `#/components/{kind}/Name`");
    let Some(text) = target.as_str() else {
        let message = format!(
            "the $ref is {}, not a text; progenitor's reader ignores it",
            target.value.kind()
        );
        context.report(rules::REF_TARGET, &at_ref, message, form);
        return;
    };
    if !text.starts_with('#') {
        let message = format!(
            "`{text}` is in another file. Only the description's own files are followed, not the overlay's"
        );
        context.report(
            rules::REF_TARGET,
            &at_ref,
            message,
            format!("refer to it in the description, or {form}"),
        );
        return;
    }
    let Some(name) = reference::component(text, kind) else {
        let message = format!("`{text}` does not lead to a component of this kind");
        context.report(rules::REF_TARGET, &at_ref, message, form);
        return;
    };
    match context.document.pointer(&reference::place_of(kind, name)) {
        None => {
            let message = format!("there is no `{name}` among `components.{kind}`");
            context.report(
                rules::REF_TARGET,
                &at_ref,
                message,
                "add it, or correct the name",
            );
        }
        Some(_)
            if context.resolve(at, node, kind).is_none()
                && context.references.is_circle(name, kind) =>
        {
            let message = format!("`{name}` is a reference that leads back to itself");
            context.report(rules::REF_CYCLE, &at_ref, message, "write one of them out");
        }
        Some(_)
            if context
                .references
                .chain(name, kind)
                .is_some_and(|chain| chain.length >= CHAIN) =>
        {
            let message = format!(
                "`{name}` begins more than {CHAIN} references, each to the next; the generator would take minutes for them, or run out of stack"
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
