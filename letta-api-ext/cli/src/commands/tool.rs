//! `letta tool`.

use std::path::Path;

use letta_api_ext::letta_api::types::Tool;

use super::each;
use crate::args::{AttachArgs, CreateToolArgs, ToolCommand};
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::lookup;
use crate::output::{Column, or_empty};
use crate::setters::set_given;

const COLUMNS: &[Column<Tool>] = &[
    ("ID", |tool| tool.id.to_string()),
    ("NAME", |tool| or_empty(tool.name.as_ref())),
    ("TYPE", kind),
    ("DESCRIPTION", |tool| or_empty(tool.description.as_ref())),
];

fn kind(tool: &Tool) -> String {
    tool.tool_type
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default()
}

pub(super) async fn run(command: ToolCommand, context: &Context) -> Result<(), Failure> {
    let letta = context.letta()?;
    match command {
        ToolCommand::List {
            agent: Some(agent),
            limit,
            ..
        } => {
            let agent = letta.agent(context.agent_id(&agent).await?);
            let tools = agent.tools().items();
            context.output().stream(tools, limit, COLUMNS).await
        }
        ToolCommand::List {
            search,
            types,
            limit,
            ..
        } => {
            let mut request = letta.server_tools().list();
            set_given!(request {
                search: search,
                tool_types: Some(types).filter(|types| !types.is_empty()),
            });
            let mut output = context.output();
            output.stream(request.items(), limit, COLUMNS).await
        }
        ToolCommand::Get { tool } => {
            let id = lookup::tool_id(&tool, context).await?;
            show(&letta.server_tool(id).get().send().await?, context)
        }
        ToolCommand::Create(args) => create(args, context).await,
        ToolCommand::Delete(args) => {
            let mut ids = Vec::new();
            for tool in &args.what {
                ids.push(lookup::tool_id(tool, context).await?);
            }
            each::sure("tool", &args).await?;
            for (tool, id) in args.what.iter().zip(ids) {
                let deletion = letta.server_tool(id).delete().send().await?;
                each::deleted("tool", tool, deletion, context)?;
            }
            Ok(())
        }
        ToolCommand::Attach(AttachArgs { what, agent }) => {
            let agent = context.agent_id(&agent).await?;
            let tool = lookup::tool_id(&what, context).await?;
            letta.agent(&agent).attach_tool(tool).send().await?;
            context.note(format!("Attached {what} to {agent}."));
            Ok(())
        }
        ToolCommand::Detach(AttachArgs { what, agent }) => {
            let agent = context.agent_id(&agent).await?;
            let tool = lookup::tool_id(&what, context).await?;
            letta.agent(&agent).detach_tool(tool).send().await?;
            context.note(format!("Detached {what} from {agent}."));
            Ok(())
        }
    }
}

fn show(tool: &Tool, context: &Context) -> Result<(), Failure> {
    let approval = tool.default_requires_approval.unwrap_or_default();
    let fields = [
        ("ID", tool.id.to_string()),
        ("Name", or_empty(tool.name.as_ref())),
        ("Type", kind(tool)),
        ("Description", or_empty(tool.description.as_ref())),
        ("Approval", approval.to_string()),
        ("Tags", tool.tags.join(", ")),
        ("Code", or_empty(tool.source_code.as_ref())),
    ];
    context.output().item(tool, &fields)
}

async fn create(args: CreateToolArgs, context: &Context) -> Result<(), Failure> {
    let code = input::file(&args.file).await?;
    let mut request = context.letta()?.server_tools().upsert(code);
    if is_typescript(&args.file) {
        request = request.source_type("typescript");
    }
    set_given!(request {
        description: args.description,
        default_requires_approval: args.approval.then_some(true),
        tags: Some(args.tags).filter(|tags| !tags.is_empty()),
    });
    show(&request.send().await?, context)
}

fn is_typescript(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "ts")
}
