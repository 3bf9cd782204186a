//! The first message of an agent's thread: its system prompt, and the blocks of its memory.

use std::fmt::Write as _;

use letta_api::types::{Block, BlockId, Message};

use crate::resources::agents::shown::blocks;
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::thread::StoredMessage;

/// What the model is told first. Of two blocks of one label, that of `instead` counts.
pub(crate) fn compiled(world: &World, agent: &AgentRecord, instead: &[BlockId]) -> String {
    let mut text = agent.state.system.clone();
    let instead: Vec<&Block> = instead
        .iter()
        .filter_map(|id| world.blocks.get(id.as_str()))
        .collect();
    let mut blocks = blocks(world, agent)
        .map(|block| {
            let mut others = instead.iter().copied();
            others.find(|it| it.label == block.label).unwrap_or(block)
        })
        .peekable();
    if blocks.peek().is_none() {
        return text;
    }
    text.push_str("\n\n<memory_blocks>\n");
    for block in blocks {
        let label = block.label.as_deref().unwrap_or_default();
        let description = block.description.as_deref().unwrap_or_default();
        let (value, limit) = (&block.value, block.limit);
        let count = value.chars().count();
        // Writing to a text does not fail.
        let _ = write!(
            text,
            "<{label}>\n<description>\n{description}\n</description>\n\
             <metadata>\n- chars_current={count}\n- chars_limit={limit}\n</metadata>\n\
             <value>\n{value}\n</value>\n</{label}>\n"
        );
    }
    text.push_str("</memory_blocks>");
    text
}

/// What the first message of an agent's thread says now.
pub(crate) fn current(agent: &AgentRecord) -> Option<&str> {
    let first = agent.thread.messages.first()?.shown.first()?;
    match first {
        Message::SystemMessage(message) => Some(&message.content),
        _ => None,
    }
}

/// Has the first message of an agent's thread say what its prompt and its memory are now. The message keeps its ID.
pub(crate) fn recompile(world: &mut World, agent_id: &str) {
    let Some(agent) = world.agents.get(agent_id) else {
        return;
    };
    let text = compiled(world, agent, &[]);
    if let Some(agent) = world.agents.get_mut(agent_id) {
        set(&mut agent.thread.messages, &text);
    }
}

/// Writes a prompt into the first message of a thread, if that is a system prompt.
pub(crate) fn set(messages: &mut [StoredMessage], prompt: &str) -> bool {
    match messages.first_mut().map(|first| &mut first.shown[..]) {
        Some([Message::SystemMessage(message)]) => {
            message.content = prompt.to_owned();
            true
        }
        _ => false,
    }
}

/// The same for each agent that has the block.
pub(crate) fn recompile_all_with(world: &mut World, block_id: &str) {
    let has = |agent: &&AgentRecord| agent.block_ids.iter().any(|id| id.as_str() == block_id);
    let agents: Vec<String> = world
        .agents
        .iter()
        .filter(has)
        .map(|agent| agent.state.id.to_string())
        .collect();
    for agent in agents {
        recompile(world, &agent);
    }
}
