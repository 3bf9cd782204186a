//! Texts: formats, lengths and patterns.
//!
//! typify makes checked types of them: `{type: string, format: uuid}` becomes `Uuid`, and `{type: string, maxLength: 5}` a type that
//! refuses a longer text. One unexpected value would lose a whole answer, so all texts are `String`s here.

use super::context::Context;
use super::describe;
use super::rules;
use super::schema::Schema;
use crate::openapi::Node;
use crate::openapi::keywords::{Says, of_3_0};

/// typify makes checked types of formats and bounds. An answer with one value that does not fit is then lost as a whole.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    if schema.kind() != Some("string") {
        return;
    }
    let what = describe::schema(context.document, &schema.at);
    if let Some(format) = schema.get("format").and_then(Node::as_str)
        && let Some(problem) = problem(format)
    {
        context.report(
            rules::STRING_FORMAT,
            &schema.at.join("format"),
            format!("{what} {problem}: one unexpected value would lose a whole answer"),
            format!(
                "keep it a text, with {}",
                context.update(&schema.at, "x-codegen-ignore: [format]")
            ),
        );
    }
    let checks = checks(schema);
    // One action for all: a second would meet the list of the first.
    let all = checks.join(", ");
    for keyword in checks {
        context.report(
                rules::STRING_BOUNDS,
                &schema.at.join(keyword),
                format!("{what} has `{keyword}`, and would become a checked type: one unexpected value would lose a whole answer"),
                format!(
                    "leave checking to the service, with {}",
                    context.update(&schema.at, &format!("x-codegen-ignore: [{all}]"))
                ),
            );
    }
}

/// What a format of texts would become.
fn problem(format: &str) -> Option<&'static str> {
    match format {
        "date" | "date-time" => Some("would become a type of the crate chrono"),
        "uuid" => Some("would become a type of the crate uuid"),
        "ip" | "ipv4" | "ipv6" => Some("would become an address that is parsed strictly"),
        _ => None,
    }
}

/// The keywords that bound a text.
fn checks(schema: &Schema<'_>) -> Vec<&'static str> {
    of_3_0(Says::Texts)
        .filter(|keyword| schema.get(keyword).is_some())
        .collect()
}

/// The keywords that would make a stricter type than a text of a schema.
pub(super) fn strict(schema: &Schema<'_>) -> Vec<&'static str> {
    let format = schema.get("format").and_then(Node::as_str);
    let format = format.and_then(problem).map(|_| "format");
    checks(schema).into_iter().chain(format).collect()
}
