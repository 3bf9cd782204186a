//! What is printed, whatever its type: values whose members keep their order.

use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap as _, SerializeSeq as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Number;

/// A value as JSON has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

/// What stands in place of a secret.
const HIDDEN: &str = "[hidden]";

impl Tree {
    /// The value as its type writes it.
    pub(crate) fn of(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Self> {
        serde_json::from_slice(&serde_json::to_vec(value)?)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members
                .iter()
                .find(|(member, _)| member == name)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Puts a note in place of the values of environment variables: agents have them for their tools, and they are secret.
    pub(crate) fn without_secrets(mut self) -> Self {
        self.hide_secrets();
        self
    }

    fn hide_secrets(&mut self) {
        match self {
            Self::List(items) => items.iter_mut().for_each(Self::hide_secrets),
            Self::Map(members) => {
                for (name, value) in members {
                    match &**name {
                        "secrets" | "tool_exec_environment_variables" => value.hide_values(),
                        _ => value.hide_secrets(),
                    }
                }
            }
            _ => {}
        }
    }

    fn hide_values(&mut self) {
        match self {
            Self::List(items) => items.iter_mut().for_each(Self::hide_values),
            Self::Map(members) => {
                // Either a variable with its name and its value, or values by name.
                let is_variable = members.iter().any(|(name, _)| name == "key");
                for (name, value) in members {
                    let is_value = !is_variable || name.starts_with("value");
                    if is_value && *value != Self::Null {
                        *value = Self::Text(HIDDEN.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(it) => serializer.serialize_bool(*it),
            Self::Number(it) => it.serialize(serializer),
            Self::Text(it) => serializer.serialize_str(it),
            Self::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Self::Map(members) => {
                let mut map = serializer.serialize_map(Some(members.len()))?;
                for (name, value) in members {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Tree, E> {
        Ok(Tree::Number(it.into()))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Tree, E> {
        Ok(Tree::Number(it.into()))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Tree, E> {
        Ok(Number::from_f64(it).map_or(Tree::Null, Tree::Number))
    }

    fn visit_str<E>(self, it: &str) -> Result<Tree, E> {
        Ok(Tree::Text(it.to_owned()))
    }

    fn visit_string<E>(self, it: String) -> Result<Tree, E> {
        Ok(Tree::Text(it))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_numbers_their_value() {
        let text = r#"{"z":1,"a":[null,true,-2,0.1,18446744073709551615],"b":{}}"#;
        let tree: Tree = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&tree).unwrap(), text);
    }

    #[test]
    fn values_of_environment_variables_are_hidden() {
        for (text, expected) in [
            (
                r#"[{"secrets":[{"key":"K","value":"v","value_enc":"v"}]}]"#,
                r#"[{"secrets":[{"key":"K","value":"[hidden]","value_enc":"[hidden]"}]}]"#,
            ),
            (
                r#"{"a":{"tool_exec_environment_variables":{"K":"v","key2":null}}}"#,
                r#"{"a":{"tool_exec_environment_variables":{"K":"[hidden]","key2":null}}}"#,
            ),
            (
                r#"{"value":"v","secrets":null}"#,
                r#"{"value":"v","secrets":null}"#,
            ),
        ] {
            let tree: Tree = serde_json::from_str(text).unwrap();
            let hidden = serde_json::to_string(&tree.without_secrets()).unwrap();
            assert_eq!(hidden, expected);
        }
    }
}
