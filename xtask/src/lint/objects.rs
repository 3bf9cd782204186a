//! Objects: the names of their fields, and what they require.
//!
//! `{properties: {a-b: A, a_b: B}}` would have two fields `a_b`. `{required: [name]}` without such a property would become a field of any
//! JSON.

use std::collections::HashMap;

use super::combinations;
use super::context::Context;
use super::describe;
use super::rules;
use super::schema::Schema;
use crate::naming::field_name;
use crate::openapi::{Node, Value};
use crate::overlay::yaml_text;

/// Fields must have different names. Required properties must be declared, since typify makes a field of any JSON for one that is not.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    if schema.kind() != Some("object") {
        return;
    }
    let what = describe::schema(context.document, &schema.at);
    let additional = schema.get("additionalProperties").map(|node| &node.value);
    if let Some(Value::Bool(false)) = additional {
        context.report(
            rules::ADDITIONAL_PROPERTIES,
            &schema.at.join("additionalProperties"),
            format!(
                "{what} allows no further properties: an answer with a new one would be refused"
            ),
            format!(
                "leave it out with {}",
                context.update(&schema.at, "x-codegen-ignore: [additionalProperties]")
            ),
        );
    }

    let has_rest = matches!(additional, Some(Value::Object(_)));
    let mut fields: HashMap<String, String> = HashMap::new();
    if has_rest && schema.properties().next().is_some() {
        fields.insert(
            "extra".to_owned(),
            "what `additionalProperties` allows".to_owned(),
        );
    }
    for (name, property) in schema.properties() {
        if !name.contains(char::is_alphanumeric) {
            let message = format!("`{name}` cannot be the name of a field");
            let help = "leave the properties out, for an object of any JSON, or replace the schema by a hand-written type with `x-codegen-replace`";
            context.report(rules::PROPERTY_NAME, &property.at, message, help);
            continue;
        }
        let field = field_name(name);
        match fields.get(&field) {
            Some(other) => {
                let message = format!("`{name}` and {other} would both become the field `{field}`");
                let help = "remove one of them, or replace the schema by a hand-written type with `x-codegen-replace`";
                context.report(rules::PROPERTY_NAME, &property.at, message, help);
            }
            None => {
                fields.insert(field, format!("`{name}`"));
            }
        }
    }

    // What is merged may require properties of what it is merged with.
    if combinations::is_merged(context, &schema.at) {
        return;
    }
    let list = schema
        .get("required")
        .and_then(Node::as_array)
        .unwrap_or(&[]);
    let declared = schema.get("properties").and_then(Node::as_object);
    for (index, name) in list.iter().enumerate() {
        let Some(name) = name.as_str() else { continue };
        if !declared.is_some_and(|properties| properties.contains_key(name)) {
            context.report(
                rules::REQUIRED,
                &schema.at.join("required").join(index),
                format!("{what} requires `{name}`, which is not among its properties"),
                format!(
                    "declare it, as with {}",
                    context.update(
                        &schema.at,
                        &format!("properties: {{{}: {{}}}}", yaml_text(name))
                    )
                ),
            );
        }
    }
}
