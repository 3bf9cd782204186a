//! Parameters: their places, how they are written, and their names in Rust.
//!
//! progenitor writes parameters in one way for each place. The arrange stage notes other styles for refine, and makes headers of cookies. What it
//! does not know would be ignored, and is refused.

use std::collections::HashMap;

use super::context::Context;
use super::field_words::Taken;
use super::operation::{Operation, Parameter};
use super::rules;
use super::shape::{Shape, Shaped, shape};
use crate::markers::{FIELD, STYLE};
use crate::naming::{argument_name, member_name};
use crate::openapi::Node;
use crate::openapi::reference::merged;
use crate::openapi::schema::{get, members};

/// How parameters are written is fixed in generated code: each place has one style, and takes certain types only.
pub(super) fn check<'a>(context: &mut Context<'a>, operations: &[Operation<'a>]) {
    for operation in operations {
        for parameter in &operation.parameters {
            if parameter.location == "cookie" {
                let message = format!(
                    "the cookie parameter `{}` is not a text, a number or a truth value, which generated code can write in a cookie",
                    parameter.name
                );
                let help = format!(
                    "remove it with {}, and leave cookies to the transport",
                    context.remove(&parameter.listed)
                );
                context.report_change(
                    true,
                    rules::PARAMETER_LOCATION,
                    &parameter.at,
                    message,
                    help,
                );
                continue;
            }
            style(context, parameter);
            value(context, parameter);
            if parameter.location == "header" {
                header(context, parameter);
            }
        }
        names(context, operation);
    }
}

/// Whether a parameter asks for another style than the generated one.
fn style<'a>(context: &mut Context<'a>, parameter: &Parameter<'a>) {
    let name = parameter.name;
    let default = if parameter.location == "query" {
        "form"
    } else {
        "simple"
    };
    let is_set = |flag: &str| parameter.node.get(flag).and_then(Node::as_bool) == Some(true);
    // What is still there was not arranged.
    if parameter.location == "query" && is_set("allowReserved") {
        let style = parameter.node.get("style").and_then(Node::as_str);
        let beside = match style.filter(|style| *style != default) {
            Some(style) => format!("`style: {style}`"),
            None => "`explode: false`".to_owned(),
        };
        context.report_change(
            true,
            rules::PARAMETER_STYLE,
            &parameter.at.join("allowReserved"),
            format!("`allowReserved` on `{name}` has no effect beside {beside}: reserved characters are encoded"),
            format!(
                "if the service takes that, say so with {}",
                context.update(&parameter.at, "allowReserved: false")
            ),
        );
        return;
    }
    if let Some(style) = parameter.node.get("style").and_then(Node::as_str)
        && style != default
    {
        context.report_change(
            true,
            rules::PARAMETER_STYLE,
            &parameter.at.join("style"),
            format!(
                "the {} parameter `{name}` has the style `{style}`, which is not generated",
                parameter.location
            ),
            format!(
                "the generator writes `{default}`; if the service takes that too, say so with {}",
                context.update(&parameter.at, &format!("style: {default}"))
            ),
        );
    }
    let kind = parameter.node.get("schema").and_then(|schema| {
        let shaped = shape(context, &parameter.at.join("schema"), schema)?;
        Some(shaped.shape)
    });
    let explode = parameter.node.get("explode").and_then(Node::as_bool);
    if parameter.location == "query"
        && let Some(kind @ (Shape::Array | Shape::Object)) = kind
        && explode == Some(false)
    {
        let separator = match parameter.node.get("style").and_then(Node::as_str) {
            Some("spaceDelimited") => "%20",
            Some("pipeDelimited") => "%7C",
            _ => ",",
        };
        let (sent, parts) = match kind {
            Shape::Object => ("a=1&b=2".to_owned(), vec!["a", "1", "b", "2"]),
            _ => (format!("{name}=a&{name}=b"), vec!["a", "b"]),
        };
        let asked = parts.join(separator);
        context.report_change(
            true,
            rules::PARAMETER_STYLE,
            &parameter.at.join("explode"),
            format!("`explode: false` on `{name}` has no effect: it is sent as `{sent}`, not `{name}={asked}`"),
            format!(
                "if the service takes the first form too, say so with {}; if not, make it a text",
                context.update(&parameter.at, "explode: true")
            ),
        );
    }
    // OpenAPI 3.0 has it in a query only.
    for (flag, effect) in [
        ("allowReserved", "reserved characters are encoded here"),
        ("allowEmptyValue", "what is left out is not sent"),
    ] {
        if is_set(flag) {
            context.report_change(
                flag == "allowReserved",
                rules::PARAMETER_STYLE,
                &parameter.at.join(flag),
                format!("`{flag}` on `{name}` has no effect: {effect}"),
                format!(
                    "if that will do, say so with {}",
                    context.update(&parameter.at, &format!("{flag}: false"))
                ),
            );
        }
    }
}

/// Whether a value of its type can be written in its place.
fn value<'a>(context: &mut Context<'a>, parameter: &Parameter<'a>) {
    let (name, location) = (parameter.name, parameter.location);
    if parameter.node.given("content").is_some() {
        context.report(
            rules::PARAMETER_SCHEMA,
            &parameter.at.join("content"),
            format!(
                "the parameter `{name}` is described by `content`, which progenitor cannot take"
            ),
            "describe it by a `schema` of type string, and leave writing it to the caller",
        );
        return;
    }
    let at = parameter.at.join("schema");
    let Some(schema) = parameter.node.given("schema") else {
        context.report(
            rules::PARAMETER_SCHEMA,
            &at,
            format!("the parameter `{name}` has no `schema`"),
            format!(
                "give it one with {}",
                context.update(&parameter.at, "schema: {type: string}")
            ),
        );
        return;
    };
    let Some(shaped) = shape(context, &at, schema) else {
        return;
    };
    let problem = match (location, shaped.shape) {
        ("query", Shape::Union) => Some("one of several shapes"),
        ("query", _) | (_, Shape::Scalar | Shape::Unknown) => None,
        // `deep`, `comma` and the like are written by code of ours.
        ("header" | "path", _)
            if parameter
                .node
                .get(STYLE)
                .is_some_and(|it| it.as_str() != Some("cookie")) =>
        {
            None
        }
        (_, Shape::Array) => Some("an array"),
        (_, Shape::Object) => Some("an object"),
        (_, Shape::Union) => Some("one of several shapes"),
        (_, Shape::Any) => Some("any JSON"),
    };
    if let Some(problem) = problem {
        context.report(
            rules::PARAMETER_SCHEMA,
            &at,
            format!("the {location} parameter `{name}` is {problem}; generated code can write text, numbers and booleans there"),
            "describe it as a string, and leave writing it to the caller",
        );
    }
    if problem.is_none() {
        nested(context, parameter, &shaped);
    }
    if location != "query" && shaped.nullable {
        let target = &shaped.schema.at;
        let help = format!(
            "say that it is not, with {}",
            context.update(target, "nullable: false")
        );
        let message = format!(
            "the {location} parameter `{name}` may be null; its generated code would not compile"
        );
        context.report(rules::PARAMETER_NULLABLE, &at, message, help);
    }
}

/// Whether a list or an object holds one itself. No style but JSON has a form for that.
fn nested<'a>(context: &mut Context<'a>, parameter: &Parameter<'a>, shaped: &Shaped<'a>) {
    let style = parameter.node.get(STYLE).and_then(Node::as_str);
    if style == Some("json") || !matches!(shaped.shape, Shape::Array | Shape::Object) {
        return;
    }
    let (name, location) = (parameter.name, parameter.location);
    let Some((what, inner)) = nested_part(context, shaped) else {
        return;
    };
    let message = format!(
        "in the {location} parameter `{name}`, {what} is {inner}, which has no form there; generated code would fail when it is called"
    );
    let text = "describe what is nested as a text, and leave writing it to the caller";
    if location == "path" {
        let at = parameter.at.join("schema");
        context.report(rules::PARAMETER_SCHEMA, &at, message, text);
        return;
    }
    let json = match location {
        "query" => {
            "; if the service takes JSON there, describe it by `content` of `application/json`"
        }
        _ => "",
    };
    let help = format!(
        "{text}, or remove the parameter with {}{json}",
        context.remove(&parameter.listed)
    );
    context.report_change(
        true,
        rules::PARAMETER_SCHEMA,
        &parameter.at.join("schema"),
        message,
        help,
    );
}

/// The first part of a list or an object that is one itself, and what it is. Any JSON may be a text.
fn nested_part<'a>(context: &Context<'a>, shaped: &Shaped<'a>) -> Option<(String, &'static str)> {
    let mut parts: Vec<(String, &'a Node)> = Vec::new();
    if shaped.shape == Shape::Array {
        parts.extend(
            shaped
                .schema
                .get("items")
                .map(|it| ("each item".to_owned(), it)),
        );
    } else {
        for part in merged(context.document, shaped.schema.node) {
            let properties = members(part, "properties");
            parts.extend(properties.map(|(name, it)| (format!("the property `{name}`"), it)));
            let others = get(part, "additionalProperties").filter(|it| it.as_object().is_some());
            parts.extend(others.map(|it| ("each of the `additionalProperties`".to_owned(), it)));
        }
    }
    parts.into_iter().find_map(|(what, schema)| {
        match shape(context, &shaped.schema.at, schema)?.shape {
            Shape::Array => Some((what, "a list")),
            Shape::Object => Some((what, "an object")),
            _ => None,
        }
    })
}

/// Whether its name is allowed for a header.
fn header(context: &mut Context<'_>, parameter: &Parameter<'_>) {
    let name = parameter.name;
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let message = if name.is_empty() || !name.chars().all(is_token) {
        format!("`{name}` is not a valid name for a header; generated code would panic on it")
    } else {
        return;
    };
    let help = format!(
        "remove the parameter with {}",
        context.remove(&parameter.listed)
    );
    context.report_change(
        true,
        rules::PARAMETER_NAME,
        &parameter.at.join("name"),
        message,
        help,
    );
}

/// Whether the arguments of the method have distinct names.
fn names(context: &mut Context<'_>, operation: &Operation<'_>) {
    let label = operation.label();
    // What each name is of, and in which place that is, if it is a parameter.
    let mut seen: HashMap<String, (String, Option<&str>)> = HashMap::new();
    if operation.node.given("requestBody").is_some() {
        seen.insert("body".to_owned(), ("the request body".to_owned(), None));
    }
    // Generated code has a variable of this name.
    if operation
        .parameters
        .iter()
        .any(|it| it.location == "header")
    {
        seen.insert(
            "header_map".to_owned(),
            ("a variable of the generated code".to_owned(), None),
        );
    }
    let argument = |it: &Parameter<'_>| member_name(it.name, it.field(), argument_name);
    let mut taken = Taken::default();
    let all = operation.parameters.iter().map(argument);
    seen.keys()
        .cloned()
        .chain(all)
        .for_each(|it| taken.insert(&it));
    // A name that the overlay gives comes first, then those of the path, then what is spelled as its argument.
    let mut all: Vec<&Parameter<'_>> = operation.parameters.iter().collect();
    all.sort_by_key(|it| {
        let is_spelled_so = it.name == argument(it).trim_end_matches('_');
        (it.field().is_none(), it.location != "path", !is_spelled_so)
    });
    for parameter in all {
        let (name, location) = (parameter.name, parameter.location);
        let has_name = parameter.field().is_some() || name.contains(char::is_alphanumeric);
        let mut made = vec![argument(parameter)];
        if location == "path" {
            made.push(format!("{}_segment", made[0].trim_end_matches('_')));
        }
        let here = format!("the {location} parameter `{name}`");
        let clash = made.iter().find_map(|it| seen.get_key_value(it));
        let is_elsewhere = clash.is_some_and(|(_, (_, place))| *place != Some(location));
        let message = if !has_name {
            format!(
                "a parameter of `{label}` has the name `{name}`, which cannot be a name in Rust"
            )
        } else if let Some((made, (other, _))) = clash {
            format!(
                "in `{label}`, {here} would be called `{made}`, and so would {other}; progenitor keeps one of two that share a name"
            )
        } else {
            let here = (here, Some(location));
            seen.extend(made.into_iter().map(|it| (it, here.clone())));
            continue;
        };
        let own = argument_name(name);
        let free = taken.free(name, &own, is_elsewhere.then_some(location));
        let action = context.update(&parameter.at, &format!("{FIELD}: {free}"));
        let help = format!(
            "give its argument a name with {action}, or a better one; the service sees {}",
            match location {
                "path" => "no name of it".to_owned(),
                _ => format!("`{name}`"),
            }
        );
        context.report(rules::PARAMETER_NAME, &parameter.listed, message, help);
    }
}
