//! Policies that people write: a mistake is an error.
//!
//! [`StrictPolicy`] is the type for a field of an application's settings, alone or in `Option`, `Vec` and maps. The
//! functions of this module are for a field of the type [`AccessPolicy`]:
//!
//! ```
//! use letta_api_ext::AccessPolicy;
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Settings {
//!     #[serde(with = "letta_api_ext::policy::strict")]
//!     policy: AccessPolicy,
//! }
//!
//! let stray = r#"{"policy": [
//!     {"type": "agent", "id": "agent-1", "access": ["read_messages"], "acess": ["write_messages"]}
//! ]}"#;
//! let error = serde_json::from_str::<Settings>(stray).err().unwrap();
//! assert!(error.to_string().starts_with(
//!     "entry 1: `policy` must have `type`, `id` and `access` in each entry, and nothing else; \
//!      got `acess`; did you mean `access`?"
//! ));
//! # Ok::<(), serde_json::Error>(())
//! ```
//!
//! A JSON Schema by schemars does not see the attribute. Add `#[schemars(with = "letta_api_ext::StrictPolicy")]`.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use letta_api::types::AccessRight;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::rights::Rights;
use super::{AccessPolicy, Draft, mistakes};
use crate::error::{Error, Result};
use crate::ids::AgentId;

/// The members of an entry.
const MEMBERS: [&str; 3] = ["type", "id", "access"];

/// Values nested deeper than this are skipped, since no policy has them.
const DEPTH: usize = 4;

/// A policy that a person wrote, for instance in a configuration file. Reading it refuses every mistake.
///
/// It holds an [`AccessPolicy`] without unknown parts. [`into_policy`](Self::into_policy) or `into()` returns it.
/// [`AccessTokens::create`](crate::AccessTokens::create) also takes a `StrictPolicy`.
///
/// It may name several agents. A token is for [one agent](super#one-agent-for-a-token), so mint with the parts that
/// [`per_agent`](AccessPolicy::per_agent) returns.
///
/// ```
/// use letta_api_ext::StrictPolicy;
///
/// #[derive(serde::Deserialize)]
/// struct Settings {
///     /// For instance `policy = "agent-1:chat"` in TOML.
///     policy: StrictPolicy,
///     kiosk: Option<StrictPolicy>,
/// }
///
/// let settings: Settings = serde_json::from_str(r#"{"policy": "agent-1:chat"}"#)?;
/// assert_eq!(settings.policy.to_string(), "agent-1:read_messages,write_messages");
///
/// let slip = r#"{"policy": [{"type": "agent", "id": "agent-1", "access": ["read_mesages"]}]}"#;
/// let error = serde_json::from_str::<Settings>(slip).err().unwrap();
/// assert!(error.to_string().starts_with(
///     "entry 1: `access` must be among read_messages, write_messages, read_agent, write_agent; \
///      got `read_mesages`; did you mean `read_messages`?"
/// ));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// For a field of the type [`AccessPolicy`], use [`with`](crate::policy::strict): `#[serde(with =
/// "letta_api_ext::policy::strict")]`.
///
/// # What it reads
///
/// - text: the [text form](crate::policy#the-text-form), with its presets;
/// - a list of entries, each with `type` (`agent`), `id` and `access` (a list of rights), as in the API.
///
/// # Errors
///
/// A right, a `type` or a member of an entry that this version does not know; a member that is missing, repeated, or
/// of another type; an invalid agent ID; an entry without a right; a policy without an entry; in the text form, a
/// part marked with `?`. The error names the entry and suggests what was meant.
///
/// It is serialised as a list of entries, and printed in the text form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StrictPolicy(AccessPolicy);

impl StrictPolicy {
    /// The policy.
    #[must_use]
    pub fn into_policy(self) -> AccessPolicy {
        self.0
    }
}

impl Deref for StrictPolicy {
    type Target = AccessPolicy;

    fn deref(&self) -> &AccessPolicy {
        &self.0
    }
}

impl From<StrictPolicy> for AccessPolicy {
    fn from(policy: StrictPolicy) -> Self {
        policy.0
    }
}

impl From<&StrictPolicy> for AccessPolicy {
    fn from(policy: &StrictPolicy) -> Self {
        policy.0.clone()
    }
}

impl TryFrom<AccessPolicy> for StrictPolicy {
    type Error = Error;

    /// Refuses a policy that [`AccessPolicy::ensure_known`] refuses, or that allows nothing.
    fn try_from(policy: AccessPolicy) -> Result<Self> {
        if policy.is_empty() {
            return Err(super::no_agent());
        }
        policy.ensure_known().map(Self)
    }
}

impl FromStr for StrictPolicy {
    type Err = Error;

    /// Reads the text form. Refuses parts marked with `?`.
    fn from_str(text: &str) -> Result<Self> {
        without_marks(text, text.parse()?)
    }
}

impl fmt::Display for StrictPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for StrictPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for StrictPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

/// For `#[serde(with = "letta_api_ext::policy::strict")]`. See the [module](self).
///
/// # Errors
///
/// A policy with an unknown part, because it could not be read again.
pub fn serialize<S: Serializer>(policy: &AccessPolicy, serializer: S) -> Result<S::Ok, S::Error> {
    let policy = StrictPolicy::try_from(policy.clone()).map_err(ser::Error::custom)?;
    policy.serialize(serializer)
}

/// For `#[serde(with = "letta_api_ext::policy::strict")]`. See the [module](self).
///
/// # Errors
///
/// See [`StrictPolicy`].
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccessPolicy, D::Error> {
    deserializer.deserialize_any(PolicyVisitor)
}

/// The policy of this text, if nothing in the text is marked as unknown.
fn without_marks(text: &str, policy: AccessPolicy) -> Result<StrictPolicy> {
    let policy = StrictPolicy::try_from(policy)?;
    // A marked part may be known all the same, so look at the text. No ID, right or preset has a question mark.
    if text.contains('?') {
        let rule = "must not mark anything with `?`";
        return Err(Error::invalid_input("policy", rule, None));
    }
    Ok(policy)
}

struct PolicyVisitor;

impl<'de> de::Visitor<'de> for PolicyVisitor {
    type Value = AccessPolicy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a policy: text like `agent-1:chat`, or a list of entries")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<AccessPolicy, E> {
        let policy = super::text::in_a_file(text).and_then(|policy| without_marks(text, policy));
        policy.map(StrictPolicy::into_policy).map_err(E::custom)
    }

    // Checks each entry as soon as it is read, so that a format with line numbers reports the right line.
    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<AccessPolicy, A::Error> {
        let mut draft = Draft::default();
        let mut number = 1;
        while seq
            .next_element_seed(EntrySeed {
                number,
                draft: &mut draft,
            })?
            .is_some()
        {
            number += 1;
        }
        draft.into_policy().map_err(de::Error::custom)
    }

    fn visit_map<A: de::MapAccess<'de>>(self, _: A) -> Result<AccessPolicy, A::Error> {
        Err(super::serial::not_a_policy("one object"))
    }

    // serde's own errors would quote the value, which may be a key in the wrong place.
    super::serial::refuse_other_values!();
}

/// Reads one entry, and adds it to the policy.
struct EntrySeed<'a> {
    number: usize,
    draft: &'a mut Draft,
}

impl<'de> de::DeserializeSeed<'de> for EntrySeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let written = deserializer.deserialize_any(Written { depth: 0 })?;
        let added = entry(written).and_then(|(agent, rights)| self.draft.grant(agent, rights));
        added.map_err(|error| de::Error::custom(format!("entry {}: {error}", self.number)))
    }
}

fn entry(written: Value) -> Result<(AgentId, Rights)> {
    let invalid = |rule| Err(Error::invalid_input("policy", rule, None));
    let members = match written {
        Value::Object(members) => members,
        Value::Text(_) => {
            return invalid(
                "must be a list of objects with `type`, `id` and `access`, or one text like \
                 `agent-1:chat`; it cannot be a list of texts",
            );
        }
        _ => return invalid("must be a list of objects with `type`, `id` and `access`"),
    };
    let [mut kind, mut id, mut access] = [None, None, None];
    for (name, value) in members {
        let (field, slot) = match name.as_str() {
            "type" => ("type", &mut kind),
            "id" => ("id", &mut id),
            "access" => ("access", &mut access),
            _ => {
                let rule = "must have `type`, `id` and `access` in each entry, and nothing else";
                let error = Error::invalid_input("policy", rule, Some(&name));
                return Err(mistakes::with_suggestion(
                    error,
                    mistakes::nearest(&name, MEMBERS),
                ));
            }
        };
        if slot.replace(value).is_some() {
            return Err(Error::invalid_input(field, "must not be given twice", None));
        }
    }
    check_kind(kind)?;
    let id = match id {
        Some(Value::Text(id)) => AgentId::new(id)?,
        Some(_) => return Err(Error::invalid_input("id", "must be text", None)),
        None => return Err(missing("id", "the ID of an agent")),
    };
    Ok((id, rights(access)?))
}

fn check_kind(kind: Option<Value>) -> Result<()> {
    match kind {
        Some(Value::Text(kind)) if kind == "agent" => Ok(()),
        Some(Value::Text(kind)) => {
            let error = Error::invalid_input("type", "must be `agent`", Some(&kind));
            Err(mistakes::with_suggestion(
                error,
                mistakes::nearest(&kind, ["agent"]),
            ))
        }
        Some(_) => Err(Error::invalid_input(
            "type",
            "must be the text `agent`",
            None,
        )),
        None => Err(missing("type", "`agent`")),
    }
}

fn rights(access: Option<Value>) -> Result<Rights> {
    const LIST: &str = "must be a list of rights, like [\"read_messages\"]";
    let rights = match access {
        Some(Value::List(rights)) => rights,
        Some(_) => return Err(Error::invalid_input("access", LIST, None)),
        None => return Err(missing("access", "a list of rights")),
    };
    let known = rights.into_iter().map(|right| match right {
        Value::Text(right) => match AccessRight::from(right) {
            AccessRight::Unknown(right) => Err(mistakes::unknown_right(&right)),
            right => Ok(right),
        },
        _ => Err(Error::invalid_input("access", LIST, None)),
    });
    known.collect()
}

fn missing(field: &'static str, what: &str) -> Error {
    Error::invalid_input(field, format!("is missing; it must be {what}"), None)
}

/// A value in any format. Values that a policy cannot have are dropped, since one may be a key in the wrong place.
enum Value {
    Text(String),
    List(Vec<Value>),
    /// In their order: a member may be repeated.
    Object(Vec<(String, Value)>),
    Other,
}

/// Reads a [`Value`].
#[derive(Clone, Copy)]
struct Written {
    depth: usize,
}

impl Written {
    fn inner(self) -> Self {
        Self {
            depth: self.depth + 1,
        }
    }
}

impl<'de> de::DeserializeSeed<'de> for Written {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> de::Visitor<'de> for Written {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry of a policy")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_i128<E>(self, _: i128) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_bytes<E>(self, _: &[u8]) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Other)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        if self.depth < DEPTH {
            while let Some(item) = seq.next_element_seed(self.inner())? {
                items.push(item);
            }
        } else {
            while seq.next_element::<de::IgnoredAny>()?.is_some() {}
        }
        Ok(Value::List(items))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut members = Vec::new();
        if self.depth < DEPTH {
            while let Some(name) = map.next_key_seed(self.inner())? {
                let value = map.next_value_seed(self.inner())?;
                // Some formats have names that are not text. No member has such a name.
                let name = match name {
                    Value::Text(name) => name,
                    _ => "a name that is not text".to_owned(),
                };
                members.push((name, value));
            }
        } else {
            while map
                .next_entry::<de::IgnoredAny, de::IgnoredAny>()?
                .is_some()
            {}
        }
        Ok(Value::Object(members))
    }
}
