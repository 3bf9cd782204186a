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
use crate::turns::target::Target;

/// The wait before what is busy is tried again, if the run cannot be asked.
const BUSY_WAIT: Duration = Duration::from_millis(500);

/// What came of looking for a run by a key.
pub(super) enum Found {
    Run(Frames),
    Nothing,
}

impl Engine {
    /// Sends messages, and returns the events of their run.
    pub(super) async fn send(
        &mut self,
        run: &mut Run,
        messages: Vec<MessageInput>,
        chosen: Option<String>,
    ) -> Result<Frames> {
        if let (true, Some(otid)) = (messages.is_empty(), &chosen) {
            // Nothing is said: the turn was begun elsewhere.
            run.otids = vec![otid.clone()];
            self.path = TurnPath::Resumable;
            self.telemetry.takes(self.path);
            return match self.find(run).await? {
                Found::Run(frames) => Ok(frames),
                Found::Nothing => Err(fault::unknown_key()),
            };
        }
        let has_chosen = chosen.is_some();
        if has_chosen {
            self.path = TurnPath::Resumable;
        }
        let mut body = self.settings.body.clone();
        let (messages, otids) = with_keys(messages, chosen);
        run.otids = otids;
        body.messages = Nullable::Value(messages);
        self.complete(&mut body);

        let began = Instant::now();
        let mut sends = 0;
        // The failure after which the service may have what was said.
        let mut lost: Option<Error> = None;
        let policy = self.settings.call.retry().clone();
        let mut bounds = policy.bounds();
        loop {
            self.telemetry.takes(self.path);
            self.telemetry.sent();
            let error = match self.post(run, &body).await {
                Ok(frames) => return Ok(frames),
                Err(error) => error,
            };
            if error.is_busy() {
                if lost.is_some() {
                    // It may be our own run that is busy.
                    if let Found::Run(frames) = self.find(run).await? {
                        return Ok(frames);
                    }
                }
                let until = clock::after(began, self.settings.busy_wait);
                if Instant::now() >= until {
                    return Err(in_doubt(error, lost, run));
                }
                self.wait_until_free(&error, until).await;
                continue;
            }
            if self.path == TurnPath::Plain {
                return Err(match error.may_have_happened() {
                    true => run.interrupted(Some(error), LOST),
                    false => error,
                });
            }
            let may_fall_back = self.settings.path == TurnPath::Auto && !has_chosen;
            let is_closed = lost.is_none() && is_closed(&error);
            if is_closed && !may_fall_back {
                // Nothing was taken, so there is nothing to look for.
                return Err(error);
            }
            if is_closed {
                // The keys were not taken. New ones are not needed, but what a foreground turn had must not be asked for in background.
                self.telemetry.fell_back(&error);
                // A refusal may be about this agent.
                if !(error.is_unauthorized() || error.is_forbidden()) {
                    self.shared.is_closed();
                }
                self.path = TurnPath::Plain;
                let (messages, otids) = with_keys(take_messages(&mut body), None);
                run.otids = otids;
                body.messages = Nullable::Value(messages);
                continue;
            }
            if !error.may_have_happened() {
                return Err(in_doubt(error, lost, run));
            }
            self.telemetry.broke(Some(&error));
            lost = Some(error);
            sends += 1;
            if let Some(frames) = self.look_for_lost(run, &mut lost).await? {
                return Ok(frames);
            }
            if !run.is_repeatable || !policy.allows(sends) {
                return Err(in_doubt_at_last(lost, run));
            }
            clock::sleep(jitter(bounds.next())).await;
        }
    }

    /// Looks for the run of what was said. `None` if the service says that there is none.
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
                error if error.is_not_found() => Ok(Found::Nothing),
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
                let body = for_agents(body)?;
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
        let id = letta_api::types::RunId::from(id);
        let mut wait = BUSY_WAIT;
        while !left().is_zero() {
            match self.settings.call.api().get_run(&id).await {
                Ok(run) if !super::recover::is_over(&run) => {}
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

fn in_doubt_at_last(lost: Option<Error>, run: &Run) -> Error {
    run.interrupted(lost, LOST)
}

/// Whether a refusal means that the resumable path is not open here.
fn is_closed(error: &Error) -> bool {
    let status = error.status().map(|status| status.as_u16());
    match status {
        Some(503) => is_without_store(error),
        // No route, as opposed to no such agent.
        Some(404) => error.message().is_some_and(|said| {
            let said = said.trim();
            said == "Not Found" || said.starts_with("Cannot POST ")
        }),
        Some(401 | 403) => true,
        Some(405 | 501) => true,
        // A server that does not know `default`.
        Some(422) => error
            .message()
            .is_some_and(|said| said.contains("conversation_id")),
        _ => false,
    }
}

/// Whether the server has no store for events in background.
fn is_without_store(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 503)
        && error.message().is_some_and(|said| said.contains("Redis"))
}

/// The same request in the form that the paths of agents take.
fn for_agents(body: ConversationMessageRequest) -> Result<MessageRequest> {
    let value = serde_json::to_value(body).and_then(serde_json::from_value);
    value.map_err(|_| {
        let rule = "must be such as the agent's path takes, too";
        Error::invalid_input("body", rule, None)
    })
}

fn take_messages(body: &mut ConversationMessageRequest) -> Vec<MessageInput> {
    match std::mem::take(&mut body.messages) {
        Nullable::Value(messages) => messages,
        _ => Vec::new(),
    }
}

/// Gives each message a key of its own.
fn with_keys(
    mut messages: Vec<MessageInput>,
    chosen: Option<String>,
) -> (Vec<MessageInput>, Vec<String>) {
    let mut otids = Vec::with_capacity(messages.len());
    for (place, message) in messages.iter_mut().enumerate() {
        let otid = match (&chosen, place) {
            (None, _) => uuid::Uuid::new_v4().to_string(),
            (Some(chosen), 0) => chosen.clone(),
            (Some(chosen), place) => format!("{chosen}-{place}"),
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
    (messages, otids)
}

/// A random share of a bound, so that clients that failed together do not come back together.
pub(super) fn jitter(bound: Option<Duration>) -> Duration {
    bound.unwrap_or_default().mul_f64(fastrand::f64())
}

/// About this long.
pub(super) fn jitter_around(wait: Duration) -> Duration {
    wait.mul_f64(0.75 + fastrand::f64() / 2.0)
}
