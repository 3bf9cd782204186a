//! What the system prompt of an agent is made of.

use letta_api::types::{Block, BlockId, Message};

use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::thread::StoredMessage;

/// The system prompt of an agent, and its blocks after it, if it has any. Of two blocks of one label, that of
/// `instead` counts.
pub(crate) fn compiled(world: &World, agent: &AgentRecord, instead: &[BlockId]) -> String {
    let mut prompt = agent.state.system.clone();
    let block = |id: &BlockId| world.blocks.get(id.as_str());
    let instead: Vec<&Block> = instead.iter().filter_map(block).collect();
    let blocks = agent.block_ids.iter().filter_map(block);
    let blocks: Vec<&Block> = blocks
        .map(|block| {
            let mut others = instead.iter().copied();
            others.find(|it| it.label == block.label).unwrap_or(block)
        })
        .collect();
    if blocks.is_empty() {
        return prompt;
    }
    prompt.push_str("\n\n<memory_blocks>\n");
    for block in blocks {
        let label = block.label.as_deref().unwrap_or("block");
        prompt.push_str(&format!("<{label}>\n{}\n</{label}>\n", block.value));
    }
    prompt.push_str("</memory_blocks>");
    prompt
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
