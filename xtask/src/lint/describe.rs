//! What to call a part of a description in a message.

use crate::markers::union_of;
use crate::openapi::{Node, Pointer};

/// A schema in words: "the property `id` of `Agent`". The text is made when it is printed, since most schemas
/// are in no message.
pub(super) fn schema<'a>(document: &'a Node, at: &'a Pointer) -> Words<'a> {
    Words { document, at }
}

#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    document: &'a Node,
    at: &'a Pointer,
}

impl std::fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: Vec<&str> = self.at.0.iter().map(String::as_str).collect();
        f.write_str(&words(self.document, &parts))
    }
}

/// The innermost parts of the way decide: `properties`, `items`, branches, parameters, media types.
fn words(document: &Node, parts: &[&str]) -> String {
    match parts {
        ["components", "schemas", name] => match union_of(name) {
            Some(union) => format!("the branches of `{union}`"),
            None => format!("the schema `{name}`"),
        },
        ["components", "schemas", owner, "properties", name] => {
            // The arrange stage makes a property, `b0` and so on, of each branch.
            let index = name
                .strip_prefix('b')
                .and_then(|it| it.parse::<usize>().ok());
            match union_of(owner).zip(index) {
                Some((union, index)) => format!("branch {} of `{union}`", index + 1),
                None => format!("the property `{name}` of `{owner}`"),
            }
        }
        ["components", "parameters", name, "schema"] => format!("the parameter `{name}`"),
        [.., "properties", name] => format!("the property `{name}`"),
        [holder @ .., "items"] => format!("the items of {}", words(document, holder)),
        [holder @ .., "additionalProperties"] => {
            format!("the values of {}", words(document, holder))
        }
        [holder @ .., "oneOf" | "anyOf" | "allOf", index] => {
            let number = index.parse::<usize>().map_or(0, |index| index + 1);
            format!("branch {number} of {}", words(document, holder))
        }
        [holder @ .., "schema"] if holder.iter().rev().nth(1) == Some(&"parameters") => {
            let at = Pointer(holder.iter().map(|part| (*part).to_owned()).collect());
            let name = document
                .pointer(&at)
                .and_then(|it| it.get("name")?.as_str());
            format!("the parameter `{}`", name.unwrap_or("?"))
        }
        [.., "responses", status, "content", media_type, "schema"] => {
            format!("the `{media_type}` of response {status}")
        }
        [.., "content", media_type, "schema"] => format!("the `{media_type}` of the body"),
        _ => "this schema".to_owned(),
    }
}
