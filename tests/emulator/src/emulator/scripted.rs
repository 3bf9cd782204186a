//! Agents of a script file, brought to life.

use std::collections::HashSet;
use std::io;

use crate::agent::NewAgent;
use crate::script::file::{ScriptFile, ScriptedAgent};
use crate::service::account::Account;
use crate::tool::NewTool;

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
    if let Some(model) = &agent.model {
        new = new.model(model.as_str());
    }
    for tag in &agent.tags {
        new = new.tag(tag.as_str());
    }
    for tool in &agent.tools {
        let mut offered = NewTool::new(tool.name.as_str());
        if let Some(description) = &tool.description {
            offered = offered.description(description.as_str());
        }
        new = match tool.requires_approval {
            true => new.tool_requiring_approval(offered),
            false => new.tool(offered),
        };
    }
    for block in &agent.blocks {
        new.remember(
            block.label.clone(),
            block.value.clone(),
            block.description.clone(),
        );
    }
    if let Some(may) = agent.parallel_tool_calls {
        new = new.parallel_tool_calls(may);
    }
    new.add(&mut account.stage.world(), account.now())?;
    Ok(())
}
