//! Defaults in words. Where code does not act on a default, the documentation tells it.

use super::build::{entry, member_mut, members_mut, string};
use crate::markdown;
use crate::openapi::schema::get;
use crate::openapi::{Entry, Node, Value};

/// The longest default that is told, in characters. A longer one, such as a prompt, hides what the field is for.
const LONGEST: usize = 80;

/// Moves the default of a schema to its description: ``By default `10`.`` Null is not told: it is what leaving a field out
/// looks like anyway.
pub(super) fn default_in_words(schema: &mut Node) {
    if get(schema, "default").is_none() {
        return;
    }
    let Some(members) = members_mut(schema) else {
        return;
    };
    let Some(Entry { node: default, .. }) = members.shift_remove("default") else {
        return;
    };
    let value = match default.as_str() {
        Some("") | None => default.to_json().to_string(),
        Some(text) => text.to_owned(),
    };
    let words = match value.chars().count() {
        ..=LONGEST => format!("By default {}.", markdown::code(&value)),
        _ => "The service has a default.".to_owned(),
    };
    add_words(schema, &words);
}

/// Adds a sentence to the description of a schema.
pub(super) fn add_words(schema: &mut Node, words: &str) {
    let span = schema.span.clone();
    match member_mut(schema, "description").map(|it| &mut it.value) {
        Some(Value::String(text)) => *text = markdown::docs_with(text, words),
        _ => {
            if let Some(members) = members_mut(schema) {
                let words = entry(string(words, &span), &span);
                members.insert("description".to_owned(), words);
            }
        }
    }
}
