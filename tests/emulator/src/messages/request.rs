//! What a request to send messages asks for.

use serde_json::Value;

use crate::http::refusal::{Refusal, quote};
use crate::messages::message::MessageKind;

/// Messages for an agent. Holds at least one.
#[derive(Debug)]
pub(crate) struct MessageRequest {
    pub(crate) messages: Vec<NewMessage>,
    /// Answer with events, also at the path that answers with JSON otherwise.
    pub(crate) streaming: bool,
    /// Stream the words of an answer one by one.
    pub(crate) stream_tokens: bool,
    pub(crate) include_pings: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NewMessage {
    pub(crate) kind: MessageKind,
    pub(crate) text: String,
    pub(crate) otid: Option<String>,
}

impl MessageRequest {
    pub(crate) fn from_json(body: &Value) -> Result<Self, Refusal> {
        let Value::Object(body) = body else {
            return Err(Refusal::unprocessable("the body must be a JSON object"));
        };
        let given = |name: &str| body.get(name).filter(|value| !value.is_null());
        let messages = match (given("messages"), given("input")) {
            (Some(_), Some(_)) => {
                return Err(Refusal::unprocessable(
                    "messages and input are both set; input stands for one message of the user's",
                ));
            }
            (Some(messages), None) => messages_from(messages)?,
            (None, Some(input)) => vec![NewMessage {
                kind: MessageKind::User,
                text: text_of("input", input)?,
                otid: None,
            }],
            (None, None) => Vec::new(),
        };
        if messages.is_empty() {
            return Err(Refusal::unprocessable(
                "messages must hold at least one message, or input be set",
            ));
        }
        let flag = |name: &str, default| match given(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Refusal::unprocessable(&format!(
                "{name} must be true or false"
            ))),
        };
        Ok(Self {
            messages,
            streaming: flag("streaming", false)?,
            stream_tokens: flag("stream_tokens", false)?,
            include_pings: flag("include_pings", true)?,
        })
    }
}

fn messages_from(value: &Value) -> Result<Vec<NewMessage>, Refusal> {
    let Value::Array(messages) = value else {
        return Err(Refusal::unprocessable("messages must be an array"));
    };
    messages
        .iter()
        .enumerate()
        .map(|(index, message)| {
            let path = format!("messages[{index}]");
            let field = |name: &str| message.get(name).filter(|value| !value.is_null());
            match field("type").map(Value::as_str) {
                None | Some(Some("message")) => {}
                Some(kind) => {
                    return Err(Refusal::unprocessable(&format!(
                        "{path}.type is {}, which the emulator does not take; it must be `message`",
                        quote(kind.unwrap_or_default())
                    )));
                }
            }
            let role = field("role").and_then(Value::as_str).unwrap_or_default();
            let kind = MessageKind::from_role(role).ok_or_else(|| {
                Refusal::unprocessable(&format!(
                    "{path}.role must be `user`, `system` or `assistant`"
                ))
            })?;
            let content = field("content")
                .ok_or_else(|| Refusal::unprocessable(&format!("{path}.content is required")))?;
            Ok(NewMessage {
                kind,
                text: text_of(&format!("{path}.content"), content)?,
                otid: field("otid").and_then(Value::as_str).map(str::to_owned),
            })
        })
        .collect()
}

/// The text of a content, which is a string or an array of parts. Parts that are not text, as images, are
/// named by their type.
fn text_of(path: &str, content: &Value) -> Result<String, Refusal> {
    let parts = match content {
        Value::String(text) => return Ok(text.clone()),
        Value::Array(parts) => parts,
        _ => {
            return Err(Refusal::unprocessable(&format!(
                "{path} must be a string or an array of parts"
            )));
        }
    };
    let mut text = String::new();
    for (index, part) in parts.iter().enumerate() {
        let field = |name: &str| part.get(name).and_then(Value::as_str);
        match (field("type"), field("text")) {
            (Some("text") | None, Some(part)) => text.push_str(part),
            (Some(kind), _) if kind != "text" => {
                text.push('[');
                text.push_str(kind);
                text.push(']');
            }
            _ => {
                return Err(Refusal::unprocessable(&format!(
                    "{path}[{index}] must have a type, and a text if the type is `text`"
                )));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<Vec<(MessageKind, String)>, Refusal> {
        let request = MessageRequest::from_json(body)?;
        let messages = request.messages.into_iter();
        Ok(messages
            .map(|message| (message.kind, message.text))
            .collect())
    }

    #[test]
    fn messages_come_in_all_the_forms_that_callers_write_them_in() {
        let hello = |kind| (kind, "Hello".to_owned());
        for (body, expected) in [
            (
                json!({"messages": [{"role": "user", "content": "Hello"}]}),
                vec![hello(MessageKind::User)],
            ),
            (json!({"input": "Hello"}), vec![hello(MessageKind::User)]),
            (
                json!({"input": [{"type": "text", "text": "Hel"}, {"text": "lo"}], "messages": null}),
                vec![hello(MessageKind::User)],
            ),
            (
                json!({"messages": [
                    {"type": "message", "role": "system", "content": "Hello", "otid": "1"},
                    {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]},
                    {"role": "user", "content": [{"type": "image", "source": {}}]},
                ]}),
                vec![
                    hello(MessageKind::System),
                    hello(MessageKind::Assistant),
                    (MessageKind::User, "[image]".to_owned()),
                ],
            ),
        ] {
            assert_eq!(read(&body).unwrap(), expected, "{body}");
        }
    }

    #[test]
    fn what_is_no_message_is_refused_by_name() {
        for (body, name) in [
            (json!([]), "the body"),
            (json!({}), "messages"),
            (json!({"messages": []}), "messages"),
            (json!({"messages": "Hello"}), "messages"),
            (json!({"messages": [1]}), "messages[0].role"),
            (
                json!({"messages": [{"role": "nobody", "content": ""}]}),
                "messages[0].role",
            ),
            (
                json!({"messages": [{"role": "user"}]}),
                "messages[0].content",
            ),
            (
                json!({"messages": [{"role": "user", "content": 1}]}),
                "messages[0].content",
            ),
            (
                json!({"messages": [{"role": "user", "content": [{"type": "text"}]}]}),
                "messages[0].content[0]",
            ),
            (
                json!({"messages": [{"type": "approval", "approve": true}]}),
                "messages[0].type",
            ),
            (json!({"input": "a", "messages": []}), "messages and input"),
            (json!({"input": "a", "stream_tokens": 1}), "stream_tokens"),
        ] {
            let refusal = MessageRequest::from_json(&body).unwrap_err();
            assert!(refusal.message().starts_with(name), "{body}: {refusal:?}");
        }
    }
}
