//! Runs: turns of agents, as they are kept.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::{Run, RunStatus, RunUsage, StepId};
use serde_json::Value;

use crate::call::{Call, ok};
use crate::http::refusal::{Refusal, shown_id};
use crate::resources::dates;
use crate::resources::members::text;
use crate::resources::steps;
use crate::world::World;
use crate::world::page::{CursorPage, Cursors, UnknownCursor};
use crate::world::run::RunRecord;
use crate::world::thread::StoredMessage;

const DEFAULT_LIMIT: usize = 100;
const LARGEST_LIMIT: usize = 1_000;
const CURSORS: Cursors = Cursors {
    unknown_is_an_error: false,
    swapped: true,
};
const STATUSES: [RunStatus; 5] = [
    RunStatus::Created,
    RunStatus::Running,
    RunStatus::Completed,
    RunStatus::Failed,
    RunStatus::Cancelled,
];

/// The run of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a RunRecord, Refusal> {
    if !id.starts_with("run-") {
        let id = shown_id(id).unwrap_or("a value not shown here");
        return Err(Refusal::detail(
            StatusCode::BAD_REQUEST,
            format!(
                "INVALID_ARGUMENT: Invalid run ID format: {id}. Expected format: 'run-<uuid4>'"
            ),
        ));
    }
    world
        .runs
        .get(id)
        .ok_or_else(|| Refusal::no_such("Run", id))
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    if !(1..=LARGEST_LIMIT).contains(&page.limit()) {
        return Err(Refusal::unprocessable(
            "limit must be a whole number from 1 to 1000",
        ));
    }
    let page = match call.query_flag("ascending") {
        Some(true) => page.with_oldest_first(true),
        _ => page,
    };
    let filter = Filter::of(call)?;
    let runs = page.of_those(
        world.runs.iter(),
        |record| record.run.id.as_str(),
        CURSORS,
        |record| filter.has(&record.run),
    )?;
    let runs: Vec<Run> = runs.into_iter().map(listed).collect();
    Ok(ok(&runs))
}

/// A run as it is listed: with how long it took, which only the list says.
fn listed(record: &RunRecord) -> Run {
    let mut run = record.run.clone();
    let time = |written: &Option<String>| written.as_deref().and_then(dates::parse);
    if run.total_duration_ns.is_none()
        && let (Some(began), Some(ended)) = (time(&run.created_at), time(&run.completed_at))
    {
        run.total_duration_ns = began.duration_until(ended).as_nanos().try_into().ok();
    }
    run
}

/// Which runs a list has. What is `None` or empty does not count.
struct Filter {
    agents: Vec<String>,
    statuses: Vec<RunStatus>,
    background: Option<bool>,
    stop_reason: Option<String>,
    conversation: Option<String>,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, Refusal> {
        let agent = call.query("agent_id").filter(|agent| !agent.is_empty());
        let agents = match agent {
            Some(agent) => vec![agent],
            None => call.query_all("agent_ids").map(Into::into).collect(),
        };
        let statuses = call.query_all("statuses").map(|status| {
            let status = RunStatus::from(status.into_owned());
            match STATUSES.contains(&status) {
                true => Ok(status),
                false => Err(Refusal::detail(
                    StatusCode::BAD_REQUEST,
                    "statuses has what is not a status of a run",
                )),
            }
        });
        let mut statuses: Vec<RunStatus> = statuses.collect::<Result<_, _>>()?;
        if statuses.is_empty() && call.query_flag("active") == Some(true) {
            statuses = vec![RunStatus::Created, RunStatus::Running];
        }
        Ok(Self {
            agents,
            statuses,
            background: call.query_flag("background"),
            stop_reason: call.query("stop_reason"),
            conversation: call.query("conversation_id"),
        })
    }

    fn has(&self, run: &Run) -> bool {
        let stop_reason = run.stop_reason.as_ref().map(|it| it.as_str());
        let conversation = run.conversation_id.as_ref().map(|it| it.as_str());
        let status = run.status.as_ref();
        (self.agents.is_empty() || self.agents.iter().any(|it| it == run.agent_id.as_str()))
            && (self.statuses.is_empty()
                || status.is_some_and(|status| self.statuses.contains(status)))
            && self
                .background
                .is_none_or(|it| run.background.unwrap_or_default() == it)
            && (self.stop_reason.is_none() || self.stop_reason.as_deref() == stop_reason)
            && (self.conversation.is_none() || self.conversation.as_deref() == conversation)
    }
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&found(world, call.path("run_id"))?.run))
}

/// What was said in a run, the oldest first unless the query says otherwise.
pub(crate) fn messages(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let page = page.oldest_first_by_default(&call.query);
    let record = found(world, call.path("run_id"))?;
    let id = &record.run.id;
    let thread = world.thread(&record.thread);
    let messages = thread
        .map(|thread| &thread.messages[..])
        .unwrap_or_default();
    let is_of_run = |message: &&StoredMessage| message.run_id.as_ref() == Some(id);
    let messages: Vec<&StoredMessage> = messages.iter().filter(is_of_run).collect();
    let page_of = page.of_history(
        &messages,
        |message| message.id.as_str(),
        |_| true,
        UnknownCursor::Refused,
    )?;
    let mut shown: Vec<Value> = page_of
        .into_iter()
        .flat_map(|message| message.to_wire())
        .collect();
    if !page.is_oldest_first() {
        shown.reverse();
    }
    let config = record.run.request_config.as_ref();
    if let Some(types) = config.and_then(|it| it.include_return_message_types.as_ref()) {
        let is_wanted = |message: &Value| {
            let of_message = text(message, "message_type").unwrap_or_default();
            types.iter().any(|it| it.as_str() == of_message)
        };
        shown.retain(|message| types.is_empty() || is_wanted(message));
    }
    Ok(ok(&shown))
}

pub(crate) fn steps(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let id = &found(world, call.path("run_id"))?.run.id;
    let steps = page.of_those(
        world.steps.iter(),
        |record| record.step.id.as_str(),
        Cursors::STRICT,
        |record| record.step.run_id.as_ref() == Some(id),
    )?;
    Ok(ok(&steps::shown(steps)))
}

/// The sum of its steps.
pub(crate) fn usage(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = &found(world, call.path("run_id"))?.run.id;
    let mut usage = RunUsage::new();
    let steps = world.steps.iter().map(|record| &record.step);
    for step in steps.filter(|step| step.run_id.as_ref() == Some(id)) {
        usage.prompt_tokens += step.prompt_tokens.unwrap_or_default();
        usage.completion_tokens += step.completion_tokens.unwrap_or_default();
        usage.total_tokens += step.total_tokens.unwrap_or_default();
    }
    Ok(ok(&usage))
}

/// As the server without its store of traces, which does not look for the run.
pub(crate) fn trace(_: &Call, _: &mut World) -> Result<Response, Refusal> {
    Err(Refusal::detail(
        StatusCode::NOT_IMPLEMENTED,
        "traces of runs need a store of traces, which letta-api-emulator does not have",
    ))
}

/// The messages of a step, oldest first.
pub(crate) fn of_step<'a>(world: &'a World, step: &StepId) -> Vec<&'a StoredMessage> {
    let record = world.steps.get(step.as_str());
    let run = record.and_then(|record| record.step.run_id.as_ref());
    let run = run.and_then(|run| world.runs.get(run.as_str()));
    let thread = run.and_then(|run| world.thread(&run.thread));
    let messages = thread
        .map(|thread| &thread.messages[..])
        .unwrap_or_default();
    let is_of_step = |message: &&StoredMessage| message.step_id.as_ref() == Some(step);
    messages.iter().filter(is_of_step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::fixture::{answer, call, filled, ids};
    use letta_api::types::{MessageType, RunRequestConfig, StopReasonType};

    #[test]
    fn runs_are_listed_by_filters_and_by_cursors_that_are_the_other_way_round() {
        let mut world = filled().world;
        let failed = world.runs.get_mut("run-3").unwrap();
        failed.run.status = Some(RunStatus::Failed);
        failed.run.stop_reason = Some(StopReasonType::LlmApiError);
        world.runs.get_mut("run-6").unwrap().run.status = Some(RunStatus::Running);
        world.runs.get_mut("run-5").unwrap().run.status = Some(RunStatus::Created);
        for (query, expected) in [
            ("", "6 5 4 3 2 1"),
            ("order=asc", "1 2 3 4 5 6"),
            ("ascending=true", "1 2 3 4 5 6"),
            ("limit=2", "6 5"),
            ("limit=2&before=run-5", "4 3"),
            ("limit=2&order=asc&before=run-2", "3 4"),
            ("after=run-5", "6"),
            ("before=run-9", "6 5 4 3 2 1"),
            ("agent_id=agent-2", "6 3"),
            ("agent_ids=agent-2", "6 3"),
            ("agent_ids=agent-2&agent_ids=agent-1&limit=1", "6"),
            ("agent_id=agent-1&agent_ids=agent-2", "5 4 2 1"),
            ("agent_id=agent-9", ""),
            ("conversation_id=conv-1", "5 2"),
            ("statuses=failed", "3"),
            ("statuses=failed&statuses=running", "6 3"),
            ("active=true", "6 5"),
            ("active=true&statuses=failed", "3"),
            ("background=true", "6 4 2"),
            ("background=false&agent_id=agent-1", "5 1"),
            ("stop_reason=llm_api_error", "3"),
            ("statuses=completed&before=run-3", "2 1"),
        ] {
            let found = answer(&mut world, list, &call(&[], query, Value::Null)).unwrap();
            assert_eq!(ids(&found), expected, "{query}");
        }
        let run = world.runs.get_mut("run-1").unwrap();
        run.run.completed_at = Some("2026-03-01T12:00:11.5Z".to_owned());
        let oldest = call(&[], "order=asc&limit=1", Value::Null);
        let oldest = answer(&mut world, list, &oldest).unwrap();
        assert_eq!(oldest[0]["total_duration_ns"], 1_500_000_000);
        for query in ["statuses=done", "limit=0", "limit=1001", "order=up"] {
            let refused = answer(&mut world, list, &call(&[], query, Value::Null));
            assert!(refused.is_err(), "{query}");
        }
    }

    #[test]
    fn a_run_has_messages_steps_and_usage() {
        let mut world = filled().world;
        let path = |run| [("run_id", run)];
        let found = answer(&mut world, get, &call(&path("run-2"), "", Value::Null)).unwrap();
        assert_eq!(found["conversation_id"], "conv-1");
        for (query, expected) in [
            ("", "u2 a2 a2"),
            ("order=desc", "a2 a2 u2"),
            ("limit=1", "u2"),
            ("order=desc&limit=1", "a2 a2"),
            ("after=message-u2", "a2 a2"),
            ("order=desc&before=message-a2", "u2"),
        ] {
            let found = call(&path("run-2"), query, Value::Null);
            let found = answer(&mut world, messages, &found).unwrap();
            assert_eq!(ids(&found), expected, "{query}");
        }
        let newest_first = call(&path("run-2"), "order=desc", Value::Null);
        let newest_first = answer(&mut world, messages, &newest_first).unwrap();
        assert_eq!(newest_first[0]["message_type"], "assistant_message");
        let unknown = call(&path("run-2"), "after=message-9", Value::Null);
        assert!(answer(&mut world, messages, &unknown).is_err());

        let mut config = RunRequestConfig::new();
        config.include_return_message_types = Some(vec![MessageType::UserMessage]);
        world.runs.get_mut("run-2").unwrap().run.request_config = Some(config);
        let found = call(&path("run-2"), "", Value::Null);
        assert_eq!(ids(&answer(&mut world, messages, &found).unwrap()), "u2");

        let mut step = world.steps.get("step-2").unwrap().clone();
        step.step.id = "step-2b".into();
        world.steps.insert(step).unwrap();
        for (query, expected) in [("", "2b 2"), ("order=asc", "2 2b"), ("after=step-2b", "2")] {
            let found = call(&path("run-2"), query, Value::Null);
            let found = answer(&mut world, steps, &found).unwrap();
            assert_eq!(ids(&found), expected, "{query}");
        }
        let unknown = call(&path("run-2"), "after=step-9", Value::Null);
        assert!(answer(&mut world, steps, &unknown).is_err());
        let found = answer(&mut world, usage, &call(&path("run-2"), "", Value::Null)).unwrap();
        assert_eq!(found["prompt_tokens"], 4);
        assert_eq!(found["completion_tokens"], 4);
        assert_eq!(found["total_tokens"], 8);
        for handler in [get, messages, steps, usage, trace] {
            let none = answer(&mut world, handler, &call(&path("run-9"), "", Value::Null));
            assert!(none.is_err());
        }
    }
}
