//! How parameters are written. progenitor has one style for each place, so another is noted for refine ([`STYLE`]), and progenitor sees
//! a parameter in the default style.
//!
//! | given | arranged |
//! |---|---|
//! | `{in: query, style: deepObject, schema: {type: object}}` | `{in: query, schema: {type: object}, x-made-style: deep}` |
//! | `{in: query, explode: false, schema: {type: array}}` | `{in: query, schema: {type: array}, x-made-style: comma}` |
//! | `{in: query, content: {application/json: {schema: S}}}` | `{in: query, schema: S, x-made-style: json}` |
//! | `{in: header, schema: {type: array}}` | `{in: header, schema: {type: array}, x-made-style: comma}` |
//! | `{in: query, allowReserved: true}` | `{in: query, x-made-style: reserved}` |
//! | `{in: path, schema: {type: array}}` | `{in: path, schema: {type: array}, x-made-style: comma}` |
//! | `{in: cookie, schema: {type: string}}` | `{in: header, schema: {type: string}, x-made-style: cookie}` |
//! | `{in: path, schema: {}}` | `{in: path, schema: {type: string}}` |
//! | `{in: header, name: Accept}` | removed: OpenAPI says that it is ignored |

use super::build::{object, string};
use super::nodes::{remove, set};
use crate::markers::STYLE;
use crate::openapi::media_types::is_json;
use crate::openapi::schema::{alternatives, flag, get, items, reference, text, unwrapped};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Node, Pointer, Span, Value, reference as references};

/// Headers that OpenAPI describes elsewhere. It says that a parameter of such a name is ignored.
const RESERVED_HEADERS: [&str; 3] = ["accept", "content-type", "authorization"];

/// Whether OpenAPI says that this parameter is ignored.
pub(crate) fn is_reserved(parameter: &Node) -> bool {
    let name = parameter.get("name").and_then(Node::as_str);
    parameter.get("in").and_then(Node::as_str) == Some("header")
        && name.is_some_and(|it| RESERVED_HEADERS.contains(&it.to_ascii_lowercase().as_str()))
}

/// The kind of a parameter's value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Array,
    Object,
    /// Any JSON, or one of several plain values.
    Loose,
    Other,
}

/// Arranges all parameters.
pub(super) fn arrange(document: &mut Node) {
    let mut changed: Vec<(Pointer, Node)> = Vec::new();
    let mut reserved: Vec<(Pointer, Vec<bool>)> = Vec::new();
    walk::each(document, Reach::V3_0, |node, place| {
        if matches!(place.kind, Kind::PathItem | Kind::Operation) {
            let listed = node.get("parameters").and_then(Node::as_array);
            let is_kept = |it| !is_reserved(references::last(document, it));
            let kept: Vec<bool> = listed.unwrap_or(&[]).iter().map(is_kept).collect();
            if kept.contains(&false) {
                reserved.push((place.pointer().join("parameters"), kept));
            }
        }
        if place.kind == Kind::Parameter && node.get("$ref").is_none() {
            changed.extend(one(document, node).map(|it| (place.pointer(), it)));
        }
        Then::Within
    });
    for (at, parameter) in changed {
        if let Some(there) = document.pointer_mut(&at) {
            *there = parameter;
        }
    }
    for (at, kept) in reserved {
        if let Some(Value::Array(listed)) = document.pointer_mut(&at).map(|it| &mut it.value) {
            let mut kept = kept.into_iter();
            listed.retain(|_| kept.next().unwrap_or(true));
        }
    }
}

/// The parameter as progenitor is to see it. `None` if it stays as it is.
fn one(document: &Node, parameter: &Node) -> Option<Node> {
    let place = text(parameter, "in").unwrap_or_default();
    if !matches!(place, "query" | "header" | "path" | "cookie") {
        return None;
    }
    let span = &parameter.span;
    let mut made = parameter.clone();
    if matches!(place, "query" | "header")
        && let Some(schema) = only_json(parameter)
    {
        remove(&mut made, "content");
        set(&mut made, "schema", schema);
        set(&mut made, STYLE, string("json", span));
        return Some(made);
    }
    let schema = parameter
        .get("schema")
        .filter(|it| it.as_object().is_some())?;
    let shape = shape(document, schema);
    if place != "query" && shape == Shape::Loose && !is_marked(schema) {
        // In a path or a header, every value is a text.
        let mut plain = object([("type", string("string", span))], &schema.span);
        if let Some(said) = get(schema, "description") {
            set(&mut plain, "description", said.clone());
        }
        set(&mut made, "schema", plain);
        if place == "cookie" {
            as_cookie(&mut made, span);
        }
        return Some(made);
    }
    let explode = get(parameter, "explode").and_then(Node::as_bool);
    let keeps_reserved = flag(parameter, "allowReserved");
    let style = match (place, text(parameter, "style"), shape) {
        // Its cookies are one header, which progenitor writes like others.
        ("cookie", None | Some("form"), Shape::Other) => {
            as_cookie(&mut made, span);
            return Some(made);
        }
        ("query", None | Some("form"), _) if keeps_reserved && explode != Some(false) => {
            remove(&mut made, "allowReserved");
            "reserved"
        }
        // Both at once have no form here.
        ("query", ..) if keeps_reserved => return None,
        ("query", Some("deepObject"), Shape::Object) => "deep",
        ("query", None | Some("form"), Shape::Array | Shape::Object) if explode == Some(false) => {
            "comma"
        }
        ("query", Some("pipeDelimited"), Shape::Array) if explode != Some(true) => "pipe",
        ("query", Some("spaceDelimited"), Shape::Array) if explode != Some(true) => "space",
        // Exploded, they are written as a form is.
        ("query", Some("pipeDelimited" | "spaceDelimited"), Shape::Array) => "",
        ("header" | "path", None | Some("simple"), Shape::Object) if explode == Some(true) => {
            "pairs"
        }
        ("header" | "path", None | Some("simple"), Shape::Array | Shape::Object) => "comma",
        _ => return None,
    };
    remove(&mut made, "style");
    remove(&mut made, "explode");
    if !style.is_empty() {
        set(&mut made, STYLE, string(style, span));
    }
    Some(made)
}

/// Makes a header of a cookie, and notes that it is one.
fn as_cookie(parameter: &mut Node, span: &Span) {
    remove(parameter, "style");
    remove(parameter, "explode");
    set(parameter, "in", string("header", span));
    set(parameter, STYLE, string("cookie", span));
}

/// The schema of a parameter that is described by JSON and nothing else.
fn only_json(parameter: &Node) -> Option<Node> {
    let content = parameter.get("content")?.as_object()?;
    let (media_type, media) = content.first().filter(|_| content.len() == 1)?;
    let schema = media.node.get("schema")?;
    (is_json(media_type) && schema.as_object().is_some()).then(|| schema.clone())
}

/// Whether a schema has a marker that a plain text would lose.
fn is_marked(schema: &Node) -> bool {
    let mut keywords = schema.as_object().into_iter().flat_map(|it| it.keys());
    keywords.any(|it| it.starts_with(crate::markers::MARKER_PREFIX))
}

/// Looks through references and an `allOf` of one.
fn shape(document: &Node, schema: &Node) -> Shape {
    let mut schema = schema;
    // Each round follows all references there are, so a few are enough.
    for _ in 0..crate::openapi::limits::LOOK_THROUGH {
        if reference(schema).is_some() {
            let target = references::last(document, schema);
            if std::ptr::eq(target, schema) {
                return Shape::Other;
            }
            schema = target;
            continue;
        }
        let inner = unwrapped(schema);
        if std::ptr::eq(inner, schema) {
            break;
        }
        schema = inner;
    }
    if schema.get(crate::markers::REPLACE).is_some() || schema.get("$ref").is_some() {
        return Shape::Other;
    }
    match text(schema, "type") {
        Some("array") => return Shape::Array,
        Some("object") => return Shape::Object,
        Some(_) => return Shape::Other,
        None => {}
    }
    if let Some((_, branches)) = alternatives(schema) {
        let is_plain = |it: &Node| {
            let last = references::last(document, unwrapped(it));
            matches!(
                text(last, "type"),
                Some("string" | "integer" | "number" | "boolean")
            ) && !flag(last, "nullable")
        };
        return match branches.iter().all(is_plain) {
            true => Shape::Loose,
            false => Shape::Other,
        };
    }
    let has_object = !items(schema, "allOf").is_empty() || get(schema, "properties").is_some();
    let says = [
        "enum",
        "allOf",
        "oneOf",
        "anyOf",
        "not",
        "items",
        "additionalProperties",
    ];
    match has_object {
        true => Shape::Object,
        false if says.iter().all(|it| get(schema, it).is_none()) => Shape::Loose,
        false => Shape::Other,
    }
}
