//! What an agent is to do next, in the form that a file has. For what is kept between runs.

use serde::de::{Deserialize as _, Deserializer, Error as _};
use serde::{Serialize as _, Serializer};
use serde_json::Value;

use crate::script::act::Act;
use crate::script::file::document::Node;
use crate::script::file::{read, write};

pub(crate) fn serialize<S: Serializer>(acts: &[Act], serializer: S) -> Result<S::Ok, S::Error> {
    write::acts(acts).serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Act>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    read::acts(&Node::of_json(value)).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;
    use crate::script::limits;
    use crate::script::model_failure::ModelFailure;
    use crate::script::stop_reason::StopReason;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Kept(#[serde(with = "crate::script::file::acts")] Vec<Act>);

    fn read_back(acts: Vec<Act>) {
        let kept = Kept(acts);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), kept);
    }

    #[test]
    fn what_an_agent_is_to_do_next_is_read_back_as_the_same() {
        read_back(vec![]);
        read_back(vec![
            Act::text("a"),
            Act::reasoning("b"),
            Act::echo(),
            Act::call("t", json!({"a": [1, null, {"b": 1.5}]}))
                .returns("r")
                .with_id("call-1")
                .needs_approval(),
            Act::calls([
                Act::call("t", json!({})).fails("x"),
                Act::call("u", json!({"k": "v"})),
            ]),
            Act::pause(Duration::from_nanos(80_061_000_000_001)),
            Act::model_fails(ModelFailure::Timeout),
            Act::refuses("no"),
            Act::stops(StopReason::MaxSteps),
        ]);
    }

    /// A script of code may have more than a file may.
    #[test]
    fn what_is_at_the_limits_of_a_script_is_read_back_too() {
        let text = "\u{1}".repeat(limits::TEXT);
        let call = |_| Act::call("t", json!({})).returns(text.as_str());
        read_back(vec![Act::calls((0..30).map(call))]);
    }

    #[test]
    fn what_is_not_what_an_agent_can_do_is_refused() {
        for (text, says) in [
            (r#"{}"#, "must be a list"),
            (r#"[{"txt": "a"}]"#, "is not an act"),
            (r#"[1]"#, "an act"),
            (r#"[{"text": ""}]"#, "empty"),
            (r#"[{"call": "t", "with": [1]}]"#, "arguments"),
        ] {
            let error = serde_json::from_str::<Kept>(text).unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
        }
    }
}
