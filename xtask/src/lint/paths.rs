//! Path templates, and the parameters that fill them.
//!
//! `/agents/{id}` needs one parameter `id` in the path, and `{in: path, name: id}` needs such a place. progenitor panics on some of what is
//! refused here, and drops one of two slashes in a row.

use super::context::Context;
use super::operation::Operation;
use super::rules;
use crate::openapi::{Node, path_items};

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
    for name in &names {
        if !in_path().any(|parameter| parameter.name == *name) {
            let declare = format!(
                "parameters: [{{name: {name}, in: path, required: true, schema: {{type: string}}}}]"
            );
            context.report(
                rules::PATH_PARAMETER,
                &operation.at,
                format!("`{label}` does not declare `{name}`, which its path has"),
                format!("declare it: `{declare}`"),
            );
        }
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
