//! Responses: which statuses, which media types, and one shape for all successes and one for all errors.
//!
//! The arrange stage has taken care of `default` and of ranges such as `4XX`. A status that is not documented arrives as unexpected, with its
//! status and body.

use super::context::Context;
use super::fields::members;
use super::operation::Operation;
use super::rules::{self, Rule};
use crate::markers::is_extension;
use crate::openapi::media_types::{is_json, is_json_unseen};
use crate::openapi::{Node, Pointer, keywords};

/// A response of an operation.
struct Response<'a> {
    /// Where the operation lists it.
    listed: Pointer,
    /// Where it is defined.
    at: Pointer,
    node: &'a Node,
    status: u16,
}

/// All answers of one side, success or error, have one type in Rust.
pub(super) fn check<'a>(context: &mut Context<'a>, operations: &[Operation<'a>]) {
    for operation in operations {
        let responses = collect(context, operation);
        for response in &responses {
            one(context, operation, response);
        }
        let side = |low: u16, high: u16| -> Vec<&Response<'a>> {
            responses
                .iter()
                .filter(|it| (low..=high).contains(&it.status))
                .collect()
        };
        let (successes, errors) = (side(200, 299), side(400, 599));
        if successes.is_empty() {
            let label = operation.label();
            context.report(
                rules::RESPONSE_SUCCESS,
                &operation.at.join("responses"),
                format!(
                    "`{label}` documents no success; generated code would give a stream of bytes"
                ),
                format!(
                    "add one, as with {}",
                    context.update(
                        &operation.at.join("responses"),
                        "'2XX': {description: Done.}, '204': {description: Done.}"
                    )
                ),
            );
        }
        shapes(
            context,
            operation,
            &successes,
            rules::SUCCESS_SHAPES,
            "successes",
        );
        shapes(context, operation, &errors, rules::ERROR_SHAPES, "errors");
    }
}

/// The answers that generated code looks at. The others are reported.
fn collect<'a>(context: &mut Context<'a>, operation: &Operation<'a>) -> Vec<Response<'a>> {
    let label = operation.label();
    let mut responses = Vec::new();
    for (listed, node) in members(
        &operation.at.join("responses"),
        operation.node.get("responses"),
    ) {
        let key = listed.last().unwrap_or_default().to_owned();
        if is_extension(&key) {
            continue;
        }
        let is_range = key.len() == 3
            && key[1..].eq_ignore_ascii_case("xx")
            && key.as_bytes()[0].is_ascii_digit();
        if is_range || key == "default" {
            let help = format!("remove it with {}", context.remove(&listed));
            let message = format!("`{key}` on `{label}` is no range of statuses that HTTP has");
            context.report(rules::RESPONSE_RANGE, &listed, message, help);
            continue;
        }
        let status = match key.parse::<u16>() {
            Ok(status @ 100..=999) if key.len() == 3 => status,
            _ => {
                context.report(
                    rules::RESPONSE_STATUS,
                    &listed,
                    format!("`{key}` on `{label}` is not a status; progenitor ignores it"),
                    "write a status of three digits",
                );
                continue;
            }
        };
        if !(200..=299).contains(&status) && !(400..=599).contains(&status) {
            let remove = context.remove(&listed);
            context.report(
                rules::RESPONSE_STATUS,
                &listed,
                format!("generated code does not look at {status} on `{label}`: it is neither a success nor an error"),
                format!("remove it with {remove}; the answer arrives as unexpected, with its status"),
            );
            continue;
        }
        if let Some((at, node)) = context.resolve(&listed, node, "responses") {
            responses.push(Response {
                listed,
                at,
                node,
                status,
            });
        }
    }
    responses
}

/// Checks the media types of an answer.
fn one(context: &mut Context<'_>, operation: &Operation<'_>, response: &Response<'_>) {
    let (label, status) = (operation.label(), response.status);
    let at = response.at.join("content");
    let Some(content) = response.node.get("content").and_then(Node::as_object) else {
        return;
    };
    if content.is_empty() {
        return;
    }
    let json: Vec<&String> = content.keys().filter(|name| is_json(name)).collect();
    if !json.is_empty() && content.len() > 1 {
        let others: Vec<String> = content
            .keys()
            .filter(|name| *name != json[0])
            .map(|name| format!("`{name}`"))
            .collect();
        let other = content
            .keys()
            .find(|name| *name != json[0])
            .map(|name| at.join(name));
        context.report(
            rules::RESPONSE_MEDIA_TYPE,
            &at,
            format!(
                "`{label}` answers {status} with JSON or {}; generated code reads all of them as JSON",
                others.join(" or ")
            ),
            format!(
                "keep one, with {}, and make another operation of the other",
                context.remove(&other.unwrap_or_default())
            ),
        );
    }
    let unseen: Vec<&String> = content.keys().filter(|it| is_json_unseen(it)).collect();
    if json.is_empty() && unseen.len() > 1 {
        let names: Vec<String> = unseen.iter().map(|name| format!("`{name}`")).collect();
        let help = format!(
            "keep one: remove the others, as with {}",
            context.remove(&at.join(unseen[unseen.len() - 1]))
        );
        let message = format!(
            "`{label}` answers {status} with JSON under {} names, {}; generated code asks for one and reads one",
            names.len(),
            names.join(" and ")
        );
        context.report(rules::RESPONSE_MEDIA_TYPE, &at, message, help);
    }
    for (name, entry) in content {
        let at = at.join(name);
        if json.is_empty() && unseen.len() == 1 && is_json_unseen(name) {
            context.report(
                rules::RESPONSE_MEDIA_TYPE,
                &at,
                format!("`{name}` on {status} of `{label}` is JSON under a name that progenitor does not know; generated code would give bytes"),
                "describe it as `application/json`, which is what is read, whatever the answer says",
            );
        }
        if !is_json(name) {
            continue;
        }
        if entry.node.given("schema").is_none() {
            context.report(
                rules::RESPONSE_SCHEMA,
                &at.join("schema"),
                format!(
                    "the JSON on {status} of `{label}` has no `schema`; progenitor panics on it"
                ),
                format!("say any JSON with {}", context.update(&at, "schema: {}")),
            );
        }
        if entry
            .node
            .given("encoding")
            .is_some_and(|it| it.as_object().is_none_or(|it| !it.is_empty()))
        {
            let at = at.join("encoding");
            let help = format!("leave it out with {}", context.remove(&at));
            context.report(
                rules::RESPONSE_SCHEMA,
                &at,
                format!("`encoding` on {status} of `{label}`; progenitor panics on it"),
                help,
            );
        }
    }
}

/// The answers of one side share one type, so they must have one shape.
fn shapes(
    context: &mut Context<'_>,
    operation: &Operation<'_>,
    responses: &[&Response<'_>],
    rule: Rule,
    side: &str,
) {
    let Some((first, rest)) = responses.split_first() else {
        return;
    };
    let (shape, words) = shape(first.node);
    for other in rest {
        let (other_shape, other_words) = self::shape(other.node);
        if other_shape != shape {
            let label = operation.label();
            // An error that arrives as unexpected is still an error. A success would become one, and be tried again.
            context.report_change(
                rule == rules::SUCCESS_SHAPES,
                rule,
                &other.listed,
                format!("the {side} of `{label}` differ: {} is {words}, {} is {other_words}; progenitor gives both one type, or panics", first.status, other.status),
                format!(
                    "give both the shape of one schema of components, or declare only one of them: {}; \
                     the other then arrives as unexpected, with its status",
                    context.remove(&other.listed)
                ),
            );
        }
    }
}

/// The body of a response. All successes of an operation must have an equal one, and so must all errors.
#[derive(PartialEq)]
enum Kind {
    Nothing,
    Bytes,
    Json(serde_json::Value),
}

/// What decides the Rust type of an answer, and what to call it.
fn shape(response: &Node) -> (Kind, String) {
    let content = response.get("content").and_then(Node::as_object);
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        return (Kind::Nothing, "empty".to_owned());
    };
    let Some((_, media)) = content.iter().find(|(name, _)| is_json(name)) else {
        return (Kind::Bytes, "bytes".to_owned());
    };
    let Some(schema) = media.node.given("schema") else {
        return (Kind::Json(serde_json::Value::Null), "JSON".to_owned());
    };
    let words = match schema.get("$ref").and_then(Node::as_str) {
        Some(reference) => format!("`{}`", reference.rsplit('/').next().unwrap_or(reference)),
        None => "an inline schema".to_owned(),
    };
    let mut json = schema.to_json();
    strip_notes(&mut json);
    (Kind::Json(json), words)
}

/// Takes out what does not change the type.
fn strip_notes(json: &mut serde_json::Value) {
    if let serde_json::Value::Object(members) = json {
        members.retain(|key, _| keywords::shapes(key));
    }
}
