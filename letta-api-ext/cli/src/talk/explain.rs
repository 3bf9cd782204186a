//! What went wrong with a turn, and what to do next.

use letta_api_ext::Error;
use letta_api_ext::turns::PendingApproval;

use super::decide;
use super::thread::Thread;
use crate::context::Context;
use crate::failure::{Failure, Kind};

/// A failure of a turn, with what to do about it with this agent.
pub(crate) fn explain(error: Error, thread: &Thread) -> Failure {
    let advice = advice_on(&error, thread.words());
    let failure = Failure::from(error);
    match advice {
        Some(advice) => failure.advise(advice),
        None => failure,
    }
}

/// The agent waits for an answer, and nobody gives one now. Says what it asks for.
pub(crate) fn unanswered(pending: &PendingApproval, thread: &Thread, context: &Context) -> Failure {
    let count = pending.calls().len();
    for (place, call) in pending.calls().enumerate() {
        context.note(decide::title(call, place + 1, count));
        context.note(decide::describe(call));
    }
    let calls = match count {
        1 => "a call of a tool".to_owned(),
        count => format!("{count} calls of tools"),
    };
    let message = format!("the agent waits for an approval of {calls}");
    Failure::new(Kind::Busy, message).advise(how_to_answer(thread.words()))
}

fn how_to_answer(agent: &str) -> String {
    format!(
        "Decide in `letta chat {agent}`, or answer without looking: `letta send {agent} --deny-all` or --approve-all."
    )
}

fn advice_on(error: &Error, agent: &str) -> Option<String> {
    if error.is_pending_approval() {
        return Some(how_to_answer(agent));
    }
    if error.is_busy() {
        let run = error.run_id();
        let follow = run.map_or_else(
            || "See what it does: `letta runs --active`.".to_owned(),
            |run| format!("See what it does: `letta run tail {run}`."),
        );
        return Some(format!(
            "Nothing was said. {follow} To wait for it: --wait 5m."
        ));
    }
    if error.code().is_some_and(|code| code.starts_with("llm_")) {
        return Some(format!(
            "The agent's model failed. Before you say it again, see what the agent knows: `letta messages {agent}`."
        ));
    }
    if error.may_have_happened() {
        return Some(match (error.otid(), error.run_id()) {
            (Some(otid), _) => format!(
                "The agent may have heard it. Do not say it again: go on with `letta send {agent} --resume --otid {otid}`."
            ),
            (None, Some(run)) => format!(
                "The agent may have heard it. Do not say it again: see `letta run tail {run}`."
            ),
            (None, None) => format!(
                "The agent may have heard it. Before you say it again, see `letta messages {agent}`."
            ),
        });
    }
    None
}
