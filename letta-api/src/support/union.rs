//! How generated unions are read, and their schemas.

use serde::de::DeserializeOwned;

use super::borrowed::Json;

/// The value as this branch, if it is one.
pub fn branch<T: DeserializeOwned>(value: &Json<'_>) -> Option<T> {
    T::deserialize(value).ok()
}

/// The value of the tag, which tells the branches apart.
pub fn tag<'a>(value: &'a Json<'_>, property: &str) -> Option<&'a str> {
    value.get(property)?.as_str()
}

/// A number without a fraction, or a truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plain {
    /// A number.
    Whole(i128),
    /// A truth value.
    Truth(bool),
}

/// The value of a tag that is no text.
pub fn plain_tag(value: &Json<'_>, property: &str) -> Option<Plain> {
    match value.get(property)? {
        Json::Bool(truth) => Some(Plain::Truth(*truth)),
        Json::Number(number) => {
            let small = number.as_i64().map(i128::from);
            let large = || number.as_u64().map(i128::from);
            small.or_else(large).map(Plain::Whole)
        }
        _ => None,
    }
}

/// The value again, if it has all these properties.
pub fn has<'a, 'b>(value: &'a Json<'b>, properties: &[&str]) -> Option<&'a Json<'b>> {
    properties
        .iter()
        .all(|property| value.get(property).is_some())
        .then_some(value)
}

/// The value again, if it is one of these texts: an open enum takes any other as well.
pub fn one_of<'a, 'b>(value: &'a Json<'b>, texts: &[&str]) -> Option<&'a Json<'b>> {
    let text = value.as_str()?;
    texts.contains(&text).then_some(value)
}

/// The value again, unless it is an integer that an `f64` would round.
pub fn exact<'a, 'b>(value: &'a Json<'b>) -> Option<&'a Json<'b>> {
    // Up to here, an `f64` has every integer.
    const LIMIT: u64 = 1 << f64::MANTISSA_DIGITS;
    let Json::Number(number) = value else {
        return Some(value);
    };
    let is_exact = match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => number <= LIMIT,
        (None, Some(number)) => number.unsigned_abs() <= LIMIT,
        (None, None) => true,
    };
    is_exact.then_some(value)
}

/// The schema of one of these, or of anything if the union is open.
#[cfg(feature = "schemars")]
pub fn schema(mut branches: Vec<schemars::Schema>, open: bool) -> schemars::Schema {
    if open {
        branches.push(true.into());
    }
    schemars::json_schema!({ "anyOf": branches })
}
