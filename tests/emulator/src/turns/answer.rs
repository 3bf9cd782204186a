//! Answers to requests for approval, and what comes of the calls that they are about.

use std::collections::BTreeSet;

use jiff::Timestamp;
use letta_api::types::{ApprovalResult, ApprovalReturn, RunId, StepId, ToolReturn};

use crate::turns::said::call_id;
use crate::turns::speech::{self, Envelope};
use crate::turns::trouble::Trouble;
use crate::world::thread::{Pending, PendingCall, StoredMessage, Thread};

/// Why a request is denied if its run is cancelled.
const DENIED_ON_CANCEL: &str = "The user cancelled the request, so the tool call was denied.";

/// An answer to a request for approval.
pub(crate) struct Answered {
    pub(crate) response: StoredMessage,
    /// The step that called.
    pub(crate) step_id: StepId,
    pub(crate) returns: Vec<ToolReturn>,
    /// The name of a tool that ran at the server, if one did.
    pub(crate) ran: Option<String>,
}

/// The answers that the old form stands for. It names the request and not its calls, so it can answer one call alone.
pub(crate) fn from_old_form(
    thread: &Thread,
    approve: bool,
    request: Option<&str>,
) -> Result<Vec<ApprovalResult>, Trouble> {
    let Some(pending) = &thread.pending else {
        return Err(Trouble::none_pending());
    };
    if !approve {
        return Err(Trouble::OldDenial);
    }
    let [call] = &pending.calls[..] else {
        return Err(Trouble::wrong_calls(
            ids(&pending.calls),
            request.into_iter(),
        ));
    };
    Ok(vec![ApprovalReturn::new(&*call.id, true).into()])
}

/// Whether these answers were given before.
pub(crate) fn was_given(thread: &Thread, answers: &[ApprovalResult]) -> bool {
    let mut given: Vec<&str> = answers.iter().map(call_id).collect();
    given.sort_unstable();
    thread.answered.iter().any(|it| {
        let mut ids: Vec<&str> = it.iter().map(String::as_str).collect();
        ids.sort_unstable();
        ids == given
    })
}

/// Takes the request that waits, if there is one and the answers name exactly its calls.
pub(crate) fn take_pending(
    thread: &mut Thread,
    answers: &[ApprovalResult],
) -> Result<Pending, Trouble> {
    let pending = thread
        .pending
        .take_if(|pending| names_exactly(answers, &pending.calls));
    let Some(pending) = pending else {
        return Err(match &thread.pending {
            Some(pending) => Trouble::wrong_calls(ids(&pending.calls), answers.iter().map(call_id)),
            None => Trouble::none_pending(),
        });
    };
    thread.answered(&pending);
    Ok(pending)
}

/// Whether each call is answered once, and nothing else is.
fn names_exactly(answers: &[ApprovalResult], calls: &[PendingCall]) -> bool {
    let expected: BTreeSet<&str> = ids(calls).collect();
    let given: BTreeSet<&str> = answers.iter().map(call_id).collect();
    expected == given && answers.len() == expected.len()
}

fn ids(calls: &[PendingCall]) -> impl Iterator<Item = &str> {
    calls.iter().map(|call| &*call.id)
}

impl Answered {
    /// What comes of these answers to this request.
    pub(crate) fn new(
        pending: &Pending,
        answers: Vec<ApprovalResult>,
        run: &RunId,
        now: Timestamp,
    ) -> Self {
        let (returns, ran) = returns(pending, &answers);
        let envelope = Envelope::new(run, &pending.step_id, now);
        let shown = speech::approval_response(&envelope, answers);
        Self {
            response: envelope.stored(vec![shown]),
            step_id: pending.step_id.clone(),
            returns,
            ran,
        }
    }
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
