//! Nulls. progenitor's reader ignores a member that is null, or refuses the object that holds it without naming a
//! line. OpenAPI 3.0 allows null in data only. In YAML, `required:` with nothing after the colon is null.

use std::collections::HashSet;

use super::context::Context;
use super::fields;
use super::rules;
use super::schema::Schema;
use crate::diagnostic::Diagnostic;
use crate::markers::is_extension;
use crate::openapi::{Node, Pointer};
use crate::overlay::yaml_text;

/// Data; and texts for readers, such as `description:` with nothing after the colon. A missing text does
/// no harm.
const MAY_BE_NULL: [&str; 5] = ["default", "example", "description", "summary", "title"];

/// In a schema.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    for keyword in schema.keywords() {
        let value = schema.get(keyword);
        match keyword {
            "allOf" | "anyOf" | "oneOf" | "required" => {
                for (at, item) in fields::items(&schema.at.join(keyword), value) {
                    node(context, &at, item);
                }
            }
            "properties" => {
                for (at, property) in fields::members(&schema.at.join(keyword), value) {
                    node(context, &at, property);
                }
            }
            _ => {}
        }
        if value.is_some_and(Node::is_null) && !may_be_null(keyword) {
            let at = schema.at.join(keyword);
            let mut ignored = yaml_text(keyword);
            let flag = match keyword {
                "minimum" => "exclusiveMinimum",
                "maximum" => "exclusiveMaximum",
                _ => "",
            };
            // It would have nothing to exclude.
            if schema.flag(flag) {
                ignored = format!("{ignored}, {flag}");
            }
            let update = format!("x-codegen-ignore: [{ignored}]");
            let ignore = context.update(&schema.at, &update);
            let help = format!("give it a value, or leave it out with {ignore}");
            report(context, false, &at, &format!("`{keyword}`"), help);
        }
    }
}

/// Among the members of an object that is no schema.
pub(super) fn members(context: &mut Context<'_>, at: &Pointer, node: &Node) {
    for (at, value) in fields::members(at, Some(node)) {
        if !may_be_null(at.last().unwrap_or_default()) {
            self::node(context, &at, value);
        }
    }
}

/// What stands under a name, or in a list.
pub(super) fn node(context: &mut Context<'_>, at: &Pointer, node: &Node) {
    // Most values are not null, and it takes time to write advice.
    if !node.is_null() {
        return;
    }
    let (Some(holder), Some(key)) = (at.parent(), at.last()) else {
        return;
    };
    let list = context.document.pointer(&holder).and_then(Node::as_array);
    if list.is_some() {
        let what = format!("an item of `{}`", holder.last().unwrap_or_default());
        let help = format!(
            "take it out; in an overlay, remove the list with {}, and add it anew",
            context.remove(&holder)
        );
        // With the list, its other items go.
        report(context, true, at, &what, help);
    } else {
        let update = context.update(&holder, &format!("'{key}': …"));
        let help = format!("leave it out, or give it a value, as with {update}");
        report(context, false, at, &format!("`{key}`"), help);
    }
}

/// Whether null is allowed under this key, or does no harm.
fn may_be_null(key: &str) -> bool {
    MAY_BE_NULL.contains(&key) || is_extension(key)
}

/// Adds a finding.
fn report(context: &mut Context<'_>, changes: bool, at: &Pointer, what: &str, help: String) {
    let message = format!(
        "{what} is null, which OpenAPI 3.0 does not allow here; progenitor's reader ignores it, or refuses it without naming a line"
    );
    context.report_change(changes, rules::NULL_VALUE, at, message, help);
}

/// Removes findings about nulls that another rule reports too. The other one says what is missing.
pub(super) fn leave_to_others(findings: &mut Vec<Diagnostic>) {
    let is_ours = |finding: &Diagnostic| finding.rule == rules::NULL_VALUE.name;
    let others: HashSet<Pointer> = findings
        .iter()
        .filter(|finding| !is_ours(finding))
        .filter_map(|finding| finding.pointer.clone())
        .collect();
    findings.retain(|finding| {
        let taken = finding
            .pointer
            .as_ref()
            .is_some_and(|at| others.contains(at));
        !(is_ours(finding) && taken)
    });
}
