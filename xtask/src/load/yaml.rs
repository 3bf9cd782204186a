//! YAML 1.2.

use std::sync::Arc;

use indexmap::IndexMap;
use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::{DEEPEST, too_deep};
use crate::diagnostic::{Diagnostic, Failure};
use crate::document::{Entry, Node, Source, Span, Value};

pub(super) fn parse(source: &Arc<Source>) -> Result<Node, Failure> {
    let reader = Reader {
        source,
        offsets: Offsets::new(&source.text),
    };
    let mut documents = MarkedYaml::load_from_str(&source.text).map_err(|error| {
        let start = reader.offsets.byte(error.marker().index());
        Diagnostic::in_source(
            source,
            start..start,
            "malformed",
            format!("the file is not YAML: {}", error.info()),
            "mend the file",
        )
    })?;
    match documents.len() {
        0 => Ok(Node {
            value: Value::Null,
            span: Span::whole(source),
        }),
        1 => reader.node(documents.remove(0), 0),
        count => Err(reader
            .error(
                &documents[1],
                format!("the file holds {count} documents"),
                "keep one",
            )
            .into()),
    }
}

struct Reader<'a> {
    source: &'a Arc<Source>,
    offsets: Offsets,
}

impl Reader<'_> {
    fn span(&self, node: &MarkedYaml<'_>) -> Span {
        Span {
            source: self.source.clone(),
            start: self.offsets.byte(node.span.start.index()),
            end: self.offsets.byte(node.span.end.index()),
        }
    }

    fn error(&self, node: &MarkedYaml<'_>, message: String, help: &str) -> Diagnostic {
        let span = self.span(node);
        Diagnostic::in_source(
            self.source,
            span.start..span.end,
            "malformed",
            message,
            help,
        )
    }

    fn node(&self, yaml: MarkedYaml<'_>, depth: usize) -> Result<Node, Failure> {
        let span = self.span(&yaml);
        if depth > DEEPEST {
            return Err(too_deep(&span).into());
        }
        let value = match yaml.data {
            YamlData::Value(Scalar::Null) => Value::Null,
            YamlData::Value(Scalar::Boolean(value)) => Value::Bool(value),
            YamlData::Value(Scalar::Integer(_) | Scalar::FloatingPoint(_)) => {
                self.number(&yaml, &span)?
            }
            YamlData::Value(Scalar::String(ref text)) => {
                // Whole numbers beyond i64 come as text.
                match self.source.text[span.start..span.end].parse::<u64>() {
                    Ok(number) => Value::Number(number.into()),
                    Err(_) => Value::String(text.to_string()),
                }
            }
            YamlData::Sequence(items) => Value::Array(
                items
                    .into_iter()
                    .map(|item| self.node(item, depth + 1))
                    .collect::<Result<_, _>>()?,
            ),
            YamlData::Mapping(members) => {
                let mut object = IndexMap::with_capacity(members.len());
                for (key, node) in members {
                    let key_span = self.span(&key);
                    let name = self.key(&key)?;
                    let entry = Entry {
                        key: key_span,
                        node: self.node(node, depth + 1)?,
                    };
                    if object.insert(name.clone(), entry).is_some() {
                        return Err(self
                            .error(&key, format!("the key `{name}` is there twice"), "keep one")
                            .into());
                    }
                }
                Value::Object(object)
            }
            _ => {
                return Err(self
                    .error(
                        &yaml,
                        "a tag or an alias that JSON has no counterpart for".to_owned(),
                        "write the value out",
                    )
                    .into());
            }
        };
        Ok(Node { value, span })
    }

    /// Numbers are read from the text again, as JSON would, so that none loses digits.
    fn number(&self, yaml: &MarkedYaml<'_>, span: &Span) -> Result<Value, Failure> {
        let text = &self.source.text[span.start..span.end];
        let number = serde_json::from_str::<serde_json::Number>(text)
            .ok()
            .or_else(|| match &yaml.data {
                YamlData::Value(Scalar::Integer(number)) => Some((*number).into()),
                YamlData::Value(Scalar::FloatingPoint(number)) => {
                    serde_json::Number::from_f64(number.into_inner())
                }
                _ => None,
            });
        match number {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self
                .error(
                    yaml,
                    format!("`{text}` is no number that JSON has"),
                    "quote it if it is meant as text",
                )
                .into()),
        }
    }

    /// A key as text. Status codes are often written without quotes.
    fn key(&self, key: &MarkedYaml<'_>) -> Result<String, Failure> {
        match &key.data {
            YamlData::Value(Scalar::String(text)) => Ok(text.to_string()),
            YamlData::Value(Scalar::Integer(number)) => Ok(number.to_string()),
            _ => Err(self
                .error(key, "a key that is not a string".to_owned(), "quote it")
                .into()),
        }
    }
}

/// Turns the parser's character counts into bytes.
enum Offsets {
    Ascii(usize),
    Chars(Vec<usize>),
}

impl Offsets {
    fn new(text: &str) -> Self {
        if text.is_ascii() {
            Self::Ascii(text.len())
        } else {
            let ends = std::iter::once(text.len());
            Self::Chars(
                text.char_indices()
                    .map(|(byte, _)| byte)
                    .chain(ends)
                    .collect(),
            )
        }
    }

    fn byte(&self, index: usize) -> usize {
        match self {
            Self::Ascii(length) => index.min(*length),
            Self::Chars(bytes) => bytes[index.min(bytes.len() - 1)],
        }
    }
}
