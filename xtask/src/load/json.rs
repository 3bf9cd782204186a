//! JSON. It is not left to the YAML reader, although most JSON is YAML: YAML has no surrogate pairs, for example (`"\ud83d\ude00"`).

use std::sync::Arc;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{too_deep, twice};
use crate::diagnostic::{Diagnostic, Failure};
use crate::openapi::limits::NESTING;
use crate::openapi::{Entry, Node, Source, Span, Value};

pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    let text = source.text.as_str();
    // serde_json knows the language, and our reader knows the places, which serde does not give. After serde has read the file
    // once, only strings and numbers can still be invalid. So the reader need not check the rest.
    let raw: &RawValue =
        serde_json::from_str(text).map_err(|error| malformed(source, 0, &error))?;
    let at = raw.get().as_ptr() as usize - text.as_ptr() as usize;
    Reader { source, at }.node(0)
}

/// Reads a text that is known to be JSON.
struct Reader<'a> {
    source: &'a Arc<Source>,
    /// The next byte.
    at: usize,
}

impl<'a> Reader<'a> {
    /// A stretch of the text.
    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            source: self.source.clone(),
            start,
            end,
        }
    }

    /// The next byte that is no space.
    fn next(&mut self) -> u8 {
        let bytes = self.source.text.as_bytes();
        while bytes[self.at].is_ascii_whitespace() {
            self.at += 1;
        }
        bytes[self.at]
    }

    /// The value that begins here.
    fn node(&mut self, depth: usize) -> Result<Node, Failure> {
        let first = self.next();
        let start = self.at;
        if depth > NESTING {
            return Err(too_deep(&self.span(start, start + 1)).into());
        }
        let value = match first {
            b'{' => Value::Object(self.object(depth)?),
            b'[' => Value::Array(self.array(depth)?),
            b'"' => {
                let raw = self.string();
                Value::String(match plain(raw) {
                    Some(text) => text.to_owned(),
                    None => self.read(raw, start)?,
                })
            }
            b't' | b'f' => Value::Bool(self.read(self.word(), start)?),
            b'n' => Value::Null,
            _ => Value::Number(self.read(self.word(), start)?),
        };
        if !matches!(first, b'{' | b'[' | b'"') {
            self.at += self.word().len();
        }
        Ok(Node {
            value,
            span: self.span(start, self.at),
        })
    }

    /// The object that begins here.
    fn object(&mut self, depth: usize) -> Result<IndexMap<String, Entry>, Failure> {
        let mut members: IndexMap<String, Entry> = IndexMap::new();
        self.at += 1;
        while self.next() != b'}' {
            if self.next() == b',' {
                self.at += 1;
                self.next();
            }
            let start = self.at;
            let raw = self.string();
            let end = self.at;
            self.next();
            // The colon.
            self.at += 1;
            let node = self.node(depth + 1)?;
            let (key, key_span) = match plain(raw) {
                Some(key) => (key.to_owned(), self.span(start + 1, end - 1)),
                None => (self.read(raw, start)?, self.span(start, end)),
            };
            let entry = Entry {
                key: key_span.clone(),
                node,
            };
            if let Some(first) = members.get(&key) {
                return Err(twice(&key, &first.key, &key_span).into());
            }
            members.insert(key, entry);
        }
        self.at += 1;
        Ok(members)
    }

    /// The array that begins here.
    fn array(&mut self, depth: usize) -> Result<Vec<Node>, Failure> {
        let mut items = Vec::new();
        self.at += 1;
        while self.next() != b']' {
            if self.next() == b',' {
                self.at += 1;
            }
            items.push(self.node(depth + 1)?);
        }
        self.at += 1;
        Ok(items)
    }

    /// The string that begins here, with its quotes.
    fn string(&mut self) -> &'a str {
        let text = &self.source.text[self.at..];
        let mut length = 1;
        while let Some(quote) = text[length..].find('"') {
            let before = &text[1..length + quote];
            length += quote + 1;
            let backslashes = before.len() - before.trim_end_matches('\\').len();
            if backslashes.is_multiple_of(2) {
                break;
            }
        }
        self.at += length;
        &text[..length]
    }

    /// The number or the name that begins here.
    fn word(&self) -> &'a str {
        let text = &self.source.text[self.at..];
        let goes_on = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'-' | b'.');
        let end = text.bytes().position(|c| !goes_on(c));
        &text[..end.unwrap_or(text.len())]
    }

    /// Reads a string or a number by serde, which knows escapes and ranges.
    fn read<T: DeserializeOwned>(&self, raw: &str, start: usize) -> Result<T, Failure> {
        serde_json::from_str(raw).map_err(|error| malformed(self.source, start, &error).into())
    }
}

/// What a string in quotes holds. `None` if something in it is escaped.
fn plain(raw: &str) -> Option<&str> {
    let inner = &raw[1..raw.len() - 1];
    (!inner.contains('\\')).then_some(inner)
}

/// The error of serde, at its place in the file.
fn malformed(source: &Arc<Source>, offset: usize, error: &serde_json::Error) -> Diagnostic {
    let text = &source.text[offset..];
    let start = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum::<usize>()
        + error.column().saturating_sub(1);
    let mut start = (offset + start).min(source.text.len());
    while !source.text.is_char_boundary(start) {
        start -= 1;
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    Diagnostic::in_source(
        source,
        start..start,
        "malformed",
        format!("the file is not JSON: {message}"),
        "correct the file",
    )
}
