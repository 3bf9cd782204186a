//! Sixth stage: what the generator would panic on, or ignore without a word, is refused.
//!
//! There is a rule only if progenitor or typify was seen to do the wrong thing, or if a marker
//! of ours is missing or would have no effect. A description that passes is in the part of OpenAPI 3.0
//! that is generated as it was meant. [`RULES`] lists the rules. Each file below this one holds a family
//! of them.
//!
//! A finding names the rule, the place in the file, and the overlay action that settles it:
//!
//! ```text
//! error[required]: the schema `Agent` requires `name`, which is not among its properties
//!   --> openapi.yaml:12:18
//!    |
//! 12 |       required: [name]
//!    |                  ^^^^
//!    |
//!    = note: at #/components/schemas/Agent/required/0
//!    = help: declare it, as with `{target: $.components.schemas.Agent, update: {properties: {'name': {}}}}`
//! ```
//!
//! The rules look at the description that was lowered and arranged, since that is what the generator gets. An overlay is applied before
//! both. So `origins` and the notes of the arrange stage translate places back.
//!
//! To add a rule: a line in `rules.rs`, a function in the file of its family, a call of it here, and a fixture in `tests/fixtures/lint/`.
//! If the first action of its advice changes what is sent or read, the rule says so (`report_change`), and `cargo xtask init` does not follow it.

mod arrays;
mod combinations;
mod context;
mod defaults;
mod describe;
mod discriminators;
mod enums;
mod field_words;
mod fields;
mod forms;
mod keywords;
mod markers;
mod merges;
mod method_words;
mod names;
mod nullable;
mod nulls;
mod numbers;
mod objects;
mod operation;
mod operations;
mod origins;
mod parameters;
mod paths;
mod references;
mod request_bodies;
mod responses;
mod rules;
mod schema;
mod secrets;
mod shape;
mod spelled_names;
mod strings;
mod tags;
mod type_names;
mod type_words;
mod unions;
pub(crate) mod version;

use std::collections::HashSet;

pub use rules::{RULES, Rule, WARNINGS};

use crate::diagnostic::{Diagnostic, Failure};
use crate::openapi::{Node, Pointer, Value};
use crate::parallel::in_parallel;
use context::Context;
use operation::Operation;
use origins::Origins;
use schema::Schema;

/// Checks a description that was lowered and arranged, and adds what could not be lowered. `given` is the description
/// before both stages, to which the overlay is applied: the advice is about that.
///
/// # Errors
///
/// All that is wrong with it, at once, in the description's order.
pub fn lint_lowered(given: &Node, document: &Node, refusals: &[Diagnostic]) -> Result<(), Failure> {
    let found = match lint_given(given, document) {
        Err(Failure::Diagnostics(findings)) => findings,
        other if refusals.is_empty() => return other,
        _ => Vec::new(),
    };
    // A keyword that lower has refused is still there. A lint about it would repeat the same in other words.
    let refused = refusals.iter().filter_map(|it| it.pointer.as_ref());
    let refused: HashSet<&[String]> = refused.map(|it| it.0.as_slice()).collect();
    let is_refused = |finding: &Diagnostic| {
        finding.pointer.as_ref().is_some_and(|pointer| {
            (0..=pointer.0.len()).any(|length| refused.contains(&pointer.0[..length]))
        })
    };
    let found = found.into_iter().filter(|finding| !is_refused(finding));
    let mut findings: Vec<Diagnostic> = refusals.iter().cloned().chain(found).collect();
    if findings.is_empty() {
        return Ok(());
    }
    findings.sort_by_cached_key(|finding| position(given, finding.pointer.as_ref()));
    Err(Failure::Diagnostics(findings))
}

/// Checks a description to which the overlay has been applied.
///
/// # Errors
///
/// All that is wrong with it, at once, in the description's order.
pub fn lint(document: &Node) -> Result<(), Failure> {
    lint_given(document, document)
}

/// What is not wrong with a description, and could be better: names that people would not give, and secrets that would be printed. In the
/// description's order. `given` and `document` are as in [`lint_lowered`].
pub fn warnings(given: &Node, document: &Node) -> Vec<Diagnostic> {
    let origins = Origins::new(given);
    let mut context = Context::new(document, &origins);
    if !version::check(&mut context) {
        return Vec::new();
    }
    let operations = operation::collect(&context);
    let renamed = method_words::check(&mut context, &operations);
    type_words::check(&mut context, renamed);
    spelled_names::check(&mut context);
    secrets::check(&mut context, &schema::collect(document), &operations);
    let mut findings = context.into_findings();
    findings.sort_by_cached_key(|finding| position(given, finding.pointer.as_ref()));
    findings.into_iter().map(Diagnostic::into_warning).collect()
}

/// Runs all rules on two threads: rules about each schema take about as long as the others together.
fn lint_given(given: &Node, document: &Node) -> Result<(), Failure> {
    let origins = Origins::new(given);
    let mut context = Context::new(document, &origins);
    if !version::check(&mut context) {
        // Another version is another language, and these rules do not apply to it.
        return Err(Failure::Diagnostics(context.findings));
    }
    if merges::check(&mut context) {
        return Err(Failure::Diagnostics(context.into_findings()));
    }
    let schemas = schema::collect(document);
    let operations = operation::collect(&context);

    let (mut context, of_types) = in_parallel(
        || {
            whole(&mut context, &schemas, &operations);
            context
        },
        || {
            let mut context = Context::new(document, &origins);
            type_names::check(&mut context, &operations);
            for schema in &schemas {
                each_schema(&mut context, schema);
            }
            context.findings
        },
    );
    context.findings.extend(of_types);

    if context.findings.is_empty() {
        return Ok(());
    }
    let mut findings = context.into_findings();
    nulls::leave_to_others(&mut findings);
    findings.sort_by_cached_key(|finding| position(given, finding.pointer.as_ref()));
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

/// The rules about the description as a whole, and about operations.
fn whole<'a>(context: &mut Context<'a>, schemas: &[Schema<'a>], operations: &[Operation<'a>]) {
    fields::check(context);
    references::check(context, schemas);
    discriminators::check(context);
    names::check(context);
    forms::components(context);
    markers::check(context, schemas, operations);

    operations::check(context, operations);
    tags::check(context, operations);
    paths::check(context, operations);
    parameters::check(context, operations);
    request_bodies::check(context, operations);
    responses::check(context, operations);
}

/// The rules about a schema that is generated.
fn each_schema<'a>(context: &mut Context<'a>, schema: &Schema<'a>) {
    if schema.is_replaced() || schema.get("$ref").is_some() {
        return;
    }
    keywords::check(context, schema);
    forms::check(context, schema);
    arrays::check(context, schema);
    combinations::check(context, schema);
    defaults::check(context, schema);
    enums::check(context, schema);
    nullable::check(context, schema);
    nulls::check(context, schema);
    numbers::check(context, schema);
    objects::check(context, schema);
    strings::check(context, schema);
    unions::check(context, schema);
}

/// The position of a part in its document: the index of each member or item on the way. Findings are sorted by it. Parts of a
/// document may come from different files, so lines and columns give no order.
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
