//! Agents of a script file, brought to life.

use std::collections::HashSet;
use std::io;

use letta_api::types::{
    Block, BlockId, RequiresApprovalToolRule, Tool, ToolId, ToolRule, ToolType,
};

use crate::agent::NewAgent;
use crate::id;
use crate::resources::agents;
use crate::script::file::{ScriptFile, ScriptedAgent, ScriptedBlock, ScriptedTool};
use crate::service::account::Account;
use crate::world::World;

/// Makes the agents of a file that do not exist, and gives all of them their scripts. `kept` are those of an earlier run,
/// which stay as they are.
pub(super) fn bring(
    account: &Account,
    file: &ScriptFile,
    kept: &HashSet<String>,
) -> io::Result<()> {
    for agent in &file.agents {
        let script = agent.part(file.script.as_ref())?;
        let is_there = account.stage.world().agents.contains(&agent.id);
        if !is_there {
            make(account, agent)?;
        } else if agent.is_more_than_a_script() && !kept.contains(&agent.id) {
            let message = format!(
                "the agent {:?} is added already, and the script file says what it is made of: add it in one place, or leave \
                 only its `script` in the file",
                agent.id
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        if let Some(script) = script {
            account.stage.parts().give(&agent.id, script);
        }
    }
    if let Some(script) = &file.script {
        account.stage.parts().give_to_others(script.clone());
    }
    Ok(())
}

fn make(account: &Account, agent: &ScriptedAgent) -> io::Result<()> {
    let now = account.now();
    let mut new = NewAgent::new(agent.id.as_str());
    if let Some(name) = &agent.name {
        new = new.name(name.as_str());
    }
    if let Some(description) = &agent.description {
        new = new.description(description.as_str());
    }
    if let Some(system) = &agent.system {
        new = new.system(system.as_str());
    }
    if agent.parallel_tool_calls == Some(true) {
        new = new.parallel_tool_calls();
    }
    let mut record = new.into_record(now)?;
    if let Some(model) = &agent.model {
        record.state.model = Some(model.clone());
        record.state.llm_config = agents::llm_config(model);
    }
    record.state.tags.clone_from(&agent.tags);
    let rules = agent.tools.iter().filter(|tool| tool.requires_approval);
    let rules =
        rules.map(|tool| -> ToolRule { RequiresApprovalToolRule::new(tool.name.as_str()).into() });
    record
        .state
        .tool_rules
        .get_or_insert_default()
        .extend(rules);

    let mut world = account.stage.world();
    for tool in &agent.tools {
        record.tool_ids.push(attached(&mut world, tool));
    }
    for block in &agent.blocks {
        record.block_ids.push(with_block(&mut world, block));
    }
    agents::add(&mut world, record, now).map_err(|_| {
        let message = format!("the agent {:?} already exists", agent.id);
        io::Error::new(io::ErrorKind::InvalidInput, message)
    })
}

/// The tool of this name, which agents share, as the service has one of a name.
fn attached(world: &mut World, scripted: &ScriptedTool) -> ToolId {
    let is_it = |tool: &&Tool| tool.name.as_deref() == Some(&scripted.name);
    if let Some(tool) = world.tools.iter().find(is_it) {
        return tool.id.clone();
    }
    let id = id::generate("tool");
    let mut tool = Tool::new(id.as_str())
        .with_tool_type(ToolType::Custom)
        .with_name(scripted.name.as_str());
    tool.description.clone_from(&scripted.description);
    tool.default_requires_approval = scripted.requires_approval.then_some(true);
    let id = tool.id.clone();
    // An ID that was just made is free.
    let _ = world.tools.insert(tool);
    id
}

fn with_block(world: &mut World, scripted: &ScriptedBlock) -> BlockId {
    let mut block = Block::new(scripted.value.as_str(), id::generate("block").as_str());
    block.label = Some(scripted.label.clone());
    block.description.clone_from(&scripted.description);
    let id = block.id.clone();
    let _ = world.blocks.insert(block);
    id
}
