//! The cases: small descriptions, `generators/cases/NAME.yaml`, and beside each what is right, `NAME.right.json`.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::generators::folder;
use crate::{Error, Result};

/// A description that asks one thing of a generator.
#[derive(Debug)]
pub struct Case {
    /// The name of its files.
    pub name: String,
    /// Its description.
    pub description: String,
    /// What is right.
    pub right: Right,
}

/// What is right.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Right {
    /// What the case asks, in a sentence.
    pub asks: String,
    /// It means the same as OpenAPI 3.1. Generators that read no 3.0 get it so.
    #[serde(default)]
    pub also_3_1: bool,
    /// Values of the schema `Thing`, which is sent and received.
    #[serde(default)]
    pub values: Vec<Kept>,
    /// Calls of its operation.
    #[serde(default)]
    pub calls: Vec<Call>,
}

/// A value that is read and written again.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// What is read.
    pub given: Value,
    /// What may be written. If that is not said, what was read.
    #[serde(default)]
    pub kept: Vec<Value>,
}

/// A call, against a server that keeps the request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// What the adapter gets.
    pub argument: Value,
    /// The lines that the request may begin with: method, path and query. Null: no request may be sent.
    pub sent: Option<Vec<String>>,
    /// The query is compared as it is written, and not as it is read.
    #[serde(default)]
    pub exact: bool,
    /// What headers and body hold. Lines end with `\n`, and names of headers are in small letters.
    #[serde(default)]
    pub holds: Vec<String>,
    /// The body.
    pub body: Option<String>,
    /// The status of the answer, 200 if it is not said.
    pub status: Option<u16>,
    /// The media type of the answer, JSON if it is not said.
    #[serde(rename = "type")]
    pub media_type: Option<String>,
    /// The body of the answer, a thing if it is not said.
    pub answer: Option<String>,
    /// What the call gives.
    #[serde(default, deserialize_with = "said")]
    pub gives: Option<Value>,
    /// What the error says that the call gives.
    pub fails: Option<String>,
}

/// Null is a value.
fn said<'de, D: serde::Deserializer<'de>>(
    reader: D,
) -> std::result::Result<Option<Value>, D::Error> {
    Value::deserialize(reader).map(Some)
}

impl Case {
    /// How many checks it has.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.right.values.len() + self.right.calls.len()
    }
}

/// All of them, by name.
///
/// # Errors
///
/// Where files cannot be read, or say nothing of what is right.
pub fn all() -> Result<Vec<Case>> {
    let folder = folder().join("cases");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|it| it == "yaml"));
    let read = |path: PathBuf| {
        let at =
            |error: &dyn std::fmt::Display| Error::from(format!("{}: {error}", path.display()));
        let right = path.with_extension("right.json");
        let right = std::fs::read_to_string(&right).map_err(|error| at(&error))?;
        let name = path.file_stem().and_then(|it| it.to_str());
        Ok(Case {
            name: name.ok_or("a name that is UTF-8")?.to_owned(),
            description: std::fs::read_to_string(&path).map_err(|error| at(&error))?,
            right: serde_json::from_str(&right).map_err(|error| at(&error))?,
        })
    };
    let mut cases: Vec<Case> = files.into_iter().map(read).collect::<Result<_>>()?;
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(cases)
}
