//! The places of a description that hold schemas, and what 3.1 has outside of schemas.
//!
//! Examples, defaults, values and extensions are data, and no rule looks into them: `{example: {const: 1}}` has no
//! `const` to rewrite. Which member holds what is up to [`walk`].

use super::notes::is_usual_dialect;
use super::{Lowering, Place, parameters, rules, schema};
use crate::openapi::walk::{self, Kind, Position, Reach, Then};
use crate::openapi::{Node, Pointer, Value};
use crate::overlay;

/// Lowers all schemas, in the order of the file, and what is outside of them.
///
/// The walk stops at a schema (`Then::Past`): `schema::lower` goes through what is in it, as it has to decide what
/// happens before and after.
pub(super) fn lower(lowering: &mut Lowering<'_>, document: &mut Node) {
    let root = Pointer::default();
    root_fields(lowering, &root, document);
    walk::each_mut(document, Reach::V3_0, |node, place| {
        let at = place.pointer();
        match place.kind {
            Kind::Schema => {
                let position = match place.position {
                    Position::Component => Place::Component,
                    Position::Branch | Position::Inline => Place::Inline,
                };
                schema::lower(lowering, &at, node, position);
                Then::Past
            }
            Kind::Parameter
            | Kind::Header
            | Kind::RequestBody
            | Kind::Response
            | Kind::Callback
                if is_reference(lowering, &at, node) =>
            {
                Then::Past
            }
            _ => Then::Within,
        }
    });
    // A second walk: whether a parameter may be null is known only when its schema is lowered.
    walk::each_mut(document, Reach::V3_0, |node, place| {
        if place.kind == Kind::Parameter && node.get("$ref").is_none() {
            parameters::lower(lowering, &place.pointer(), node);
        }
        Then::Within
    });
    if let Some(components) = member(document, "components") {
        refuse_part(
            lowering,
            &root.join("components"),
            components,
            "pathItems",
            rules::PATH_ITEMS,
            "OpenAPI 3.0 has no path items among the components; those that paths refer to are in their places by now",
        );
    }
}

/// What stands outside of paths and components.
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
            "the schemas are in another dialect than OpenAPI 3.1's own, whose rules are not known here",
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

/// Removes a part that is empty, and refuses one that holds something.
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

/// Removes a field that only readers look at.
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

/// A member of an object, to change it.
fn member<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        Value::Object(members) => members.get_mut(key).map(|entry| &mut entry.node),
        _ => None,
    }
}

/// Whether this is a reference to a component. In 3.1, it may have a summary and a description. 3.0 has none there, so
/// they are removed.
fn is_reference(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node) -> bool {
    let found = node.get("$ref").is_some();
    if found {
        for field in ["summary", "description"] {
            drop_note(lowering, at, node, field, rules::REF_NOTE);
        }
    }
    found
}
