//! Keywords that no validator looks at, and those that have no effect in their place, are removed.
//!
//! `$comment` and the title of an inline schema are examples of the first. `minContains` without `contains`, or `then` without
//! `if`, are examples of the second.

use super::draft::Draft;
use super::rules::{self, Rewriting};
use super::{Lowering, Place, files};
use crate::openapi::{Node, Value};

const DIALECTS: [&str; 2] = [
    "https://json-schema.org/draft/2020-12/schema",
    "https://spec.openapis.org/oas/3.1/dialect/base",
];

/// Whether this is the dialect that all rules here are about.
pub(super) fn is_usual_dialect(node: &Node) -> bool {
    node.as_str()
        .is_some_and(|text| DIALECTS.contains(&text.trim_end_matches('#')))
}

/// Removes them. This comes before the rules about values, so that those see only what has an effect: `then` without `if` would
/// be refused.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft, place: Place) {
    // What is said of a file is the one such keyword that changes what is sent.
    files::lower(&lowering.files, draft);
    let mut drop = |draft: &mut Draft, keyword: &str, rule: Rewriting| {
        if draft.take(keyword).is_some() {
            lowering.count(rule, &draft.at.join(keyword));
        }
    };
    // typify would name the type by it, and titles repeat.
    if place == Place::Inline {
        drop(draft, "title", rules::TITLE);
    }
    drop(draft, "$comment", rules::COMMENT);
    drop(draft, "$anchor", rules::COMMENT);
    drop(draft, "$defs", rules::DEFINITIONS);
    for keyword in ["contentEncoding", "contentMediaType", "contentSchema"] {
        drop(draft, keyword, rules::CONTENT);
    }
    if draft.get("$schema").is_some_and(is_usual_dialect) {
        drop(draft, "$schema", rules::NO_EFFECT);
    }
    if draft.get("if").is_none() {
        drop(draft, "then", rules::NO_EFFECT);
        drop(draft, "else", rules::NO_EFFECT);
    } else if draft.get("then").is_none() && draft.get("else").is_none() {
        drop(draft, "if", rules::NO_EFFECT);
    }
    if draft.get("contains").is_none() {
        drop(draft, "minContains", rules::NO_EFFECT);
        drop(draft, "maxContains", rules::NO_EFFECT);
    }
    for keyword in ["patternProperties", "dependentSchemas", "dependentRequired"] {
        let is_empty = |it: &Node| it.as_object().is_some_and(|members| members.is_empty());
        if draft.get(keyword).is_some_and(is_empty) {
            drop(draft, keyword, rules::NO_EFFECT);
        }
    }
    for keyword in ["propertyNames", "unevaluatedProperties", "unevaluatedItems"] {
        let is_any = |it: &Node| {
            it.as_bool() == Some(true) || it.as_object().is_some_and(|members| members.is_empty())
        };
        if draft.get(keyword).is_some_and(is_any) {
            drop(draft, keyword, rules::NO_EFFECT);
        }
    }
    // 3.0 has one `example` in place of the list.
    if let Some(entry) = draft.take("examples") {
        lowering.count(rules::EXAMPLES, &draft.at.join("examples"));
        if let Value::Array(examples) = entry.node.value
            && let Some(first) = examples.into_iter().next()
            && !draft.members.contains_key("example")
        {
            draft.put("example", first.value, &entry.key);
        }
    }
}
