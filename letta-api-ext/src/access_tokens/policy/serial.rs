//! serde: policies in the form of the API.

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
    /// Reads an array of entries, with the rules of [`AccessPolicy::from_grants`], or the [text
    /// form](crate::policy#the-text-form). Unknown rights, members and kinds of grants are kept, because programs
    /// pass on what the service reports. For policies that people write, see [`StrictPolicy`](super::StrictPolicy).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> de::Visitor<'de> for Entries {
            type Value = AccessPolicy;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of entries, or text like `agent-1:chat`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                super::text::in_a_file(text).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut draft = Draft::default();
                let mut number = 0;
                while let Some(entry) = seq.next_element()? {
                    number += 1;
                    draft
                        .add_entry(&entry)
                        .map_err(|error| de::Error::custom(format!("entry {number}: {error}")))?;
                }
                draft.into_policy().map_err(de::Error::custom)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
                Err(not_a_policy("one object"))
            }

            refuse_other_values!();
        }

        deserializer.deserialize_any(Entries)
    }
}

pub(super) fn not_a_policy<E: de::Error>(got: &str) -> E {
    E::custom(format!(
        "a policy must be a list of entries, or text like `agent-1:chat`, not {got}"
    ))
}

/// For visitors of policies. serde's own errors would quote the value, which may be a key in the wrong place.
macro_rules! refuse_other_values {
    () => {
        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "true or false",
            ))
        }

        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "a number",
            ))
        }

        fn visit_i128<E: de::Error>(self, _: i128) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "a number",
            ))
        }

        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "a number",
            ))
        }

        fn visit_u128<E: de::Error>(self, _: u128) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "a number",
            ))
        }

        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "a number",
            ))
        }

        fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy("bytes"))
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "nothing",
            ))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Err(crate::access_tokens::policy::serial::not_a_policy(
                "nothing",
            ))
        }

        fn visit_some<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(
            self,
            deserializer: D,
        ) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }
    };
}
pub(super) use refuse_other_values;

/// Compact JSON with the keys of every object sorted. Without sorting, their order depends on a feature of serde_json
/// that any crate of an application may turn on.
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
