//! Names of the overlay that are spelled otherwise in Rust: `x-codegen-name: pet shop` makes a type `PetShop`.

use super::context::Context;
use super::rules;
use crate::markers::{GIVEN, NAME, NAMED, RENAMED, union_of};
use crate::naming::type_name;
use crate::openapi::{Node, Pointer, component_schemas};

/// Reports each.
pub(super) fn check(context: &mut Context<'_>) {
    let at = Pointer(["components", "schemas"].map(str::to_owned).into());
    for (name, node) in component_schemas(context.document) {
        let is_named = node.get(NAMED).and_then(Node::as_str) == Some(GIVEN);
        if union_of(name).is_some() || !is_named && node.get(RENAMED).is_none() {
            continue;
        }
        let at = at.join(name);
        let ty = type_name(name);
        let Some(given) = context.given_text(&at, NAME).filter(|it| *it != ty) else {
            continue;
        };
        let action = context.update(&at, &format!("{NAME}: {ty}"));
        context.report(
            rules::SPELLED_NAME,
            &at,
            format!("the type is called `{ty}`: `{given}` is not the name of a type in Rust"),
            format!("write that name with {action}, or another"),
        );
    }
}
