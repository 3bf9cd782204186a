//! An event, and how it is written.

use std::borrow::Cow;

use axum::body::Bytes;

/// A server-sent event: its name, if it has one, and its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamEvent {
    pub(crate) name: Option<Cow<'static, str>>,
    /// One line: JSON, or `[DONE]`.
    pub(crate) data: String,
    /// Its number in the run. Events that end a stream have one, too, and do not show it in their data.
    pub(crate) seq_id: Option<u64>,
}

impl StreamEvent {
    /// An event without a name.
    pub(crate) fn new(data: impl Into<String>, seq_id: Option<u64>) -> Self {
        Self {
            name: None,
            data: data.into(),
            seq_id,
        }
    }

    /// The same event with a name, as in `event: error`.
    pub(crate) fn with_name(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The event as the service writes it: LF alone, a space after each colon, a blank line after it.
    pub(crate) fn to_bytes(&self) -> Bytes {
        let is_one_line = |text: &str| !text.contains(['\n', '\r']);
        debug_assert!(is_one_line(&self.data) && self.name.as_deref().is_none_or(is_one_line));
        let data = &self.data;
        Bytes::from(match &self.name {
            None => format!("data: {data}\n\n"),
            Some(name) => format!("event: {name}\ndata: {data}\n\n"),
        })
    }

    /// The number that its data shows.
    pub(crate) fn shown_seq_id(&self) -> Option<u64> {
        self.seq_id
            .filter(|seq_id| has_field(&self.data, "seq_id", *seq_id))
    }
}

/// Whether the number is a field of the JSON. A text that looks like it has backslashes before its quotes.
fn has_field(json: &str, name: &str, number: u64) -> bool {
    let field = format!("\"{name}\":");
    json.match_indices(&field).any(|(place, _)| {
        let value = json[place + field.len()..].trim_start();
        let digits = value.find(|digit: char| !digit.is_ascii_digit());
        value[..digits.unwrap_or(value.len())].parse() == Ok(number)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_written_as_the_service_writes_it() {
        for (event, expected) in [
            (
                StreamEvent::new(r#"{"message_type":"ping"}"#, None),
                "data: {\"message_type\":\"ping\"}\n\n",
            ),
            (
                StreamEvent::new("{}", Some(7)).with_name("error"),
                "event: error\ndata: {}\n\n",
            ),
            (StreamEvent::new("[DONE]", Some(8)), "data: [DONE]\n\n"),
            (StreamEvent::new("\"ä€🦀\"", None), "data: \"ä€🦀\"\n\n"),
        ] {
            assert_eq!(event.to_bytes(), expected);
        }
    }

    #[test]
    fn a_number_is_shown_if_the_data_has_it_as_a_field() {
        for (data, seq_id, shown) in [
            (r#"{"seq_id":12,"content":"a"}"#, Some(12), Some(12)),
            (r#"{"content":"a", "seq_id": 12}"#, Some(12), Some(12)),
            (r#"{"seq_id":12}"#, Some(1), None),
            (r#"{"seq_id":12}"#, None, None),
            (r#"{"seq_id":null}"#, Some(12), None),
            (r#"{"content":"\"seq_id\":12"}"#, Some(12), None),
            ("[DONE]", Some(12), None),
        ] {
            assert_eq!(StreamEvent::new(data, seq_id).shown_seq_id(), shown);
        }
    }
}
