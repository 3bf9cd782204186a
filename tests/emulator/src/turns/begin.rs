//! What a request begins: a turn, or the reason why there is none.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use jiff::Timestamp;
use letta_api::types::{AgentId, ApprovalResult, ApprovalReturn, RunId, StepId, ToolReturn};
use serde_json::{Value, json};

use crate::http::refusal::Refusal;
use crate::script::act::Act;
use crate::turns::said::{First, Input, Said, call_id};
use crate::turns::speech::{self, Envelope};
use crate::turns::stage::Stage;
use crate::world::World;
use crate::world::thread::{Pending, PendingCall, StoredMessage, Thread, ThreadKey};

/// What the model is told if an answer comes that was given before.
const KEEP_ALIVE: &str = "<system-alert>Automated keep-alive ping. Ignore this message and continue from where you stopped.</system-alert>";

const NONE_PENDING: &str = "Cannot process approval response: No tool call is currently awaiting approval. \
     Please send a regular message to interact with the agent.";

const PENDING: &str = "CONFLICT: Cannot send a new message: The agent is waiting for approval on a tool call. \
     Please approve or deny the pending request before continuing.";

/// Why a request is denied if its run is cancelled.
const DENIED_ON_CANCEL: &str = "The user cancelled the request, so the tool call was denied.";

/// What a turn begins with.
pub(crate) struct Beginning {
    /// The answer to a request for approval, and what comes of it, before the model is asked.
    pub(crate) answered: Option<Answered>,
    /// What is stored with the next step of the model's.
    pub(crate) input: Vec<StoredMessage>,
    /// What the agent does.
    pub(crate) acts: Vec<Act>,
    /// What an echo repeats.
    pub(crate) said: String,
    /// Words that the model reads.
    pub(crate) words: usize,
}

/// An answer to a request for approval.
pub(crate) struct Answered {
    pub(crate) response: StoredMessage,
    /// The step that called.
    pub(crate) step_id: StepId,
    pub(crate) returns: Vec<ToolReturn>,
    /// The name of a tool that ran at the server, if one did.
    pub(crate) ran: Option<String>,
}

/// Why there is no turn.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The agent waits for an answer.
    Pending { request: String },
    /// The answer is not one.
    BadAnswer(String),
    /// A denial in the old form: the server says nothing, and does nothing.
    OldDenial,
}

impl Trouble {
    /// As the answer of a status. What the agent's own path says has more than what a conversation's says.
    pub(crate) fn into_refusal(self, of_agent: bool) -> Refusal {
        match self {
            Self::Pending { request } if of_agent => Refusal::whole(
                StatusCode::CONFLICT,
                PENDING,
                json!({"detail": {
                    "code": "PENDING_APPROVAL",
                    "message": PENDING,
                    "pending_request_id": request,
                }}),
            ),
            Self::Pending { .. } => Refusal::detail(StatusCode::CONFLICT, PENDING),
            Self::BadAnswer(detail) => Refusal::detail(StatusCode::BAD_REQUEST, detail),
            Self::OldDenial => Refusal::detail(StatusCode::BAD_REQUEST, NONE_PENDING),
        }
    }

    /// As the error of a stream: its message and its detail.
    pub(crate) fn told(&self) -> (&str, &str) {
        match self {
            Self::Pending { .. } => (PENDING, PENDING),
            Self::BadAnswer(detail) => (
                "An unknown error occurred with the LLM streaming request.",
                detail,
            ),
            Self::OldDenial => (NONE_PENDING, NONE_PENDING),
        }
    }
}

/// What this, said in the thread of an agent, begins. If it is an answer, the request is not pending any more.
pub(crate) fn begin(
    stage: &Stage,
    world: &mut World,
    key: &ThreadKey,
    agent: &AgentId,
    run: &RunId,
    said: Said,
    now: Timestamp,
) -> Result<Beginning, Trouble> {
    let thread = world.thread_mut(key);
    let mut nothing = Thread::default();
    let thread = thread.unwrap_or(&mut nothing);
    let text = said.last_text();
    let user_text = said.user_text();
    let step_id = StepId::from(crate::id::generate("step"));
    let envelope = || Envelope::new(run, &step_id, now);
    let choose = |said: &str| stage.parts().choose(agent.as_str(), said);
    let store = |input: Vec<Input>| -> Vec<StoredMessage> {
        input
            .into_iter()
            .map(|input| {
                let envelope = envelope();
                let shown = speech::input(
                    &envelope,
                    &input.role,
                    &input.content,
                    input.otid,
                    input.name,
                );
                envelope.stored(vec![shown])
            })
            .collect()
    };
    let answers = match said.first {
        First::Messages => {
            if let Some(pending) = &thread.pending {
                return Err(Trouble::Pending {
                    request: pending.request.to_string(),
                });
            }
            let said_text = text.unwrap_or_default();
            return Ok(Beginning {
                answered: None,
                words: words(&user_text),
                acts: choose(&said_text),
                said: user_text,
                input: store(said.messages),
            });
        }
        First::Answer { answers } => answers,
        First::OldAnswer { approve, request } => {
            let Some(pending) = &thread.pending else {
                return Err(Trouble::BadAnswer(NONE_PENDING.to_owned()));
            };
            if !approve {
                return Err(Trouble::OldDenial);
            }
            let [call] = &pending.calls[..] else {
                return Err(Trouble::BadAnswer(invalid_ids(
                    pending.calls.iter().map(|call| &*call.id),
                    request.as_deref().into_iter(),
                )));
            };
            let approval = ApprovalReturn::new(&*call.id, true);
            vec![ApprovalResult::from(approval)]
        }
    };
    let Some(pending) = &thread.pending else {
        let mut given: Vec<&str> = answers.iter().map(call_id).collect();
        given.sort_unstable();
        // An answer that was given before makes the model speak again.
        let is_known = thread.answered.iter().any(|it| {
            let mut ids: Vec<&str> = it.iter().map(String::as_str).collect();
            ids.sort_unstable();
            ids == given
        });
        if !is_known {
            return Err(Trouble::BadAnswer(NONE_PENDING.to_owned()));
        }
        let mut messages = said.messages;
        if messages.is_empty() {
            messages.push(Input {
                role: "user".to_owned(),
                content: KEEP_ALIVE.into(),
                otid: None,
                name: None,
            });
        }
        let said_text = text.unwrap_or_else(|| KEEP_ALIVE.to_owned());
        return Ok(Beginning {
            answered: None,
            words: words(&said_text),
            acts: choose(&said_text),
            said: said_text,
            input: store(messages),
        });
    };
    let expected: BTreeSet<&str> = pending.calls.iter().map(|call| &*call.id).collect();
    let given: Vec<&str> = answers.iter().map(call_id).collect();
    let distinct: BTreeSet<&str> = given.iter().copied().collect();
    if expected != distinct || given.len() != expected.len() {
        return Err(Trouble::BadAnswer(invalid_ids(
            pending.calls.iter().map(|call| &*call.id),
            given.into_iter(),
        )));
    }
    let Some(pending) = thread.pending.take() else {
        return Err(Trouble::BadAnswer(NONE_PENDING.to_owned()));
    };
    thread.answered(&pending);
    let (returns, ran) = returns(&pending, &answers);
    let response = {
        let envelope = Envelope::new(run, &pending.step_id, now);
        let shown = speech::approval_response(&envelope, answers);
        envelope.stored(vec![shown])
    };
    let acts = match &text {
        // What is said beside the answer is answered, in place of what was to come.
        Some(text) => choose(text),
        None => pending.rest,
    };
    Ok(Beginning {
        answered: Some(Answered {
            response,
            step_id: pending.step_id,
            returns,
            ran,
        }),
        words: words(&user_text),
        input: store(said.messages),
        acts,
        said: user_text,
    })
}

/// What tools give: those that were denied first, then those that the client ran, then those that run now. And the name of
/// one that runs now.
fn returns(pending: &Pending, answers: &[ApprovalResult]) -> (Vec<ToolReturn>, Option<String>) {
    let mut denied = Vec::new();
    let mut by_client = Vec::new();
    let mut ran = Vec::new();
    let mut name = None;
    // What the client ran comes in the order of its answer, and all else in that of the calls.
    for answer in answers {
        if let ApprovalResult::ToolReturn(answer) = answer {
            by_client.push((**answer).clone());
        }
    }
    let mut run = |call: &PendingCall| {
        name.get_or_insert_with(|| call.tool.clone());
        ran.push(outcome(call));
    };
    for call in &pending.calls {
        match answers.iter().find(|answer| call_id(answer) == call.id) {
            Some(ApprovalResult::ApprovalReturn(answer)) if !answer.approve => {
                let reason = answer.reason.value();
                let text = format!(
                    "Error: request to call tool denied. User reason: {}",
                    reason.map_or("None", String::as_str)
                );
                denied.push(ToolReturn::new(text, "error".into(), &*call.id));
            }
            Some(ApprovalResult::ToolReturn(_)) => {}
            _ if call.is_of_client => {
                // Approving does not run what only the client could run.
                let not_found = PendingCall {
                    returns: Some(Err(not_found(&call.tool))),
                    is_printing: false,
                    ..call.clone()
                };
                run(&not_found);
            }
            _ => run(call),
        }
    }
    for call in &pending.automatic {
        run(call);
    }
    denied.append(&mut by_client);
    denied.append(&mut ran);
    (denied, name)
}

/// What is stored if a request is denied because its run is cancelled.
pub(crate) fn denied(pending: &Pending, run: &RunId, now: Timestamp) -> Vec<StoredMessage> {
    let answers: Vec<ApprovalResult> = pending
        .calls
        .iter()
        .map(|call| {
            let mut denial = ApprovalReturn::new(&*call.id, false);
            denial.reason = DENIED_ON_CANCEL.to_owned().into();
            denial.into()
        })
        .collect();
    let calls = pending.calls.iter().chain(&pending.automatic);
    let returns: Vec<ToolReturn> = calls
        .map(|call| {
            let text =
                format!("Error: request to call tool denied. User reason: {DENIED_ON_CANCEL}");
            ToolReturn::new(text, "error".into(), &*call.id)
        })
        .collect();
    let response = Envelope::new(run, &pending.step_id, now);
    let message = speech::approval_response(&response, answers);
    let response = response.stored(vec![message]);
    let returned = Envelope::new(run, &pending.step_id, now);
    let message = speech::tool_returns(&returned, None, &returns);
    vec![response, returned.stored(vec![message])]
}

/// What is said of a tool that is not there.
pub(crate) fn not_found(tool: &str) -> String {
    format!("Tool {tool} not found")
}

/// What a call gives at the server.
pub(crate) fn outcome(call: &PendingCall) -> ToolReturn {
    let (text, status) = match &call.returns {
        Some(Ok(text)) => (text.clone(), "success"),
        Some(Err(text)) => (text.clone(), "error"),
        None => (format!("{} was called", call.tool), "success"),
    };
    let mut outcome = ToolReturn::new(text, status.into(), &*call.id);
    // The server's own tools have none.
    if call.is_printing {
        outcome.stdout = Vec::new().into();
        outcome.stderr = Vec::new().into();
    }
    outcome
}

fn invalid_ids<'a>(
    expected: impl Iterator<Item = &'a str>,
    received: impl Iterator<Item = &'a str>,
) -> String {
    // As Python writes lists of texts. IDs of calls have no quotes in them.
    let list = |ids: Vec<&str>| format!("['{}']", ids.join("', '"));
    let received: Vec<&str> = received.collect();
    let received = match received.is_empty() {
        true => "[]".to_owned(),
        false => list(received),
    };
    format!(
        "Invalid tool call IDs. Expected '{}', but received '{received}'.",
        list(expected.collect())
    )
}

pub(crate) fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

/// The JSON that answers a denial in the old form.
pub(crate) fn old_denial() -> Value {
    json!({
        "messages": [],
        "stop_reason": {"message_type": "stop_reason", "stop_reason": "invalid_tool_call"},
        "usage": {
            "message_type": "usage_statistics",
            "completion_tokens": 0,
            "prompt_tokens": 0,
            "total_tokens": 0,
            "step_count": 0,
            "run_ids": null,
            "cached_input_tokens": null,
            "cache_write_tokens": null,
            "reasoning_tokens": null,
            "context_tokens": null,
        },
        "logprobs": null,
        "turns": null,
    })
}
