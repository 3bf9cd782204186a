//! The features in the generated crate's `Cargo.toml`, between two lines that mark where they stand.

use std::path::Path;

use crate::diagnostic::Failure;
use crate::manifest::{BEGIN, END};
use crate::naming::FULL;
use crate::split::Feature;

/// The manifest with these features, and all else as it is in `text`.
///
/// # Errors
///
/// A manifest without the two lines, or one that names a feature elsewhere which goes: cargo would not read it
/// any more, and this command is run by cargo.
pub fn with_features(path: &Path, text: &str, features: &[Feature]) -> Result<String, Failure> {
    let marks = |mark: &str| -> Vec<(usize, usize)> {
        let mut at = 0;
        let mut found = Vec::new();
        for line in text.split_inclusive('\n') {
            if line.trim_end() == mark {
                found.push((at, at + line.len()));
            }
            at += line.len();
        }
        found
    };
    let (begins, ends) = (marks(BEGIN), marks(END));
    let ([(_, begin)], [(end, _)]) = (begins.as_slice(), ends.as_slice()) else {
        return Err(no_place(path));
    };
    if begin > end {
        return Err(no_place(path));
    }
    let (before, after) = (&text[..*begin], &text[*end..]);
    let elsewhere = without_package(before) + &without_package(after);
    let had = text[*begin..*end]
        .lines()
        .filter_map(|line| line.strip_suffix(" = []"));
    for name in had {
        let quoted = format!("\"{name}\"");
        let goes = features.iter().all(|feature| feature.name != name);
        if goes && elsewhere.contains(&quoted) {
            return Err(Failure::Message(format!(
                "the feature `{name}` is no longer generated, and {} still names it: remove it there first",
                path.display()
            )));
        }
    }
    let own = own_features(&format!("{before}{after}"));
    if let Some(name) = own
        .iter()
        .find(|own| *own == FULL || features.iter().any(|it| it.name == **own))
    {
        return Err(Failure::Message(format!(
            "the feature `{name}` of {} is yours, and one of this name is generated: rename yours",
            path.display()
        )));
    }
    let newline = if before.ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    let block = block(features).replace('\n', newline);
    Ok(format!("{before}{block}{after}"))
}

/// The features outside of the two lines.
fn own_features(manifest: &str) -> Vec<String> {
    let table: Option<toml::Table> = manifest.parse().ok();
    let features = table.as_ref().and_then(|it| it.get("features")?.as_table());
    features
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

/// A part of a manifest without its table `package`, whose keywords may be names of features.
fn without_package(part: &str) -> String {
    let mut is_package = false;
    let mut rest = String::new();
    for line in part.split_inclusive('\n') {
        if line.starts_with('[') {
            is_package = line.trim_end() == "[package]";
        }
        if !is_package {
            rest += line;
        }
    }
    rest
}

/// The manifest lacks the two lines.
fn no_place(path: &Path) -> Failure {
    Failure::Message(format!(
        "{} has no place for the features: it must have these two lines among its features, once and in this order\n{BEGIN}\n{END}",
        path.display()
    ))
}

/// What stands between the two lines.
fn block(features: &[Feature]) -> String {
    let mut block = format!("## All operations.\n{FULL} = [");
    let names: Vec<String> = features
        .iter()
        .map(|it| format!("\"{}\"", it.name))
        .collect();
    let line = names.join(", ");
    if block.len() + line.len() <= 120 {
        block += &line;
    } else {
        block += "\n";
        for name in &names {
            block += &format!("    {name},\n");
        }
    }
    block += "]\n";
    for feature in features {
        block += &format!("## {}\n{} = []\n", feature.doc, feature.name);
    }
    block
}
