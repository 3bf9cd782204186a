//! How a turn ends: what is told last, and what becomes of its run.

use axum::http::StatusCode;
use jiff::Timestamp;
use letta_api::types::{RunStatus, StepId, StopReasonType};
use serde_json::{Value, json};

use super::{End, Mode, Turn};
use crate::http::refusal::Refusal;
use crate::script::model_failure::ModelFailure;
use crate::turns::speech;
use crate::turns::trouble::{Trouble, old_denial};

impl Turn {
    /// There is no turn: the request makes no sense as things are.
    pub(super) fn never_began(self, trouble: Trouble) -> Result<Value, Refusal> {
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

    /// Ends the turn, and gives the JSON answer.
    pub(super) fn finish(self, end: End) -> Result<Value, Refusal> {
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
        if self.mode != Mode::Json {
            self.live.say(speech::stop_reason(reason), None);
            self.live.say(error.clone(), Some("error"));
            if !midway && !self.live.background {
                self.live.say_as_it_stands("[DONE]");
            }
        }
        self.close(RunStatus::Failed, &StopReasonType::Error, Some(error));
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
        // Nor does its run keep the error.
        let kept = (status == RunStatus::Failed).then_some(error);
        self.close(status, &reason.into(), kept);
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
    pub(super) fn close(&self, status: RunStatus, reason: &StopReasonType, error: Option<Value>) {
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
        // A turn without a step knows no details. Streams of tokens never know what was written to a cache.
        let of_steps = |count: usize| match told.steps {
            0 => Value::Null,
            _ => count.into(),
        };
        let written = match self.mode {
            Mode::Tokens => Value::Null,
            Mode::Json | Mode::Steps => of_steps(0),
        };
        // What the model did not read does not count.
        let prompt = if told.steps == 0 { 0 } else { told.prompt };
        json!({
            "message_type": "usage_statistics",
            "completion_tokens": told.completion,
            "prompt_tokens": prompt,
            "total_tokens": prompt + told.completion,
            "step_count": told.steps,
            "run_ids": null,
            "cached_input_tokens": of_steps(0),
            "cache_write_tokens": written,
            "reasoning_tokens": of_steps(0),
            "context_tokens": of_steps(told.context),
        })
    }
}

/// The service writes it without an offset.
fn completed(now: Timestamp) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string()
}
