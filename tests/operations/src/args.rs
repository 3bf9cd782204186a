//! The arguments of a call, as JSON.

use std::collections::BTreeMap;

use letta_api::FilePart;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Failed;

/// The arguments of a call, as JSON: parameters by their place and name, and the body.
#[derive(Clone, Debug, Default)]
pub struct Args {
    values: BTreeMap<(String, String), Value>,
    body: Option<Value>,
}

impl Args {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// With a parameter in `path`, `query` or `header`, or a part of a `form`. A file is a text: what is in it.
    #[must_use]
    pub fn with(mut self, place: &str, name: &str, value: impl Into<Value>) -> Self {
        let key = (place.to_owned(), name.to_owned());
        self.values.insert(key, value.into());
        self
    }

    /// With a body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Option<Value>>) -> Self {
        self.body = body.into();
        self
    }

    /// The parameters, with their places.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let values = self.values.iter();
        values.map(|((place, name), value)| (place.as_str(), name.as_str(), value))
    }

    fn find(&self, place: &str, name: &str) -> Option<&Value> {
        let of_place = self.values();
        let mut found = of_place.filter(|it| (it.0, it.1) == (place, name));
        Some(found.next()?.2)
    }

    pub(crate) fn optional<T: DeserializeOwned>(
        &self,
        place: &str,
        name: &str,
    ) -> Result<Option<T>, Failed> {
        let value = self.find(place, name);
        value
            .map(|value| read(value, &format!("{name} in {place}")))
            .transpose()
    }

    pub(crate) fn required<T: DeserializeOwned>(
        &self,
        place: &str,
        name: &str,
    ) -> Result<T, Failed> {
        let value = self.optional(place, name)?;
        value.ok_or_else(|| Failed::Arguments(format!("{name} in {place} is missing")))
    }

    pub(crate) fn optional_body<T: DeserializeOwned>(&self) -> Result<Option<T>, Failed> {
        let body = self.body.as_ref();
        body.map(|body| read(body, "the body")).transpose()
    }

    pub(crate) fn body<T: DeserializeOwned>(&self) -> Result<T, Failed> {
        let body = self.optional_body()?;
        body.ok_or_else(|| Failed::Arguments("the body is missing".to_owned()))
    }

    /// A file, which is called as its part is.
    pub(crate) fn file(&self, name: &str) -> Result<FilePart, Failed> {
        let content: String = self.required("form", name)?;
        Ok(FilePart::bytes(format!("{name}.txt"), content))
    }
}

fn read<T: DeserializeOwned>(value: &Value, what: &str) -> Result<T, Failed> {
    T::deserialize(value).map_err(|error| Failed::Arguments(format!("{what}: {error}")))
}
