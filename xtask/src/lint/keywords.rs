//! Keywords of schemas: which exist, and which belong to which type. progenitor's reader ignores keywords that OpenAPI 3.0 does not
//! have. typify ignores keywords that do not belong to a type, or panics: `{type: string, minimum: 1}`.

use super::context::Context;
use super::describe::{self, Words};
use super::numbers;
use super::rules;
use super::schema::Schema;
use super::{arrays, strings};
use crate::markers::is_extension;
use crate::openapi::keywords::{Says, of_3_0, says_in_3_0};
use crate::openapi::{Node, Value};
use crate::overlay::yaml_text;

/// Reports unknown keywords, and known ones that do not belong to the type.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    let what = describe::schema(context.document, &schema.at);
    for keyword in schema.keywords() {
        if is_extension(keyword) || is_known(keyword) {
            continue;
        }
        let at = schema.at.join(keyword);
        let ignore = context.update(
            &schema.at,
            &format!("x-codegen-ignore: [{}]", yaml_text(keyword)),
        );
        match keyword {
            "const" => context.report(
                rules::CONST,
                &at,
                format!("{what} has `const`, which is dropped, so that any value passes"),
                format!(
                    "write it as an enum of one text, or as a plain type, with {}",
                    context.update(&schema.at, &plain_constant(schema))
                ),
            ),
            _ => context.report(
                rules::UNKNOWN_KEYWORD,
                &at,
                format!(
                    "{what} has `{keyword}`, which OpenAPI 3.0 does not know; it would be ignored"
                ),
                format!(
                    "say it another way, or, if it does not matter, leave it out with {ignore}"
                ),
            ),
        }
    }
    kind(context, schema, what);
}

/// Whether OpenAPI 3.0 has a keyword.
fn is_known(keyword: &str) -> bool {
    says_in_3_0(keyword).is_some()
}

/// Reports a missing type, and keywords of other types. Without a type, typify guesses it by the first keyword that it
/// finds.
fn kind(context: &mut Context<'_>, schema: &Schema<'_>, what: Words<'_>) {
    let at = schema.at.join("type");
    let kind = match schema.get("type").map(|node| &node.value) {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(_)) => {
            context.report(
                rules::SCHEMA_TYPE,
                &at,
                format!("{what} has a list of types, which only OpenAPI 3.1 allows"),
                "write one type; for null, add `nullable: true`",
            );
            return;
        }
        Some(other) => {
            context.report(
                rules::SCHEMA_TYPE,
                &at,
                format!("the `type` of {what} is {}, not a text", other.kind()),
                "write one of string, integer, number, boolean, array, object",
            );
            return;
        }
        None => None,
    };
    let own = match kind {
        Some("string") => Some(Says::Texts),
        Some("integer" | "number") => Some(Says::Numbers),
        Some("boolean") | None => None,
        Some("array") => Some(Says::Arrays),
        Some("object") => Some(Says::Objects),
        Some(other) => {
            let help = match other {
                "null" => {
                    "OpenAPI 3.0 has no null type: add `nullable: true` to a schema of another type"
                }
                _ => "write one of string, integer, number, boolean, array, object",
            };
            context.report(
                rules::SCHEMA_TYPE,
                &at,
                format!("{what} has the type `{other}`, on which progenitor panics"),
                help,
            );
            return;
        }
    };
    let combining = of_3_0(Says::Combines).find(|keyword| schema.get(keyword).is_some());
    let is_own = |keyword: &str| match (keyword, kind) {
        (_, None) => false,
        ("enum", _) => true,
        ("format", Some(kind)) => matches!(kind, "string" | "integer" | "number"),
        _ => own.is_some() && says_in_3_0(keyword) == own,
    };
    for keyword in schema.keywords() {
        let says = says_in_3_0(keyword).filter(|says| *says != Says::Note && keyword != "type");
        let Some(says) = says.filter(|_| !is_own(keyword)) else {
            continue;
        };
        let ignore = |keyword: &str| {
            context.update(
                &schema.at,
                &format!("x-codegen-ignore: [{}]", yaml_text(keyword)),
            )
        };
        match kind {
            // A schema with a combining keyword needs no type. The rules about those keywords report the rest.
            _ if keyword == "discriminator" => {}
            _ if says == Says::Combines => {
                if let Some(kind) = kind {
                    let help = format!("leave one out, as with {}", ignore("type"));
                    let message = format!(
                        "{what} has `{keyword}` and `type: {kind}`; the two would be merged, or one dropped"
                    );
                    context.report(
                        rules::MISPLACED_KEYWORD,
                        &schema.at.join(keyword),
                        message,
                        help,
                    );
                }
            }
            None => match combining {
                Some(combining) => {
                    let help = format!(
                        "move it into the branches, or leave it out with {}",
                        ignore(keyword)
                    );
                    let message = format!(
                        "{what} has `{keyword}` and `{combining}`; the two would be merged, or one dropped"
                    );
                    // Members that nothing else declares would be lost. What only bounds values would not be missed.
                    let declares = matches!(keyword, "properties" | "additionalProperties");
                    context.report_change(
                        declares,
                        rules::MISPLACED_KEYWORD,
                        &schema.at.join(keyword),
                        message,
                        help,
                    );
                }
                None => {
                    let help = match missing_type(schema, keyword) {
                        Some(update) => {
                            format!("add it with {}", context.update(&schema.at, &update))
                        }
                        None => format!(
                            "its values are of several types; take any JSON for it, with {}",
                            context.without_enum(&schema.at)
                        ),
                    };
                    let message = format!("{what} has `{keyword}` and no `type`");
                    context.report(rules::SCHEMA_TYPE, &schema.at, message, help);
                    return;
                }
            },
            Some(kind) => {
                let help = format!("leave it out with {}", ignore(keyword));
                let message = format!(
                    "{what} has `{keyword}`, which says nothing about `type: {kind}`; progenitor drops it or panics"
                );
                context.report(
                    rules::MISPLACED_KEYWORD,
                    &schema.at.join(keyword),
                    message,
                    help,
                );
            }
        }
    }
}

/// What to write for a constant in OpenAPI 3.0: an enum of one text, or a type.
fn plain_constant(schema: &Schema<'_>) -> String {
    let value = schema.get("const");
    let kind = match value.map(|it| &it.value) {
        Some(Value::String(text)) if schema.get("enum").is_none() => {
            let kind = format!("type: string, enum: [{}]", yaml_text(text));
            return format!("{kind}, x-codegen-ignore: [const]");
        }
        Some(Value::String(_)) => "type: string".to_owned(),
        Some(Value::Bool(_)) => "type: boolean".to_owned(),
        Some(Value::Number(_)) => match value.and_then(numbers::whole_of) {
            Some(whole) => format!("type: integer, format: {}", numbers::format_of(whole)),
            None => "type: number, format: double".to_owned(),
        },
        Some(Value::Array(_)) if schema.get("items").is_none() => {
            "type: array, items: {}".to_owned()
        }
        Some(Value::Array(_)) => "type: array".to_owned(),
        Some(Value::Object(_)) => "type: object".to_owned(),
        Some(Value::Null) | None => return "x-codegen-ignore: [const]".to_owned(),
    };
    format!("{kind}, x-codegen-ignore: [const]")
}

/// What to add to a schema without a type, so that its values are read. `None` if they are of several types, or of one
/// that has no type of its own.
fn missing_type(schema: &Schema<'_>, keyword: &str) -> Option<String> {
    let Some(values) = schema.get("enum").and_then(Node::as_array) else {
        return Some(meant_type(schema, keyword));
    };
    let all = |is: fn(&Node) -> bool| values.iter().all(is);
    let without = "x-codegen-ignore: [enum]";
    if all(|it| it.as_str().is_some()) {
        Some("type: string".to_owned())
    } else if all(|it| it.as_bool().is_some()) {
        Some(format!("type: boolean, {without}"))
    } else if all(|it| numbers::whole_of(it).is_some()) {
        Some(format!("type: integer, {}", numbers::whole(schema)))
    } else if all(|it| matches!(it.value, Value::Number(_))) {
        Some(format!("type: number, format: double, {without}"))
    } else if all(|it| it.as_array().is_some()) {
        Some(format!("type: array, items: {{}}, {without}"))
    } else if all(|it| it.as_object().is_some()) {
        Some(format!("type: object, {without}"))
    } else {
        None
    }
}

/// The type that a keyword is most likely about, and what the other rules would then ask for.
fn meant_type(schema: &Schema<'_>, keyword: &str) -> String {
    let kind = meant(keyword);
    let mut ignored: Vec<&str> = Vec::new();
    let mut update = format!("type: {kind}");
    match kind {
        "integer" if numbers::has_fraction(schema) => {
            return "type: number, format: double".to_owned();
        }
        "integer" => return format!("type: integer, {}", numbers::whole(schema)),
        "string" => ignored = strings::strict(schema),
        "array" => {
            if schema.get("items").is_none() {
                update += ", items: {}";
            }
            if arrays::fixed_length(schema).is_some() {
                ignored = vec!["minItems", "maxItems"];
            }
        }
        _ => {
            let properties = schema.get("properties").and_then(Node::as_object);
            let is_declared = |name: &str| properties.is_some_and(|it| it.contains_key(name));
            let missing: Vec<String> = schema
                .required()
                .filter(|name| !is_declared(name))
                .map(|name| format!("{}: {{}}", yaml_text(name)))
                .collect();
            if !missing.is_empty() {
                update += &format!(", properties: {{{}}}", missing.join(", "));
            }
            if schema.get("additionalProperties").and_then(Node::as_bool) == Some(false) {
                ignored.push("additionalProperties");
            }
        }
    }
    if !ignored.is_empty() {
        update += &format!(", x-codegen-ignore: [{}]", ignored.join(", "));
    }
    update
}

/// The type that a keyword is most likely about.
fn meant(keyword: &str) -> &'static str {
    match says_in_3_0(keyword) {
        Some(Says::Objects) => "object",
        Some(Says::Arrays) => "array",
        Some(Says::Numbers) => "integer",
        _ => "string",
    }
}
