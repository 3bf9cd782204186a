//! `const` becomes an enum of one value: `const: agent` becomes `type: string` and `enum: [agent]`.

use super::Lowering;
use super::draft::{Draft, node};
use super::rules;
use crate::openapi::{Entry, Value};

/// A text gets its type, too: typify reads no enum without a type.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    let Some(value) = draft.get("const").map(|it| it.to_json()) else {
        return;
    };
    let at = draft.at.join("const");
    if draft.get("enum").is_some() {
        let is_listed = draft
            .get("enum")
            .and_then(|it| it.as_array())
            .is_some_and(|list| list.iter().any(|it| same(&it.to_json(), &value)));
        if !is_listed {
            let help =
                "remove one of them in the overlay, or leave one out with `x-codegen-ignore`";
            let message = "this `const` is not among the values of its enum";
            lowering.refuse(rules::CONST_CONFLICT, &at, message, help);
            return;
        }
    }
    let Some(Entry { key, node: value }) = draft.take("const") else {
        return;
    };
    if value.as_str().is_some() && !draft.members.contains_key("type") {
        draft.put("type", Value::String("string".to_owned()), &key);
    }
    let list = node(Value::Array(vec![value]), &key);
    draft.put("enum", list.value, &key);
    lowering.count(rules::CONST, &at);
}

/// Whether two values are equal. 1 and 1.0 are, to JSON Schema.
fn same(left: &serde_json::Value, right: &serde_json::Value) -> bool {
    match (left.as_f64(), right.as_f64()) {
        (Some(left), Some(right)) => left == right,
        _ => left == right,
    }
}
