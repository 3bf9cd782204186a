//! Values of a property that tells the branches of a union apart.

use std::fmt;

use super::{Node, Span, Value};

/// A value of a tag. A fraction is none: two spellings of one could differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tag {
    /// A text.
    Text(String),
    /// A number without a fraction.
    Whole(i128),
    /// A truth value.
    Truth(bool),
}

impl Tag {
    /// The value, if it can be a tag.
    pub fn of(node: &Node) -> Option<Self> {
        Some(match &node.value {
            Value::String(text) => Self::Text(text.clone()),
            Value::Bool(truth) => Self::Truth(*truth),
            Value::Number(number) => Self::Whole(whole(number)?),
            _ => return None,
        })
    }

    /// The key of a discriminator's mapping, which is always a text, as the value of a property of this type. `None` if it is no such
    /// value.
    pub fn of_key(key: &str, kind: Option<&str>) -> Option<Self> {
        match kind {
            Some("integer" | "number") => {
                let number = key.parse().ok()?;
                Some(Self::Whole(whole(&number)?))
            }
            Some("boolean") => Some(Self::Truth(key.parse().ok()?)),
            _ => Some(Self::Text(key.to_owned())),
        }
    }

    /// The value, with a place.
    pub fn node(&self, span: &Span) -> Node {
        let value = match self {
            Self::Text(text) => Value::String(text.clone()),
            Self::Truth(truth) => Value::Bool(*truth),
            Self::Whole(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => Value::Number(number.into()),
                (_, Ok(number)) => Value::Number(number.into()),
                // No number that was read is so large.
                _ => Value::Null,
            },
        };
        Node {
            value,
            span: span.clone(),
        }
    }
}

/// As in JSON, but a text without quotes.
impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => number.fmt(f),
            Self::Truth(truth) => truth.fmt(f),
        }
    }
}

/// A number without a fraction. `1.0` is one.
fn whole(number: &serde_json::Number) -> Option<i128> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    let number = number.as_f64()?;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and small")]
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_a_mapping_is_a_value_of_the_type_of_the_property() {
        for (key, kind, expected) in [
            ("1", None, Some(Tag::Text("1".to_owned()))),
            ("1", Some("string"), Some(Tag::Text("1".to_owned()))),
            ("1", Some("integer"), Some(Tag::Whole(1))),
            ("-1", Some("integer"), Some(Tag::Whole(-1))),
            ("1.0", Some("number"), Some(Tag::Whole(1))),
            ("1.5", Some("number"), None),
            (
                "18446744073709551615",
                Some("integer"),
                Some(Tag::Whole(u64::MAX.into())),
            ),
            ("cat", Some("integer"), None),
            ("true", Some("boolean"), Some(Tag::Truth(true))),
            ("yes", Some("boolean"), None),
        ] {
            assert_eq!(Tag::of_key(key, kind), expected, "{key} {kind:?}");
        }
    }
}
