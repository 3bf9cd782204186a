//! Calls of tools in a turn: which wait for an answer, and which run.

use std::collections::VecDeque;

use letta_api::types::{Message, MessageId, StepStatus, StopReasonType, ToolRule, ToolType};

use super::{End, Mode, ModelStep, Turn, place};
use crate::script::act::{Act, Call, Outcome};
use crate::turns::answer::{not_found, outcome};
use crate::turns::begin::words;
use crate::turns::speech::{self, Envelope};
use crate::world::thread::{Pending, PendingCall, StoredMessage};

impl Turn {
    /// The model called tools. What waits for an answer ends the turn.
    pub(super) async fn call(
        &mut self,
        mut step: ModelStep,
        input: Vec<StoredMessage>,
        calls: Vec<Call>,
        rest: &mut VecDeque<Act>,
    ) -> Option<End> {
        let (waiting, automatic) = self.sort(calls);
        for call in waiting.iter().chain(&automatic) {
            step.words += words(&call.arguments) + 1;
        }
        if !automatic.is_empty() {
            let make = |envelope: &Envelope, place| speech::tool_calls(envelope, place, &automatic);
            if self.stream_calls(&mut step, make).await.is_none() {
                return self.cancelled_midway(&step);
            }
        }
        if waiting.is_empty() {
            return self.run_tools(step, input, &automatic).await;
        }
        let make = |envelope: &Envelope, _| speech::approval_request(envelope, &waiting);
        let Some(request) = self.stream_calls(&mut step, make).await else {
            return self.cancelled_midway(&step);
        };
        let pending = Pending {
            request,
            run_id: self.run.clone(),
            step_id: step.id.clone(),
            calls: waiting,
            automatic,
            rest: rest.drain(..).collect(),
        };
        let end = End::With(StopReasonType::RequiresApproval);
        let end = self.model_has_answered(step, input, end).await;
        if let Some(thread) = self.stage.world().thread_mut(&self.key) {
            thread.pending = Some(pending);
        }
        Some(end)
    }

    /// Streams a message of calls, and gives its ID. `None` if the run was cancelled meanwhile.
    ///
    /// What the model thought before belongs to the message that is streamed first.
    async fn stream_calls(
        &mut self,
        step: &mut ModelStep,
        make: impl FnOnce(&Envelope, u8) -> Message,
    ) -> Option<MessageId> {
        let envelope = step.envelope.take();
        let envelope =
            envelope.unwrap_or_else(|| Envelope::new(&self.run, &step.id, self.stage.now()));
        let mut shown = std::mem::take(&mut step.shown);
        let message = make(&envelope, place(&shown));
        if self.stream(&message).await {
            return None;
        }
        shown.push(message);
        let id = envelope.id.clone();
        step.stored.push(envelope.stored(shown));
        Some(id)
    }

    /// Runs tools at the server. The model goes on with what they return.
    async fn run_tools(
        &mut self,
        mut step: ModelStep,
        input: Vec<StoredMessage>,
        calls: &[PendingCall],
    ) -> Option<End> {
        let envelope = Envelope::new(&self.run, &step.id, self.stage.now());
        let returns: Vec<_> = calls.iter().map(outcome).collect();
        let name = calls.first().map(|call| &*call.tool);
        let message = speech::tool_returns(&envelope, name, &returns);
        if self.mode == Mode::Steps && self.live.is_cancelled() {
            step.stored.push(envelope.stored(vec![message]));
            return Some(self.model_has_answered(step, input, End::Cancelled).await);
        }
        let told = std::mem::take(&mut step.stored);
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
}

fn call_id() -> String {
    let id = uuid::Uuid::new_v4().simple().to_string();
    format!("call_{}", &id[..24])
}
