//! Whether a type keeps all of a value: what was read is written again, and compared.

use std::collections::HashSet;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Description;

/// Reads a value as a type, and writes it again.
pub type Reader = fn(&Value) -> Result<Seen, String>;

/// The reader for a type.
///
/// # Errors
///
/// The value is not of the type, with what serde says.
pub fn reader<T: DeserializeOwned + Serialize + Debug>(value: &Value) -> Result<Seen, String> {
    let value = T::deserialize(value).map_err(|error| error.to_string())?;
    Ok(Seen::of(&value))
}

/// A value of a generated type, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Written again.
    pub json: Value,
    /// Variants and members that the type does not know and keeps, as `Debug` shows them.
    pub unknown: Vec<String>,
}

impl Seen {
    pub(crate) fn of<T: Serialize + Debug>(value: &T) -> Self {
        Self {
            json: serde_json::to_value(value).expect("a generated type becomes JSON"),
            unknown: unknown(&format!("{value:?}")),
        }
    }
}

/// Where `Debug` shows an `Unknown` variant, or members in `unknown`. Texts are passed over.
fn unknown(shown: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = shown;
    while let Some(at) = rest.find(['"', 'U', 'u']) {
        let before = rest[..at].chars().next_back();
        rest = &rest[at..];
        if rest.starts_with('"') {
            rest = after_text(rest);
            continue;
        }
        let begins = !before.is_some_and(|it| it.is_alphanumeric() || it == '_');
        let members = rest.strip_prefix("unknown: {");
        let is_unknown = rest.starts_with("Unknown(")
            || rest.starts_with("Unknown {")
            // Members beside a secret are not shown.
            || rest.starts_with("unknown: [redacted]")
            || members.is_some_and(|it| !it.starts_with('}'));
        if begins && is_unknown {
            found.push(rest.chars().take(120).collect());
        }
        rest = &rest[1..];
    }
    found
}

/// What follows a text in quotes.
fn after_text(quoted: &str) -> &str {
    let mut escaped = false;
    for (at, it) in quoted.char_indices().skip(1) {
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return &quoted[at + 1..],
            _ => {}
        }
    }
    ""
}

/// Which way a value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// In a request.
    Sent,
    /// In an answer.
    Received,
}

/// Holds values against types, and remembers what it has found out about them.
#[derive(Debug, Default)]
pub struct Kept {
    declared: HashSet<(usize, String)>,
}

impl Kept {
    /// What a type does not keep of a value, or does not know: a line for each.
    ///
    /// What is sent must be the same. In an answer, null or an empty list says the same as a member that is left out, and types that are
    /// only received do not keep them apart. So such a value may be lost there, if the type knows the member: any other value in its
    /// place is kept or refused. And what an answer lacks may be its default.
    pub fn problems(
        &mut self,
        description: &Description,
        reader: Reader,
        value: &Value,
        way: Way,
    ) -> Vec<String> {
        let seen = match reader(value) {
            Ok(seen) => seen,
            Err(error) => return vec![format!("is not read: {error}")],
        };
        let mut found = unknown_lines(&seen);
        for difference in differences(value, &seen.json) {
            let is_fine = match (&difference, way) {
                (_, Way::Sent) => false,
                (Difference::LostEmpty(path), Way::Received) => {
                    self.is_declared(reader, value, path)
                }
                (other, Way::Received) => description.is_default(other),
            };
            if !is_fine {
                found.push(difference.to_string());
            }
        }
        found
    }

    /// Whether the type knows the member that is empty here.
    fn is_declared(&mut self, reader: Reader, value: &Value, path: &[String]) -> bool {
        let key = (reader as usize, general(value, path));
        if self.declared.contains(&key) {
            return true;
        }
        let probes = [r#""x""#, "1", "true", r#"{"x":1}"#, "[1]"];
        let is_declared = probes.iter().all(|probe| {
            let mut changed = value.clone();
            let probe: Value = serde_json::from_str(probe).expect("it is JSON");
            let Some(member) = at(&mut changed, path) else {
                return false;
            };
            *member = probe;
            let read = reader(&changed);
            // An unknown variant keeps all: the type refused the member.
            read.is_err()
                || read.is_ok_and(|mut seen| {
                    at(&mut seen.json, path).is_some() || !seen.unknown.is_empty()
                })
        });
        if is_declared {
            self.declared.insert(key);
        }
        is_declared
    }
}

/// A line for each variant or member that is not known.
pub(crate) fn unknown_lines(seen: &Seen) -> Vec<String> {
    let lines = seen.unknown.iter();
    lines.map(|it| format!("is not known: {it}")).collect()
}

/// A path without positions, and with the tags of the objects on the way: what is declared in one branch need not be in another.
fn general(value: &Value, path: &[String]) -> String {
    let mut out = String::new();
    let mut here = Some(value);
    for step in path {
        let tags = ["type", "message_type", "role", "kind"];
        for tag in tags {
            if let Some(tag) = here.and_then(|it| it.get(tag)).and_then(Value::as_str) {
                out += &format!("<{tag}>");
            }
        }
        let is_position = here.is_some_and(Value::is_array);
        out += if is_position { "*" } else { step };
        out.push('.');
        here = here.and_then(|it| child(it, step));
    }
    out
}

fn child<'a>(value: &'a Value, step: &str) -> Option<&'a Value> {
    match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        value => value.get(step),
    }
}

fn at<'a>(value: &'a mut Value, path: &[String]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, step| match value {
        Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?),
        value => value.get_mut(step.as_str()),
    })
}

/// How a value that was written again differs from what it was.
#[derive(Clone, Debug)]
pub(crate) enum Difference {
    /// A member that was null or empty is not there.
    LostEmpty(Vec<String>),
    /// A member is there that was not.
    Added(Vec<String>, Value),
    /// Any other, in words.
    Other(String),
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::LostEmpty(path) => write!(f, "is dropped: {}, which is empty", path.join(".")),
            Self::Added(path, value) => write!(f, "is added: {} = {value}", path.join(".")),
            Self::Other(line) => f.write_str(line),
        }
    }
}

pub(crate) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(before, after, &mut Vec::new(), &mut found);
    found
}

/// Whether a value says the same as none.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

fn compare(before: &Value, after: &Value, path: &mut Vec<String>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (name, value) in before {
                path.push(name.clone());
                match after.get(name) {
                    Some(after) => compare(value, after, path, found),
                    None if is_empty(value) => found.push(Difference::LostEmpty(path.clone())),
                    None => {
                        let line = format!("is dropped: {} = {value}", path.join("."));
                        found.push(Difference::Other(line));
                    }
                }
                path.pop();
            }
            for (name, value) in after {
                if !before.contains_key(name) {
                    path.push(name.clone());
                    found.push(Difference::Added(path.clone(), value.clone()));
                    path.pop();
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (at, (before, after)) in before.iter().zip(after).enumerate() {
                path.push(at.to_string());
                compare(before, after, path, found);
                path.pop();
            }
        }
        (Value::Number(before), Value::Number(after)) if before.as_f64() == after.as_f64() => {}
        (before, after) if before == after => {}
        _ => found.push(Difference::Other(format!(
            "is changed: {} from {before} to {after}",
            path.join(".")
        ))),
    }
}
