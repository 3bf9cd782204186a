//! Notes about deprecation within unions that typify writes: a variant or its fields get no attribute there.
//! So a sentence is added to the description: `Deprecated: use agents.` Everything else that is deprecated gets `#[deprecated]`.

use super::build::{items_mut, member_mut, members_mut};
use super::tagged::is_tagged;
use crate::markdown;
use crate::openapi::schema::get;
use crate::openapi::walk::each_schema_mut;
use crate::openapi::{Node, Value, deprecation};

/// Adds the sentence to all branches of such unions, and to their properties.
pub(super) fn in_words(document: &mut Node) {
    each_schema_mut(document, |schema, _, _| {
        if get(schema, "oneOf").is_none() || !is_tagged(schema) {
            return;
        }
        for branch in items_mut(member_mut(schema, "oneOf")) {
            say(branch);
            let properties = member_mut(branch, "properties").and_then(members_mut);
            for (_, property) in properties.into_iter().flatten() {
                say(&mut property.node);
            }
        }
    });
}

/// Adds to the description of a schema that it is deprecated, if it is.
fn say(schema: &mut Node) {
    let Some(note) = deprecation(schema) else {
        return;
    };
    let words = format!("Deprecated: {}.", note.trim_end_matches('.'));
    let span = schema.span.clone();
    match member_mut(schema, "description").map(|it| &mut it.value) {
        Some(Value::String(text)) => *text = markdown::docs_with(text, &words),
        _ => {
            if let Some(members) = members_mut(schema) {
                let words = super::build::entry(super::build::string(words, &span), &span);
                members.insert("description".to_owned(), words);
            }
        }
    }
}
