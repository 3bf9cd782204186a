//! A document, whatever it is written in: values, and where they stand.

use std::rc::Rc;

use serde_json::{Map, Number, Value};

use crate::script::file::problem::Problem;
use crate::script::limits;

/// A place in a text. Both count from 1, and columns are characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// A value and where it stands. A value that aliases repeat is shared.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) data: Data,
    /// How deep the values within are nested.
    pub(crate) height: usize,
    /// How many values it has, with itself, and with those that are shared counted anew.
    pub(crate) values: usize,
    /// Bytes of its texts and keys, counted likewise.
    pub(crate) bytes: usize,
}

#[derive(Debug)]
pub(crate) enum Data {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Rc<Node>>),
    Map(Vec<(Key, Rc<Node>)>),
}

/// A key of a mapping, and where it stands.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) place: Place,
    pub(crate) name: String,
}

impl Node {
    /// Refuses what is too large: a few lines with aliases can stand for billions of values.
    pub(crate) fn new(place: Place, data: Data) -> Result<Self, Problem> {
        let (mut height, mut values, mut bytes) = (0, 1_usize, 0_usize);
        let mut with = |child: &Node| {
            height = height.max(child.height + 1);
            values = values.saturating_add(child.values);
            bytes = bytes.saturating_add(child.bytes);
        };
        match &data {
            Data::Text(text) => bytes = text.len(),
            Data::List(items) => items.iter().for_each(|item| with(item)),
            Data::Map(members) => {
                members.iter().for_each(|(_, value)| with(value));
                let keys: usize = members.iter().map(|(key, _)| key.name.len()).sum();
                bytes = bytes.saturating_add(keys);
            }
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
        let node = Self {
            place,
            data,
            height,
            values,
            bytes,
        };
        if height > limits::DOCUMENT_NESTING {
            return Err(too_deep(place));
        }
        if values > limits::VALUES || bytes > limits::DOCUMENT {
            return Err(Problem::of_text(
                place,
                format!(
                    "the file has more than {} values or {} MiB of text, those of aliases counted each time: write less, \
                     or split it",
                    limits::VALUES,
                    limits::DOCUMENT / 1024 / 1024
                ),
            ));
        }
        Ok(node)
    }

    /// A value of a file that has limits of its own.
    pub(crate) fn of_json(value: Value) -> Self {
        let data = match value {
            Value::Null => Data::Null,
            Value::Bool(value) => Data::Bool(value),
            Value::Number(number) => Data::Number(number),
            Value::String(text) => Data::Text(text),
            Value::Array(items) => {
                let item = |item| Rc::new(Self::of_json(item));
                Data::List(items.into_iter().map(item).collect())
            }
            Value::Object(members) => {
                let member = |(name, value)| {
                    let place = Place::START;
                    (Key { place, name }, Rc::new(Self::of_json(value)))
                };
                Data::Map(members.into_iter().map(member).collect())
            }
        };
        Self {
            place: Place::START,
            data,
            height: 0,
            values: 0,
            bytes: 0,
        }
    }

    /// What it is, for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "nothing",
            Data::Bool(_) => "true or false",
            Data::Number(_) => "a number",
            Data::Text(_) => "a text",
            Data::List(_) => "a list",
            Data::Map(_) => "a mapping",
        }
    }

    /// As JSON. `Node::new` bounds how large it is.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(*value),
            Data::Number(number) => Value::Number(number.clone()),
            Data::Text(text) => Value::String(text.clone()),
            Data::List(items) => items.iter().map(|item| item.to_json()).collect(),
            Data::Map(members) => {
                let member = |(key, value): &(Key, Rc<Self>)| (key.name.clone(), value.to_json());
                Value::Object(members.iter().map(member).collect::<Map<_, _>>())
            }
        }
    }
}

/// A key that a mapping has twice.
pub(crate) fn check_twice(members: &[(Key, Rc<Node>)]) -> Result<(), Problem> {
    let mut names = std::collections::HashSet::new();
    match members.iter().find(|(key, _)| !names.insert(&key.name)) {
        Some((key, _)) => {
            let name = crate::script::file::problem::shown(&key.name);
            let message = format!("{name} is there twice: remove one");
            Err(Problem::of_text(key.place, message))
        }
        None => Ok(()),
    }
}

pub(crate) fn too_deep(place: Place) -> Problem {
    let most = limits::DOCUMENT_NESTING;
    Problem::of_text(
        place,
        format!("the values are nested more than {most} levels deep: make them flatter"),
    )
}

/// Refuses a text that is too long.
pub(crate) fn check_length(text: &str) -> Result<(), Problem> {
    if text.len() > limits::FILE {
        let most = limits::FILE / 1024 / 1024;
        return Err(Problem::of_text(
            Place::START,
            format!("the file is larger than {most} MiB: split it, or make its texts shorter"),
        ));
    }
    Ok(())
}
