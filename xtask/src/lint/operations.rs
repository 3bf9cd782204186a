//! Operations: their names, methods and servers, and whether they are safe to repeat.
//!
//! `operationId: list-agents` and `operationId: listAgents` would be one method, and so would an operation `withTransport` and a method that
//! the client has already. An operation with servers of its own would be sent to the wrong one.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::operation::Operation;
use super::rules;
use crate::markers::{EVENT_METHOD, EVENT_STREAM, SAFE_TO_REPEAT};
use crate::naming;
use crate::naming::{method_name, operation_name, pages_method};
use crate::openapi::pages::Pages;
use crate::openapi::{Node, Pointer};
use crate::taken;

/// Whether a name for a method is taken: the hand-written part of the client has a method of that name, or its constant would be called
/// as the list of all operations.
pub(super) fn is_taken(method: &str) -> bool {
    let constant = method.to_uppercase();
    taken::client_methods().contains(method)
        || [naming::ALL, naming::SENSITIVE].contains(&constant.as_str())
}

/// Each operation becomes a method and a constant.
pub(super) fn check(context: &mut Context<'_>, operations: &[Operation<'_>]) {
    let mut names: HashMap<String, &Operation<'_>> = HashMap::new();
    let mut taken = methods(operations);
    let unmarked = unmarked(operations);
    let base = base_server(context.document, operations);
    for operation in operations {
        name(context, operation, &mut names, &mut taken);
        if matches!(operation.method.as_str(), "options" | "trace") {
            context.report_change(
                true,
                rules::METHOD,
                &operation.at,
                format!(
                    "`{}`: the generated call would not compile; reqwest does not have this method",
                    operation.label()
                ),
                format!(
                    "remove the operation with {}",
                    context.remove(&operation.at)
                ),
            );
        }
        repeat_safety(context, operation, &unmarked);
        servers(
            context,
            base,
            &operation.at,
            operation.node,
            &operation.label(),
        );
        if let Some(item_at) = operation.at.parent()
            && let Some(item) = context.document.pointer(&item_at)
        {
            servers(context, base, &item_at, item, operation.path);
        }
    }
}

/// From this many operations on, one decision for all of a method is advised, in one finding.
const MANY: usize = 4;

/// The operations of each method that are not marked, if none of that method is.
fn unmarked<'a>(operations: &[Operation<'a>]) -> HashMap<String, Vec<Pointer>> {
    let mut unmarked: HashMap<String, Vec<Pointer>> = HashMap::new();
    let mut marked: HashSet<&str> = HashSet::new();
    for operation in operations {
        let method = operation.at.last().unwrap_or_default();
        match operation.node.get(SAFE_TO_REPEAT) {
            Some(_) => {
                marked.insert(method);
            }
            None => {
                let of_method = unmarked.entry(method.to_owned()).or_default();
                of_method.push(operation.at.clone());
            }
        }
    }
    unmarked
        .retain(|method, of_method| of_method.len() >= MANY && !marked.contains(method.as_str()));
    unmarked
}

/// Checks that the marker is there. The rules about markers check its value.
fn repeat_safety(
    context: &mut Context<'_>,
    operation: &Operation<'_>,
    unmarked: &HashMap<String, Vec<Pointer>>,
) {
    if operation.node.get(SAFE_TO_REPEAT).is_some() {
        return;
    }
    let method = operation.at.last().unwrap_or_default();
    if let Some(all) = unmarked.get(method) {
        if all.first() == Some(&operation.at) {
            // Creating twice makes two. To read, to replace and to delete twice leave things as once does.
            let is_safe = !matches!(method, "post" | "patch");
            context.report(
                rules::REPEAT_SAFETY,
                &operation.at,
                format!(
                    "none of the {} operations with `{}` says whether it is safe to repeat, so it is unknown whether a call may be sent again after its answer was lost",
                    all.len(),
                    method.to_uppercase()
                ),
                format!(
                    "say so for all of them with `{{target: $.paths.*.{method}, update: {{{SAFE_TO_REPEAT}: {is_safe}}}}}`, and mark those that differ by actions after it"
                ),
            );
        }
        return;
    }
    // A second call that creates makes two.
    let (is_safe, other) = match method {
        "post" | "patch" => (false, "or `true` if a second call would do no harm"),
        _ => (true, "or `false` if a second call would do harm"),
    };
    let mark = context.update(&operation.at, &format!("{SAFE_TO_REPEAT}: {is_safe}"));
    context.report(
        rules::REPEAT_SAFETY,
        &operation.at,
        format!(
            "`{}` does not say whether it is safe to repeat, so it is unknown whether a call may be sent again after its answer was lost",
            operation.label()
        ),
        format!("say so with {mark}, {other}"),
    );
}

/// Reports servers of a path item or an operation, which the generator ignores.
fn servers(context: &mut Context<'_>, base: Option<&str>, at: &Pointer, node: &Node, label: &str) {
    if node.given("servers").is_some() {
        let is_elsewhere = base.is_none() || first_server(node) != base;
        let at = at.join("servers");
        let message = format!(
            "`{label}` has servers of its own; the generated call goes to the client's base URL"
        );
        let help = format!(
            "leave them out with {}, if the base URL will do",
            context.remove(&at)
        );
        context.report_change(is_elsewhere, rules::SERVERS, &at, message, help);
    }
}

/// The address of the first server that a description, a path item or an operation lists.
fn first_server(node: &Node) -> Option<&str> {
    let servers = node.get("servers").and_then(Node::as_array)?;
    servers.first()?.get("url")?.as_str()
}

/// The server that the base URL of a client is for: that of the description, or the one that all operations name. `None` if there is none.
fn base_server<'a>(document: &'a Node, operations: &[Operation<'a>]) -> Option<&'a str> {
    if document.given("servers").is_some() {
        return first_server(document);
    }
    let mut servers = operations.iter().map(|operation| {
        let item = operation.at.parent().and_then(|at| document.pointer(&at));
        let of_item = || item.and_then(first_server);
        first_server(operation.node).or_else(of_item)
    });
    let first = servers.next().flatten();
    first.filter(|first| servers.all(|it| it == Some(first)))
}

/// The second method, for server-sent events.
fn stream_name<'a>(
    context: &mut Context<'_>,
    operation: &'a Operation<'a>,
    names: &mut HashMap<String, &'a Operation<'a>>,
    taken_names: &mut HashSet<String>,
) {
    let stream = operation.node.get(EVENT_STREAM);
    let Some(method) = stream.and_then(|it| it.get("method")?.as_str()) else {
        return;
    };
    // Without a method for JSON, the one for events may have the operation's name.
    let is_only = stream.and_then(|it| it.get("only")).is_some();
    if is_only && names.get(method).is_some_and(|it| it.at == operation.at) {
        return;
    }
    let other = names.get(method).map(|it| it.label());
    let taken = match other {
        Some(label) => format!("the name of the method of `{label}`"),
        None if is_taken(method) => "a name that is taken".to_owned(),
        None => {
            names.insert(method.to_owned(), operation);
            return;
        }
    };
    let label = operation.label();
    let name = free(&format!("{}-events", made(operation)), taken_names);
    let rename = context.update(&operation.at, &format!("{EVENT_METHOD}: {name}"));
    context.report(
        rules::OPERATION_ID,
        &operation.at,
        format!(
            "the method for the server-sent events of `{label}` would be called `{method}`, {taken}"
        ),
        format!("name it with {rename}"),
    );
}

/// The second method, for all pages.
fn pages_name<'a>(
    context: &mut Context<'_>,
    operation: &'a Operation<'a>,
    names: &mut HashMap<String, &'a Operation<'a>>,
    taken_names: &mut HashSet<String>,
) {
    let (Some(id), Some(_)) = (operation.id, Pages::of(operation.node)) else {
        return;
    };
    let method = pages_method(id);
    let taken = match names.get(&method) {
        Some(other) => format!("the name of the method of `{}`", other.label()),
        None if is_taken(&method) => "a name that is taken".to_owned(),
        None => {
            names.insert(method, operation);
            return;
        }
    };
    let name = free(&made(operation), taken_names);
    let rename = context.update(&operation.at, &format!("operationId: {name}"));
    context.report(
        rules::OPERATION_ID,
        &operation.at,
        format!(
            "the method for all pages of `{}` would be called `{method}`, {taken}",
            operation.label()
        ),
        format!("rename the operation with {rename}"),
    );
}

/// Reports a method name that is taken. The advice has a free name, so that it can be copied.
fn name<'a>(
    context: &mut Context<'_>,
    operation: &'a Operation<'a>,
    names: &mut HashMap<String, &'a Operation<'a>>,
    taken_names: &mut HashSet<String>,
) {
    let label = operation.label();
    let mut rename = |context: &Context<'_>| {
        let name = free(&made(operation), taken_names);
        context.update(&operation.at, &format!("operationId: {name}"))
    };
    let Some(id) = operation.id else {
        context.report(
            rules::OPERATION_ID,
            &operation.at,
            format!("`{label}` has no `operationId`, so its method has no name"),
            format!("give it one with {}", rename(context)),
        );
        return;
    };
    let at = operation.at.join("operationId");
    if !id.starts_with(|c: char| c.is_ascii_alphabetic()) {
        context.report(
            rules::OPERATION_ID,
            &at,
            format!("the `operationId` `{id}` is not a good name for a method"),
            format!("begin it with a letter, with {}", rename(context)),
        );
        return;
    }
    let method = method_name(id);
    if is_taken(&method) {
        context.report(
            rules::OPERATION_ID,
            &at,
            format!("`{label}` would become the method `{method}`, a name that is taken"),
            format!("rename it with {}", rename(context)),
        );
    }
    match names.get(&method) {
        Some(other) => {
            let message = format!(
                "`{label}` and `{}` would both become the method `{method}`",
                other.label()
            );
            context.report(
                rules::OPERATION_ID,
                &at,
                message,
                format!("rename one with {}", rename(context)),
            );
        }
        None => {
            names.insert(method, operation);
        }
    }
    stream_name(context, operation, names, taken_names);
    pages_name(context, operation, names, taken_names);
}

/// A name of the method and the path.
fn made(operation: &Operation<'_>) -> String {
    let words = operation_name(&operation.method, operation.path);
    method_name(&words)
}

/// This name, or one like it, that no method has, and that is advised once.
fn free(wanted: &str, taken: &mut HashSet<String>) -> String {
    let wanted = method_name(wanted);
    let mut name = wanted.clone();
    let mut number = 2;
    while is_taken(&name) || !taken.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

/// The methods that there will be, those for events and for pages among them.
pub(super) fn methods(operations: &[Operation<'_>]) -> HashSet<String> {
    let ids = operations.iter().filter_map(|it| it.id.map(method_name));
    let streams = operations.iter().filter_map(|it| {
        let stream = it.node.get(EVENT_STREAM)?.get("method")?;
        stream.as_str().map(str::to_owned)
    });
    let pages = operations.iter().filter(|it| Pages::of(it.node).is_some());
    let pages = pages.filter_map(|it| it.id.map(pages_method));
    ids.chain(streams).chain(pages).collect()
}
