//! Keywords of schemas that hold another kind of JSON than they should, such as `required: true`. progenitor's reader refuses them too,
//! but does not say where.

use super::context::Context;
use super::describe;
use super::rules;
use super::schema::Schema;
use crate::openapi::{Node, Pointer, Value, component_schemas};

/// Components that are not schemas at all.
pub(super) fn components(context: &mut Context<'_>) {
    let at = Pointer::default().join("components").join("schemas");
    for (name, node) in component_schemas(context.document) {
        // Another rule reports null.
        if !is_schema(node) && !node.is_null() {
            let what = format!("the schema `{name}`");
            report(context, &at.join(name), &what, node, "an object");
        }
    }
}

/// The keywords that the other rules rely on. Those rules look at what has the right form, and skip the rest.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    for keyword in schema.keywords() {
        let Some(node) = schema.get(keyword).filter(|node| !node.is_null()) else {
            continue;
        };
        let at = schema.at.join(keyword);
        let what = |part: &str| {
            format!(
                "{part} of {}",
                describe::schema(context.document, &schema.at)
            )
        };
        let members = node.as_object().into_iter().flatten();
        let items = node.as_array().into_iter().flatten().enumerate();
        let is_wrong = |it: &Node, right: fn(&Node) -> bool| !it.is_null() && !right(it);
        let wrong: Vec<(Pointer, String, &Node, &str)> = match keyword {
            "properties" if node.as_object().is_none() => {
                vec![(at, what("`properties`"), node, "an object")]
            }
            "properties" => members
                .filter(|(_, entry)| is_wrong(&entry.node, is_schema))
                .map(|(name, entry)| {
                    let what = what(&format!("the property `{name}`"));
                    (at.join(name), what, &entry.node, "a schema")
                })
                .collect(),
            "items" | "not" if !is_schema(node) => {
                vec![(at, what(&format!("`{keyword}`")), node, "a schema")]
            }
            "additionalProperties" if !is_schema(node) && node.as_bool().is_none() => {
                vec![(at, what("`additionalProperties`"), node, "a schema")]
            }
            "oneOf" | "anyOf" | "allOf" if node.as_array().is_none() => {
                vec![(at, what(&format!("`{keyword}`")), node, "an array")]
            }
            "oneOf" | "anyOf" | "allOf" => items
                .filter(|(_, item)| is_wrong(item, is_schema))
                .map(|(index, item)| {
                    let what = what(&format!("branch {} of `{keyword}`", index + 1));
                    (at.join(index), what, item, "a schema")
                })
                .collect(),
            "enum" if node.as_array().is_none() => {
                vec![(at, what("`enum`"), node, "an array")]
            }
            "required" if node.as_array().is_none() => {
                vec![(at, what("`required`"), node, "an array of names")]
            }
            "required" => items
                .filter(|(_, item)| is_wrong(item, |it| it.as_str().is_some()))
                .map(|(index, item)| {
                    let what = what(&format!("item {} of `required`", index + 1));
                    (at.join(index), what, item, "a name")
                })
                .collect(),
            _ => Vec::new(),
        };
        for (at, what, node, expected) in wrong {
            report(context, &at, &what, node, expected);
        }
    }
}

fn is_schema(node: &Node) -> bool {
    matches!(node.value, Value::Object(_))
}

/// Adds a finding about a value of the wrong kind.
fn report(context: &mut Context<'_>, at: &Pointer, what: &str, node: &Node, expected: &str) {
    context.report(
        rules::KEYWORD_VALUE,
        at,
        format!("{what} is {}, not {expected}", node.value.kind()),
        "see the Schema Object in the OpenAPI Specification 3.0.3 for what may stand here",
    );
}
