//! `letta block`.

use letta_api_ext::letta_api::types::{Block, BlockId};

use super::each;
use crate::args::{AttachArgs, BlockCommand, CreateBlockArgs, UpdateBlockArgs};
use crate::context::Context;
use crate::failure::Failure;
use crate::input;
use crate::output::{Column, or_empty};
use crate::setters::set_given;

const COLUMNS: &[Column<Block>] = &[
    ("ID", |block| block.id.to_string()),
    ("LABEL", |block| or_empty(block.label.as_ref())),
    ("LIMIT", |block| block.limit.to_string()),
    ("VALUE", |block| block.value.clone()),
];

pub(super) async fn run(command: BlockCommand, context: &Context) -> Result<(), Failure> {
    let letta = context.letta()?;
    match command {
        BlockCommand::List {
            agent: Some(agent),
            limit,
            ..
        } => {
            let agent = letta.agent(context.agent_id(&agent).await?);
            let blocks = agent.blocks().items();
            context.output().stream(blocks, limit, COLUMNS).await
        }
        BlockCommand::List { label, limit, .. } => {
            let mut request = letta.blocks().list();
            set_given!(request { label: label });
            let mut output = context.output();
            output.stream(request.items(), limit, COLUMNS).await
        }
        BlockCommand::Get { block, agent } => {
            let block = match agent {
                Some(agent) => {
                    let agent = letta.agent(context.agent_id(&agent).await?);
                    agent.block(block).get().send().await?
                }
                None => letta.block(block).get().send().await?,
            };
            show(&block, context)
        }
        BlockCommand::Create(args) => create(args, context).await,
        BlockCommand::Update(args) => update(args, context).await,
        BlockCommand::Delete(args) => {
            each::sure("block", &args).await?;
            for block in &args.what {
                let id = BlockId::from(block.as_str());
                each::deleted(
                    "block",
                    block,
                    letta.block(id).delete().send().await?,
                    context,
                )?;
            }
            Ok(())
        }
        BlockCommand::Attach(AttachArgs { what, agent }) => {
            let agent = context.agent_id(&agent).await?;
            letta
                .agent(&agent)
                .attach_block(what.as_str())
                .send()
                .await?;
            context.note(format!("Attached {what} to {agent}."));
            Ok(())
        }
        BlockCommand::Detach(AttachArgs { what, agent }) => {
            let agent = context.agent_id(&agent).await?;
            letta
                .agent(&agent)
                .detach_block(what.as_str())
                .send()
                .await?;
            context.note(format!("Detached {what} from {agent}."));
            Ok(())
        }
    }
}

#[allow(deprecated, reason = "nothing else says whether agents may change it")]
fn show(block: &Block, context: &Context) -> Result<(), Failure> {
    let fields = [
        ("ID", block.id.to_string()),
        ("Label", or_empty(block.label.as_ref())),
        ("Description", or_empty(block.description.as_ref())),
        ("Limit", block.limit.to_string()),
        ("Read only", block.read_only.to_string()),
        ("Tags", block.tags.clone().unwrap_or_default().join(", ")),
        ("Value", block.value.clone()),
    ];
    context.output().item(block, &fields)
}

async fn create(args: CreateBlockArgs, context: &Context) -> Result<(), Failure> {
    let blocks = context.letta()?.blocks();
    let mut request = blocks.create(args.label, input::text(&args.value).await?);
    set_given!(request {
        description: args.description,
        limit: args.limit,
        read_only: args.read_only.then_some(true),
        tags: Some(args.tags).filter(|tags| !tags.is_empty()),
    });
    show(&request.send().await?, context)
}

/// Sets what was given, of a block or of an agent's block.
macro_rules! updated {
    ($request:expr, $args:expr) => {{
        let mut request = $request;
        if let Some(value) = &$args.value {
            request = request.value(input::text(value).await?);
        }
        set_given!(request {
            description: $args.description,
            limit: $args.limit,
            read_only: $args.read_only,
        });
        request.send().await?
    }};
}

async fn update(args: UpdateBlockArgs, context: &Context) -> Result<(), Failure> {
    let letta = context.letta()?;
    let block = match &args.agent {
        Some(agent) => {
            let agent = letta.agent(context.agent_id(agent).await?);
            updated!(agent.block(&args.block).update(), args)
        }
        None => updated!(letta.block(&*args.block).update(), args),
    };
    show(&block, context)
}
