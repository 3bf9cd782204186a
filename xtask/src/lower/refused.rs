//! Keywords that OpenAPI 3.0 has no equivalent of. Each is an error, with an overlay action that leaves it out.
//!
//! To leave one out by default would loosen the schema without a word: a value that the service refuses would look valid.

use super::Lowering;
use super::draft::Draft;
use super::notes::is_usual_dialect;
use super::rules::{self, Refusal};
use crate::openapi::Node;
use crate::openapi::schema::members;
use crate::overlay::yaml_text;

const KEYWORDS: [(&str, Refusal); 15] = [
    ("if", rules::CONDITIONAL),
    ("then", rules::CONDITIONAL),
    ("else", rules::CONDITIONAL),
    ("patternProperties", rules::PATTERN_PROPERTIES),
    ("propertyNames", rules::PATTERN_PROPERTIES),
    ("dependentSchemas", rules::DEPENDENT),
    ("dependentRequired", rules::DEPENDENT),
    ("contains", rules::CONTAINS),
    ("unevaluatedProperties", rules::UNEVALUATED_KEYWORDS),
    ("unevaluatedItems", rules::UNEVALUATED_KEYWORDS),
    ("$dynamicRef", rules::DYNAMIC_REF),
    ("$dynamicAnchor", rules::DYNAMIC_REF),
    ("$recursiveRef", rules::DYNAMIC_REF),
    ("$recursiveAnchor", rules::DYNAMIC_REF),
    ("$id", rules::DYNAMIC_REF),
];

/// What may evaluate properties that `additionalProperties` of the same schema does not see.
const COMBINING: [&str; 10] = [
    "$ref",
    "$dynamicRef",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "patternProperties",
    "dependentSchemas",
];

/// Rewrites `unevaluatedProperties` if the schema has no keyword that combines: then the properties that are not evaluated are the
/// additional ones.
///
/// This comes before any other rewrite: a list of types becomes a `oneOf`, which would count as combining.
pub(super) fn unevaluated(lowering: &mut Lowering<'_>, draft: &mut Draft) {
    if draft.get("unevaluatedProperties").is_none()
        || COMBINING.iter().any(|keyword| draft.get(keyword).is_some())
        || draft.members.contains_key("else")
    {
        return;
    }
    let at = draft.at.join("unevaluatedProperties");
    if let Some(entry) = draft.take("unevaluatedProperties") {
        lowering.count(rules::UNEVALUATED, &at);
        // With `additionalProperties`, every property is evaluated.
        draft
            .members
            .entry("additionalProperties".to_owned())
            .or_insert(entry);
    }
}

/// Refuses each keyword by itself, with the action that leaves it out.
pub(super) fn refuse(lowering: &mut Lowering<'_>, draft: &Draft) {
    let mut refusals: Vec<(&str, Refusal)> = KEYWORDS
        .into_iter()
        .filter(|(keyword, _)| draft.get(keyword).is_some())
        .collect();
    let is_foreign = |it: &Node| !is_usual_dialect(it);
    if draft.get("$schema").is_some_and(is_foreign) {
        refusals.push(("$schema", rules::DIALECT));
    }
    for (keyword, refusal) in refusals {
        let update = format!("x-codegen-ignore: [{}]", yaml_text(keyword));
        let help = format!(
            "if the client need not know, leave it out with {}; otherwise replace the schema in the overlay",
            lowering.update(&draft.at, &update)
        );
        let message = format!("OpenAPI 3.0 has no equivalent of `{keyword}`");
        let changes = loses_members(draft, keyword);
        lowering.refuse_change(changes, refusal, &draft.at.join(keyword), message, help);
    }
}

/// Whether a schema without this keyword would have no place for members that the keyword describes. What only bounds values would not be
/// missed.
fn loses_members(draft: &Draft, keyword: &str) -> bool {
    let own = draft.get("properties").and_then(Node::as_object);
    let declares = |schema: &Node| {
        let mut names = members(schema, "properties").map(|(name, _)| name);
        let combines = ["$ref", "allOf", "anyOf", "oneOf", "patternProperties"];
        combines.iter().any(|it| schema.get(it).is_some())
            || names.any(|name| own.is_none_or(|own| !own.contains_key(name)))
    };
    match (keyword, draft.get(keyword)) {
        // A map of any JSON has a place for all.
        ("patternProperties", Some(_)) => {
            let others = draft.get("additionalProperties");
            own.is_some() || others.is_some_and(|it| it.as_object().is_some())
        }
        // Without it, the other two say nothing.
        ("if", Some(_)) => ["then", "else"]
            .iter()
            .any(|it| draft.get(it).is_some_and(declares)),
        ("then" | "else", Some(schema)) => declares(schema),
        ("dependentSchemas", Some(schemas)) => {
            let mut schemas = schemas.as_object().into_iter().flatten();
            schemas.any(|(_, entry)| declares(&entry.node))
        }
        _ => false,
    }
}
