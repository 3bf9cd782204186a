//! Answers of several shapes. progenitor gives all errors of an operation one type, and all its successes one, and refuses an operation
//! with two. So the shapes become the branches of one schema.
//!
//! An operation `getAgent` that answers 404 with `NotFound` and 422 with `ValidationError` gets a component
//!
//! ```yaml
//! GetAgentError:
//!   oneOf: [{$ref: '#/components/schemas/NotFound'}, {$ref: '#/components/schemas/ValidationError'}]
//! ```
//!
//! and both answers refer to it. Generated code reads the variant that the status names.

use std::ops::RangeInclusive;

use super::build::{array, object, refer, string};
use super::nodes::{
    add_schema, component_of, is_free, named_operations, own, remove, resolve, responses, set,
    shape,
};
use crate::markers::FROM;
use crate::naming::type_name;
use crate::openapi::media_types::is_json;
use crate::openapi::{Node, Pointer, reference};

/// Arranges errors and successes of each operation separately: they are different types in Rust.
pub(super) fn arrange(document: &mut Node) {
    for (at, id) in named_operations(document) {
        forget_untyped_errors(document, &at);
        side(document, &at, 400..=599, &type_name(&format!("{id}-error")));
        side(
            document,
            &at,
            200..=299,
            &type_name(&format!("{id}-success")),
        );
    }
}

/// An answer of an operation.
struct Answer {
    status: u16,
    /// Where the operation lists it.
    listed: Pointer,
    /// The media type of its JSON, and the pointer to its schema.
    json: Option<(String, Option<Pointer>)>,
    /// Whether it is bytes, or JSON or something else.
    other: bool,
}

/// The answers of an operation with these statuses, references followed.
fn answers(document: &Node, operation: &Pointer, statuses: &RangeInclusive<u16>) -> Vec<Answer> {
    responses(document, operation)
        .into_iter()
        .filter(|(status, _)| statuses.contains(status))
        .filter_map(|(status, listed)| {
            let (at, response) = resolve(document, &listed, "responses")?;
            let content = response.get("content").and_then(Node::as_object);
            let json =
                content.and_then(|it| it.get_key_value(it.keys().find(|name| is_json(name))?));
            let json = json.map(|(name, media)| {
                let schema = media.node.given("schema");
                let at = at.join("content").join(name).join("schema");
                (name.clone(), schema.map(|_| at))
            });
            let count = content.map_or(0, |it| it.len());
            Some(Answer {
                status,
                listed,
                other: count > usize::from(json.is_some()),
                json,
            })
        })
        .collect()
}

/// Removes an error without a schema if another error has one. It arrives as an unexpected answer then, with its
/// status and its body unread. If it stayed, progenitor would see errors with and without a type, and give them none.
fn forget_untyped_errors(document: &mut Node, operation: &Pointer) {
    let answers = answers(document, operation, &(400..=599));
    let is_typed = |it: &Answer| matches!(it.json, Some((_, Some(_))));
    if !answers.iter().any(is_typed) {
        return;
    }
    for answer in answers.iter().filter(|it| !is_typed(it) && !it.other) {
        if let (Some(holder), Some(key)) = (answer.listed.parent(), answer.listed.last())
            && let Some(holder) = document.pointer_mut(&holder)
        {
            remove(holder, key);
        }
    }
}

/// Makes one schema of the shapes of these answers, if there are several, and lets each answer refer to it. The generated code finds the
/// branch by the status.
fn side(document: &mut Node, operation: &Pointer, statuses: RangeInclusive<u16>, name: &str) {
    let answers = answers(document, operation, &statuses);
    let mut typed = Vec::new();
    for answer in answers {
        // An answer that is not JSON cannot be a branch. A lint reports it.
        let (Some((media_type, Some(schema))), false) = (answer.json, answer.other) else {
            return;
        };
        typed.push((answer.status, answer.listed, media_type, schema));
    }
    // Each shape once, with the first place that has it.
    let mut shapes: Vec<(serde_json::Value, u16, Pointer)> = Vec::new();
    for (status, _, _, at) in &typed {
        let Some(what) = document.pointer(at).map(shape) else {
            return;
        };
        if shapes.iter().all(|(known, _, _)| *known != what) {
            shapes.push((what, *status, at.clone()));
        }
    }
    // One shape is what progenitor supports. If the name is taken, the shapes stay, and a lint reports them.
    if shapes.len() < 2 || !is_free(document, name) {
        return;
    }
    let Some(span) = document.pointer(&shapes[0].2).map(|it| it.span.clone()) else {
        return;
    };
    // A branch must be a component: arrange's unions are made of references, and typify gives each a type with a name.
    let mut branches = Vec::new();
    for (what, status, at) in shapes {
        match branch(document, what, &format!("{name}{status}"), &at) {
            Some(branch) => branches.push(refer(&branch, &span)),
            None => return,
        }
    }
    let label = operation.last().unwrap_or_default().to_uppercase();
    let path = operation
        .parent()
        .and_then(|it| it.last().map(str::to_owned));
    let kind = if *statuses.start() >= 400 {
        "an error"
    } else {
        "a success"
    };
    let doc = format!(
        "The body of {kind} of `{label} {}`. Each type has a variant, and the status says which type it is.",
        path.unwrap_or_default()
    );
    let union = object(
        [
            ("description", string(doc, &span)),
            ("oneOf", array(branches, &span)),
        ],
        &span,
    );
    if !add_schema(document, name, union) {
        return;
    }
    for (_, listed, media_type, _) in typed {
        let schema = Pointer::default().join("content").join(media_type);
        // A shared response gets a copy for this operation: other operations may have other errors next to it.
        if let Some(response) = own(document, &listed, "responses")
            && let Some(media) = response.pointer_mut(&schema)
        {
            set(media, "schema", refer(name, &span));
        }
    }
}

/// The component that has this shape. It is made if it does not exist, under the name of the union with the status: `GetAgentError404`.
fn branch(
    document: &mut Node,
    what: serde_json::Value,
    name: &str,
    at: &Pointer,
) -> Option<String> {
    if let Some(text) = what.get("$ref") {
        return reference::component(text.as_str()?, "schemas").map(str::to_owned);
    }
    if let Some(name) = component_of(document, &what) {
        return Some(name);
    }
    if !is_free(document, name) {
        return None;
    }
    let mut schema = document.pointer(at)?.clone();
    schema.as_object()?;
    let from = string(at.to_string(), &schema.span);
    set(&mut schema, FROM, from);
    add_schema(document, name, schema).then(|| name.to_owned())
}
