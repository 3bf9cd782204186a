//! How what is said reaches the agent at most once.
//!
//! On the resumable path, each message has a key (`otid`), by which the service knows it again for three hours. If an answer is lost, the
//! run is looked for by the key. Only if there is none, the same is sent again, with the same key. On the plain path the service does not
//! look at keys, so nothing is sent twice.

use std::time::Duration;

use letta_api::types::{
    ConversationMessageRequest, MessageInput, MessageRequest, ResumeStreamRequest,
};
use letta_api::{Frames, Nullable};

use super::{Engine, Run};
use crate::error::{Error, Result};
use crate::time::clock::{self, Instant};
use crate::turns::fault;
use crate::turns::path::TurnPath;
use crate::turns::run_state;
use crate::turns::target::Target;

/// The wait before what is busy is tried again, if the run cannot be asked.
const BUSY_WAIT: Duration = Duration::from_millis(500);

/// What came of looking for a run by a key.
pub(super) enum Found {
    Run(Frames),
    Nothing,
}

/// The key of what is said.
pub(super) enum Key {
    /// A random one.
    Own,
    /// What the caller chose, to be stored with the messages.
    OfMessages(String),
    /// What the caller chose, by which a turn is found again. Only the resumable path knows it.
    OfTurn(String),
}

impl Key {
    pub(super) fn of(otid: Option<String>, message_otid: Option<String>) -> Self {
        match (otid, message_otid) {
            (Some(key), _) => Self::OfTurn(key),
            (None, Some(key)) => Self::OfMessages(key),
            (None, None) => Self::Own,
        }
    }
}

/// What is being said.
struct Sending {
    body: ConversationMessageRequest,
    key: Key,
    began: Instant,
    /// How many sends have lost their answer.
    losses: u32,
    /// The last failure after which the service may have what was said.
    lost: Option<Error>,
}

impl Engine {
    /// Sends messages, and returns the events of their run.
    pub(super) async fn send(
        &mut self,
        run: &mut Run,
        messages: Vec<MessageInput>,
        key: Key,
    ) -> Result<Frames> {
        if let Key::OfTurn(otid) = &key {
            self.path = TurnPath::Resumable;
            if messages.is_empty() {
                self.telemetry.takes(self.path);
                return match self.attach(run, otid).await? {
                    Found::Run(frames) => Ok(frames),
                    Found::Nothing => Err(fault::unknown_key()),
                };
            }
        }
        let mut sending = Sending {
            body: self.settings.body.clone(),
            key,
            began: Instant::now(),
            losses: 0,
            lost: None,
        };
        self.complete(&mut sending.body);
        run.otids = give_keys(&mut sending.body, messages, &sending.key);
        let policy = self.settings.call.retry().clone();
        let mut bounds = policy.bounds();
        loop {
            self.telemetry.takes(self.path);
            self.telemetry.sent();
            self.key = run.otids.first().cloned();
            let error = match self.post(run, &sending.body).await {
                Ok(frames) => return Ok(frames),
                Err(error) => error,
            };
            if error.is_busy() {
                if let Some(frames) = self.when_busy(run, &mut sending, error).await? {
                    return Ok(frames);
                }
            } else if self.path == TurnPath::Plain {
                // Nothing here knows what was said already.
                return Err(match error.may_have_happened() {
                    true => run.interrupted(Some(error), LOST),
                    false => error,
                });
            } else if sending.lost.is_none() && is_closed(&error, &self.settings.target) {
                if !self.may_fall_back(&sending) {
                    // Nothing was taken, so there is nothing to look for.
                    return Err(error);
                }
                self.fall_back(run, &mut sending, &error);
            } else if !error.may_have_happened() {
                return Err(in_doubt(error, sending.lost, run));
            } else {
                if let Some(frames) = self.when_lost(run, &mut sending, error).await? {
                    return Ok(frames);
                }
                if !run.is_repeatable || !policy.allows(sending.losses) {
                    return Err(run.interrupted(sending.lost, LOST));
                }
                clock::sleep(jitter(bounds.next())).await;
            }
        }
    }

    /// Looks for a turn that was begun elsewhere with this key.
    pub(super) async fn attach(&mut self, run: &mut Run, otid: &str) -> Result<Found> {
        run.otids = vec![otid.to_owned()];
        self.key = Some(otid.to_owned());
        self.find(run).await
    }

    /// Another run keeps the thread busy, so nothing was said: waits as long as the caller chose. The events if it is our own run.
    async fn when_busy(
        &mut self,
        run: &mut Run,
        sending: &mut Sending,
        busy: Error,
    ) -> Result<Option<Frames>> {
        if sending.lost.is_some()
            && let Some(frames) = self.look_for_lost(run, &mut sending.lost).await?
        {
            return Ok(Some(frames));
        }
        let until = clock::after(sending.began, self.settings.busy_wait);
        if Instant::now() >= until {
            return Err(in_doubt(busy, sending.lost.take(), run));
        }
        self.wait_until_free(&busy, until).await;
        Ok(None)
    }

    /// Whether the plain path may be taken, if the resumable one is closed.
    fn may_fall_back(&self, sending: &Sending) -> bool {
        self.settings.path == TurnPath::Auto && !matches!(sending.key, Key::OfTurn(_))
    }

    /// Takes the plain path, with new keys unless the caller chose them: the service hangs if the key of a plain turn is ever asked for.
    fn fall_back(&mut self, run: &mut Run, sending: &mut Sending, closed: &Error) {
        self.telemetry.fell_back(closed);
        // A refusal of the caller may be about this agent alone.
        if !(closed.is_unauthorized() || closed.is_forbidden()) {
            self.shared.mark_closed();
        }
        self.path = TurnPath::Plain;
        let messages = match std::mem::take(&mut sending.body.messages) {
            Nullable::Value(messages) => messages,
            _ => Vec::new(),
        };
        run.otids = give_keys(&mut sending.body, messages, &sending.key);
    }

    /// The answer was lost: looks for the run. `None` if the service does not know it.
    async fn when_lost(
        &mut self,
        run: &mut Run,
        sending: &mut Sending,
        lost: Error,
    ) -> Result<Option<Frames>> {
        self.telemetry.broke(Some(&lost));
        sending.lost = Some(lost);
        sending.losses += 1;
        self.look_for_lost(run, &mut sending.lost).await
    }

    /// Looks for the run of what was said. `None` if the service does not know it.
    async fn look_for_lost(
        &mut self,
        run: &mut Run,
        lost: &mut Option<Error>,
    ) -> Result<Option<Frames>> {
        let until = clock::after(Instant::now(), self.settings.silence);
        let mut wait = Duration::from_millis(250);
        loop {
            match self.find(run).await {
                Ok(Found::Run(frames)) => return Ok(Some(frames)),
                Ok(Found::Nothing) => return Ok(None),
                Err(error) if error.is_retryable() && Instant::now() < until => {
                    clock::sleep(jitter(Some(wait))).await;
                    wait = (wait * 2).min(Duration::from_secs(8));
                }
                Err(error) => return Err(run.interrupted(Some(lost.take().unwrap_or(error)), LOST)),
            }
        }
    }

    /// Looks for a run by the key of a message, and returns its events from the first on.
    pub(super) async fn find(&mut self, run: &mut Run) -> Result<Found> {
        let (conversation, agent) = self.settings.target.as_conversation();
        let mut body = ResumeStreamRequest::new().with_include_pings(true);
        if let Some(otid) = run.otids.first() {
            body = body.with_otid(otid.as_str());
        }
        if let Some(agent) = agent {
            body = body.with_agent_id(agent);
        }
        let api = self.settings.call.api();
        match api
            .resume_conversation_stream(&conversation, Some(&body))
            .await
        {
            Ok(answer) => Ok(Found::Run(self.take_answer(run, answer))),
            Err(error) => match Error::from(error) {
                // As opposed to a server that does not know the path, or another one.
                error
                    if error.is_not_found()
                        && error.message().is_some()
                        && !is_without_route(&error) =>
                {
                    Ok(Found::Nothing)
                }
                error => Err(error),
            },
        }
    }

    /// Sends the request once, as far as turns are concerned.
    async fn post(&mut self, run: &mut Run, body: &ConversationMessageRequest) -> Result<Frames> {
        let api = self.settings.call.api();
        let (conversation, agent) = self.settings.target.as_conversation();
        let mut body = body.clone();
        let answer = match (self.path, &self.settings.target) {
            (TurnPath::Plain, Target::Agent(agent)) => {
                let body = for_agents(body);
                api.send_message_stream(agent, &body).await
            }
            (path, _) => {
                body.background = Some(path != TurnPath::Plain);
                if let Some(agent) = agent {
                    body.agent_id = Nullable::Value(agent.clone());
                }
                api.send_conversation_message_stream(&conversation, &body)
                    .await
            }
        };
        Ok(self.take_answer(run, answer?))
    }

    /// What the turn sets in each request.
    fn complete(&self, body: &mut ConversationMessageRequest) {
        body.stream_tokens = Some(self.settings.tokens);
        // Pings tell that the service lives, and that the request was taken.
        body.include_pings = Some(true);
        body.input = Nullable::LeftOut;
        body.include_return_message_types = Nullable::LeftOut;
        body.agent_id = Nullable::LeftOut;
        body.background = None;
        body.streaming = None;
    }

    /// Waits until the run that keeps the thread busy is over, if it can be asked, or else a while.
    async fn wait_until_free(&self, busy: &Error, until: Instant) {
        self.telemetry.is_busy();
        let left = || until.saturating_duration_since(Instant::now());
        clock::sleep(jitter_around(BUSY_WAIT).min(left())).await;
        let Some(id) = busy.run_id() else {
            return;
        };
        if self.holds_a_token() {
            return;
        }
        let id = letta_api::types::RunId::from(id);
        let mut wait = BUSY_WAIT;
        while !left().is_zero() {
            match run_state::of(&self.settings.call.api(), &id).await {
                Ok(run) if !run.is_over() => {}
                _ => return,
            }
            clock::sleep(jitter_around(wait).min(left())).await;
            wait = (wait * 2).min(Duration::from_secs(5));
        }
    }
}

const LOST: &str = "the answer to what was said was lost";

/// The error of a refusal, if what was said may have been taken before.
fn in_doubt(error: Error, lost: Option<Error>, run: &Run) -> Error {
    match lost {
        None => error,
        Some(lost) => run.interrupted(Some(lost), LOST),
    }
}

/// Whether a refusal means that the resumable path is not open here.
fn is_closed(error: &Error, target: &Target) -> bool {
    let status = error.status().map(|status| status.as_u16());
    match status {
        Some(503) => is_without_store(error),
        // No route, as opposed to no such agent.
        Some(404) => is_without_route(error),
        Some(401 | 403 | 405 | 501) => true,
        // A server that does not know `default`.
        Some(422) => {
            matches!(target, Target::Agent(_))
                && (error.message()).is_some_and(|said| said.contains("conversation_id"))
        }
        _ => false,
    }
}

/// Whether a 404 is about the path, and not about what it names.
fn is_without_route(error: &Error) -> bool {
    error.message().is_some_and(|said| {
        let said = said.trim();
        said == "Not Found" || said.starts_with("Cannot POST ")
    })
}

/// Whether the server has no store for events in background.
fn is_without_store(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 503)
        && error.message().is_some_and(|said| said.contains("Redis"))
}

/// The same request in the form that the paths of agents take. It has all members but the agent. Field by field, because by way of JSON
/// a page in a browser would need the code that reads each of them.
#[expect(deprecated, reason = "`Turn::with_body` can set them")]
fn for_agents(body: ConversationMessageRequest) -> MessageRequest {
    let mut same = MessageRequest::new();
    same.messages = body.messages;
    same.input = body.input;
    same.max_steps = body.max_steps;
    same.use_assistant_message = body.use_assistant_message;
    same.assistant_message_tool_name = body.assistant_message_tool_name;
    same.assistant_message_tool_kwarg = body.assistant_message_tool_kwarg;
    same.include_return_message_types = body.include_return_message_types;
    same.enable_thinking = body.enable_thinking;
    same.client_tools = body.client_tools;
    same.client_skills = body.client_skills;
    same.override_model = body.override_model;
    same.include_compaction_messages = body.include_compaction_messages;
    same.return_logprobs = body.return_logprobs;
    same.top_logprobs = body.top_logprobs;
    same.return_token_ids = body.return_token_ids;
    same.override_system = body.override_system;
    same.streaming = body.streaming;
    same.stream_tokens = body.stream_tokens;
    same.include_pings = body.include_pings;
    same.background = body.background;
    same
}

/// Puts messages into a request, each with a key of its own, and returns the keys.
fn give_keys(
    body: &mut ConversationMessageRequest,
    mut messages: Vec<MessageInput>,
    key: &Key,
) -> Vec<String> {
    let mut otids = Vec::with_capacity(messages.len());
    for (place, message) in messages.iter_mut().enumerate() {
        let otid = match (key, place) {
            (Key::Own, _) => uuid::Uuid::new_v4().to_string(),
            (Key::OfTurn(chosen) | Key::OfMessages(chosen), 0) => chosen.clone(),
            (Key::OfTurn(chosen) | Key::OfMessages(chosen), place) => format!("{chosen}-{place}"),
        };
        let slot = match message {
            MessageInput::CreateMessage(message) => &mut message.otid,
            MessageInput::CreateApproval(message) => &mut message.otid,
            MessageInput::CreateToolReturn(message) => &mut message.otid,
            _ => continue,
        };
        *slot = Nullable::Value(otid.clone());
        otids.push(otid);
    }
    body.messages = Nullable::Value(messages);
    otids
}

/// A random share of a bound, so that clients that failed together do not come back together.
pub(super) fn jitter(bound: Option<Duration>) -> Duration {
    bound.unwrap_or_default().mul_f64(fastrand::f64())
}

/// About this long.
pub(super) fn jitter_around(wait: Duration) -> Duration {
    wait.mul_f64(0.75 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_request_for_an_agent_has_all_that_one_for_a_conversation_has() {
        let all = json!({
            "messages": [{"role": "user", "content": "Hello", "otid": "key-1"}],
            "input": "Hello",
            "max_steps": 3,
            "use_assistant_message": true,
            "assistant_message_tool_name": "say",
            "assistant_message_tool_kwarg": "words",
            "include_return_message_types": ["assistant_message"],
            "enable_thinking": "yes",
            "client_tools": [{"name": "look"}],
            "client_skills": [{"name": "cook", "description": "cooks", "location": "/cook"}],
            "override_model": "openai/gpt-4.1",
            "include_compaction_messages": true,
            "return_logprobs": true,
            "top_logprobs": 2,
            "return_token_ids": true,
            "override_system": "Be brief.",
            "agent_id": "agent-1",
            "streaming": true,
            "stream_tokens": true,
            "include_pings": true,
            "background": false,
        });
        let body: ConversationMessageRequest = serde_json::from_value(all.clone()).unwrap();
        let mut sent: Value = serde_json::to_value(&body).unwrap();
        assert_eq!(sent, all);
        // A field that a later description adds is to be copied, too.
        let shown = format!("{body:#?}");
        let fields = shown.lines().filter(|line| {
            let name = line.strip_prefix("    ");
            name.is_some_and(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
        });
        assert_eq!(fields.count(), all.as_object().unwrap().len(), "{shown}");
        sent.as_object_mut().unwrap().remove("agent_id");
        assert_eq!(serde_json::to_value(for_agents(body)).unwrap(), sent);
    }
}
