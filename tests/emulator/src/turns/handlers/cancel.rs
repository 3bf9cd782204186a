//! Cancelling runs.

use std::sync::Arc;

use axum::http::StatusCode;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use letta_api::types::{RunStatus, StopReasonType};
use serde_json::{Map, Value};

use super::Answer;
use super::target::{direct, going_on};
use crate::call::{Call, ok_value};
use crate::http::refusal::{Refusal, shown_id};
use crate::turns::answer::denied;
use crate::turns::stage::Stage;
use crate::world::thread::ThreadKey;

pub(crate) fn cancel_runs(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let agent = call.path("agent_id");
        let asked = call.json().get("run_ids").and_then(Value::as_array);
        let mut asked: Vec<String> = asked
            .into_iter()
            .flatten()
            .filter_map(|it| it.as_str().map(str::to_owned))
            .collect();
        if asked.is_empty() {
            asked.extend(stage.live().newest(agent).map(str::to_owned));
        }
        if asked.is_empty() {
            return Err(none_active("agent", agent));
        }
        // A token opens its agent, and not what other agents do.
        let (runs, others): (Vec<_>, Vec<_>) = {
            let world = stage.world();
            asked.into_iter().partition(|run| {
                let run = world.runs.get(run);
                !call.by_token || run.is_some_and(|it| it.run.agent_id.as_str() == agent)
            })
        };
        let mut answer = cancel(&stage, &runs);
        answer.extend(others.into_iter().map(|run| (run, "failed".into())));
        Ok(ok_value(answer.into()))
    }
    .boxed()
}

pub(crate) fn cancel_conversation(stage: Arc<Stage>, call: Call) -> BoxFuture<'static, Answer> {
    async move {
        let id = call.path("conversation_id");
        let agent = call.query("agent_id");
        let agent = direct(id, agent.as_deref());
        let runs: Vec<String> = {
            let world = stage.world();
            if agent.is_none() && !world.conversations.contains(id) {
                return Err(Refusal::no_such("Conversation", id));
            }
            let runs = going_on(&world, id, agent).take(100);
            runs.map(|run| run.id.to_string()).collect()
        };
        if runs.is_empty() {
            return Err(none_active("conversation", id));
        }
        Ok(ok_value(cancel(&stage, &runs).into()))
    }
    .boxed()
}

fn none_active(what: &str, id: &str) -> Refusal {
    let of = shown_id(id).unwrap_or("of this ID");
    Refusal::detail(
        StatusCode::CONFLICT,
        format!("CONFLICT: No active runs to cancel for {what} {of}"),
    )
}

/// Cancels runs. The answer is `cancelled` for a run that was over before, too, which stays as it was.
fn cancel(stage: &Stage, runs: &[String]) -> Map<String, Value> {
    let mut answer = Map::new();
    for id in runs {
        let mut world = stage.world();
        let Some(record) = world.runs.get_mut(id) else {
            answer.insert(id.clone(), "failed".into());
            continue;
        };
        answer.insert(id.clone(), "cancelled".into());
        if !matches!(
            record.run.stop_reason,
            None | Some(StopReasonType::RequiresApproval)
        ) {
            continue;
        }
        record.run.status = Some(RunStatus::Cancelled);
        record.run.stop_reason = Some(StopReasonType::Cancelled);
        let run = record.run.id.clone();
        let agent = record.run.agent_id.clone();
        if let Some(live) = stage.live().run(id) {
            live.cancel();
        }
        // What waits in the agent's own thread is denied by that, whichever run it waits for.
        let thread = world.thread_mut(&ThreadKey::Agent(agent));
        if let Some(thread) = thread
            && let Some(pending) = thread.pending.take()
        {
            thread.answered(&pending);
            thread.messages.extend(denied(&pending, &run, stage.now()));
        }
    }
    answer
}
