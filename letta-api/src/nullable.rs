//! A field of three states: left out, null, or a value.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A field of a request that may be left out, sent as null, or sent with a value.
///
/// A service may tell the three apart: a change that leaves `description` out keeps it, and one that sends null may clear it. A
/// self-hosted server 0.16.8 was seen to take null for left out in all changes of agents, blocks and tools. Types that are sent have
/// such a field for each that is optional and may be null. It begins as [`LeftOut`](Self::LeftOut). A setter
/// `with_description` sets a value, and `with_description_null` null.
///
/// ```
/// use letta_api::Nullable;
///
/// #[derive(Default, serde::Serialize)]
/// struct Change {
///     #[serde(skip_serializing_if = "Nullable::is_left_out")]
///     description: Nullable<String>,
/// }
///
/// let json = |description| serde_json::to_string(&Change { description }).unwrap();
/// assert_eq!(json(Nullable::LeftOut), "{}");
/// assert_eq!(json(Nullable::Null), r#"{"description":null}"#);
/// assert_eq!(json("short".into()), r#"{"description":"short"}"#);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nullable<T> {
    /// The field is not sent. In an answer, it was not there.
    #[default]
    LeftOut,
    /// Null is sent. In an answer, it was null.
    Null,
    /// A value is sent. In an answer, it was there.
    Value(T),
}

impl<T> Nullable<T> {
    /// Whether the field is left out.
    #[must_use]
    pub const fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }

    /// Whether the field is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value. `None` if the field is left out or null.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::LeftOut | Self::Null => None,
        }
    }

    /// The value, taken out. `None` if the field is left out or null.
    #[must_use]
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::LeftOut | Self::Null => None,
        }
    }
}

/// A value.
impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

/// `None` leaves the field out. It never becomes null: null may clear what the service has, and so it is only sent if the caller
/// says [`Nullable::Null`].
impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::LeftOut, Self::Value)
    }
}

/// A text.
impl From<&str> for Nullable<String> {
    fn from(text: &str) -> Self {
        Self::Value(text.to_owned())
    }
}

/// Null and a value are written as they are. A field that is left out has no form of its own, so its struct skips it by
/// [`Nullable::is_left_out`]. Anywhere else it is written as null.
impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// A field that is not there is read by its struct, with `#[serde(default)]`.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Option::deserialize(deserializer)?;
        Ok(value.map_or(Self::Null, Self::Value))
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Nullable<T> {
    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Change {
        #[serde(default, skip_serializing_if = "Nullable::is_left_out")]
        size: Nullable<u32>,
    }

    #[test]
    fn the_three_states_are_written_and_read_apart() {
        for (size, sent) in [
            (Nullable::LeftOut, json!({})),
            (Nullable::Null, json!({"size": null})),
            (Nullable::Value(5), json!({"size": 5})),
        ] {
            let change = Change { size };
            assert_eq!(serde_json::to_value(&change).unwrap(), sent);
            assert_eq!(serde_json::from_value::<Change>(sent).unwrap(), change);
        }
        assert_eq!(Change::default().size, Nullable::LeftOut);
        let wrong = serde_json::from_value::<Change>(json!({"size": "5"}));
        assert!(wrong.is_err());
    }

    #[test]
    fn no_conversion_makes_null() {
        assert_eq!(Nullable::from(5), Nullable::Value(5));
        assert_eq!(Nullable::from(Some(5)), Nullable::Value(5));
        assert_eq!(Nullable::<u32>::from(None), Nullable::LeftOut);
        assert_eq!(Nullable::from("a"), Nullable::Value("a".to_owned()));
        // Any JSON may be null itself. Then it is a value.
        let any: Nullable<Value> = Value::Null.into();
        assert_eq!(any, Nullable::Value(Value::Null));
    }

    #[test]
    fn a_value_is_there_in_one_state_only() {
        let states = [Nullable::LeftOut, Nullable::Null, Nullable::Value(5)];
        assert_eq!(states.map(|it| it.value().copied()), [None, None, Some(5)]);
        assert_eq!(states.map(Nullable::into_value), [None, None, Some(5)]);
        assert_eq!(states.map(|it| it.is_null()), [false, true, false]);
        assert_eq!(states.map(|it| it.is_left_out()), [true, false, false]);
    }
}
