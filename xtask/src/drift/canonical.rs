//! Data as text that is the same if the data means the same: `1` and `1.0`, or members in any order.

use std::fmt::Write as _;

use crate::openapi::{Node, Value};

/// The text in full, to compare.
pub(super) fn canonical(node: &Node) -> String {
    let mut text = String::new();
    write(node, &mut text);
    text
}

/// The text for people: not longer than a line can bear.
pub(super) fn short(node: &Node) -> String {
    const LENGTH: usize = 60;
    let text = canonical(node);
    if text.chars().count() <= LENGTH {
        return text;
    }
    let start: String = text.chars().take(LENGTH).collect();
    format!("{start}…")
}

/// Members in the order of their names. A whole number is written the same whether or not it has a fraction of zero.
fn write(node: &Node, text: &mut String) {
    // Writing to a string cannot fail.
    match &node.value {
        Value::Null => text.push_str("null"),
        Value::Bool(value) => {
            let _ = write!(text, "{value}");
        }
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() < 1e15 => {
                let _ = write!(text, "{value:.0}");
            }
            _ => {
                let _ = write!(text, "{number}");
            }
        },
        Value::String(value) => {
            let _ = write!(text, "{}", serde_json::Value::from(value.as_str()));
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| key.as_str());
            text.push('{');
            for (index, (key, entry)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                let _ = write!(text, "{}: ", serde_json::Value::from(key.as_str()));
                write(&entry.node, text);
            }
            text.push('}');
        }
    }
}
