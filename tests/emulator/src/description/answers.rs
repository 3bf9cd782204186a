//! What an answer has in any case.
//!
//! The service writes each member of an answer, `null` if it has no value. letta-api's types leave out what is `None` and lists
//! that are empty, so what is made of them is completed here. `xtask/src/requests/answers.rs` says what the shapes in `description.json` mean.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::description::data::Data;

/// How deep a value is completed. JSON that was sent is nested no deeper than this.
const DEEPEST: usize = 128;

/// The schema of an event of a stream.
const EVENT: &str = "StreamEvent";

/// Gives an answer of an operation the members that the service's answer would have. `id` is that of [`letta_api::Operation`].
///
/// Nothing is changed or taken out. What is not as the description says stays as it is, and so does the answer of an operation
/// that the description does not have. The work is linear in the value.
pub(crate) fn complete(id: &str, answer: &mut Value) {
    let answers = Data::get().answers();
    if let Some(shape) = answers.operations.get(id) {
        answers.fill(shape, answer, DEEPEST);
    }
}

/// The same for an event of a stream, or a message.
pub(crate) fn complete_event(event: &mut Value) {
    let answers = Data::get().answers();
    if let Some(shape) = answers.named(EVENT) {
        answers.fill(shape, event, DEEPEST);
    }
}

/// What the description says of answers.
#[derive(Default)]
pub(super) struct Answers {
    operations: HashMap<String, Shape>,
    /// The shapes that others refer to, by their places.
    shapes: Vec<Option<Shape>>,
    places: HashMap<String, usize>,
}

/// What a value has in any case.
pub(super) enum Shape {
    /// The place of another one.
    Named(usize),
    /// That of each item of an array.
    Items(Box<Shape>),
    Object(Object),
    /// By the value of one member.
    Tagged {
        tag: String,
        of: HashMap<String, Shape>,
        default: Option<String>,
    },
    /// That of the first that fits.
    First(Vec<Branch>),
    All(Vec<Shape>),
}

#[derive(Default)]
pub(super) struct Object {
    /// The members that are added, and with which value.
    added: Vec<(String, Value)>,
    members: Vec<(String, Shape)>,
    /// That of all members that `members` does not name.
    others: Option<Box<Shape>>,
}

pub(super) struct Branch {
    kind: Option<String>,
    required: Vec<String>,
    shape: Option<Shape>,
}

impl Answers {
    /// Reads the shapes, and those of the operations.
    pub(super) fn read(operations: &Value, shapes: &Value) -> Self {
        let mut answers = Self::default();
        let named = shapes.as_object().into_iter().flatten();
        for (place, (name, _)) in named.clone().enumerate() {
            answers.places.insert(name.clone(), place);
        }
        answers.shapes = named.map(|(_, shape)| answers.shape(shape)).collect();
        for entry in operations.as_array().into_iter().flatten() {
            for id in entry["ids"].as_array().into_iter().flatten() {
                let shape = answers.shape(&entry["answer"]);
                if let Some((id, shape)) = id.as_str().zip(shape) {
                    answers.operations.insert(id.to_owned(), shape);
                }
            }
        }
        answers
    }

    fn shape(&self, written: &Value) -> Option<Shape> {
        if let Some(name) = written.as_str() {
            return self.places.get(name).copied().map(Shape::Named);
        }
        let written = written.as_object()?;
        let boxed = |key: &str| {
            let shape = written.get(key).and_then(|it| self.shape(it));
            shape.map(Box::new)
        };
        if written.contains_key("items") {
            return boxed("items").map(Shape::Items);
        }
        if let Some(parts) = written.get("all").and_then(Value::as_array) {
            return Some(Shape::All(
                parts.iter().filter_map(|it| self.shape(it)).collect(),
            ));
        }
        if let Some(branches) = written.get("first").and_then(Value::as_array) {
            let branches = branches.iter().map(|it| Branch {
                kind: it["is"].as_str().map(str::to_owned),
                required: texts(&it["has"]),
                shape: self.shape(&it["as"]),
            });
            return Some(Shape::First(branches.collect()));
        }
        if let Some(tag) = written.get("tag").and_then(Value::as_str) {
            return Some(Shape::Tagged {
                tag: tag.to_owned(),
                of: self.shapes_of(written.get("of")).collect(),
                default: written
                    .get("default")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            });
        }
        let nulls = written.get("null").map(texts).unwrap_or_default();
        let nulls = nulls.into_iter().map(|name| (name, Value::Null));
        let values = written.get("else").and_then(Value::as_object);
        let values = values.into_iter().flatten();
        let values = values.map(|(name, value)| (name.clone(), value.clone()));
        Some(Shape::Object(Object {
            added: nulls.chain(values).collect(),
            members: self.shapes_of(written.get("members")).collect(),
            others: boxed("others"),
        }))
    }

    fn shapes_of<'a>(
        &'a self,
        written: Option<&'a Value>,
    ) -> impl Iterator<Item = (String, Shape)> + 'a {
        let written = written.and_then(Value::as_object).into_iter().flatten();
        written.filter_map(|(name, it)| Some((name.clone(), self.shape(it)?)))
    }

    fn named(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(*self.places.get(name)?)?.as_ref()
    }

    /// The operations whose answers are completed.
    #[cfg(test)]
    pub(super) fn operations(&self) -> impl Iterator<Item = &str> {
        self.operations.keys().map(String::as_str)
    }

    /// Completes an answer of an operation.
    #[cfg(test)]
    pub(super) fn complete(&self, id: &str, answer: &mut Value) {
        self.fill(&self.operations[id], answer, DEEPEST);
    }

    /// Completes a value, so many steps deep at most.
    fn fill(&self, shape: &Shape, value: &mut Value, deepest: usize) {
        let Some(deeper) = deepest.checked_sub(1) else {
            return;
        };
        match (shape, value) {
            // A name does not lead deeper into the value. None leads back to itself: a test holds that.
            (Shape::Named(place), value) => {
                if let Some(shape) = &self.shapes[*place] {
                    self.fill(shape, value, deepest);
                }
            }
            (Shape::All(shapes), value) => {
                for shape in shapes {
                    self.fill(shape, value, deepest);
                }
            }
            (Shape::First(branches), value) => {
                let fitting = branches.iter().find(|it| it.fits(value));
                if let Some(shape) = fitting.and_then(|it| it.shape.as_ref()) {
                    self.fill(shape, value, deepest);
                }
            }
            (Shape::Items(each), Value::Array(items)) => {
                for item in items {
                    self.fill(each, item, deeper);
                }
            }
            (Shape::Tagged { tag, of, default }, Value::Object(members)) => {
                let tag = match members.get(tag) {
                    None | Some(Value::Null) => default.as_deref(),
                    Some(value) => value.as_str(),
                };
                let found = tag.and_then(|tag| of.get(tag));
                if let Some(object) = found.and_then(|it| self.object(it)) {
                    self.fill_object(object, members, deeper);
                }
            }
            (Shape::Object(object), Value::Object(members)) => {
                self.fill_object(object, members, deeper);
            }
            _ => {}
        }
    }

    /// The shape of an object that a tag leads to.
    fn object<'a>(&'a self, mut shape: &'a Shape) -> Option<&'a Object> {
        loop {
            match shape {
                Shape::Named(place) => shape = self.shapes[*place].as_ref()?,
                Shape::Object(object) => return Some(object),
                _ => return None,
            }
        }
    }

    fn fill_object(&self, object: &Object, members: &mut Map<String, Value>, deeper: usize) {
        for (name, shape) in &object.members {
            if let Some(member) = members.get_mut(name) {
                self.fill(shape, member, deeper);
            }
        }
        if let Some(others) = &object.others {
            for (name, member) in members.iter_mut() {
                if object.members.iter().all(|(it, _)| it != name) {
                    self.fill(others, member, deeper);
                }
            }
        }
        for (name, value) in &object.added {
            if !members.contains_key(name) {
                members.insert(name.clone(), value.clone());
            }
        }
    }
}

impl Branch {
    fn fits(&self, value: &Value) -> bool {
        let is_of_kind = match self.kind.as_deref() {
            Some("array") => value.is_array(),
            Some(_) => value.is_object(),
            None => true,
        };
        is_of_kind && self.required.iter().all(|it| value.get(it).is_some())
    }
}

fn texts(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(|it| it.as_str().map(str::to_owned))
        .collect()
}
