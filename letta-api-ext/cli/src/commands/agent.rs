//! `letta agent`.

use std::path::Path;

use letta_api_ext::Deletion;
use letta_api_ext::agent_files::AgentFile;
use letta_api_ext::letta_api::types::{AgentId, AgentInclude, AgentState};

use crate::args::{
    AgentCommand, CreateArgs, DeleteArgs, ExportArgs, GetArgs, ImportArgs, ListArgs, UpdateArgs,
};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{Column, or_empty, time};
use crate::setters::set_given;
use crate::{confirm, input, lookup};

const COLUMNS: &[Column<AgentState>] = &[
    ("ID", |agent| agent.id.to_string()),
    ("NAME", |agent| agent.name.clone()),
    ("MODEL", |agent| or_empty(agent.model.as_ref())),
    ("TAGS", |agent| agent.tags.join(", ")),
    ("CREATED", |agent| time(agent.created_at.as_ref())),
];

pub(super) async fn run(command: AgentCommand, context: &Context) -> Result<(), Failure> {
    match command {
        AgentCommand::List(args) => list(args, context).await,
        AgentCommand::Get(args) => get(args, context).await,
        AgentCommand::Create(args) => create(args, context).await,
        AgentCommand::Update(args) => update(args, context).await,
        AgentCommand::Delete(args) => delete(args, context).await,
        AgentCommand::Export(args) => export(args, context).await,
        AgentCommand::Import(args) => import(args, context).await,
    }
}

async fn list(args: ListArgs, context: &Context) -> Result<(), Failure> {
    let request = context.letta()?.agents().list();
    let mut request = request.tags(args.tags).include([AgentInclude::Tags]);
    set_given!(request {
        name: args.name,
        query_text: args.search
    });
    let mut output = context.output();
    output.stream(request.items(), args.limit, COLUMNS).await
}

async fn get(args: GetArgs, context: &Context) -> Result<(), Failure> {
    let id = context.agent_id(&args.agent).await?;
    let request = context.letta()?.agent(id).get();
    let agent = request
        .include([
            AgentInclude::Blocks,
            AgentInclude::Tools,
            AgentInclude::Tags,
            AgentInclude::Sources,
            AgentInclude::Secrets,
        ])
        .send()
        .await?;
    show(&agent, args.show_secrets, context)
}

#[allow(
    deprecated,
    reason = "nothing else in the answer has the names of the folders"
)]
fn show(agent: &AgentState, with_secrets: bool, context: &Context) -> Result<(), Failure> {
    let tools = agent.tools.iter().filter_map(|tool| tool.name.as_deref());
    let folders = agent.sources.iter().map(|folder| &*folder.name);
    let secrets = agent.secrets.iter().map(|secret| match with_secrets {
        true => format!("{}={}", secret.key, secret.value),
        false => secret.key.clone(),
    });
    let mut fields = vec![
        ("ID".to_owned(), agent.id.to_string()),
        ("Name".to_owned(), agent.name.clone()),
        (
            "Description".to_owned(),
            or_empty(agent.description.as_ref()),
        ),
        ("Model".to_owned(), or_empty(agent.model.as_ref())),
        ("Embedding".to_owned(), or_empty(agent.embedding.as_ref())),
        ("Tags".to_owned(), agent.tags.join(", ")),
        ("Tools".to_owned(), tools.collect::<Vec<_>>().join(", ")),
        ("Folders".to_owned(), folders.collect::<Vec<_>>().join(", ")),
        ("Secrets".to_owned(), secrets.collect::<Vec<_>>().join(", ")),
        ("Created".to_owned(), time(agent.created_at.as_ref())),
        ("System".to_owned(), agent.system.clone()),
    ];
    fields.extend(agent.blocks.iter().map(|block| {
        let label = block.label.as_deref().unwrap_or("?");
        (format!("Memory {label}"), block.value.clone())
    }));
    let mut output = context.output();
    match with_secrets {
        true => output.item_with_secrets(agent, &fields),
        false => output.item(agent, &fields),
    }
}

/// Gives a request what an agent is made of.
macro_rules! with_traits {
    ($request:expr, $traits:expr) => {{
        let (mut request, traits) = ($request, $traits);
        let system = match traits.system {
            Some(system) => Some(input::text(&system).await?),
            None => None,
        };
        set_given!(request {
            model: traits.model,
            embedding: traits.embedding,
            system: system,
            description: traits.description,
            tags: Some(traits.tags).filter(|tags| !tags.is_empty()),
        });
        let mut changed = Ok(());
        let request = request.with_body(|body| with_members(body, &traits.members, &mut changed));
        changed?;
        request
    }};
}

async fn create(args: CreateArgs, context: &Context) -> Result<(), Failure> {
    let letta = context.letta()?;
    let mut request = letta.agents().create();
    for (label, value) in args.memory {
        request = request.memory(label, input::text(&value).await?);
    }
    set_given!(request { name: args.name });
    let tools = lookup::tool_ids(&args.tools, context).await?;
    if !tools.is_empty() {
        request = request.tool_ids(tools);
    }
    let request = with_traits!(request, args.traits);
    show(&request.send().await?, false, context)
}

async fn update(args: UpdateArgs, context: &Context) -> Result<(), Failure> {
    let id = context.agent_id(&args.agent).await?;
    let mut request = context.letta()?.agent(id).update();
    set_given!(request { name: args.name });
    let request = with_traits!(request, args.traits);
    show(&request.send().await?, false, context)
}

/// The body with these members. If they do not fit, the body is as it was, and `outcome` says why.
fn with_members<T: Clone + serde::Serialize + serde::de::DeserializeOwned>(
    body: T,
    members: &[(String, String)],
    outcome: &mut Result<(), Failure>,
) -> T {
    match input::set_members(body.clone(), members) {
        Ok(body) => body,
        Err(failure) => {
            *outcome = Err(failure);
            body
        }
    }
}

async fn delete(args: DeleteArgs, context: &Context) -> Result<(), Failure> {
    let letta = context.letta()?;
    let mut agents: Vec<(String, AgentId)> = Vec::new();
    for agent in &args.agents {
        let id = context.agent_id(agent).await?;
        agents.push((agent.clone(), id));
    }
    let question = match &agents[..] {
        [(agent, _)] => format!("Delete the agent {agent} and its messages?"),
        agents => format!("Delete {} agents and their messages?", agents.len()),
    };
    confirm::confirm(&question, args.yes).await?;
    for (agent, id) in agents {
        match letta.agent(&id).delete().send().await? {
            Deletion::NotFound => {
                let message = format!("there is no agent {agent}");
                return Err(Failure::new(Kind::NotFound, message));
            }
            _ => context.note(format!("Deleted {id}.")),
        }
    }
    Ok(())
}

async fn export(args: ExportArgs, context: &Context) -> Result<(), Failure> {
    let id = context.agent_id(&args.agent).await?;
    let agent = context.letta()?.agent(id);
    match args.file {
        Some(path) if path.exists() && !args.force => {
            let message = format!("`{}` is there already", path.display());
            Err(Failure::usage(message)
                .advise("Choose another name, or add --force to replace it."))
        }
        Some(path) => {
            let request = agent.export_to(&path).with_overwrite(args.force);
            request.send().await?;
            context.note(format!("Wrote {}.", path.display()));
            Ok(())
        }
        None => {
            let file = agent.export().send().await?;
            context.output().bytes(file.as_bytes())
        }
    }
}

async fn import(args: ImportArgs, context: &Context) -> Result<(), Failure> {
    let agents = context.letta()?.agents();
    let mut request = match args.file == Path::new("-") {
        true => agents.import(AgentFile::try_from(input::file(&args.file).await?)?),
        false => agents.import_from(&args.file),
    };
    request = match args.name {
        Some(name) => request.name(name),
        None => request.append_copy_suffix(false),
    };
    set_given!(request {
        model: args.model,
        embedding: args.embedding
    });
    if args.strip_messages {
        request = request.strip_messages(true);
    }
    if args.keep_tools {
        request = request.override_existing_tools(false);
    }
    let ids = request.send().await?;
    context.output().items(&ids, &[("ID", AgentId::to_string)])
}
