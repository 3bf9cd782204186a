//! Arrays.
//!
//! | schema | what typify would make | why that is refused |
//! |---|---|---|
//! | `{type: array}` | `Vec<Value>` | OpenAPI 3.0 requires `items` |
//! | `{type: array, items: {type: number}, minItems: 3, maxItems: 3}` | `[f64; 3]` | an answer with any other length would be lost |

use super::context::Context;
use super::describe;
use super::rules;
use super::schema::Schema;
use crate::openapi::{Node, Value};

/// typify makes `[T; 3]` of a list of fixed length, which refuses any other length, and `Vec<Value>` of a list without `items`.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    if schema.kind() != Some("array") {
        return;
    }
    let what = describe::schema(context.document, &schema.at);
    // If the overlay leaves them out, any JSON is meant.
    let are_left_out = schema.get("items").is_none() && schema.node.get("items").is_some();
    if schema.get("items").is_none_or(Node::is_null) && !are_left_out {
        context.report(
            rules::ARRAY_ITEMS,
            &schema.at.join("items"),
            format!("{what} is an array without `items`, which OpenAPI 3.0 requires"),
            format!(
                "say any JSON with {}",
                context.update(&schema.at, "items: {}")
            ),
        );
    }
    if let Some(length) = fixed_length(schema) {
        context.report(
            rules::ARRAY_LENGTH,
            &schema.at,
            format!("{what} has exactly {length} items, and would become a Rust array, and an answer of any other length would be refused"),
            format!(
                "leave the lengths out with {}",
                context.update(&schema.at, "x-codegen-ignore: [minItems, maxItems]")
            ),
        );
    }
}

/// The number of items, if it cannot vary.
pub(super) fn fixed_length(schema: &Schema<'_>) -> Option<u64> {
    let count = |keyword: &str| match schema.get(keyword).map(|node| &node.value) {
        Some(Value::Number(number)) => number.as_u64(),
        _ => None,
    };
    let (low, high) = count("minItems").zip(count("maxItems"))?;
    (low == high && low > 0).then_some(low)
}
