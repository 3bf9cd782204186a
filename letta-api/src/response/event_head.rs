//! What tells an event of a turn apart, read without the rest of it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::support::borrowed::Json;

/// What tells an event of a turn apart, read from its data without the rest of it.
///
/// It is for programs that pass events on, and decode few of them: it takes a fraction of the time that decoding takes, and copies nothing
/// unless a text has escapes. A member that is missing, null or of another type is `None`. If a member is there twice, the last one
/// counts, as it does when the event is decoded. `Debug` shows nothing of it.
///
/// ```
/// use letta_api::{EventHead, EventStream};
/// use serde_json::Value;
///
/// # async fn run() -> Result<(), letta_api::EventError> {
/// let body = bytes::Bytes::from("data: {\"id\": \"message-1\", \"message_type\": \"ping\", \"seq_id\": 3}\n\n");
/// let mut frames = EventStream::<Value>::new(body.into()).frames();
/// let mut last_seen = None;
/// while let Some(frame) = frames.next().await {
///     let frame = frame?;
///     // `[DONE]` has no head.
///     let Some(head) = EventHead::read(frame.data()) else { continue };
///     last_seen = head.seq_id().or(last_seen);
///     if head.message_type() == Some("assistant_message") {
///         println!("{}", frame.data());
///     }
/// }
/// assert_eq!(last_seen, Some(3));
/// # Ok(())
/// # }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run()).unwrap();
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EventHead<'a> {
    message_type: Option<Cow<'a, str>>,
    id: Option<Cow<'a, str>>,
    run_id: Option<Cow<'a, str>>,
    seq_id: Option<i64>,
}

impl<'a> EventHead<'a> {
    /// Reads the head of an event from its data. `None` if the data is not a JSON object. Texts of members that are not looked at may
    /// hold escapes that decoding refuses.
    #[must_use]
    pub fn read(data: &'a str) -> Option<Self> {
        serde_json::from_str(data).ok()
    }

    /// What the event is: `assistant_message`, `ping`, `stop_reason` and so on.
    #[must_use]
    pub fn message_type(&self) -> Option<&str> {
        self.message_type.as_deref()
    }

    /// The ID of the message that the event is, or a piece of. A stop reason, the usage and an error have none.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The run that the event belongs to. A stop reason and the usage do not say.
    #[must_use]
    pub fn run_id(&self) -> Option<&str> {
        self.run_id.as_deref()
    }

    /// The number of the event in its run, from 1, in a background stream. A ping repeats the last one.
    #[must_use]
    pub fn seq_id(&self) -> Option<i64> {
        self.seq_id
    }
}

impl fmt::Debug for EventHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHead").finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for EventHead<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = EventHead<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EventHead<'de>, A::Error> {
        let mut head = EventHead::default();
        while let Some(member) = map.next_key()? {
            match member {
                Member::MessageType => head.message_type = text(map.next_value()?),
                Member::Id => head.id = text(map.next_value()?),
                Member::RunId => head.run_id = text(map.next_value()?),
                Member::SeqId => {
                    head.seq_id = match map.next_value()? {
                        Json::Number(number) => number.as_i64(),
                        _ => None,
                    }
                }
                Member::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(head)
    }
}

fn text(json: Json<'_>) -> Option<Cow<'_, str>> {
    match json {
        Json::String(text) => Some(text),
        _ => None,
    }
}

/// A member's name.
#[derive(Clone, Copy)]
enum Member {
    MessageType,
    Id,
    RunId,
    SeqId,
    Other,
}

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;

        impl Visitor<'_> for Name {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member's name")
            }

            fn visit_str<E>(self, name: &str) -> Result<Member, E> {
                Ok(match name {
                    "message_type" => Member::MessageType,
                    "id" => Member::Id,
                    "run_id" => Member::RunId,
                    "seq_id" => Member::SeqId,
                    _ => Member::Other,
                })
            }
        }

        deserializer.deserialize_str(Name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_head_is_read_wherever_its_members_are() {
        let data = r#"{"id":"message-1","date":"x","tool_call":{"id":"call-1","seq_id":9},"message_type":"ping","seq_id":3,"run_id":"run-1","content":[{"id":1}]}"#;
        let head = EventHead::read(data).unwrap();
        assert_eq!(head.message_type(), Some("ping"));
        assert_eq!(
            (head.id(), head.run_id()),
            (Some("message-1"), Some("run-1"))
        );
        assert_eq!(head.seq_id(), Some(3));
        let texts = [&head.message_type, &head.id, &head.run_id];
        assert!(texts.iter().all(|it| matches!(it, Some(Cow::Borrowed(_)))));
        assert_eq!(format!("{head:?}"), "EventHead { .. }");
    }

    #[test]
    fn what_is_no_object_has_no_head() {
        for data in [
            "",
            "[DONE]",
            "1",
            "null",
            "[]",
            "\"ping\"",
            "{",
            "{} x",
            r#"{"id": 1"#,
        ] {
            assert_eq!(EventHead::read(data), None, "{data}");
        }
        assert_eq!(EventHead::read(" {} "), Some(EventHead::default()));
    }

    proptest! {
        /// It is what a `Value` of the same data has.
        #[test]
        fn a_head_is_what_the_whole_has(members in prop::collection::vec((
            prop::sample::select(vec!["message_type", "id", "run_id", "seq_id", "i\\u0064", "content", "date"]),
            prop::sample::select(vec![
                "null", "7", "-1", "1.5", "9223372036854775808", r#""ping""#, r#""\u00e9\"""#, r#""7""#, "true",
                r#"["x", {"id": "y"}]"#, r#"{"id": "y", "seq_id": 1}"#,
            ]),
        ), 0..8)) {
            let members: Vec<String> = members.iter().map(|(name, value)| format!(r#""{name}": {value}"#)).collect();
            let data = format!("{{{}}}", members.join(", "));
            let whole: Value = serde_json::from_str(&data).unwrap();
            let head = EventHead::read(&data).unwrap();
            prop_assert_eq!(head.message_type(), whole["message_type"].as_str());
            prop_assert_eq!(head.id(), whole["id"].as_str());
            prop_assert_eq!(head.run_id(), whole["run_id"].as_str());
            prop_assert_eq!(head.seq_id(), whole["seq_id"].as_i64());
        }

        #[test]
        fn any_text_is_read_or_not(data in "[\\[\\]{}\":,0-9a-z\\\\ ]{0,40}") {
            let whole: Result<Value, _> = serde_json::from_str(&data);
            let is_object = whole.is_ok_and(|it| it.is_object());
            prop_assert!(!is_object || EventHead::read(&data).is_some());
        }
    }

    #[test]
    fn a_number_from_elsewhere_is_a_number() {
        let whole = json!({ "seq_id": 4 });
        let head = EventHead::deserialize(&whole).unwrap();
        assert_eq!(head.seq_id(), Some(4));
    }
}
