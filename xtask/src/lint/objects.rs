//! Objects: the names of their fields, and what they require.
//!
//! `{properties: {a-b: A, a_b: B}}` would have two fields `a_b`. `{required: [name]}` without such a property would become a field of any
//! JSON.

use std::collections::HashMap;

use super::combinations;
use super::context::Context;
use super::describe;
use super::field_words::Taken;
use super::rules;
use super::schema::Schema;
use crate::markers::FIELD;
use crate::naming::{field_name, member_name};
use crate::openapi::{Node, Pointer, Value};
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

    fields(context, schema, additional);

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

/// Whether the fields of an object have different names. A property that is spelled as its field has the first right to that name.
fn fields(context: &mut Context<'_>, schema: &Schema<'_>, additional: Option<&Value>) {
    let mut properties: Vec<(&str, Schema<'_>, String)> = schema
        .properties()
        .map(|(name, property)| {
            let field = member_name(name, property.field(), field_name);
            (name, property, field)
        })
        .collect();
    let mut taken = Taken::default();
    properties.iter().for_each(|it| taken.insert(&it.2));
    let mut fields: HashMap<String, String> = HashMap::new();
    let has_rest = matches!(additional, Some(Value::Object(_)));
    if has_rest && !properties.is_empty() {
        let rest = "what `additionalProperties` allows";
        fields.insert("extra".to_owned(), rest.to_owned());
        taken.insert("extra");
    }
    properties.sort_by_key(|(name, property, field)| {
        let is_given = property.field().is_some();
        (!is_given, *name != field.trim_end_matches('_'))
    });
    for (name, property, field) in properties {
        let is_named = property.field().is_some() || name.contains(char::is_alphanumeric);
        let message = match fields.get(&field) {
            _ if !is_named => format!("`{name}` cannot be the name of a field"),
            Some(other) => format!("`{name}` and {other} would both become the field `{field}`"),
            None => {
                fields.insert(field, format!("`{name}`"));
                continue;
            }
        };
        let help = name_field(context, &property.at, name, &mut taken);
        context.report(rules::PROPERTY_NAME, &property.at, message, help);
    }
}

/// The action that gives a property a field of its own.
pub(super) fn name_field(
    context: &Context<'_>,
    at: &Pointer,
    name: &str,
    taken: &mut Taken,
) -> String {
    let free = taken.free(name, &field_name(name), None);
    let action = context.update_place(at, &format!("{FIELD}: {free}"));
    format!("give its field a name with {action}, or a better one; the service sees `{name}`")
}
