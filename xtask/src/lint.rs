//! Fifth stage: what the generator would panic on, or pass over in silence, is refused.
//!
//! Each rule is there because progenitor or typify was seen to do the wrong thing, or because a marker
//! of ours is missing or would go unheeded. A description that passes is within the part of OpenAPI 3.0
//! that comes out as it was meant. [`RULES`] lists the rules; each file below this one holds a family
//! of them.

mod arrays;
mod combinations;
mod context;
mod defaults;
mod describe;
mod enums;
mod fields;
mod forms;
mod keywords;
mod markers;
mod names;
mod nullable;
mod nulls;
mod numbers;
mod objects;
mod operation;
mod operations;
mod parameters;
mod paths;
mod references;
mod request_bodies;
mod responses;
mod rules;
mod schema;
mod shape;
mod strings;
mod tags;
mod type_names;
mod unions;
mod version;

use std::collections::HashSet;

pub use rules::{RULES, Rule};

use crate::diagnostic::{Diagnostic, Failure};
use crate::document::{Node, Pointer, Value};
use context::Context;

/// Looks at a description that was lowered and arranged, and adds what could not be lowered.
///
/// # Errors
///
/// All that is wrong with it, at once, in the description's order.
pub fn lint_lowered(document: &Node, refusals: &[Diagnostic]) -> Result<(), Failure> {
    let found = match lint(document) {
        Err(Failure::Diagnostics(findings)) => findings,
        other if refusals.is_empty() => return other,
        _ => Vec::new(),
    };
    // What was refused is still there, and a lint would only say so in other words.
    let is_refused = |finding: &Diagnostic| {
        finding.pointer.as_ref().is_some_and(|pointer| {
            let refused = refusals.iter().filter_map(|it| it.pointer.as_ref());
            refused
                .clone()
                .any(|refused| pointer.0.starts_with(&refused.0))
        })
    };
    let found = found.into_iter().filter(|finding| !is_refused(finding));
    let mut findings: Vec<Diagnostic> = refusals.iter().cloned().chain(found).collect();
    if findings.is_empty() {
        return Ok(());
    }
    findings.sort_by_cached_key(|finding| position(document, finding.pointer.as_ref()));
    Err(Failure::Diagnostics(findings))
}

/// Looks at a description, the overlay applied.
///
/// # Errors
///
/// All that is wrong with it, at once, in the description's order.
pub fn lint(document: &Node) -> Result<(), Failure> {
    let mut context = Context::new(document);
    if !version::check(&mut context) {
        // Another version is another language; what else would be found makes no sense.
        return Err(Failure::Diagnostics(context.findings));
    }
    let schemas = schema::collect(document);
    let operations = operation::collect(&context);

    fields::check(&mut context);
    references::check(&mut context, &schemas);
    names::check(&mut context);
    forms::components(&mut context);
    markers::check(&mut context, &schemas, &operations);

    operations::check(&mut context, &operations);
    tags::check(&mut context, &operations);
    paths::check(&mut context, &operations);
    parameters::check(&mut context, &operations);
    request_bodies::check(&mut context, &operations);
    responses::check(&mut context, &operations);
    type_names::check(&mut context, &operations);

    let generated =
        |schema: &&schema::Schema<'_>| !schema.is_replaced() && schema.get("$ref").is_none();
    for schema in schemas.iter().filter(generated) {
        keywords::check(&mut context, schema);
        forms::check(&mut context, schema);
        arrays::check(&mut context, schema);
        combinations::check(&mut context, schema);
        defaults::check(&mut context, schema);
        enums::check(&mut context, schema);
        nullable::check(&mut context, schema);
        nulls::check(&mut context, schema);
        numbers::check(&mut context, schema);
        objects::check(&mut context, schema);
        strings::check(&mut context, schema);
        unions::check(&mut context, schema);
    }

    if context.findings.is_empty() {
        return Ok(());
    }
    let mut findings = context.into_findings();
    nulls::leave_to_others(&mut findings);
    findings.sort_by_cached_key(|finding| position(document, finding.pointer.as_ref()));
    let mut seen = HashSet::new();
    findings.retain(|finding| {
        seen.insert((
            finding.rule,
            finding.pointer.clone(),
            finding.message.clone(),
        ))
    });
    Err(Failure::Diagnostics(findings))
}

/// Where in a document a pointer leads: the number of each member or item on the way. Parts of a
/// document may come from different files, so that lines and columns are no order.
fn position(document: &Node, pointer: Option<&Pointer>) -> Vec<usize> {
    let mut node = document;
    let mut position = Vec::new();
    for part in pointer.into_iter().flat_map(|pointer| &pointer.0) {
        let found = match &node.value {
            Value::Object(members) => members
                .get_full(part)
                .map(|(index, _, entry)| (index, &entry.node)),
            Value::Array(items) => part
                .parse()
                .ok()
                .and_then(|index: usize| Some((index, items.get(index)?))),
            _ => None,
        };
        let Some((index, next)) = found else { break };
        position.push(index);
        node = next;
    }
    position
}
