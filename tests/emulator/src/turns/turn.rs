//! A turn: what an agent does from what is said to it to where it stops. It is a task of its own, which goes on if nobody
//! listens any more.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use jiff::Timestamp;
use letta_api::types::{
    AgentId, Message, RunId, RunStatus, Step, StepId, StepMetrics, StepStatus, StopReasonType,
    ToolRule, ToolType,
};
use serde_json::{Value, json};

use crate::clock::passed;
use crate::http::refusal::Refusal;
use crate::id;
use crate::script::act::{Act, Call, Kind, Outcome};
use crate::script::model_failure::ModelFailure;
use crate::turns::begin::{Answered, Beginning, Trouble, not_found, old_denial, outcome, words};
use crate::turns::live::LiveRun;
use crate::turns::said::Options;
use crate::turns::speech::{self, Envelope};
use crate::turns::stage::Stage;
use crate::world::World;
use crate::world::run::StepRecord;
use crate::world::thread::{Pending, PendingCall, StoredMessage, ThreadKey, to_wire};

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

    /// There is no turn: the request makes no sense as things are.
    fn never_began(self, trouble: Trouble) -> Result<Value, Refusal> {
        let (message, detail) = trouble.told();
        let error = speech::error(&self.live.id, "internal_error", message, detail);
        if self.mode != Mode::Json {
            if matches!(trouble, Trouble::OldDenial) {
                self.live
                    .say(speech::stop_reason("invalid_tool_call"), None);
                self.live.say(old_denial()["usage"].clone(), None);
                self.live.say_as_it_stands("[DONE]");
            } else {
                self.live.say(speech::stop_reason("error"), None);
                self.live.say(error.clone(), Some("error"));
                if !self.live.background {
                    self.live.say_as_it_stands("[DONE]");
                }
            }
        }
        let is_denial = matches!(trouble, Trouble::OldDenial);
        match is_denial {
            true => self.close(RunStatus::Completed, &StopReasonType::InvalidToolCall, None),
            false => self.close(RunStatus::Failed, &StopReasonType::Error, Some(error)),
        }
        match is_denial {
            true => Ok(old_denial()),
            false => Err(trouble.into_refusal(self.is_of_agent)),
        }
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
                return End::With(StopReasonType::MaxSteps);
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
        self.told.prompt += returns.iter().map(|_| 1).sum::<usize>();
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

    /// The model called tools. What waits for an answer ends the turn.
    async fn call(
        &mut self,
        mut step: ModelStep,
        input: Vec<StoredMessage>,
        calls: Vec<Call>,
        rest: &mut VecDeque<Act>,
    ) -> Option<End> {
        let (waiting, automatic) = self.sort(calls);
        // What the model thought before belongs to the call that is told first.
        let of_first = |step: &mut ModelStep, turn: &Self| {
            let envelope = step.envelope.take();
            let shown = std::mem::take(&mut step.shown);
            let envelope =
                envelope.unwrap_or_else(|| Envelope::new(&turn.run, &step.id, turn.stage.now()));
            (envelope, shown)
        };
        for call in waiting.iter().chain(&automatic) {
            step.words += words(&call.arguments) + 1;
        }
        if !automatic.is_empty() {
            let (envelope, mut shown) = of_first(&mut step, self);
            let message = speech::tool_calls(&envelope, place(&shown), &automatic);
            if self.stream(&message).await {
                return self.cancelled_midway(&step);
            }
            shown.push(message);
            step.stored.push(envelope.stored(shown));
        }
        if !waiting.is_empty() {
            let (envelope, mut shown) = of_first(&mut step, self);
            let message = speech::approval_request(&envelope, &waiting);
            if self.stream(&message).await {
                return self.cancelled_midway(&step);
            }
            let request = envelope.id.clone();
            shown.push(message);
            step.stored.push(envelope.stored(shown));
            let pending = Pending {
                request,
                run_id: self.run.clone(),
                step_id: step.id.clone(),
                calls: waiting,
                automatic,
                rest: rest.drain(..).collect(),
            };
            let end = End::With(StopReasonType::RequiresApproval);
            let key = self.key.clone();
            let stage = Arc::clone(&self.stage);
            let end = self.model_has_answered(step, input, end).await;
            if let Some(thread) = stage.world().thread_mut(&key) {
                thread.pending = Some(pending);
            }
            return Some(end);
        }
        let envelope = Envelope::new(&self.run, &step.id, self.stage.now());
        let returns: Vec<_> = automatic.iter().map(outcome).collect();
        let name = automatic.first().map(|call| &*call.tool);
        let message = speech::tool_returns(&envelope, name, &returns);
        let told = std::mem::take(&mut step.stored);
        if self.mode == Mode::Steps && self.live.is_cancelled() {
            step.stored = told;
            step.stored.push(envelope.stored(vec![message]));
            return Some(self.model_has_answered(step, input, End::Cancelled).await);
        }
        if self.is_gone() {
            return Some(End::Gone(step.id));
        }
        self.tell_all(&told);
        if self.pause(self.stage.settings.word_delay).await && self.mode == Mode::Tokens {
            return self.cancelled_midway(&step);
        }
        self.tell(&message);
        let stored = envelope.stored(vec![message]);
        self.note_step(&step, StepStatus::Success, &StopReasonType::EndTurn);
        self.count(&step);
        let all = input.into_iter().chain(told).chain([stored]).collect();
        self.store(&mut self.stage.world(), all);
        None
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

    /// Streams a message if it is streamed by tokens; otherwise waits as long as it takes. Whether the run was cancelled, if it
    /// is streamed by tokens.
    async fn stream(&mut self, message: &Message) -> bool {
        let delay = self.stage.settings.word_delay;
        match self.mode {
            Mode::Json => false,
            Mode::Steps => {
                self.pause(delay).await;
                false
            }
            Mode::Tokens => {
                let is_wanted = self.is_wanted(message);
                for event in speech::events(message, true) {
                    if self.pause(delay).await {
                        return true;
                    }
                    if is_wanted {
                        self.told.anything = true;
                        self.live.say(event, None);
                    }
                }
                false
            }
        }
    }

    /// Tells messages that the model made, if they were not streamed piece by piece.
    fn tell_all(&mut self, messages: &[StoredMessage]) {
        if self.mode != Mode::Tokens {
            for message in messages.iter().flat_map(|it| &it.shown) {
                self.tell(message);
            }
        }
    }

    /// Tells a message as a whole.
    fn tell(&mut self, message: &Message) {
        if !self.is_wanted(message) {
            return;
        }
        let event = to_wire(message);
        if self.mode == Mode::Json {
            self.told.messages.push(event);
        } else {
            self.told.anything = true;
            self.live.say(event, None);
        }
    }

    fn is_wanted(&self, message: &Message) -> bool {
        let Some(types) = &self.options.types else {
            return true;
        };
        let wire = serde_json::to_value(message).unwrap_or_default();
        let kind = wire.get("message_type").and_then(Value::as_str);
        types.iter().any(|it| Some(it.as_str()) == kind)
    }

    /// Waits, by the emulator's clock. Whether the run was cancelled.
    async fn pause(&self, pause: Duration) -> bool {
        if self.mode == Mode::Json {
            self.wait(pause).await;
            return false;
        }
        if self.live.is_cancelled() {
            return true;
        }
        if pause.is_zero() {
            // A turn of many words lets others have a turn.
            tokio::task::consume_budget().await;
            return false;
        }
        tokio::select! {
            () = self.wait(pause) => false,
            () = self.live.cancelled() => true,
        }
    }

    async fn wait(&self, pause: Duration) {
        if !pause.is_zero() {
            let clock = &*self.stage.clock;
            passed(clock, clock.now(), pause).await;
        }
    }

    /// Which calls wait for an answer, and which run by themselves.
    fn sort(&self, calls: Vec<Call>) -> (Vec<PendingCall>, Vec<PendingCall>) {
        let world = self.stage.world();
        let agent = world.agents.get(self.agent.as_str());
        let parallel = agent.is_some_and(|agent| agent.parallel_tool_calls);
        let rules = agent.and_then(|agent| agent.state.tool_rules.as_deref());
        let needs_approval = |tool: &str| {
            rules.into_iter().flatten().any(
                |rule| matches!(rule, ToolRule::RequiresApprovalToolRule(rule) if rule.tool_name == tool),
            )
        };
        let attached = |tool: &str| {
            let mut ids = agent.into_iter().flat_map(|agent| &agent.tool_ids);
            ids.find_map(|id| {
                let found = world.tools.get(id.as_str())?;
                (found.name.as_deref() == Some(tool)).then_some(found)
            })
        };
        let most = if parallel { calls.len() } else { 1 };
        let mut waiting = Vec::new();
        let mut automatic = Vec::new();
        for call in calls.into_iter().take(most) {
            // A client's tool shadows one of the server's that has its name.
            let is_of_client = self.options.client_tools.contains(&call.tool);
            let waits = is_of_client || call.needs_approval || needs_approval(&call.tool);
            let found = attached(&call.tool);
            let is_printing = found.is_some_and(|it| it.tool_type == Some(ToolType::Custom));
            let returns = match call.outcome {
                Some(Outcome::Returns(text)) => Some(Ok(text)),
                Some(Outcome::Fails(text)) => Some(Err(text)),
                None if !is_of_client && found.is_none() => Some(Err(not_found(&call.tool))),
                None => None,
            };
            let call = PendingCall {
                id: call.id.unwrap_or_else(call_id),
                arguments: call.arguments.to_string(),
                returns,
                is_of_client,
                is_printing,
                tool: call.tool,
            };
            match waits {
                true => waiting.push(call),
                false => automatic.push(call),
            }
        }
        (waiting, automatic)
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

    /// Whether the agent was deleted.
    fn is_gone(&self) -> bool {
        !self.stage.world().agents.contains(self.agent.as_str())
    }

    /// Notes a step for those who ask for it. Those of an agent went with it.
    fn note_step(&self, step: &ModelStep, status: StepStatus, reason: &StopReasonType) {
        let now = self.stage.now();
        let mut world = self.stage.world();
        let Some(agent) = world.agents.get(self.agent.as_str()) else {
            return;
        };
        let config = agent.state.llm_config.clone();
        let mut record = Step::new(step.id.clone());
        record.run_id = Some(self.run.clone());
        record.agent_id = Some(self.agent.clone());
        record.status = Some(status);
        record.stop_reason = Some(reason.clone());
        record.model = Some(config.model);
        record.model_handle = config.handle.into_value();
        record.context_window_limit = Some(config.context_window);
        record.provider_name = config.provider_name.into_value();
        record.provider_category = Some("base".to_owned());
        record.completion_tokens = i64::try_from(step.words).ok();
        record.prompt_tokens = i64::try_from(self.told.prompt).ok();
        record.total_tokens = i64::try_from(self.told.prompt + step.words).ok();
        let mut metrics = StepMetrics::new(step.id.clone());
        metrics.run_id = Some(self.run.clone());
        metrics.agent_id = Some(self.agent.clone());
        metrics.step_start_ns = i64::try_from(step.began.as_nanosecond()).ok();
        let took = i64::try_from(now.duration_since(step.began).as_nanos()).ok();
        metrics.step_ns = took;
        metrics.llm_request_start_ns = metrics.step_start_ns;
        metrics.llm_request_ns = took;
        let _ = world.steps.insert(StepRecord {
            step: record,
            metrics,
        });
    }

    /// Ends the turn, and gives the JSON answer.
    fn finish(self, end: End) -> Result<Value, Refusal> {
        let usage = self.usage();
        match end {
            End::With(reason) => {
                if self.mode != Mode::Json {
                    self.live.say(speech::stop_reason(reason.as_str()), None);
                    self.live.say(usage.clone(), None);
                    self.live.say_as_it_stands("[DONE]");
                }
                let status = match reason {
                    StopReasonType::EndTurn
                    | StopReasonType::RequiresApproval
                    | StopReasonType::MaxSteps
                    | StopReasonType::ToolRule => RunStatus::Completed,
                    _ => RunStatus::Failed,
                };
                self.close(status, &reason, None);
                Ok(json!({
                    "messages": &self.told.messages,
                    "stop_reason": speech::stop_reason(reason.as_str()),
                    "usage": usage,
                    "logprobs": null,
                    "turns": null,
                }))
            }
            End::Cancelled => {
                self.live.say_as_it_stands(speech::CANCELLED);
                if self.live.background {
                    self.live.say_as_it_stands("[DONE]");
                }
                self.close(RunStatus::Cancelled, &StopReasonType::Cancelled, None);
                Ok(Value::Null)
            }
            End::Failed(failure) => self.failed(failure),
            End::Gone(step) => self.gone(&step),
        }
    }

    /// The agent is not there any more, and neither are the run and the step. The server finds out when it writes the step down.
    fn gone(self, step: &StepId) -> Result<Value, Refusal> {
        if self.mode != Mode::Json {
            let midway = self.told.anything;
            let (reason, message) = match midway {
                true => ("end_turn", ModelFailure::MIDWAY.message),
                false => (
                    "error",
                    "An unknown error occurred with the LLM streaming request.",
                ),
            };
            let detail = format!("Step with id {step} does not exist");
            let error = speech::error(&self.live.id, "internal_error", message, &detail);
            self.live.say(speech::stop_reason(reason), None);
            self.live.say(error, Some("error"));
            if !midway && !self.live.background {
                self.live.say_as_it_stands("[DONE]");
            }
        }
        self.close(RunStatus::Failed, &StopReasonType::Error);
        Err(Refusal::no_such("Run", self.run.as_str()))
    }

    /// The model failed. A stream says so in the ways of the service, which depend on what was sent before.
    fn failed(self, failure: ModelFailure) -> Result<Value, Refusal> {
        let reason = failure.stop_reason().as_str();
        let midway = self.told.anything;
        let told = match midway {
            true => ModelFailure::MIDWAY,
            false => failure.at_once_in_stream(),
        };
        let error = speech::error(&self.live.id, told.kind, told.message, failure.detail());
        if self.mode != Mode::Json {
            if midway {
                self.live.say(speech::stop_reason("error"), None);
            }
            self.live.say(speech::stop_reason(reason), None);
            self.live.say(error.clone(), Some("error"));
            if !midway && !self.live.background {
                self.live.say_as_it_stands("[DONE]");
            }
        }
        // The server takes a turn whose stream has told of an error for completed.
        let status = match midway && !self.live.background {
            true => RunStatus::Completed,
            false => RunStatus::Failed,
        };
        self.close(status, &reason.into(), Some(error));
        let told = failure.in_json();
        let status = StatusCode::from_u16(failure.status());
        Err(Refusal::whole(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            told.message,
            json!({"error": {
                "type": told.kind,
                "message": told.message,
                "detail": failure.detail(),
            }}),
        ))
    }

    /// Closes the run: nothing more comes, and what it locked is free again.
    ///
    /// A run keeps its error. If it was of JSON, it keeps the text alone, and has no stop reason.
    fn close(&self, status: RunStatus, reason: &StopReasonType, error: Option<Value>) {
        let now = self.stage.now();
        let mut world = self.stage.world();
        if let Some(agent) = world.agents.get_mut(self.agent.as_str()) {
            agent.state.last_stop_reason = Some(reason.clone());
        }
        let is_failed_json = error.is_some() && self.mode == Mode::Json;
        let error = match is_failed_json {
            true => error.map(|error| error["detail"].clone()),
            false => error,
        };
        if self.closes_run
            && let Some(record) = world.runs.get_mut(self.run.as_str())
        {
            // What was cancelled stays so, though JSON goes on.
            if record.run.status != Some(RunStatus::Cancelled) {
                record.run.status = Some(status);
                record.run.stop_reason = (!is_failed_json).then(|| reason.clone());
            }
            if let Some(error) = error {
                let metadata = record.run.metadata.get_or_insert_default();
                metadata.insert("error".to_owned(), error);
            }
            record.run.completed_at = Some(completed(now));
        }
        let mut live = self.stage.live();
        live.end(&self.live);
        self.live.end();
    }

    fn usage(&self) -> Value {
        let told = &self.told;
        json!({
            "message_type": "usage_statistics",
            "completion_tokens": told.completion,
            "prompt_tokens": told.prompt,
            "total_tokens": told.prompt + told.completion,
            "step_count": told.steps,
            "run_ids": null,
            "cached_input_tokens": 0,
            // Streams of tokens do not know it.
            "cache_write_tokens": if self.mode == Mode::Tokens { Value::Null } else { 0.into() },
            "reasoning_tokens": 0,
            "context_tokens": told.context,
        })
    }
}

impl Drop for Turn {
    /// A turn that is cut off, by a panic or because the emulator is dropped, leaves nothing locked, and its readers come to an
    /// end.
    fn drop(&mut self) {
        if !self.live.is_over() {
            self.close(RunStatus::Failed, &StopReasonType::Error);
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

/// The service writes it without an offset.
fn completed(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}

fn call_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("call_{}", &id[..24])
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
