//! What the generated unions share: how they are read, and described.
#![allow(dead_code, reason = "which of these are used is up to the description")]

use serde::de::DeserializeOwned;
use serde_json::Value;

/// The value as this branch, if it is one.
pub(crate) fn branch<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// The text by which an object is told from others.
pub(crate) fn tag<'a>(value: &'a Value, property: &str) -> Option<&'a str> {
    value.get(property)?.as_str()
}

/// The value again, if it has all these properties.
pub(crate) fn has<'a>(value: &'a Value, properties: &[&str]) -> Option<&'a Value> {
    properties
        .iter()
        .all(|property| value.get(property).is_some())
        .then_some(value)
}

/// The value again, if it is one of these texts: an open enum takes any other as well.
pub(crate) fn one_of<'a>(value: &'a Value, texts: &[&str]) -> Option<&'a Value> {
    let text = value.as_str()?;
    texts.contains(&text).then_some(value)
}

/// The value again, unless it is a whole number that a fraction of 64 bits would round.
pub(crate) fn exact(value: &Value) -> Option<&Value> {
    // The largest below which there is a fraction for every whole number.
    const LIMIT: u64 = 1 << f64::MANTISSA_DIGITS;
    let is_exact = match (value.as_u64(), value.as_i64()) {
        (Some(number), _) => number <= LIMIT,
        (None, Some(number)) => number.unsigned_abs() <= LIMIT,
        (None, None) => true,
    };
    is_exact.then_some(value)
}

/// The schema of one of these, or of anything else where the union is open.
#[cfg(feature = "schemars")]
pub(crate) fn schema(mut branches: Vec<schemars::Schema>, open: bool) -> schemars::Schema {
    if open {
        branches.push(true.into());
    }
    schemars::json_schema!({ "anyOf": branches })
}
