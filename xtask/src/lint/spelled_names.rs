//! Names of the overlay that are spelled otherwise in Rust: `x-codegen-name: pet shop` makes a type `PetShop`, and on a branch of a union that
//! has no type of its own, a variant.

use super::context::Context;
use super::rules;
use crate::markers::{GIVEN, NAME, NAMED, RENAMED, union_of};
use crate::naming::type_name;
use crate::openapi::{Node, Pointer, component_schemas};

/// Reports each.
pub(super) fn check(context: &mut Context<'_>) {
    let schemas = Pointer(["components", "schemas"].map(str::to_owned).into());
    for (name, node) in component_schemas(context.document) {
        let at = schemas.join(name);
        if union_of(name).is_some() {
            let at = at.join("properties");
            let branches = node.get("properties").and_then(Node::as_object);
            for (field, entry) in branches.into_iter().flatten() {
                // What has a type is among the components, too.
                if entry.node.get("$ref").is_none() && entry.node.get("allOf").is_none() {
                    check_name(context, &at.join(field), "variant", None);
                }
            }
        } else if node.get(NAMED).and_then(Node::as_str) == Some(GIVEN)
            || node.get(RENAMED).is_some()
        {
            check_name(context, &at, "type", Some(type_name(name)));
        }
    }
}

/// Reports a name that is another in Rust.
fn check_name(context: &mut Context<'_>, at: &Pointer, what: &str, is: Option<String>) {
    let Some(given) = context.given_text(at, NAME) else {
        return;
    };
    let is = is.unwrap_or_else(|| type_name(given));
    if is == given {
        return;
    }
    let action = context.update(at, &format!("{NAME}: {is}"));
    context.report(
        rules::SPELLED_NAME,
        at,
        format!("the {what} is called `{is}`: `{given}` is not the name of a {what} in Rust"),
        format!("write that name with {action}, or another"),
    );
}
