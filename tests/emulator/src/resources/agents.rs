//! The operations on agents themselves.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use letta_api::types::{AgentState, Block};
use serde_json::json;

use crate::call::{Call, null, ok};
use crate::http::refusal::Refusal;
use crate::resources::agents::shown::{Relations, shown_with};
use crate::world::World;
use crate::world::agent::AgentRecord;
use crate::world::page::{CursorPage, Cursors};
use crate::world::thread::StoredMessage;

pub(crate) mod attach;
pub(crate) mod blocks;
pub(crate) mod draft;
pub(crate) mod prompt;
pub(crate) mod shown;
pub(crate) mod tools;

pub(crate) use self::draft::new_state;
pub(crate) use self::shown::shown;

const DEFAULT_LIMIT: usize = 50;

/// The agent of this ID, or a 404.
pub(crate) fn found<'a>(world: &'a World, id: &str) -> Result<&'a AgentRecord, Refusal> {
    world
        .agents
        .get(id)
        .ok_or_else(|| Refusal::no_such("Agent", id))
}

/// The agent of this ID, to be changed, or a 404.
pub(crate) fn found_mut<'a>(
    world: &'a mut World,
    id: &str,
) -> Result<&'a mut AgentRecord, Refusal> {
    world
        .agents
        .get_mut(id)
        .ok_or_else(|| Refusal::no_such("Agent", id))
}

/// Adds an agent, with the first message of its own thread.
pub(crate) fn add(world: &mut World, agent: AgentRecord, now: Timestamp) -> Result<(), Refusal> {
    let mut agent = agent;
    let system = StoredMessage::system(&prompt::compiled(world, &agent, &[]), now);
    agent.thread.messages.insert(0, system);
    world
        .agents
        .insert(agent)
        .map(|_| ())
        .map_err(|_| Refusal::detail(StatusCode::CONFLICT, "an agent with this ID already exists"))
}

/// Adds an agent and the blocks that were made for it.
pub(crate) fn add_with_blocks(
    world: &mut World,
    agent: AgentRecord,
    blocks: Vec<Block>,
    now: Timestamp,
) -> Result<(), Refusal> {
    for block in blocks {
        // None has the ID, which is random.
        let _ = world.blocks.insert(block);
    }
    add(world, agent, now)
}

pub(crate) fn create(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent, blocks) = draft::create(world, call.json(), call.now)?;
    let id = agent.state.id.clone();
    add_with_blocks(world, agent, blocks, call.now)?;
    Ok(ok(&shown(world, found(world, id.as_str())?)))
}

pub(crate) fn get(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let agent = found(world, call.path("agent_id"))?;
    Ok(ok(&shown_with(world, agent, Relations::of(call))))
}

pub(crate) fn update(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("agent_id");
    // As a whole or not at all.
    let agent = draft::change(world, found(world, id)?, call.json(), call.now)?;
    let state = shown(world, &agent);
    *found_mut(world, id)? = agent;
    Ok(ok(&state))
}

pub(crate) fn delete(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("agent_id");
    let agent = world.agents.remove(id);
    agent.ok_or_else(|| Refusal::no_such("Agent", id))?;
    world
        .conversations
        .retain(|it| it.conversation.agent_id.as_str() != id);
    world.runs.retain(|it| it.run.agent_id.as_str() != id);
    world.steps.retain(|it| {
        let of = it.step.agent_id.as_ref();
        of.is_none_or(|of| of.as_str() != id)
    });
    Ok(ok(
        &json!({"message": format!("Agent id={id} successfully deleted")}),
    ))
}

pub(crate) fn list(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let page = CursorPage::from_query(&call.query, DEFAULT_LIMIT)?.with_zero_for_all();
    let mut agents: Vec<&AgentRecord> = world.agents.iter().collect();
    // Both sorts keep the order of those that are equal, which is that of their making.
    match call.query("order_by").as_deref() {
        Some("updated_at") => agents.sort_by(|a, b| a.state.updated_at.cmp(&b.state.updated_at)),
        Some("last_run_completion") => {
            // Those that never ran come last, in either order.
            let ran = |agent: &&AgentRecord| agent.state.last_run_completion.is_some();
            let (mut ran, mut never): (Vec<_>, Vec<_>) = agents.into_iter().partition(ran);
            ran.sort_by(|a, b| {
                let completion = |agent: &&AgentRecord| agent.state.last_run_completion.clone();
                completion(a).cmp(&completion(b))
            });
            match page.is_oldest_first() {
                true => ran.append(&mut never),
                false => {
                    never.append(&mut ran);
                    ran = never;
                }
            }
            agents = ran;
        }
        _ => {}
    }
    let wanted = Wanted::of(call);
    let agents = page.of_those(
        agents.into_iter(),
        |it| it.state.id.as_str(),
        Cursors::USUAL,
        |agent| wanted.has(world, agent),
    )?;
    Ok(ok(&shown_all(world, &agents, Relations::of(call))))
}

fn shown_all(world: &World, agents: &[&AgentRecord], relations: Relations) -> Vec<AgentState> {
    let agents = agents.iter();
    agents
        .map(|agent| shown_with(world, agent, relations))
        .collect()
}

/// Which agents a list is to have.
struct Wanted {
    name: Option<String>,
    part_of_name: Option<String>,
    tags: Vec<String>,
    all_tags: bool,
    project: Option<String>,
    template: Option<String>,
    base_template: Option<String>,
    identity: Option<String>,
    identifier_keys: Vec<String>,
    last_stop_reason: Option<String>,
    created_by: Option<String>,
    hidden: bool,
}

impl Wanted {
    fn of(call: &Call) -> Self {
        // An empty filter is none.
        let text = |name: &str| call.query(name).filter(|text| !text.is_empty());
        let texts = |name| call.query_all(name).map(|it| it.into_owned()).collect();
        Self {
            name: text("name"),
            part_of_name: text("query_text").map(|text| text.to_lowercase()),
            tags: texts("tags"),
            all_tags: call.query_flag("match_all_tags").unwrap_or_default(),
            project: text("project_id"),
            template: text("template_id"),
            base_template: text("base_template_id"),
            identity: text("identity_id"),
            identifier_keys: texts("identifier_keys"),
            last_stop_reason: text("last_stop_reason"),
            created_by: text("created_by_id"),
            hidden: call.query_flag("show_hidden_agents").unwrap_or_default(),
        }
    }

    fn has(&self, world: &World, agent: &AgentRecord) -> bool {
        let state = &agent.state;
        let is = |wanted: &Option<String>, value: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| value == Some(wanted))
        };
        let part = self.part_of_name.as_deref();
        let has_tag = |tag: &String| state.tags.contains(tag);
        let has_tags = match self.all_tags {
            true => self.tags.iter().all(has_tag),
            false => self.tags.is_empty() || self.tags.iter().any(has_tag),
        };
        let mut identities = agent
            .identity_ids
            .iter()
            .filter_map(|id| world.identities.get(id.as_str()));
        let has_key = self.identifier_keys.is_empty()
            || identities.any(|it| self.identifier_keys.contains(&it.identifier_key));
        let has_identity = self.identity.as_deref().is_none_or(|wanted| {
            let mut ids = agent.identity_ids.iter();
            ids.any(|id| id.as_str() == wanted)
        });
        is(&self.name, Some(&state.name))
            && part.is_none_or(|part| state.name.to_lowercase().contains(part))
            && has_tags
            && has_key
            && has_identity
            && is(
                &self.project,
                state.project_id.as_ref().map(|id| id.as_str()),
            )
            && is(&self.template, state.template_id.as_deref())
            && is(&self.base_template, state.base_template_id.as_deref())
            && is(
                &self.last_stop_reason,
                state.last_stop_reason.as_ref().map(|it| it.as_str()),
            )
            && is(
                &self.created_by,
                state.created_by_id.as_ref().map(|id| id.as_str()),
            )
            && (self.hidden || state.hidden != Some(true))
    }
}

/// Writes the first message of the thread anew, and answers with what it said before; with `dry_run`, with what it would say.
pub(crate) fn recompile(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let id = call.path("agent_id");
    let agent = found(world, id)?;
    if call.query_flag("dry_run").unwrap_or_default() {
        return Ok(ok(&prompt::compiled(world, agent, &[])));
    }
    let before = prompt::current(agent).map(str::to_owned);
    let before = before.ok_or_else(|| {
        let detail = format!("No system message found for agent '{id}'");
        Refusal::detail(StatusCode::NOT_FOUND, detail)
    })?;
    prompt::recompile(world, id);
    Ok(ok(&before))
}

/// 200 with nothing to say, as current clients get it; others get the agent.
pub(crate) fn nothing_or_agent(call: &Call, world: &World, id: &str) -> Result<Response, Refusal> {
    Ok(match call.is_current_client() {
        true => null(),
        false => ok(&shown(world, found(world, id)?)),
    })
}
