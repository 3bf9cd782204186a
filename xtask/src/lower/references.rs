//! `$ref` with other keywords: OpenAPI 3.0 ignores those, so the reference goes into an `allOf`.

use super::Lowering;
use super::draft::{Draft, schema_of};
use super::rules;
use crate::openapi::Entry;

pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    if draft.get("$ref").is_none() {
        return;
    }
    let has_siblings = draft
        .keywords()
        .any(|keyword| keyword != "$ref" && !keyword.starts_with("x-"));
    if !has_siblings {
        return;
    }
    let at = draft.at.join("$ref");
    let Some(Entry { key, node }) = draft.take("$ref") else {
        return;
    };
    draft.and(schema_of("$ref", node.value, &key), true);
    lowering.count(rules::REF_SIBLINGS, &at);
}
