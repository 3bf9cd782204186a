//! A description in memory: JSON data in which every value knows where it was written.
//!
//! serde_json's `Value` has no places, and after a rewrite nobody could tell which line to correct. Here, each value and each key has a
//! [`Span`]: a file, and the bytes from where to where. A value that a stage makes has the span of its cause.
//!
//! YAML or JSON text such as `{a: [1, 2]}` becomes an object whose member `a` has two spans, one for the key and one for
//! the array, and whose items have one each.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;

/// A file that was read.
#[derive(Debug)]
pub struct Source {
    /// Its path, as given.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// Where its lines begin. It is made for the first finding, and kept: a large description has thousands of findings.
    lines: OnceLock<Vec<usize>>,
    /// How many characters come before each [`STRIDE`]th byte. A description may be one line of megabytes.
    characters: OnceLock<Vec<usize>>,
}

/// At most this many bytes are gone through to count characters. A description in one line of 30 MB would otherwise be counted from
/// its start for each finding.
const STRIDE: usize = 4096;

impl Source {
    /// A source of this path and text. A byte order mark at the beginning of the text is removed.
    pub fn new(path: impl AsRef<Path>, text: impl Into<String>) -> Arc<Self> {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Arc::new(Self {
            path: path.as_ref().to_owned(),
            text,
            lines: OnceLock::new(),
            characters: OnceLock::new(),
        })
    }

    /// How many characters come before this byte.
    fn characters_before(&self, byte: usize) -> usize {
        // Each character has one byte that does not continue another.
        let begin = |bytes: &[u8]| bytes.iter().filter(|byte| **byte & 0xc0 != 0x80).count();
        let bytes = self.text.as_bytes();
        let strides = self.characters.get_or_init(|| {
            let mut count = 0;
            let strides = bytes.chunks(STRIDE).map(|stride| {
                let before = count;
                count += begin(stride);
                before
            });
            strides.collect()
        });
        let stride = byte / STRIDE;
        match strides.get(stride) {
            Some(before) => before + begin(&bytes[stride * STRIDE..byte]),
            // The end of a text of whole strides.
            None => strides.last().map_or(0, |before| {
                before + begin(&bytes[(stride - 1) * STRIDE..byte])
            }),
        }
    }

    /// The line that this byte is in, from 0, and the byte it begins with.
    pub fn line_at(&self, byte: usize) -> (usize, usize) {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(end, _)| end + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let line = lines.partition_point(|start| *start <= byte) - 1;
        (line, lines[line])
    }
}

/// A stretch of a source, in bytes.
#[derive(Clone, Debug)]
pub struct Span {
    /// The file.
    pub source: Arc<Source>,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// The start of a file, for what concerns all of it.
    pub fn whole(source: &Arc<Source>) -> Self {
        Self {
            source: source.clone(),
            start: 0,
            end: 0,
        }
    }

    /// Line and column of the start, both from 1; columns in characters.
    pub fn line_column(&self) -> (usize, usize) {
        self.place_of(self.start)
    }

    /// `file:line:column` of the start.
    pub fn place(&self) -> String {
        let (line, column) = self.line_column();
        format!("{}:{line}:{column}", self.source.path.display())
    }

    /// Line and column of the place after the last character.
    pub fn end_line_column(&self) -> (usize, usize) {
        self.place_of(self.end)
    }

    /// Line and column of a byte.
    fn place_of(&self, byte: usize) -> (usize, usize) {
        let byte = byte.min(self.source.text.len());
        let (line, start) = self.source.line_at(byte);
        let column = self.source.characters_before(byte) - self.source.characters_before(start) + 1;
        (line + 1, column)
    }
}

/// A value, and its place. After the overlay, parts of one description have places in different files.
#[derive(Clone, Debug)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub span: Span,
}

/// JSON data whose parts are [`Node`]s.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Node>),
    /// An object, in the order in which it was written.
    Object(IndexMap<String, Entry>),
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where the key stands.
    pub key: Span,
    /// The value.
    pub node: Node,
}

impl Value {
    /// What JSON calls this kind of value.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl Node {
    /// The members, if this is an object.
    pub fn as_object(&self) -> Option<&IndexMap<String, Entry>> {
        match &self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The items, if this is an array.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The member of this name, if this is an object that has one.
    pub fn get(&self, key: &str) -> Option<&Node> {
        Some(&self.as_object()?.get(key)?.node)
    }

    /// As [`get`](Self::get), but `None` for null: progenitor's reader ignores a member that is null.
    pub fn given(&self, key: &str) -> Option<&Node> {
        self.get(key).filter(|node| !node.is_null())
    }

    /// Whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What a JSON pointer leads to.
    pub fn pointer(&self, pointer: &Pointer) -> Option<&Node> {
        pointer
            .0
            .iter()
            .try_fold(self, |node, part| match &node.value {
                Value::Object(members) => members.get(part).map(|entry| &entry.node),
                Value::Array(items) => items.get(part.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// As [`pointer`](Self::pointer), to change it.
    pub fn pointer_mut(&mut self, pointer: &Pointer) -> Option<&mut Node> {
        pointer
            .0
            .iter()
            .try_fold(self, |node, part| match &mut node.value {
                Value::Object(members) => members.get_mut(part).map(|entry| &mut entry.node),
                Value::Array(items) => items.get_mut(part.parse::<usize>().ok()?),
                _ => None,
            })
    }

    /// The same data without the places.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number.clone().into(),
            Value::String(text) => text.clone().into(),
            Value::Array(items) => items.iter().map(Node::to_json).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(key, entry)| (key.clone(), entry.node.to_json()))
                .collect(),
        }
    }

    /// Where to point for a value reached by `pointer`: its key if it has one, since a key is short
    /// and names it; else the value.
    pub fn span_of(&self, pointer: &Pointer) -> Span {
        let mut span = self.span.clone();
        let mut node = self;
        for part in &pointer.0 {
            match &node.value {
                Value::Object(members) => match members.get(part) {
                    Some(entry) => {
                        span = entry.key.clone();
                        node = &entry.node;
                    }
                    None => return span,
                },
                Value::Array(items) => {
                    match part.parse::<usize>().ok().and_then(|n| items.get(n)) {
                        Some(item) => {
                            span = item.span.clone();
                            node = item;
                        }
                        None => return span,
                    }
                }
                _ => return span,
            }
        }
        span
    }
}

/// A JSON pointer (RFC 6901), in parts that are not escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pointer(pub Vec<String>);

impl Pointer {
    /// Reads `/a/b`, `#/a/b` or the empty text.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('#').unwrap_or(text);
        if text.is_empty() {
            return Some(Self::default());
        }
        let parts = text.strip_prefix('/')?.split('/');
        Some(Self(
            parts
                .map(|part| part.replace("~1", "/").replace("~0", "~"))
                .collect(),
        ))
    }

    /// The pointer to a member or an item.
    #[must_use]
    pub fn join(&self, part: impl ToString) -> Self {
        let mut parts = self.0.clone();
        parts.push(part.to_string());
        Self(parts)
    }

    /// The last part.
    pub fn last(&self) -> Option<&str> {
        self.0.last().map(String::as_str)
    }

    /// The pointer to what holds this.
    pub fn parent(&self) -> Option<Self> {
        let (_, parts) = self.0.split_last()?;
        Some(Self(parts.to_vec()))
    }
}

impl std::fmt::Display for Pointer {
    /// As a URI fragment without percent-encoding: `#/paths/~1v1~1agents/get`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("#")?;
        for part in &self.0 {
            write!(f, "/{}", part.replace('~', "~0").replace('/', "~1"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_reads_what_it_prints() {
        for text in ["#", "#/paths/~1v1~1a~0b/get", "#/a//b"] {
            assert_eq!(Pointer::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Pointer::parse("other.yaml"), None);
    }
}
