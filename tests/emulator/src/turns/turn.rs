//! A turn: what an agent does from what is said to it to where it stops. It is a task of its own, which goes on if nobody
//! listens any more.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use letta_api::types::{AgentId, Message, RunId, RunStatus, StepId, StepStatus, StopReasonType};
use serde_json::Value;

use crate::http::refusal::Refusal;
use crate::id;
use crate::script::act::{Act, Kind};
use crate::script::model_failure::ModelFailure;
use crate::turns::answer::Answered;
use crate::turns::begin::{Beginning, words};
use crate::turns::live::LiveRun;
use crate::turns::said::Options;
use crate::turns::speech::{self, Envelope};
use crate::turns::stage::Stage;
use crate::turns::trouble::Trouble;
use crate::world::World;
use crate::world::thread::{StoredMessage, ThreadKey};

mod calls;
mod ending;
mod record;
mod telling;

/// How what a turn brings is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As one JSON body.
    Json,
    /// Message by message.
    Steps,
    /// Piece by piece.
    Tokens,
}

pub(crate) struct Turn {
    pub(crate) stage: Arc<Stage>,
    pub(crate) live: Arc<LiveRun>,
    pub(crate) key: ThreadKey,
    pub(crate) agent: AgentId,
    pub(crate) run: RunId,
    pub(crate) mode: Mode,
    pub(crate) options: Options,
    /// Whether the run is told when it is over. The server forgets that for JSON in a conversation.
    pub(crate) closes_run: bool,
    /// Whether the agent's own path is asked, whose refusals say more.
    pub(crate) is_of_agent: bool,
    pub(crate) told: Told,
}

/// What was told so far.
#[derive(Default)]
pub(crate) struct Told {
    /// For a JSON answer.
    messages: Vec<Value>,
    /// Whether something of the turn was streamed, beside pings.
    anything: bool,
    prompt: usize,
    completion: usize,
    steps: usize,
    context: usize,
}

/// Why a turn ends.
enum End {
    /// As a turn may end.
    With(StopReasonType),
    Cancelled,
    /// The model failed.
    Failed(ModelFailure),
    /// The agent was deleted while its model answered in this step.
    Gone(StepId),
}

/// A step of the model's, while it takes place.
struct ModelStep {
    id: StepId,
    began: Timestamp,
    /// Of the message that is being made.
    envelope: Option<Envelope>,
    shown: Vec<Message>,
    stored: Vec<StoredMessage>,
    words: usize,
}

impl Turn {
    /// Carries the turn out, and gives the JSON answer.
    pub(crate) async fn play(
        mut self,
        beginning: Result<Beginning, Trouble>,
    ) -> Result<Value, Refusal> {
        if self.mode != Mode::Json && self.options.include_pings {
            let ping = speech::ping(&self.live.id, None, self.stage.now());
            self.live.say(ping, None);
        }
        let beginning = match beginning {
            Ok(beginning) => beginning,
            Err(trouble) => return self.never_began(trouble),
        };
        let end = self.act(beginning).await;
        self.finish(end)
    }

    async fn act(&mut self, beginning: Beginning) -> End {
        let Beginning {
            answered,
            mut input,
            acts,
            said,
            words,
        } = beginning;
        self.told.prompt += words;
        if let Some(answered) = answered
            && let Some(end) = self.answered(answered).await
        {
            return end;
        }
        let mut acts = VecDeque::from(acts);
        for step in 0.. {
            if step == self.options.max_steps {
                return End::With(match step {
                    // The server ends a turn that may have no step as if all were said.
                    0 => StopReasonType::EndTurn,
                    _ => StopReasonType::MaxSteps,
                });
            }
            let place = acts
                .iter()
                .position(Act::ends_the_step)
                .map_or(acts.len(), |place| place + 1);
            let of_step: Vec<Act> = acts.drain(..place).collect();
            let end = self.step(std::mem::take(&mut input), of_step, &mut acts, &said);
            if let Some(end) = end.await {
                return end;
            }
        }
        End::With(StopReasonType::EndTurn)
    }

    /// What comes of an answer to a request for approval.
    async fn answered(&mut self, answered: Answered) -> Option<End> {
        let Answered {
            response,
            step_id,
            returns,
            ran,
        } = answered;
        let envelope = Envelope::new(&self.run, &step_id, self.stage.now());
        let message = speech::tool_returns(&envelope, ran.as_deref(), &returns);
        self.told.prompt += returns.len();
        // The server leaves it out of a stream of tokens if nothing ran.
        if self.mode != Mode::Tokens || ran.is_some() {
            if self.pause(self.stage.settings.word_delay).await {
                return Some(End::Cancelled);
            }
            self.tell(&message);
        }
        let stored = envelope.stored(vec![message]);
        self.store(&mut self.stage.world(), vec![response, stored]);
        None
    }

    /// A step of the model's. The end of the turn, if it is there.
    async fn step(
        &mut self,
        input: Vec<StoredMessage>,
        acts: Vec<Act>,
        rest: &mut VecDeque<Act>,
        said: &str,
    ) -> Option<End> {
        let now = self.stage.now();
        let mut step = ModelStep {
            id: id::generate("step").as_str().into(),
            began: now,
            envelope: None,
            shown: Vec::new(),
            stored: Vec::new(),
            words: 0,
        };
        // What was said belongs to the step that it caused.
        let input: Vec<StoredMessage> = input
            .into_iter()
            .map(|message| of_step(message, &step.id))
            .collect();
        let mut end = None;
        let mut calls = Vec::new();
        for act in acts {
            let text = match act.kind {
                Kind::Pause(pause) => {
                    if self.pause(pause).await && self.mode == Mode::Tokens {
                        return self.cancelled_midway(&step);
                    }
                    continue;
                }
                Kind::ModelFails(failure) => {
                    self.note_step(
                        &step,
                        StepStatus::Failed,
                        &failure.stop_reason().as_str().into(),
                    );
                    return Some(End::Failed(failure));
                }
                Kind::Reasoning(text) => {
                    if self.say(&mut step, speech::reasoning, &text).await {
                        return self.cancelled_midway(&step);
                    }
                    continue;
                }
                Kind::Calls(of_act) => {
                    calls = of_act;
                    continue;
                }
                Kind::Stops(reason) => {
                    end = Some(End::With(reason.as_str().into()));
                    continue;
                }
                Kind::Refuses(text) => {
                    end = Some(End::With(StopReasonType::EndTurn));
                    text
                }
                Kind::Text(text) => text,
                Kind::Echo => format!("You said: {said}"),
            };
            if self.say(&mut step, speech::assistant, &text).await {
                return self.cancelled_midway(&step);
            }
            step.next_message();
        }
        if calls.is_empty() {
            step.next_message();
            let end = end.unwrap_or(End::With(StopReasonType::EndTurn));
            return Some(self.model_has_answered(step, input, end).await);
        }
        self.call(step, input, calls, rest).await
    }

    /// Whether the agent was deleted.
    fn is_gone(&self) -> bool {
        !self.stage.world().agents.contains(self.agent.as_str())
    }

    /// The model has answered, and nothing comes after it.
    async fn model_has_answered(
        &mut self,
        step: ModelStep,
        input: Vec<StoredMessage>,
        end: End,
    ) -> End {
        if self.is_gone() {
            return End::Gone(step.id);
        }
        let end = match self.mode == Mode::Steps && self.live.is_cancelled() {
            // What the model said is stored then, and not sent.
            true => End::Cancelled,
            false => end,
        };
        if matches!(end, End::Cancelled) {
            self.note_step(&step, StepStatus::Cancelled, &StopReasonType::Cancelled);
        } else {
            self.tell_all(&step.stored);
            let reason = match &end {
                End::With(reason) => reason.clone(),
                _ => StopReasonType::EndTurn,
            };
            self.note_step(&step, StepStatus::Success, &reason);
        }
        self.count(&step);
        let all = input.into_iter().chain(step.stored).collect();
        self.store(&mut self.stage.world(), all);
        end
    }

    /// A turn that is cancelled while its tokens are streamed stores nothing.
    fn cancelled_midway(&self, step: &ModelStep) -> Option<End> {
        self.note_step(step, StepStatus::Cancelled, &StopReasonType::Cancelled);
        Some(End::Cancelled)
    }

    /// Makes a part of the message that is being made, and streams it if it is streamed by tokens. Whether the run was cancelled.
    async fn say(
        &mut self,
        step: &mut ModelStep,
        make: impl Fn(&Envelope, u8, &str) -> Message,
        text: &str,
    ) -> bool {
        let envelope = step
            .envelope
            .get_or_insert_with(|| Envelope::new(&self.run, &step.id, self.stage.now()));
        let message = make(envelope, place(&step.shown), text);
        step.words += words(text);
        if self.stream(&message).await {
            return true;
        }
        step.shown.push(message);
        false
    }

    /// Counts the words of a step.
    fn count(&mut self, step: &ModelStep) {
        self.told.completion += step.words;
        self.told.steps += 1;
        self.told.context = self.told.prompt + self.told.completion;
    }

    fn store(&self, world: &mut World, messages: Vec<StoredMessage>) {
        if let Some(thread) = world.thread_mut(&self.key) {
            thread.messages.extend(messages);
        }
        if let Some(agent) = world.agents.get_mut(self.agent.as_str()) {
            agent.state.updated_at = Some(crate::call::written(self.stage.now()));
        }
    }
}

impl Drop for Turn {
    /// A turn that is cut off, by a panic or because the emulator is dropped, leaves nothing locked, and its readers come to an
    /// end.
    fn drop(&mut self) {
        if !self.live.is_over() {
            self.close(RunStatus::Failed, &StopReasonType::Error, None);
        }
    }
}

impl ModelStep {
    /// What is said next is a message of its own.
    fn next_message(&mut self) {
        let shown = std::mem::take(&mut self.shown);
        if let Some(envelope) = self.envelope.take()
            && !shown.is_empty()
        {
            self.stored.push(envelope.stored(shown));
        }
    }
}

/// The place of the next message among those of one ID.
fn place(shown: &[Message]) -> u8 {
    u8::try_from(shown.len()).unwrap_or(u8::MAX)
}

/// The message, as one of the step that it caused.
fn of_step(mut message: StoredMessage, step: &StepId) -> StoredMessage {
    message.step_id = Some(step.clone());
    for shown in &mut message.shown {
        match shown {
            Message::UserMessage(message) => message.step_id = Some(step.clone()),
            Message::SystemMessage(message) => message.step_id = Some(step.clone()),
            Message::AssistantMessage(message) => message.step_id = Some(step.clone()),
            _ => {}
        }
    }
    message
}
