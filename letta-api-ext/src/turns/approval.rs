//! A request that waits for an answer, and the answer to it: all calls at once, or none.

use std::collections::HashMap;
use std::fmt;

use letta_api::types::{
    ApprovalResult, ApprovalReturn, CreateApproval, CreateToolReturn, MessageId, MessageInput,
    ToolCallId, ToolReturn, ToolReturnStatus, ToolReturnValue,
};

use super::answer::Answer;
use super::event::ToolCall;
use super::transcript::Pending;
use super::turn::{Settings, Turn};
use crate::error::{Error, Result};

/// An agent that waits: it calls tools that somebody must approve, or that the application runs.
///
/// From [`Answer::outcome`], or from `pending_approval()` of an agent or a conversation, for one that an earlier process left. Until it is
/// answered, the agent takes no other message. It is answered once, and for all calls at once: what answers takes it by value.
///
/// ```no_run
/// # async fn run(pending: letta_api_ext::turns::PendingApproval) -> Result<(), letta_api_ext::Error> {
/// let turn = pending.approve_all();
/// # turn.send().await?; Ok(())
/// # }
/// ```
///
/// A second answer does not compile:
///
/// ```compile_fail,E0382
/// # async fn run(pending: letta_api_ext::turns::PendingApproval) -> Result<(), letta_api_ext::Error> {
/// let turn = pending.approve_all();
/// let again = pending.deny_all("Or rather not.");
/// # turn.send().await?; again.send().await?; Ok(())
/// # }
/// ```
///
/// Dropping it answers nothing. Cancelling the run denies all calls.
#[derive(Debug)]
#[must_use = "the agent waits until its calls are answered"]
pub struct PendingApproval {
    pub(super) settings: Box<Settings>,
    pub(super) pending: Pending,
    pub(super) before: Option<Box<Answer>>,
}

/// What becomes of one call.
#[derive(Clone)]
pub struct Decision(Decided);

#[derive(Clone)]
enum Decided {
    Approved,
    Denied(String),
    Returned(ToolReturnValue, ToolReturnStatus),
}

/// The answer to a request, checked when it is sent.
#[derive(Debug)]
pub(super) struct Decisions {
    pub(super) decided: Result<Vec<(ToolCall, Option<Decision>)>>,
}

/// It shows neither reason nor result.
impl fmt::Debug for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Decided::Approved => "Approved",
            Decided::Denied(_) => "Denied(..)",
            Decided::Returned(..) => "Returned(..)",
        })
    }
}

impl Decision {
    /// The service may run the tool.
    ///
    /// A tool that the application offered is not at the service, so approving a call of it is refused when the answer is sent: return a
    /// [result](Self::result).
    pub fn approve() -> Self {
        Self(Decided::Approved)
    }

    /// The call is not allowed. The agent gets the reason.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self(Decided::Denied(reason.into()))
    }

    /// The application has done what the call asks for, and this is the result.
    ///
    /// For a tool of the service, the result is taken instead of running it.
    pub fn result(result: impl Into<ToolReturnValue>) -> Self {
        Self(Decided::Returned(result.into(), ToolReturnStatus::Success))
    }

    /// The application could not do what the call asks for, and this is why.
    pub fn failed(reason: impl Into<ToolReturnValue>) -> Self {
        Self(Decided::Returned(reason.into(), ToolReturnStatus::Error))
    }
}

impl PendingApproval {
    /// The calls that need a decision, in the agent's order.
    ///
    /// Calls of [tools in Rust](super::Turn::tools) of this turn are not among them: they run when the answer is sent.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = &ToolCall> {
        let calls = self.pending.calls.iter();
        let calls: Vec<&ToolCall> = calls
            .filter(|call| !self.settings.runs(call.name()))
            .collect();
        calls.into_iter()
    }

    /// The ID of the request: of the message that has the calls.
    pub fn request_id(&self) -> &MessageId {
        &self.pending.request
    }

    /// What the agent said before it asked. `None` if an earlier process left the request.
    pub fn before(&self) -> Option<&Answer> {
        self.before.as_deref()
    }

    /// Runs calls of these tools when the answer is sent, and offers them again: the agent's model knows none that is not offered. For a
    /// request that an earlier process left; one of this turn has its tools already.
    #[cfg(feature = "tools")]
    pub fn tools(mut self, tools: &super::tools::Tools) -> Self {
        self.settings.tools = Some(tools.clone());
        self
    }

    /// Answers each call by this function. The answer is sent by [`send`](Turn::send) or [`stream`](Turn::stream), as a turn of its own.
    pub fn decide(self, mut decide: impl FnMut(&ToolCall) -> Decision) -> Turn {
        let decided = self.pending.calls.iter().map(|call| {
            let decision = (!self.settings.runs(call.name())).then(|| decide(call));
            (call.clone(), decision)
        });
        let decided = Ok(decided.collect());
        self.into_turn(decided)
    }

    /// Answers each call as these pairs of a call's ID and a decision say.
    ///
    /// Sending it is an error if a call has no decision or two, or if an ID is not that of a [call](Self::calls). Then nothing is sent, and
    /// the request can be found again by `pending_approval()`.
    pub fn decisions<I: Into<ToolCallId>>(
        self,
        decisions: impl IntoIterator<Item = (I, Decision)>,
    ) -> Turn {
        let decided = self.paired(decisions);
        self.into_turn(decided)
    }

    /// Approves all calls, except those of tools in Rust of this turn, which run.
    pub fn approve_all(self) -> Turn {
        self.decide(|_| Decision::approve())
    }

    /// Denies all calls, for this reason.
    pub fn deny_all(self, reason: impl Into<String>) -> Turn {
        let denied = Decision::deny(reason);
        self.decide(|_| denied.clone())
    }

    fn paired<I: Into<ToolCallId>>(
        &self,
        decisions: impl IntoIterator<Item = (I, Decision)>,
    ) -> Result<Vec<(ToolCall, Option<Decision>)>> {
        let mut by_id = HashMap::new();
        for (id, decision) in decisions {
            let id = id.into();
            let rule = match self.pending.calls.iter().find(|call| call.id == id) {
                None => Some("must be the ID of a call that waits"),
                Some(call) if self.settings.runs(call.name()) => {
                    Some("must not be a call of a tool in Rust, which the turn runs")
                }
                Some(_) if by_id.contains_key(&id) => Some("must not have two decisions"),
                Some(_) => None,
            };
            if let Some(rule) = rule {
                return Err(Error::invalid_input("decisions", rule, Some(id.as_str())));
            }
            by_id.insert(id, decision);
        }
        let calls = self.pending.calls.iter().map(|call| {
            let decision = by_id.remove(&call.id);
            if decision.is_none() && !self.settings.runs(call.name()) {
                let rule = "must have a decision for each call that waits; this one has none:";
                let id = call.id.as_str();
                return Err(Error::invalid_input("decisions", rule, Some(id)));
            }
            Ok((call.clone(), decision))
        });
        calls.collect()
    }

    fn into_turn(self, decided: Result<Vec<(ToolCall, Option<Decision>)>>) -> Turn {
        Turn::answering(*self.settings, Decisions { decided })
    }
}

/// Checks decisions against the tools that the application offers, before anything is sent.
pub(super) fn check(decided: &[(ToolCall, Option<Decision>)], settings: &Settings) -> Result<()> {
    for (call, decision) in decided {
        let is_approved = matches!(decision, Some(Decision(Decided::Approved)));
        if is_approved && settings.offers(call.name()) {
            let rule = "must not approve a call of a tool that the application offered, since the service does not have \
                        it: return a result";
            return Err(Error::invalid_input("decisions", rule, Some(call.name())));
        }
    }
    Ok(())
}

/// The message that answers a request. `ran` are the results of the tools in Rust.
///
/// Only in the new form: in the old one, a denial is accepted and the request still waits.
pub(super) fn to_message(
    decided: Vec<(ToolCall, Option<Decision>)>,
    ran: Vec<ToolReturn>,
) -> MessageInput {
    let mut ran: HashMap<String, ToolReturn> = ran
        .into_iter()
        .map(|done| (done.tool_call_id.as_str().to_owned(), done))
        .collect();
    let results: Vec<ApprovalResult> = decided
        .into_iter()
        .map(
            |(call, decision)| match decision.map(|decision| decision.0) {
                Some(Decided::Approved) => approval(ApprovalReturn::new(call.id, true)),
                Some(Decided::Denied(reason)) => {
                    approval(ApprovalReturn::new(call.id, false).with_reason(reason))
                }
                Some(Decided::Returned(value, status)) => {
                    ApprovalResult::ToolReturn(Box::new(ToolReturn::new(value, status, call.id)))
                }
                None => {
                    let done = ran.remove(call.id.as_str()).unwrap_or_else(|| {
                        let text = ToolReturnValue::Text("The tool did not run.".to_owned());
                        ToolReturn::new(text, ToolReturnStatus::Error, call.id)
                    });
                    ApprovalResult::ToolReturn(Box::new(done))
                }
            },
        )
        .collect();
    let returns: Option<Vec<ToolReturn>> = results
        .iter()
        .map(|result| match result {
            ApprovalResult::ToolReturn(done) => Some((**done).clone()),
            _ => None,
        })
        .collect();
    match returns {
        Some(returns) => MessageInput::CreateToolReturn(Box::new(CreateToolReturn::new(returns))),
        None => {
            let approval = CreateApproval::new().with_approvals(results);
            MessageInput::CreateApproval(Box::new(approval))
        }
    }
}

fn approval(decided: ApprovalReturn) -> ApprovalResult {
    ApprovalResult::ApprovalReturn(Box::new(decided))
}
