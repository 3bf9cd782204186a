//! Fields that answers have, although the description does not require them.

use serde::{Deserialize, Deserializer};

/// Reads a field. Null becomes the type's default, as for a field that is not there: an answer is not refused for that.
///
/// # Errors
///
/// The value is of another type.
pub fn read<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a field has its default. A request does not send it then.
pub fn is_missing<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    struct Agent {
        #[serde(default, deserialize_with = "read", skip_serializing_if = "is_missing")]
        id: String,
    }

    #[test]
    fn an_answer_without_the_field_is_read() {
        for (json, id) in [
            (json!({}), ""),
            (json!({"id": null}), ""),
            (json!({"id": "agent-1"}), "agent-1"),
        ] {
            let agent: Agent = serde_json::from_value(json).unwrap();
            assert_eq!(agent.id, id);
        }
        assert!(serde_json::from_value::<Agent>(json!({"id": 1})).is_err());
    }

    #[test]
    fn what_is_missing_is_not_sent() {
        let json = |id: &str| serde_json::to_value(Agent { id: id.to_owned() }).unwrap();
        assert_eq!(json(""), json!({}));
        assert_eq!(json("agent-1"), json!({"id": "agent-1"}));
    }
}
