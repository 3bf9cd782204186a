//! serde: policies in the form that goes over the wire.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::{AccessPolicy, Draft};

impl Serialize for AccessPolicy {
    /// An array of entries, as in the request that creates a token.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_entries().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AccessPolicy {
    /// An array of entries, with the rules of [`AccessPolicy::from_grants`]. Rights, members and kinds
    /// of grants that are not known are kept; see [`AccessPolicy::ensure_known`] to refuse them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> de::Visitor<'de> for Entries {
            type Value = AccessPolicy;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of entries")
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut draft = Draft::default();
                while let Some(entry) = seq.next_element()? {
                    draft.add_entry(&entry).map_err(de::Error::custom)?;
                }
                draft.into_policy().map_err(de::Error::custom)
            }

            // serde's own errors would quote the value, which may be a key in the wrong place.
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Self::Value, E> {
                Err(E::custom("a policy must be a list of entries, not text"))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
                Err(E::custom(
                    "a policy must be a list of entries, not a number",
                ))
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
                Err(E::custom(
                    "a policy must be a list of entries, not a number",
                ))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
                Err(E::custom(
                    "a policy must be a list of entries, not a number",
                ))
            }
        }

        deserializer.deserialize_any(Entries)
    }
}

/// Compact JSON with the keys of every object sorted. Left to itself, their order depends on a feature
/// of serde_json that any crate in an application may turn on.
pub(super) fn sorted_json(value: &Value) -> String {
    serde_json::to_string(&Sorted(value)).expect("JSON with text keys can be written")
}

struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let sorted: BTreeMap<_, _> = members
                    .iter()
                    .map(|(key, value)| (key, Sorted(value)))
                    .collect();
                sorted.serialize(serializer)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            other => other.serialize(serializer),
        }
    }
}
