//! A piece of a message that is being told, read without a copy of what is known of it.
//!
//! Most events of a stream in pieces are a few letters in an envelope that the piece before had, too. Of such an event a turn takes the
//! number, the run and the letters. The rest is looked at only to tell whether the event is what it seems: whatever is not of the plainest
//! form is read as any other event.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use letta_api::Frame;
use letta_api::types::ToolCallDelta;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::transcript::Kind;

/// A piece of a message.
pub(super) struct Lean<'a> {
    pub(super) kind: Kind,
    pub(super) id: Cow<'a, str>,
    /// Its number among the events of a run in background.
    pub(super) seq: Option<i64>,
    pub(super) run: Option<Cow<'a, str>>,
    pub(super) new: New<'a>,
}

/// What a piece adds to its message.
pub(super) enum New<'a> {
    Text(Cow<'a, str>),
    Call(Delta<'a>),
}

/// A piece of a call.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delta<'a> {
    #[serde(borrow)]
    pub(super) name: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) arguments: Option<Text<'a>>,
    #[serde(borrow)]
    pub(super) tool_call_id: Option<Text<'a>>,
}

/// A text that is borrowed if it has no escapes.
pub(super) struct Text<'a>(Cow<'a, str>);

/// Any text.
struct AnyText;

/// The members of a piece of any kind. None other is known: a new one is for those who know it.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    message_type: Kind,
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(rename = "date")]
    _date: AnyText,
    #[serde(rename = "name")]
    _name: Option<AnyText>,
    #[serde(rename = "otid")]
    _otid: Option<AnyText>,
    #[serde(rename = "sender_id")]
    _sender_id: Option<AnyText>,
    #[serde(rename = "step_id")]
    _step_id: Option<AnyText>,
    #[serde(rename = "is_err")]
    _is_err: Option<bool>,
    seq_id: Option<i64>,
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Text<'a>>,
    source: Option<AnyText>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    signature: Option<AnyText>,
    #[serde(borrow)]
    tool_call: Option<Delta<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Delta<'a>>,
}

impl<'a> Lean<'a> {
    /// The piece that an event is. `None` if it may be anything else.
    pub(super) fn of(frame: &'a Frame) -> Option<Self> {
        let it: Envelope<'a> = serde_json::from_str(frame.data()).ok()?;
        let kind = it.message_type;
        if it.signature.is_some() || (it.source.is_some() && kind != Kind::Reasoning) {
            return None;
        }
        let new = match (kind, it.content, it.reasoning, it.tool_call, it.tool_calls) {
            (Kind::Assistant, Some(text), None, None, None)
            | (Kind::Reasoning, None, Some(text), None, None) => New::Text(text.0),
            (Kind::Call | Kind::Request, None, None, Some(_), Some(delta)) => New::Call(delta),
            _ => return None,
        };
        Some(Self {
            kind,
            id: it.id.0,
            seq: it.seq_id,
            run: it.run_id.map(|run| run.0),
            new,
        })
    }
}

impl Delta<'static> {
    /// The same, of an event that was read as any other.
    pub(super) fn of(delta: &ToolCallDelta) -> Self {
        let text = |text: &str| Text(Cow::Owned(text.to_owned()));
        Self {
            name: delta.name.as_deref().map(text),
            arguments: delta.arguments.as_deref().map(text),
            tool_call_id: delta.tool_call_id.as_ref().map(|id| text(id.as_str())),
        }
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The kinds that come in pieces. Any other is given up at once.
impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Kinds;

        impl Visitor<'_> for Kinds {
            type Value = Kind;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a kind of message that comes in pieces")
            }

            fn visit_str<E: Error>(self, kind: &str) -> Result<Kind, E> {
                match kind {
                    "assistant_message" => Ok(Kind::Assistant),
                    "reasoning_message" => Ok(Kind::Reasoning),
                    "tool_call_message" => Ok(Kind::Call),
                    "approval_request_message" => Ok(Kind::Request),
                    _ => Err(E::custom("another kind")),
                }
            }
        }

        deserializer.deserialize_str(Kinds)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Texts)
    }
}

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl Visitor<'_> for Texts {
            type Value = AnyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E: Error>(self, _: &str) -> Result<AnyText, E> {
                Ok(AnyText)
            }
        }

        deserializer.deserialize_str(Texts)
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use letta_api::types::{Message, RunId, StreamEvent};
    use letta_api::{EventStream, Response};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::turns::event::Event;
    use crate::turns::transcript::Transcript;
    use crate::turns::wire::{What, Wire};

    /// What a turn makes of events: what it tells, number and run of each, and the messages at the end.
    type Made = (Vec<String>, Vec<(Option<i64>, Option<RunId>)>, Vec<Message>);

    fn frames(events: &[String]) -> Vec<Frame> {
        let body: String = events.iter().map(|it| format!("data: {it}\n\n")).collect();
        let body = Response::from(reqwest::Response::from(http::Response::new(body)));
        let mut frames = EventStream::<StreamEvent>::new(body.into_stream()).frames();
        let mut context = Context::from_waker(Waker::noop());
        let mut all = Vec::new();
        loop {
            // All of the body is there.
            match pin!(frames.next()).as_mut().poll(&mut context) {
                Poll::Ready(Some(frame)) => all.push(frame.unwrap()),
                Poll::Ready(None) => return all,
                Poll::Pending => {}
            }
        }
    }

    fn made(frames: &[Frame], is_lean: bool, pieces: &mut usize) -> Made {
        let mut transcript = Transcript::new(true, 2_000);
        let (mut told, mut heads) = (Vec::new(), Vec::new());
        let tell = |told: &mut Vec<String>, event: Event| {
            let id = match &event {
                Event::Text(piece) | Event::Reasoning(piece) => piece.message_id(),
                _ => "",
            };
            told.push(format!("{id} {event:?}"));
        };
        for frame in frames {
            let known = RunId::from("run-1");
            let wire = match is_lean {
                true => Wire::of(frame, &transcript, Some(&known)),
                false => Wire::whole(frame, Some(&known)),
            };
            heads.push((wire.seq, wire.run));
            match wire.what {
                What::Piece(piece) => {
                    *pieces += 1;
                    transcript.take_piece(piece, &mut |event| tell(&mut told, event));
                }
                What::Message(message) => {
                    transcript.take(*message, &mut |event| tell(&mut told, event));
                }
                What::Other(value) => {
                    transcript.other(value, &mut |event| tell(&mut told, event));
                }
                What::Failed(failure) => told.push(format!("{failure:?}")),
                What::Ping | What::Stop(_) | What::Usage(_) | What::Done => {}
            }
        }
        transcript.close(&mut |event| tell(&mut told, event));
        (told, heads, transcript.finish().0)
    }

    fn text() -> impl Strategy<Value = Value> {
        prop_oneof![
            4 => prop::sample::select(vec!["", "a", "größer \"so\"\n", "\u{1f980}", "word "]).prop_map(Value::from),
            1 => prop::sample::select(vec![json!(null), json!(5), json!([{"type": "text", "text": "part"}]), json!({})]),
        ]
    }

    fn delta() -> impl Strategy<Value = Value> {
        let member = |name: &'static str| {
            let values = vec![
                None,
                Some(json!(null)),
                Some(json!("call-1")),
                Some(json!("call-2")),
            ];
            prop::sample::select(values).prop_map(move |value| (name, value))
        };
        let delta = (member("name"), member("arguments"), member("tool_call_id"));
        prop_oneof![
            8 => delta.prop_map(|(one, two, three)| {
                let members = [one, two, three].into_iter();
                members.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect::<Value>()
            }),
            1 => Just(json!([{"name": "a", "arguments": "{}", "tool_call_id": "call-1"}])),
            1 => Just(json!({"name": "a", "new": 1})),
            1 => Just(json!(null)),
        ]
    }

    /// An event, most often a piece, with or without a slip.
    fn event() -> impl Strategy<Value = String> {
        let kinds = prop::sample::select(vec![
            "assistant_message",
            "assistant_message",
            "reasoning_message",
            "tool_call_message",
            "approval_request_message",
            "tool_return_message",
            "ping",
            "error_message",
            "new",
        ]);
        let slips = prop_oneof![
            8 => Just(None),
            4 => prop::sample::select(vec![
                ("seq_id", json!("5")), ("seq_id", json!(5.5)), ("seq_id", json!(null)),
                ("run_id", json!(null)), ("run_id", json!("run-2")), ("run_id", json!(7)),
                ("date", json!(null)), ("is_err", json!(1)), ("name", json!(3)), ("new", json!({"a": 1})),
                ("signature", json!("s")), ("signature", json!(1)), ("source", json!("other")), ("source", json!(1)),
                ("content", json!("and this")), ("reasoning", json!("and this")), ("tool_calls", json!(null)),
                ("message_type", json!(null)), ("message_type", json!({"assistant_message": null})), ("id", json!(1)),
                ("id", json!("message-\"3\"")),
            ]).prop_map(Some),
        ];
        let texts = (text(), delta(), delta());
        (kinds, 1..3, texts, 0..50_i64, slips, any::<bool>()).prop_map(
            |(kind, id, (text, one, other), seq, slip, twice)| {
                let mut event = json!({
                    "id": format!("message-{id}"), "date": "2026-11-23T16:39:43+00:00", "name": null, "message_type": kind,
                    "otid": "otid-1", "sender_id": null, "step_id": "step-1", "is_err": null, "seq_id": seq, "run_id": "run-1",
                });
                match kind {
                    "reasoning_message" => {
                        event["source"] = json!("reasoner_model");
                        event["reasoning"] = text;
                        event["signature"] = json!(null);
                    }
                    "tool_call_message" | "approval_request_message" => {
                        event["tool_call"] = one;
                        event["tool_calls"] = other;
                    }
                    _ => event["content"] = text,
                }
                let twice = match (&slip, twice) {
                    (Some((name, value)), true) => format!(r#","{name}":{value}"#),
                    _ => String::new(),
                };
                if let Some((name, value)) = slip {
                    event[name] = value;
                }
                let event = event.to_string();
                format!("{}{twice}}}", &event[..event.len() - 1])
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_read_lean_is_what_is_read_whole(events in prop::collection::vec(event(), 0..30)) {
            let frames = frames(&events);
            prop_assert_eq!(frames.len(), events.len());
            let lean = made(&frames, true, &mut 0);
            prop_assert_eq!(lean, made(&frames, false, &mut 0));
        }
    }

    #[test]
    fn pieces_after_the_first_are_read_lean() {
        let event = |kind: &str, rest: &str| {
            format!(
                r#"{{"message_type":"{kind}","id":"message-1","date":"d","name":null,"run_id":"run-1",{rest}}}"#
            )
        };
        let delta = r#"{"name":null,"arguments":"{\"a","tool_call_id":"call-1"}"#;
        let events = [
            event("reasoning_message", r#""reasoning":"so","signature":null"#),
            event("assistant_message", r#""content":"a""#),
            event(
                "tool_call_message",
                &format!(r#""tool_call":{delta},"tool_calls":{delta}"#),
            ),
        ];
        let events: Vec<String> = events
            .into_iter()
            .flat_map(|it| [it.clone(), it.clone(), it])
            .collect();
        let mut pieces = 0;
        let (told, ..) = made(&frames(&events), true, &mut pieces);
        assert_eq!(pieces, 6, "{told:?}");
    }
}
