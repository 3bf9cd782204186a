//! Unions of inline objects with a tag. typify writes those itself, as an enum with fields in each variant. They are not set aside.
//!
//! ```yaml
//! oneOf:
//! - {type: object, required: [type, text], properties: {type: {type: string, enum: [text]}, text: {type: string}}}
//! - {type: object, required: [type, url], properties: {type: {type: string, enum: [image]}, url: {type: string}}}
//! ```
//!
//! becomes `enum Content { Text { text: String }, Image { url: String } }`, with `#[serde(tag = "type")]`. Refine opens it.

use std::collections::BTreeSet;

use crate::markers::{CONSTANT, NOT_SENT, REQUIRED_IN_ANSWERS, REQUIRED_TO_SEND};
use crate::openapi::schema::{alternatives, flag, get, members, requires, text, texts};
use crate::openapi::{Node, Tag};

/// Whether typify makes an enum with a tag of this schema. The conditions are typify's. If one is not met, it makes
/// an enum that takes the first branch that parses.
pub(super) fn is_tagged(schema: &Node) -> bool {
    let Some(("oneOf", branches)) = alternatives(schema) else {
        return false;
    };
    let mut common: Option<BTreeSet<&str>> = None;
    let mut all: BTreeSet<&str> = BTreeSet::new();
    for branch in branches {
        if !is_plain(branch) {
            return false;
        }
        let tags: BTreeSet<&str> = tags(branch).map(|(name, _)| name).collect();
        all.extend(&tags);
        common = Some(match common {
            Some(common) => common.intersection(&tags).copied().collect(),
            None => tags,
        });
    }
    // More than one, and typify would have to choose.
    let Some(common) = common.filter(|common| common.len() == 1 && all.len() == 1) else {
        return false;
    };
    let tag = common.first().copied();
    let named = get(schema, "discriminator").and_then(|it| it.get("propertyName")?.as_str());
    if named.is_some() && named != tag {
        return false;
    }
    let values: BTreeSet<&str> = branches
        .iter()
        .flat_map(tags)
        .map(|(_, value)| value)
        .collect();
    // Nothing but tags, and typify would make an enum of texts.
    let has_fields = branches
        .iter()
        .any(|it| members(it, "properties").count() > 1);
    values.len() == branches.len() && has_fields
}

/// Whether typify makes a variant with fields of this branch: an object with properties and nothing else.
fn is_plain(branch: &Node) -> bool {
    branch.get("$ref").is_none()
        && text(branch, "type") == Some("object")
        && !flag(branch, "nullable")
        // A variant has no notes.
        && [NOT_SENT, REQUIRED_TO_SEND, REQUIRED_IN_ANSWERS]
            .iter()
            .all(|note| branch.get(note).is_none())
        && [
            "additionalProperties",
            "minProperties",
            "maxProperties",
            "allOf",
            "oneOf",
            "anyOf",
        ]
        .iter()
        .all(|keyword| get(branch, keyword).is_none())
}

/// Required properties that can have one value only, and that value.
fn tags(branch: &Node) -> impl Iterator<Item = (&str, &str)> {
    members(branch, "properties")
        .filter(|(name, _)| requires(branch, name))
        .filter_map(|(name, property)| {
            if flag(property, "nullable") || get(property, "format").is_some() {
                return None;
            }
            match texts(property)?.as_slice() {
                [one] => Some((name, *one)),
                _ => None,
            }
        })
}

/// What a branch is called by the value that distinguishes it from others, if the branch itself says so: that of the property `tag`, or of the
/// first text that can have one value only. A number says nothing by itself: `kind: 1` is `kind-1`.
pub(super) fn tag_value(branch: &Node, tag: Option<&str>) -> Option<String> {
    members(branch, "properties")
        .filter(|(name, _)| tag.is_none_or(|tag| tag == *name))
        .find_map(|(name, property)| {
            if let (Some(_), Some(value)) = (tag, property.get(CONSTANT)) {
                return Some(format!("{name}-{}", Tag::of(value)?));
            }
            match texts(property)?.as_slice() {
                [one] => Some((*one).to_owned()),
                _ => None,
            }
        })
}
