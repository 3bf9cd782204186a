//! JSON. Not left to the YAML reader: YAML has no surrogate pairs, for one.

use std::borrow::Cow;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{DEEPEST, too_deep};
use crate::diagnostic::{Diagnostic, Failure};
use crate::document::{Entry, Node, Source, Span, Value};

pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    let text = source.text.as_str();
    let raw: &RawValue =
        serde_json::from_str(text).map_err(|error| malformed(source, 0, &error))?;
    Reader { source }.node(raw.get(), 0)
}

struct Reader<'a> {
    source: &'a Arc<Source>,
}

impl Reader<'_> {
    /// Where a slice of the source's text stands in it.
    fn span(&self, part: &str) -> Span {
        let start = part.as_ptr() as usize - self.source.text.as_ptr() as usize;
        Span {
            source: self.source.clone(),
            start,
            end: start + part.len(),
        }
    }

    fn node(&self, raw: &str, depth: usize) -> Result<Node, Failure> {
        let span = self.span(raw);
        if depth > DEEPEST {
            return Err(too_deep(&span).into());
        }
        let fail = |error: serde_json::Error| malformed(self.source, span.start, &error);
        let value = match raw.as_bytes()[0] {
            b'{' => {
                let Members(members) = serde_json::from_str(raw).map_err(fail)?;
                let mut object = IndexMap::with_capacity(members.len());
                for (key, value) in members {
                    // A key with escapes is no slice of the text; its value's place will do.
                    let key_span = match &key {
                        Cow::Borrowed(key) => self.span(key),
                        Cow::Owned(_) => self.span(value.get()),
                    };
                    let entry = Entry {
                        key: key_span.clone(),
                        node: self.node(value.get(), depth + 1)?,
                    };
                    if object.insert(key.to_string(), entry).is_some() {
                        return Err(Diagnostic::in_source(
                            self.source,
                            key_span.start..key_span.end,
                            "malformed",
                            format!("the key `{key}` is there twice"),
                            "keep one",
                        )
                        .into());
                    }
                }
                Value::Object(object)
            }
            b'[' => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(fail)?;
                Value::Array(
                    items
                        .into_iter()
                        .map(|item| self.node(item.get(), depth + 1))
                        .collect::<Result<_, _>>()?,
                )
            }
            b'"' => Value::String(serde_json::from_str(raw).map_err(fail)?),
            b't' | b'f' => Value::Bool(serde_json::from_str(raw).map_err(fail)?),
            b'n' => Value::Null,
            _ => Value::Number(serde_json::from_str(raw).map_err(fail)?),
        };
        Ok(Node { value, span })
    }
}

/// The members of an object as they stand, double keys included.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                #[derive(Deserialize)]
                struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

                let mut members = Vec::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

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
        "mend the file",
    )
}
