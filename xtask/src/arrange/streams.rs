//! Answers that are JSON or server-sent events, as the caller asks. progenitor supports one media type for an answer. So the
//! events are removed from what it sees, and a note tells the refine stage to make a second method for them.
//!
//! ```yaml
//! operationId: sendMessage          # given
//! responses:
//!   '200': {content: {application/json: {schema: A}, text/event-stream: {schema: B}}}
//! ```
//!
//! ```yaml
//! operationId: sendMessage          # arranged: methods `send_message` and `send_message_stream`
//! x-made-event-stream: {method: send_message_stream, event: SendMessageEvent, switch: streaming}
//! responses:
//!   '200': {content: {application/json: {schema: A}}}
//! ```
//!
//! An answer that is events alone, and says what an event is, gets such a note too, with `only`. Its event takes the place of the
//! JSON.

use std::collections::BTreeSet;

use super::build::{object, refer, string, truth};
use super::nodes::{
    add_schema, component_of, is_free, named_operations, own, remove, resolve, responses, set,
    shape,
};
use crate::markers::{EVENT_METHOD, EVENT_ONLY, EVENT_PIN, EVENT_STREAM, FROM};
use crate::naming::{method_name, type_name};
use crate::openapi::media_types::{is_event_stream, is_json};
use crate::openapi::reference::{place_of, referred};
use crate::openapi::{Node, Pointer, Span, Value, reference};
use crate::taken::client_methods;

/// Arranges all such operations. Second methods get their names in the order of the operations, so that a new operation at the end
/// renames none.
pub(super) fn arrange(document: &mut Node) {
    let all = named_operations(document);
    let mut taken: BTreeSet<String> = all.iter().map(|(_, id)| method_name(id)).collect();
    taken.extend(client_methods().iter().cloned());
    for (at, id) in all {
        let successes: Vec<Pointer> = responses(document, &at)
            .into_iter()
            .filter(|(status, _)| (200..=299).contains(status))
            .map(|(_, at)| at)
            .collect();
        // Successes that are both. Errors are JSON in either method.
        let mut streamed: Vec<Pointer> = successes
            .iter()
            .filter(|at| has_both(document, at))
            .cloned()
            .collect();
        let is_alone = streamed.is_empty();
        if is_alone {
            streamed = successes;
            streamed.retain(|at| has_events_alone(document, at));
        }
        if streamed.is_empty() {
            continue;
        }
        let mut event = None;
        for response in &streamed {
            event = event.or_else(|| event_schema(document, response, &id));
        }
        // A stream of something that is not described is handed over as bytes, which progenitor does by itself.
        if is_alone && event.is_none() {
            continue;
        }
        let Some(operation) = document.pointer(&at) else {
            continue;
        };
        let span = operation.span.clone();
        let is_marked = operation.get(EVENT_ONLY).and_then(Node::as_bool) == Some(true);
        let is_only = is_alone || is_marked;
        let method = match operation.get(EVENT_METHOD).and_then(Node::as_str) {
            Some(wanted) => method_name(wanted),
            None if is_only => method_name(&id),
            None => free_name(&method_name(&id), &taken),
        };
        // If the body has no such flag, the marker stays without effect, which a lint reports.
        let pin = operation.get(EVENT_PIN).and_then(Node::as_str);
        let pin = pin.filter(|name| body_has_flag(document, &at, name));
        let pin = pin.map(str::to_owned);
        // The next operation must not take this name.
        taken.insert(method.clone());
        let mut note = object([("method", string(method, &span))], &span);
        // Some services do not look at `Accept` but at a member of the body. The docs of both methods name it.
        match (pin, switch(document, &at)) {
            (Some(pin), _) => set(&mut note, "pin", string(pin, &span)),
            // An operation that only streams does so whatever the flag is.
            (None, Some(switch)) if !is_alone => set(&mut note, "switch", string(switch, &span)),
            (None, _) => {}
        }
        if is_only {
            set(&mut note, "only", truth(true, &span));
        }
        for response in streamed {
            let Some(response) = own(document, &response, "responses") else {
                continue;
            };
            if let Some(content) = response.pointer_mut(&Pointer::default().join("content")) {
                for name in streams_of(content) {
                    remove(content, &name);
                }
                forget_which(content);
                if let (true, Some(event)) = (is_alone, &event) {
                    set(content, "application/json", media_type_of(event, &span));
                }
            }
        }
        if let Some(event) = event {
            set(&mut note, "event", string(event, &span));
        }
        if let Some(operation) = document.pointer_mut(&at) {
            set(operation, EVENT_STREAM, note);
        }
    }
}

/// Removes the descriptions of media types. OpenAPI has none there, and a lint would report them. Some services write one if there
/// are two media types, to say when each is sent. The docs of the two methods say that now.
fn forget_which(content: &mut Node) {
    if let Value::Object(media_types) = &mut content.value {
        for entry in media_types.values_mut() {
            remove(&mut entry.node, "description");
        }
    }
}

/// Whether a response is JSON or a stream of events, and nothing else.
fn has_both(document: &Node, at: &Pointer) -> bool {
    let response = resolve(document, at, "responses");
    let content = response.and_then(|(_, it)| it.get("content")?.as_object());
    content.is_some_and(|content| {
        let all = |test: fn(&str) -> bool| content.keys().filter(|name| test(name)).count();
        let (json, events) = (all(is_json), all(is_event_stream));
        json > 0 && events > 0 && json + events == content.len()
    })
}

/// Whether a response is a stream of events, and nothing else.
fn has_events_alone(document: &Node, at: &Pointer) -> bool {
    let response = resolve(document, at, "responses");
    let content = response.and_then(|(_, it)| it.get("content")?.as_object());
    content.is_some_and(|content| {
        !content.is_empty() && content.keys().all(|name| is_event_stream(name))
    })
}

/// A media type whose schema is this component.
fn media_type_of(event: &str, span: &Span) -> Node {
    object([("schema", refer(event, span))], span)
}

/// The media types of events.
fn streams_of(content: &Node) -> Vec<String> {
    let names = content.as_object().into_iter().flat_map(|it| it.keys());
    names
        .filter(|name| is_event_stream(name))
        .cloned()
        .collect()
}

/// A name for the second method, unless the overlay gives one: `…_stream`, or `…_events` if that is taken or the operation ends in
/// `_stream` itself. If both are taken, a lint reports the collision.
fn free_name(method: &str, taken: &BTreeSet<String>) -> String {
    let first = format!("{method}_stream");
    let second = format!("{method}_events");
    if (method.ends_with("_stream") || taken.contains(&first)) && !taken.contains(&second) {
        second
    } else {
        first
    }
}

/// The member of the request body by which a caller asks for a stream.
fn switch(document: &Node, operation: &Pointer) -> Option<&'static str> {
    ["streaming", "stream"]
        .into_iter()
        .find(|name| body_has_flag(document, operation, name))
}

/// Whether the JSON body of an operation has a boolean property of this name.
fn body_has_flag(document: &Node, operation: &Pointer, name: &str) -> bool {
    let body = resolve(document, &operation.join("requestBody"), "requestBodies");
    let schema = body.and_then(|(at, body)| {
        let content = body.get("content")?.as_object()?;
        let media_type = content.keys().find(|name| is_json(name))?;
        Some(at.join("content").join(media_type).join("schema"))
    });
    schema.is_some_and(|at| has_flag(document, &at, name))
}

/// Whether a body has a boolean property of this name, also one that is merged into it.
fn has_flag(document: &Node, at: &Pointer, name: &str) -> bool {
    let Some((_, schema)) = resolve(document, at, "schemas") else {
        return false;
    };
    reference::merged(document, schema)
        .into_iter()
        .any(|schema| {
            let property = schema.get("properties").and_then(|it| it.get(name));
            property.is_some_and(|it| it.get("type").and_then(Node::as_str) == Some("boolean"))
        })
}

/// The component that describes an event. It is made if the schema of the media type is inline. `None` if there is no schema, or
/// one that would not be a type.
fn event_schema(document: &mut Node, response: &Pointer, id: &str) -> Option<String> {
    let (at, found) = resolve(document, response, "responses")?;
    let content = found.get("content")?;
    let media_type = streams_of(content).into_iter().next()?;
    let schema = content.get(&media_type)?.get("schema")?;
    if let Some(name) = referred(schema, "schemas") {
        let is_there = document.pointer(&place_of("schemas", name)).is_some();
        return is_there.then(|| name.to_owned());
    }
    let has_type = ["oneOf", "anyOf", "allOf", "properties"]
        .into_iter()
        .any(|keyword| schema.get(keyword).is_some());
    if !has_type {
        return None;
    }
    let what = shape(schema);
    if let Some(name) = what.get("$ref").and_then(|it| it.as_str()) {
        return reference::component(name, "schemas").map(str::to_owned);
    }
    if let Some(name) = component_of(document, &what) {
        return Some(name);
    }
    let name = type_name(&format!("{id}-event"));
    if !is_free(document, &name) {
        return None;
    }
    let mut schema = schema.clone();
    let from = at.join("content").join(media_type).join("schema");
    let from = string(from.to_string(), &schema.span);
    set(&mut schema, FROM, from);
    if !add_schema(document, &name, schema) {
        return None;
    }
    Some(name)
}
