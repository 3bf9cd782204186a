//! `letta apply` and `letta diff`.

use letta_api_ext::letta_api::types::AgentId;
use serde::Serialize;

use crate::args::{ApplyArgs, DiffArgs, Format};
use crate::confirm;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::fleet::act::{self, Outcome};
use crate::fleet::file;
use crate::fleet::plan::{self, AgentPlan, Change, Plan};
use crate::terminal::clean;

/// An agent of a plan.
#[derive(Serialize)]
struct Planned<'a> {
    agent: &'a str,
    id: Option<&'a AgentId>,
    action: &'static str,
    changes: &'a [Change],
}

/// What became of an agent.
#[derive(Serialize)]
struct Done {
    agent: String,
    id: Option<AgentId>,
    result: &'static str,
    done: Vec<String>,
    error: Option<String>,
}

impl std::fmt::Display for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:9}  {}", self.result, clean(&self.agent))?;
        if let Some(id) = &self.id {
            write!(f, " ({id})")?;
        }
        match &self.done[..] {
            [] => Ok(()),
            done => write!(f, ", done: {}", clean(&done.join(", "))),
        }
    }
}

pub(super) async fn diff(args: DiffArgs, context: &Context) -> Result<(), Failure> {
    let plan = plan::of(file::read(&args.file).await?, context).await?;
    print(&plan, context)?;
    match args.exit_code && !plan.agents.is_empty() {
        true => Err(Failure::silent(Kind::Changes)),
        false => Ok(()),
    }
}

fn action(agent: &AgentPlan) -> &'static str {
    match agent.id {
        None => "create",
        Some(_) => "change",
    }
}

fn print(plan: &Plan, context: &Context) -> Result<(), Failure> {
    let mut output = context.output();
    if matches!(context.format(), None | Some(Format::Table)) {
        let shown = plan.shown(output.style());
        return output.text(&shown);
    }
    let planned = plan.agents.iter().map(|agent| Planned {
        agent: &agent.wish.name,
        id: agent.id.as_ref(),
        action: action(agent),
        changes: &agent.changes,
    });
    output.items(&planned.collect::<Vec<_>>(), &[])
}

pub(super) async fn apply(args: ApplyArgs, context: &Context) -> Result<(), Failure> {
    let plan = plan::of(file::read(&args.file).await?, context).await?;
    context.print_error(&plan.shown(context.style()));
    if !plan.agents.is_empty() {
        confirm::confirm("Do this?", args.yes).await?;
    }
    let letta = context.letta()?;
    let mut output = context.output();
    let is_table = matches!(context.format(), None | Some(Format::Table));
    let mut results: Vec<Done> = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    let mut is_stopped = false;
    for agent in &plan.agents {
        let outcome = match is_stopped {
            true => None,
            false => Some(act::on(agent, letta).await),
        };
        let (done, failure) = told(agent, outcome);
        if let Some(failure) = &failure {
            context.note(format!("{} failed: {failure}", agent.wish.name));
            is_stopped = is_the_same_for_all(failure.kind());
        }
        failures.extend(failure);
        match is_table {
            // At once, so that it is told even if the program is interrupted.
            true => output.text(&format!("{done}\n"))?,
            false => results.push(done),
        }
    }
    if !is_table {
        output.items(&results, &[])?;
    }
    let count = failures.len();
    match failures.into_iter().next() {
        None => Ok(()),
        Some(first) => {
            let message = format!("{count} of {} agents failed", plan.agents.len());
            Err(Failure::new(first.kind(), message).advise(
                "The output tells what was done. Run the command again when the cause is mended: what is done is not done twice.",
            ))
        }
    }
}

/// Whether the next agent would fail alike.
fn is_the_same_for_all(kind: Kind) -> bool {
    matches!(kind, Kind::Refused | Kind::Unreachable | Kind::Limit)
}

fn told(agent: &AgentPlan, outcome: Option<Outcome>) -> (Done, Option<Failure>) {
    let name = agent.wish.name.clone();
    let Some(outcome) = outcome else {
        let done = Done {
            agent: name,
            id: agent.id.clone(),
            result: "not tried",
            done: Vec::new(),
            error: None,
        };
        return (done, None);
    };
    let done = Done {
        agent: name,
        id: outcome.id,
        result: match (&outcome.failure, &agent.id) {
            (Some(_), _) => "failed",
            (None, None) => "created",
            (None, Some(_)) => "changed",
        },
        done: outcome.done,
        error: outcome.failure.as_ref().map(ToString::to_string),
    };
    (done, outcome.failure)
}
