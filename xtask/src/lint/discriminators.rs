//! Discriminators that say less than they seem to.
//!
//! | description | what would happen |
//! |---|---|
//! | `mapping: {dog: '#/components/schemas/Dgo'}` | a dog is read as something unknown |
//! | `propertyName: kind`, and `kind` is a number of any value | branches are told apart by their shape |

use super::context::Context;
use super::describe;
use super::rules;
use crate::markers::{REPLACE, UNION, branches_of};
use crate::openapi::schema::{get, items, text};
use crate::openapi::walk::{self, Kind, Reach, Then};
use crate::openapi::{Entry, Node, Pointer, component_schemas, reference};
use crate::overlay::{self, yaml_text};

/// The mappings, as they were given: the arrange stage makes others of them. And what it has left of discriminators.
pub(super) fn check(context: &mut Context<'_>) {
    let given = context.given();
    let mut found: Vec<(Pointer, &Node)> = Vec::new();
    walk::each(given, Reach::V3_1, |node, place| {
        if place.kind != Kind::Schema {
            return Then::Within;
        }
        if node.get(REPLACE).is_some() {
            return Then::Past;
        }
        if let Some(discriminator) = get(node, "discriminator") {
            found.push((place.pointer().join("discriminator"), discriminator));
        }
        Then::Within
    });
    for (at, discriminator) in found {
        mapping(context, given, &at, discriminator);
    }
    for (name, schema) in component_schemas(context.document) {
        // The arrange stage leaves it only if it tells nothing apart.
        if let Some(union) = schema
            .get(UNION)
            .filter(|_| schema.get("discriminator").is_some())
        {
            blind(context, name, union);
        }
    }
}

/// How many values are told. What to do about them is the same for all.
const TOLD: usize = 3;

/// Reports values of a tag that lead to no schema.
fn mapping(context: &mut Context<'_>, given: &Node, at: &Pointer, discriminator: &Node) {
    let mapping = discriminator.get("mapping").and_then(Node::as_object);
    let leads_on = |target: &Node| {
        target.as_str().is_some_and(|target| {
            let named = reference::place_of("schemas", target);
            let referred = reference::pointer(target);
            given.pointer(&named).is_some()
                || referred.is_some_and(|it| given.pointer(&it).is_some())
        })
    };
    let all = mapping.into_iter().flatten();
    let (kept, lost): (Vec<_>, Vec<_>) = all.partition(|(_, it)| leads_on(&it.node));
    let Some((first, _)) = lost.first() else {
        return;
    };
    let remove = overlay::remove_action(given, &at.join("mapping"));
    let kept: Vec<String> = kept
        .iter()
        .filter_map(|(value, it)| {
            let target = it.node.as_str()?;
            Some(format!("{}: {}", yaml_text(value), yaml_text(target)))
        })
        .collect();
    let without = match kept.as_slice() {
        [] => remove,
        _ => {
            let update = format!("mapping: {{{}}}", kept.join(", "));
            let update = overlay::update_action(given, at, &update);
            format!("{remove} and then {update}")
        }
    };
    let told = lost
        .iter()
        .take(TOLD)
        .map(|(value, it)| match it.node.as_str() {
            Some(target) => format!("`{value}` means `{target}`"),
            None => format!("`{value}` means {}", it.node.value.kind()),
        });
    let mut told: Vec<String> = told.collect();
    if lost.len() > TOLD {
        told.push(format!("{} more are like it", lost.len() - TOLD));
    }
    let message = format!(
        "the mapping leads to no schema: {}; a value with such a tag would be unknown",
        told.join(", ")
    );
    let correct = match corrected(given, &lost).as_slice() {
        [] => "correct its name".to_owned(),
        names => {
            let update = format!("mapping: {{{}}}", names.join(", "));
            let update = overlay::update_action(given, at, &update);
            format!("correct its name, as with {update}")
        }
    };
    let help = format!(
        "{correct}; or add the schema; or, if the service does not send such a tag, leave it out of the mapping with {without}"
    );
    let place = at.join("mapping").join(*first);
    context.report_given_slip(rules::DISCRIMINATOR, &place, message, help);
}

/// How alike the name of a schema must be to be proposed, from 0 to 1.
const ALIKE: f32 = 0.6;

/// The longest name that is compared with others, in bytes.
const COMPARED: usize = 100;

/// Members of a mapping that lead to the schemas whose names are most alike, for those that are told. To compare is work for each pair of
/// names, and for each pair of their letters.
fn corrected(given: &Node, lost: &[(&String, &Entry)]) -> Vec<String> {
    let names = component_schemas(given).map(|(name, _)| name);
    let names: Vec<&str> = names.filter(|it| it.len() <= COMPARED).collect();
    let members = lost.iter().take(TOLD).filter_map(|(value, it)| {
        let target = it.node.as_str()?;
        let name = target
            .rsplit('/')
            .next()
            .filter(|it| it.len() <= COMPARED)?;
        let alike = similar::get_close_matches(name, &names, 1, ALIKE);
        Some(format!(
            "{}: {}",
            yaml_text(value),
            yaml_text(alike.first()?)
        ))
    });
    members.collect()
}

/// Reports a tag that is a number or a truth value, if the description does not say which values of it mean a branch.
fn blind(context: &mut Context<'_>, name: &str, union: &Node) {
    let at = reference::place_of("schemas", name);
    let tag = text(union, "tag").unwrap_or_default();
    let parts = reference::place_of("schemas", &branches_of(name)).join("properties");
    let branches = items(union, "branches").iter();
    let untold: Vec<String> = branches
        .filter(|it| items(it, "tags").is_empty())
        .filter_map(|it| text(it, "field"))
        .map(|field| describe::schema(context.document, &parts.join(field)).to_string())
        .collect();
    let what = describe::schema(context.document, &at);
    let message = format!(
        "{what} is told apart by `{tag}`, which is no text; the description does not say its values for {}, as whole numbers or truth values",
        untold.join(" and ")
    );
    let ignore = context.update(&at, "x-codegen-ignore: [discriminator]");
    let help = format!(
        "give each branch its value, as `{tag}: {{type: integer, enum: [1]}}`; or tell the branches apart by their shape, with {ignore}"
    );
    context.report(
        rules::DISCRIMINATOR,
        &at.join("discriminator"),
        message,
        help,
    );
}
