//! Tags: each becomes a feature of the crate, and a file.
//!
//! `Two Words` is the feature `two-words` and the file `two_words.rs`. Two tags with one feature, a tag called as another feature of the crate
//! (`rustls`), and one called as a device on Windows (`con`) are refused.

use std::collections::HashMap;

use super::context::Context;
use super::operation::Operation;
use super::rules;
use crate::naming::{FULL, MODULES, UNTAGGED, feature_name, is_identifier, module_name};
use crate::openapi;
use crate::taken;

/// Names must be allowed for features and modules, and differ from those that the crate has.
pub(super) fn check<'a>(context: &mut Context<'a>, operations: &[Operation<'a>]) {
    let has_untagged = operations
        .iter()
        .any(|it| openapi::tags(it.node).is_empty());
    let mut tags: HashMap<String, &str> = HashMap::new();
    for operation in operations {
        for tag in openapi::tags(operation.node) {
            let feature = feature_name(tag);
            let first = tags.entry(feature.clone()).or_insert(tag);
            let problem = if !is_feature(&feature) {
                format!("the tag `{tag}` cannot be the name of a feature and a file")
            } else if feature == FULL || taken::features().contains(&feature) {
                format!(
                    "the tag `{tag}` would become the feature `{feature}`, which the crate has for something else"
                )
            } else if MODULES.contains(&module_name(&feature).as_str()) {
                format!(
                    "the tag `{tag}` would become the module `{feature}`, which the generated code has for something else"
                )
            } else if has_untagged && feature == UNTAGGED {
                format!("the tag `{tag}` would become the feature of the operations without a tag")
            } else if *first != tag {
                format!("the tags `{first}` and `{tag}` would both become the feature `{feature}`")
            } else {
                continue;
            };
            let index = operation.node.get("tags").and_then(|it| it.as_array());
            let index = index.and_then(|all| all.iter().position(|it| it.as_str() == Some(tag)));
            let at = operation.at.join("tags");
            // An overlay cannot change an item of a list that is no object.
            let help = format!(
                "give the operation other tags, with {} and then {}",
                context.remove(&at),
                context.update(&operation.at, "tags: [another]")
            );
            let at = at.join(index.unwrap_or_default());
            context.report(rules::TAG_NAME, &at, problem, help);
        }
    }
}

/// Whether crates.io takes it for a feature, and Rust and all file systems for a module.
fn is_feature(feature: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    feature.chars().all(allowed)
        && is_identifier(&module_name(feature))
        && feature.len() <= 64
        && !is_device(feature)
}

/// Whether Windows has a device of this name, and so no file.
fn is_device(name: &str) -> bool {
    let is_port = |port: &str| {
        let number = name.strip_prefix(port);
        number.is_some_and(|it| it.len() == 1 && it.as_bytes()[0].is_ascii_digit())
    };
    matches!(name, "aux" | "con" | "nul" | "prn") || is_port("com") || is_port("lpt")
}
