//! JSON as a document. serde_json finds out what is a value and where it ends, so a value's place is known.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::script::file::document::{Data, Key, Node, Place, check_length, check_twice, too_deep};
use crate::script::file::problem::Problem;
use crate::script::limits;

pub(crate) fn parse(text: &str) -> Result<Node, Problem> {
    // Some editors put it at the beginning.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_length(text)?;
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| {
        // The message has the place at its end.
        let told = error.to_string();
        let reason = told.split(" at line ").next().unwrap_or_default();
        let place = Place {
            line: error.line().max(1),
            column: error.column().max(1),
        };
        Problem::of_text(place, format!("the file is not JSON: {reason}"))
    })?;
    let cursor = Cursor(Cell::new((0, Place::START)));
    Reader { text, cursor }.node(raw.get(), 0)
}

struct Reader<'a> {
    text: &'a str,
    cursor: Cursor,
}

impl<'a> Reader<'a> {
    /// The value that this part of the text is. Each level reads what is in it once more, and levels are few.
    fn node(&self, raw: &'a str, depth: usize) -> Result<Node, Problem> {
        let place = self.place(raw);
        if depth > limits::DOCUMENT_NESTING {
            return Err(too_deep(place));
        }
        let broken = |error: serde_json::Error| {
            let told = error.to_string();
            let reason = told
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_owned();
            Problem::of_text(place, format!("a value is not JSON: {reason}"))
        };
        let data = match raw.as_bytes().first() {
            Some(b'{') => {
                let Members(members) = serde_json::from_str(raw).map_err(broken)?;
                let mut found = Vec::with_capacity(members.len());
                for (key, value) in members {
                    let key = Key {
                        place: self.place(key.get()),
                        name: serde_json::from_str(key.get()).map_err(broken)?,
                    };
                    found.push((key, Rc::new(self.node(value.get(), depth + 1)?)));
                }
                check_twice(&found)?;
                Data::Map(found)
            }
            Some(b'[') => {
                let items: Vec<&'a RawValue> = serde_json::from_str(raw).map_err(broken)?;
                let item = |item: &'a RawValue| self.node(item.get(), depth + 1).map(Rc::new);
                Data::List(items.into_iter().map(item).collect::<Result<_, _>>()?)
            }
            Some(b'"') => Data::Text(serde_json::from_str(raw).map_err(broken)?),
            Some(b't' | b'f') => Data::Bool(raw == "true"),
            Some(b'n') => Data::Null,
            _ => Data::Number(serde_json::from_str(raw).map_err(broken)?),
        };
        Node::new(place, data)
    }

    /// Where a part of the text begins.
    fn place(&self, part: &str) -> Place {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.cursor.at(self.text, offset)
    }
}

/// The members of an object in their order, each twice if it is there twice.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visit;

        impl<'de> Visitor<'de> for Visit {
            type Value = Vec<(&'de RawValue, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }

        deserializer.deserialize_map(Visit).map(Self)
    }
}

/// A place that moves on through a text. Places are asked for in the order of the text, so each character is counted once,
/// even if all of the file is one line.
struct Cursor(Cell<(usize, Place)>);

impl Cursor {
    fn at(&self, text: &str, offset: usize) -> Place {
        let (mut from, mut place) = self.0.get();
        if offset < from {
            (from, place) = (0, Place::START);
        }
        for character in text.get(from..offset).unwrap_or_default().chars() {
            if character == '\n' {
                place.line += 1;
                place.column = 1;
            } else {
                place.column += 1;
            }
        }
        self.0.set((offset, place));
        place
    }
}
