//! What an agent says to what it was sent, as one answer and as a stream of events.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agent::Agent;
use crate::message::{self, Message, MessageKind, Run};
use crate::message_request::MessageRequest;

/// How long the service is silent in a stream before it says that it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// A reply, or what kept the agent from making one.
pub(crate) struct Reply {
    run: Run,
    now: Timestamp,
    prompt_tokens: usize,
    answer: Option<Message>,
}

impl Reply {
    /// Keeps what the agent was sent, and has it answer. Where the model is said to fail, there is no
    /// answer, and what was sent is kept all the same.
    pub(crate) fn of(
        agent: &mut Agent,
        request: MessageRequest,
        model_fails: bool,
        now: Timestamp,
    ) -> Self {
        let run = Run::new();
        let said: Vec<&str> = request
            .messages
            .iter()
            .filter(|message| message.kind == MessageKind::User)
            .map(|message| &*message.text)
            .collect();
        let answer = format!("You said: {}", said.join("\n"));
        let prompt_tokens = request
            .messages
            .iter()
            .map(|message| pieces(&message.text).len())
            .sum();
        for message in request.messages {
            let message = Message::of_run(message.kind, message.text, message.otid, &run, now);
            agent.messages.push(message);
        }
        let answer = (!model_fails)
            .then(|| Message::of_run(MessageKind::Assistant, answer, None, &run, now));
        agent.messages.extend(answer.clone());
        agent.updated_at = now;
        Self {
            run,
            now,
            prompt_tokens,
            answer,
        }
    }

    /// The whole of it as one JSON answer.
    pub(crate) fn to_json(&self) -> Result<Value, ModelFailure> {
        let answer = self.answer.as_ref().ok_or(ModelFailure)?;
        Ok(json!({
            "messages": [answer.to_wire()],
            "stop_reason": stop_reason("end_turn"),
            "usage": self.usage(answer),
            "logprobs": null,
            "turns": null,
        }))
    }

    /// A stream of events: the whole message in one, or word by word with a pause before each.
    pub(crate) fn into_stream(
        self,
        by_words: bool,
        include_pings: bool,
        word_delay: Duration,
    ) -> Response {
        let ping = || include_pings.then(|| data(&message::ping(&self.run, self.now)));
        let mut events: Vec<(Duration, Event)> = Vec::new();
        let now = |event| (Duration::ZERO, event);
        events.extend(ping().map(now));
        let mut say = |event| {
            // A pause that is longer than the service is ever silent has pings in it.
            let mut pause = word_delay;
            while let Some(rest) = pause.checked_sub(PING_INTERVAL)
                && let Some(ping) = ping()
            {
                events.push((PING_INTERVAL, ping));
                pause = rest;
            }
            events.push((pause, event));
        };
        match &self.answer {
            None => {
                say(data(&stop_reason("llm_api_error")));
                let error = ModelFailure.to_event(&self.run);
                let event = Event::default().event("error").data(error.to_string());
                events.push(now(event));
            }
            Some(answer) => {
                if by_words {
                    for piece in pieces(answer.text()) {
                        say(data(&answer.piece_to_wire(piece)));
                    }
                } else {
                    say(data(&answer.to_wire()));
                }
                events.push(now(data(&stop_reason("end_turn"))));
                events.push(now(data(&self.usage(answer))));
            }
        }
        events.push(now(Event::default().data("[DONE]")));
        let events = stream::iter(events).then(async |(pause, event)| {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            Ok::<_, Infallible>(event)
        });
        Sse::new(events).into_response()
    }

    fn usage(&self, answer: &Message) -> Value {
        let completion_tokens = pieces(answer.text()).len();
        json!({
            "message_type": "usage_statistics",
            "completion_tokens": completion_tokens,
            "prompt_tokens": self.prompt_tokens,
            "total_tokens": self.prompt_tokens + completion_tokens,
            "step_count": 1,
            "run_ids": null,
            "cached_input_tokens": 0,
            "cache_write_tokens": 0,
            "reasoning_tokens": 0,
            "context_tokens": self.prompt_tokens + completion_tokens,
        })
    }
}

/// The model behind an agent did not answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ModelFailure;

impl ModelFailure {
    const TYPE: &str = "llm_rate_limit";
    const MESSAGE: &str =
        "Rate limit exceeded for LLM model provider. Please wait before making another request.";
    const DETAIL: &str = "RATE_LIMIT_EXCEEDED: a fault of letta-api-emulator's";

    /// As the body of an error answer.
    pub(crate) fn to_body(self) -> Value {
        json!({"error": {
            "type": Self::TYPE,
            "message": Self::MESSAGE,
            "detail": Self::DETAIL,
        }})
    }

    fn to_event(self, run: &Run) -> Value {
        json!({
            "message_type": "error_message",
            "run_id": run.run_id,
            "error_type": Self::TYPE,
            "message": Self::MESSAGE,
            "detail": Self::DETAIL,
            "seq_id": null,
        })
    }
}

fn stop_reason(reason: &str) -> Value {
    json!({"message_type": "stop_reason", "stop_reason": reason})
}

/// An event of one line of JSON.
fn data(value: &Value) -> Event {
    Event::default().data(value.to_string())
}

/// The words of a text, each with the white space that comes after it. Put together again they are the
/// text.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut in_space = false;
    for (place, character) in text.char_indices() {
        let is_space = character.is_whitespace();
        if in_space && !is_space {
            pieces.push(&text[start..place]);
            start = place;
        }
        in_space = is_space;
    }
    if start < text.len() {
        pieces.push(&text[start..]);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_of_a_text_are_its_words_and_make_the_text_again() {
        for (text, expected) in [
            ("", &[] as &[&str]),
            ("one", &["one"]),
            ("one two", &["one ", "two"]),
            ("one  two \n three ", &["one  ", "two \n ", "three "]),
            (" one", &[" ", "one"]),
            ("é\u{2003}ü", &["é\u{2003}", "ü"]),
        ] {
            assert_eq!(pieces(text), expected);
            assert_eq!(pieces(text).concat(), text);
        }
    }
}
