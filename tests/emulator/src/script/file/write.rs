//! From what a file says to the form that is read back as the same.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::script::act::{Act, Call, Kind, Outcome};
use crate::script::file::form::UNITS;
use crate::script::file::{ScriptFile, ScriptedAgent, ScriptedBlock, ScriptedTool};
use crate::script::reply::Reply;
use crate::script::rule::{Condition, Rule, Uses};
use crate::script::script::Script;

/// The members that are there.
fn object<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let present = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// A list, unless it is empty.
fn list<T>(items: &[T], item: fn(&T) -> Value) -> Option<Value> {
    (!items.is_empty()).then(|| items.iter().map(item).collect())
}

fn text(text: &Option<String>) -> Option<Value> {
    text.as_deref().map(Value::from)
}

fn yes(is_there: bool) -> Option<Value> {
    is_there.then_some(Value::Bool(true))
}

pub(crate) fn file(file: &ScriptFile) -> Value {
    let agents = file
        .agents
        .iter()
        .map(|one| (one.id.clone(), agent(one)))
        .collect::<Map<_, _>>();
    // A file without agents needs a script, and without both it needs one of them.
    let has_agents = !agents.is_empty() || file.script.is_none();
    object([
        ("agents", has_agents.then_some(Value::Object(agents))),
        ("script", file.script.as_ref().map(script)),
    ])
}

fn agent(agent: &ScriptedAgent) -> Value {
    object([
        ("name", text(&agent.name)),
        ("description", text(&agent.description)),
        ("system", text(&agent.system)),
        ("model", text(&agent.model)),
        ("tags", list(&agent.tags, |tag| json!(tag))),
        (
            "parallel_tool_calls",
            agent.parallel_tool_calls.map(Value::Bool),
        ),
        ("tools", list(&agent.tools, tool)),
        ("blocks", list(&agent.blocks, block)),
        ("script", agent.script.as_ref().map(script)),
    ])
}

fn tool(tool: &ScriptedTool) -> Value {
    object([
        ("name", Some(json!(tool.name))),
        ("description", text(&tool.description)),
        ("requires_approval", yes(tool.requires_approval)),
        ("returns", text(&tool.returns)),
    ])
}

fn block(block: &ScriptedBlock) -> Value {
    object([
        ("label", Some(json!(block.label))),
        ("value", Some(json!(block.value))),
        ("description", text(&block.description)),
    ])
}

pub(crate) fn script(script: &Script) -> Value {
    script.rules().iter().map(rule).collect()
}

fn rule(rule: &Rule) -> Value {
    let (when, when_exactly) = match &rule.condition {
        None => (None, None),
        Some(Condition::Contains(words)) => (Some(json!(words)), None),
        Some(Condition::Is(text)) => (None, Some(json!(text))),
    };
    let (times, always) = match rule.uses {
        Uses::Default => (None, None),
        Uses::Times(times) => (Some(json!(times)), None),
        Uses::Always => (None, yes(true)),
    };
    object([
        ("when", when),
        ("when_exactly", when_exactly),
        ("times", times),
        ("always", always),
        ("reply", Some(reply(rule.reply()))),
    ])
}

fn reply(reply: &Reply) -> Value {
    match reply.acts() {
        [one] => act(one),
        acts => acts.iter().map(act).collect(),
    }
}

/// What an agent does, as a list.
pub(crate) fn acts(acts: &[Act]) -> Value {
    acts.iter().map(act).collect()
}

fn act(act: &Act) -> Value {
    match &act.kind {
        Kind::Text(text) => json!(text),
        Kind::Reasoning(text) => json!({"reasoning": text}),
        Kind::Echo => json!({"echo": true}),
        Kind::Calls(calls) => match calls.as_slice() {
            [one] => call(one),
            calls => json!({"calls": calls.iter().map(call).collect::<Vec<_>>()}),
        },
        Kind::Pause(pause) => json!({"pause": duration(*pause)}),
        Kind::ModelFails(failure) => json!({"model_fails": failure.as_str()}),
        Kind::Refuses(text) => json!({"refuses": text}),
        Kind::Stops(reason) => json!({"stops": reason.as_str()}),
    }
}

fn call(call: &Call) -> Value {
    let (returns, fails) = match &call.outcome {
        None => (None, None),
        Some(Outcome::Returns(text)) => (Some(json!(text)), None),
        Some(Outcome::Fails(text)) => (None, Some(json!(text))),
    };
    let has_arguments = call
        .arguments()
        .is_none_or(|arguments| !arguments.is_empty());
    object([
        ("call", Some(json!(call.tool))),
        ("with", has_arguments.then(|| call.arguments.clone())),
        ("returns", returns),
        ("fails", fails),
        ("needs_approval", yes(call.needs_approval)),
        ("id", text(&call.id)),
    ])
}

/// As `1m 30s`. A pause is short enough for its nanoseconds to fit.
fn duration(pause: Duration) -> String {
    let mut rest = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
    let mut parts = Vec::new();
    for (unit, nanoseconds) in UNITS {
        if rest >= *nanoseconds {
            parts.push(format!("{}{unit}", rest / nanoseconds));
            rest %= nanoseconds;
        }
    }
    if parts.is_empty() {
        return "0s".to_owned();
    }
    parts.join(" ")
}
