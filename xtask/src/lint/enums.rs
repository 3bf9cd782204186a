//! Enums: their values, and the names of their variants.
//!
//! typify makes enums of texts only. `{type: integer, enum: [1, 2]}` does not become one, `{type: string, enum: [a, a]}` panics, and so does
//! `{type: string, enum: [a-b, a_b]}`, whose values have one name in Rust.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::describe::{self, Words};
use super::numbers;
use super::rules;
use super::schema::{Role, Schema};
use crate::markers::{OPEN, VARIANT_NAMES};
use crate::naming::variant_names;
use crate::openapi::{Node, Value};

/// typify makes enums of texts only, and panics on values that occur twice.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    let Some(list) = schema.get("enum") else {
        return;
    };
    let what = describe::schema(context.document, &schema.at);
    let at = schema.at.join("enum");
    let values = list.as_array().unwrap_or(&[]);
    // The advice leaves the enum out. Then the type must hold its values.
    let update = match schema.kind() {
        Some("integer") if !numbers::holds_values(schema) => numbers::whole(schema),
        _ => "x-codegen-ignore: [enum]".to_owned(),
    };
    let ignore = |context: &Context<'_>| context.update(&schema.at, &update);
    if values.is_empty() {
        let ignore = ignore(context);
        context.report(
            rules::ENUM_VALUES,
            &at,
            format!("the enum of {what} has no values, and would become a type without any"),
            format!("leave it out with {ignore}"),
        );
        return;
    }
    if schema.kind().is_none() && values.iter().any(|value| value.as_str().is_none()) {
        // The rule about types says what to do about both.
        return;
    }
    let mut texts: Vec<&str> = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for (index, value) in values.iter().enumerate() {
        let message = match &value.value {
            Value::String(text) if !seen.insert(text) => {
                format!("the enum of {what} has `{text}` twice; progenitor panics on that")
            }
            Value::String(text) => {
                texts.push(text);
                continue;
            }
            other => format!(
                "the enum of {what} has {}; enums of texts only become enums",
                other.kind()
            ),
        };
        let help = match value.value {
            Value::Null => {
                "remove it, and write `nullable: true` at each use of the enum".to_owned()
            }
            _ => format!("remove it, or leave the enum out with {}", ignore(context)),
        };
        context.report(rules::ENUM_VALUES, &at.join(index), message, help);
    }
    if schema.kind() != Some("string") {
        if !texts.is_empty() && schema.kind().is_some() {
            let ignore = ignore(context);
            let message = format!("the enum of {what} has texts, and its type is not `string`");
            context.report(
                rules::ENUM_VALUES,
                &at,
                message,
                format!("leave it out with {ignore}"),
            );
        }
        return;
    }
    if schema.role != Role::Component {
        return;
    }
    let open = schema.get(OPEN).and_then(Node::as_bool) != Some(false);
    variants(context, schema, what, &texts, open);
}

/// Whether all variants have different names.
fn variants(
    context: &mut Context<'_>,
    schema: &Schema<'_>,
    what: Words<'_>,
    texts: &[&str],
    open: bool,
) {
    let given = schema.items(VARIANT_NAMES);
    let made = variant_names(texts);
    // typify names the variants before we rename them, and panics if two names are the same.
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (index, (text, name)) in texts.iter().zip(&made).enumerate() {
        let at = schema.at.join("enum").join(index);
        if let Some(other) = seen.get(name.as_str()) {
            context.report(
                rules::VARIANT_NAME,
                &at,
                format!("in {what}, `{other}` and `{text}` would both become the variant `{name}`; progenitor panics on that"),
                format!("make it a plain text with {}", context.update(&schema.at, "x-codegen-ignore: [enum]")),
            );
        }
        seen.entry(name).or_insert(text);
        let name = given.get(index).and_then(Node::as_str).unwrap_or(name);
        if open && name == "Unknown" {
            context.report(
                rules::VARIANT_NAME,
                &at,
                format!("in {what}, `{text}` would become the variant `Unknown`, which an open enum has for what it does not know"),
                format!("name the variants with `{VARIANT_NAMES}`"),
            );
        }
    }
}
