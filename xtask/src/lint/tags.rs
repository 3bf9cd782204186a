//! Tags: each becomes a feature of the crate, and a file.
//!
//! `Two Words` is the feature `two-words` and the file `two_words.rs`. Two tags with one feature, a tag called as another feature of the crate
//! (`rustls`), and one called as a device on Windows (`con`) are refused.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::context::Context;
use super::operation::Operation;
use super::rules;
use crate::naming::{FULL, MODULES, UNTAGGED, feature_name, is_identifier, module_name};
use crate::openapi::{self, Node};
use crate::overlay::yaml_text;
use crate::taken;

/// Names must be allowed for features and modules, and differ from those that the crate has.
pub(super) fn check<'a>(context: &mut Context<'a>, operations: &[Operation<'a>]) {
    let has_untagged = operations
        .iter()
        .any(|it| openapi::tags(it.node).is_empty());
    let mut problems: HashMap<&str, String> = HashMap::new();
    // The tag that has a feature, which is the first that may.
    let mut features: HashMap<String, &str> = HashMap::new();
    let all = operations.iter().flat_map(|it| openapi::tags(it.node));
    for tag in all {
        let feature = feature_name(tag);
        if let Some(problem) = problem(tag, &feature, has_untagged) {
            problems.insert(tag, problem);
            continue;
        }
        let first = *features.entry(feature.clone()).or_insert(tag);
        if first != tag {
            let problem =
                format!("the tags `{first}` and `{tag}` would both become the feature `{feature}`");
            problems.insert(tag, problem);
        }
    }
    let names = names(context.given(), problems.keys().copied(), has_untagged);
    for operation in operations {
        let tags = openapi::tags(operation.node);
        let mut told: HashSet<&str> = HashSet::new();
        for tag in &tags {
            let Some(problem) = problems.get(tag).filter(|_| told.insert(tag)) else {
                continue;
            };
            let index = operation.node.get("tags").and_then(|it| it.as_array());
            let index = index.and_then(|all| all.iter().position(|it| it.as_str() == Some(tag)));
            let at = operation.at.join("tags");
            let renamed = tags
                .iter()
                .map(|tag| yaml_text(names.get(*tag).map_or(tag, String::as_str)));
            let renamed = renamed.collect::<Vec<_>>().join(", ");
            // An overlay cannot change an item of a list that is no object.
            let help = format!(
                "rename the tag, with {} and then {}",
                context.remove(&at),
                context.update(&operation.at, &format!("tags: [{renamed}]"))
            );
            let at = at.join(index.unwrap_or_default());
            context.report(rules::TAG_NAME, &at, problem, help);
        }
    }
}

/// Why a tag cannot be a feature, whatever other tags there are. `None` if it can.
fn problem(tag: &str, feature: &str, has_untagged: bool) -> Option<String> {
    Some(if !is_feature(feature) {
        format!("the tag `{tag}` cannot be the name of a feature and a file")
    } else if feature == FULL || taken::features().contains(feature) {
        format!(
            "the tag `{tag}` would become the feature `{feature}`, which the crate has for something else"
        )
    } else if MODULES.contains(&module_name(feature).as_str()) {
        format!(
            "the tag `{tag}` would become the module `{feature}`, which the generated code has for something else"
        )
    } else if has_untagged && feature == UNTAGGED {
        format!("the tag `{tag}` would become the feature of the operations without a tag")
    } else {
        return None;
    })
}

/// Another name for each of these tags, which no tag of the description has. They are in the order of the alphabet, so each keeps its name if
/// operations move.
fn names<'a>(
    given: &Node,
    tags: impl Iterator<Item = &'a str>,
    has_untagged: bool,
) -> HashMap<&'a str, String> {
    let all = openapi::operations(given).flat_map(|(_, it)| openapi::tags(it));
    let mut features: HashSet<String> = all.map(feature_name).collect();
    let tags: BTreeSet<&str> = tags.collect();
    let names = tags.into_iter().map(|tag| {
        let words = begun(tag);
        let is_free = |name: &str| {
            name == feature_name(name)
                && problem(name, name, has_untagged).is_none()
                && !features.contains(name)
        };
        let numbered = (2usize..).map(|number| format!("{words}-{number}"));
        // A number says that another tag has the name. Otherwise something else has it.
        let is_a_tag = problem(tag, &feature_name(tag), has_untagged).is_none();
        let marked = (words != BARE).then(|| format!("{words}-{BARE}"));
        let plain = [Some(words.clone()), marked].into_iter().flatten();
        let plain = plain.filter(|_| !is_a_tag);
        let name = plain
            .chain(numbered)
            .find(|name| is_free(name))
            .unwrap_or(words);
        features.insert(name.clone());
        (tag, name)
    });
    names.collect()
}

/// What a tag is called of which nothing can be in a feature.
const BARE: &str = "tag";

/// The most bytes of a tag that its other name begins with. A number fits after them.
const LONGEST: usize = 48;

/// What a feature can be called of a tag: its letters and digits of ASCII, after a letter.
fn begun(tag: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let words = feature_name(&tag.chars().map(plain).collect::<String>());
    let words = match words.chars().next() {
        None => BARE.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{BARE}-{words}"),
        Some(_) => words,
    };
    let short = words.get(..LONGEST).unwrap_or(&words);
    short.trim_end_matches('-').to_owned()
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
