//! Agents of a script file, brought to life.

use std::io;

use crate::agent::NewAgent;
use crate::resources::tools;
use crate::script::file::{ScriptFile, ScriptedAgent, ScriptedTool};
use crate::service::account::Account;
use crate::tool::NewTool;
use crate::world::World;

/// Makes the agents of a file that do not exist, and gives all of them their scripts.
pub(super) fn bring(account: &Account, file: &ScriptFile) -> io::Result<()> {
    for agent in &file.agents {
        let script = agent.part(file.script.as_ref())?;
        let is_there = account.stage.world().agents.contains(&agent.id);
        if !is_there {
            make(account, agent)?;
        } else if agent.is_more_than_a_script() {
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
    if let Some(model) = &agent.model {
        new = new.model(model.as_str());
    }
    for tag in &agent.tags {
        new = new.tag(tag.as_str());
    }
    for block in &agent.blocks {
        new = new.block(&block.label, &block.value, block.description.as_deref());
    }
    let mut world = account.stage.world();
    for tool in &agent.tools {
        new = match tool.requires_approval {
            true => new.tool_requiring_approval(attached(&world, tool)),
            false => new.tool(attached(&world, tool)),
        };
    }
    new.add(&mut world, now).map(|_| ())
}

/// The tool of this name, which agents share, as the service has one of a name.
fn attached(world: &World, scripted: &ScriptedTool) -> NewTool {
    let mut tool = NewTool::new(scripted.name.as_str());
    if tools::named(world, &scripted.name).is_some() {
        return tool;
    }
    if let Some(description) = &scripted.description {
        tool = tool.description(description.as_str());
    }
    match scripted.requires_approval {
        true => tool.requires_approval(),
        false => tool,
    }
}
