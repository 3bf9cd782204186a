//! Text that must not be printed by accident.

use serde::{Deserialize, Serialize, Serializer};

use super::wiped::Wiped;

/// A secret in text form: an API key, or the secret of a client-side access token.
///
/// `Debug` writes `Secret([redacted])`, and there is no `Display`. Only [`expose_secret`](Self::expose_secret) returns the
/// text. Its memory is overwritten when the value is dropped.
///
/// It *does* serialise, as plain text, since types that are sent to the service hold it. Serialise those only to send
/// them. It is read from text only. A number is refused without being shown: a key in a configuration file may look like
/// one. Comparison is not in constant time.
///
/// ```
/// let secret = letta_api::Secret::new("ck-let-0f3c");
/// assert_eq!(format!("{secret:?}"), "Secret([redacted])");
/// assert_eq!(secret.expose_secret(), "ck-let-0f3c");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text as it is, unchecked.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself. Keep it out of logs, errors and URLs.
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        drop(Wiped::from(std::mem::take(&mut self.0).into_bytes()));
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<&String> for Secret {
    fn from(text: &String) -> Self {
        Self::new(text.as_str())
    }
}

impl From<&Secret> for Secret {
    fn from(secret: &Secret) -> Self {
        secret.clone()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret([redacted])")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose_secret())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        /// serde's own errors quote the value, and a key in a configuration file may be all digits.
        fn refuse<E: serde::de::Error>() -> Result<Secret, E> {
            Err(E::custom("a secret must be text; put it in quotes"))
        }

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Secret;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a secret in text form")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Secret, E> {
                Ok(Secret::new(text))
            }

            fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Secret, E> {
                refuse()
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Secret, E> {
                refuse()
            }

            fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Secret, E> {
                refuse()
            }

            fn visit_i128<E: serde::de::Error>(self, _: i128) -> Result<Secret, E> {
                refuse()
            }

            fn visit_u128<E: serde::de::Error>(self, _: u128) -> Result<Secret, E> {
                refuse()
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Secret, E> {
                refuse()
            }

            fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Secret, E> {
                refuse()
            }
        }

        if deserializer.is_human_readable() {
            // Some formats make the error themselves if they are asked for text.
            deserializer.deserialize_any(Visitor)
        } else {
            deserializer.deserialize_string(Visitor)
        }
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "password"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_refused_without_being_shown() {
        for json in ["1234567890123", "-1234567890123", "12345678.90123", "true"] {
            let error = serde_json::from_str::<Secret>(json)
                .unwrap_err()
                .to_string();
            assert!(error.contains("put it in quotes"), "{error}");
            assert!(!error.contains("1234567"), "{error}");
        }
        assert_eq!(
            serde_json::from_str::<Secret>(r#""a\u0062""#)
                .unwrap()
                .expose_secret(),
            "ab"
        );
    }
}
