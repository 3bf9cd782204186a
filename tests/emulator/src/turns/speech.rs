//! The messages of a turn, in letta-api's types, and the events that they are streamed as.

use jiff::Timestamp;
use letta_api::types::{
    ApprovalRequestMessage, ApprovalResponseMessage, ApprovalResult, AssistantMessage, Message,
    MessageId, Ping, ReasoningMessage, ReasoningSource, RunId, StepId, ToolCall, ToolCallMessage,
    ToolCallOrDelta, ToolCalls, ToolReturn, ToolReturnMessage, ToolReturnValue, UserMessage,
};
use serde_json::{Value, json};

use crate::id;
use crate::script::words::pieces;
use crate::world::thread::{PendingCall, StoredMessage, date, to_wire};

/// Characters in a piece of a call's arguments.
const ARGUMENT_PIECE: usize = 12;

/// The most pieces that a text or the arguments of a call come in. Each piece costs some hundred bytes in the log of its run.
const MOST_PIECES: usize = 10_000;

/// What all messages of one ID have.
#[derive(Clone)]
pub(crate) struct Envelope {
    pub(crate) id: MessageId,
    pub(crate) at: Timestamp,
    pub(crate) run_id: RunId,
    pub(crate) step_id: StepId,
}

impl Envelope {
    pub(crate) fn new(run_id: &RunId, step_id: &StepId, at: Timestamp) -> Self {
        Self {
            id: id::generate("message").as_str().into(),
            at,
            run_id: run_id.clone(),
            step_id: step_id.clone(),
        }
    }

    /// The service's own `otid` of the message of this place among those of one ID: the ID without its kind, with the
    /// place in its last bits.
    fn otid(&self, place: u8) -> String {
        let id = self.id.as_str();
        let uuid = id.strip_prefix("message-").unwrap_or(id);
        let (head, last) = uuid.split_at(uuid.len().saturating_sub(2));
        let last = u8::from_str_radix(last, 16).unwrap_or_default();
        format!("{head}{:02x}", last & 0x80 | place & 0x7f)
    }

    /// What is stored, with all that it shows as.
    pub(crate) fn stored(self, shown: Vec<Message>) -> StoredMessage {
        StoredMessage {
            id: self.id,
            date: self.at,
            run_id: Some(self.run_id),
            step_id: Some(self.step_id),
            shown,
        }
    }
}

/// Sets what all kinds of messages have.
macro_rules! enveloped {
    ($message:expr, $envelope:expr, $otid:expr) => {{
        let mut message = $message;
        message.otid = Some($otid);
        message.run_id = Some($envelope.run_id.clone());
        message.step_id = Some($envelope.step_id.clone());
        message
    }};
}

/// A message of the user's, the application's or put into the agent's mouth, as it is stored.
pub(crate) fn input(
    envelope: &Envelope,
    role: &str,
    content: &Value,
    otid: Option<String>,
    name: Option<String>,
) -> Message {
    let otid = otid.unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let date = date(envelope.at);
    let id = envelope.id.clone();
    match role {
        "system" => {
            let message = letta_api::types::SystemMessage::new(id, date, text_of(content));
            Message::SystemMessage(Box::new(enveloped!(message, envelope, otid)))
        }
        "assistant" => {
            let message = AssistantMessage::new(id, date, text_of(content));
            Message::AssistantMessage(Box::new(enveloped!(message, envelope, otid)))
        }
        _ => {
            // One text is listed as a text.
            let content = match content.as_array().map(Vec::as_slice) {
                Some([only]) if only.get("text").is_some() => Value::from(text_of(content)),
                _ => content.clone(),
            };
            let content = serde_json::from_value(content).unwrap_or_else(|_| "".into());
            let mut message = UserMessage::new(id, date, "");
            message.content = content;
            message.name = name;
            Message::UserMessage(Box::new(enveloped!(message, envelope, otid)))
        }
    }
}

/// The text of a content, which is a text or parts. Parts that are not text are named in brackets.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .map(|part| match part.get("text").and_then(Value::as_str) {
                Some(text) => text.to_owned(),
                None => {
                    let kind = part.get("type").and_then(Value::as_str);
                    format!("[{}]", kind.unwrap_or("part"))
                }
            })
            .collect(),
        _ => String::new(),
    }
}

pub(crate) fn assistant(envelope: &Envelope, place: u8, text: &str) -> Message {
    let message = AssistantMessage::new(envelope.id.clone(), date(envelope.at), text);
    Message::AssistantMessage(Box::new(enveloped!(
        message,
        envelope,
        envelope.otid(place)
    )))
}

pub(crate) fn reasoning(envelope: &Envelope, place: u8, text: &str) -> Message {
    let mut message = ReasoningMessage::new(envelope.id.clone(), date(envelope.at), text);
    message.source = Some(ReasoningSource::ReasonerModel);
    Message::ReasoningMessage(Box::new(enveloped!(
        message,
        envelope,
        envelope.otid(place)
    )))
}

fn tool_call(call: &PendingCall) -> ToolCall {
    ToolCall::new(&*call.tool, &*call.arguments, &*call.id)
}

/// The first call by itself, and all of them.
fn calls_of(calls: &[PendingCall]) -> (ToolCallOrDelta, ToolCalls) {
    let all: Vec<ToolCall> = calls.iter().map(tool_call).collect();
    let first = all.first().cloned();
    let first = first.unwrap_or_else(|| ToolCall::new("", "", ""));
    (first.into(), all.into())
}

/// Calls that run by themselves.
pub(crate) fn tool_calls(envelope: &Envelope, place: u8, calls: &[PendingCall]) -> Message {
    let (first, all) = calls_of(calls);
    let mut message = ToolCallMessage::new(envelope.id.clone(), date(envelope.at), first);
    message.tool_calls = Some(all);
    Message::ToolCallMessage(Box::new(enveloped!(
        message,
        envelope,
        envelope.otid(place)
    )))
}

/// Calls that wait for an approval, or for the client.
pub(crate) fn approval_request(envelope: &Envelope, calls: &[PendingCall]) -> Message {
    let (first, all) = calls_of(calls);
    let mut message = ApprovalRequestMessage::new(envelope.id.clone(), date(envelope.at), first);
    message.tool_calls = Some(all);
    // Of this kind, the service has the ID itself here.
    let otid = envelope.id.to_string();
    Message::ApprovalRequestMessage(Box::new(enveloped!(message, envelope, otid)))
}

/// The answer to a request, as it is stored.
pub(crate) fn approval_response(envelope: &Envelope, approvals: Vec<ApprovalResult>) -> Message {
    let mut message = ApprovalResponseMessage::new(envelope.id.clone(), date(envelope.at));
    if let Some(ApprovalResult::ApprovalReturn(first)) = approvals.first() {
        message.approve = Some(first.approve);
        message.reason = first.reason.clone().into_value();
        // The service has the ID of a call here.
        message.approval_request_id = Some(first.tool_call_id.as_str().into());
    }
    message.approvals = Some(approvals);
    // Of this kind, the service keeps neither the `otid` nor the step.
    message.run_id = Some(envelope.run_id.clone());
    Message::ApprovalResponseMessage(Box::new(message))
}

/// Shows an answer as the service shows one in the old form, which names the request in place of the call.
pub(crate) fn in_old_form(response: &mut StoredMessage, request: &str) {
    for shown in &mut response.shown {
        let Message::ApprovalResponseMessage(message) = shown else {
            continue;
        };
        message.approval_request_id = Some(request.into());
        for approval in message.approvals.iter_mut().flatten() {
            if let ApprovalResult::ApprovalReturn(approval) = approval {
                approval.tool_call_id = request.into();
            }
        }
    }
}

/// What tools gave. `name` is that of a tool that ran at the server.
pub(crate) fn tool_returns(
    envelope: &Envelope,
    name: Option<&str>,
    returns: &[ToolReturn],
) -> Message {
    let first = returns.first().cloned();
    let first = first.unwrap_or_else(|| ToolReturn::new("", "success".into(), ""));
    let text = match &first.tool_return {
        ToolReturnValue::Text(text) => text.clone(),
        other => text_of(&serde_json::to_value(other).unwrap_or_default()),
    };
    let mut message = ToolReturnMessage::new(
        envelope.id.clone(),
        date(envelope.at),
        text,
        first.status.clone(),
        first.tool_call_id.clone(),
    );
    message.stdout = first.stdout.clone().into_value();
    message.stderr = first.stderr.clone().into_value();
    message.name = name.map(str::to_owned);
    message.tool_returns = Some(returns.to_vec());
    Message::ToolReturnMessage(Box::new(enveloped!(message, envelope, envelope.otid(0))))
}

/// The data of the events of a stream, which are made one by one. A text may have millions of words.
type Events = Box<dyn Iterator<Item = Value> + Send>;

/// The data of the events that a message is streamed as: itself, or pieces of it.
pub(crate) fn events(message: &Message, by_tokens: bool) -> Events {
    let whole = to_wire(message);
    if !by_tokens {
        return Box::new(std::iter::once(whole));
    }
    match message {
        Message::AssistantMessage(_) => in_pieces(whole, "content"),
        Message::ReasoningMessage(_) => in_pieces(whole, "reasoning"),
        Message::ToolCallMessage(_) => calls_in_pieces(whole, false),
        Message::ApprovalRequestMessage(_) => calls_in_pieces(whole, true),
        _ => Box::new(std::iter::once(whole)),
    }
}

fn in_pieces(mut whole: Value, member: &'static str) -> Events {
    let text = match whole.get_mut(member).map(Value::take) {
        Some(Value::String(text)) if !text.is_empty() => text,
        None => return Box::new(std::iter::once(whole)),
        Some(other) => {
            whole[member] = other;
            return Box::new(std::iter::once(whole));
        }
    };
    let words_in_one = text.split_whitespace().count().div_ceil(MOST_PIECES);
    let mut words = pieces(text);
    let pieces = std::iter::from_fn(move || {
        let mut piece = words.next()?;
        for word in words.by_ref().take(words_in_one.saturating_sub(1)) {
            piece.push_str(&word);
        }
        Some(piece)
    });
    Box::new(pieces.map(move |piece| {
        // Without the text: a copy of it for each of its words would take very long.
        let mut event = whole.clone();
        event[member] = piece.into();
        event
    }))
}

/// One call after the other. Of each, its name comes first, and then its arguments, piece by piece. What a piece does not have
/// is `null` in a request for approval, and missing otherwise.
fn calls_in_pieces(mut whole: Value, nulls: bool) -> Events {
    whole["tool_call"] = Value::Null;
    let calls = match whole["tool_calls"].take() {
        Value::Array(calls) => calls,
        _ => Vec::new(),
    };
    Box::new(calls.into_iter().flat_map(move |mut call| {
        let whole = whole.clone();
        let id = call["tool_call_id"].take();
        let arguments = call["arguments"].as_str().unwrap_or_default();
        let characters: Vec<char> = arguments.chars().collect();
        let length = characters.len().div_ceil(MOST_PIECES).max(ARGUMENT_PIECE);
        let pieces = characters.len().div_ceil(length);
        let piece = move |at: usize| {
            let from = &characters[at * length..];
            let piece = &from[..from.len().min(length)];
            Value::String(piece.iter().collect())
        };
        let name = std::iter::once((call["name"].take(), Value::Null));
        let arguments = (0..pieces).map(move |at| (Value::Null, piece(at)));
        name.chain(arguments).map(move |(name, arguments)| {
            let mut delta = json!({"tool_call_id": id});
            if nulls || !name.is_null() {
                delta["name"] = name;
            }
            if nulls || !arguments.is_null() {
                delta["arguments"] = arguments;
            }
            let mut event = whole.clone();
            event["tool_call"] = delta.clone();
            event["tool_calls"] = delta;
            event
        })
    }))
}

/// What says in a stream that the service is still there.
pub(crate) fn ping(run_id: &str, seq_id: Option<u64>, now: Timestamp) -> Value {
    let mut ping = Ping::new(id::generate("ping"), date(now));
    ping.run_id = Some(run_id.into());
    let mut ping = to_wire(&ping);
    ping["seq_id"] = seq_id.into();
    ping
}

pub(crate) fn stop_reason(reason: &str) -> Value {
    json!({"message_type": "stop_reason", "stop_reason": reason})
}

/// The stop reason of a turn that was cancelled, which the service writes in another way.
pub(crate) const CANCELLED: &str = r#"{"message_type": "stop_reason", "stop_reason": "cancelled"}"#;

pub(crate) fn error(run_id: &str, kind: &str, message: &str, detail: &str) -> Value {
    json!({
        "message_type": "error_message",
        "run_id": run_id,
        "error_type": kind,
        "message": message,
        "detail": detail,
        "seq_id": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope::new(&"run-1".into(), &"step-1".into(), Timestamp::UNIX_EPOCH)
    }

    fn call(id: &str, arguments: &str) -> PendingCall {
        PendingCall {
            id: id.to_owned(),
            tool: "look_up".to_owned(),
            arguments: arguments.to_owned(),
            returns: None,
            is_of_client: false,
            is_printing: false,
        }
    }

    #[test]
    fn an_otid_is_the_id_with_the_place_in_its_last_bits() {
        for (id, place, expected) in [
            (
                "message-1cb2ecca-f175-4dc1-9f7c-b59d726e87f1",
                0,
                "1cb2ecca-f175-4dc1-9f7c-b59d726e8780",
            ),
            (
                "message-de6fc380-5fde-4e98-bcdb-e8a751b6552e",
                1,
                "de6fc380-5fde-4e98-bcdb-e8a751b65501",
            ),
        ] {
            let mut envelope = envelope();
            envelope.id = id.into();
            assert_eq!(envelope.otid(place), expected);
        }
    }

    #[test]
    fn the_pieces_of_a_message_make_it_up_again() {
        for text in ["one two  three\n", "ä€🦀 é", "x", ""] {
            let message = assistant(&envelope(), 0, text);
            let events: Vec<Value> = events(&message, true).collect();
            let joined: String = events
                .iter()
                .map(|event| event["content"].as_str().unwrap())
                .collect();
            assert_eq!(joined, text);
            assert!(events.iter().all(|event| event["id"] == events[0]["id"]));
        }
    }

    #[test]
    fn a_piece_of_a_long_text_takes_no_longer_than_one_of_a_short_text() {
        let long = "a ".repeat(8 * 1024 * 1024);
        let arguments = json!({"x": long}).to_string();
        for message in [
            assistant(&envelope(), 0, &long),
            tool_calls(&envelope(), 0, &[call("call-1", &arguments)]),
        ] {
            // Were each made of a copy of the whole, this would be 160 GB.
            assert!(events(&message, true).count() >= 8_000);
        }
    }

    #[test]
    fn a_long_text_and_long_arguments_come_in_so_many_pieces_and_no_more() {
        let text = "a ".repeat(25_000);
        let count = |message: &Message| events(message, true).count();
        assert_eq!(
            count(&assistant(&envelope(), 0, &text)),
            25_000_usize.div_ceil(3)
        );
        let calls = [call("call-1", &text)];
        assert!(count(&tool_calls(&envelope(), 0, &calls)) <= MOST_PIECES + 1);
    }

    #[test]
    fn the_pieces_of_calls_make_them_up_again_one_after_the_other() {
        let calls = [
            call("call-1", "{\"x\": \"äöüäöüäöü €\"}"),
            call("call-2", "{}"),
        ];
        for (message, nulls) in [
            (tool_calls(&envelope(), 0, &calls), false),
            (approval_request(&envelope(), &calls), true),
        ] {
            let mut joined: Vec<(String, String, String)> = Vec::new();
            for event in events(&message, true) {
                let delta = &event["tool_calls"];
                assert_eq!(*delta, event["tool_call"]);
                let id = delta["tool_call_id"].as_str().unwrap().to_owned();
                assert_eq!(
                    delta.get("name").is_some(),
                    nulls || !delta["name"].is_null()
                );
                if let Some(name) = delta["name"].as_str() {
                    joined.push((id.clone(), name.to_owned(), String::new()));
                }
                let (of, _, arguments) = joined.last_mut().unwrap();
                assert_eq!(*of, id);
                arguments.push_str(delta["arguments"].as_str().unwrap_or_default());
            }
            let expected = calls
                .iter()
                .map(|call| (call.id.clone(), call.tool.clone(), call.arguments.clone()));
            assert!(joined.into_iter().eq(expected));
        }
    }
}
