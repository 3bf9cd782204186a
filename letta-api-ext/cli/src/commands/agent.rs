//! `letta agent`.

use letta_api_ext::letta_api::types::AgentState;

use crate::args::{AgentCommand, GetArgs, ListArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Column, or_none, time};

const COLUMNS: &[Column<AgentState>] = &[
    ("ID", |agent| agent.id.to_string()),
    ("NAME", |agent| agent.name.clone()),
    ("MODEL", |agent| or_none(agent.model.as_ref())),
    ("TAGS", |agent| agent.tags.join(", ")),
    ("CREATED", |agent| time(agent.created_at.as_ref())),
];

pub(super) async fn run(command: AgentCommand, context: &Context) -> Result<(), Failure> {
    match command {
        AgentCommand::List(args) => list(args, context).await,
        AgentCommand::Get(args) => get(args, context).await,
        _ => super::not_yet(()),
    }
}

async fn list(args: ListArgs, context: &Context) -> Result<(), Failure> {
    let mut request = context
        .letta()?
        .agents()
        .list()
        .tags(args.tags)
        .include(["tags"]);
    if let Some(name) = args.name {
        request = request.name(name);
    }
    if let Some(text) = args.search {
        request = request.query_text(text);
    }
    let mut output = context.output();
    output.stream(request.items(), args.limit, COLUMNS).await
}

async fn get(args: GetArgs, context: &Context) -> Result<(), Failure> {
    let id = context.agent_id(&args.agent).await?;
    let agent = context.letta()?.agent(id).get().send().await?;
    show(&agent, context)
}

pub(super) fn show(agent: &AgentState, context: &Context) -> Result<(), Failure> {
    let mut fields = vec![
        ("ID", agent.id.to_string()),
        ("Name", agent.name.clone()),
        ("Description", or_none(agent.description.as_ref())),
        ("Model", or_none(agent.model.as_ref())),
        ("Tags", agent.tags.join(", ")),
        ("Tools", tools(agent)),
        ("Created", time(agent.created_at.as_ref())),
        ("System", agent.system.clone()),
    ];
    let blocks: Vec<(String, String)> = agent
        .blocks
        .iter()
        .map(|block| {
            let label = block.label.as_deref().unwrap_or("?");
            (format!("Memory {label}"), block.value.clone())
        })
        .collect();
    fields.extend(blocks.iter().map(|(name, value)| (&**name, value.clone())));
    context.output().item(agent, &fields)
}

fn tools(agent: &AgentState) -> String {
    let names = agent.tools.iter().filter_map(|tool| tool.name.as_deref());
    names.collect::<Vec<_>>().join(", ")
}
