//! One schema, taken through the rules: first the schemas within it, then the schema itself.
//!
//! The order of the rules is in [`object`], with its reasons.

use super::draft::{Draft, schema_of};
use super::{Lowering, Place, bounds, branches, defaults, notes, nulls, references, refused};
use super::{rules, tuples, types, values};
use crate::markers::REPLACE;
use crate::openapi::limits::SCHEMAS;
use crate::openapi::{Entry, Node, Pointer, Value};
use crate::overlay::yaml_text;

/// Lowers a schema of any form. Booleans become objects, and what is nested too deep is refused.
///
/// `true` becomes `{}`, and `false` becomes `{not: {}}`: OpenAPI 3.0 has booleans only at `additionalProperties`.
pub(super) fn lower(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node, place: Place) {
    match &node.value {
        Value::Bool(is_any) => {
            lowering.count(rules::BOOLEAN_SCHEMA, at);
            let any = Node {
                value: Value::Object(Default::default()),
                span: node.span.clone(),
            };
            *node = if *is_any {
                any
            } else {
                schema_of("not", any.value, &any.span)
            };
        }
        Value::Object(_) => {
            // No stage looks into a schema that a hand-written type replaces.
            if place == Place::Component && node.get(REPLACE).is_some() {
                return;
            }
            if lowering.depth == SCHEMAS {
                let message = format!("schemas are nested here, {SCHEMAS} in each other");
                let help = "move some to `components.schemas`, and refer to them";
                lowering.refuse(rules::NESTING, at, message, help);
                return;
            }
            lowering.depth += 1;
            object(lowering, at, node, place);
            lowering.depth -= 1;
        }
        // A schema that is null is missing to progenitor. The lint about nulls reports it.
        Value::Null => {}
        other => {
            let message = format!("this schema is {}", other.kind());
            let help = "write an object; in the overlay, remove what holds it, and add that anew";
            lowering.refuse(rules::SCHEMA_FORM, at, message, help);
        }
    }
}

/// Lowers a schema that is an object.
///
/// The order of the rules matters:
///
/// 1. Null is worked out first, on the schema as it was given.
/// 2. The schemas within are rewritten before a rule moves them to another place: pointers are those of the
///    description as given, and a schema that has moved has none.
/// 3. Lists of types come after bounds and items, which move into the branch of their type.
/// 4. The default is checked last, since null fits if the schema has become nullable.
fn object(lowering: &mut Lowering<'_>, at: &Pointer, node: &mut Node, place: Place) {
    let plan = nulls::plan(lowering, at, node);
    // The value is moved out and not copied. A copy of each schema would copy all schemas within it, at every level.
    let taken = std::mem::replace(&mut node.value, Value::Null);
    let whole = Node {
        value: taken,
        span: node.span.clone(),
    };
    let Some(mut draft) = Draft::new(at.clone(), whole) else {
        return;
    };

    let mut nullable = nulls::leftover(lowering, &mut draft) | plan.nullable;
    refused::unevaluated(lowering, &mut draft);
    notes::lower(lowering, &mut draft, place);
    // The indices are those of the branches as given. They hold until `branches::strip`: no rule in between adds
    // a branch or removes one.
    let null_branches = if plan.strip {
        branches::nulls_of(&draft)
    } else {
        Vec::new()
    };
    inner(lowering, &mut draft, &null_branches);

    if plan.strip {
        nulls::strip_values(lowering, &mut draft);
    }
    types::only_null(lowering, &mut draft);
    values::lower(lowering, &mut draft);
    bounds::lower(lowering, &mut draft);
    tuples::lower(lowering, &mut draft);
    // After those of bounds and items, which it may move into branches.
    types::lists(lowering, &mut draft, plan.has_null_type);
    refused::refuse(lowering, &draft);
    // Only now: what is left of a branch is lowered already, and not to be again.
    nullable |= branches::strip(lowering, &mut draft, &null_branches);
    if nullable {
        let span = draft.span.clone();
        draft.put("nullable", Value::Bool(true), &span);
    }
    references::lower(lowering, &mut draft);
    defaults::lower(lowering, &mut draft);
    *node = draft.finish();
}

/// Lowers the schemas within. Null branches are skipped: they are removed later, and a rewrite of one would be
/// reported though nothing is left of it.
fn inner(
    lowering: &mut Lowering<'_>,
    draft: &mut Draft,
    null_branches: &[(&'static str, Vec<usize>)],
) {
    let at = draft.at.clone();
    if let Some(Value::Object(properties)) = draft.get_mut("properties").map(|it| &mut it.value) {
        let at = at.join("properties");
        for (name, Entry { node, .. }) in properties {
            lower(lowering, &at.join(name), node, Place::Inline);
        }
    }
    for keyword in ["allOf", "anyOf", "oneOf", "prefixItems"] {
        if draft.get(keyword).is_none() {
            continue;
        }
        let at = at.join(keyword);
        match draft.get_mut(keyword).map(|it| &mut it.value) {
            None | Some(Value::Null) => {}
            Some(Value::Array(branches)) if keyword != "prefixItems" || !branches.is_empty() => {
                let skipped = null_branches.iter().find(|(it, _)| *it == keyword);
                for (index, node) in branches.iter_mut().enumerate() {
                    if !skipped.is_some_and(|(_, indices)| indices.contains(&index)) {
                        lower(lowering, &at.join(index), node, Place::Inline);
                    }
                }
            }
            Some(_) => {
                let message = format!("`{keyword}` is not a list of schemas");
                let help = lowering.update(
                    &draft.at,
                    &format!("x-codegen-ignore: [{}]", yaml_text(keyword)),
                );
                let help = format!("leave it out with {help}");
                lowering.refuse(rules::SCHEMA_FORM, &at, message, help);
            }
        }
    }
    for keyword in ["items", "additionalProperties", "not"] {
        let Some(node) = draft.get_mut(keyword) else {
            continue;
        };
        // Booleans that stay as they are.
        let is_left = match (keyword, node.as_bool()) {
            // OpenAPI 3.0 has these as well.
            ("additionalProperties", Some(_)) => true,
            // It closes a tuple: `tuples` looks for it.
            ("items", Some(false)) => true,
            _ => false,
        };
        if !is_left {
            let was_negated = lowering.is_negated;
            lowering.is_negated |= keyword == "not";
            lower(lowering, &at.join(keyword), node, Place::Inline);
            lowering.is_negated = was_negated;
        }
    }
}
