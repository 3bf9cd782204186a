//! Request bodies: their media types, and whether they may be left out.
//!
//! progenitor sends JSON, forms, text and bytes, one media type for an operation. arrange adds uploads, JSON that may be left out, and JSON by
//! other names.

use super::context::Context;
use super::operation::Operation;
use super::rules;
use super::schema::{Role, Schema};
use super::shape::{Shape, shape};
use crate::arrange::is_part_name;
use crate::markers::{OPTIONAL_BODY, is_extension};
use crate::openapi::media_types::is_utf_8;
use crate::openapi::reference::merged;
use crate::openapi::schema::members;
use crate::openapi::{Node, Pointer};

const SUPPORTED: &str = "`application/json`, `application/x-www-form-urlencoded`, `application/octet-stream`, `text/plain` or `text/x-markdown`";

/// progenitor sends bodies of one media type out of a few, each with a certain schema.
pub(super) fn check<'a>(context: &mut Context<'a>, operations: &[Operation<'a>]) {
    for operation in operations {
        let listed = operation.at.join("requestBody");
        let Some(body) = operation.node.given("requestBody") else {
            continue;
        };
        let Some((at, body)) = context.resolve(&listed, body, "requestBodies") else {
            continue;
        };
        one(context, operation, &listed, &at, body);
    }
}

/// Checks the body of one operation.
fn one<'a>(
    context: &mut Context<'a>,
    operation: &Operation<'a>,
    listed: &Pointer,
    at: &Pointer,
    body: &'a Node,
) {
    let label = operation.label();
    let is_required = body.get("required").and_then(Node::as_bool) == Some(true);
    // Of several media types, one is left in the end, and it may be one that can be left out.
    let types = body.get("content").and_then(Node::as_object);
    if !is_required
        && operation.node.get(OPTIONAL_BODY).is_none()
        && types.is_none_or(|it| it.len() < 2)
    {
        context.report(
            rules::BODY_OPTIONAL,
            at,
            format!("the body of `{label}` may be left out; generated code can leave out JSON only, and always sends this body"),
            format!(
                "say that it is always sent, with {}, or never, with {}",
                context.update(at, "required: true"),
                context.remove(listed)
            ),
        );
    }
    let content_at = at.join("content");
    let Some(content) = body.get("content").and_then(Node::as_object) else {
        let message =
            format!("the body of `{label}` has no `content`; generated code would send none");
        context.report_change(
            is_required,
            rules::BODY_MEDIA_TYPE,
            &content_at,
            message,
            format!("remove it with {}", context.remove(listed)),
        );
        return;
    };
    if content.is_empty() {
        let message =
            format!("the body of `{label}` has no media type; generated code would send none");
        context.report_change(
            is_required,
            rules::BODY_MEDIA_TYPE,
            &content_at,
            message,
            format!("remove it with {}", context.remove(listed)),
        );
    }
    if content.len() > 1 {
        let names: Vec<String> = content.keys().map(|name| format!("`{name}`")).collect();
        let message = format!(
            "the body of `{label}` has {} media types, {}; progenitor panics on that",
            names.len(),
            names.join(" and ")
        );
        let last = content.keys().next_back().map(|name| content_at.join(name));
        let help = format!(
            "keep one: remove the others, as with {}",
            context.remove(&last.unwrap_or_default())
        );
        context.report(rules::BODY_MEDIA_TYPE, &content_at, message, help);
    }
    for (media_type, entry) in content {
        self::content(
            context,
            &label,
            &content_at.join(media_type),
            media_type,
            &entry.node,
        );
    }
}

/// Checks a media type.
fn content<'a>(
    context: &mut Context<'a>,
    label: &str,
    at: &Pointer,
    media_type: &str,
    node: &'a Node,
) {
    let name = media_type.split(';').next().unwrap_or_default();
    if !matches!(
        name,
        "application/json"
            | "application/x-www-form-urlencoded"
            | "application/octet-stream"
            | "text/plain"
            | "text/x-markdown"
    ) {
        if name.eq_ignore_ascii_case("multipart/form-data") {
            upload(context, label, at, node);
            return;
        }
        context.report(
            rules::BODY_MEDIA_TYPE,
            at,
            format!("the body of `{label}` is `{media_type}`, which progenitor cannot send"),
            if name.contains('*') {
                "a body is sent under one name: say which, as `application/json`".to_owned()
            } else {
                format!("give it as {SUPPORTED}, or remove the operation and write it by hand")
            },
        );
        return;
    }
    if !is_utf_8(media_type) {
        let message = format!(
            "the body of `{label}` is `{media_type}`; generated code writes UTF-8 and would not say so"
        );
        let help = "if the service takes UTF-8, too, describe the body without `charset`";
        context.report(rules::BODY_MEDIA_TYPE, at, message, help);
    }
    if has_encoding(node) {
        let at = at.join("encoding");
        let help = format!("leave it out with {}", context.remove(&at));
        // It says how the fields of a form are written. In other bodies it has no meaning.
        context.report_change(
            name == "application/x-www-form-urlencoded",
            rules::BODY_ENCODING,
            &at,
            format!("`encoding` on the body of `{label}`; progenitor panics on it"),
            help,
        );
    }
    let at = at.join("schema");
    let Some(schema) = node.given("schema") else {
        let (schema, what) = match name {
            "application/octet-stream" => ("{type: string, format: binary}", "bytes"),
            "text/plain" | "text/x-markdown" => ("{type: string}", "a text"),
            "application/x-www-form-urlencoded" => ("{type: object}", "any form"),
            _ => ("{}", "any JSON"),
        };
        let add = at
            .parent()
            .map(|at| context.update(&at, &format!("schema: {schema}")));
        context.report(
            rules::BODY_SCHEMA,
            &at,
            format!("the `{media_type}` body of `{label}` has no `schema`"),
            format!("add one; {what} is said with {}", add.unwrap_or_default()),
        );
        return;
    };
    match name {
        "application/octet-stream" => text(context, label, &at, schema, media_type, Some("binary")),
        "text/plain" | "text/x-markdown" => text(context, label, &at, schema, media_type, None),
        "application/x-www-form-urlencoded" => form(context, label, &at, schema),
        _ => {}
    }
}

/// Whether a media type says how its parts are written.
fn has_encoding(media: &Node) -> bool {
    let encoding = media.given("encoding");
    encoding.is_some_and(|it| it.as_object().is_none_or(|it| !it.is_empty()))
}

/// Why arrange has left a form of several parts as it is.
fn upload<'a>(context: &mut Context<'a>, label: &str, at: &Pointer, media: &'a Node) {
    let body = format!("the body of `{label}` is `multipart/form-data`");
    let schema_at = at.join("schema");
    let found = media
        .given("schema")
        .and_then(|it| context.resolve(&schema_at, it, "schemas"));
    let Some((_, schema)) = found else {
        let message = format!("{body} without a schema, so that its parts are unknown");
        let help = "describe it as an object with `properties`, one for each part";
        context.report(rules::BODY_MEDIA_TYPE, at, message, help);
        return;
    };
    let problem = if let Some(keyword) = ["allOf", "oneOf", "anyOf"]
        .into_iter()
        .find(|it| schema.given(it).is_some())
    {
        format!("is combined by `{keyword}`")
    } else if schema.get("type").and_then(Node::as_str) != Some("object") {
        "is not one object".to_owned()
    } else if schema
        .get("additionalProperties")
        .is_some_and(|it| it.as_object().is_some())
    {
        "takes parts of any name by `additionalProperties`".to_owned()
    } else if members(schema, "properties").next().is_none() {
        "has no `properties`".to_owned()
    } else if let Some((name, _)) =
        members(schema, "properties").find(|(name, _)| !is_part_name(name))
    {
        format!("has the property `{name}`, whose name cannot stand in a form")
    } else if has_encoding(media) {
        let at = at.join("encoding");
        let help = format!(
            "if the service takes the parts without it, leave it out with {}",
            context.remove(&at)
        );
        let message = format!("{body} with `encoding`, which generated code does not follow");
        context.report_change(true, rules::BODY_ENCODING, &at, message, help);
        return;
    } else {
        let message = format!("{body}, beside which generated code can send no other");
        let help = "keep one media type";
        context.report(rules::BODY_MEDIA_TYPE, at, message, help);
        return;
    };
    context.report(
        rules::BODY_MEDIA_TYPE,
        at,
        format!("{body}, and its schema {problem}; generated code sends one part for each of the `properties` of an object"),
        "describe it as one object with `properties` of plain names, and no others",
    );
}

/// progenitor wants one very schema for a body that it does not look into.
fn text<'a>(
    context: &mut Context<'a>,
    label: &str,
    at: &Pointer,
    node: &'a Node,
    media_type: &str,
    format: Option<&str>,
) {
    let Some((to, node)) = context.resolve(at, node, "schemas") else {
        return;
    };
    let schema = Schema::new(to, node, Role::Inline);
    let fits = schema.kind() == Some("string")
        && schema.get("format").and_then(Node::as_str) == format
        && !schema.flag("nullable")
        && schema.keywords().all(|keyword| {
            matches!(
                keyword,
                "type" | "format" | "nullable" | "description" | "example" | "deprecated"
            ) || is_extension(keyword)
        });
    if !fits {
        let wanted = match format {
            Some(format) => format!("{{type: string, format: {format}}}"),
            None => "{type: string}".to_owned(),
        };
        context.report(
            rules::BODY_SCHEMA,
            at,
            format!("the `{media_type}` body of `{label}` needs the schema `{wanted}`"),
            "describe it with that schema; generated code sends the value unchanged",
        );
    }
}

/// Whether a form is flat: serde_urlencoded fails on anything else when the call is made.
fn form<'a>(context: &mut Context<'a>, label: &str, at: &Pointer, node: &'a Node) {
    let Some(shaped) = shape(context, at, node) else {
        return;
    };
    let mut problem = None;
    if shaped.shape != Shape::Object && shaped.shape != Shape::Unknown {
        problem = Some("is not an object".to_owned());
    }
    let parts = merged(context.document, shaped.schema.node);
    for (name, property) in parts.iter().flat_map(|part| members(part, "properties")) {
        let inner = shape(context, &shaped.schema.at, property);
        if inner.is_some_and(|it| !matches!(it.shape, Shape::Scalar | Shape::Unknown)) {
            problem = Some(format!(
                "has the property `{name}`, which is not a text, a number or a boolean"
            ));
        }
    }
    if let Some(problem) = problem {
        context.report(
            rules::BODY_SCHEMA,
            at,
            format!("the form of `{label}` {problem}; generated code would fail when it is called"),
            "a form is a flat object; describe nested parts as strings",
        );
    }
}
