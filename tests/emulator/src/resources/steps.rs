//! Steps of runs: each is one call of a model.

use axum::response::Response;
use jiff::Timestamp;
use letta_api::types::{FeedbackType, Message, ProviderTrace, Step};
use serde_json::{Map, Value, json};

use crate::call::{Call, null, ok, written};
use crate::http::refusal::Refusal;
use crate::resources::dates::{self, Span};
use crate::resources::members::{text, texts};
use crate::resources::messages::{raw, text_of};
use crate::resources::runs;
use crate::world::World;
use crate::world::page::{CursorPage, Cursors};
use crate::world::run::StepRecord;

const DEFAULT_LIMIT: usize = 50;
const DEFAULT_MESSAGE_LIMIT: usize = 100;

/// The step of this ID, or a 404.
fn found<'a>(world: &'a World, id: &str) -> Result<&'a StepRecord, Refusal> {
    world
        .steps
        .get(id)
        .ok_or_else(|| Refusal::no_such("Step", id))
}

/// Steps as they are listed.
pub(crate) fn shown(steps: Vec<&StepRecord>) -> Vec<&Step> {
    steps.into_iter().map(|record| &record.step).collect()
}

/// The server answers 400 to all of this by a fault of its own.
pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let filter = Filter::of(call)?;
    let steps = page.of_those(
        world.steps.iter(),
        |record| record.step.id.as_str(),
        Cursors::STRICT,
        |record| filter.has(&record.step) && filter.span.has_within(date(world, record)),
    )?;
    Ok(ok(&shown(steps)))
}

/// When a step was made: with its run, since a step shows no date of its own.
fn date(world: &World, record: &StepRecord) -> Timestamp {
    let run = record.step.run_id.as_ref();
    let run = run.and_then(|run| world.runs.get(run.as_str()));
    dates::of(run.and_then(|record| record.run.created_at.as_deref()))
}

/// Which steps a list has. What is `None` or empty does not count.
struct Filter {
    span: Span,
    model: Option<String>,
    agent: Option<String>,
    traces: Vec<String>,
    feedback: Option<String>,
    has_feedback: Option<bool>,
    tags: Vec<String>,
    project: Option<String>,
}

impl Filter {
    fn of(call: &Call) -> Result<Self, Refusal> {
        Ok(Self {
            span: Span::of_query(call, "start_date", "end_date")?,
            model: call.query("model"),
            agent: call.query("agent_id"),
            traces: call.query_all("trace_ids").map(Into::into).collect(),
            feedback: call.query("feedback"),
            has_feedback: call.query_flag("has_feedback"),
            tags: call.query_all("tags").map(Into::into).collect(),
            project: call.query("project_id"),
        })
    }

    fn has(&self, step: &Step) -> bool {
        let is = |wanted: &Option<String>, has: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == has
        };
        let trace = step.trace_id.as_ref();
        is(&self.model, step.model.as_deref())
            && is(&self.agent, step.agent_id.as_ref().map(|it| it.as_str()))
            && is(&self.feedback, step.feedback.as_ref().map(|it| it.as_str()))
            && is(
                &self.project,
                step.project_id.as_ref().map(|it| it.as_str()),
            )
            && self
                .has_feedback
                .is_none_or(|wanted| step.feedback.is_some() == wanted)
            && (self.traces.is_empty() || trace.is_some_and(|it| self.traces.contains(it)))
            && (self.tags.is_empty() || step.tags.iter().any(|tag| self.tags.contains(tag)))
    }
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&found(world, call.path("step_id"))?.step))
}

pub(crate) fn metrics(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    Ok(ok(&found(world, call.path("step_id"))?.metrics))
}

/// Feedback that is left out is taken back. Tags replace tags, but none do not.
pub(crate) fn update_feedback(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("step_id");
    let record = world.steps.get_mut(id);
    let record = record.ok_or_else(|| Refusal::no_such("Step", id))?;
    let feedback = text(call.json(), "feedback");
    record.step.feedback = feedback.map(FeedbackType::from);
    let tags = texts(call.json(), "tags");
    if !tags.is_empty() {
        record.step.tags = tags;
    }
    Ok(ok(&record.step))
}

/// A step that does not exist has no messages.
pub(crate) fn messages(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_MESSAGE_LIMIT)?;
    let page = page.oldest_first_by_default(&call.query);
    let messages = runs::of_step(world, &call.path("step_id").into());
    let page = page.of(messages.iter(), |it| it.id.as_str(), Cursors::STRICT)?;
    let shown: Vec<Value> = page.into_iter().flat_map(|it| raw(it)).collect();
    Ok(ok(&shown))
}

/// A stand-in for what was sent to the model and what it answered: the texts of the step. `null` if there is no such step.
pub(crate) fn trace(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let Some(record) = world.steps.get(call.path("step_id")) else {
        return Ok(null());
    };
    let step = &record.step;
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    let messages = runs::of_step(world, &step.id);
    for message in messages.iter().flat_map(|message| &message.shown) {
        let text = text_of(message);
        match message {
            Message::UserMessage(_) => asked.push(json!({"role": "user", "content": text})),
            Message::SystemMessage(_) => asked.push(json!({"role": "system", "content": text})),
            Message::AssistantMessage(_) => {
                let message = json!({"role": "assistant", "content": text});
                answered.push(json!({"index": answered.len(), "message": message}));
            }
            _ => {}
        }
    }
    let request = json!({"model": step.model, "messages": asked});
    let usage = json!({
        "prompt_tokens": step.prompt_tokens,
        "completion_tokens": step.completion_tokens,
        "total_tokens": step.total_tokens,
    });
    let response = json!({"model": step.model, "choices": answered, "usage": usage});
    let id = step.id.as_str().replacen("step-", "provider_trace-", 1);
    let mut trace = ProviderTrace::new(id, members(request), members(response));
    trace.step_id = Some(step.id.clone());
    trace.agent_id.clone_from(&step.agent_id);
    trace.run_id.clone_from(&step.run_id);
    trace.call_type = Some("agent_step".to_owned());
    trace.created_at = Some(written(date(world, record)));
    Ok(ok(&trace))
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::fixture::{after, answer, call, filled, ids, members};

    #[test]
    fn steps_are_listed_by_filters_and_cursors() {
        let mut world = filled().world;
        let step = &mut world.steps.get_mut("step-2").unwrap().step;
        step.feedback = Some(FeedbackType::Positive);
        step.tags = vec!["good".to_owned()];
        step.trace_id = Some("trace-2".to_owned());
        step.project_id = Some("project-1".into());
        let step = &mut world.steps.get_mut("step-4").unwrap().step;
        step.feedback = Some(FeedbackType::Negative);
        step.model = Some("gpt-5".to_owned());
        let (start, end) = (after(30).to_string(), after(50).to_string());
        for (query, expected) in [
            ("", "6 5 4 3 2 1"),
            ("order=asc&limit=2", "1 2"),
            ("limit=2&after=step-5", "4 3"),
            ("before=step-5", "6"),
            ("agent_id=agent-2", "6 3"),
            ("model=gpt-5", "4"),
            ("feedback=negative", "4"),
            ("has_feedback=true", "4 2"),
            ("has_feedback=false&limit=1", "6"),
            ("tags=good&tags=bad", "2"),
            ("trace_ids=trace-2&trace_ids=trace-3", "2"),
            ("project_id=project-1", "2"),
            (&*format!("start_date={start}&end_date={end}"), "4"),
        ] {
            let found = answer(&mut world, list, &call(&[], query, Value::Null)).unwrap();
            assert_eq!(ids(&found), expected, "{query}");
        }
        for query in ["after=step-9", "start_date=soon"] {
            let refused = answer(&mut world, list, &call(&[], query, Value::Null));
            assert!(refused.is_err(), "{query}");
        }
    }

    #[test]
    fn a_step_takes_feedback_and_has_messages_metrics_and_a_trace() {
        let mut world = filled().world;
        let path = |step| [("step_id", step)];
        for (body, feedback, tags) in [
            (
                json!({"feedback": "positive", "tags": ["a"]}),
                json!("positive"),
                json!(["a"]),
            ),
            (
                json!({"feedback": "negative", "tags": []}),
                json!("negative"),
                json!(["a"]),
            ),
            (json!({"tags": ["b"]}), Value::Null, json!(["b"])),
        ] {
            let change = call(&path("step-1"), "", body);
            answer(&mut world, update_feedback, &change).unwrap();
            let found = call(&path("step-1"), "", Value::Null);
            let found = answer(&mut world, get, &found).unwrap();
            assert_eq!((&found["feedback"], &found["tags"]), (&feedback, &tags));
        }
        let found = call(&path("step-2"), "", Value::Null);
        assert_eq!(answer(&mut world, metrics, &found).unwrap()["id"], "step-2");
        let trace_of = answer(&mut world, trace, &found).unwrap();
        assert_eq!(trace_of["request_json"]["messages"][0]["content"], "two");
        let choice = &trace_of["response_json"]["choices"][0];
        assert_eq!(choice["message"]["content"], "You said: two");
        assert_eq!(
            (&trace_of["run_id"], &trace_of["step_id"]),
            (&json!("run-2"), &json!("step-2"))
        );
        for (query, expected) in [
            ("", "u2 a2 a2"),
            ("order=desc", "a2 a2 u2"),
            ("limit=1", "u2"),
            ("after=message-u2", "a2 a2"),
            ("order=desc&after=message-a2", "u2"),
        ] {
            let found = call(&path("step-2"), query, Value::Null);
            let found = answer(&mut world, messages, &found).unwrap();
            assert_eq!(ids(&found), expected, "{query}");
        }
        let found = answer(&mut world, messages, &found).unwrap();
        assert_eq!(members(&found, "reasoning"), ["", "You said: two", "Hm."]);

        let none = call(&path("step-9"), "", Value::Null);
        for handler in [get, metrics, update_feedback] {
            assert!(answer(&mut world, handler, &none).is_err());
        }
        assert_eq!(answer(&mut world, trace, &none).unwrap(), Value::Null);
        assert_eq!(answer(&mut world, messages, &none).unwrap(), json!([]));
        let unknown = call(&path("step-2"), "after=message-9", Value::Null);
        assert!(answer(&mut world, messages, &unknown).is_err());
    }
}
