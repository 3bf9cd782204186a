//! `multipart/form-data`. progenitor does not support such a body. It is given a JSON body with the same parts, and the refine stage turns
//! the struct of that into one that is sent as a form.
//!
//! ```yaml
//! requestBody:                      # given, for `uploadFile`
//!   content:
//!     multipart/form-data:
//!       schema: {type: object, required: [file], properties: {file: {type: string, format: binary}}}
//! ```
//!
//! ```yaml
//! requestBody:                      # arranged; `UploadFileBody` and the operation have the note `x-made-upload`
//!   content:
//!     application/json:
//!       schema: {$ref: '#/components/schemas/UploadFileBody'}   # properties: {file: {$ref: '#/components/schemas/made-file'}}
//! ```

use super::build::{object, refer, string, truth};
use super::nodes::{add_schema, is_free, named_operations, remove, resolve, set};
use crate::markers::{FROM, IGNORE, REPLACE, UPLOAD};
use crate::naming::type_name;
use crate::openapi::reference::{place_of, referred, to_component};
use crate::openapi::{Node, Pointer, Value};

const MULTIPART: &str = "multipart/form-data";
/// The component that represents a file. It is replaced by [`FILE_TYPE`].
const FILE: &str = "made-file";
/// The hand-written type of a file.
pub const FILE_TYPE: &str = "crate::FilePart";

/// Arranges each operation that sends a form. One whose form cannot be written is left as it is.
pub(super) fn arrange(document: &mut Node) {
    for (at, id) in named_operations(document) {
        one(document, &at, &id);
    }
}

/// Whether a part can have this name. One with a sign that ends the name or the line could not be written into the form.
pub(crate) fn is_part_name(name: &str) -> bool {
    !name.contains(|c: char| c.is_control() || c == '"' || c == '\\')
}

/// Makes a component of the form, and lets the operation send it as JSON. `None` if the body is not a form that can be written. A lint
/// reports it.
fn one(document: &mut Node, operation: &Pointer, id: &str) -> Option<()> {
    let listed = operation.join("requestBody");
    let (body_at, body) = resolve(document, &listed, "requestBodies")?;
    let content = body.get("content")?.as_object()?;
    let (media_type, media) = content.first().filter(|_| content.len() == 1)?;
    // `encoding` would say how to write a part. It is not supported, and a lint reports it.
    let encoding = media.node.given("encoding");
    let has_encoding = encoding.is_some_and(|it| it.as_object().is_none_or(|it| !it.is_empty()));
    if !media_type.eq_ignore_ascii_case(MULTIPART) || has_encoding {
        return None;
    }
    let listed_schema = media.node.get("schema")?;
    let only_name = referred(listed_schema, "schemas").map(str::to_owned);
    let schema_at = body_at.join("content").join(media_type).join("schema");
    let (found, schema) = resolve(document, &schema_at, "schemas")?;
    let is_object = schema.get("type").and_then(Node::as_str) == Some("object");
    let is_open = schema
        .get("additionalProperties")
        .is_some_and(|it| it.as_object().is_some());
    // The parts of a form are the properties. With others allowed, there would be parts that no field is for.
    if !is_object || is_open || schema.get(REPLACE).is_some() {
        return None;
    }
    let names: Vec<String> = schema
        .get("properties")?
        .as_object()?
        .keys()
        .cloned()
        .collect();
    if !names.iter().all(|name| is_part_name(name)) {
        return None;
    }
    // The form's own component keeps its name if nothing else refers to it, since it is removed below.
    let name = ["body", "upload", "upload-body"]
        .into_iter()
        .map(|suffix| type_name(&format!("{id}-{suffix}")))
        .find(|name| is_free(document, name) || only_name.as_ref() == Some(name))?;

    let mut made = schema.clone();
    let span = made.span.clone();
    remove(&mut made, "additionalProperties");
    // So there is nothing left to ignore.
    if let Some(Value::Array(ignored)) = made
        .pointer_mut(&Pointer::default().join(IGNORE))
        .map(|it| &mut it.value)
    {
        ignored.retain(|it| it.as_str() != Some("additionalProperties"));
        if ignored.is_empty() {
            remove(&mut made, IGNORE);
        }
    }
    let properties = Pointer::default().join("properties");
    for name in &names {
        let is_null = part(
            document,
            &found.join("properties").join(name),
            made.pointer_mut(&properties.join(name))?,
        );
        if is_null
            && let Some(Value::Array(required)) = made
                .pointer_mut(&Pointer::default().join("required"))
                .map(|it| &mut it.value)
        {
            required.retain(|it| it.as_str() != Some(name));
        }
    }
    set(&mut made, UPLOAD, truth(true, &span));
    set(&mut made, FROM, string(found.to_string(), &span));

    let is_ours = |file: &Node| {
        let ty = file.get(REPLACE).and_then(|it| it.get("type")?.as_str());
        ty == Some(FILE_TYPE)
    };
    let is_there = document
        .pointer(&place_of("schemas", FILE))
        .is_some_and(is_ours);
    if !is_there {
        let replaced = object([("type", string(FILE_TYPE, &span))], &span);
        let file = object([(REPLACE, replaced)], &span);
        if !is_free(document, FILE) || !add_schema(document, FILE, file) {
            return None;
        }
    }

    // If nothing else refers to it, it would be a type without use.
    if let Some(old) = &only_name
        && references(document, &to_component("schemas", old)) == 1
        && let Some(schemas) =
            document.pointer_mut(&Pointer::default().join("components").join("schemas"))
    {
        remove(schemas, old);
    }
    if !add_schema(document, &name, made) {
        return None;
    }
    let mut body = object([("required", truth(true, &span))], &span);
    let media = object([("schema", refer(&name, &span))], &span);
    set(
        &mut body,
        "content",
        object([("application/json", media)], &span),
    );
    let operation = document.pointer_mut(operation)?;
    set(operation, "requestBody", body);
    set(operation, UPLOAD, truth(true, &span));
    Some(())
}

/// Makes a part one that can be written. Returns whether it may be null: a form has no null, so such a part is optional.
fn part(document: &Node, at: &Pointer, made: &mut Node) -> bool {
    let is_null = made.get("nullable").and_then(Node::as_bool) == Some(true);
    remove(made, "nullable");
    if is_file(document, at) {
        to_file(made);
    } else if made.get("type").and_then(Node::as_str) == Some("array")
        && is_file(document, &at.join("items"))
        && let Some(items) = made.pointer_mut(&Pointer::default().join("items"))
    {
        to_file(items);
    }
    is_null
}

/// Whether a part is a file: a text of format `binary`.
fn is_file(document: &Node, at: &Pointer) -> bool {
    resolve(document, at, "schemas").is_some_and(|(_, schema)| {
        let is = |keyword, value| schema.get(keyword).and_then(Node::as_str) == Some(value);
        is("type", "string") && is("format", "binary")
    })
}

/// Replaces the schema of a part by a reference to the file. The part keeps its description.
fn to_file(made: &mut Node) {
    let span = made.span.clone();
    let file = refer(FILE, &span);
    let said = made.get("description").cloned();
    *made = match said {
        Some(said) => object(
            [
                ("description", said),
                ("allOf", super::build::array(vec![file], &span)),
            ],
            &span,
        ),
        None => file,
    };
}

/// How many references lead to a component. Text of any member called `$ref` counts, also in data: one too many only keeps a type.
fn references(node: &Node, to: &str) -> usize {
    match &node.value {
        Value::Object(members) => members
            .iter()
            .map(|(key, entry)| {
                usize::from(key == "$ref" && entry.node.as_str() == Some(to))
                    + references(&entry.node, to)
            })
            .sum(),
        Value::Array(items) => items.iter().map(|item| references(item, to)).sum(),
        _ => 0,
    }
}
