//! JSON under another name: `application/problem+json`, `application/vnd.api+json`, `*/*`. To progenitor, JSON is `application/json` alone.
//!
//! | given | arranged |
//! |---|---|
//! | `'400': {content: {application/problem+json: M}}` | `'400': {content: {application/json: M}}` |
//! | `'200': {content: {application/vnd.api+json: M}}` | the same, and `x-made-accepts` on the operation |
//!
//! What an answer is called does not matter when it is read. What is asked for does, so refine asks for a success by its own name, too.

use super::build::{entry, member_mut, members_mut, string};
use super::nodes::{own, resolve, responses, set};
use crate::markers::{ACCEPTS, FROM};
use crate::openapi::media_types::{is_json, is_json_unseen};
use crate::openapi::{Node, Pointer, operations};

/// Renames the JSON of each answer that has it under one other name, and under no name that progenitor knows.
pub(super) fn arrange(document: &mut Node) {
    let all: Vec<Pointer> = operations(document).map(|(at, _)| at).collect();
    for at in all {
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
            .filter(|it| !it.eq_ignore_ascii_case("application/json"))
            .collect();
        if !asked.is_empty()
            && let Some(operation) = document.pointer_mut(&at)
        {
            let span = operation.span.clone();
            set(operation, ACCEPTS, string(asked.join(", "), &span));
        }
    }
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
        ("application/json".to_owned(), it)
    });
    *content = renamed.collect();
}
