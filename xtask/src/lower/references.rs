//! `$ref` with other keywords: OpenAPI 3.0 ignores those, so the reference goes into an `allOf`.

use super::Lowering;
use super::draft::{Draft, schema_of};
use super::rules;
use crate::markers::is_extension;
use crate::openapi::Entry;

/// In OpenAPI 3.1 what stands next to a reference holds as well, and so it does in an `allOf`.
pub(super) fn lower(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    if draft.get("$ref").is_none() {
        return;
    }
    let has_siblings = draft
        .keywords()
        .any(|keyword| keyword != "$ref" && !is_extension(keyword));
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
