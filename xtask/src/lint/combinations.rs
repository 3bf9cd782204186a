//! `anyOf`, `allOf`, `not`, and discriminators without effect.
//!
//! | schema | what happens to it |
//! |---|---|
//! | `anyOf: [A, B]` | typify makes a struct of optional parts, which refuses values that are valid |
//! | `not: A` | progenitor panics on most of it |
//! | `allOf: [A, {type: string}]` | typify guesses, or makes a type without values |
//! | a discriminator without `oneOf` | it is ignored |

use std::collections::{BTreeMap, HashMap, HashSet};

use super::context::Context;
use super::describe::{self, Words};
use super::field_words::Taken;
use super::objects::name_field;
use super::rules;
use super::schema::Schema;
use super::shape::{Shape, shape};
use crate::markers::SENSITIVE;
use crate::naming::{field_name, member_name};
use crate::openapi::{Node, Pointer};

/// typify merges, flattens or drops what is combined, by rules that are not those of OpenAPI. The arrange stage has removed what it
/// can. The rest is refused.
pub(super) fn check<'a>(context: &mut Context<'a>, schema: &Schema<'a>) {
    let what = describe::schema(context.document, &schema.at);
    if schema.get("anyOf").is_some() {
        context.report(
            rules::ANY_OF,
            &schema.at.join("anyOf"),
            format!("{what} has `anyOf`, which would become a struct of optional parts that refuses even known values"),
            "write the branches as a `oneOf` with a tag; for an enum and a string, an open enum; for any \
             JSON, `x-codegen-ignore: [anyOf]`",
        );
    }
    if schema.get("not").is_some() {
        context.report(
            rules::NOT,
            &schema.at.join("not"),
            format!(
                "{what} has `not`, for which Rust has no type; progenitor panics on most of it"
            ),
            format!(
                "leave it out with {}",
                context.update(&schema.at, "x-codegen-ignore: ['not']")
            ),
        );
    }
    if let Some(discriminator) = schema.get("discriminator") {
        let at = schema.at.join("discriminator");
        let help = format!(
            "leave it out with {}",
            context.update(&schema.at, "x-codegen-ignore: [discriminator]")
        );
        if schema.get("oneOf").is_none() {
            let message =
                format!("{what} has a discriminator and no `oneOf`; it would have no effect");
            context.report(rules::DISCRIMINATOR, &at, message, help);
        } else if discriminator
            .get("mapping")
            .and_then(Node::as_object)
            .is_some_and(|it| !it.is_empty())
        {
            let message = format!(
                "the mapping of {what} has no effect: branches are told apart by the enum of one value that each has for its tag"
            );
            context.report(rules::DISCRIMINATOR, &at.join("mapping"), message, help);
        }
    }
    if let Some(branches) = schema.get("allOf") {
        match branches.as_array() {
            Some([]) => {
                let help = format!(
                    "leave it out with {}",
                    context.update(&schema.at, "x-codegen-ignore: [allOf]")
                );
                let message = format!("the `allOf` of {what} is empty");
                context.report(rules::ALL_OF, &schema.at.join("allOf"), message, help);
            }
            Some([_]) => {}
            Some(_) => all_of(context, schema, what),
            None => {}
        }
    }
}

/// typify merges objects into one. For anything else, its result is a guess, or a type without values.
fn all_of<'a>(context: &mut Context<'a>, schema: &Schema<'a>, what: Words<'_>) {
    let help = "merge objects by `allOf`, each with properties of its own; write anything else out as one schema";
    let mut owners: HashMap<&str, usize> = HashMap::new();
    let mut found: BTreeMap<&str, Schema<'_>> = BTreeMap::new();
    let mut are_plain = true;
    for (index, branch) in schema.branches("allOf").enumerate() {
        let Some(shaped) = shape(context, &branch.at, branch.node) else {
            continue;
        };
        let merged = &shaped.schema;
        let is_plain = shaped.shape == Shape::Object
            && !shaped.nullable
            && merged.get("additionalProperties").is_none();
        let properties = merged_properties(context, merged.clone());
        let requires = merged.required().next().is_some();
        if !is_plain || (properties.is_empty() && !requires && merged.get("required").is_none()) {
            are_plain = false;
            let message = format!(
                "branch {} of {what} is not an object with properties, and cannot be merged with the others",
                index + 1
            );
            context.report(rules::ALL_OF, &branch.at, message, help);
            continue;
        }
        for (name, property) in properties {
            if property.node.get(SENSITIVE).is_some() {
                let message = format!(
                    "branch {} of {what} has the sensitive property `{name}`, which `Debug` of the merged type would show",
                    index + 1
                );
                context.report(
                    rules::ALL_OF,
                    &branch.at,
                    message,
                    "write the object out, and mark the property there",
                );
            }
            found.entry(name).or_insert(property);
            match owners.get(name) {
                Some(owner) => {
                    let message = format!(
                        "branches {} and {} of {what} both have `{name}`; the result is a guess",
                        owner + 1,
                        index + 1
                    );
                    context.report(rules::ALL_OF, &branch.at, message, help);
                }
                None => {
                    owners.insert(name, index);
                }
            }
        }
    }
    // A branch may require a property that another branch declares.
    for branch in schema.branches("allOf").filter(|_| are_plain) {
        if branch.node.get("$ref").is_some() {
            continue;
        }
        for (index, name) in branch.items("required").iter().enumerate() {
            let Some(name) = name.as_str().filter(|name| !owners.contains_key(name)) else {
                continue;
            };
            context.report(
                rules::REQUIRED,
                &branch.at.join("required").join(index),
                format!("{what} requires `{name}`, which is not among its properties"),
                format!(
                    "declare it, as with {}",
                    context.update(&branch.at, &format!("properties: {{'{name}': {{}}}}"))
                ),
            );
        }
    }
    fields(context, schema, found, what);
}

/// Whether the fields of what is merged have different names. What is merged in keeps its own, since it has that elsewhere, too.
fn fields(
    context: &mut Context<'_>,
    schema: &Schema<'_>,
    found: BTreeMap<&str, Schema<'_>>,
    what: Words<'_>,
) {
    let mut taken = Taken::default();
    let mut all: Vec<(&str, Schema<'_>, String)> = Vec::new();
    for (name, property) in found {
        let field = member_name(name, property.field(), field_name);
        taken.insert(&field);
        all.push((name, property, field));
    }
    all.sort_by_key(|(name, property, field)| {
        let is_own = property.at.0.starts_with(&schema.at.0);
        let is_spelled_so = *name == field.trim_end_matches('_');
        (property.field().is_none(), is_own, !is_spelled_so)
    });
    let mut fields: HashMap<String, &str> = HashMap::new();
    for (name, property, field) in all {
        let Some(other) = fields.get(&field) else {
            fields.insert(field, name);
            continue;
        };
        let message =
            format!("in {what}, `{name}` and `{other}` would both become the field `{field}`");
        let help = name_field(context, &property.at, name, &mut taken);
        context.report(rules::PROPERTY_NAME, &property.at, message, help);
    }
}

/// The properties of an object with all that is merged into it.
fn merged_properties<'a>(context: &Context<'a>, schema: Schema<'a>) -> Vec<(&'a str, Schema<'a>)> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![schema];
    while let Some(schema) = waiting.pop() {
        if !seen.insert(schema.at.clone()) {
            continue;
        }
        found.extend(schema.properties());
        for branch in schema.branches("allOf") {
            waiting.extend(shape(context, &branch.at, branch.node).map(|it| it.schema));
        }
    }
    found
}

/// Whether a schema is one of several that are merged into one.
pub(super) fn is_merged(context: &Context<'_>, at: &Pointer) -> bool {
    let holder = at.parent().filter(|it| it.last() == Some("allOf"));
    let branches = holder.and_then(|it| context.document.pointer(&it)?.as_array());
    branches.is_some_and(|it| it.len() > 1)
}
