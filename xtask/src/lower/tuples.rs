//! Arrays whose items differ by position. OpenAPI 3.0 has one schema for all items.
//!
//! | given | lowered |
//! |---|---|
//! | `prefixItems: [A, A]`, `items: false` | `items: A`, `maxItems: 2` |
//! | `prefixItems: [A]`, `items: A` | `items: A` |
//! | `items: false` | `items: {}`, `maxItems: 0` |
//! | `prefixItems: [A, B]` | refused |

use indexmap::IndexMap;
use serde_json::Number;

use super::Lowering;
use super::draft::{Draft, node};
use super::rules;
use crate::openapi::{Entry, Node, Value};

/// Rewrites `prefixItems`, and `items: false`. The schemas within are lowered already, booleans among them, except `items: false`:
/// it closes the list, and is not a schema of an item.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    let is_closed = draft.get("items").and_then(Node::as_bool) == Some(false);
    let prefix: &[Node] = match draft.get("prefixItems").map(|it| &it.value) {
        None if is_closed => &[],
        Some(Value::Array(items)) if !items.is_empty() => items,
        _ => return,
    };
    let limit = match draft.get("maxItems").map(|it| &it.value) {
        Some(Value::Number(limit)) => limit.as_u64().map(|it| it as usize),
        _ => None,
    };
    // `items: false` allows no item after the prefix, so it is a limit, too.
    let limit = if is_closed {
        Some(limit.map_or(prefix.len(), |it| it.min(prefix.len())))
    } else {
        limit
    };
    // Without `items`, the items after the prefix may be anything.
    let any = || node(Value::Object(IndexMap::new()), &draft.span);
    let rest = match draft.get("items") {
        Some(items) if !is_closed => items.clone(),
        _ => any(),
    };
    // The schemas that apply to some item. With `maxItems: 1`, the second of `prefixItems` applies to none, and may differ.
    let mut met: Vec<&Node> = prefix.iter().take(limit.unwrap_or(usize::MAX)).collect();
    if limit.is_none_or(|limit| limit > prefix.len()) {
        met.push(&rest);
    }
    let one = met.first().map_or_else(any, |it| (*it).clone());
    if met.iter().any(|it| it.to_json() != one.to_json()) {
        // A merge puts nothing in the place of `items` that are there: an array without any is one of any JSON, too.
        let update = match draft.get("items") {
            Some(_) => "x-codegen-ignore: [prefixItems, items]",
            None => "x-codegen-ignore: [prefixItems], items: {}",
        };
        let help = format!(
            "let them be any JSON with {}",
            lowering.update(&draft.at, update)
        );
        lowering.refuse(
            rules::TUPLE_ITEMS,
            &draft.at.join("prefixItems"),
            "the items of this array differ by their place; OpenAPI 3.0 has one schema for all",
            help,
        );
        return;
    }
    let keyword = if draft.get("prefixItems").is_some() {
        "prefixItems"
    } else {
        "items"
    };
    lowering.count(rules::TUPLE, &draft.at.join(keyword));
    let Some(Entry { key, .. }) = draft.take(keyword) else {
        return;
    };
    draft.take("items");
    draft.put("items", one.value, &key);
    if let (true, Some(limit)) = (is_closed, limit) {
        let limit = Number::from(limit);
        draft.put("maxItems", Value::Number(limit), &key);
    }
}
