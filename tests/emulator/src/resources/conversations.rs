//! Conversations: threads of their own with an agent.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use letta_api::types::{AgentId, Block, BlockId, Conversation};
use serde_json::{Value, json};

use crate::call::{Call, null, ok, written};
use crate::http::refusal::Refusal;
use crate::id;
use crate::resources::agents::{self, prompt};
use crate::resources::dates;
use crate::resources::members::{changed, picked, text, texts};
use crate::resources::messages::{self, Filter};
use crate::world::World;
use crate::world::conversation::ConversationRecord;
use crate::world::page::{CursorPage, UnknownCursor};
use crate::world::thread::{StoredMessage, Thread};

const DEFAULT_LIMIT: usize = 50;
const DEFAULT_MESSAGE_LIMIT: usize = 100;
const CREATABLE: [&str; 3] = ["summary", "model", "model_settings"];
const CHANGEABLE: [&str; 4] = ["summary", "model", "model_settings", "last_message_at"];

/// What the ID of a conversation in a path names.
pub(crate) enum Target<'a> {
    /// The own thread of the agent of this ID.
    Agent(&'a str),
    Conversation(&'a str),
}

/// `default` with the ID of an agent names the agent's own thread, and so does the ID of an agent.
pub(crate) fn target<'a>(conversation: &'a str, agent: Option<&'a str>) -> Target<'a> {
    match agent {
        Some(agent) if conversation == "default" => Target::Agent(agent),
        _ if conversation.starts_with("agent-") => Target::Agent(conversation),
        _ => Target::Conversation(conversation),
    }
}

/// The conversation of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a ConversationRecord, Refusal> {
    let conversation = world.conversations.get(id);
    conversation.ok_or_else(|| Refusal::no_such("Conversation", id))
}

/// Adds a conversation, whose thread begins with the system prompt as it is now.
fn add(call: &Call, world: &mut World, conversation: Conversation, rest: Vec<StoredMessage>) {
    let agent = world.agents.get(conversation.agent_id.as_str());
    let prompt =
        agent.map(|agent| prompt::compiled(world, agent, &conversation.isolated_block_ids));
    let system = StoredMessage::system(&prompt.unwrap_or_default(), call.now);
    let thread = Thread {
        messages: std::iter::once(system).chain(rest).collect(),
        ..Thread::default()
    };
    // Its ID is new.
    let _ = world.conversations.insert(ConversationRecord {
        conversation,
        thread,
    });
}

fn new(call: &Call, agent: &AgentId) -> Conversation {
    let mut conversation = Conversation::new(id::generate("conv"), agent.clone());
    conversation.created_at = Some(written(call.now));
    conversation.updated_at = Some(written(call.now));
    conversation
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let body = call.json();
    let Some(agent) = call.query("agent_id") else {
        return Err(Refusal::unprocessable("agent_id is missing in the query"));
    };
    let agent = agents::found(world, &agent)?;
    let new = new(call, &agent.state.id);
    let mut conversation: Conversation = changed(&new, &picked(body, &CREATABLE), &[])?;
    let blocks = texts(body, "isolated_block_labels")
        .iter()
        .map(|label| {
            let mut blocks = agent
                .block_ids
                .iter()
                .filter_map(|id| world.blocks.get(id.as_str()));
            let block = blocks.find(|block| block.label.as_deref() == Some(label));
            block.map(copied).ok_or_else(|| no_block(label))
        })
        .collect::<Result<Vec<Block>, _>>()?;
    for block in blocks {
        conversation.isolated_block_ids.push(block.id.clone());
        // Its ID is new.
        let _ = world.blocks.insert(block);
    }
    let response = ok(&conversation);
    add(call, world, conversation, Vec::new());
    Ok(response)
}

/// A block of the same content.
fn copied(block: &Block) -> Block {
    let mut copy = Block::new(block.value.as_str(), id::generate("block"));
    copy.label.clone_from(&block.label);
    copy.description.clone_from(&block.description);
    copy.limit = block.limit;
    copy.metadata.clone_from(&block.metadata);
    copy.read_only = block.read_only;
    copy
}

fn no_block(label: &str) -> Refusal {
    Refusal::detail(
        StatusCode::BAD_REQUEST,
        format!("INVALID_ARGUMENT: the agent has no block of the label '{label}'"),
    )
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?;
    let order = call.query("order_by");
    let by_run = order.as_deref() == Some("last_run_completion");
    let time = |record: &ConversationRecord| match order.as_deref() {
        Some("last_run_completion") => last_completion(world, record),
        Some("last_message_at") => {
            let at = record.conversation.last_message_at.as_deref();
            at.and_then(dates::parse)
        }
        _ => None,
    };
    let mut all: Vec<(&ConversationRecord, Option<Timestamp>)> = world
        .conversations
        .iter()
        .map(|record| (record, time(record)))
        .collect();
    if !page.is_oldest_first() {
        all.reverse();
    }
    // Those of one time stay as they are. Those without a time come last in either order.
    all.sort_by(|(_, one), (_, other)| match (one, other) {
        (Some(one), Some(other)) if page.is_oldest_first() => one.cmp(other),
        (one, other) => other.cmp(one),
    });
    if let Some(after) = page.after() {
        let place = all
            .iter()
            .position(|(it, _)| it.conversation.id.as_str() == after);
        match place {
            Some(place) => drop(all.drain(..=place)),
            None if by_run => {}
            None => return Err(Refusal::no_such("Conversation", after)),
        }
    }
    let agent = call.query("agent_id");
    let search = call.query("summary_search").filter(|text| !text.is_empty());
    let wanted = |conversation: &Conversation| {
        let summary = conversation.summary.as_deref();
        agent
            .as_deref()
            .is_none_or(|agent| conversation.agent_id.as_str() == agent)
            && search
                .as_deref()
                .is_none_or(|text| summary.is_some_and(|summary| summary.contains(text)))
    };
    let shown: Vec<&Conversation> = all
        .into_iter()
        .map(|(record, _)| &record.conversation)
        .filter(|conversation| wanted(conversation))
        .take(page.limit())
        .collect();
    Ok(ok(&shown))
}

/// When the last run of a conversation ended.
fn last_completion(world: &World, record: &ConversationRecord) -> Option<Timestamp> {
    let runs = world.runs.iter().map(|run| &run.run);
    let runs = runs.filter(|run| run.conversation_id.as_ref() == Some(&record.conversation.id));
    runs.filter_map(|run| dates::parse(run.completed_at.as_deref()?))
        .max()
}

/// Only this shows what is in the context.
pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let record = found(world, call.path("conversation_id"))?;
    let mut conversation = record.conversation.clone();
    conversation.in_context_message_ids = record.thread.context().cloned().collect();
    Ok(ok(&conversation))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("conversation_id");
    let members = picked(call.json(), &CHANGEABLE);
    let mut changed: Conversation = changed(&found(world, id)?.conversation, &members, &[])?;
    changed.updated_at = Some(written(call.now));
    let response = ok(&changed);
    if let Some(record) = world.conversations.get_mut(id) {
        record.conversation = changed;
    }
    Ok(response)
}

/// Its isolated blocks go with it.
pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("conversation_id");
    let record = world.conversations.remove(id);
    let record = record.ok_or_else(|| Refusal::no_such("Conversation", id))?;
    for block in &record.conversation.isolated_block_ids {
        remove_block(world, block);
    }
    Ok(null())
}

fn remove_block(world: &mut World, id: &BlockId) {
    world.blocks.remove(id.as_str());
    for agent in world.agents.iter_mut() {
        agent.block_ids.retain(|it| it != id);
    }
}

/// The fork shares the messages of the context with what it is of, and has a system prompt of its own.
pub(crate) fn fork(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = call.query("agent_id");
    let (source, thread) = match target(call.path("conversation_id"), agent.as_deref()) {
        Target::Agent(id) => {
            let agent = agents::found(world, id)?;
            (new(call, &agent.state.id), &agent.thread)
        }
        Target::Conversation(id) => {
            let record = found(world, id)?;
            let mut fork = new(call, &record.conversation.agent_id);
            fork.model.clone_from(&record.conversation.model);
            let settings = &record.conversation.model_settings;
            fork.model_settings.clone_from(settings);
            (fork, &record.thread)
        }
    };
    let shared: Vec<StoredMessage> = thread.in_context().skip(1).cloned().collect();
    let response = ok(&source);
    add(call, world, source, shared);
    Ok(response)
}

/// Writes the system prompt anew, with the blocks as they are now, and answers with it.
pub(crate) fn recompile(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let dry_run = call.query_flag("dry_run").unwrap_or_default();
    let agent = text(call.json(), "agent_id");
    match target(call.path("conversation_id"), agent) {
        Target::Agent(id) => {
            let prompt = prompt::compiled(world, agents::found(world, id)?, &[]);
            if !dry_run {
                prompt::set(&mut agents::found_mut(world, id)?.thread.messages, &prompt);
            }
            Ok(ok(&prompt))
        }
        Target::Conversation(id) => {
            let conversation = &found(world, id)?.conversation;
            let agent = agents::found(world, conversation.agent_id.as_str())?;
            let prompt = prompt::compiled(world, agent, &conversation.isolated_block_ids);
            if !dry_run && let Some(record) = world.conversations.get_mut(id) {
                prompt::set(&mut record.thread.messages, &prompt);
            }
            Ok(ok(&prompt))
        }
    }
}

/// A conversation that does not exist has no messages.
pub(crate) fn list_messages(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = call.query("agent_id");
    let id = match target(call.path("conversation_id"), agent.as_deref()) {
        Target::Agent(id) => {
            let filter = Filter::of(call, Some("default"));
            return messages::of_agent(call, world, id, &filter);
        }
        Target::Conversation(id) => id,
    };
    let page = CursorPage::from_query(&call.query, DEFAULT_MESSAGE_LIMIT)?;
    let filter = Filter::of(call, None);
    let Some(record) = world.conversations.get(id) else {
        return Ok(ok(&json!([])));
    };
    let messages = in_order(&record.thread);
    let mut page_of = page.of_history(
        &messages,
        |message| message.id.as_str(),
        |_| filter.has_group(),
        UnknownCursor::Ignored,
    )?;
    if !page.is_oldest_first() {
        page_of.reverse();
    }
    let shown = page_of.into_iter().flat_map(|message| message.to_wire());
    let shown: Vec<Value> = shown.filter(|message| filter.has_type(message)).collect();
    Ok(ok(&shown))
}

/// The messages of a conversation. A summary comes after the system prompt, as in the context.
fn in_order(thread: &Thread) -> Vec<&StoredMessage> {
    let is_summary = |it: &&StoredMessage| Some(&it.id) == thread.summary.as_ref();
    let messages = thread.messages.iter();
    let (summary, mut others): (Vec<_>, Vec<_>) = messages.partition(is_summary);
    let place = others.len().min(1);
    others.splice(place..place, summary);
    others
}
