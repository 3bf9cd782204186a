//! Path templates, and the parameters that fill them.
//!
//! `/agents/{id}` needs one parameter `id` in the path, and `{in: path, name: id}` needs such a place. progenitor panics on some of what is
//! refused here, and drops one of two slashes in a row.

use super::context::Context;
use super::operation::Operation;
use super::rules;
use crate::openapi::{Node, path_items};
use crate::overlay::yaml_text;

/// Templates must be well formed, and agree with the parameters.
pub(super) fn check(context: &mut Context<'_>, operations: &[Operation<'_>]) {
    for (at, _) in path_items(context.document) {
        let path = at.last().unwrap_or_default();
        if let Err(problem) = names(path) {
            context.report(
                rules::PATH_TEMPLATE,
                &at,
                format!("`{path}` is not a valid path template: {problem}"),
                "write it as `/v1/things/{id}`; each `{name}` is one parameter in the path",
            );
        }
    }
    for operation in operations {
        parameters(context, operation);
    }
}

/// Whether each name in a path is declared, and each declared one is in it.
fn parameters(context: &mut Context<'_>, operation: &Operation<'_>) {
    let Ok(names) = names(operation.path) else {
        return;
    };
    let label = operation.label();
    let in_path = || {
        operation
            .parameters
            .iter()
            .filter(|it| it.location == "path")
    };
    let is_missing = |name: &&&str| !in_path().any(|parameter| parameter.name == **name);
    let missing: Vec<&str> = names.iter().filter(is_missing).copied().collect();
    for name in &missing {
        context.report(
            rules::PATH_PARAMETER,
            &operation.at,
            format!("`{label}` does not declare `{name}`, which its path has"),
            format!(
                "declare it, as with {}",
                declare(context, operation, &missing)
            ),
        );
    }
    for parameter in in_path() {
        let name = parameter.name;
        if !names.contains(&name) {
            context.report(
                rules::PATH_PARAMETER,
                &parameter.listed,
                format!(
                    "`{label}` declares the path parameter `{name}`, which its path does not have"
                ),
                format!(
                    "add `{{{name}}}` to the path, or remove the parameter with {}",
                    context.remove(&parameter.listed)
                ),
            );
        }
        if parameter.node.get("required").and_then(Node::as_bool) != Some(true) {
            context.report(
                rules::PATH_PARAMETER,
                &parameter.at,
                format!("the path parameter `{name}` is not required; progenitor panics on it"),
                format!(
                    "say so with {}",
                    context.update(&parameter.at, "required: true")
                ),
            );
        }
    }
}

/// The actions that declare texts in the path. An operation without parameters gets a list of them, in one action for all.
fn declare(context: &Context<'_>, operation: &Operation<'_>, names: &[&str]) -> String {
    let declared = names.iter().map(|name| {
        let name = yaml_text(name);
        format!("name: {name}, in: path, required: true, schema: {{type: string}}")
    });
    if context.is_given(&operation.at, "parameters") {
        let at = operation.at.join("parameters");
        let actions: Vec<String> = declared.map(|it| context.update(&at, &it)).collect();
        return actions.join(" and then ");
    }
    let declared: Vec<String> = declared.map(|it| format!("{{{it}}}")).collect();
    let update = format!("parameters: [{}]", declared.join(", "));
    context.update(&operation.at, &update)
}

/// The names in a path template, in their order.
fn names(path: &str) -> Result<Vec<&str>, String> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err("it does not begin with a slash".to_owned());
    };
    if rest.contains("//") || rest.starts_with('/') {
        return Err("it has two slashes in a row, and progenitor drops one".to_owned());
    }
    if let Some(c) = rest
        .chars()
        .find(|c| matches!(c, '?' | '#' | '\\') || c.is_whitespace() || c.is_control())
    {
        return Err(format!("it holds {c:?}"));
    }
    let mut names: Vec<&str> = Vec::new();
    let mut rest = rest;
    while let Some(open) = rest.find(['{', '}']) {
        if rest[open..].starts_with('}') {
            return Err("a `}` closes nothing".to_owned());
        }
        rest = &rest[open + 1..];
        let Some(close) = rest.find('}') else {
            return Err("a `{` is not closed".to_owned());
        };
        let name = &rest[..close];
        if name.is_empty() || name.contains(['{', '/']) {
            return Err(format!("`{{{name}}}` names no parameter"));
        }
        if names.contains(&name) {
            return Err(format!("it has `{{{name}}}` twice"));
        }
        names.push(name);
        rest = &rest[close + 1..];
    }
    Ok(names)
}
