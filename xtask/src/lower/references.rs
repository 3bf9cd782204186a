//! `$ref` with other keywords. OpenAPI 3.0 ignores those, so the reference goes into an `allOf`.
//!
//! `{$ref: X, description: D}` becomes `{description: D, allOf: [{$ref: X}]}`. Extensions may stay next to a reference: this
//! generator reads them there.

use super::Lowering;
use super::draft::{Draft, schema_of};
use super::rules;
use crate::markers::is_extension;
use crate::openapi::Entry;

/// In OpenAPI 3.1, a reference and the keywords next to it all apply. In an `allOf`, they do so in 3.0.
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
