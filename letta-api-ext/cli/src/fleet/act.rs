//! Doing what a plan says.

use letta_api_ext::Letta;
use letta_api_ext::letta_api::types::{AgentId, CreateBlock};

use super::file::BlockWish;
use super::plan::{AgentPlan, BlockUpdate, Step, Update};
use crate::failure::Failure;
use crate::setters::set_given;

/// What became of an agent.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None` if it was not created.
    pub(crate) id: Option<AgentId>,
    /// What was done, even if a later step failed.
    pub(crate) done: Vec<String>,
    pub(crate) failure: Option<Failure>,
}

/// Does what is to be done for one agent, step by step, until one fails.
pub(crate) async fn on(agent: &AgentPlan, letta: &Letta) -> Outcome {
    let Some(id) = &agent.id else {
        let (id, failure) = match create(agent, letta).await {
            Ok(id) => (Some(id), None),
            Err(error) => (None, Some(Failure::from(error))),
        };
        return Outcome {
            id,
            done: Vec::new(),
            failure,
        };
    };
    let mut outcome = Outcome {
        id: Some(id.clone()),
        done: Vec::new(),
        failure: None,
    };
    for step in &agent.steps {
        let what = step.what();
        match step.run(id, letta).await {
            Ok(()) => outcome.done.push(what),
            Err(error) => {
                outcome.failure = Some(Failure::from(error).during(&what));
                break;
            }
        }
    }
    outcome
}

async fn create(agent: &AgentPlan, letta: &Letta) -> Result<AgentId, letta_api_ext::Error> {
    let wish = &agent.wish;
    let mut request = letta.agents().create().name(&wish.name);
    set_given!(request {
        model: &wish.model,
        embedding: &wish.embedding,
        system: &wish.system,
        description: &wish.description,
        timezone: &wish.timezone,
        context_window_limit: wish.context_window_limit,
        tags: &wish.tags,
        tools: &wish.tools,
        folder_ids: wish.folders.as_ref().map(|_| &agent.folders),
    });
    request = request.memory_blocks(wish.memory.iter().map(block));
    Ok(request.send().await?.id)
}

/// A block as the request for an agent has it.
fn block(wish: &BlockWish) -> CreateBlock {
    let mut block = CreateBlock::new(&wish.value, &wish.label);
    set_given!(block {
        with_description: &wish.description,
        with_limit: wish.limit,
        with_read_only: wish.read_only,
    });
    block
}

impl Step {
    /// What it changes, for people.
    fn what(&self) -> String {
        match self {
            Self::Update(update) => update.what(),
            Self::CreateBlock(BlockWish { label, .. })
            | Self::UpdateBlock(BlockUpdate { label, .. }) => format!("memory.{label}"),
            Self::AttachTool(name, _) => format!("attach tool {name}"),
            Self::DetachTool(name, _) => format!("detach tool {name}"),
            Self::AttachFolder(name, _) => format!("attach folder {name}"),
            Self::DetachFolder(name, _) => format!("detach folder {name}"),
        }
    }

    async fn run(&self, id: &AgentId, letta: &Letta) -> Result<(), letta_api_ext::Error> {
        let agent = letta.agent(id);
        match self {
            Self::Update(update) => update.run(id, letta).await,
            Self::CreateBlock(wish) => {
                let mut request = letta.blocks().create(&wish.label, &wish.value);
                set_given!(request {
                    description: &wish.description,
                    limit: wish.limit,
                    read_only: wish.read_only,
                });
                let block = request.send().await?;
                match agent.attach_block(&block.id).send().await {
                    Ok(_) => Ok(()),
                    Err(error) => {
                        // A block that nobody has would be made again by the next try.
                        if !error.may_have_happened() {
                            let _ = letta.block(&block.id).delete().send().await;
                        }
                        Err(error)
                    }
                }
            }
            Self::UpdateBlock(update) => {
                let mut request = agent.block(&update.label).update();
                set_given!(request {
                    value: &update.value,
                    description: &update.description,
                    limit: update.limit,
                    read_only: update.read_only,
                });
                request.send().await.map(drop)
            }
            Self::AttachTool(_, tool) => agent.attach_tool(tool).send().await,
            Self::DetachTool(_, tool) => agent.detach_tool(tool).send().await,
            Self::AttachFolder(_, folder) => agent.attach_folder(folder).send().await,
            Self::DetachFolder(_, folder) => agent.detach_folder(folder).send().await,
        }
    }
}

impl Update {
    fn what(&self) -> String {
        let members = [
            ("model", self.model.is_some()),
            ("embedding", self.embedding.is_some()),
            ("system", self.system.is_some()),
            ("description", self.description.is_some()),
            ("timezone", self.timezone.is_some()),
            ("context_window_limit", self.context_window_limit.is_some()),
            ("tags", self.tags.is_some()),
        ];
        let set = members.iter().filter(|(_, is_set)| *is_set);
        let names: Vec<&str> = set.map(|(name, _)| *name).collect();
        names.join(", ")
    }

    async fn run(&self, id: &AgentId, letta: &Letta) -> Result<(), letta_api_ext::Error> {
        let mut request = letta.agent(id).update();
        set_given!(request {
            model: &self.model,
            embedding: &self.embedding,
            system: &self.system,
            description: &self.description,
            timezone: &self.timezone,
            context_window_limit: self.context_window_limit,
            tags: &self.tags,
        });
        request.send().await.map(drop)
    }
}
