//! The tools of an agent: whether they wait for an approval, and running one.

use axum::http::StatusCode;
use axum::response::Response;
use letta_api::types::Tool;
use serde_json::Value;

use crate::call::{Call, ok, written};
use crate::http::refusal::{Refusal, shown_id};
use crate::resources::agents::draft::{is_approval_of, require_approval};
use crate::resources::agents::{found, found_mut, nothing_or_agent, shown};
use crate::resources::tools;
use crate::world::World;

/// Sets a tool rule, whether or not the agent has the tool.
pub(crate) fn update_approval(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let (agent_id, tool) = (call.path("agent_id"), call.path("tool_name"));
    let in_body = call
        .json()
        .get("requires_approval")
        .and_then(Value::as_bool);
    let Some(required) = in_body.or_else(|| call.query_flag("requires_approval")) else {
        return Err(Refusal::detail(
            StatusCode::UNPROCESSABLE_ENTITY,
            "requires_approval must be provided either in request body or as query parameter",
        ));
    };
    let agent = found_mut(world, agent_id)?;
    let rules = agent.state.tool_rules.get_or_insert_default();
    match required {
        true => require_approval(rules, tool),
        false => rules.retain(|rule| !is_approval_of(rule, tool)),
    }
    agent.state.updated_at = Some(written(call.now));
    nothing_or_agent(call, world, agent_id)
}

pub(crate) fn run(call: &Call, world: &mut World) -> Result<Response, Refusal> {
    let name = call.path("tool_name");
    let agent = found(world, call.path("agent_id"))?;
    let is_it = |tool: &&Tool| tool.name.as_deref() == Some(name);
    let tool = shown::tools(world, agent).find(is_it).ok_or_else(|| {
        let name = shown_id(name).unwrap_or("not shown here");
        let id = &agent.state.id;
        let detail = format!("Tool '{name}' not found or not attached to agent '{id}'");
        Refusal::detail(StatusCode::NOT_FOUND, detail)
    })?;
    Ok(ok(&tools::result(world, tool, &call.json()["args"])))
}
