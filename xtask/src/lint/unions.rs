//! `oneOf` with inline branches: what tells them apart. The arrange stage has set all other unions aside.
//!
//! typify looks for a property that is required in every branch and has an enum of one value there, and
//! makes it the tag of a Rust enum. It does not look at the discriminator, nor through references. If it finds no tag, it takes the first branch
//! that parses, which may be the wrong one.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::context::Context;
use super::describe::{self, Words};
use super::field_words::Taken;
use super::objects::name_field;
use super::rules;
use super::schema::Schema;
use crate::markers::OPEN;
use crate::naming::{UNKNOWN_MEMBERS, all_differ, field_name, member_name, variant_names};
use crate::openapi::Node;

/// The property by which typify tells the branches apart, if there is one.
fn tag(schema: &Schema<'_>) -> Option<String> {
    let mut common: Option<BTreeSet<&str>> = None;
    for branch in schema.branches("oneOf") {
        let tags: BTreeSet<&str> = constants(&branch).into_keys().collect();
        common = Some(match common {
            Some(common) => common.intersection(&tags).copied().collect(),
            None => tags,
        });
    }
    let common = common?;
    // If the discriminator names one of several, that one is meant.
    let named = schema
        .get("discriminator")
        .and_then(|it| it.get("propertyName")?.as_str())
        .filter(|name| common.contains(name));
    named.or(common.first().copied()).map(str::to_owned)
}

/// Required properties with an enum of one text.
pub(super) fn constants<'a>(branch: &Schema<'a>) -> HashMap<&'a str, &'a str> {
    let required: HashSet<&str> = branch.required().collect();
    branch
        .properties()
        .filter(|(name, _)| required.contains(name))
        .filter_map(|(name, property)| {
            if property.kind() != Some("string") || property.flag("nullable") {
                return None;
            }
            match property.items("enum") {
                [value] => Some((name, value.as_str()?)),
                _ => None,
            }
        })
        .collect()
}

/// Checks the unions that the arrange stage has left to typify.
pub(super) fn check(context: &mut Context<'_>, schema: &Schema<'_>) {
    let Some(list) = schema.get("oneOf") else {
        return;
    };
    let what = describe::schema(context.document, &schema.at);
    let at = schema.at.join("oneOf");
    if list.as_array().is_none_or(<[Node]>::is_empty) {
        let message = format!(
            "the `oneOf` of {what} has no branches, and would become a type without values"
        );
        context.report(rules::ONE_OF_TAG, &at, message, "add one");
        return;
    }
    let mut has_reference = false;
    for branch in schema.branches("oneOf") {
        if branch.node.get("$ref").is_some() {
            has_reference = true;
            context.report(
                rules::ONE_OF_REF,
                &branch.at,
                format!("{} is a reference: typify does not look through it for a tag, nor at the discriminator, and takes the first branch that parses", describe::schema(context.document, &branch.at)),
                "write the branch out in place, with a required tag that is an enum of one value",
            );
        }
    }
    if !has_reference {
        tags(context, schema, what);
    }
}

/// Checks that each branch has a different value for the tag, as typify sees it.
fn tags(context: &mut Context<'_>, schema: &Schema<'_>, what: Words<'_>) {
    let help = "give every branch one property, required and with an enum of one value of its own, as \
                `type: {type: string, enum: [agent]}`";
    let named = schema
        .get("discriminator")
        .and_then(|it| it.get("propertyName")?.as_str());
    let tag = tag(schema);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut values = Vec::new();
    for (index, branch) in schema.branches("oneOf").enumerate() {
        let label = describe::schema(context.document, &branch.at);
        let constants = constants(&branch);
        for (name, property) in branch.properties() {
            if constants.contains_key(name) && property.get("format").is_some() {
                let message = format!(
                    "the tag `{name}` of {label} has a format; typify takes no text with one for a tag"
                );
                let ignore = context.update(&property.at, "x-codegen-ignore: [format]");
                let help = format!("leave it out with {ignore}");
                context.report(
                    rules::ONE_OF_TAG,
                    &property.at.join("format"),
                    message,
                    help,
                );
            }
        }
        let wanted = named.or(tag.as_deref());
        let value = wanted.and_then(|tag| constants.get(tag).copied());
        let is_plain = branch.kind() == Some("object")
            && !branch.flag("nullable")
            && ["additionalProperties", "minProperties", "maxProperties"]
                .iter()
                .all(|keyword| branch.get(keyword).is_none());
        let Some(value) = value.filter(|_| is_plain) else {
            let by = wanted.map(|tag| format!(" `{tag}`")).unwrap_or_default();
            let message = if is_plain {
                format!(
                    "{label} has no tag{by}, and typify would take the first branch that parses"
                )
            } else {
                format!(
                    "{label} is not a plain object with a tag{by}, and typify would take the first branch that parses"
                )
            };
            context.report(rules::ONE_OF_TAG, &branch.at, message, help);
            continue;
        };
        if constants.len() > 1 {
            let mut names: Vec<&str> = constants.keys().copied().collect();
            names.sort_unstable();
            let message = format!(
                "{label} has several properties of one value, {}; typify would take the first for the tag",
                names.join(" and ")
            );
            let help = "leave the enum out of all but the tag, with `x-codegen-ignore: [enum]`";
            context.report(rules::ONE_OF_TAG, &branch.at, message, help);
        }
        if let Some(other) = seen.insert(value, index) {
            let message = format!(
                "branches {} and {} of {what} both have the tag `{value}`",
                other + 1,
                index + 1
            );
            context.report(rules::ONE_OF_TAG, &branch.at, message, help);
        }
        values.push(value);
    }
    let branches: Vec<_> = schema.branches("oneOf").collect();
    if let [only] = branches.as_slice()
        && only.properties().count() == 1
        && values.len() == 1
    {
        let message = format!(
            "the only branch of {what} is nothing but a tag, and typify would take it for a map of one key"
        );
        context.report(
            rules::ONE_OF_TAG,
            &only.at,
            message,
            "give it a property, or replace the schema with `x-codegen-replace`",
        );
    }
    let names = variant_names(&values);
    let is_open = schema.get(OPEN).and_then(Node::as_bool) != Some(false);
    for branch in branches.iter().filter(|_| is_open) {
        let fields = branch.properties().map(|(name, property)| {
            let field = member_name(name, property.field(), field_name);
            (name, property, field)
        });
        let fields: Vec<_> = fields.collect();
        let mut taken = Taken::default();
        fields.iter().for_each(|it| taken.insert(&it.2));
        for (name, property, _) in fields.iter().filter(|it| it.2 == UNKNOWN_MEMBERS) {
            let message = format!(
                "`{name}` would become the field `{UNKNOWN_MEMBERS}`, which a branch of an open union has for members that it does not know"
            );
            let help = name_field(context, &property.at, name, &mut taken);
            context.report(rules::PROPERTY_NAME, &property.at, message, help);
        }
    }
    for (index, name) in names.iter().enumerate() {
        if is_open && name == "Unknown" {
            let message = format!(
                "in {what}, `{}` would become the variant `Unknown`, which an open union has for what it does not know",
                values[index]
            );
            let help = "close the union, or replace it with `x-codegen-replace`";
            context.report(rules::VARIANT_NAME, &schema.at.join("oneOf"), message, help);
        }
    }
    if seen.len() == values.len() && !all_differ(&names) {
        let message =
            format!("two tags of {what} would become the same variant; progenitor panics on that");
        let help = "replace the schema by a hand-written type with `x-codegen-replace`";
        context.report(rules::VARIANT_NAME, &schema.at.join("oneOf"), message, help);
    }
}
