//! How generated open enums of texts are read, and their schemas.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// Reads a text. A known text is not copied.
pub fn read<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: From<String> + for<'a> From<&'a str>,
{
    deserializer.deserialize_str(Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T: From<String> + for<'a> From<&'a str>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        Ok(text.into())
    }
}

/// The schema: any text, with the known values.
#[cfg(feature = "schemars")]
pub fn schema<'a>(known: impl Iterator<Item = &'a str>) -> schemars::Schema {
    let known: Vec<&str> = known.collect();
    schemars::json_schema!({
        "anyOf": [{ "type": "string", "enum": known }, { "type": "string" }]
    })
}

#[cfg(test)]
mod tests {
    use crate::types::AccessRight;

    #[test]
    fn what_is_no_text_is_refused_by_its_kind_alone() {
        let error = serde_json::from_str::<AccessRight>("[\"ck-let-secret\"]").unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid type: sequence, expected a text at line 1 column 0"
        );
    }

    #[test]
    fn a_known_and_an_unknown_value_come_back_as_they_were() {
        for text in ["\"read_agent\"", "\"fly\"", "\"\""] {
            let right: AccessRight = serde_json::from_str(text).unwrap();
            assert_eq!(right.is_known(), text == "\"read_agent\"");
            assert_eq!(serde_json::to_string(&right).unwrap(), text);
        }
    }
}
