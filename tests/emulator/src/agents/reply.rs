//! What an agent says to what it was sent, as one answer and as a stream of events.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::agents::agent::Agent;
use crate::clock::{self, Clock};
use crate::messages::message::{self, Message, MessageKind, Run};
use crate::messages::request::MessageRequest;
use crate::script::words::first_word;

/// How long the service is silent in a stream before it says that it is still there.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// How long a stream that breaks off lasts after its first event.
const BREAK_OFF_PAUSE: Duration = Duration::from_millis(20);

/// A reply, or what kept the agent from making one.
pub(crate) struct Reply {
    run: Run,
    prompt_words: usize,
    answer: Option<Message>,
}

/// What a caller wants of a stream, and what is to go wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamOptions {
    pub(crate) by_words: bool,
    /// Before each word, or the message.
    pub(crate) word_delay: Duration,
    pub(crate) pings: bool,
    pub(crate) breaks_off: bool,
}

impl Reply {
    /// Keeps what the agent was sent, and has it answer. If the model is to fail, there is no
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
        let prompt_words = request
            .messages
            .iter()
            .map(|message| words(&message.text))
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
            prompt_words,
            answer,
        }
    }

    /// The whole of it as one JSON answer.
    pub(crate) fn to_json(&self) -> Result<Value, ModelFailure> {
        let answer = self.answer.as_ref().ok_or(ModelFailure)?;
        Ok(json!({
            "messages": [answer.to_wire()],
            "stop_reason": stop_reason("end_turn"),
            "usage": self.usage(),
            "logprobs": null,
            "turns": null,
        }))
    }

    /// A stream of events: the whole message in one, or word by word, with a pause before each.
    ///
    /// The events are made one by one, as they come due: nobody knows how many there will be.
    pub(crate) fn into_stream(self, clock: Arc<dyn Clock>, options: StreamOptions) -> Response {
        let speech = Speech {
            stage: Stage::Begin,
            reply: self,
            clock,
            options,
        };
        let events = stream::unfold(speech, Speech::next);
        let mut response = Sse::new(events).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        );
        headers.remove(header::CACHE_CONTROL);
        response
    }

    fn usage(&self) -> Value {
        let answer = self.answer.as_ref();
        let completion_words = answer.map_or(0, |answer| words(answer.text()));
        let total = self.prompt_words + completion_words;
        json!({
            "message_type": "usage_statistics",
            "completion_tokens": completion_words,
            "prompt_tokens": self.prompt_words,
            "total_tokens": total,
            "step_count": 1,
            "run_ids": null,
            "cached_input_tokens": 0,
            "cache_write_tokens": 0,
            "reasoning_tokens": 0,
            "context_tokens": total,
        })
    }
}

/// A reply that is being streamed.
struct Speech {
    stage: Stage,
    reply: Reply,
    clock: Arc<dyn Clock>,
    options: StreamOptions,
}

/// What comes next in a stream.
enum Stage {
    Begin,
    /// What is left of the answer from this byte on, after this pause.
    Say {
        place: usize,
        pause: Duration,
    },
    BreakOff,
    StopReason,
    Usage,
    Failure,
    Done,
    End,
}

impl Speech {
    async fn next(mut self) -> Option<(io::Result<Event>, Self)> {
        if matches!(self.stage, Stage::Begin) {
            self.stage = self.say_from(0);
            if self.options.pings {
                return Some((Ok(self.ping()), self));
            }
        }
        let (event, next) = match self.stage {
            // A pause that is longer than the service is ever silent has pings in it.
            Stage::Say { place, pause } if self.options.pings && pause >= PING_INTERVAL => {
                tokio::time::sleep(PING_INTERVAL).await;
                let pause = pause.saturating_sub(PING_INTERVAL);
                (self.ping(), Stage::Say { place, pause })
            }
            Stage::Say { place, pause } => {
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                self.say(place)
            }
            Stage::BreakOff => {
                // What was said is on its way by then; the HTTP library would drop it otherwise.
                tokio::time::sleep(BREAK_OFF_PAUSE).await;
                self.stage = Stage::End;
                let error = io::Error::other("the emulator was told to inject this fault");
                return Some((Err(error), self));
            }
            Stage::StopReason => (data(&stop_reason("end_turn")), Stage::Usage),
            Stage::Usage => (data(&self.reply.usage()), Stage::Done),
            Stage::Failure => {
                let error = ModelFailure.to_event(&self.reply.run).to_string();
                (Event::default().event("error").data(error), Stage::Done)
            }
            Stage::Done => (Event::default().data("[DONE]"), Stage::End),
            Stage::Begin | Stage::End => return None,
        };
        self.stage = next;
        Some((Ok(event), self))
    }

    fn ping(&self) -> Event {
        data(&message::ping(
            &self.reply.run,
            clock::timestamp(self.clock.now()),
        ))
    }

    fn say_from(&self, place: usize) -> Stage {
        Stage::Say {
            place,
            pause: self.options.word_delay,
        }
    }

    /// What is said from this byte of the answer on, and what comes after it.
    fn say(&self, place: usize) -> (Event, Stage) {
        let Some(answer) = &self.reply.answer else {
            return (data(&stop_reason("llm_api_error")), Stage::Failure);
        };
        let rest = &answer.text()[place..];
        let piece = if self.options.by_words {
            first_word(rest)
        } else {
            rest
        };
        let next = if self.options.breaks_off {
            Stage::BreakOff
        } else if piece.len() == rest.len() {
            Stage::StopReason
        } else {
            self.say_from(place + piece.len())
        };
        (data(&answer.piece_to_wire(piece)), next)
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

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}
