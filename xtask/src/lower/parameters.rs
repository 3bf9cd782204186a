//! Header and path parameters that may be null: text has no null, so a client never sends it.
//!
//! The schema of `X-Trace: {type: [string, 'null']}` has become a nullable string by now. As a nullable parameter would be an
//! `Option` that must be given, it becomes a plain string.

use super::Lowering;
use super::draft::Draft;
use super::rules;
use crate::openapi::{Node, Pointer, Value};

/// Removes `nullable` from the schema of a parameter, which is lowered already.
pub(super) fn lower(lowering: &mut Lowering<'_>, at: &Pointer, parameter: &mut Node) {
    let place = parameter.get("in").and_then(Node::as_str);
    if !matches!(place, Some("header" | "path")) {
        return;
    }
    let Value::Object(members) = &mut parameter.value else {
        return;
    };
    let Some(schema) = members.get_mut("schema").map(|entry| &mut entry.node) else {
        return;
    };
    let is_nullable = schema.get("nullable").and_then(Node::as_bool) == Some(true);
    if !is_nullable {
        return;
    }
    let at = at.join("schema");
    let Some(mut draft) = Draft::new(at.clone(), schema.clone()) else {
        return;
    };
    if draft.take("nullable").is_none() {
        return;
    }
    lowering.count(rules::PARAMETER_NULL, &at);
    if draft.get("default").is_some_and(Node::is_null) {
        draft.take("default");
        lowering.count(rules::DEFAULT, &at.join("default"));
    }
    *schema = draft.finish();
}
