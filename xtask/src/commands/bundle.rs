//! `cargo xtask bundle`: the description as one file, for tools that read no other.
//!
//! The description is written in a file for each tag. Many tools follow references into other files, and some do not. What is
//! in other files is among the components here, under the names that it has there. Order is kept, and comments are not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Failure};
use crate::lint::version;
use crate::markers::MARKER_PREFIX;
use crate::openapi::walk::{self, Reach, Then};
use crate::openapi::{Node, Value};
use crate::output::yaml::to_yaml;
use crate::select::{self, Hidden};
use crate::{load, overlay};

/// What to read.
#[derive(Debug)]
pub struct Options {
    /// The OpenAPI description.
    pub description: PathBuf,
    /// The overlay to apply to it, if any.
    pub overlay: Option<PathBuf>,
}

/// How to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// In block style.
    Yaml,
    /// Indented.
    Json,
}

impl Format {
    /// The one that the name of a file asks for: JSON if it ends in `.json`.
    pub fn of(file: &Path) -> Self {
        match file
            .extension()
            .is_some_and(|it| it.eq_ignore_ascii_case("json"))
        {
            true => Self::Json,
            false => Self::Yaml,
        }
    }
}

/// A description as one file.
#[derive(Debug)]
pub struct Bundle {
    document: Node,
    /// The files that it was read from.
    sources: BTreeSet<PathBuf>,
}

/// Reads the description with what its references lead to, applies the overlay, and removes what is for this generator only. What remains is
/// OpenAPI.
///
/// # Errors
///
/// A file that cannot be read or is malformed, and an overlay that does not fit.
pub fn run(options: &Options) -> Result<Bundle, Failure> {
    let mut document = load::load(&options.description)?;
    if let Some(path) = &options.overlay {
        let overlay = load::load_overlay(path, &options.description)?;
        overlay::apply(&mut document, &overlay)?;
    }
    // What is written is not lowered, and of 3.2, references are those of 3.1.
    let is_read = |version: &str| version.starts_with("3.");
    if let Some((at, message, help)) = version::problem(&document, &document, is_read) {
        return Err(Diagnostic::at(&document, &at, "openapi-version", message, help).into());
    }
    // What markers hide is written.
    select::select(&mut document, Hidden::Followed)?;
    let mut sources: BTreeSet<PathBuf> = options.overlay.iter().cloned().collect();
    collect_sources(&document, &mut sources);
    walk::each_mut(&mut document, Reach::V3_1, |node, _| {
        if let Value::Object(members) = &mut node.value {
            members.retain(|key, _| !key.starts_with(MARKER_PREFIX));
        }
        Then::Within
    });
    Ok(Bundle { document, sources })
}

/// The files that values stand in.
fn collect_sources(node: &Node, sources: &mut BTreeSet<PathBuf>) {
    if !sources.contains(&node.span.source.path) {
        sources.insert(node.span.source.path.clone());
    }
    match &node.value {
        Value::Object(members) => {
            for entry in members.values() {
                collect_sources(&entry.node, sources);
            }
        }
        Value::Array(items) => items.iter().for_each(|it| collect_sources(it, sources)),
        _ => {}
    }
}

impl Bundle {
    /// The text of the file.
    pub fn text(&self, format: Format) -> String {
        let json = self.document.to_json();
        match format {
            Format::Json => format!("{json:#}\n"),
            Format::Yaml => to_yaml(&json),
        }
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// It cannot be written, or is one that the description was read from.
    pub fn write(&self, file: &Path, format: Format) -> Result<(), Failure> {
        let same = |source: &PathBuf| match (source.canonicalize(), file.canonicalize()) {
            (Ok(source), Ok(file)) => source == file,
            _ => false,
        };
        let name = file.display();
        if self.sources.iter().any(same) {
            return Err(Failure::Message(format!(
                "{name} is a part of the description; write the bundle to another file"
            )));
        }
        std::fs::write(file, self.text(format))
            .map_err(|error| Failure::Message(format!("cannot write {name}: {error}")))
    }
}
