//! JSON under another name: `application/problem+json`, `application/vnd.api+json`, `*/*`. To progenitor, JSON is `application/json` alone.
//!
//! | given | arranged |
//! |---|---|
//! | `'400': {content: {application/problem+json: M}}` | `'400': {content: {application/json: M}}` |
//! | `'200': {content: {application/vnd.api+json: M}}` | the same, and `x-made-accepts` on the operation |
//!
//! | `requestBody: {content: {text/json: M}}` | `requestBody: {content: {application/json: M}}`, and `x-made-content-type` on the operation |
//! | `requestBody: {content: {text/json: M, application/json: N}}` | `requestBody: {content: {application/json: N}}` |
//!
//! What an answer is called does not matter when it is read. What is asked for does, so refine asks for a success by its own name, too. A body is
//! sent under its own name. Of several names of JSON, `application/json` is sent, else the first.

use indexmap::IndexMap;

use super::build::{entry, member_mut, members_mut, string};
use super::nodes::{own, resolve, responses, set};
use crate::markers::{ACCEPTS, CONTENT_TYPE, FROM};
use crate::openapi::media_types::{is_json, is_json_to_send, is_json_unseen};
use crate::openapi::schema::{get, text};
use crate::openapi::{Entry, Node, Pointer, operations, reference};

/// To progenitor, this is JSON.
const JSON: &str = "application/json";

/// Renames the JSON of each answer that has it under one other name, and under no name that progenitor knows. And that of each body.
pub(super) fn arrange(document: &mut Node) {
    let all: Vec<Pointer> = operations(document).map(|(at, _)| at).collect();
    for at in all {
        body(document, &at);
        let mut asked: Vec<String> = Vec::new();
        for (status, response) in responses(document, &at) {
            let Some((from, name)) = odd_name(document, &response) else {
                continue;
            };
            if let Some(response) = own(document, &response, "responses") {
                rename(response, &name, &from);
            }
            // A range includes what is asked for already.
            let is_success = (200..300).contains(&status);
            if is_success && !name.contains('*') && !asked.contains(&name) {
                asked.push(name);
            }
        }
        let asked: Vec<String> = asked
            .into_iter()
            .filter(|it| !it.eq_ignore_ascii_case(JSON))
            .collect();
        if !asked.is_empty()
            && let Some(operation) = document.pointer_mut(&at)
        {
            let span = operation.span.clone();
            set(operation, ACCEPTS, string(asked.join(", "), &span));
        }
    }
}

/// Leaves one name of JSON to the body of an operation: `application/json`. What it was is noted, unless it is sent so anyway.
fn body(document: &mut Node, operation: &Pointer) {
    let listed = operation.join("requestBody");
    let Some((from, body)) = resolve(document, &listed, "requestBodies") else {
        return;
    };
    let Some(content) = body.get("content").and_then(Node::as_object) else {
        return;
    };
    let names = || content.keys().filter(|it| is_json_to_send(it));
    let is_plain = |it: &&String| it.eq_ignore_ascii_case(JSON);
    let any = || content.keys().find(|it| is_any(document, it, content));
    let Some(name) = names()
        .find(is_plain)
        .or_else(|| names().next())
        .or_else(any)
    else {
        return;
    };
    let is_other = |it: &str| it != name && (is_json(it) || is_json_unseen(it));
    if name == JSON && !content.keys().any(|it| is_other(it)) {
        return;
    }
    let name = name.clone();
    let sent = !name.eq_ignore_ascii_case(JSON) && !name.contains('*');
    let from = from.join("content").join(&name);
    let Some(body) = own(document, &listed, "requestBodies") else {
        return;
    };
    if let Some(content) = member_mut(body, "content").and_then(members_mut) {
        content.retain(|it, _| *it == name || !(is_json(it) || is_json_unseen(it)));
    }
    rename(body, &name, &from);
    if sent && let Some(operation) = document.pointer_mut(operation) {
        let span = operation.span.clone();
        set(operation, CONTENT_TYPE, string(name, &span));
    }
}

/// Whether a body of this one media type, a range that JSON is in, is a value. A text or a file may be anything.
fn is_any(document: &Node, name: &str, content: &IndexMap<String, Entry>) -> bool {
    let range = name.split(';').next().unwrap_or_default().trim();
    let schema = content.get(name).and_then(|it| it.node.get("schema"));
    let is_value = |schema: &Node| {
        let schema = reference::last(document, schema);
        let combines = || ["properties", "allOf", "oneOf", "anyOf"].iter();
        match text(schema, "type") {
            Some(kind) => kind != "string",
            None => combines().any(|it| get(schema, it).is_some()),
        }
    };
    matches!(range, "*/*" | "application/*") && content.len() == 1 && schema.is_some_and(is_value)
}

/// The name of the only JSON of an answer, and where the answer stands. `None` if progenitor sees JSON there, or there are several.
fn odd_name(document: &Node, response: &Pointer) -> Option<(Pointer, String)> {
    let (at, response) = resolve(document, response, "responses")?;
    let content = response.get("content")?.as_object()?;
    let mut odd = content.keys().filter(|it| is_json_unseen(it));
    let name = odd.next().filter(|_| odd.next().is_none())?;
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    let is_seen = content.keys().any(|it| is_json(it));
    (is_plain && !is_seen).then(|| (at.join("content").join(name), name.clone()))
}

fn rename(response: &mut Node, name: &str, from: &Pointer) {
    let content = member_mut(response, "content").and_then(members_mut);
    let Some(content) = content else { return };
    let renamed = std::mem::take(content).into_iter().map(|(key, mut it)| {
        if key != name {
            return (key, it);
        }
        let span = it.node.span.clone();
        if let Some(members) = members_mut(&mut it.node) {
            let from = entry(string(from.to_string(), &span), &span);
            members.entry(FROM.to_owned()).or_insert(from);
        }
        (JSON.to_owned(), it)
    });
    *content = renamed.collect();
}
