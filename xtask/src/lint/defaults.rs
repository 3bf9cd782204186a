//! Defaults. typify refuses those that do not fit, and no code can be made of many that do.
//!
//! `{type: integer, default: 1.5}` is refused, and so is a default that is an object. `{type: integer, default: 10}` is fine. lower removes
//! defaults that do not fit, but only from a 3.1 description.

use super::context::Context;
use super::describe;
use super::numbers;
use super::rules;
use super::schema::{Role, Schema};
use crate::openapi::{Node, Value};

/// progenitor makes code of a default, and panics if it cannot.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    let Some(default) = schema.get("default") else {
        return;
    };
    let what = describe::schema(context.document, &schema.at);
    let message = if schema.role == Role::Component {
        format!("{what} has a default, which schemas that refer to it would not have")
    } else {
        match problem(schema, default) {
            Some(problem) => format!("the default of {what} {problem}"),
            None => return,
        }
    };
    context.report(
        rules::DEFAULT,
        &schema.at.join("default"),
        message,
        format!(
            "correct it, or leave it out with {}",
            context.update(&schema.at, "x-codegen-ignore: [default]")
        ),
    );
}

/// What is wrong with a default. The text follows "the default of X".
fn problem(schema: &Schema<'_>, default: &Node) -> Option<String> {
    if let Value::Null = default.value {
        return (!schema.flag("nullable"))
            .then(|| "is null, and the schema does not allow that".to_owned());
    }
    let Some(kind) = schema.kind() else {
        return Some("is on a schema without a type; no code can be generated for it".to_owned());
    };
    let fits = match (kind, &default.value) {
        ("boolean", Value::Bool(_)) => true,
        ("string", Value::String(text)) => {
            schema.get("enum").is_none()
                || schema
                    .items("enum")
                    .iter()
                    .any(|value| value.as_str() == Some(text))
        }
        ("integer", Value::Number(number)) => {
            let width = numbers::resulting(schema);
            let is_whole = number.is_i64() || number.is_u64();
            is_whole
                && numbers::whole_of(default).is_some_and(|value| {
                    value >= width.least && value <= width.greatest && in_bounds(schema, value)
                })
        }
        ("number", Value::Number(_)) => true,
        ("array", Value::Array(items)) => {
            let Some(inner) = schema.inner("items").filter(|it| it.get("$ref").is_none()) else {
                return (!items.is_empty()).then(|| {
                    "holds values of a type that no code can be generated for".to_owned()
                });
            };
            return items.iter().find_map(|item| problem(&inner, item));
        }
        ("object", Value::Object(members)) => {
            if members.is_empty() && schema.properties().next().is_none() {
                return None;
            }
            return Some("is an object; no code can be generated for it".to_owned());
        }
        _ => false,
    };
    (!fits).then(|| format!("is not a valid {kind} for the schema"))
}

/// Whether a whole number is within the bounds.
fn in_bounds(schema: &Schema<'_>, value: i128) -> bool {
    let bound = |keyword: &str| schema.get(keyword).and_then(numbers::whole_of);
    let exclusive = |keyword: &str| schema.flag(keyword);
    bound("minimum")
        .is_none_or(|low| value > low || (value == low && !exclusive("exclusiveMinimum")))
        && bound("maximum")
            .is_none_or(|high| value < high || (value == high && !exclusive("exclusiveMaximum")))
}
