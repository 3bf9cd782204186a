//! Texts of one kind, such as the IDs of agents. A method that takes the one kind does not take the other.
//!
//! ```text
//! pub struct AgentId(String);
//! crate::support::named_text::named_text!(AgentId);
//! ```
//!
//! Any text is taken, so a form that is new is not refused. What all these types have is written once, here.

/// For `struct Name(String)` that derives `Clone`, `Default`, `PartialEq`, `Eq`, `PartialOrd`, `Ord` and `Hash`: the methods, the
/// conversions, and how it is read, written and printed.
///
/// It is exported, since a description may have no such text, and a macro of the crate alone would be dead code then.
#[doc(hidden)]
#[macro_export]
macro_rules! __named_text {
    ($name:ident) => {
        impl $name {
            /// Made of any text.
            #[must_use]
            pub fn new(text: impl ::std::convert::Into<::std::string::String>) -> Self {
                Self(text.into())
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, without a copy.
            #[must_use]
            pub fn into_string(self) -> ::std::string::String {
                self.0
            }
        }

        impl ::std::convert::From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl ::std::convert::From<::std::string::String> for $name {
            fn from(text: ::std::string::String) -> Self {
                Self(text)
            }
        }

        impl ::std::convert::From<&::std::string::String> for $name {
            fn from(text: &::std::string::String) -> Self {
                Self(text.clone())
            }
        }

        impl ::std::convert::From<&$name> for $name {
            fn from(value: &$name) -> Self {
                value.clone()
            }
        }

        impl ::std::convert::From<$name> for ::std::string::String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl ::std::convert::From<&$name> for ::std::string::String {
            fn from(value: &$name) -> Self {
                value.0.clone()
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = ::std::convert::Infallible;

            /// Never fails.
            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                ::std::result::Result::Ok(Self(text.to_owned()))
            }
        }

        impl ::std::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ::std::cmp::PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == *text
            }
        }

        impl ::std::cmp::PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.0 == **text
            }
        }

        impl ::std::cmp::PartialEq<::std::string::String> for $name {
            fn eq(&self, text: &::std::string::String) -> bool {
                self.0 == *text
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(&self.0, f)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                $crate::support::open_enum::read(deserializer)
            }
        }

        #[cfg(feature = "schemars")]
        impl ::schemars::JsonSchema for $name {
            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                ::std::stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                ::schemars::json_schema!({ "type": "string" })
            }
        }
    };
}
pub use __named_text as named_text;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet, HashMap};

    use serde_json::json;

    use crate::types::AgentId;

    fn to_agent(id: impl Into<AgentId>) -> AgentId {
        id.into()
    }

    /// Forms that no server is known to use, among them.
    const TEXTS: &[&str] = &[
        "agent-6bb462c2-e885-434a-a0e3-d08ad8d9f595",
        "agent_6bb462c2",
        "6bb462c2-e885-434a-a0e3-d08ad8d9f595",
        "default",
        "",
        " ",
        "\"\u{2028}\u{0}é",
    ];

    #[test]
    fn any_text_is_read_and_written_unchanged() {
        for text in TEXTS {
            let id: AgentId = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(id, *text);
            assert_eq!(serde_json::to_value(&id).unwrap(), json!(text));
            // Without a copy, and from a reader.
            let json = serde_json::to_vec(text).unwrap();
            assert_eq!(serde_json::from_slice::<AgentId>(&json).unwrap(), id);
            assert_eq!(serde_json::from_reader::<_, AgentId>(&*json).unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_its_kind_alone() {
        for (json, kind) in [
            (json!(["ck-let-secret"]), "sequence"),
            (json!({"a": "ck-let-secret"}), "map"),
            (json!(null), "null"),
        ] {
            let error = serde_json::from_value::<AgentId>(json).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("invalid type: {kind}, expected a text")
            );
        }
    }

    #[test]
    fn every_form_of_text_makes_one_and_each_gives_its_text() {
        let owned = "agent-1".to_owned();
        let id = AgentId::new("agent-1");
        for made in [
            to_agent("agent-1"),
            to_agent(&owned),
            to_agent(owned.clone()),
            to_agent(&id),
            to_agent(id.clone()),
            "agent-1".parse().unwrap(),
            AgentId::new(owned.clone()),
            AgentId::new(&id),
        ] {
            assert_eq!(made, id);
            assert_eq!(made, "agent-1");
            assert_eq!(made, *"agent-1");
            assert_eq!(made, owned);
            assert_eq!(made.as_str(), "agent-1");
            assert_eq!(AsRef::<str>::as_ref(&made), "agent-1");
            assert_eq!(String::from(&made), "agent-1");
            assert_eq!(String::from(made.clone()), "agent-1");
            assert_eq!(made.into_string(), "agent-1");
        }
        assert_ne!(id, "agent-2");
        assert_eq!(AgentId::default(), "");
    }

    #[test]
    fn it_prints_as_its_text() {
        let id = AgentId::new("agent-1\n");
        assert_eq!(format!("{id}"), "agent-1\n");
        assert_eq!(
            format!("{:>4}|{:<4}|", to_agent("a"), to_agent("b")),
            "   a|b   |"
        );
        assert_eq!(format!("{id:?}"), r#""agent-1\n""#);
        assert_eq!(format!("{:?}", Some(&id)), r#"Some("agent-1\n")"#);
    }

    #[test]
    fn it_is_a_key_and_is_found_by_its_text() {
        let ids = ["b", "a", "c"];
        let names: HashMap<AgentId, usize> = ids.iter().map(|id| to_agent(*id)).zip(0..).collect();
        assert_eq!(names.get("a"), Some(&1));
        assert_eq!(names.get(&to_agent("c")), Some(&2));
        let sorted: BTreeSet<AgentId> = ids.iter().map(|id| to_agent(*id)).collect();
        assert!(sorted.contains("b"));
        assert!(sorted.iter().map(AgentId::as_str).eq(["a", "b", "c"]));
        // As a key of an object, too.
        let sizes: BTreeMap<AgentId, u8> = serde_json::from_value(json!({"b": 2, "": 0})).unwrap();
        assert_eq!(sizes["b"], 2);
        assert_eq!(serde_json::to_value(sizes).unwrap(), json!({"b": 2, "": 0}));
    }

    #[cfg(feature = "schemars")]
    #[test]
    fn its_schema_is_any_text() {
        let schema = schemars::schema_for!(AgentId).to_value();
        assert_eq!(schema["type"], "string");
        assert_eq!(schema["title"], "AgentId");
        assert_eq!(schema.get("pattern"), None);
    }
}
